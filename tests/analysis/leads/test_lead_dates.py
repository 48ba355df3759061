"""How the date of a conversion is known: exactly, by the one job that fits, or between two moments."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import LeadConversion, lead_conversion
from stcrm_pandas.errors import StcrmWarning

Frames = Callable[..., pd.DataFrame]
AS_OF = "2026-06-01T00:00Z"
WON = {"status": "Converted", "created_on": "2026-01-05T12:00Z", "modified_on": "2026-03-25T12:00Z", "customer_id": 1}


def known(found: LeadConversion) -> dict[str, int]:
    counts = found.overall[["exact", "inferred", "bounded", "within_lower", "within_upper"]].iloc[0]
    return {name: int(count) for name, count in counts.items() if count}


def job(day: str, **more: Any) -> dict[str, Any]:
    return {"created_on": f"2026-{day}T12:00Z", "customer_id": 1, **more}


INFERRED = {"inferred": 1, "within_lower": 1, "within_upper": 1}
BOUNDED = {"bounded": 1, "within_upper": 1}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param([job("01-09")], INFERRED, id="the one that fits"),
        pytest.param([job("03-01")], {"inferred": 1}, id="the one that fits, later"),
        pytest.param([job("01-09"), job("01-04"), job("03-26")], INFERRED, id="others outside of the span"),
        pytest.param([job("01-09"), job("02-09")], BOUNDED, id="two fit"),
        pytest.param([job("01-04")], BOUNDED, id="before the lead"),
        pytest.param([job("01-09", customer_id=2)], BOUNDED, id="of another customer"),
        pytest.param([job("01-09", customer_id=None)], BOUNDED, id="of nobody"),
        pytest.param([job("01-09", recall_for_id=3)], BOUNDED, id="a recall"),
        pytest.param([job("01-09", warranty_id=3)], BOUNDED, id="a warranty job"),
        pytest.param([job("01-09", lead_call_id=77)], INFERRED, id="it came by a call that no lead names"),
        pytest.param([job("01-09"), job("02-01", recall_for_id=3)], INFERRED, id="and its recall"),
    ],
)
def test_only_matching_job_dates_the_lead(
    leads: Frames, jobs: Frames, made: list[dict[str, Any]], expected: dict[str, int]
) -> None:
    assert known(lead_conversion(leads(WON), jobs=jobs(*made), as_of=AS_OF)) == expected


def test_job_linked_to_another_lead_is_not_used(leads: Frames, jobs: Frames) -> None:
    other = {**WON, "created_on": "2026-01-25T12:00Z", "call_id": 77}
    found = lead_conversion(leads(WON, other), jobs=jobs(job("01-26", lead_call_id=77)), as_of=AS_OF)
    assert known(found) == {"exact": 1, "bounded": 1, "within_lower": 1, "within_upper": 2}


def test_job_matching_two_leads_dates_neither(leads: Frames, jobs: Frames) -> None:
    other = {**WON, "created_on": "2026-01-25T12:00Z"}
    found = lead_conversion(leads(WON, other), jobs=jobs(job("01-26")), as_of=AS_OF)
    assert known(found) == {"bounded": 2, "within_upper": 2}


def log(*rows: tuple[int, str, str, str]) -> pd.DataFrame:
    ids, statuses, first, last = zip(*rows, strict=True)
    seen = {"first_seen": first, "last_seen": last}
    return pd.DataFrame({"id": pd.array(ids, dtype="Int64"), "status": list(statuses)}).assign(
        **{name: pd.Series(pd.to_datetime(list(days), utc=True)) for name, days in seen.items()}
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param([(1, "Converted", "2026-01-20", "2026-04-01")], (1, 1), id="seen in time"),
        pytest.param([(1, "Converted", "2026-02-20", "2026-04-01")], (0, 1), id="first seen later"),
        pytest.param(
            [(1, "Open", "2026-01-06", "2026-02-10"), (1, "Converted", "2026-03-01", "2026-04-01")],
            (0, 0),
            id="open at day 35",
        ),
        pytest.param([(1, "Open", "2026-01-06", "2026-01-10")], (0, 1), id="seen open alone"),
        pytest.param([(2, "Converted", "2026-01-20", "2026-04-01")], (0, 1), id="another lead"),
        pytest.param([(1, "Converted", "2026-01-01", "2026-04-01")], (0, 1), id="before the lead came: not believed"),
        pytest.param(
            [(1, "Converted", "2026-01-20", "2026-01-20"), (1, "Open", "2026-01-21", "2026-01-19")],
            (1, 1),
            id="open again, last seen as of a moment before",
        ),
    ],
)
def test_status_log_bounds_the_date(
    leads: Frames, seen: list[tuple[int, str, str, str]], expected: tuple[int, int]
) -> None:
    found = lead_conversion(leads(WON), status_log=log(*seen), as_of=AS_OF)
    counts = found.overall[["within_lower", "within_upper"]].iloc[0]
    assert tuple(counts) == expected


def test_bounds_that_cross_are_no_date(leads: Frames, jobs: Frames) -> None:
    """The log has it as open even after its last change, so the only fitting job is not believed either."""
    contradicting = log((1, "Open", "2026-01-06", "2026-03-28"), (1, "Converted", "2026-04-02", "2026-04-03"))
    for made in (None, jobs(job("01-09"))):
        found = lead_conversion(leads(WON), jobs=made, status_log=contradicting, as_of=AS_OF)
        assert found.overall["contradictory"].tolist() == [1]
        assert known(found) == {"within_upper": 1}
        assert any("1 conversion has no date, because the status log contradicts" in one for one in found.summary())
    exact = lead_conversion(
        leads({**WON, "call_id": 7}), jobs=jobs(job("01-09", lead_call_id=7)), status_log=contradicting, as_of=AS_OF
    )
    assert exact.overall[["exact", "contradictory"]].iloc[0].tolist() == [1, 0]


def test_no_speed_with_uncertain_dates(leads: Frames, jobs: Frames) -> None:
    rows = [{**WON, "customer_id": i} for i in range(20)] + [
        {"status": "Open", "created_on": "2026-01-05T12:00Z", "customer_id": i} for i in range(100, 120)
    ]
    unsure = lead_conversion(leads(*rows), as_of=AS_OF)
    speed = unsure.speed.set_index("day")
    assert speed["known"].tolist() == [False, False, False, True]  # all happened by day 79
    assert speed.loc[90, ["share_lower", "share_upper"]].tolist() == pytest.approx([0.5, 0.5])
    speeds = unsure.speed_table().frame.iloc[0]
    assert speeds["Within 7 days"] == "dates not known well enough (0–50%)"
    assert speeds["Within 90 days"].startswith("50% (")
    made = jobs(*({"created_on": "2026-01-09T12:00Z", "customer_id": i} for i in range(20)))
    sure = lead_conversion(leads(*rows), jobs=made, as_of=AS_OF)
    assert sure.speed["known"].all()
    assert sure.speed["share_lower"].tolist() == pytest.approx([0, 0.5, 0.5, 0.5])


def test_an_as_of_that_occurs_twice_is_the_first_one(leads: Frames) -> None:
    late = {**WON, "created_on": "2026-10-05T12:00Z", "modified_on": "2026-10-06T12:00Z"}
    with pytest.warns(StcrmWarning, match="2026-11-01 01:30 occurs twice.*2026-11-01T07:30Z"):
        found = lead_conversion(leads(late), as_of="2026-11-01T01:30", time_zone="America/Chicago")
    assert found.as_of.astimezone(dt.UTC) == pd.Timestamp("2026-11-01T06:30Z")
    skipped = lead_conversion(leads(WON), as_of="2026-03-08T02:30", time_zone="America/Chicago")
    assert skipped.as_of == pd.Timestamp("2026-03-08T08:30Z")
