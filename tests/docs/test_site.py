"""The documentation site builds without a warning, offline, and its links lead somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from .pages import ROOT

pytestmark = pytest.mark.deep


class Anchors(HTMLParser):
    """The links and the ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.update(value for name in ("id", "name") if (value := given.get(name)))
        if tag == "a" and (href := given.get("href")):
            self.links.append(href)
        for name in ("src", "href"):
            if tag in {"img", "script", "link"} and (value := given.get(name)):
                self.loads.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site without the notebooks' outputs; a warning ends the build."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    built = subprocess.run(
        [*command, "-d", str(target / "doctrees"), "docs", str(target / "html")],
        cwd=ROOT,
        env={**os.environ, "STCRM_DOCS_NOTEBOOKS": "0", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return target / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Anchors]:
    return {page.resolve(): Anchors(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}


def test_internal_links_resolve(pages: dict[Path, Anchors]) -> None:
    assert len(pages) > 40
    wrong = []
    for page, anchors in pages.items():
        for link in anchors.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            aim = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not aim.exists() or (parts.fragment and aim in pages and unquote(parts.fragment) not in pages[aim].ids):
                wrong.append(f"{page.name}: {link}")
    assert wrong == []


def test_site_opens_from_disk_without_a_network(pages: dict[Path, Anchors]) -> None:
    loads = {load for anchors in pages.values() for load in anchors.loads}
    assert loads
    assert {load for load in loads if urlsplit(load).netloc} == set()


def test_every_method_has_an_entry(pages: dict[Path, Anchors]) -> None:
    from stcrm_pandas.contract.operations import OPERATIONS

    ids = {one.rsplit(".", 1)[-1] for anchors in pages.values() for one in anchors.ids}
    assert {one.name.rsplit(".", 1)[-1] for one in OPERATIONS.values()} <= ids
