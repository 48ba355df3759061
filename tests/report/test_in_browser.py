"""A report in a real browser: tables that sort, fold and save; keys, paper, screen readers; nobody shut out."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import nbformat
import openpyxl
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

from stcrm_pandas.analysis.base.findings import WorkList, WorkLists
from stcrm_pandas.report.page import page_of

from .browsing import first_screen_is_enough, fits_and_is_drawn, needs_browser, opened, prints_within_the_paper, serious
from .sample import EVIL, NAMES

pytestmark = needs_browser


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (390, "dark"),
        pytest.param(1400, "light", marks=pytest.mark.deep),
        pytest.param(390, "light", marks=pytest.mark.deep),
        pytest.param(1400, "dark", marks=pytest.mark.deep),
    ],
)
def test_sample_report_is_accessible(browser: Browser, sample: Path, width: int, scheme: str) -> None:
    page, trouble = opened(browser, sample, width, scheme)
    fits_and_is_drawn(page, width, scheme)
    assert serious(page) == []
    page.get_by_role("tab", name="Pictures").click()
    assert page.get_by_role("img", name="Two bars, of 3 & of 4.").count() == 1
    assert page.get_by_role("main").count() == 1
    assert trouble == []
    page.close()


@pytest.mark.parametrize(("width", "height", "chart"), [(1300, 900, 300), (390, 844, 180)])
def test_first_screen_fits_the_window(browser: Browser, sample: Path, width: int, height: int, chart: int) -> None:
    page, trouble = opened(browser, sample, width, "light", height=height)
    first_screen_is_enough(page, chart=chart)
    assert page.get_by_role("heading", level=1).inner_text() == "33–34% of leads are booked"
    evidence = page.locator(".stcrm-actions li > span").first
    assert evidence.locator("span").count() > 0  # a range that stays on one line, within the line of the others
    assert evidence.bounding_box()["height"] < 30  # type: ignore[index]
    sizes = """[...document.querySelectorAll('.panel:not([hidden]) *')].filter(e => e.childNodes.length && e.innerText)
        .map(e => parseFloat(getComputedStyle(e).fontSize))"""
    assert min(page.evaluate(sizes)) >= 12
    assert trouble == []
    page.close()


def selected(page: Page) -> str:
    """The name of the open section, without its count."""
    return str(page.get_by_role("tab", selected=True).evaluate("tab => tab.firstChild.textContent.trim()"))


def test_sections_are_tabs(browser: Browser, sample: Path) -> None:
    page, trouble = opened(browser, sample, 1300, "light")
    assert selected(page) == "Overview"
    page.get_by_role("tab", name="Overview").focus()
    page.keyboard.press("ArrowRight")
    assert selected(page) == "Call lists"
    assert page.evaluate("document.activeElement.textContent") == "Call lists 60"
    assert waiting(page).is_visible()
    page.keyboard.press("End")
    assert selected(page) == "Definitions"
    assert not waiting(page).is_visible()
    page.keyboard.press("ArrowRight")  # around
    assert selected(page) == "Overview"
    page.go_back()
    assert selected(page) == "Definitions"
    assert page.url.endswith("#definitions")
    page.get_by_role("tab", name="Overview").click()
    page.get_by_role("link", name="Call the 60 people who wait").click()
    assert selected(page) == "Call lists"
    heading = page.get_by_role("heading", name="People who wait")
    assert heading.evaluate("e => e.getBoundingClientRect().top < innerHeight / 2")
    assert trouble == []
    page.close()
    page, _ = opened(browser, sample, 390, "light", anchor="#waiting")
    assert selected(page) == "Call lists"
    assert page.locator("[role=tabpanel]:not([hidden])").get_attribute("id") == "call-lists"
    page.close()


def waiting(page: Page) -> Any:
    return page.get_by_role("region", name="People who wait")


def column(page: Page, place: int) -> list[str]:
    """The cells of the work list that can be seen, from the top."""
    rows = waiting(page).locator("tbody tr:visible")
    return [" ".join(cell.split()) for cell in rows.locator(f":scope > :nth-child({place})").all_inner_texts()]


def test_tables_sort_by_click_and_by_key(browser: Browser, sample: Path) -> None:
    page, trouble = opened(browser, sample, 1400, "light", anchor="#call-lists")
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
    page.get_by_role("button", name="Show all 60").click()
    assert column(page, 2)[-2:] == ["0", ""]  # what is not known stands last
    page.get_by_role("tab", name="Tables").click()
    totals = page.locator("tr.stcrm-total")
    page.get_by_role("region", name="Tables").get_by_role("button", name="Converted").click()
    assert totals.evaluate("row => row === row.parentElement.lastElementChild")
    assert trouble == []
    page.close()


def test_truncated_table_shows_the_total(browser: Browser, sample: Path) -> None:
    page, _ = opened(browser, sample, 390, "light", anchor="#call-lists")
    assert len(column(page, 1)) == 10
    assert page.get_by_text("10 of 60 rows shown").is_visible()
    page.emulate_media(media="print")
    assert page.get_by_text("10 of 60 rows shown").is_visible()
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Show all 60").press("Enter")
    assert column(page, 1) == [" ".join(name.split()) for name in NAMES]
    assert page.get_by_text("10 of 60 rows shown").count() == 0
    page.get_by_role("button", name="Show 10").press("Enter")
    assert len(column(page, 1)) == 10
    page.close()


def test_lists_are_saved_as_workbooks(browser: Browser, sample: Path) -> None:
    page, trouble = opened(browser, sample, 1300, "light", anchor="#call-lists")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as Excel: People who wait").click()
    assert download.value.suggested_filename == "a-sample-waiting.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("Customer", "Days", "Since", "Amount", "Phone")
    assert len(rows) == 61
    assert [row[0] for row in rows[1 : len(EVIL) + 1]] == [name.strip() for name in EVIL]
    assert {cell.data_type for cell in sheet["A"]} <= {"s", "inlineStr"}  # no formula
    assert [row[1] for row in rows[1:10]] == [0, 1, 2, 3, 4, 5, 6, None, 8]
    assert sheet.freeze_panes == "A2"
    assert trouble == []
    page.close()


def test_a_long_list_is_saved_as_a_whole(browser: Browser, tmp_path: Path) -> None:
    frame = pd.DataFrame({"Lead id": range(2_310), "Customer": [EVIL[0], *("Ann" for _ in range(2_309))]})
    lists = WorkLists([WorkList("waiting", "People who wait", "Call each.", frame)], anonymous=False)
    output = nbformat.v4.new_output("display_data", {"text/html": lists._repr_html_()})
    cells = [nbformat.v4.new_markdown_cell("# A sample"), nbformat.v4.new_code_cell("lists", outputs=[output])]
    report = tmp_path / "long.html"
    report.write_text(page_of(nbformat.v4.new_notebook(cells=cells)), "utf-8")
    page, trouble = opened(browser, report, 1300, "light")
    note = "Showing 1,000 of 2,310 rows. The whole list is in the Excel file and in the CSV file."
    assert page.locator(".stcrm-part").inner_text() == note
    assert page.locator(".said").inner_text() == "10 of 2,310 rows shown"
    page.get_by_role("button", name="Show 1,000").click()
    assert page.locator("tbody tr:visible").count() == 1_000
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV: People who wait").click()
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"), newline="")))
    assert rows == [["Lead id", "Customer"], ["0", "'=1+1"], *([str(number), "Ann"] for number in range(1, 2_310))]
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as Excel: People who wait").click()
    sheet = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).active
    assert sheet is not None
    assert sheet.max_row == 2_311
    assert trouble == []
    page.close()


def test_one_list_is_printed_with_all_rows(browser: Browser, sample: Path) -> None:
    page, _ = opened(browser, sample, 1300, "light", anchor="#call-lists")
    page.evaluate("window.print = () => {}")
    page.get_by_role("button", name="Print this list: People who wait").click()
    page.emulate_media(media="print")
    assert page.locator(".stcrm-work-list tbody tr:visible").count() == 60
    assert page.locator(".stcrm-tile:visible, .panel h2:visible, footer:visible").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(".stcrm-work-list tbody tr:visible").count() == 10
    page.close()


def test_first_column_is_fixed(browser: Browser, sample: Path) -> None:
    page, _ = opened(browser, sample, 390, "light", anchor="#tables")
    box = page.get_by_role("region", name="Tables")
    box.evaluate("box => { box.style.width = '200px'; box.scrollLeft = 150; }")
    left = box.evaluate("box => box.getBoundingClientRect().left")
    first = box.locator("tbody th").nth(2)
    assert first.evaluate("cell => cell.getBoundingClientRect().left") == pytest.approx(left, abs=2)
    page.close()


def test_rows_of_a_list_are_cards_on_a_phone(browser: Browser, sample: Path) -> None:
    page, trouble = opened(browser, sample, 390, "light", anchor="#call-lists")
    call = waiting(page).get_by_role("link", name="(512) 555-0100").first
    assert call.get_attribute("href") == "tel:+15125550100"
    box = call.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["width"] >= 300
    assert waiting(page).evaluate("box => box.scrollWidth === box.clientWidth")  # nothing is beside the window
    assert waiting(page).get_by_role("table").get_by_role("row").count() == 11
    assert waiting(page).get_by_role("rowheader", name="Customer 1").is_visible()
    assert waiting(page).get_by_role("columnheader", name="Phone").count() == 1
    days = waiting(page).get_by_role("cell", name="Days: 3")
    assert days.inner_text() == "3"
    assert serious(page) == []
    waiting(page).get_by_role("button", name="Days").focus()  # the header is shown to sort by
    assert waiting(page).get_by_role("button", name="Days").bounding_box()["height"] > 10  # type: ignore[index]
    page.keyboard.press("Enter")
    assert column(page, 2)[:2] == ["59", "58"]
    assert trouble == []
    page.close()


def test_names_are_text_and_formulas_are_disarmed(browser: Browser, sample: Path) -> None:
    page, trouble = opened(browser, sample, 1400, "light", anchor="#call-lists")
    assert waiting(page).get_by_text("<img src=x onerror=alert(1)>").is_visible()
    assert page.locator("img").count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV: People who wait").click()
    assert download.value.suggested_filename == "a-sample-waiting.csv"
    text = Path(download.value.path()).read_text("utf-8")
    assert text.startswith("\ufeff")  # or Excel takes it for another alphabet
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert rows[0] == ["Customer", "Days", "Since", "Amount", "Phone"]
    assert len(rows) == 61
    assert [row[0] for row in rows[1 : len(EVIL) + 1]] == [
        "'=1+1",
        "<img src=x onerror=alert(1)>",
        "'@SUM(A1)",
        "'-2+3",
        '\'+1 "512"',
        "'\tTab",
        "' \u200b=1",
        "'\uff1d1",
    ]
    assert rows[3][1:] == ["2", "2026-07-03", "$1,234.50", "(512) 555-0100"]
    assert trouble == []
    page.close()


def test_definitions_are_shown_on_focus_and_on_hover(browser: Browser, sample: Path) -> None:
    page, trouble = opened(browser, sample, 1300, "light")
    tip = page.get_by_role("tooltip")
    assert tip.count() == 0
    term = page.locator(".stcrm-trend").get_by_role("link", name="Booked within 30 days")
    term.focus()
    assert tip.inner_text() == "A job exists & was 'dated' within <30> days."
    assert term.get_attribute("aria-describedby") == tip.get_attribute("id")
    assert serious(page) == []
    page.keyboard.press("Escape")
    assert tip.count() == 0
    page.keyboard.press("Enter")  # the focus stayed on the term, which leads to its entry
    assert page.url.endswith("#term-booked")
    assert selected(page) == "Definitions"
    page.go_back()
    page.evaluate("document.activeElement.blur()")
    term.hover()
    tip.hover()  # it stays while one reads it
    assert tip.is_visible()
    page.mouse.move(1, 1)
    tip.wait_for(state="hidden")
    page.get_by_role("tab", name="Tables").click()
    head = page.get_by_role("region", name="Tables").get_by_role("button", name="Converted")
    head.focus()
    assert tip.inner_text() == "A job was made of it."
    assert trouble == []
    page.close()


def test_definitions_fit_a_phone_and_open_by_a_tap(browser: Browser, sample: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(sample.as_uri())
    page.locator(".stcrm-tile").get_by_role("link", name="Booked within 30 days").tap()
    box = page.get_by_role("tooltip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert selected(page) == "Overview"
    context.close()


def test_report_works_from_the_keyboard(browser: Browser, sample: Path) -> None:
    page, _ = opened(browser, sample, 1400, "light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"
    for name in ("Read with care: 1 note on this data", "Booked within 30 days", "Call the 60 people who wait"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == name
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
    assert page.get_by_text("only the first chart is shown").is_visible()
    assert page.locator(".stcrm-trend svg:visible").count() == 1
    term = page.locator(".stcrm-tile").get_by_role("link", name="Booked within 30 days")
    assert term.get_attribute("title") == "A job exists & was 'dated' within <30> days."
    term.click()
    assert page.locator(":target").inner_text() == "Booked"
    context.close()


def test_report_prints_within_the_page(browser: Browser, sample: Path) -> None:
    prints_within_the_paper(browser, sample)
