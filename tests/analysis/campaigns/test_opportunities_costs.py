"""What was spent: read, checked, and set against opportunities; without it, no word on worth."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from openpyxl import Workbook

from stcrm_pandas.analysis.campaigns.attribution import attribution
from stcrm_pandas.analysis.campaigns.costs import checked_spend, read_spend
from stcrm_pandas.analysis.campaigns.opportunities import Opportunities, opportunities
from stcrm_pandas.errors import UsageError

Frames = Callable[..., pd.DataFrame]
CAMPAIGNS = pd.DataFrame({"id": [1, 2, 3], "name": ["Radio", "Mail", "Search"], "active": True})


@pytest.fixture
def spent(leads: Frames, bookings: Frames, jobs: Frames) -> Callable[..., Opportunities]:
    """Of January to April 40 calls of Radio a month, booked with a total of 100; of Mail 20 and 20 leads."""

    def make(spend: Any, **arguments: Any) -> Opportunities:
        made, asked = [], []
        for month in ("01", "02", "03", "04"):
            day = {"created_on": f"2026-{month}-10T12:00Z", "business_unit_id": 1}
            for i in range(40):
                call = int(month) * 1000 + i
                made.append({**day, "lead_call_id": call, "campaign_id": 1, "job_status": "Completed", "total": 100.0})
                if i < 20:
                    made.append({**made[-1], "lead_call_id": call + 500, "campaign_id": 2})
                    asked.append({**day, "status": "Dismissed", "campaign_id": 2})
        return opportunities(
            leads(*asked),
            bookings(),
            jobs(*made),
            campaigns=CAMPAIGNS,
            spend=spend,
            **{"as_of": "2026-05-20T12:00Z", "time_zone": "America/Chicago", **arguments},
        )

    return make


def frame(*rows: tuple[Any, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["campaign", "month", "amount"])


def test_costs_by_hand(spent: Callable[..., Opportunities]) -> None:
    found = spent(
        frame(
            ("radio ", "2026-01", 300.0),
            (1, "2026-01", 100.0),  # a second row of the same month adds to it
            (1, "2026-02", 400.0),
            (1, "2026-04", 999.0),  # ended less than 30 days ago
            ("Mail", "2026-03", 800.0),  # old enough for jobs, not for revenue
            ("Mail", "2025-06", 5.0),  # before the first record
            ("Search", "2026-02", 50.0),  # brought nothing
            ("Nobody", "2026-02", 7.0),
        )
    ).costs
    assert found is not None
    columns = ["id", "months", "spend", "opportunities", "booked", "cost_per_opportunity", "cost_per_booked"]
    assert found.table[columns].astype(object).where(found.table[columns].notna(), None).values.tolist() == [
        [1, 2, 800.0, 80, 80, 10.0, 10.0],
        [2, 1, 800.0, 40, 20, 20.0, 40.0],
        [3, 1, 50.0, 0, 0, None, None],
    ]
    assert found.table["revenue_per_unit"].iloc[0] == 10.0  # 8,000 of January and February by 800
    assert pd.isna(found.table["revenue_per_unit"].iloc[1])
    assert (found.table["cost_low"] <= found.table["cost_per_booked"] + 1e-9).iloc[:2].all()
    assert found.overall[["spend", "opportunities", "booked"]].values.tolist() == [[1650.0, 120, 100]]
    assert found.unknown["amount"].tolist() == [7.0]
    assert found.uncovered["amount"].tolist() == [999.0, 5.0]
    assert found.without == 3 * 80 - 120
    assert (found.first_month, found.last_month) == ("2026-01", "2026-03")


def test_cost_sentences(spent: Callable[..., Opportunities]) -> None:
    rows = frame(("Radio", "2026-03", 400.0), ("Mail", "2026-03", 8000.0), ("Nobody", "2026-03", 7.0))
    found = spent(rows, as_of="2026-05-05T12:00Z")
    text = " ".join(found.summary())
    assert "8,400 was spent on campaigns with 80 opportunities: 105 per opportunity, 140 per booked job." in text
    assert "Rows of the spend that name an unknown campaign: 1 (7.00 in all), left out." in text
    assert "Cost" in found.definitions
    (action,) = found.actions()
    assert "the goal of campaign Mail" in action.do
    # 120 opportunities since Jan 10, half of them booked, at 400 instead of 10 each
    weeks = (dt.datetime(2026, 4, 5) - dt.datetime(2026, 1, 10)) / dt.timedelta(weeks=1)
    assert action.amount == pytest.approx(120 * 4 / weeks / 2 * 390)
    assert spent(rows).actions() == []  # nothing for five weeks: nothing to gain in the next four
    assert found.costs is not None
    assert "400 (" in found.costs._repr_html_()
    assert found.figure("cost").layout.meta["alt"].startswith("The cost per booked job of 2 campaigns: from 10.00")


def test_no_cost_sentences_without_spend(spent: Callable[..., Opportunities]) -> None:
    found = spent(None)
    shown = [*found.summary(), *found.definitions, *found.definitions.values(), found._repr_html_()]
    shown += [text for action in found.actions() for text in (action.do, action.number, action.size)]
    shown += [str(tile) for tile in found.tiles()] + [found.figure(kind).to_json() for kind in ("booked", "steps")]
    text = " ".join(shown).lower()
    assert len(text) > 1000
    for word in ("worth", "cost", "return", "spen"):
        assert word not in text.replace("worth=", ""), word
    with pytest.raises(UsageError, match="there is no spend"):
        found.figure("cost")


def test_spend_needs_a_time_zone(spent: Callable[..., Opportunities]) -> None:
    with pytest.raises(UsageError, match="months need a time zone"):
        spent(frame(("Radio", "2026-01", 1.0)), time_zone=None)


def test_ambiguous_campaign_name_is_rejected(spent: Callable[..., Opportunities]) -> None:
    twice = CAMPAIGNS.assign(name=["Radio", "Radio", "Search"])
    with pytest.raises(UsageError, match="2 campaigns have the name 'Radio'; give the id"):
        spent(frame(("Radio", "2026-01", 1.0)), names={"campaign": twice})


def test_files_are_read(tmp_path: Path) -> None:
    text = tmp_path / "spend.csv"
    text.write_text(
        'Month,Note,Amount,Campaign\n2026-01,x,"$1,200.50",Radio\n,,,\n2026-02,,3,7\n', encoding="utf-8-sig"
    )
    assert read_spend(text).values.tolist() == [["Radio", "2026-01", 1200.5], ["7", "2026-02", 3.0]]
    book = Workbook()
    for row in (("campaign", "month", "amount"), (7, dt.datetime(2026, 1, 1), 12), ("Mail", "2026-02", 0.5)):
        book.worksheets[0].append(row)
    book.save(tmp_path / "spend.xlsx")
    assert read_spend(tmp_path / "spend.xlsx").values.tolist() == [["7", "2026-01", 12.0], ["Mail", "2026-02", 0.5]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("campaign,amount\n", "the column month is missing"),
        ("campaign,month,amount\nRadio,2026-13,5\n", "row 2: month '2026-13' is not a month as 2026-03"),
        ("campaign,month,amount\n\n,2026-01,5\n", "row 3: campaign is empty"),
        ("campaign,month,amount\nRadio,2026-01,-5\n", "row 2: amount '-5' is not 0 or more"),
        ('campaign,month,amount\nRadio,2026-01,"1.200,50"\n', "row 2: amount '1.200,50'"),
        ("campaign,month,amount\n" + "Radio,x,5\n" * 7, "and 2 more"),
    ],
)
def test_invalid_rows_are_listed(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "spend.csv"
    file.write_text(text)
    with pytest.raises(UsageError, match=says.replace("(", r"\(").replace("+", r"\+")):
        read_spend(file)


def test_other_file_types_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "spend.xlsx").write_text("no workbook")
    for name, says in (
        ("spend.pdf", "neither a .csv nor an .xlsx"),
        ("none.csv", "cannot be read"),
        ("spend.xlsx", "XLSX"),
    ):
        with pytest.raises(UsageError, match=says):
            read_spend(tmp_path / name)
    for wrong in ([1], pd.DataFrame({"campaign": [1]})):
        with pytest.raises(UsageError, match="campaign, month and amount"):
            checked_spend(wrong)  # type: ignore[arg-type]


def test_campaigns_are_not_ranked_above_15_percent_unattributed(leads: Frames, bookings: Frames, jobs: Frames) -> None:
    day = {"created_on": "2026-01-05T12:00Z", "business_unit_id": 1}
    asked = [{**day, "status": "Converted" if i < 60 else "Open", "campaign_id": 1} for i in range(80)]
    asked += [{**day, "status": "Open", "campaign_id": 2} for _ in range(90)]
    campaigns = CAMPAIGNS.assign(is_default_campaign=[False, False, True])

    def found(on_default: int) -> Opportunities:
        rows = [*asked, *({**day, "status": "Open", "campaign_id": 3} for _ in range(on_default))]
        return opportunities(
            leads(*rows), bookings(), jobs(), campaigns=campaigns, as_of="2026-01-28T00:00Z", mature_days=20
        )

    ranked = found(30)  # 30 of 200: just so
    assert ranked.attribution.ranked
    assert ranked.table["name"].tolist()[0] == "Radio"
    assert dict(zip(ranked.comparisons["name"], ranked.comparisons["verdict"], strict=True)) == {
        "Radio": "higher",
        "Mail": "lower",
        "Search": "not compared",  # the default campaign says nothing
    }
    listed = found(31)
    assert not listed.attribution.ranked
    assert listed.table["name"].tolist() == ["Mail", "Radio", "Search"]  # by size
    assert set(listed.comparisons["verdict"]) == {"not compared"}
    assert any("campaigns are listed by size and not ranked" in text for text in listed.summary())
    assert any("more often than the others" in text for text in ranked.summary())
    assert not any("more often than the others" in text for text in listed.summary())
    (ask,) = (action for action in listed.actions() if action.do.startswith("Ask each caller"))
    # a plain count of all opportunities, so without an interval
    assert ask.number == "15% of opportunities have no usable campaign, so campaigns cannot be ranked"


def test_health_without_campaigns_and_without_rows() -> None:
    assert attribution({}, None, what="bookings").sentences() == []
    unread = attribution({1: 9, None: 1}, None, what="bookings")
    assert (unread.default, unread.unknown, unread.inactive, unread.ranked) == (None, None, None, True)
    assert unread.sentences() == ["How reliable campaigns are: of 10 bookings, 1 (10%) have no campaign."]
    unlisted = attribution({1: 8, 9: 2}, CAMPAIGNS, what="bookings")
    assert (unlisted.unknown, unlisted.ranked) == (2, False)
