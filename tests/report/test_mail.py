"""What is made to be sent by e-mail: one file without a person in it, and a summary for the body of the e-mail."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from typer.testing import Result

from stcrm_pandas.analysis import first_screen
from stcrm_pandas.analysis.base.headline import Contrast
from stcrm_pandas.analysis.overview import FIRST_SCREEN
from stcrm_pandas.client import connect
from stcrm_pandas.errors import DriftWarning, UsageError
from stcrm_pandas.report import REPORTS, make_all, make_report
from stcrm_pandas.report.making import summary_page
from stcrm_pandas.sandbox import Sandbox

from .browsing import needs_browser, opened, serious
from .conftest import report_of
from .pages import Tags, fetches_nothing
from .people import People
from .sample import Sample


@pytest.fixture(scope="module")
def people(company: Path) -> People:
    with Sandbox(state=company) as sandbox, connect(sandbox=sandbox) as crm, warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        return People(crm)


@pytest.fixture(scope="module")
def mailed(company: Path) -> tuple[Result, Path]:
    """What the command said, and the file that it wrote, with its summary beside it."""
    out = company.parent / "mailed.html"
    return report_of(company, "all", "--out", str(out), "--summary", str(out.with_name("summary.html"))), out


@pytest.mark.deep
def test_one_file_has_all_reports_and_no_person(mailed: tuple[Result, Path], people: People) -> None:
    result, out = mailed
    assert result.exit_code == 0, result.output
    page = out.read_text("utf-8")
    assert fetches_nothing(page)
    assert len(page.encode()) < 8_000_000
    assert sum(len(text) > 1_000_000 for text in Tags(page).texts["script"]) == 1  # plotly.js, once
    ids = [attributes["id"] for _, attributes in Tags(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {*REPORTS, "lead-conversion-overdue-follow-up", "booking-sources-still-new"} <= set(ids)
    assert len(people.ids) > 1_500
    assert len(people.phones) > 300
    assert len(people.emails) > 100
    assert people.found_in(page) == set()
    assert re.search(r"contact_id: \d+, contact_method_id: \d+", page)  # no ids of the contacts read
    assert page.count("The rows of these lists are left out of this file") >= 3
    assert re.search(r"Overdue follow-ups \(\d+\)", page)


@needs_browser
@pytest.mark.deep
@pytest.mark.parametrize(("width", "height", "scheme"), [(1300, 900, "light"), (390, 844, "dark")])
def test_one_file_fits_and_is_accessible(
    browser: Browser, mailed: tuple[Result, Path], width: int, height: int, scheme: str
) -> None:
    page, trouble = opened(browser, mailed[1], width, scheme, height=height)
    assert page.locator(".card:visible").count() == 3
    for report in page.locator(".tabs.reports a").all():
        report.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.scrollHeight") <= 6_000
        assert serious(page) == []
    for name in REPORTS:
        page.evaluate("name => { location.hash = name }", name)
        for tab in page.locator(f"#{name} .tabs a").all():
            tab.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator(f"#{name} .panel:visible").count() == 1
            for plot in page.locator("figure.plot:visible").all():
                plot.scroll_into_view_if_needed()
                plot.locator("svg.main-svg").first.wait_for()
    assert trouble == []
    page.close()


@pytest.mark.deep
def test_all_reports_of_the_demo_company_fit_one_file(tmp_path: Path) -> None:
    out, summary = tmp_path / "report.html", tmp_path / "summary.html"
    assert make_all(out, summary=summary, sandbox=True, with_lists=True) == out
    assert out.stat().st_size < 8_000_000
    assert out.read_text("utf-8").count('href="tel:') > 500
    assert mail_programs_show(summary.read_text("utf-8"))
    assert {file.name for file in tmp_path.iterdir()} == {out.name, summary.name}


@pytest.mark.deep
def test_a_folder_has_the_lists_and_the_people_in_them(made: tuple[Result, Path], people: People) -> None:
    for name in REPORTS:
        page = (made[1] / f"{name}.html").read_text("utf-8")
        assert len(people.found_in(page)) > 20, name
        assert "lists are left out" not in page


@pytest.mark.deep
def test_one_report_in_a_file_has_no_lists(company: Path, people: People) -> None:
    out = company.parent / "one.html"
    result = report_of(company, "booking-sources", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert people.found_in(out.read_text("utf-8")) == set()


def test_contradicting_options_are_refused(tmp_path: Path) -> None:
    for make in (
        lambda: make_report("lead-conversion", tmp_path / "a.html", anonymous=True, with_lists=True, sandbox=True),
        lambda: make_all(tmp_path / "reports", anonymous=True, with_lists=True, sandbox=True),
    ):
        with pytest.raises(UsageError, match="choose one"):
            make()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The summary of a report with everything that a first screen can show, and of one that could not be made."""
    contrast = Contrast("Judge <Radio> by both", [("Leads booked", "13%", "30%")], "Most are booked at once.")
    screen = first_screen(
        "A sample",
        Sample(),
        company="Example <Heating>",
        period="Jun 1–28, 2026",
        cautions=["The stored leads are <b>3 days</b> old."],
        missing={"jobs": "tn.jpm.jobs:r"},
    )
    screen = replace(screen, headline=replace(screen.headline, contrast=contrast))
    stored = json.loads(json.dumps(screen._repr_mimebundle_()[FIRST_SCREEN]))  # as a notebook keeps it
    denied = {"title": "Bookings", "denied": "the scope tn.crm.bookings:r is missing"}
    path = tmp_path_factory.mktemp("summary") / "summary.html"
    path.write_text(summary_page("Reports", {"sample": stored, "bookings": denied}), "utf-8")
    return path


