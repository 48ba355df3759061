"""A report in a real browser: tables that sort, fold and save; keys, paper, screen readers; nobody shut out."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .browsing import fits_and_is_drawn, needs_browser, opened, prints_within_the_paper, serious
from .sample import EVIL, NAMES

pytestmark = needs_browser


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        (1400, "light"),
        pytest.param(390, "light", marks=pytest.mark.deep),
        pytest.param(1400, "dark", marks=pytest.mark.deep),
    ],
)
def test_sample_report_is_accessible(browser: Browser, sample: Path, width: int, scheme: str) -> None:
    page, trouble = opened(browser, sample, width, scheme)
    fits_and_is_drawn(page, width, scheme)
    assert serious(page) == []
    picture = page.get_by_role("img", name="Two bars, of 3 & of 4.")
    assert picture.count() == 1
    assert page.get_by_role("main").count() == 1
    assert trouble == []
    page.close()


def waiting(page: Page) -> Any:
    return page.get_by_role("region", name="People who wait")


def column(page: Page, place: int) -> list[str]:
    """The cells of the work list that can be seen, from the top."""
    rows = waiting(page).locator("tbody tr:visible")
    return [" ".join(cell.split()) for cell in rows.locator(f":nth-child({place})").all_inner_texts()]


def test_tables_sort_by_click_and_by_key(browser: Browser, sample: Path) -> None:
    page, trouble = opened(browser, sample, 1400, "light")
    days = waiting(page).get_by_role("button", name="Days")
    days.click()
    assert column(page, 2)[:3] == ["59", "58", "57"]  # of numbers the largest first
    head = waiting(page).get_by_role("columnheader", name="Days")
    assert head.get_attribute("aria-sort") == "descending"
    page.keyboard.press("Enter")  # the focus stayed on it
    assert column(page, 2)[:3] == ["0", "1", "2"]
    assert head.get_attribute("aria-sort") == "ascending"
    waiting(page).get_by_role("button", name="Customer").focus()
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") is None
    customers = [name for name in column(page, 1) if name.startswith("Customer")]
    assert customers[:3] == ["Customer 0", "Customer 1", "Customer 2"]  # as people count, not 0, 1, 10
    days.click()
    page.get_by_role("button", name="Show all 60 rows").click()
    assert column(page, 2)[-2:] == ["0", ""]  # what is not known stands last
    totals = page.locator("tr.stcrm-total")
    page.get_by_role("region", name="Tables").get_by_role("button", name="Converted").click()
    assert totals.evaluate("row => row === row.parentElement.lastElementChild")
    assert trouble == []
    page.close()


def test_truncated_table_shows_the_total(browser: Browser, sample: Path) -> None:
    page, _ = opened(browser, sample, 390, "light")
    assert len(column(page, 1)) == 25
    assert page.get_by_text("25 of 60 rows shown").is_visible()
    page.emulate_media(media="print")
    assert len(column(page, 1)) == 60  # on paper all of them
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Show all 60 rows").press("Enter")
    assert column(page, 1) == [" ".join(name.split()) for name in NAMES]
    assert page.get_by_text("25 of 60 rows shown").count() == 0
    page.close()


def test_names_are_text_and_formulas_are_disarmed(browser: Browser, sample: Path) -> None:
    page, trouble = opened(browser, sample, 1400, "light")
    assert waiting(page).get_by_text("<img src=x onerror=alert(1)>").is_visible()
    assert page.locator("img").count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV: People who wait").click()
    assert download.value.suggested_filename == "a-sample-waiting.csv"
    text = Path(download.value.path()).read_text("utf-8")
    assert text.startswith("\ufeff")  # or Excel takes it for another alphabet
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows[0] == ["Customer", "Days", "Since", "Amount"]
    assert len(rows) == 61
    assert [row[0] for row in rows[1 : len(EVIL) + 1]] == [
        "'=1+1",
        "<img src=x onerror=alert(1)>",
        "'@SUM(A1)",
        "'-2+3",
        '\'+1 "512"',
        "'\tTab",
    ]
    assert rows[3][1:] == ["2", "2026-07-03", "$1,234.50"]
    assert trouble == []
    page.close()


def test_report_works_from_the_keyboard(browser: Browser, sample: Path) -> None:
    page, _ = opened(browser, sample, 1400, "light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "See the list"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) != "none"
    page.keyboard.press("Enter")
    assert page.url.endswith("#waiting")
    page.close()


def test_without_scripts_all_rows_are_there(browser: Browser, sample: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(sample.as_uri())
    assert page.locator(".stcrm-work-list tbody tr:visible").count() == 60
    assert page.get_by_text("charts are not shown").is_visible()
    context.close()


def test_report_prints_within_the_page(browser: Browser, sample: Path) -> None:
    prints_within_the_paper(browser, sample)
