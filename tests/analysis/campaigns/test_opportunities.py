"""Opportunities counted by hand: which records are one chain, where it is credited, what became of it."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from stcrm_pandas.analysis.campaigns.opportunities import Opportunities, opportunities
from stcrm_pandas.errors import UsageError

AS_OF = "2026-06-01T12:00Z"
Frames = Callable[..., pd.DataFrame]
Count = Callable[..., Opportunities]


@pytest.fixture
def count(leads: Frames, bookings: Frames, jobs: Frames) -> Count:
    """Opportunities of rows; a job is completed with a total of 100 unless given, all are of 5 January."""

    def make(
        of_leads: list[Mapping[str, Any]] | None = None,
        of_bookings: list[Mapping[str, Any]] | None = None,
        of_jobs: list[Mapping[str, Any]] | None = None,
        **arguments: Any,
    ) -> Opportunities:
        day = {"created_on": "2026-01-05T12:00Z", "business_unit_id": 1}
        done = {"job_status": "Completed", "total": 100.0}
        return opportunities(
            leads(*({**day, "status": "Open", **row} for row in of_leads or [])),
            bookings(*({**day, "status": "New", **row} for row in of_bookings or [])),
            jobs(*({**day, **done, **row} for row in of_jobs or [])),
            **{"as_of": AS_OF, "time_zone": "America/Chicago", **arguments},
        )

    return make


def only(found: Opportunities, *columns: str) -> list[Any]:
    """Of all opportunities together."""
    return [found.overall[column].iloc[0] for column in columns]


STARTS = ("opportunities", "leads", "bookings", "direct_jobs")


def test_booking_lead_and_job_are_one_opportunity_credited_to_the_booking(count: Count) -> None:
    found = count(
        [{"status": "Converted", "booking_id": 5, "call_id": 7, "campaign_id": 2, "created_on": "2026-01-06T12:00Z"}],
        [{"id": 5, "status": "Dismissed", "campaign_id": 1}],
        [{"lead_call_id": 7, "campaign_id": 3, "created_on": "2026-01-07T12:00Z"}],
    )
    assert found.table[["id", *STARTS]].values.tolist() == [[1, 1, 0, 1, 0]]
    assert only(found, "booked_lower", "completed_lower", "above_zero_lower", "revenue") == [1, 1, 1, 100.0]
    assert found.attribution.chains == found.attribution.differing == 1


@pytest.mark.parametrize(
    ("booking", "job"),
    [
        ({"id": 5, "job_id": 1000}, {"lead_call_id": 1}),  # only the booking names the job
        ({"id": 5}, {"booking_id": 5}),  # only the job names the booking
        ({"id": 5, "job_id": 1000}, {"booking_id": 5, "lead_call_id": 1}),
    ],
)
def test_booking_and_job_are_linked_from_either_side(
    count: Count, booking: dict[str, Any], job: dict[str, Any]
) -> None:
    found = count(of_bookings=[booking], of_jobs=[job])
    assert only(found, *STARTS, "booked_lower", "revenue") == [1, 0, 1, 0, 1, 100.0]


def test_call_booked_on_first_contact_is_one_opportunity(count: Count) -> None:
    found = count(of_jobs=[{"lead_call_id": 1, "campaign_id": 4}, {"partner_lead_call_id": 2, "campaign_id": 4}])
    assert found.table[["id", *STARTS, "booked_lower"]].values.tolist() == [[4, 2, 0, 0, 2, 2]]


def test_two_jobs_from_one_call_are_one_opportunity(count: Count) -> None:
    found = count(of_jobs=[{"lead_call_id": 1}, {"lead_call_id": 1, "total": 50.0}])
    assert only(found, "opportunities", "booked_lower", "revenue", "median") == [1, 1, 150.0, 150.0]


def test_lead_after_its_job_is_linked_to_the_job(count: Count) -> None:
    found = count(
        [{"call_id": 1, "campaign_id": 2, "created_on": "2026-02-06T12:00Z"}],
        of_jobs=[{"lead_call_id": 1, "campaign_id": 3}],
    )
    assert found.table[["id", *STARTS]].values.tolist() == [[3, 1, 0, 0, 1]]


def test_jobs_without_call_or_booking_have_a_separate_row(count: Count) -> None:
    found = count(of_jobs=[{"campaign_id": 4}, {"campaign_id": 4, "lead_call_id": 1}])
    assert only(found, "opportunities") == [1]
    assert found.untraced[["opportunities", "revenue"]].values.tolist() == [[1, 100.0]]
    assert any("1 job names neither a call nor a booking" in sentence for sentence in found.summary())


def test_jobs_from_another_job_are_not_opportunities(count: Count) -> None:
    names = ("recall_for_id", "warranty_id", "created_from_estimate_id", "job_generated_lead_source_job_id")
    jobs = [{"lead_call_id": call, after: 77, "campaign_id": call} for call, after in enumerate(names)]
    found = count(of_jobs=jobs)
    assert only(found, "opportunities") == [0]
    assert found.left_out["after another job"] == 4
    # a lead led to it: it is its job
    led = count([{"call_id": call, "status": "Converted", "campaign_id": call} for call in range(4)], of_jobs=jobs)
    counts = led.table.set_index("id")[["opportunities", "leads", "completed_lower"]]
    assert counts.to_dict("index") == {
        call: {"opportunities": 1, "leads": 1, "completed_lower": 1} for call in range(4)
    }


def test_follow_up_jobs_are_separate(count: Count) -> None:
    found = count(
        of_jobs=[
            {"id": 10, "lead_call_id": 1},
            {"id": 11, "job_generated_lead_source_job_id": 10, "total": 9000.0},
            {"id": 12, "recall_for_id": 10, "total": 0.0},
            {"id": 13, "job_generated_lead_source_job_id": 10, "total": 500.0, "job_status": "Canceled"},
            {"id": 14, "job_generated_lead_source_job_id": 99, "total": 500.0},
        ]
    )
    assert only(found, "opportunities", "revenue", "follow_on_revenue") == [1, 100.0, 9000.0]


def test_follow_up_jobs_are_traced_over_several_steps(count: Count) -> None:
    """Their money is apart, also where they name the call of the opportunity themselves."""
    found = count(
        [{"call_id": 5, "status": "Converted"}],
        of_jobs=[
            {"id": 10, "lead_call_id": 1, "total": 100.0},
            {"id": 11, "job_generated_lead_source_job_id": 10, "total": 1_000.0},
            {"id": 12, "recall_for_id": 11, "total": 10_000.0},
            {"id": 13, "warranty_id": 12, "lead_call_id": 1, "total": 100_000.0},
            {"id": 14, "created_from_estimate_id": 3, "lead_call_id": 5, "total": 7.0},
            {"id": 15, "job_generated_lead_source_job_id": 14, "total": 70.0},
            {"id": 16, "recall_for_id": 17, "total": 9.0},
            {"id": 17, "recall_for_id": 16, "total": 9.0},
        ],
    )
    assert only(found, "opportunities", "booked_lower", "completed_lower", "above_zero_upper") == [2, 2, 2, 1]
    assert only(found, "paid", "revenue", "follow_on_revenue") == [1, 100.0, 111_077.0]


def test_leads_of_one_person_within_the_window_are_one_opportunity(count: Count) -> None:
    found = count(
        [
            {"customer_id": 1, "campaign_id": 1, "created_on": "2026-01-05T12:00Z"},
            {"customer_id": 1, "campaign_id": 2, "created_on": "2026-01-19T11:59Z", "status": "Converted"},
            {"customer_id": 1, "campaign_id": 3, "created_on": "2026-02-02T12:00Z"},  # 14 days later: another one
            {"lead_phone": "(312) 555-0123", "campaign_id": 4, "created_on": "2026-01-05T12:00Z"},
            {"lead_phone": "+1 312 555 0123", "campaign_id": 5, "created_on": "2026-01-06T12:00Z"},
            {"campaign_id": 6},
            {"campaign_id": 6},  # of nobody known: alone
        ]
    )
    assert found.table.sort_values("id")[["id", "leads", "booked_lower"]].values.tolist() == [
        [1, 1, 1],
        [3, 1, 0],
        [4, 1, 0],
        [6, 2, 0],
    ]


def test_only_matching_job_is_linked_to_a_converted_lead(count: Count) -> None:
    won = {"status": "Converted", "customer_id": 1, "modified_on": "2026-01-20T12:00Z"}
    inside = {"customer_id": 1, "created_on": "2026-01-08T12:00Z"}
    found = count([won], of_jobs=[inside])
    assert only(found, *STARTS, "inferred", "completed_lower", "completed_upper") == [1, 1, 0, 0, 1, 1, 1]
    assert found.untraced["opportunities"].iloc[0] == 0
    for jobs in (
        [inside, inside],  # two fit: neither is taken
        [{**inside, "created_on": "2026-01-21T12:00Z"}],  # after the lead's latest change
        [{**inside, "created_on": "2026-01-04T12:00Z"}],  # before the lead
        [{**inside, "customer_id": 2}],
    ):
        other = count([won], of_jobs=jobs)
        assert only(other, "inferred", "booked_lower", "completed_lower", "completed_upper") == [0, 1, 0, 1]
        assert other.untraced["opportunities"].iloc[0] == len(jobs)


def test_outcomes(count: Count) -> None:
    rows = [
        {"lead_call_id": 1, "job_status": "Canceled", "total": 0.0},
        {"lead_call_id": 2, "job_status": "Scheduled", "total": None},
        {"lead_call_id": 3, "total": 0.0},
        {"lead_call_id": 4, "total": None},
        {"lead_call_id": 5, "total": 0.01},
    ]
    found = count([{"status": "Revived"}, {"status": None}], [{"id": 9, "status": "Converted", "job_id": 4040}], rows)
    steps = [f"{step}_{bound}" for step in ("booked", "completed", "above_zero") for bound in ("lower", "upper")]
    assert only(found, *steps) == [6, 8, 3, 6, 1, 5]
    assert only(found, "paid", "revenue") == [1, 0.01]


def test_excluded_records_are_counted(count: Count, leads: Frames, jobs: Frames) -> None:
    reasons = pd.DataFrame({"id": [1, 2], "is_lead": [False, True]})
    found = count([{"call_reason_id": 1}, {"call_reason_id": 2}, {"call_reason_id": None}], call_reasons=reasons)
    assert only(found, "leads") == [2]
    assert found.left_out["not a lead"] == 1
    fed = leads({"created_on": "2026-01-05T12:00Z"}, {"created_on": "2026-01-05T12:00Z"}).assign(active=[True, False])
    of_feed = opportunities(fed, None, jobs(), as_of=AS_OF)
    assert only(of_feed, "leads") == [1]
    assert of_feed.left_out["deleted"] == 1
    assert of_feed.summary()[0].endswith("is unknown: bookings were not read.")


def test_shares_and_revenue_use_only_old_enough_records(count: Count) -> None:
    at = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    ages = [30, 29.999, 60, 59.999, -1]
    rows = [{"lead_call_id": i, "created_on": (at - dt.timedelta(days=age)).isoformat()} for i, age in enumerate(ages)]
    found = count(of_jobs=rows)
    assert only(found, "opportunities", "mature", "booked_lower", "old", "revenue") == [5, 3, 3, 1, 100.0]


def test_missing_dates(count: Count) -> None:
    found = count([{"created_on": None}, {"created_on": "0001-01-01T00:00Z"}], of_jobs=[{"lead_call_id": 1}])
    assert only(found, "opportunities", "mature") == [3, 1]
    assert found.undated == 2
    assert "2 opportunities without a date of creation are not included in any rate." in found.summary()
    months = count([{"created_on": None}], of_jobs=[{"lead_call_id": 1}], by="month").table
    assert months["name"].tolist() == ["Jan 2026", "(none)"]


FIRST_CONTACTS: list[tuple[list[Any], list[Any], list[Any], bool]] = [
    ([{"call_id": 7}], [], [], True),
    ([{"manual_call_id": 7}], [], [], True),
    ([{}], [], [], False),
    ([], [], [{"lead_call_id": 7}], True),
    ([], [], [{"partner_lead_call_id": 7}], True),
    ([], [{"id": 5}], [], False),
    # what names a booking came out of it, also where it was called back and the booking was not read
    ([{"call_id": 7, "booking_id": 5}], [], [], False),
    ([], [], [{"lead_call_id": 7, "booking_id": 5}], False),
    # the first contact decides, not what came later
    ([{"status": "Converted"}, {"created_on": "2026-01-06T12:00Z", "call_id": 7}], [], [], False),
    ([{"call_id": 7, "status": "Converted"}], [], [{"lead_call_id": 7, "created_on": "2026-01-06T12:00Z"}], True),
]
"""Leads, bookings and jobs of one customer, and whether they began by phone; each case has ids of its own."""


def test_channel_is_that_of_the_first_contact(count: Count) -> None:
    def of_cases(kind: int, **more: Any) -> list[dict[str, Any]]:
        return [
            {name: 100 * place + value if isinstance(value, int) else value for name, value in (more | row).items()}
            | {"campaign_id": place}
            for place, case in enumerate(FIRST_CONTACTS)
            for row in case[kind]
        ]

    table = count(of_cases(0, customer_id=1), of_cases(1), of_cases(2)).table.set_index("id").sort_index()
    assert table["opportunities"].tolist() == [1] * len(FIRST_CONTACTS)
    assert table["phone"].astype(bool).tolist() == [phone for *_, phone in FIRST_CONTACTS]


def test_phone_and_online_campaigns_are_not_compared(count: Count) -> None:
    """Of the calls that were not booked few left a record: the mix of channels is all that differs."""

    def campaign(id: int, calls: int, forms: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        leads = [{"campaign_id": id, "call_id": 10_000 * id + call} for call in range(calls // 10)]
        leads += [{"campaign_id": id, "status": "Converted" if form % 3 == 0 else "Open"} for form in range(forms)]
        jobs = [{"campaign_id": id, "lead_call_id": 10_000 * id + call} for call in range(calls // 10, calls)]
        return leads, jobs

    parts = [campaign(1, 200, 40), campaign(2, 40, 200), campaign(3, 120, 120)]
    leads, jobs = ([row for part in parts for row in part[place]] for place in (0, 1))
    recent: dict[str, Any] = {"as_of": "2026-01-28T12:00Z", "mature_days": 20}  # else no campaign has an action
    found = count(leads, [], jobs, call_reasons=None, **recent)
    compared = found.comparisons.set_index("id")
    assert compared.loc[1, "difference"] > 0.2
    assert compared.loc[[1, 2], "verdict"].tolist() == ["explained by the mix"] * 2
    assert found.actions() == []
    (mixed,) = [sentence for sentence in found.summary() if "the mix may explain it" in sentence]
    assert "the same business unit, month and channel:" in mixed
    assert any(sentence.startswith("50% of opportunities began by phone.") for sentence in found.summary())
    # one that books less among those of its channel is named, with the difference in points among like ones
    worse = [{**job, "campaign_id": 1} for job in jobs if job["campaign_id"] == 1][:50]
    lost = [{"campaign_id": 1, "call_id": 70_000 + call} for call in range(130)]
    found = count(leads + lost, [], [job for job in jobs if job["campaign_id"] != 1] + worse, **recent)
    assert found.comparisons.set_index("id").loc[1, "verdict"] == "lower"
    assert "Review how 1 inquiries are handled." in [action.do for action in found.actions()]
    (named,) = [sentence for sentence in found.summary() if "1 is booked less often" in sentence]
    assert re.search(r"; \d+ points \(\d+–\d+\) among opportunities of the same", named)


def test_months_are_local(count: Count) -> None:
    months = {
        "2026-03-08T05:59Z": "2026-03",  # the clock goes forward on the 8th
        "2026-04-01T04:59Z": "2026-03",
        "2026-04-01T05:00Z": "2026-04",
        "2025-11-01T04:59Z": "2025-10",
        "2025-12-01T05:59Z": "2025-11",  # back since the 2nd of November
        "2024-03-01T05:59Z": "2024-02",  # the 29th
    }
    rows = [{"created_on": moment, "campaign_id": place} for place, moment in enumerate(months)]
    table = count(rows, by=("campaign", "month")).table
    assert dict(sorted(table["id"])) == dict(enumerate(months.values()))


def test_two_dimensions(count: Count) -> None:
    found = count(
        [{"campaign_id": 1}, {"campaign_id": 1, "business_unit_id": 2}, {"campaign_id": None}],
        by=("campaign", "business_unit"),
        names={"campaign": {1: "Radio"}, "business_unit": {1: "Drains", 2: "Installs"}},
    )
    ordered = found.table.sort_values("name")
    assert ordered["name"].tolist() == ["(none) · Drains", "Radio · Drains", "Radio · Installs"]
    assert ordered["campaign_id"].isna().tolist() == [True, False, False]


def test_categories_come_from_the_campaigns(count: Count) -> None:
    campaigns = pd.DataFrame({"id": [1, 2], "name": ["A", "B"], "category_id": [5, 5], "category_name": "Web"})
    found = count([{"campaign_id": 1}, {"campaign_id": 2}, {"campaign_id": 3}], by="category", campaigns=campaigns)
    assert found.table[["name", "opportunities"]].values.tolist() == [["Web", 2], ["(none)", 1]]


def test_chains_that_began_outside_the_period_are_excluded(leads: Frames, bookings: Frames, jobs: Frames) -> None:
    read = leads({"created_on": "2026-01-05T12:00Z", "booking_id": 5, "status": "Open"})
    read.attrs["stcrm"] = {
        "filters": {"created_on_or_after": "2026-01-05", "created_before": "2026-02-01"},
        "time_zone": "America/Chicago",
        "fetched_at": AS_OF,
    }
    rows = [("2026-01-04T23:00Z", 5), ("2026-01-10T12:00Z", 6), ("2026-02-01T06:00Z", 7)]
    booked = bookings(*({"id": id, "created_on": created, "status": "New"} for created, id in rows))
    found = opportunities(read, booked, jobs())
    assert only(found, "opportunities") == [1]
    assert [found.left_out[f"began {side} the period"] for side in ("before", "after")] == [1, 1]


def test_empty_frames(count: Count) -> None:
    for by in ("campaign", "month", None, ("business_unit", "month")):
        found = count(by=by)
        assert only(found, "opportunities", "mature", "revenue") == [0, 0, 0.0]
        assert found.summary()[0].startswith("No opportunity is 30 days old yet")
        assert found.actions() == []
        assert "<table" in found._repr_html_()
        assert found.figure("booked").layout.meta["alt"] == "No opportunity is old enough to be drawn."
    assert [tile.now for tile in found.tiles()] == ["unknown"] * 4


def test_html_in_a_name_is_text(count: Count) -> None:
    found = count([{"campaign_id": 1, "status": "Converted"}] * 40, names={1: "<b>Radio</b>"})
    assert "<b>Radio" not in found._repr_html_()
    assert "&lt;b&gt;Radio" in found._repr_html_()
    for kind in ("booked", "steps"):
        figure = found.figure(kind)
        texts = [*figure.layout.yaxis.ticktext, *(text for trace in figure.data for text in trace.text or ())]
        assert texts
        assert not any("<b>Radio</b>" in text for text in texts)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"by": "creator"}, "by='creator'"),
        ({"by": ("campaign", "month", "tenant")}, "a tuple of two"),
        ({"by": "tenant"}, "no column tenant"),
        ({"mature_days": 0}, "1 or more"),
        ({"by": "month", "time_zone": None}, "months need a time zone"),
        ({"as_of": None}, "pass as_of="),
    ],
)
def test_invalid_arguments_raise(count: Count, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        count([{}], **arguments)


def test_jobs_are_needed(leads: Frames) -> None:
    with pytest.raises(UsageError, match="jobs are required: pass a DataFrame, or mirror="):
        opportunities(leads(), None, None, as_of=AS_OF)


@pytest.mark.parametrize("used", ["modified_on_or_after", "job_status", "campaign_id", "since"])
def test_partial_jobs_are_rejected(leads: Frames, jobs: Frames, used: str) -> None:
    part = jobs()
    part.attrs["stcrm"] = {"filters": {used: "2026-01-01", "created_on_or_after": "2026-01-01Z", "number": None}}
    with pytest.raises(UsageError, match=f"jobs were read with {used}: this is only part of them"):
        opportunities(leads(), None, part, as_of=AS_OF)


def test_ids_are_joined_within_a_tenant(leads: Frames, bookings: Frames, jobs: Frames) -> None:
    day = {"created_on": "2026-01-05T12:00Z", "campaign_id": 1}
    of = leads({**day, "id": 1, "call_id": 7, "customer_id": 3}, {**day, "id": 1, "call_id": 8, "customer_id": 3})
    made = jobs({**day, "id": 9, "lead_call_id": 8, "job_status": "Completed", "total": 10.0})
    frames = (of.assign(tenant=[1, 2]), bookings().assign(tenant=pd.array([], "Int64")), made.assign(tenant=[1]))
    found = opportunities(*frames, by="tenant", as_of=AS_OF)
    counted = found.table.sort_values("id")[["id", "leads", "direct_jobs", "booked_lower"]]
    assert counted.values.tolist() == [[1, 1, 1, 1], [2, 1, 0, 0]]
    with pytest.raises(UsageError, match=r"by=\('tenant', 'campaign'\)"):
        opportunities(*frames, by="campaign", as_of=AS_OF)


def test_polars_and_duckdb_give_equal_tables(leads: Frames, bookings: Frames, jobs: Frames) -> None:
    day = {"created_on": "2026-01-05T12:00Z", "campaign_id": 2**53 + 1}
    frames = (
        leads({**day, "id": 2**53 + 3, "booking_id": 5, "status": "Converted", "lead_phone": "3125550123"}, day),
        bookings({**day, "id": 5, "job_id": 9, "status": "Dismissed"}),
        jobs({**day, "id": 9, "job_status": "Completed", "total": 0.1}, {**day, "id": 10, "lead_call_id": 2**60}),
    )
    flat = [frame.drop(columns=[name for name, kind in frame.dtypes.items() if kind == "object_"]) for frame in frames]
    expected = opportunities(*flat, as_of=AS_OF)
    of_polars = opportunities(*map(pl.from_pandas, flat), as_of=AS_OF)
    with duckdb.connect() as database:
        for name, frame in zip(("leads", "bookings", "jobs"), flat, strict=True):
            database.register(name, frame)
        of_duckdb = opportunities(*map(database.table, ("leads", "bookings", "jobs")), as_of=AS_OF)
        for other in (of_polars, of_duckdb):
            pd.testing.assert_frame_equal(other.table, expected.table)
            pd.testing.assert_frame_equal(other.untraced, expected.untraced)
            assert other.left_out == expected.left_out
            assert other.read == expected.read
    assert expected.table["id"].tolist() == [2**53 + 1]
