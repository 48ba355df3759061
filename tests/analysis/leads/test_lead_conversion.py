"""Lead conversion on frames counted by hand."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import LeadConversion, lead_conversion
from stcrm_pandas.errors import UsageError

Frames = Callable[..., pd.DataFrame]
AS_OF = "2026-03-01T12:00Z"
JAN = "2026-01-05T12:00Z"


def within(found: LeadConversion) -> tuple[int, int, int]:
    row = found.overall.iloc[0]
    return int(row["mature"]), int(row["within_lower"]), int(row["within_upper"])


def converted(**more: Any) -> dict[str, Any]:
    return {"status": "Converted", "created_on": JAN, "modified_on": "2026-02-25T12:00Z", **more}


DATED_BY_JOBS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[int, int]]] = {
    "call": ({"call_id": 5}, {"lead_call_id": 5, "created_on": "2026-01-06T12:00Z"}, (1, 1)),
    "booking, at once": ({"booking_id": 5}, {"booking_id": 5, "created_on": JAN}, (1, 1)),
    "day 30": ({"call_id": 5}, {"lead_call_id": 5, "created_on": "2026-02-04T12:00Z"}, (1, 1)),
    "later": ({"call_id": 5}, {"lead_call_id": 5, "created_on": "2026-02-04T12:00:01Z"}, (0, 0)),
    "before": ({"call_id": 5}, {"lead_call_id": 5, "created_on": "2026-01-05T11:59Z"}, (0, 1)),
    "another kind of id": ({"call_id": 5}, {"booking_id": 5, "created_on": JAN}, (0, 1)),
    "missing meets missing": ({}, {"created_on": JAN}, (0, 1)),
    "year 1": ({"call_id": 5}, {"lead_call_id": 5, "created_on": "0001-01-01T00:00Z"}, (0, 1)),
}
"""Lead, job, and whether the lead certainly and possibly converted in time; each case has ids of its own."""


def test_job_dates_a_conversion(leads: Frames, jobs: Frames) -> None:
    def own_ids(row: dict[str, Any], place: int) -> dict[str, Any]:
        return {name: 100 * place + value if isinstance(value, int) else value for name, value in row.items()}

    cases = [*enumerate(DATED_BY_JOBS.values())]
    frame = leads(*(converted(campaign_id=place, **own_ids(lead, place)) for place, (lead, _, _) in cases))
    made = jobs(*(own_ids(job, place) for place, (_, job, _) in cases))
    table = lead_conversion(frame, jobs=made, by="campaign", as_of=AS_OF).table.set_index("id").sort_index()
    counts = table[["mature", "within_lower", "within_upper"]].values.tolist()
    assert dict(zip(DATED_BY_JOBS, counts, strict=True)) == {
        name: [1, *expected] for name, (_, _, expected) in DATED_BY_JOBS.items()
    }
    assert table["exact"].tolist() == [int(lower == upper) for _, _, (lower, upper) in DATED_BY_JOBS.values()]
    assert ((table["exact"] + table["bounded"]) == 1).all()


def test_first_job_counts_and_may_date_two_leads(leads: Frames, jobs: Frames) -> None:
    frame = leads(converted(call_id=5), converted(call_id=5, created_on="2026-01-08T00:00Z"))
    made = jobs(
        {"lead_call_id": 5, "created_on": "2026-02-20T00:00Z"},
        {"lead_call_id": 5, "created_on": "2026-01-06T00:00Z"},
    )
    # the second lead is younger than the first job, and the other job is 43 days away from it
    assert within(lead_conversion(frame, jobs=made, as_of="2026-03-20T00:00Z")) == (2, 1, 1)


def test_job_is_linked_through_the_booking(leads: Frames, jobs: Frames, bookings: Frames) -> None:
    frame = leads(converted(booking_id=5))
    made = jobs({"id": 77, "created_on": "2026-01-07T00:00Z"})
    assert within(lead_conversion(frame, jobs=made, as_of=AS_OF)) == (1, 0, 1)
    named = bookings({"id": 5, "job_id": 77}, {"id": 6, "job_id": None})
    assert within(lead_conversion(frame, jobs=made, bookings=named, as_of=AS_OF)) == (1, 1, 1)


BOUNDED: dict[str, tuple[dict[str, Any], tuple[int, int]]] = {
    "changed last on day 30": (converted(modified_on="2026-02-04T12:00Z"), (1, 1)),
    "changed later": (converted(modified_on="2026-02-04T12:00:01Z"), (0, 1)),
    "change unknown": (converted(modified_on=None), (0, 1)),
    "change in the year 1": (converted(modified_on="0001-01-01T00:00Z"), (0, 1)),
    "changed before it was made": (converted(modified_on="2026-01-05T11:00Z"), (0, 1)),
    "open": ({"status": "Open", "created_on": JAN}, (0, 0)),
    "dismissed": ({"status": "Dismissed", "created_on": JAN}, (0, 0)),
    "unknown status": ({"status": "Revived", "created_on": JAN}, (0, 1)),
    "no status": ({"status": None, "created_on": JAN}, (0, 1)),
}
"""Lead, and whether it certainly and possibly converted in time."""


def test_conversion_without_a_job_is_bounded(leads: Frames, jobs: Frames) -> None:
    frame = leads(*({**lead, "campaign_id": place} for place, (lead, _) in enumerate(BOUNDED.values())))
    for made in (None, jobs()):
        table = lead_conversion(frame, jobs=made, by="campaign", as_of=AS_OF).table.set_index("id").sort_index()
        counts = table[["mature", "within_lower", "within_upper"]].values.tolist()
        assert dict(zip(BOUNDED, counts, strict=True)) == {
            name: [1, *expected] for name, (_, expected) in BOUNDED.items()
        }


def test_maturity(leads: Frames) -> None:
    frame = leads(
        {"status": "Open", "created_on": "2026-01-30T12:00:00Z"},
        {"status": "Open", "created_on": "2026-01-30T12:00:01Z"},
        {"status": "Open", "created_on": "2027-01-01T00:00Z"},
        {"status": "Open", "created_on": "0001-01-01T00:00Z"},
        {"status": "Open", "created_on": None},
    )
    found = lead_conversion(frame, as_of=AS_OF, time_zone="America/Chicago", by="month")
    assert within(found) == (1, 0, 0)
    assert found.undated == 2
    assert found.table["leads"].sum() == 3
    assert "2 inquiries are younger than 30 days and not measured yet." in found.summary()
    assert "2 inquiries have no date of creation and are not measured." in found.summary()


def test_excluded_leads_are_counted(leads: Frames, call_reasons: Frames) -> None:
    rows = [converted(call_reason_id=reason) for reason in (1, 2, 3, None)]
    reasons = call_reasons({"id": 1, "is_lead": False}, {"id": 2, "is_lead": True}, {"id": 4, "is_lead": None})
    found = lead_conversion(leads(*rows), call_reasons=reasons, as_of=AS_OF)
    assert within(found)[0] == 3
    assert {reason: count for reason, count in found.left_out.items() if count} == {"not a lead": 1}
    assert "1 lead is left out: the call reason is not marked as a lead." in found.summary()


def test_deleted_rows_in_a_feed_are_excluded(leads: Frames) -> None:
    frame = leads(converted(), converted(), converted()).assign(active=pd.array([True, False, None], dtype="boolean"))
    found = lead_conversion(frame, as_of=AS_OF)
    assert within(found)[0] == 2
    assert found.left_out["deleted"] == 1


def test_groups_add_up_and_are_named(leads: Frames) -> None:
    rows = [
        *[converted(campaign_id=2**60 + 1, modified_on=JAN)] * 3,
        {"status": "Open", "created_on": JAN, "campaign_id": 2},
        {"status": "Dismissed", "created_on": JAN, "campaign_id": 3},
        {"status": "Open", "created_on": "2026-02-27T00:00Z", "campaign_id": None},
    ]
    names = pd.DataFrame({"id": [2**60 + 1, 2], "name": ["Radio", "Mail"], "active": [True, False]})
    found = lead_conversion(leads(*rows), by="campaign", names=names, as_of=AS_OF, min_group=2)
    table = found.table
    assert table["name"].tolist() == ["Radio", "3", "Mail (inactive)", "(none)"]
    assert table["id"].tolist() == [2**60 + 1, 3, 2, pd.NA]
    assert table["enough"].tolist() == [True, False, False, False]
    assert table["share_lower"].tolist() == [1.0, 0.0, 0.0, pd.NA]
    assert (table[["open", "dismissed", "converted", "unknown_status"]].sum(axis=1) == table["inquiries"]).all()
    counts = table.columns[table.columns.get_loc("leads") : table.columns.get_loc("share_lower")]
    assert table[counts].sum().tolist() == found.overall[counts].iloc[0].tolist()
    assert {str(dtype) for dtype in table.dtypes} == {"Int64", "str", "Float64", "boolean"}
    assert found.table.dtypes.equals(found.overall.dtypes)


def test_months_are_local_and_half_open(leads: Frames) -> None:
    moments = [
        "2026-02-01T05:59:59.999999Z",  # still January in Chicago
        "2026-02-01T06:00:00Z",
        "2026-03-01T05:59:59Z",
        "2026-04-01T04:59:59Z",  # summer time: still March
        "2026-04-01T05:00:00Z",
        "2026-06-30T12:00:00Z",
    ]
    frame = leads(*({"status": "Open", "created_on": moment} for moment in moments))
    found = lead_conversion(frame, by="month", time_zone="America/Chicago", as_of="2026-07-01T05:00Z")
    assert found.table["id"].tolist() == [f"2026-0{month}" for month in range(1, 7)]
    assert found.table["leads"].tolist() == [1, 2, 1, 1, 0, 1]
    # the last moment of May is 30 days old exactly
    assert found.table["whole"].tolist() == [True, True, True, True, True, False]
    earlier = lead_conversion(frame, by="month", time_zone="America/Chicago", as_of="2026-07-01T04:59:59Z")
    assert earlier.table["whole"].tolist() == [True, True, True, True, False, False]


def test_partially_read_month_is_not_complete(leads: Frames) -> None:
    frame = leads(*({"status": "Open", "created_on": f"2026-0{month}-15T00:00Z"} for month in (1, 2, 3)))
    frame.attrs["stcrm"] = {
        "fetched_at": pd.Timestamp("2026-08-01T00:00Z"),
        "time_zone": "America/Chicago",
        "filters": {"created_on_or_after": "2026-01-10", "created_before": dt.date(2026, 4, 1)},
    }
    assert lead_conversion(frame, by="month").table["whole"].tolist() == [False, True, True]


def test_as_of_comes_from_the_read(leads: Frames) -> None:
    frame = leads(converted())
    frame.attrs["stcrm"] = {"fetched_at": dt.datetime(2026, 2, 1, tzinfo=dt.UTC)}
    assert lead_conversion(frame).as_of == dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    assert within(lead_conversion(frame)) == (0, 0, 0)
    # a later moment makes nothing known that was not read
    assert within(lead_conversion(frame, as_of="2026-06-01T00:00Z")) == (0, 0, 0)
    with pytest.raises(UsageError, match="before the leads were read"):
        lead_conversion(frame, as_of="2026-01-31T00:00Z")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "it is unknown when the rows were read"),
        ({"as_of": "2026-02-01"}, "as_of has no time zone"),
        ({"as_of": "yesterday or so"}, "as_of is not a date"),
        ({"as_of": AS_OF, "by": "month"}, "month, a weekday and an hour need a time zone"),
        ({"as_of": AS_OF, "by": "moon"}, "choose from 'campaign'"),
        ({"as_of": AS_OF, "time_zone": "Middle/Earth"}, "not a time zone such as"),
        ({"as_of": AS_OF, "min_group": 0}, "1 or more"),
        ({"as_of": AS_OF, "names": pd.DataFrame({"id": [1]}), "by": "campaign"}, "has no columns name"),
        ({"as_of": AS_OF, "call_reasons": pd.DataFrame({"id": [1]})}, "has no columns is_lead"),
        ({"as_of": AS_OF, "jobs": pd.DataFrame({"id": [1]})}, "jobs: the DataFrame has no columns created_on"),
    ],
)
def test_invalid_arguments_raise(leads: Frames, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        lead_conversion(leads(converted()), **arguments)


def test_filtered_frames_are_rejected(leads: Frames) -> None:
    frame = leads(converted())
    with pytest.raises(UsageError, match="1 rows repeat an id"):
        lead_conversion(pd.concat([frame, frame]), as_of=AS_OF)
    with pytest.raises(UsageError, match="times with a time zone"):
        lead_conversion(frame.assign(created_on=frame["created_on"].dt.tz_localize(None)), as_of=AS_OF)
    for filters in ({"status": "Open"}, {"modified_on_or_after": "2026-01-01"}, {"since": "2026-01-01"}):
        frame.attrs["stcrm"] = {"filters": filters, "fetched_at": AS_OF}
        with pytest.raises(UsageError, match="leaves out leads by their outcome"):
            lead_conversion(frame)


def test_an_empty_frame(leads: Frames, jobs: Frames) -> None:
    full = lead_conversion(leads(converted(campaign_id=1)), by="campaign", as_of=AS_OF, time_zone="UTC")
    for by in ("campaign", "month", None):
        found = lead_conversion(leads(), jobs=jobs(), by=by, as_of=AS_OF, time_zone="UTC")
        assert within(found) == (0, 0, 0)
        assert found.summary()[0] == (
            "No inquiry is 30 days old yet: nothing can be said about conversion within 30 days."
        )
        assert "<table>" in found._repr_html_()
        if by == "campaign":
            assert found.table.dtypes.equals(full.table.dtypes)


def test_inputs_are_not_modified(leads: Frames, jobs: Frames) -> None:
    frame, made = leads(converted(call_id=5)), jobs({"lead_call_id": 5, "created_on": JAN})
    before = frame.copy(), made.copy()
    lead_conversion(frame, jobs=made, by="campaign", as_of=AS_OF, time_zone="America/Chicago")
    pd.testing.assert_frame_equal(frame, before[0])
    pd.testing.assert_frame_equal(made, before[1])
