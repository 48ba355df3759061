"""All three reports of one small company, made by the command and opened in a real browser."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from typer.testing import Result

from stcrm_pandas.report import REPORTS

from .browsing import first_screen_is_enough, fits_and_is_drawn, needs_browser, opened, prints_within_the_paper, serious
from .pages import fetches_nothing
from .sample import EVIL

pytestmark = pytest.mark.deep


def test_command_makes_all_reports(made: tuple[Result, Path]) -> None:
    result, folder = made
    assert result.exit_code == 0, result.output
    assert str(folder / "index.html") in result.output
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    files = {file.name: file.read_text("utf-8") for file in folder.iterdir()}
    assert sorted(files) == sorted(["index.html", *(f"{name}.html" for name in REPORTS)])
    for name, page in files.items():
        assert len(page.encode()) < 8_000_000
        assert "demo company" in page.lower()
        assert "could not be read" not in page
        assert (name == "index.html") or fetches_nothing(page)
    assert "Price too high" in files["lead-conversion.html"]
    headings = ("Check these numbers in ServiceTitan", "All inquiries by campaign")
    for words in (*headings, "were converted within 30 days"):
        assert words in files["lead-conversion.html"]


def test_dates_are_local(made: tuple[Result, Path]) -> None:
    (period,) = re.findall(r'<p class="when"><b>([^<]+)</b>', (made[1] / "lead-conversion.html").read_text("utf-8"))
    assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2}, \d{4}–[A-Z][a-z]{2} \d{1,2}, \d{4}", period)


@pytest.mark.parametrize("name", REPORTS)
def test_terms_lead_to_their_definitions(made: tuple[Result, Path], name: str) -> None:
    page = (made[1] / f"{name}.html").read_text("utf-8")
    entries = re.findall(r'<dt id="([^"]+)"', page)
    assert len(entries) == len({*entries})
    mentioned = {*re.findall(r'<a class="stcrm-term" href="#([^"]+)"', page)}
    assert len(mentioned) >= 6
    assert mentioned <= {*entries}


@needs_browser
@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1300, "light")])
def test_reports_fit_and_are_accessible(
    browser: Browser, made: tuple[Result, Path], name: str, width: int, scheme: str
) -> None:
    page, trouble = opened(browser, made[1] / f"{name}.html", width, scheme, height=844 if width == 390 else 900)
    fits_and_is_drawn(page, width, scheme)
    assert page.locator("figure.plot").count() >= 3
    labels = [plot.get_attribute("aria-label") or "" for plot in page.locator("figure.plot").all()]
    assert all(len(label) > 20 and not label.startswith("A picture of") for label in labels), labels
    first_screen_is_enough(page, chart=180)
    assert trouble == []
    page.close()


@needs_browser
def test_names_in_a_report_are_escaped(browser: Browser, made: tuple[Result, Path]) -> None:
    page, trouble = opened(browser, made[1] / "lead-conversion.html", 1400, "light", anchor="#call-lists")
    page.evaluate("document.querySelectorAll('tr.more').forEach(row => row.classList.remove('more'))")
    for name in EVIL[:2]:
        assert page.get_by_role("rowheader", name=name, exact=True).first.is_visible()
    assert page.locator("img").count() == 0
    assert trouble == []
    page.close()


@needs_browser
@pytest.mark.parametrize("width", [390, 1400])
def test_index_links_to_all_reports(browser: Browser, made: tuple[Result, Path], width: int) -> None:
    page, trouble = opened(browser, made[1] / "index.html", width, "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(page) == []
    cards = page.locator(".card")
    assert [link.get_attribute("href") for link in cards.locator("h2 a").all()] == [f"{name}.html" for name in REPORTS]
    assert cards.locator("svg").count() == len(REPORTS)  # each has months with enough rows for a mark
    headline = cards.last.locator(".headline").inner_text()
    (listed, *_) = page.locator('.stcrm-actions a[href*="#"]').all()
    link = listed.get_attribute("href") or ""
    cards.last.get_by_role("link", name="Booking sources").click()
    assert page.get_by_role("heading", level=1).inner_text() == headline
    page.get_by_role("link", name="All reports").click()
    page.locator(f'.stcrm-actions a[href="{link}"]').click()
    page.locator(f"[id='{link.partition('#')[2]}']").wait_for(state="visible")  # the tab opens after loading
    assert trouble == []
    page.close()


@needs_browser
@pytest.mark.parametrize("name", REPORTS)
def test_reports_print_within_the_page(browser: Browser, made: tuple[Result, Path], name: str) -> None:
    prints_within_the_paper(browser, made[1] / f"{name}.html")
