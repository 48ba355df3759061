"""A small result of its own, with everything that a report can show, and names that nobody should have."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.analysis.base.display import Definitions, Sentences, table
from stcrm_pandas.analysis.base.findings import Action, Check, Count, Step, WorkList
from stcrm_pandas.analysis.base.headline import Headline, Tile, year_of
from stcrm_pandas.charts.svg import Trend, sparkline

EVIL = ["=1+1", "<img src=x onerror=alert(1)>", "@SUM(A1)", "-2+3", '+1 "512"', "\tTab", "\u00a0\u200b=1", "\uff1d1"]
NAMES = [*EVIL, *(f"Customer {number}" for number in range(52))]


class Sample:
    """What an analysis might have found."""

    definitions = Definitions(
        {"Booked": "A job exists & was 'dated' within <30> days.", "Converted": "A job was made of it."},
        words={"Booked": ["Booked within 30 days"], "Converted": ["converted"]},
    )
    check = Check([Count("Leads, status Open", 1_234, "Follow Up > Leads", "Status: Open")], [Step("read", 0, 1_234)])

    def headline(self) -> Headline:
        names = [f"{month:%b %Y}" for month in pd.date_range("2024-07-01", periods=24, freq="MS")]
        counts = pd.DataFrame({"name": names, "volume": [90 + 7 * place for place in range(24)]})
        counts = counts.assign(n=counts["volume"], lower=counts["volume"] // 3, whole=[True] * 23 + [False])
        year = year_of(counts.assign(upper=counts["lower"] + 2), min_group=30)
        assert year is not None
        trend = Trend("Booked within 30 days", "of leads", ("lead", "leads"), year.months, year.now.share)
        return Headline("33–34% of leads are booked", year.change, f"{year.n:,} leads.", trend)

    def actions(self) -> list[Action]:
        return [
            Action("Look at the form of <b>Radio</b>.", "12% (8–17%)", worth=2),
            Action("Call the 60 people who wait.", "31% (27–35%)", "about 15 jobs", 15, "waiting"),
        ]

    def tiles(self) -> list[Tile]:
        dates = "Jun 29–Jul 26, 2026"
        return [
            Tile("Booked within 30 days", "31% (27–35%)", dates, "30% (26–34%)", "28%", change="▲ Clearly higher"),
            Tile("New leads", "1,234", dates, "1,200", spark=sparkline([3, 4, 5], title="New leads", bars=True)),
            Tile("Dismissed", "too few to tell", dates, note="Only 12 leads are old enough."),
            Tile("Still new after an hour", "9–14% (7–16%)", dates),
        ]

    @property
    def work_lists(self) -> dict[str, WorkList]:
        waits = pd.Series(range(60), dtype="Int64").mask(lambda days: days == 7)
        since = [f"2026-07-{1 + day % 28:02}" for day in range(60)]
        cells = {"Customer": NAMES, "Days": waits, "Since": since, "Amount": ["$1,234.50"] * 60}
        frame = pd.DataFrame(cells | {"Phone": ["(512) 555-0100"] * 59 + ["Do not call"]})
        return {"waiting": WorkList("waiting", "People who wait", "Call each, the longest wait first.", frame)}

    def summary(self) -> Sentences:
        return Sentences(["Of 1,234 leads, 31% were converted.", "Radio converts less often: <i>12%</i>."])

    def _repr_html_(self) -> str:
        rows = [[f"Campaign {number}", f"{number * 7 % 40:,} of 1,300"] for number in range(40)]
        rows.append(["All", "520 of 1,300"])
        return table({"Campaign": False, "Converted": True}, rows, total=True, terms=self.definitions.terms)
