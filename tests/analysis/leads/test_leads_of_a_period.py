"""Inquiries of a period: dated by their first lead, even if that came before the period."""

from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import LeadConversion, lead_conversion
from stcrm_pandas.errors import UsageError

from ..conftest import Frames

ZONE = "America/Chicago"
CREATED = [
    ("2026-04-28T15:00Z", 1, "Open"),  # the first lead of customer 1, ten days before the next
    ("2026-05-08T15:00Z", 1, "Converted"),
    ("2026-05-01T04:59Z", 2, "Open"),  # still April in Chicago
    ("2026-05-01T05:00Z", 3, "Open"),
    ("2026-05-30T15:00Z", 4, "Dismissed"),
    ("2026-06-05T15:00Z", 4, "Converted"),  # repeats the lead of May
    ("2026-06-01T04:59Z", 5, "Open"),  # still May
    ("2026-06-01T05:00Z", 6, "Open"),
]


@pytest.fixture(scope="module")
def frame(leads: Frames) -> pd.DataFrame:
    rows = [{"created_on": at, "customer_id": who, "status": status} for at, who, status in CREATED]
    return leads(*rows, {"status": "Open", "customer_id": 7})  # without a date, it is of no month


def of(leads: pd.DataFrame, period: str | None, **more: Any) -> LeadConversion:
    given = {"min_group": 1, "as_of": "2026-09-01T00:00Z", "time_zone": ZONE} | more
    return lead_conversion(leads, period=period, **given)


def counts(found: LeadConversion) -> list[int]:
    return [int(found.overall[name].iloc[0]) for name in ("inquiries", "leads", "converted", "open", "dismissed")]


def test_inquiries_count_in_the_local_month_of_their_first_lead(frame: pd.DataFrame) -> None:
    assert counts(of(frame, "2026-04")) == [2, 3, 1, 1, 0]
    assert counts(of(frame, "2026-05")) == [3, 4, 1, 2, 0]
    assert counts(of(frame, "2026-06")) == [1, 1, 0, 1, 0]
    every = counts(of(frame, None))
    assert every == [7, 9, 2, 5, 0]
    # each lead of the period is the first of its inquiry, or repeats an earlier one
    check = of(frame, "2026-05").check
    assert [step.left_out for step in check.steps[-2:]] == [1, 0]
    assert check.counts[0].rows == 4


def test_leads_read_too_late_are_a_caution(frame: pd.DataFrame) -> None:
    late = frame[frame["created_on"] >= "2026-05-01T05:00Z"].copy()
    late.attrs["stcrm"] = {"filters": {"created_on_or_after": "2026-05-01"}, "rows": len(late)}
    found = of(late, "2026-05")
    assert counts(found)[0] == 4  # the one of customer 1 began in April, which was not read
    assert any("repeat leads of earlier inquiries may count as new in May 2026" in text for text in found.cautions)
    early = frame.copy()
    early.attrs["stcrm"] = {"filters": {"created_on_or_after": "2026-04-17"}, "rows": len(frame)}
    assert of(early, "2026-05").cautions == ()
    assert of(late, "2026-05", unit="lead").cautions == ()


def test_a_period_without_inquiries_says_so(frame: pd.DataFrame) -> None:
    found = of(frame, "2026-08", min_group=30)
    assert str(found.period) == "August 2026"
    assert found.headline().text == "Too few leads of August 2026 to measure"
    assert found.summary()[0].startswith("No inquiry of August 2026 is 30 days old yet")
    assert found.table["inquiries"].tolist() == [0]


@pytest.mark.parametrize(
    ("period", "zone", "message"),
    [
        ("2026-10", ZONE, "October 2026 has not begun"),
        ("May", ZONE, "May is not a month"),
        (7, ZONE, "pass a month such as"),
        ("2026-05", None, "needs the company's time zone"),
    ],
)
def test_unusable_periods_raise(frame: pd.DataFrame, period: Any, zone: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        of(frame, period, time_zone=zone)
