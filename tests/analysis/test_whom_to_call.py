"""Whom a call list leaves out: people who must not be called, and those who may have been booked since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import BookingSources, LeadConversion, booking_sources, lead_conversion

Frames = Callable[..., pd.DataFrame]
AS_OF, ZONE = "2026-03-01T12:00Z", "America/Chicago"
OFF = {"preferences_marketing_updates_enabled": False, "preferences_job_reminders_enabled": False}


def contacts_of(*rows: dict[str, Any]) -> pd.DataFrame:
    flags = dict.fromkeys((*OFF, "phone_settings_do_not_text"), "boolean")
    empty: dict[str, Any] = {"type": "Phone", "customer_id": None, "booking_id": None, "location_id": None}
    frame = pd.DataFrame([empty | dict.fromkeys(flags) | row for row in rows])
    return frame.astype({"customer_id": "Int64", "booking_id": "Int64", "location_id": "Int64"} | flags)


@pytest.fixture(scope="module")
def found(leads: Frames, jobs: Frames, bookings: Frames) -> LeadConversion:
    def lead(day: str, due: str | None = None, **more: Any) -> dict[str, Any]:
        return {"status": "Open", "created_on": f"2026-{day}T18:00Z", "follow_up_date": due, **more}

    rows = [
        lead("02-01", customer_id=1),  # a job later
        lead("02-01", customer_id=2),  # a job before
        lead("02-01", customer_id=3, follow_up_date="2026-02-10T18:00Z"),  # a job that was canceled
        lead("02-01", lead_phone="512-555-0104", call_id=40),  # a job of the same call
        lead("02-01", lead_phone="512-555-0105", booking_id=50),  # a booking that has a job
        lead("02-01", customer_id=6),  # converted as another lead
        lead("02-05", customer_id=6, status="Converted"),
        lead("01-01", customer_id=6),  # another inquiry: more than two weeks before
        lead("02-01", lead_phone="(512) 555-0109"),  # the number of a customer with a later job
        lead("02-01", lead_phone="000-000-0000"),  # nobody's number
        lead("02-01", customer_id=11, lead_phone="512-555-0111"),  # must not be called, and had a job
        lead("02-01", customer_id=12),  # not to be served
        lead("02-01", customer_id=13),  # a job after the read
    ]
    made = jobs(
        {"customer_id": 1, "created_on": "2026-02-03T02:00Z", "job_status": "Completed"},  # still the 2nd in Chicago
        {"customer_id": 1, "created_on": "2026-02-20T18:00Z", "job_status": "Scheduled"},
        {"customer_id": 2, "created_on": "2026-01-31T18:00Z", "job_status": "Completed"},
        {"customer_id": 3, "created_on": "2026-02-09T18:00Z", "job_status": "Canceled"},
        {"lead_call_id": 40, "created_on": "2026-02-04T18:00Z", "job_status": "Completed"},
        {"id": 555, "created_on": "2026-02-05T18:00Z", "job_status": "Completed"},
        {"customer_id": 9, "created_on": "2026-02-08T18:00Z", "job_status": "Completed"},
        {"customer_id": 11, "created_on": "2026-02-08T18:00Z", "job_status": "Completed"},
        {"customer_id": 13, "created_on": "2026-03-02T18:00Z", "job_status": "Scheduled"},
    )
    contacts = contacts_of(
        {"customer_id": 9, "value": "512 555 0109"},
        {"customer_id": 9, "value": "000-000-0000"},
        {"customer_id": 11, "value": "512-555-0111", **OFF},
    )
    customers = pd.DataFrame({"id": [11, 12], "name": ["Ann", "Bob"], "do_not_service": [False, True]})
    booked = bookings({"id": 50, "job_id": 555, "created_on": "2026-02-01T17:00Z"})
    return lead_conversion(
        leads(*rows),
        jobs=made,
        bookings=booked,
        contacts=contacts,
        names={"customer": customers},
        as_of=AS_OF,
        time_zone=ZONE,
    )


def test_leads_booked_since_and_people_not_to_call_are_in_lists_of_their_own(found: LeadConversion) -> None:
    lists = {key: sorted(one.frame["Lead id"]) for key, one in found.work_lists.items()}
    assert lists == {
        "overdue-follow-up": [],
        "no-follow-up": [2, 8, 10, 13],
        "stale": [],
        "leads-booked-since": [1, 3, 4, 5, 6, 9],
        "leads-not-to-call": [11, 12],
    }
    since = found.work_lists["leads-booked-since"].frame
    assert dict(zip(since["Lead id"], since["Why"], strict=True)) == {
        1: "Job on Feb 2, 2026 (Completed)",
        3: "Job on Feb 9, 2026 (Canceled)",
        4: "Job on Feb 4, 2026 (Completed)",
        5: "Job on Feb 5, 2026 (Completed)",
        6: "Lead 7 of the same inquiry was converted",
        9: "Job on Feb 8, 2026 (Completed)",
    }
    assert set(found.work_lists["leads-not-to-call"].frame["Phone"]) == {"Do not call"}


def test_actions_and_tiles_count_the_leads_to_call(found: LeadConversion) -> None:
    (call,) = found.actions()
    assert call.do == "Call the 4 open leads without a follow-up date."
    assert found.tiles()[-1].now == "0"


@pytest.fixture(scope="module")
def waiting(bookings: Frames, jobs: Frames) -> BookingSources:
    def booking(id: int, day: str = "02-20", **more: Any) -> dict[str, Any]:
        created = f"2026-{day}T18:00Z"
        known = {"name": f"Ann Example {id}", "address_zip": "78701", "source": "Web Form", "status": "New"}
        return {**known, "id": id, "created_on": created, "modified_on": created, "start": created, **more}

    rows = [
        booking(1),  # its number is that of a customer with a later job
        booking(2),  # its number is that of two customers, one of them with a later job
        booking(3),  # must not be called
        booking(4, name="Bob Example"),  # became a job as another booking
        booking(5, "02-25", name="bob  example", source="Marketplace", status="Converted", job_id=905),
        booking(6, name="Cy Example"),  # another booking of the same name, too long ago
        booking(7, "02-12", name="Cy Example", status="Converted", job_id=907),
        booking(8),  # only a placeholder, which a customer with a later job has, too
        booking(9, name="Dee Example"),  # another booking of the same name became a job, but before this one came
        booking(10, "02-15", name="Dee Example", status="Converted", job_id=910),
        booking(11),  # its number and its address are those of two customers, one of them with a later job
    ]
    contacts = contacts_of(
        {"booking_id": 1, "value": "512-555-0101"},
        {"customer_id": 1, "value": "(512) 555-0101"},
        {"booking_id": 2, "value": "512-555-0102"},
        {"customer_id": 1, "value": "512-555-0102"},
        {"customer_id": 2, "value": "512-555-0102"},
        {"booking_id": 3, "value": "512-555-0103"},
        {"customer_id": 3, "value": "512-555-0103", **OFF},
        {"booking_id": 8, "value": "none@none.com", "type": "Email"},
        {"customer_id": 1, "value": "none@none.com", "type": "Email"},
        {"booking_id": 11, "value": "512-555-0101"},
        {"booking_id": 11, "value": "bo@example.org", "type": "Email"},
        {"customer_id": 2, "value": "bo@example.org", "type": "Email"},
    )
    made = jobs(
        {"customer_id": 1, "created_on": "2026-02-21T18:00Z", "job_status": "Completed"},
        {"id": 910, "customer_id": 9, "created_on": "2026-02-16T18:00Z", "job_status": "Completed"},
    )
    known = {
        "jobs": made,
        "customers": pd.DataFrame(
            {"id": [1, 2, 3, 9], "created_on": pd.Timestamp("2026-01-05T12:00Z"), "do_not_service": False}
        ),
        "contacts": contacts,
    }
    return booking_sources(bookings(*rows), **known, as_of=AS_OF, time_zone=ZONE, min_group=1)


def test_bookings_of_people_booked_since_are_in_a_list_of_their_own(waiting: BookingSources) -> None:
    keys = ("still-new", "bookings-booked-since", "bookings-not-to-call", "new-too-long")
    lists = {key: sorted(waiting.work_lists[key].frame["Booking"]) for key in keys}
    assert [*lists.values()] == [[2, 6, 8, 9, 11], [1, 4], [3], []]
    since = waiting.work_lists["bookings-booked-since"].frame
    assert dict(zip(since["Booking"], since["Why"], strict=True)) == {
        1: "Job on Feb 21, 2026 (Completed)",
        4: "Booking 5 of the same name and ZIP code became a job",
    }
    (call,) = [one for one in waiting.actions() if one.work_list == "still-new"]
    assert call.do == "Call the 5 bookings waiting for more than a day."
    tile = waiting.tiles()[-1]
    assert (tile.now, tile.details) == ("5", [("Up to 7 days", "0"), ("7–30 days", "5")])


def test_terms_of_the_lists_are_defined(found: LeadConversion, waiting: BookingSources) -> None:
    for result in (found, waiting):
        for term in ("Refers to a job", "May have been booked since", "Not to be called"):
            assert term in result.definitions
    assert "days in local time, America/Chicago" in found.definitions["Due before today"]
    assert "A follow-up of the same day is not overdue" in found.definitions["Due before today"]
    assert "Overdue follow-ups" in found.definitions.terms
