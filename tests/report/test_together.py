"""All reports in one file: sections of sections, with addresses of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from stcrm_pandas.analysis.base.display import unbroken
from stcrm_pandas.report.page import first_screen_of, together_page, within
from stcrm_pandas.report.running import run_notebook

from .browsing import needs_browser, opened, serious
from .conftest import sample_notebook
from .pages import Tags, fetches_nothing


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file with the sample twice, and a report that could not be made."""
    folder = tmp_path_factory.mktemp("together")
    done = run_notebook(sample_notebook(folder), {})
    screen = {"title": "A sample", **first_screen_of(done)}
    denied = {"title": "Bookings", "denied": "the scope tn.crm.bookings:r is missing"}
    page = together_page("Reports", {"one": done, "two": done}, {"one": screen, "two": screen, "three": denied})
    (folder / "together.html").write_text(page, "utf-8")
    return folder / "together.html"


def test_anchors_are_unique_and_lead_somewhere(together: Path) -> None:
    page = together.read_text("utf-8")
    tags = Tags(page).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {"one", "two", "one-overview", "two-overview", "one-waiting", "two-waiting"} <= set(ids)
    led = [attributes.get("href") or "" for tag, attributes in tags if tag == "a"]
    assert {address[1:] for address in led if address.startswith("#")} <= set(ids)
    named = [word for _, attributes in tags for word in (attributes.get("aria-labelledby") or "").split()]
    assert named
    assert set(named) <= set(ids)


def test_the_file_is_whole_and_has_plotly_once(together: Path) -> None:
    page = together.read_text("utf-8")
    assert fetches_nothing(page)
    assert sum(len(text) > 1_000_000 for text in Tags(page).texts["script"]) == 1
    assert "This report could not be made: the scope tn.crm.bookings:r is missing" in page
    assert page.count("33–34% of leads are booked") == 2  # on the cards
    assert page.count(f'<h1 class="stcrm-headline">{unbroken("33–34% of leads are booked")}</h1>') == 2


def test_only_addresses_are_renamed() -> None:
    html = '<b aria-labelledby="x y">a</b><p>&quot; id=&quot;x&quot;</p><script>{"a": " id=", "b": 1}</script>'
    assert within("leads", html) == html.replace('"x y"', '"leads-x leads-y"')


def selected(page: Page) -> list[str]:
    return [tab.inner_text() for tab in page.get_by_role("tab", selected=True).all()]


@needs_browser
def test_reports_and_their_sections_are_tabs(browser: Browser, together: Path) -> None:
    page, trouble = opened(browser, together, 1300, "light")
    assert selected(page) == ["Reports"]
    assert page.locator(".card:visible").count() == 3
    page.get_by_role("tab", name="Reports").focus()
    page.keyboard.press("ArrowRight")
    assert selected(page) == ["A sample", "Overview"]
    assert page.url.endswith("#one")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert selected(page) == ["A sample", "Call lists 60"]
    assert page.url.endswith("#one-call-lists")
    page.go_back()
    page.go_back()
    assert selected(page) == ["Reports"]
    page.locator('#reports .stcrm-actions a[href="#two-waiting"]').click()
    assert selected(page) == ["A sample", "Call lists 60"]
    assert page.locator("#two-waiting").is_visible()
    assert not page.locator("#one-waiting").is_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Save as CSV: People who wait").click()
    assert started.value.suggested_filename == "two-waiting.csv"
    assert trouble == []
    page.close()
    page, _ = opened(browser, together, 390, "light", anchor="#two-pictures")
    assert selected(page) == ["A sample", "Pictures"]
    page.close()


@needs_browser
def test_paper_names_each_report(browser: Browser, together: Path) -> None:
    page, _ = opened(browser, together, 680, "light")
    names = page.locator(".period").get_by_text("A sample")
    assert [name.is_visible() for name in names.all()] == [False, False]
    page.emulate_media(media="print")
    assert [name.is_visible() for name in names.all()] == [True, True]
    widths = page.locator(".stcrm-screen").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert widths == [680, 680]
    page.close()


@needs_browser
def test_one_list_is_printed(browser: Browser, together: Path) -> None:
    page, _ = opened(browser, together, 680, "light", anchor="#two-call-lists")
    page.evaluate("window.print = () => {}")
    page.get_by_role("button", name="Print this list").click()
    page.emulate_media(media="print")
    assert page.locator("tbody tr:visible").count() == 60
    assert page.locator("h1:visible, .card:visible, figure:visible").count() == 0
    page.close()


@needs_browser
@pytest.mark.parametrize(("width", "scheme"), [(1300, "light"), pytest.param(390, "dark", marks=pytest.mark.deep)])
def test_the_file_fits_and_is_accessible(browser: Browser, together: Path, width: int, scheme: str) -> None:
    page, trouble = opened(browser, together, width, scheme, height=844)
    for report in page.locator(".tabs.reports a").all():
        report.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert serious(page) == []
    for tab in page.locator("#two .tabs a").all():
        tab.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for plot in page.locator("figure.plot:visible").all():
            plot.locator("svg.main-svg").first.wait_for()
    assert trouble == []
    page.close()
