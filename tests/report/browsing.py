"""A real browser, and what a page must be in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

needs_browser = pytest.mark.skipif(
    CHROMIUM is None and os.environ.get("CI") != "true", reason="needs Chromium (Debian: apt-get install chromium)"
)


def opened(
    browser: Browser, report: Path, width: int, scheme: str, *, height: int = 900, anchor: str = ""
) -> tuple[Page, list[str]]:
    """A page, and what it complained about or asked for."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("request", lambda request: trouble.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(report.as_uri() + anchor)
    return page, trouble


def serious(page: Page) -> list[tuple[str, Any]]:
    """What axe-core finds that shuts somebody out."""
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], one["nodes"][0]["html"][:200], len(one["nodes"]))
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


LONGEST_SECTION = 6_000
"""Pixels of the longest section on a screen of 1300 pixels."""


def fits_and_is_drawn(page: Page, width: int, scheme: str) -> None:
    """Each section fits the window and shuts nobody out; its figures are drawn when they come into view."""
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert width < 1300 or page.evaluate("document.documentElement.scrollHeight") <= LONGEST_SECTION, (
            tab.inner_text()
        )
        assert serious(page) == [], tab.inner_text()
        for plot in page.locator("figure.plot:visible").all():
            plot.scroll_into_view_if_needed()
            plot.locator("svg.main-svg").first.wait_for()
            assert plot.locator("svg.main-svg .trace, svg.main-svg .hm").count() > 0
    page.get_by_role("tab").first.click()


FIRST_SCREEN = (".stcrm-headline", ".stcrm-trend", ".stcrm-actions", ".stcrm-tiles")


def first_screen_is_enough(page: Page, *, chart: int) -> None:
    """Headline, chart, actions and tiles are inside the window, and can be read."""
    height = page.evaluate("innerHeight")
    for part in FIRST_SCREEN:
        box = page.locator(part).bounding_box()
        assert box is not None, part
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= height, part
    assert len(page.locator(".stcrm-headline").inner_text()) <= 60
    drawn = page.locator(".stcrm-trend svg:visible")
    assert drawn.count() == 1
    box = drawn.bounding_box()
    assert box is not None
    assert box["height"] >= chart
    assert page.locator(".stcrm-tile:visible").count() == 4
    assert page.locator(".stcrm-actions li").count() <= 3


def prints_within_the_paper(browser: Browser, report: Path) -> None:
    page, trouble = opened(browser, report, 1400, "dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.set_viewport_size({"width": 680, "height": 1000})  # A4 within its margins
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    wide = "[...document.querySelectorAll('table, .plot-area svg')].map(e => e.getBoundingClientRect().right)"
    assert max(page.evaluate(wide)) <= 681
    below = page.locator(".stcrm-tiles").evaluate("tiles => tiles.getBoundingClientRect().bottom")
    assert below <= 1020  # the overview is the first page
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert trouble == []
    page.close()
