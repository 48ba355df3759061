"""The report in a real browser: drawn, quiet, and as wide as the screen."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from typer.testing import Result

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true", reason="needs Chromium (Debian: apt-get install chromium)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM is not None, "CI=true, and there is no Chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


def opened(browser: Browser, report: Path, width: int, scheme: str) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: trouble.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(report.as_uri())
    page.wait_for_selector("svg.main-svg")
    return page, trouble


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_it_is_drawn_and_fits(browser: Browser, made: tuple[Result, Path], width: int, scheme: str) -> None:
    page, trouble = opened(browser, made[1], width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("figure.plot").count() == 3
    for plot in page.locator("figure.plot").all():
        assert plot.locator("svg.main-svg .trace").count() > 0
    assert page.locator("main").inner_text().count("HVAC") > 0
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    assert trouble == []
    page.close()


def test_it_prints_within_the_paper(browser: Browser, made: tuple[Result, Path]) -> None:
    page, trouble = opened(browser, made[1], 1400, "dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.set_viewport_size({"width": 680, "height": 1000})  # A4 within its margins
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    wide = "[...document.querySelectorAll('table, .plot-area svg')].map(e => e.getBoundingClientRect().right)"
    assert max(page.evaluate(wide)) <= 681
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert trouble == []
    page.close()
