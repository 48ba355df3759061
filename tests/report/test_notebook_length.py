"""A notebook of a report that was run on the demo company, as nbconvert shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser

from stcrm_pandas.report import notebook_path
from stcrm_pandas.report.running import run_notebook

from .browsing import needs_browser

LONGEST = 12_000


@needs_browser
@pytest.mark.deep
@pytest.mark.filterwarnings("ignore:Your element with mimetype")  # figures, which need JupyterLab
def test_the_notebook_of_leads_is_not_too_long(browser: Browser, tmp_path: Path) -> None:
    done = run_notebook(notebook_path("lead_conversion"), {"sandbox": True, "progress": False})
    text, _ = HTMLExporter().from_notebook_node(done)
    (tmp_path / "notebook.html").write_text(text, "utf-8")
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.route("http*://**", lambda route: route.abort())
    page.goto((tmp_path / "notebook.html").as_uri())
    assert page.evaluate("document.documentElement.scrollHeight") <= LONGEST
    names = page.locator(".stcrm-work-list tbody th")
    assert names.first.evaluate("cell => getComputedStyle(cell).textAlign") == "left"
    term = page.locator(".stcrm-definitions dt").first
    assert term.evaluate("term => getComputedStyle(term).cssFloat") == "none", "a term is above its text"
    page.close()
