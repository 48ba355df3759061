"""Booking sources on frames counted by hand."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from stcrm_pandas.analysis import BookingSources, booking_sources
from stcrm_pandas.analysis.bookings.hours import local_hours
from stcrm_pandas.errors import UsageError

Frames = Callable[..., pd.DataFrame]
AS_OF = "2026-06-01T12:00Z"
CHICAGO = ZoneInfo("America/Chicago")
JAN = "2026-01-05T16:00Z"


@pytest.fixture
def booked(bookings: Frames) -> Frames:
    def make(*rows: dict[str, Any]) -> pd.DataFrame:
        return bookings(
            *(
                {"id": i, "source": "Web", "created_on": JAN, "modified_on": row.get("created_on", JAN), **row}
                for i, row in enumerate(rows, start=1)
            )
        )

    return make


def found_in(frame: pd.DataFrame, **more: Any) -> BookingSources:
    return booking_sources(frame, **{"as_of": AS_OF, "time_zone": "America/Chicago", **more})


def one(found: BookingSources, *names: str) -> list[int]:
    return [int(found.overall.iloc[0][name]) for name in names]


def test_outcomes_are_exclusive(booked: Frames, leads: Frames) -> None:
    cases: dict[str, tuple[dict[str, Any], str | None, str]] = {
        "job": ({"status": "Converted", "job_id": 7}, None, "job"),
        "a job comes first": ({"status": "Dismissed", "job_id": 7}, "Open", "job"),
        "converted without a job": ({"status": "Converted"}, "Open", "converted"),
        "lead won": ({"status": "Dismissed"}, "Converted", "lead_won"),
        "lead open": ({"status": "Dismissed"}, "Open", "lead_open"),
        "lead lost": ({"status": "New"}, "Dismissed", "lead_lost"),
        "lead of an unknown status": ({"status": "Dismissed"}, "Revived", "lead_unknown"),
        "dismissed": ({"status": "Dismissed"}, None, "dismissed"),
        "accepted": ({"status": "Accepted"}, None, "accepted"),
        "new": ({"status": "New"}, None, "new"),
        "unknown status": ({"status": "Parked"}, None, "unknown"),
        "no status": ({"status": None}, None, "unknown"),
    }
    frame = booked(*({"source": name, **booking} for name, (booking, _, _) in cases.items()))
    made = leads(
        {"status": "Converted", "created_on": JAN},  # names no booking
        *(
            {"booking_id": id, "created_on": JAN, "status": lead}
            for id, (_, lead, _) in enumerate(cases.values(), start=1)
            if lead
        ),
    )
    table = found_in(frame, leads=made).table.set_index("name")
    names = list(table.columns[table.columns.get_loc("job") : table.columns.get_loc("mature")])
    became = {name: [outcome for outcome in names if table.loc[name, outcome]] for name in cases}
    assert became == {name: [outcome] for name, (_, _, outcome) in cases.items()}


def test_best_of_several_leads_counts_and_deleted_leads_do_not(booked: Frames, leads: Frames) -> None:
    frame = booked({"status": "Dismissed"}, {"status": "Dismissed"})
    made = leads(
        {"booking_id": 1, "status": "Dismissed", "created_on": JAN},
        {"booking_id": 1, "status": "Converted", "created_on": JAN},
        {"booking_id": 2, "status": "Converted", "created_on": JAN},
    ).assign(active=pd.array([True, True, False], dtype="boolean"))
    assert one(found_in(frame, leads=made), "lead_won", "lead_lost", "dismissed") == [1, 0, 1]


LATE = "2026-02-05T16:30Z"
SPEEDS: dict[str, tuple[dict[str, Any], str | None, list[tuple[str, str]], tuple[int, int], str | None]] = {
    "job in time": ({"status": "Converted"}, "2026-01-05T16:59Z", [], (0, 0), "by_job"),
    "job on the hour": ({"status": "Converted"}, "2026-01-05T17:00Z", [], (0, 0), "by_job"),
    "job too late": ({"status": "Converted"}, "2026-01-05T17:01Z", [], (1, 1), "by_job"),
    "job before the booking": ({"status": "Converted"}, "2026-01-05T15:00Z", [], (0, 0), "by_change"),
    "changed soon": ({"status": "Dismissed", "modified_on": "2026-01-05T16:30Z"}, None, [], (0, 0), "by_change"),
    "changed late": ({"status": "Dismissed", "modified_on": LATE}, None, [], (0, 1), "by_change"),
    "seen new after an hour": (
        {"status": "Dismissed", "modified_on": LATE},
        None,
        [("New", "2026-01-05T17:30Z"), ("Dismissed", "2026-01-05T19:00Z")],
        (1, 1),
        "by_log",
    ),
    "seen dismissed within the hour": (
        {"status": "Dismissed", "modified_on": LATE},
        None,
        [("Dismissed", "2026-01-05T16:20Z")],
        (0, 0),
        "by_log",
    ),
    "seen new after its last change": (
        {"status": "Dismissed", "modified_on": "2026-01-05T16:30Z"},
        None,
        [("New", "2026-01-05T18:00Z"), ("Dismissed", "2026-01-05T19:00Z")],
        (0, 1),
        "contradictory",
    ),
    "changed in the year 1": ({"status": "Dismissed", "modified_on": "0001-01-01T00:00Z"}, None, [], (0, 1), None),
    "waiting": ({"status": "New"}, None, [], (1, 1), "waiting"),
    "edited, and still new": ({"status": "New", "modified_on": "2026-01-05T16:10Z"}, None, [], (1, 1), "waiting"),
}


def test_speed_has_bounds(booked: Frames, leads: Frames, jobs: Frames) -> None:
    numbered = list(enumerate(SPEEDS.items(), start=1))
    frame = booked(
        *({"source": name, "job_id": 100 + id if job else None, **row} for id, (name, (row, job, *_)) in numbered)
    )
    made = jobs(*({"id": 100 + id, "created_on": job} for id, (_, (_, job, *_)) in numbered if job))
    seen = [(id, *entry) for id, (_, (_, _, log, *_)) in numbered for entry in log]
    moments = pd.to_datetime([moment for *_, moment in seen], utc=True).astype("datetime64[us, UTC]")
    log = pd.DataFrame({"id": [id for id, *_ in seen], "status": [status for _, status, _ in seen]})
    found = found_in(frame, leads=leads(), jobs=made, status_log=log.assign(first_seen=moments, last_seen=moments))
    table = found.table.set_index("name")
    ways = ["by_job", "by_lead", "by_log", "by_change", "waiting", "contradictory"]
    for name, (*_, expected, how) in SPEEDS.items():
        row = table.loc[name]
        assert row[["aged_hour", "new_lower_hour", "new_upper_hour"]].tolist() == [1, *expected], name
        assert [way for way in ways if row[way]] == ([how] if how else []), name


def test_a_lead_counts_as_an_action_and_recent_bookings_are_excluded(
    booked: Frames, leads: Frames, jobs: Frames
) -> None:
    frame = booked({"status": "Dismissed"}, {"status": "New", "created_on": "2026-06-01T11:30Z"})
    made = leads({"booking_id": 1, "status": "Open", "created_on": "2026-01-05T18:00Z"})
    found = found_in(frame, leads=made, jobs=jobs())
    assert one(found, "by_lead", "aged_quarter", "aged_hour", "new_lower_hour", "new_lower_quarter") == [1, 2, 1, 1, 2]


def test_impossible_start_times(booked: Frames) -> None:
    found = found_in(
        booked(
            {"start": "2026-01-06T16:00Z"},
            {"start": "2026-01-05T15:59Z"},
            {"start": "0001-01-01T00:00Z"},
            {"start": None},
            {"start": JAN},
        )
    )
    assert one(found, "no_start", "early_start") == [2, 1]
    assert found.table["asked_hours"].tolist() == [12]  # of 0 and 24 hours
    sentence = "3 bookings with an impossible start time (2 none, 1 before the booking itself) are left out"
    assert sentence in " ".join(found.summary())


def test_revenue_from_bookings(booked: Frames, jobs: Frames) -> None:
    frame = booked(*({"status": "Converted", "job_id": job} for job in (1, 2, 3, 4, 5, 99)), {"status": "Dismissed"})
    made = jobs(
        {"id": 1, "created_on": JAN, "job_status": "Completed", "total": 300.0},
        {"id": 2, "created_on": JAN, "job_status": "Completed", "total": 0.0},
        {"id": 3, "created_on": JAN, "job_status": "Canceled", "total": 0.0},
        {"id": 4, "created_on": JAN, "job_status": "Scheduled"},
        {"id": 5, "created_on": "2026-04-20T00:00Z", "job_status": "Completed", "total": 100.0},
        {"id": 6, "created_on": JAN, "job_status": "Completed", "total": 9000.0, "job_generated_lead_source_job_id": 1},
        {"id": 8, "created_on": JAN, "job_status": "Canceled", "total": 70.0, "job_generated_lead_source_job_id": 1},
        {"id": 7, "created_on": JAN, "booking_id": 7, "job_status": "Completed", "total": 50.0},
    )
    found = found_in(frame, jobs=made)
    counts = ["bookings", "booked", "not_canceled", "completed", "above_zero", "canceled", "job_not_read"]
    assert found.leakage[counts].iloc[0].tolist() == [7, 6, 5, 4, 3, 1, 1]
    money = found.revenue.iloc[0]
    # the job of April is younger than 60 days
    assert (money["jobs"], money["above_zero"], money["median"]) == (5, 2, 175.0)
    assert pd.isna(money["mean"])
    assert money["largest"] == pytest.approx(300 / 350)
    assert found.amounts["follow"].tolist() == [9000.0, 0, 0, 0, 0]


def test_follow_up_jobs_are_traced_over_several_steps(booked: Frames, jobs: Frames) -> None:
    """The money of each goes with its earlier job; naming the booking makes none of them its job."""
    done = {"created_on": "2026-02-01T00:00Z", "job_status": "Completed"}
    made = jobs(
        {**done, "id": 10, "booking_id": 1, "total": 100.0},
        {
            **done,
            "id": 11,
            "booking_id": 1,
            "total": 1_000.0,
            "job_generated_lead_source_job_id": 10,
            "created_on": JAN,
        },
        {**done, "id": 12, "total": 10_000.0, "recall_for_id": 11},
        {**done, "id": 13, "total": 100_000.0, "warranty_id": 12},
        {**done, "id": 14, "booking_id": 2, "total": 7.0, "created_from_estimate_id": 5},
        {**done, "id": 15, "booking_id": 2, "total": 50.0},
        {**done, "id": 16, "total": 9.0, "recall_for_id": 17},
        {**done, "id": 17, "total": 9.0, "recall_for_id": 16},
    )
    found = found_in(booked({"source": "A"}, {"source": "B"}), jobs=made)
    assert found.amounts[["job", "total", "follow"]].values.tolist() == [[10, 100.0, 111_000.0], [15, 50.0, 7.0]]


def test_revenue_of_a_shared_job_counts_once(booked: Frames, jobs: Frames) -> None:
    frame = booked({"job_id": 1, "source": "A"}, {"job_id": 1, "source": "B", "created_on": "2026-01-04T00:00Z"})
    found = found_in(frame, jobs=jobs({"id": 1, "created_on": JAN, "total": 10.0}))
    assert found.revenue[["name", "jobs"]].values.tolist() == [["B", 1]]


def test_first_time_clients(booked: Frames, jobs: Frames, leads: Frames) -> None:
    frame = booked(
        {"job_id": 1, "is_first_time_client": True},
        {"job_id": 2, "is_first_time_client": True},
        {"status": "Dismissed", "is_first_time_client": False},
        {"status": "New", "is_first_time_client": True},
        {"job_id": 4},
    )
    made = jobs(
        {"id": 1, "customer_id": 11, "created_on": JAN},
        {"id": 2, "customer_id": 12, "created_on": JAN},
        {"id": 3, "customer_id": 12, "created_on": "2025-01-01T00:00Z"},
        {"id": 4, "customer_id": 14, "created_on": JAN},
    )
    led = leads({"booking_id": 3, "customer_id": 12, "created_on": JAN, "status": "Open"})
    counts = ["known", "first_time", "claims", "claimed_first", "claims_right"]
    assert found_in(frame, jobs=made, leads=led).first_time[counts].iloc[0].tolist() == [0] * 5  # nobody knows
    moments = pd.to_datetime(["2024-05-05T00:00Z", "2026-01-05T15:30Z"], format="ISO8601").astype("datetime64[us, UTC]")
    known = pd.DataFrame({"id": pd.array([11, 14], dtype="Int64"), "created_on": moments})
    found = found_in(frame, jobs=made, leads=led, customers=known.head(0))
    assert found.first_time[counts].iloc[0].tolist() == [4, 2, 3, 2, 2]
    found = found_in(frame, jobs=made, leads=led, customers=known)
    assert found.first_time[counts].iloc[0].tolist() == [4, 1, 3, 2, 1]


def test_medians_of_times_are_exact(booked: Frames, jobs: Frames) -> None:
    chance = np.random.default_rng(4)
    created = pd.Timestamp("2026-01-05T15:00Z")
    waited = pd.Series(pd.to_timedelta(chance.integers(0, 40 * 3600, 41), unit="s"))
    source = pd.Series(["Web Form" if place % 3 else "web-form" if place % 2 else "Ads" for place in range(41)])
    asked = created + waited * 2
    frame = booked(
        *(
            {"source": one, "status": "Converted", "job_id": 1 + place, "created_on": created, "start": asked[place]}
            for place, one in enumerate(source)
        )
    )
    made = jobs(*({"id": 1 + place, "created_on": created + waited[place]} for place in range(41)))
    found = found_in(frame, jobs=made).table.set_index("name")
    expected = (waited.dt.total_seconds() / 3600).groupby(source.replace("web-form", "Web Form")).median()
    assert found["waited_hours"].astype(float).to_dict() == pytest.approx(expected.to_dict())
    assert found["asked_hours"].astype(float).to_dict() == pytest.approx((2 * expected).to_dict())


def test_spellings_are_merged_and_the_mapping_overrides_them(booked: Frames) -> None:
    frame = booked(*({"source": s} for s in ("Web Form", "Web Form", "web-form ", "WEBFORM!", "Form", None, "", "!!")))
    found = found_in(frame)
    assert found.table.set_index("name")["bookings"].to_dict() == {"Web Form": 4, "Form": 1, "!!": 1, "(none)": 2}
    assert found.spellings.set_index("source")["group"].loc["web-form "] == "Web Form"
    edited = found.spellings.assign(group=found.spellings["group"].replace("Form", "Web Form"))
    assert (
        found_in(frame, groups=edited).table["bookings"].tolist()
        == found_in(frame, groups={"Form": "Web Form"}).table["bookings"].tolist()
    )
    with pytest.raises(UsageError, match="needs the name of a group"):
        found_in(frame, groups={"Form": ""})


@pytest.mark.parametrize(
    ("first", "end", "weekday", "hour", "hours", "total"),
    [
        pytest.param("2026-03-08", "2026-03-09", 7, 2, 0.0, 23.0, id="clock forward"),
        pytest.param("2026-11-01", "2026-11-02", 7, 1, 2.0, 25.0, id="clock back"),
        pytest.param("2024-02-29", "2024-03-01", 4, 5, 1.0, 24.0, id="leap day"),
        pytest.param("2025-01-01", "2026-01-01", 3, 5, 53.0, 8760.0, id="a year"),
    ],
)
def test_weekday_hours_in_the_period(first: str, end: str, weekday: int, hour: int, hours: float, total: float) -> None:
    span = [pd.Timestamp(day, tz=CHICAGO).to_pydatetime() for day in (first, end)]
    table = local_hours(*span, CHICAGO).set_index(["weekday", "hour"])["hours"]
    assert (table.loc[(weekday, hour)], table.sum()) == (hours, total)


def test_period_starts_and_ends_within_an_hour() -> None:
    span = [dt.datetime(2026, 1, 5, 16, 50, tzinfo=dt.UTC), dt.datetime(2026, 1, 5, 18, 5, tzinfo=dt.UTC)]
    table = local_hours(*span, CHICAGO)
    assert table.loc[table["hours"] > 0, ["hour", "hours"]].round(6).values.tolist() == [
        [10, 0.166667],
        [11, 1.0],
        [12, 0.083333],
    ]
    assert local_hours(span[1], span[0], CHICAGO)["hours"].sum() == 0


def test_bookings_per_hour_across_dst_changes(booked: Frames) -> None:
    rows = [
        {"created_on": "2026-03-01T07:30Z"},  # Sunday, half past one
        {"created_on": "2026-03-08T07:30Z"},
        {"created_on": "2026-03-08T08:30Z"},  # half past three: there was no hour from two to three
        {"created_on": "2026-11-01T06:30Z"},  # half past one, for the first time
        {"created_on": "2026-11-01T07:30Z"},  # and for the second
    ]
    spring = found_in(booked(*rows[:3]), as_of="2026-03-09T05:00Z").hours.set_index(["weekday", "hour"])
    assert spring.loc[(7, 1), ["bookings", "hours", "per_hour"]].tolist() == [2, 2.0, 1.0]
    assert spring.loc[(7, 2), ["bookings", "hours"]].tolist() == [0, 1.0]
    assert spring.loc[(7, 3), ["bookings", "hours", "per_hour"]].tolist() == [1, 2.0, 0.5]
    autumn = found_in(booked(*rows[3:]), as_of="2026-11-02T06:00Z").hours.set_index(["weekday", "hour"])
    assert autumn.loc[(7, 1), ["bookings", "hours", "per_hour"]].tolist() == [2, 2.0, 1.0]


def test_weeks_are_local_and_partial_weeks_are_marked(booked: Frames) -> None:
    frame = booked({"created_on": "2026-01-12T05:59Z"}, {"created_on": "2026-01-12T06:00Z"}, {"created_on": JAN})
    frame.attrs["stcrm"] = {"filters": {"created_on_or_after": "2026-01-06"}, "time_zone": "America/Chicago"}
    weeks = found_in(frame, as_of="2026-01-22T00:00Z").weeks
    assert weeks["week"].dt.strftime("%m-%d").tolist() == ["01-05", "01-12"]
    assert (weeks["bookings"].tolist(), weeks["whole"].tolist()) == ([2, 1], [False, True])


def test_edges(booked: Frames, leads: Frames, jobs: Frames) -> None:
    empty = found_in(booked(), leads=leads(), jobs=jobs())
    assert len(empty.table) == 0
    assert one(empty, "bookings") == [0]
    assert [len(frame) for frame in (empty.weeks, empty.silences, empty.revenue, empty.leakage)] == [0, 0, 0, 0]
    nulls = found_in(booked({"source": None, "created_on": None, "modified_on": None}), leads=leads(), jobs=jobs())
    assert one(nulls, "bookings", "undated", "unknown", "mature") == [1, 1, 1, 0]
    future = found_in(booked({"created_on": "2027-01-01T00:00Z", "status": "New"}))
    assert one(future, "bookings", "mature", "aged_quarter", "waiting") == [1, 0, 0, 1]
    assert int(future.hours["bookings"].sum()) == 0
    for found in (empty, nulls, future):
        kinds = ("outcomes", "speed", "hours", "weeks", "leakage")
        assert all(found.figure(kind).layout.meta["alt"] for kind in kinds)  # type: ignore[arg-type]
        assert found.summary()[0] == "No booking is 30 days old yet, so it is too early to say how many become jobs."
        assert len(found.tiles()) == (2 if found.lacks("bookings: jobs") else 4)
        assert found.table.dtypes.equals(empty.table.dtypes)
        assert {
            key: len(part) for key, part in found.work_lists.items() if key not in ("spellings", "provider-names")
        }.keys() == {
            "still-new",
            "bookings-booked-since",
            "bookings-not-to-call",
            "new-too-long",
            "odd-starts",
        }


def test_new_bookings_are_listed_by_name(booked: Frames) -> None:
    frame = booked(
        {"status": "New", "created_on": "2026-05-30T12:00Z", "name": "<b>Ann</b>", "address_city": "Example"},
        {"status": "New", "created_on": "2026-06-01T00:00Z"},
        {"status": "New"},
    )
    found = found_in(frame, min_group=1)
    call = found.work_lists["still-new"].frame
    assert call[["Booking", "Name", "City", "Received", "Days waiting"]].values.tolist() == [
        [1, "<b>Ann</b>", "Example", "2026-05-30 07:00", 2.0]
    ]
    assert "<b>Ann" not in found.work_lists["still-new"]._repr_html_()
    assert found.work_lists["new-too-long"].frame["Booking"].tolist() == [3]
    assert [action.do for action in found.actions()] == [
        "Review the 1 booking waiting for more than a day.",
        "Dismiss the 1 booking waiting for more than 30 days.",
    ]


def test_waiting_bookings_have_a_phone(booked: Frames) -> None:
    frame = booked(*({"status": "New", "created_on": f"2026-05-30T1{hour}:00Z"} for hour in range(3)))
    contacts = pd.DataFrame(
        [(1, "Phone", "512-555-0101"), (1, "MobilePhone", "512-555-0102"), (2, "Email", "Ann@Example.com")],
        columns=["booking_id", "type", "value"],
    )
    own = {"customer_id": [8], "value": ["512.555.0102"], "phone_settings_do_not_text": [True]}  # of a customer
    both = [contacts, pd.DataFrame({**own, "type": ["Phone"]}), None]
    assert "Phone" not in found_in(frame, min_group=1, contacts=[None, *both[1:]]).work_lists["still-new"].frame
    marked = found_in(frame, min_group=1, contacts=both).work_lists["still-new"].frame
    assert marked["Opt-outs"].tolist() == ["", "", "Do not text"]
    names = {"campaign": {7: "Radio"}}
    listed = found_in(frame, min_group=1, contacts=contacts, names=names).work_lists["still-new"].frame
    assert set(listed["Why"]) == {"New, nobody answered"}
    assert "Campaign" in listed
    assert "Opt-outs" not in listed
    assert listed[["Booking", "Phone", "E-mail"]].values.tolist() == [
        [3, "No phone on file", ""],
        [2, "No phone on file", "ann@example.com"],
        [1, "(512) 555-0102", ""],
    ]


def test_deleted_rows_are_left_out_and_counted(booked: Frames) -> None:
    frame = booked({"status": "New"}, {"status": "New"}).assign(active=pd.array([False, None], dtype="boolean"))
    found = found_in(frame)
    assert one(found, "bookings") == [1]
    assert found.left_out == {"deleted": 1}
    assert [step.remain for step in found.check.steps] == [2, 1, 1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"by": "colour"}, "choose from 'source'"),
        ({"by": ("source", "source")}, "two different"),
        ({"time_zone": None}, "need a time zone"),
        ({"mature_days": 0}, "must be 1 or more"),
        ({"names": {"colour": {}}}, "is not a dimension"),
    ],
)
def test_invalid_arguments_raise(booked: Frames, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        found_in(booked({}), **arguments)


def test_a_frame_read_by_modification_is_refused(booked: Frames) -> None:
    frame = booked({})
    frame.attrs["stcrm"] = {"filters": {"modified_on_or_after": "2026-01-01"}}
    with pytest.raises(UsageError, match="modified_on_or_after"):
        found_in(frame)


def test_html_in_a_name_is_text(booked: Frames) -> None:
    evil = "<img src=x onerror=alert(1)>"
    found = found_in(booked(*[{"source": evil, "status": "New"}] * 3), min_group=1)
    pages = [found._repr_html_(), *(found.figure(kind).to_html() for kind in ("outcomes", "speed", "weeks"))]
    assert not any("<img src" in page for page in pages)
