"""What a report makes of lead conversion: work lists, tiles, actions, checks, figures; and every way to group."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pytest

from stcrm_pandas.analysis import LeadConversion, Period, lead_conversion
from stcrm_pandas.analysis.base.findings import work_list
from stcrm_pandas.analysis.leads.keys import BY
from stcrm_pandas.errors import UsageError

from ..booking_company import AS_OF, ZONE, company

Frames = Callable[..., pd.DataFrame]
EVIL = "<img src=x onerror=alert(1)>"
# half past nine in the evening of the 28th in Chicago
NOW = "2026-03-01T03:30Z"


@pytest.fixture(scope="module")
def found(leads: Frames) -> LeadConversion:
    def lead(day: str, due: str | None, **more: Any) -> dict[str, Any]:
        return {"status": "Open", "created_on": f"2026-{day}T18:00Z", "follow_up_date": due, "campaign_id": 1, **more}

    rows = [
        lead("02-20", "2026-03-01T02:00Z"),  # still the same day in Chicago
        lead("02-21", "2026-02-28T05:30Z", lead_customer_name=EVIL, lead_url="https://example.com/1"),  # yesterday
        lead("02-22", "2026-02-01T00:00Z"),
        lead("02-23", None),
        lead("02-24", "0001-01-01T00:00Z"),
        lead("01-02", "2026-05-01T00:00Z"),
        lead("01-03", "2026-05-01T00:00Z", modified_on="2026-02-20T00:00Z"),
        lead("01-04", None, call_reason_id=9),
        lead("02-25", None, status="Dismissed", dismissing_reason_id=4),
        *(lead("01-05", None, status="Converted" if i < 30 else "Dismissed") for i in range(100)),
        *(lead("01-06", None, campaign_id=2, status="Converted" if i < 80 else "Dismissed") for i in range(100)),
    ]
    reasons = pd.DataFrame({"id": [9], "is_lead": [False]})
    names = {"campaign": {1: EVIL, 2: "Radio"}}
    return lead_conversion(leads(*rows), call_reasons=reasons, by="campaign", names=names, as_of=NOW, time_zone=ZONE)


def test_each_open_lead_is_in_one_list_at_most(found: LeadConversion) -> None:
    lists = {key: one.frame["Lead id"].tolist() for key, one in found.work_lists.items()}
    apart = {"leads-booked-since": [], "leads-not-to-call": []}
    assert lists == {"overdue-follow-up": [3, 2], "no-follow-up": [5, 4], "stale": [6]} | apart
    overdue = found.work_lists["overdue-follow-up"].frame
    assert overdue["Days waiting"].tolist() == [28, 1]
    assert overdue["Why"].tolist() == ["Due Jan 31, 2026", "Due Feb 27, 2026"]
    assert overdue["Came in"].tolist() == ["2026-02-22", "2026-02-21"]
    assert overdue["Link"].tolist() == ["", "https://example.com/1"]
    assert "Link" not in found.work_lists["stale"].frame


def test_customers_are_named_where_the_lead_has_no_name(leads: Frames) -> None:
    rows = [
        {"status": "Open", "created_on": f"2026-02-2{day}T18:00Z", "campaign_id": 1, **more}
        for day, more in enumerate(
            [{"customer_id": 7}, {"customer_id": 8, "lead_customer_name": "Own"}, {}, {"customer_id": 9}]
        )
    ]
    customers = pd.DataFrame({"id": [7, 8], "name": ["Ann", "Bob"], "active": [False, True]})
    found = lead_conversion(leads(*rows), by="campaign", names={"customer": customers}, as_of=NOW, time_zone=ZONE)
    shown = found.work_lists["no-follow-up"].frame
    assert shown["Name"].tolist() == ["", "", "Own", "Ann (inactive)"]
    nobody = lead_conversion(leads(*rows), names={"customer": None}, as_of=NOW, time_zone=ZONE)
    assert nobody.work_lists["no-follow-up"].frame["Name"].tolist() == ["", "", "Own", ""]


def test_call_lists_have_the_best_phone_of_the_customer(leads: Frames) -> None:
    rows = [
        {"status": "Open", "created_on": f"2026-02-2{day}T18:00Z", "campaign_id": 1, **more}
        for day, more in enumerate(
            [
                {"customer_id": 7},
                {"customer_id": 8, "lead_phone": "512 555 0108", "lead_email": "own@example.com"},
                {"customer_id": 9},
                {"customer_id": 7},
                {},
            ]
        )
    ]
    contacts = pd.DataFrame(
        [
            (7, "Phone", "512-555-0101", None),
            (7, "MobilePhone", "512-155-0102", False),  # no such number
            (7, "MobilePhone", "(512) 555-0103", False),
            (7, "Fax", "512-555-0104", False),
            (7, "Email", "ann@example.com", None),
            (8, "MobilePhone", "512-555-0105", True),
            (9, "Fax", "512-555-0106", False),
            (10, "Phone", "+1 512 555 0103", True),  # another record of the same number
            (10, "Phone", "512.555.0108", True),  # the number that a lead left itself
        ],
        columns=["customer_id", "type", "value", "phone_settings_do_not_text"],
    )
    found = lead_conversion(leads(*rows), contacts=contacts, as_of=NOW, time_zone=ZONE)
    listed = found.work_lists["no-follow-up"]
    assert listed.frame[["Customer id", "Phone", "Opt-outs", "E-mail"]].fillna(0).values.tolist() == [
        [0, "No phone on file", "", ""],
        [7, "(512) 555-0103", "Do not text", "ann@example.com"],
        [9, "No phone on file", "", ""],
        [8, "(512) 555-0108", "Do not text", "own@example.com"],
        [7, "(512) 555-0103", "Do not text", "ann@example.com"],
    ]
    page = work_list(listed, service="https://go.servicetitan.com")
    assert page.count('<a href="tel:+15125550103">(512) 555-0103</a>') == 2
    assert '<a href="mailto:own@example.com">own@example.com</a>' in page
    assert '<a href="https://go.servicetitan.com/#/Customer/7" target="_blank" rel="noreferrer">7</a>' in page
    assert page.count('href="https://go.servicetitan.com/#/Lead/Index/') == 5
    assert "servicetitan" not in work_list(listed)


def test_opt_outs_of_calls_count_on_any_record_of_a_number(leads: Frames) -> None:
    rows = [
        {"status": "Open", "created_on": f"2026-02-2{8 - day}T18:00Z", "campaign_id": 1, **more}
        for day, more in enumerate(
            [
                {"customer_id": 7},
                {"lead_phone": "512 555 0102"},
                {"customer_id": 9, "lead_phone": "512-555-0109"},
                {"customer_id": 10, "lead_phone": "512-555-0102"},
                {"customer_id": 11, "location_id": 5},
                {"lead_phone": "512-555-0104"},
            ]
        )
    ]
    flags = ["preferences_marketing_updates_enabled", "preferences_job_reminders_enabled", "phone_settings_do_not_text"]
    contacts = pd.DataFrame(
        [
            (7, None, "MobilePhone", "512-555-0101", False, False, False),
            (7, None, "Phone", "512-555-0103", True, True, False),  # this one may be called
            (8, None, "Phone", "512-555-0102", False, None, None),
            (None, 6, "Phone", "(512) 555-0102", None, False, None),  # of a location
            (9, None, "Phone", "512-555-0107", None, None, None),
            (10, None, "Phone", "512-555-0106", None, None, None),
            (None, 5, "Phone", "512-555-0105", False, True, True),
            (12, None, "Phone", "512-555-0104", None, None, None),  # of a customer marked 'do not service'
        ],
        columns=["customer_id", "location_id", "type", "value", *flags],
    )
    contacts = contacts.astype({"customer_id": "Int64", "location_id": "Int64"} | dict.fromkeys(flags, "boolean"))
    customers = pd.DataFrame({"id": [7, 9, 12], "name": ["Ann", "Bob", "Cy"], "do_not_service": [False, True, True]})
    names = {"customer": customers}
    found = lead_conversion(leads(*rows), contacts=contacts, names=names, as_of=NOW, time_zone=ZONE)
    listed, apart = found.work_lists["no-follow-up"], found.work_lists["leads-not-to-call"]
    assert {row[0]: row[1:] for row in listed.frame[["Lead id", "Phone", "Opt-outs"]].values.tolist()} == {
        1: ["(512) 555-0103", ""],
        4: ["(512) 555-0106", ""],
        5: ["(512) 555-0105", "Do not text, No marketing"],
    }
    assert apart.frame[["Lead id", "Phone"]].values.tolist() == [
        [2, "Do not call"],
        [3, "Do not call"],
        [6, "Do not call"],
    ]
    page = work_list(listed) + work_list(apart)
    assert page.count("tel:") == 3
    assert "555-0102" not in page


def test_html_in_text_is_escaped(found: LeadConversion) -> None:
    shown = [found._repr_html_(), found.check._repr_html_(), found.speed_table()._repr_html_()]
    shown += [one._repr_html_() for one in found.work_lists.values()]
    shown += [found.figure(kind).to_json().replace("\\u003c", "<") for kind in ("rates", "curve", "cohorts", "months")]
    shown.append(found.figure("curve", groups=[1, 2]).to_json().replace("\\u003c", "<"))
    alone = [json.dumps(found.figure(kind).layout.meta["alt"]) for kind in ("rates", "curve")]
    assert all(EVIL not in page for page in shown if page not in alone and '"meta"' not in page)
    assert any("&lt;img" in page for page in shown)


def test_actions_are_valued_by_outcomes_of_leads_of_the_same_age(
    found: LeadConversion, jobs: Frames, bookings: Frames
) -> None:
    assert not any("less often" in one.do for one in found.actions())  # campaigns need their opportunities, too
    reasons = pd.DataFrame({"id": [9], "is_lead": [False]})
    usual: dict[str, Any] = {"names": found.names, "by": "campaign", "as_of": NOW, "time_zone": ZONE}
    every = lead_conversion(found.source, jobs=jobs(), bookings=bookings(), call_reasons=reasons, **usual)
    actions = {one.work_list or one.do: one for one in every.actions()}
    assert actions["overdue-follow-up"].do == "Call the 2 leads whose follow-up is overdue."
    assert actions["no-follow-up"].do == "Call the 2 open leads without a follow-up date."
    assert not any("Radio" in name for name in actions)  # it has had no lead for four weeks
    lower = next(one for name, one in actions.items() if "less often" in name)
    assert EVIL in lower.do
    assert lower.worth > 0


def test_tiles_use_weeks_that_are_old_enough(found: LeadConversion) -> None:
    came, converted, fast, overdue = found.tiles()
    assert came.dates == "Jan 26–Feb 22, 2026"
    assert came.now == "3"
    assert came.before == ""  # its first days were not read
    assert came.year_ago == ""
    assert converted.dates == "Dec 29, 2025–Jan 25, 2026"
    assert converted.now == "unknown"  # the first lead came on 2 January: whether earlier ones were read is not known
    assert fast.now == "too few to tell"
    assert overdue.now == "2"
    assert len(found.work_lists["overdue-follow-up"]) == 2
    assert lead_conversion(found.source, as_of=NOW).tiles() == []


def test_checks_count_rows_before_exclusions(found: LeadConversion) -> None:
    counts = {one.what: one.rows for one in found.check.counts}
    assert counts["Leads read"] == 209
    assert counts["Leads, status Open"] == 8
    steps = [(one.left_out, one.remain) for one in found.check.steps]
    assert steps == [(0, 209), (1, 208), (0, 208), (6, 202)]


def test_figures_have_alt_text(found: LeadConversion) -> None:
    assert found.figure("rates").layout.meta["alt"].startswith("Share booked within 30 days, a row per group.")
    curve = found.figure("curve", groups=[2])
    assert "Radio: 80 of" in curve.layout.meta["alt"] or "Radio:" in curve.layout.meta["alt"]
    with pytest.raises(UsageError, match="no curve for 5"):
        found.figure("curve", groups=[5])
    with pytest.raises(UsageError, match="at most 5"):
        found.figure("curve", groups=range(6))
    measured, young = found.figure("cohorts").data
    assert list(measured.y) == ["Jan 2026", "Feb 2026"]
    assert list(measured.x) == ["1 day", "7 days", "30 days", "60 days", "90 days"]
    assert [value is None for value in measured.z[0]] == [value is not None for value in young.z[0]]
    (bars,) = found.figure("reasons").data
    assert sum(bars.x) == found.reasons["leads"].sum()
    assert (
        found.figure("reasons")
        .layout.meta["alt"]
        .startswith("Reasons for dismissal, the most frequent first: (no reason)")
    )


def test_total_is_not_mixed_with_rows_without_a_group(leads: Frames) -> None:
    """Inquiries without a call reason have no id, as all together have none."""

    def reason(id: int | None, won: int) -> list[dict[str, Any]]:
        day = {"created_on": "2025-10-05T18:00Z", "modified_on": "2025-10-05T20:00Z", "call_reason_id": id}
        ended = [{**day, "status": "Converted" if place < won else "Dismissed"} for place in range(38)]
        return [*ended, *({**day, "status": "Open"} for _ in range(2))]

    reasons = pd.DataFrame({"id": [9], "is_lead": [True], "name": ["All inquiries"]})
    made = {"call_reasons": reasons, "names": reasons, "as_of": NOW, "time_zone": ZONE}
    found = lead_conversion(leads(*reason(None, 4), *reason(9, 36)), by="call_reason", **made)
    assert found.speed["id"].isna().sum() == 8
    (sentence,) = [one for one in found.summary() if " within 1 day" in one]
    assert sentence == "50% of inquiries were converted within 1 day, 50% within 7 days, and 50% within 90 days."
    shown = found.speed_table().frame
    assert len(shown) == 3
    assert shown.iloc[0].tolist()[1].startswith("50%")
    (line,) = [
        trace for trace in found.figure("curve").data if trace.name == "All inquiries" and trace.mode == "lines"
    ][-1:]
    assert max(line.y) == pytest.approx(50)
    assert len(line.x) == len(set(line.x))


def test_figures_of_empty_results(leads: Frames) -> None:
    nothing = lead_conversion(leads(), by="campaign", as_of=NOW, time_zone="UTC")
    for kind in ("rates", "months", "curve", "cohorts", "reasons"):
        assert nothing.figure(kind).layout.meta["alt"]
    assert nothing.actions() == []
    assert [len(one) for one in nothing.work_lists.values()] == [0] * 5
    assert nothing.summary()[0].startswith("No inquiry is 30 days old yet")
    assert nothing.curve["share_lower"].isna().all()


HALF = len(BY) // 2
PAIRS = [*zip(BY[:HALF], BY[HALF:], strict=False), BY[-1]]


@pytest.mark.parametrize("by", [*PAIRS, *(pytest.param(name, marks=pytest.mark.deep) for name in BY)])
def test_every_dimension_adds_up(by: str | tuple[str, str]) -> None:
    frames, _ = company()
    few = frames["leads"].iloc[:600].assign(tenant=7)
    names = {"campaign": frames["campaigns"]}
    found = lead_conversion(few, by=by, names=names, as_of=AS_OF, time_zone=ZONE)
    total = int(found.overall["inquiries"].iloc[0])
    of_groups = int(found.table["inquiries"].sum())
    assert of_groups >= total if "tag" in by else of_groups == total
    assert found.definitions
    assert found.summary()


@pytest.mark.parametrize(
    "by",
    [
        "a period",
        *(
            pytest.param(one, marks=pytest.mark.deep)
            for one in (("tag", "hour"), ("month", "creator"), "tenant", "capture_source")
        ),
    ],
)
def test_groups_are_the_same_on_every_engine(by: Any) -> None:
    frames, _ = company()
    few = frames["leads"].iloc[:600]
    jobs = frames["jobs"].iloc[:2500][
        ["id", "customer_id", "lead_call_id", "booking_id", "created_on", "recall_for_id"]
    ]
    names = {"campaign": frames["campaigns"], "business_unit": frames["business_units"]}
    if by == "tenant":
        few, jobs = few.assign(tenant=7), jobs.assign(tenant=7)
    made = {"as_of": AS_OF, "time_zone": ZONE, "names": names}
    if by == "a period":
        by, made["period"] = "tag", Period(dt.date(2024, 7, 8), dt.date(2024, 8, 5), ZoneInfo(ZONE))
    ours = lead_conversion(few, jobs=jobs, by=by, **made)
    table = ours.table
    assert not table.empty
    plain = few.drop(columns=[name for name in few if few[name].dtype == "object_" and name != "tag_type_ids"])
    plain = plain.assign(tag_type_ids=[list(tags) for tags in plain["tag_type_ids"]])
    tables = {"leads": pl.from_pandas(plain.drop(columns="tag_type_ids")), "jobs": pl.from_pandas(jobs)}
    tags = pl.Series("tag_type_ids", plain["tag_type_ids"].tolist(), dtype=pl.List(pl.Int64))
    tables["leads"] = tables["leads"].with_columns(tags)
    polars = lead_conversion(tables["leads"], jobs=tables["jobs"], by=by, **made)
    with duckdb.connect() as database:
        relations = {name: database.from_arrow(one.to_arrow()) for name, one in tables.items()}
        relation = lead_conversion(relations["leads"], jobs=relations["jobs"], by=by, **made)
        lists = {key: one.frame["Lead id"].tolist() for key, one in relation.work_lists.items()}
    for other in (polars, relation):
        pd.testing.assert_frame_equal(other.table, table)
        pd.testing.assert_frame_equal(other.curve, ours.curve)
        pd.testing.assert_frame_equal(other.reasons, ours.reasons)
    assert lists == {key: one.frame["Lead id"].tolist() for key, one in ours.work_lists.items()}


def test_names_of_groups(leads: Frames) -> None:
    rows = [
        {
            "status": "Open",
            "created_on": "2026-03-08T07:30Z",
            "created_by_id": 5,
            "priority": "Urgent",
        },  # 1:30, a Sunday
        {"status": "Open", "created_on": "2026-03-08T08:30Z", "created_by_id": 6},  # 3:30: two o'clock did not come
        {"status": "Open", "created_on": "2025-11-02T06:30Z", "created_by_id": 7},  # 1:30 in summer time
        {"status": "Open", "created_on": "2025-11-02T07:30Z", "created_by_id": None},  # 1:30 again
        {"status": "Open", "created_on": "2024-02-29T18:00Z", "created_by_id": 5},
    ]
    frame = leads(*rows)
    made = {"as_of": "2026-06-01T00:00Z", "time_zone": ZONE}
    hours = lead_conversion(frame, by="hour", **made).table
    assert hours[["name", "inquiries"]].values.tolist() == [
        ["1:00 AM–2:00 AM", 3],
        ["3:00 AM–4:00 AM", 1],
        ["12:00 PM–1:00 PM", 1],
    ]
    weekdays = lead_conversion(frame, by="weekday", **made).table
    assert weekdays["name"].tolist() == ["Thursday", "Sunday"]
    staff = pd.DataFrame({"user_id": [5, 6], "role": ["CSR", "EmptyEmployee"], "name": ["Ann Example", "Web"]})
    creators = lead_conversion(frame, by="creator", names=staff, **made).table
    assert set(creators["name"]) == {"user 5 (person)", "user 6 (integration)", "user 7 (kind not known)", "(none)"}
    assert lead_conversion(frame, by="priority", **made).table["id"].dropna().tolist() == ["Urgent"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": ("campaign", "hour", "tag")}, "one name, or a tuple of two"),
        ({"by": ("hour", "hour")}, "two different ones"),
        ({"by": ("campaign", "category")}, "one of the two"),
        ({"by": "category"}, "needs the DataFrame of campaigns"),
        ({"names": {"moon": {}}}, "is not a dimension"),
        ({"by": "creator", "names": {1: "Ann"}}, "a DataFrame of employees"),
        ({"by": "tenant"}, "tenant"),
        ({"unit": "call"}, "choose 'inquiry' or 'lead'"),
        ({"dismissing_reasons": {"spam": 7}}, "maps ids to texts"),
    ],
)
def test_invalid_arguments_raise(leads: Frames, arguments: dict[str, Any], message: str) -> None:
    frame = leads({"status": "Open", "created_on": "2026-01-01T00:00Z"})
    with pytest.raises(UsageError, match=message):
        lead_conversion(frame, as_of="2026-06-01T00:00Z", time_zone=ZONE, **arguments)


def test_single_lookup_for_two_dimensions_is_rejected(leads: Callable[..., pd.DataFrame]) -> None:
    row = {"status": "Open", "created_on": "2026-01-05T12:00Z", "campaign_id": 7, "business_unit_id": 1}
    with pytest.raises(UsageError, match="with two dimensions, give a mapping"):
        lead_conversion(leads(row), by=("campaign", "business_unit"), names={7: "Radio"}, as_of="2026-06-01T00:00Z")


def test_headline_covers_the_months_that_can_be_measured(found: LeadConversion) -> None:
    headline = found.headline()
    assert headline.text == "54% of leads are booked within 30 days"  # 110 of 202
    assert headline.evidence.startswith("Jan 2026: 202 leads, 95% confidence interval 48–61%.")
    assert headline.trend is not None
    assert [(month.name, month.volume, month.note) for month in headline.trend.months] == [
        ("Jan 2026", 202, "still counting")  # its last days are not 30 days old
    ]
    assert headline.change == ""
    alone = lead_conversion(found.source, as_of=NOW).headline()  # without a time zone there are no months
    assert alone.trend is None
    assert alone.text.endswith("% of leads are booked within 30 days")
