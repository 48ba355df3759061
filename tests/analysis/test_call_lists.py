"""What a call is worth, and the order of call lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import polars as pl
import pytest

from stcrm_pandas.analysis import LeadConversion, lead_conversion, work_lists
from stcrm_pandas.analysis.base.worth import JobValues, job_values

Frames = Callable[..., pd.DataFrame]
AS_OF = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
UNITS = {1: "USD", 2: "CAD"}


def job(unit: int | None, kind: int | None, total: float | None, **more: Any) -> dict[str, Any]:
    usual = {"job_status": "Completed", "created_on": "2025-10-01T12:00Z"}
    return {**usual, "business_unit_id": unit, "job_type_id": kind, "total": total, **more}


def values_of(frame: Any, currencies: Mapping[int, str] | None = None) -> JobValues:
    found = job_values(frame, currencies or {}, as_of=AS_OF, least=2)
    assert found is not None
    return found


ROWS = [
    job(1, 10, 100.0),
    job(1, 10, 300.0),
    job(1, 10, None, job_status="Canceled"),  # counts as 0
    job(1, 11, 1000.0),  # too few of its kind
    job(1, None, 50.0),
    job(1, 10, 9999.0, created_on="2026-02-01T12:00Z"),  # too recent: its revenue is not final
    job(1, 10, 9999.0, created_on="2024-10-01T12:00Z"),  # long ago
    job(1, 10, 9999.0, recall_for_id=1),  # not booked by calling
    job(2, 20, 500.0),
]


@pytest.mark.parametrize("engine", [pd.DataFrame, pl.from_pandas])
def test_amount_at_stake_is_that_of_the_nearest_kind_with_enough_jobs(jobs: Frames, engine: Any) -> None:
    columns = ["id", "created_on", "job_status", "total", "business_unit_id", "job_type_id", "recall_for_id"]
    values = values_of(engine(jobs(*ROWS)[columns]), {1: "USD"})
    leads = pd.DataFrame({"business_unit_id": [1, 1, 2, None], "job_type_id": [10, 11, 20, None]}, dtype="Int64")
    # 400 of three jobs; 1,450 of the five of the unit; 1,950 of all six
    assert values.of(leads).astype(float).round(2).tolist() == [133.33, 290.0, 325.0, 325.0]
    assert values.shown(leads, values.of(leads)) == ["$133", "$290", "$325", "$325"]


def test_amounts_of_several_currencies_are_not_averaged(jobs: Frames) -> None:
    values = values_of(jobs(*ROWS, job(2, 20, 700.0)), UNITS)
    leads = pd.DataFrame({"business_unit_id": [1, 2, None], "job_type_id": [11, 20, None]}, dtype="Int64")
    assert None not in values.averages
    assert not values.comparable
    assert values.shown(leads, values.of(leads)) == ["$290", "CA$600", ""]


def test_no_amount_without_enough_jobs_or_totals(jobs: Frames) -> None:
    assert job_values(None, {}, as_of=AS_OF, least=2) is None
    assert job_values(jobs(), {}, as_of=AS_OF, least=2) is None
    assert job_values(jobs(ROWS[0]), {}, as_of=AS_OF, least=2) is None
    assert job_values(jobs(*ROWS).drop(columns="total"), {}, as_of=AS_OF, least=2) is None
    assert job_values(jobs(*ROWS).assign(tenant=7), {}, as_of=AS_OF, least=2) is None


def found_in(leads: Frames, jobs: Frames, units: Mapping[int, str]) -> LeadConversion:
    """Of 40 earlier leads, half were booked within a day, and 5 more after 40 days."""

    def earlier(place: int) -> dict[str, Any]:
        day = "01" if place < 20 else "02"
        return {"status": "Converted", "created_on": f"2025-10-{day}T12:00Z", "modified_on": f"2025-10-{day}T13:00Z"}

    late = {"status": "Converted", "created_on": "2025-10-01T12:00Z", "modified_on": "2025-11-10T12:00Z"}
    lost = {"status": "Dismissed", "created_on": "2025-10-01T12:00Z", "modified_on": "2025-12-10T12:00Z"}
    open_leads = [
        {"created_on": "2026-02-28T12:00Z", "business_unit_id": 1, "job_type_id": 10, "lead_phone": "512-555-0101"},
        {"created_on": "2026-02-27T12:00Z", "business_unit_id": 2, "job_type_id": 20, "lead_phone": "512-555-0102"},
        {"created_on": "2025-12-28T12:00Z", "business_unit_id": 2, "job_type_id": 20, "lead_phone": "512-555-0103"},
        {"created_on": "2026-02-28T11:00Z", "business_unit_id": 2, "job_type_id": 20, "lead_phone": "512-555-0104"},
        {"created_on": "2026-02-28T13:00Z", "business_unit_id": 1, "job_type_id": 10, "lead_phone": "512-555-0105"},
    ]
    rows = [{"status": "Open", **one} for one in open_leads] + [earlier(place) for place in range(40)]
    rows += [late] * 5 + [lost] * 40
    refused = {"preferences_marketing_updates_enabled": [False], "preferences_job_reminders_enabled": [False]}
    contacts = pd.DataFrame({"customer_id": [9], "type": ["Phone"], "value": ["512-555-0104"], **refused})
    customers = pd.DataFrame({"id": [9], "name": ["Ann Oakes"], "do_not_service": [False]})
    business_units = pd.DataFrame({"id": [1, 2], "name": ["One", "Two"], "currency": [units[1], units[2]]})
    frame = jobs(job(1, 10, 100.0), job(1, 10, 300.0), job(2, 20, 500.0), job(2, 20, 700.0))
    return lead_conversion(
        leads(*rows),
        jobs=frame,
        names={"business_unit": business_units, "customer": customers},
        contacts=contacts,
        as_of=AS_OF,
        time_zone="UTC",
        min_group=2,
        unit="lead",
    )


def test_calls_that_are_worth_most_come_first(leads: Frames, jobs: Frames) -> None:
    found = found_in(leads, jobs, {1: "USD", 2: "USD"})
    listed = found.work_lists["no-follow-up"]
    # $600 two days ago, $200 yesterday, the later one first, $600 two months ago; nobody may call the fifth
    assert listed.frame["Lead id"].tolist() == [2, 5, 1, 3]
    assert listed.frame["At stake"].tolist() == ["$600", "$200", "$200", "$600"]
    assert found.work_lists["leads-not-to-call"].frame["Lead id"].tolist() == [4]
    assert listed.what_to_do.endswith("The calls that are worth most come first.")
    assert [note.partition(":")[0] for note in listed.notes] == [
        "A call is worth the amount at stake times the share of leads of the same age that were still booked within 30 "
        "days.",
        "At stake",
    ]
    page = work_lists(found)._repr_html_()
    assert page.count("At stake: the average revenue of a booked job") == 1
    assert "At stake:" not in work_lists(found, anonymous=True)._repr_html_()
    (call,) = [one for one in found.actions() if one.work_list == "no-follow-up"]
    assert listed.expected is not None
    assert 0 < listed.expected < 600
    assert 0 < call.worth < 1
    assert call.amount == 0  # less than one job: no money
    assert "$" not in call.brief


def test_calls_of_several_currencies_are_in_order_of_age(leads: Frames, jobs: Frames) -> None:
    found = found_in(leads, jobs, {1: "USD", 2: "CAD"})
    listed = found.work_lists["no-follow-up"]
    assert listed.frame["Lead id"].tolist() == [5, 1, 2, 3]
    assert listed.frame["At stake"].tolist() == ["$200", "$200", "CA$600", "CA$600"]
    assert "The newest come first: they are booked most often." in listed.what_to_do
    assert listed.expected is None
    (call,) = [one for one in found.actions() if one.work_list == "no-follow-up"]
    assert call.amount == 0
    assert "$" not in call.evidence
