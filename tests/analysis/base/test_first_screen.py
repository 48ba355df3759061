"""What stands on top of a report: whose numbers, of when, what to do, and what to know before; and its work lists."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import cautions, first_screen, work_lists
from stcrm_pandas.analysis.base.findings import MOST_CHARACTERS, Action, Check, Count, Step, WorkList, packed_lists
from stcrm_pandas.analysis.base.headline import Contrast, Headline, Tile
from stcrm_pandas.analysis.base.periods import Period
from stcrm_pandas.analysis.overview import FIRST_SCREEN
from stcrm_pandas.charts.svg import Month, Trend

NOW = dt.datetime(2026, 7, 27, 12, tzinfo=dt.UTC)


class Result:
    def __init__(self, *worths: float, lists: dict[str, WorkList] | None = None) -> None:
        self.worths = worths
        self.work_lists = lists or {}

    def actions(self) -> list[Action]:
        return [Action(f"Do {worth}.", "31% (27–35%)", "about 15 jobs", worth, "a-list") for worth in self.worths]

    def tiles(self) -> list[Tile]:
        return [Tile(f"Tile {worth}", "12", "Jun 1–28, 2026") for worth in self.worths]


def frame(**about: Any) -> pd.DataFrame:
    found = pd.DataFrame(
        {"id": [1, 2], "created_on": pd.to_datetime(["0001-01-01T00:00Z", "2026-01-05T03:00Z"], format="ISO8601")}
    )
    found.attrs["stcrm"] = about
    return found


def read(**about: Any) -> pd.DataFrame:
    noted = {"tenant": 7, "environment": "production", "time_zone": "America/Chicago", "filters": {}}
    return frame(**{**noted, "fetched_at": "2026-07-27T03:00:00Z", **about})


def test_shows_three_largest_actions_and_first_four_tiles() -> None:
    screen = first_screen("Leads", Result(1, 5), Result(9, 2, 3), of=read())
    assert [one.worth for one in screen.actions] == [9, 5, 3]
    assert [one.title for one in screen.tiles] == ["Tile 1", "Tile 5", "Tile 9", "Tile 2"]
    page = screen._repr_html_()
    assert page.index(">Do 9<") < page.index(">Do 5<") < page.index(">Do 3<")
    assert '<a href="#a-list">' in page


def test_no_clear_result_is_reported() -> None:
    assert "Nothing stands out this week" in first_screen("Leads", Result(), of=read())._repr_html_()


class Main(Result):
    """A result with a headline, too."""

    def headline(self) -> Headline:
        months = [
            Month("Nov 2025", 298, (0.33, 0.34), (0.27, 0.39), "33–34% (27–39%)"),
            Month("Dec 2025", 120, (0.30, 0.30), (0.22, 0.39), "30% (22–39%)", "still counting"),
        ]
        trend = Trend("Booked <at once>", "of leads", ("lead", "leads"), months, (0.31, 0.32))
        both = Contrast("Judge <b>Radio</b> by both", [("Leads", "13%", "30%"), ("All", "92%", "76%")], "Because.")
        return Headline("31% of leads are <b>booked", "No clear change", "95% …, from 418 leads.", trend, contrast=both)


def test_first_result_gives_headline_and_chart() -> None:
    page = first_screen("Leads", Main(5), Main(1), of=read())._repr_html_()
    assert page.count("<h1") == 1
    assert "31% of leads are &lt;b&gt;booked" in page
    assert "<b>No clear change.</b> 95% …, from 418 leads." in page
    assert page.count("<svg") == 2  # wide and narrow
    assert page.count("Nov 2025: 33–34% (27–39%), 298 leads</title>") == 2
    assert "Dec: still counting" in page
    assert "Judge &lt;b&gt;Radio&lt;/b&gt; by both" in page
    assert re.findall(r"<dd><b>(.*?)</b> <small>(.*?)</small>", page) == [("13%", "others 30%"), ("92%", "others 76%")]
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 4


def test_legend_names_only_dots_that_are_drawn() -> None:
    screen = first_screen("Leads", Main(5), of=read())
    trend = screen.headline.trend
    assert trend is not None
    few = [*trend.months, Month("Jan 2026", 12, None, None, "too few to tell", "still counting")]
    page = replace(screen, headline=replace(screen.headline, trend=replace(trend, months=few)))._repr_html_()
    assert re.findall(r'key-open"></i>(.*?)</li>', page) == ["Dec: still counting"]
    assert page.count("Jan 2026: too few to tell, 12 leads; still counting</title>") == 2


def test_index_page_has_the_same_numbers() -> None:
    bundle = first_screen("Leads", Main(5), of=read(environment="sandbox-1"), cautions=["Old."])._repr_mimebundle_()
    stored = bundle[FIRST_SCREEN]
    assert stored["title"] == "Leads"
    assert (stored["company"], stored["demo"]) == ("Demo company", True)
    assert stored["period"] == "Jan 4–Jul 26, 2026"
    assert stored["read"] == "Data read Jul 26, 2026, 10:00 PM CDT"
    assert (stored["headline"], stored["change"]) == ("31% of leads are <b>booked", "No clear change")
    (action,) = stored["actions"]
    assert (action["do"], action["number"], action["worth"], action["work_list"]) == (
        "Do 5.",
        "31% (27–35%)",
        5,
        "a-list",
    )
    assert stored["cautions"] == ["Old."]
    assert "<polyline" in stored["spark"]
    assert "<style>" not in stored["html"]


@pytest.mark.parametrize(
    ("filters", "zone", "expected"),
    [
        ({}, "America/Chicago", "Jan 4–Jul 26, 2026"),  # 3 h UTC is the evening before; the year 1 is no date
        ({}, None, "Jan 5–Jul 27, 2026 (UTC)"),
        ({"created_on_or_after": "2026-02-01", "created_before": "2026-03-01"}, "America/Chicago", "February 2026"),
        ({"created_on_or_after": "2025-12-31"}, "America/Chicago", "Dec 31, 2025–Jul 26, 2026"),
        ({"created_before": "2030-01-01"}, "America/Chicago", "Jan 4–Jul 26, 2026"),
        ({"created_on_or_after": "2027-01-01"}, "America/Chicago", "until Jul 26, 2026"),
    ],
)
def test_the_period_is_local_and_ends_with_its_last_day(
    filters: dict[str, str], zone: str | None, expected: str
) -> None:
    assert first_screen("Leads", of=read(filters=filters, time_zone=zone)).period == expected


def test_arguments_override_attrs() -> None:
    days = Period(dt.date(2026, 6, 1), dt.date(2026, 6, 29), dt.UTC)
    screen = first_screen("Leads", of=read(), company="Example <Heating>", period=days, missing={"jobs": "a:<b>:r"})
    assert (screen.company, screen.period) == ("Example <Heating>", "Jun 1–28, 2026")
    page = screen._repr_html_()
    assert "Example &lt;Heating&gt;" in page
    assert "No jobs: the application lacks the scope <code>a:&lt;b&gt;:r</code>" in page
    assert first_screen("Leads", of=read(environment="sandbox-1")).company == "Demo company"
    assert first_screen("Leads", of=pd.DataFrame()).company == "Unnamed company"


def test_age_is_that_of_the_oldest_rows() -> None:
    old, new = frame(stored_at="2026-07-24T12:00:00Z"), frame(stored_at="2026-07-27T11:00:00Z")
    assert cautions(now=NOW, leads=new, jobs=None) == []
    assert cautions(now=NOW, leads=new, booking_notes=old) == [
        "The stored booking notes are 3 days old. Changes since then are not in this report."
    ]
    assert "30 hours old" in cautions(now=NOW, leads=frame(stored_at="2026-07-26T06:00:00Z"))[0]


def test_drift_warns_only_for_used_columns() -> None:
    drifted = frame(drifted={"status": 3, "summary": 40})
    assert cautions(now=NOW, leads=drifted, used={"leads": ["status"]}) == [
        "ServiceTitan sent values that it does not document: status of leads (3). They were kept, and may count as "
        "unknown."
    ]
    assert cautions(now=NOW, leads=drifted, used={"leads": ["id"]}) == []
    assert "summary of leads (40), status of leads (3)" in cautions(now=NOW, leads=drifted)[0]
    many = frame(drifted={f"column_{number}": 1 for number in range(5)})
    assert "and 2 more" in cautions(now=NOW, leads=many)[0]


@pytest.mark.parametrize(("exact", "sentences"), [((69, 100), 1), ((70, 100), 0), ((0, 0), 0)])
def test_warns_below_70_percent_exact_dates(exact: tuple[int, int], sentences: int) -> None:
    assert len(cautions(exact=exact)) == sentences


def waiting(rows: int, width: int = 10, key: str = "waiting") -> WorkList:
    texts = pd.DataFrame({"Lead id": range(rows), "Name": ["<b>" + "x" * width] * rows, "Since": [pd.NaT] * rows})
    return WorkList(key, "People who <wait>", "Call them: `found.after`.", texts)


def test_work_list_shows_how_many_rows_it_has() -> None:
    page = work_lists(Result(lists={"waiting": waiting(2_500)}))._repr_html_()
    assert page.count("<tr>") == 1_001
    assert "Showing 1,000 of 2,500 rows." in page
    assert "<b>x" not in page
    assert "<code>found.after</code>" in page
    assert "NaT" not in page
    assert "Showing" not in work_lists(Result(lists={"waiting": waiting(1_000)}))._repr_html_()


def whole(page: str) -> list[list[list[str]]]:
    """The packed lists of a page."""
    return [
        json.loads(gzip.decompress(base64.b64decode(coded)))
        for coded in re.findall(r'<script type="application/gzip"[^>]*>([^<]*)</script>', page)
    ]


def test_a_list_that_is_shown_in_part_is_packed_as_a_whole() -> None:
    page = work_lists(Result(lists={"waiting": waiting(2_500)}))._repr_html_()
    ((header, *rows),) = whole(page)
    assert header == ["Lead id", "Name", "Since"]
    assert rows == [[str(number), "<b>xxxxxxxxxx", ""] for number in range(2_500)]
    assert 'data-rows="2500"' in page
    assert whole(work_lists(Result(lists={"waiting": waiting(1_000)}))._repr_html_()) == []


def test_packed_lists_are_bounded() -> None:
    rows = [[str(number)] for number in range(30_000)]
    made = packed_lists({"a": [["Id"], *rows], "b": [["Id"], *rows[:5]]}, most=20_000)
    assert sum(len(one.html) for one in made.values()) <= 20_000
    assert made["b"].rows == 5
    ((header, *first),) = whole(made["a"].html)
    assert [header, *first] == [["Id"], *rows[: made["a"].rows]]


def test_long_lists_are_truncated_with_a_note() -> None:
    page = work_lists(Result(lists={"a": waiting(2_000, 1_800, "a"), "b": waiting(999, 1_800, "b")}))._repr_html_()
    assert len(page) <= MOST_CHARACTERS
    shown = [int(number.replace(",", "")) for number in re.findall(r"Showing ([\d,]+) of [\d,]+ rows", page)]
    assert len(shown) == 2
    assert [len(rows) - 1 for rows in whole(page)] == [2_000, 999]
    assert page.count("<tr>") == sum(shown) + 2


def test_ids_lead_to_their_screens() -> None:
    rows = pd.DataFrame({"Booking": [5], "Location id": [6], "Contact id": [7]})
    page = work_lists(Result(lists={"a": WorkList("a", "A", "Do.", rows)}), service="https://go.example")._repr_html_()
    assert re.findall(r'href="([^"]+)"', page) == ["https://go.example/#/Bookings", "https://go.example/#/Location/6"]


def test_anonymous_lists_have_only_titles_and_sizes() -> None:
    page = work_lists(Result(lists={"waiting": waiting(3)}), anonymous=True)._repr_html_()
    assert "People who &lt;wait&gt; (3)" in page
    assert "xxx" not in page
    assert "<table" not in page


def test_empty_check_and_list() -> None:
    check = Check([Count("Leads, status Open", 1_234, "Follow Up", "<Open>")], [Step("read", 0, 5)], {"Dates": "9 <b>"})
    page = check._repr_html_()
    assert "1,234" in page
    assert "&lt;Open&gt;" in page
    assert "9 &lt;b&gt;" in page
    assert work_lists()._repr_html_() == "<p>The lists are empty.</p>"
    assert "People who &lt;wait&gt; (0)" in waiting(0)._repr_html_()
