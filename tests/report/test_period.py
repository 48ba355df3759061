"""The period of a report: contradictions are refused, and what is as of the read is the same in every report."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from typer.testing import CliRunner

from stcrm_pandas.cli import app
from stcrm_pandas.errors import UsageError
from stcrm_pandas.report import make_all, make_report

from .browsing import first_screen_is_enough, needs_browser, opened
from .pages import Tags


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--month", "2026-10", "--since", "2026-01-01"], "month and since contradict each other: choose one."),
        (["--month", "2026-10", "--weeks", "4"], "month and weeks contradict each other: choose one."),
        (["--month", "2199-01"], "month: January 2199 has not begun."),
        (["--month", "2026"], "month: 2026 is not a month such as 2026-10."),
        (["--weeks", "0"], "weeks: 0 is not a number of weeks from 1 to 520."),
        (["--since", "2026-02-01", "--until", "2026-01-01"], "since: 2026-02-01 must be before until, 2026-01-01"),
    ],
)
def test_contradictions_are_refused_before_a_read(tmp_path: Path, options: list[str], message: str) -> None:
    out = tmp_path / "report.html"
    for report in ("all", "booking-sources"):
        done = CliRunner().invoke(app, ["report", report, "--sandbox", "--out", str(out), *options])
        assert done.exit_code == 2
        assert message in " ".join(done.output.split())
        assert not out.exists()


def test_a_state_file_has_its_own_clock(tmp_path: Path) -> None:
    """Its future is known only after it was started, but contradictions are refused before."""
    state = tmp_path / "company.sqlite"
    with pytest.raises(UsageError, match="weeks and until contradict"):
        make_all(tmp_path / "reports.html", sandbox=state, weeks=4, until="2026-01-01")
    assert not state.exists()


@pytest.fixture(scope="module")
def made_twice(company: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The report on leads of everything, and directly after it that of the last half a year."""
    folder = tmp_path_factory.mktemp("period")
    choices: dict[str, Any] = {"sandbox": company, "with_lists": True}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STCRM_CACHE_DIR", str(folder / "cache"))
        environment.setenv("STCRM_STATE_DIR", str(folder / "state"))
        every = make_report("lead-conversion", folder / "every.html", until="2030-01-01", **choices)
        return every, make_report("lead-conversion", folder / "recent.html", weeks=26, **choices)


@pytest.fixture(scope="module")
def recent(made_twice: tuple[Path, Path]) -> Path:
    return made_twice[1]


@pytest.fixture(scope="module")
def pages(made_twice: tuple[Path, Path]) -> tuple[str, str]:
    every, recent = (report.read_text("utf-8") for report in made_twice)
    return every, recent


def part(page: str, begin: str, end: str) -> str:
    (found,) = re.findall(f"{begin}.*?{end}", page, re.DOTALL)
    return str(found)


def rows_of(table: str) -> list[str]:
    """The rows of a call list without its numbers: days and the order by value change while the reports are made."""
    return sorted(re.sub('<td class="?n"?>[^<]*</td>', "", row) for row in re.findall("<tr.*?</tr>", table, re.DOTALL))


@pytest.mark.deep
def test_tiles_and_call_lists_do_not_depend_on_the_period(pages: tuple[str, str]) -> None:
    every, recent = pages
    tiles = [part(page, '<section class="stcrm-latest">', "</section></div></section>") for page in pages]
    assert tiles[0] == tiles[1]
    assert "unknown" not in tiles[0]
    for key in ("overdue-follow-up", "no-follow-up", "stale"):
        lists = [rows_of(part(page, f'id="{key}">', "</table>")) for page in pages]
        assert len(lists[0]) > 5
        assert lists[0] == lists[1]
    assert "Last 26 weeks: " in recent
    assert "Last 26 weeks: " not in every


@pytest.mark.deep
@needs_browser
@pytest.mark.parametrize(("width", "height"), [(1300, 900), (390, 844)])
def test_the_first_screen_of_a_period_is_enough(browser: Browser, recent: Path, width: int, height: int) -> None:
    page, trouble = opened(browser, recent, width, "light", height=height)
    first_screen_is_enough(page, chart=180)
    assert "Last 26 weeks: " in page.locator("header").first.inner_text()
    assert not trouble


@pytest.mark.deep
def test_each_month_is_on_an_axis_once(pages: tuple[str, str]) -> None:
    (described,) = set(re.findall('<desc id="wide-text">(.*?)</desc>', pages[1]))
    named = re.findall(r"[A-Z][a-z]{2} 20[0-9]{2}", described)
    assert len(named) == len(set(named)) == 12
    figures = [json.loads(text) for text in Tags(pages[1]).texts["script"] if text.startswith("{")]
    (months,) = (
        one
        for one in figures
        if "by month of creation" in one["layout"]["meta"]["alt"] or "No month" in one["layout"]["meta"]["alt"]
    )
    (bars,) = (trace for trace in months["data"] if trace["type"] == "bar")
    assert len(bars["x"]) == len(set(bars["x"])) == 12
    assert months["layout"]["xaxis"]["dtick"] == "M1"