def test_summary_has_the_words_and_numbers_of_the_first_screen(summary: Path) -> None:
    parsed = Tags(summary.read_text("utf-8"))
    text = " ".join(" ".join(one for texts in parsed.texts.values() for one in texts).split())
    sample = Sample()
    headline = sample.headline()
    assert headline.trend is not None
    for words in (
        "Example <Heating>",
        "Jun 1–28, 2026",
        headline.text,
        headline.change,
        headline.evidence,
        "about 15 jobs",
        "Look at the form of <b>Radio</b>",
        "Judge <Radio> by both",
        "The stored leads are <b>3 days</b> old.",
        "No jobs: the application lacks the scope tn.jpm.jobs:r.",
        "Bookings could not be made: the scope tn.crm.bookings:r is missing",
        "Jun 2026: still counting",
    ):
        assert words in text, words
    for month in headline.trend.months:
        assert month.name in text
        assert month.text.partition(" (")[0] in text
        assert f"{month.volume:,} leads" in text
    for tile in sample.tiles():
        assert tile.title in text
        assert tile.now.partition(" (")[0] in text
        assert tile.before in text


def mail_programs_show(page: str) -> bool:
    """Only tables with styles of their own: no script, no picture, no style sheet, no address."""
    parsed = Tags(page)
    allowed = {"html", "head", "meta", "title", "body", "div", "table", "caption", "tr", "td", "b", "span", "br"}
    attributes = {name for _, given in parsed.tags for name in given}
    tables = [given for tag, given in parsed.tags if tag == "table" and given.get("role") != "presentation"]
    return (
        {tag for tag, _ in parsed.tags} <= allowed
        and not attributes & {"class", "id", "src", "href", "background", "onclick"}
        and "url(" not in page
        and len(tables) == page.count("<caption")  # the others hold data
        and len(page.encode()) < 100_000  # Gmail cuts off the rest
    )


def test_summary_is_for_mail_programs(summary: Path) -> None:
    page = summary.read_text("utf-8")
    assert mail_programs_show(page)
    assert not mail_programs_show(page.replace("<br>", '<img src="https://example.com/a.png">'))
    assert not mail_programs_show(page + "<script>1</script>")
    widths = [float(number) for number in re.findall(r'<td width="([\d.]+)%" height', page)]
    assert len(widths) > 24
    assert all(0 < width <= 100 for width in widths)


@needs_browser
@pytest.mark.parametrize("width", [640, 390])
def test_summary_fits_a_window_and_a_phone(browser: Browser, summary: Path, width: int) -> None:
    page, trouble = opened(browser, summary, width, "light")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = "[...document.querySelectorAll('td')].map(e => e.getBoundingClientRect().width)"
    assert max(page.evaluate(boxes)) <= 600
    clipped = "[...document.querySelectorAll('td')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(clipped) == 0
    assert serious(page) == []
    assert trouble == []
    page.close()


@pytest.mark.deep
def test_summary_of_a_company_has_no_person(mailed: tuple[Result, Path], people: People) -> None:
    page = mailed[1].with_name("summary.html").read_text("utf-8")
    assert mail_programs_show(page)
    assert people.found_in(page) == set()
    text = unescape(page)
    screens = re.findall(r'<h1 class="stcrm-headline">(.*?)</h1>', mailed[1].read_text("utf-8"))
    assert len(screens) == 3
    for headline in screens:
        assert unescape(re.sub("<[^>]+>", "", headline)) in text


@pytest.mark.parametrize(
    ("out", "summary", "message"),
    [
        (None, None, "Name the file to write"),
        ("a.html", "a.html", "Name another one"),
        ("reports", "reports/index.html", "Name another one"),
        ("reports", "reports/booking-sources.html", "Name another one"),
        ("reports", "missing/summary.html", "does not exist"),
        (None, ".", "is a folder"),
    ],
)
def test_paths_are_checked_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str | None, summary: str | None, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message):
        make_all(out, summary=summary, sandbox=True)
    assert list(tmp_path.iterdir()) == []
