"""Who is not blocked, and why the others are: counted by hand, each reason and each edge."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import ContactPreferences, contact_preferences
from stcrm_pandas.analysis.preferences.groups import REASON_COLUMNS
from stcrm_pandas.analysis.preferences.owners import COMBINATIONS
from stcrm_pandas.errors import UsageError

from .contact_rows import (
    AS_OF,
    MARKETING,
    NO_TEXTS,
    REMINDERS,
    contacts,
    customers,
    location_contacts,
    locations,
    methods,
    newer_contacts,
    no_others,
    preferences,
)

ZONE = "America/Chicago"
NO_PREFERENCES = {MARKETING: None, REMINDERS: None}
A, B, C = "512-555-0101", "(512) 555-0102", "512.555.0103"


def found(whom: pd.DataFrame, reached: pd.DataFrame, **more: Any) -> ContactPreferences:
    return contact_preferences(whom, reached, **{"as_of": AS_OF, "time_zone": ZONE} | more)


def why(one: ContactPreferences, place: int = 0) -> dict[str, str]:
    """For each purpose and channel what blocks one customer; empty where nothing does."""
    names = ["", *(name.replace("_", " ") for name in REASON_COLUMNS)]
    state = one.states.iloc[place]
    return {f"{purpose} {channel}": names[state[purpose, channel]] for purpose, channel in COMBINATIONS}


def counts(one: ContactPreferences, purpose: str, channel: str) -> dict[str, int]:
    row = one.overall.set_index(["purpose", "channel"]).loc[(purpose, channel)]
    named = {name: int(row[name]) for name in ("customers", "lower", "upper", *REASON_COLUMNS)}
    return {name: count for name, count in named.items() if count}


ONE_CONTACT = [
    # what stands on the one record; marketing by call, by text, by e-mail; service by call, by text
    ({}, ("", "", "none on file", "", "")),
    ({NO_TEXTS: True}, ("", "opted out on this record", "none on file", "", "opted out on this record")),
    ({NO_TEXTS: None}, ("", "preference unknown", "none on file", "", "preference unknown")),
    ({MARKETING: False}, ("preference off", "preference off", "none on file", "", "")),
    ({REMINDERS: False}, ("", "", "none on file", "preference off", "preference off")),
    (NO_PREFERENCES, ("preference unknown", "preference unknown", "none on file", *["preference unknown"] * 2)),
    ({"type": "Phone"}, ("", "type unknown", "none on file", "", "type unknown")),
    ({"type": "Phone", MARKETING: None}, ("preference unknown", "type unknown", "none on file", "", "type unknown")),
    ({"type": "Phone", MARKETING: False}, ("preference off", "preference off", "none on file", "", "type unknown")),
    (
        {"type": "Phone", NO_TEXTS: True},
        ("", "opted out on this record", "none on file", "", *["opted out on this record"]),
    ),
    ({"value": "000-000-0000"}, ("invalid", "invalid", "none on file", "invalid", "invalid")),
    ({"value": None}, ("invalid", "invalid", "none on file", "invalid", "invalid")),
    ({"value": "call the office"}, ("invalid", "invalid", "none on file", "invalid", "invalid")),
    ({"value": "ann@example.com"}, ("invalid", "invalid", "none on file", "invalid", "invalid")),
    ({"type": "Fax"}, ("none on file",) * 5),
    ({"type": None}, ("none on file",) * 5),
    ({"type": "Pager"}, ("none on file",) * 5),
    ({"type": "Email", "value": "ann@example.com"}, ("none on file", "none on file", "", *["none on file"] * 2)),
    ({"type": "Email", "value": "none@none.com"}, ("none on file", "none on file", "invalid", *["none on file"] * 2)),
    (
        {"type": "Email", "value": "ann@example.com", NO_TEXTS: True},
        ("none on file", "none on file", "", *["none on file"] * 2),
    ),
]


@pytest.mark.parametrize(("record", "expected"), ONE_CONTACT)
def test_each_record_has_one_reason(record: Mapping[str, Any], expected: tuple[str, ...]) -> None:
    reasons = why(found(customers({}), contacts({"customer_id": 1, **record})))
    asked = ("marketing call", "marketing text", "marketing e-mail", "service call", "service text")
    assert tuple(reasons[one] for one in asked) == expected
    assert reasons["marketing mail"] == reasons["service mail"] == ""


ONE_CUSTOMER = [
    ({"do_not_service": True}, "do not service", "do not service"),
    ({"do_not_mail": True}, "do not mail", "do not mail"),
    ({"do_not_mail": None}, "preference unknown", "preference unknown"),
    ({"do_not_service": None}, "preference unknown", "preference unknown"),
    ({"active": None}, "preference unknown", "preference unknown"),
    ({"address_street": None, "address_zip": None}, "", "none on file"),
    ({"address_street": " ", "address_zip": "", "address_city": "Austin"}, "", "none on file"),
    ({"address_zip": "7870"}, "", "invalid"),
    ({"address_city": None}, "", "invalid"),
    ({"address_zip": "78701-1234"}, "", ""),
    ({"address_zip": "k1a 0b1", "address_state": "ON"}, "", ""),
    ({"address_zip": None, "do_not_mail": True}, "do not mail", "do not mail"),
]


@pytest.mark.parametrize(("row", "by_text", "by_mail"), ONE_CUSTOMER)
def test_flags_that_block_a_customer_entirely(row: Mapping[str, Any], by_text: str, by_mail: str) -> None:
    reasons = why(found(customers(row), contacts({"customer_id": 1})))
    assert (reasons["marketing text"], reasons["marketing mail"]) == (by_text, by_mail)
    sent_by_servicetitan = "" if "do_not_mail" in row else by_text  # 'do not mail' is about Marketing Pro's texts
    assert (reasons["service text"], reasons["service mail"]) == (sent_by_servicetitan, by_mail)


BLOCKED = {  # by ServiceTitan's own table: which messages a customer is left out of
    "do_not_mail": {"service mail", "marketing mail", "marketing e-mail", "marketing text"},
    "do_not_service": {f"{purpose} {channel}" for purpose, channel in COMBINATIONS},
    "email_dormant": {"marketing e-mail"},
    "opted_in": {"marketing e-mail"},
}


@pytest.mark.parametrize("mark", BLOCKED)
@pytest.mark.parametrize("store", ["customers", "locations"])
def test_marks_block_the_messages_that_they_forbid(mark: str, store: str) -> None:
    """'Do not mail' reaches further than letters, and no mark but 'do not service' blocks calls."""
    flags = {mark: True} if mark.startswith("do_not") else {}
    tags: Any = (7,) if mark == "email_dormant" else ()
    whom = customers({"tag_type_ids": tags, **flags})
    reached = ({}, {"type": "Email", "value": "ann@example.com"})
    one = found(
        whom,
        contacts(*({"customer_id": 1, **row} for row in reached)),
        locations=locations({"customer_id": 1}),
        location_contacts=location_contacts(*({"location_id": 501, **row} for row in reached)),
        names={"tag": pd.DataFrame({"id": [7, 8], "name": ["email  dormant", "Opted In"], "active": [False, True]})},
        double_opt_in=mark == "opted_in",
    )
    rows = one.overall if store == "customers" else one.locations
    assert rows is not None
    assert {f"{row.purpose} {row.channel}" for row in rows.itertuples() if not row.lower} == BLOCKED[mark]


def test_tag_for_double_opt_in_counts_only_with_the_setting() -> None:
    whom = customers({"tag_type_ids": (8,)}, {"tag_type_ids": ()})
    reached = contacts(*({"customer_id": id, "type": "Email", "value": f"a{id}@example.com"} for id in (1, 2)))
    names = {"tag": {8: "Opted in"}}
    assert counts(found(whom, reached, names=names), "marketing", "e-mail")["lower"] == 2
    double = found(whom, reached, names=names, double_opt_in=True)
    assert counts(double, "marketing", "e-mail") == {"customers": 2, "lower": 1, "upper": 1, "not_opted_in": 1}
    with pytest.raises(UsageError, match="double_opt_in needs the names of tags"):
        found(whom, reached, double_opt_in=True)
    assert "shares for marketing by e-mail are upper bounds" in " ".join(double.summary())
    assert "Marketing by e-mail, at most" in [tile.title for tile in double.tiles()]


def test_second_number_unblocks_and_opt_out_outranks_unknown() -> None:
    whom = customers({}, {}, {}, {})
    reached = contacts(
        {"customer_id": 1, NO_TEXTS: True},
        {"customer_id": 1, "value": B},
        {"customer_id": 2, "value": "512-555-0111", MARKETING: False},
        {"customer_id": 2, "value": "512-555-0112", MARKETING: None},
        {"customer_id": 3, "value": "512-555-0121", MARKETING: None},
        {"customer_id": 3, "value": "512-555-0122", "type": "Phone"},
        {"customer_id": 4, "value": "000-000-0000"},
        {"customer_id": 4, "value": "512-555-0132", MARKETING: None},
    )
    one = found(whom, reached)
    assert [why(one, place)["marketing text"] for place in range(4)] == [
        "",
        "preference off",
        "preference unknown",
        "preference unknown",
    ]
    assert counts(one, "marketing", "text") == {
        "customers": 4, "lower": 1, "upper": 1, "preference_off": 1, "preference_unknown": 2,
    }  # fmt: skip


@pytest.mark.parametrize("first", [{REMINDERS: False}, {"value": "000-000-0000"}, {"type": "Phone", NO_TEXTS: True}])
def test_service_number_with_unknown_preference_makes_customer_possible(first: dict[str, Any]) -> None:
    """Calls, texts and e-mail alike, whatever the other number says; marketing still needs to know."""
    reached = contacts(
        {"customer_id": 1, **first},
        {"customer_id": 1, "value": B, **NO_PREFERENCES},
        {"customer_id": 1, "type": "Email", "value": "ann@example.com", REMINDERS: False},
        {"customer_id": 1, "type": "Email", "value": "lee@example.com", REMINDERS: None},
    )
    one = found(customers({}), reached)
    for channel in ("text", "e-mail") if "type" in first else ("call", "text", "e-mail"):
        assert counts(one, "service", channel) == {"customers": 1, "upper": 1, "preference_unknown": 1}
    gone = found(customers({"do_not_service": True}), reached)
    assert counts(gone, "service", "text") == {"customers": 1, "do_not_service": 1}


def test_unknown_preference_is_possible_for_service() -> None:
    one = found(customers({}, {}), contacts({"customer_id": 1}, {"customer_id": 2, "value": B, **NO_PREFERENCES}))
    assert counts(one, "service", "call") == {"customers": 2, "lower": 1, "upper": 2, "preference_unknown": 1}
    assert counts(one, "marketing", "call") == {"customers": 2, "lower": 1, "upper": 1, "preference_unknown": 1}


OTHER_RECORDS = [
    {"reached": ({"customer_id": 2, "value": "+1 512 555 0101", NO_TEXTS: True},)},
    {"reached": ({"customer_id": 1, "value": "(512) 555-0101", NO_TEXTS: True, "type": "Phone"},)},
    {"reached": ({"customer_id": 99, NO_TEXTS: True},)},  # of a customer who was not read
    {"reached": ({"customer_id": 3, NO_TEXTS: True},)},  # of one who was merged
]


@pytest.mark.parametrize("other", OTHER_RECORDS)
def test_text_opt_out_on_another_record_of_the_number(other: Any) -> None:
    whom = customers({}, {}, {"merged_to_id": 1, "active": False})
    one = found(whom, contacts({"customer_id": 1}, *other["reached"]))
    blocked = "opted out on another record" if other["reached"][0]["customer_id"] != 1 else "opted out on this record"
    assert why(one)["marketing text"] == why(one)["service text"] == blocked
    assert why(one)["marketing call"] == ""
    assert [list_.frame["Number or address"].tolist() for key, list_ in one.work_lists.items()
            if key == "do-not-text-elsewhere"] == [[A]]  # fmt: skip


def test_marketing_opt_out_elsewhere_blocks_only_marketing() -> None:
    of_location = {
        "locations": locations({"customer_id": 1}),
        "location_contacts": location_contacts({"location_id": 501, MARKETING: False, "value": "15125550101"}),
    }
    newer = {
        "methods": methods({"contact_id": "c1", "id": "m1"}),
        "method_preferences": preferences({"contact_id": "c1", "contact_method_id": "m1", "value": "False"}),
        "marketing_names": ["marketing"],
    }
    for more in (of_location, newer):
        one = found(customers({}), contacts({"customer_id": 1}), **more)
        assert why(one)["marketing call"] == why(one)["marketing text"] == "opted out on another record"
        assert why(one)["service call"] == why(one)["service text"] == ""
        assert len(one.work_lists["marketing-off-elsewhere"]) == 1
    # without names nobody knows which preference means marketing
    unnamed = found(customers({}), contacts({"customer_id": 1}), **newer | {"marketing_names": ()})
    assert why(unnamed)["marketing text"] == ""


def test_numbers_are_parsed_next_to_names_and_other_numbers() -> None:
    """As an opt-out reads them: `5125550101 (Ann)` is a number, and `A / B` are two."""
    whom = customers({}, {}, {}, {}, {})
    reached = contacts(
        {"customer_id": 1, "value": "5125550101 (Ann)"},
        {"customer_id": 2, "value": f"{A} / {B}"},
        {"customer_id": 3, "value": "cell: (512) 555-0102 x7", NO_TEXTS: True},
        {"customer_id": 4, "value": f"{C} (old: 000-000-0000)"},
        {"customer_id": 5, "type": "Email", "value": "Ann <Ann@Example.com>"},
    )
    consent = pd.DataFrame(
        {
            "contact": ["Ann 512.555.0101", f"{C}, {B}"],
            "channel": "call",
            "purpose": "service",
            "allowed": [True, False],
        }
    ).assign(date="2026-02-01")
    one = found(whom, reached, consent=consent, many=2)
    assert [why(one, place)["marketing text"] for place in range(4)] == [
        "",
        "opted out on another record",
        "opted out on this record",
        "",
    ]
    assert why(one, 4)["marketing e-mail"] == ""
    refused = "refused on your own list"
    assert [why(one, place)["service call"] for place in range(4)] == ["", refused, refused, refused]
    assert one.work_lists["do-not-text-elsewhere"].frame["Customer id"].tolist() == [2]
    assert not len(one.work_lists["preference-without-valid"])
    shared = one.work_lists["shared-numbers"].frame
    assert shared[["Number or address", "Customer id"]].values.tolist() == [
        ["+15125550101", 1], ["+15125550101", 2], ["+15125550102", 2], ["+15125550102", 3],
    ]  # fmt: skip
    # of two numbers of one record the refused one counts
    no = one.work_lists["list-says-no"].frame
    assert no["Customer id"].tolist() == [2, 3, 4]
    assert one.consent is not None
    assert one.consent.set_index(["purpose", "channel"]).loc[("service", "call"), "allowed"] == 1


def test_placeholder_numbers_are_not_shared_numbers() -> None:
    reached = contacts(
        {"customer_id": 1, "value": "000-000-0000", NO_TEXTS: True, MARKETING: False},
        {"customer_id": 2, "value": "000-000-0000"},
        {"customer_id": 2, "value": B},
    )
    one = found(customers({}, {}), reached)
    assert why(one, 1)["marketing text"] == ""
    assert not len(one.work_lists["do-not-text-elsewhere"])
    assert not len(one.work_lists["marketing-off-elsewhere"])


def test_merged_customers_and_deleted_contacts_are_excluded_and_counted() -> None:
    whom = customers({}, {"merged_to_id": 1, "active": False}, {"active": False, "merged_to_id": 0})
    reached = contacts({"customer_id": 1}, {"customer_id": 2}, {"customer_id": 1, "value": B, NO_TEXTS: True})
    reached["active"] = pd.array([True, True, False], dtype="boolean")
    one = found(whom, reached)
    assert counts(one, "marketing", "text") == {"customers": 1, "lower": 1, "upper": 1}
    assert one.left_out == {
        "inactive customers": 1, "merged customers": 1, "deleted contacts": 1, "contacts of other customers": 1,
    }  # fmt: skip
    row = {"store": "customers", "name": "Inactive or merged customers", "customers": 2, "inactive": 1, "merged": 1}
    assert one.others.to_dict("records") == [row]
    assert '<tr class="stcrm-faint"><th scope="row">Inactive or merged customers</th>' in one._repr_html_()
    assert [(count.what, count.rows, count.filter) for count in one.check.counts[:2]] == [
        ("Customers active", 1, "Active"),
        ("Customers inactive, 1 of them merged into others", 2, "Inactive"),
    ]
    assert [(step.left_out, step.remain) for step in one.check.steps] == [(0, 3), (1, 2), (1, 1), (1, 2), (1, 1)]
    assert "1 customer is merged into others: in a row of their own, not included in any share." in one.summary()
    assert one.summary()[0].startswith("Of 1 active customer,")


def test_inactive_customers_are_excluded_but_their_opt_outs_count() -> None:
    whom = customers(*[{}] * 4, *[{"active": False, "type": "Commercial"}] * 4, {"active": None})
    reached = contacts(
        *({"customer_id": 1 + place, "value": f"512-555-011{place}"} for place in range(9)),
        {"customer_id": 5, "value": "512-555-0110", NO_TEXTS: True},
    )
    one = found(whom, reached, by="customer_type")
    assert one.table["name"].unique().tolist() == ["Residential"]
    assert counts(one, "marketing", "text") == {
        "customers": 5, "lower": 3, "upper": 3, "opted_out_on_another_record": 1, "preference_unknown": 1,
    }  # fmt: skip
    assert one.combinations.groupby("purpose")["customers"].sum().tolist() == [5, 5]
    assert one.work_lists["do-not-text-elsewhere"].frame["Customer id"].tolist() == [1]
    assert dict(one.tiles()[2].details)["All active customers"] == "80% (38–96%)"


def test_locations_and_newer_contacts_are_reported_separately() -> None:
    one = found(
        customers({}, {"do_not_service": True}),
        contacts({"customer_id": 1}),
        locations=locations({"customer_id": 1}, {"customer_id": 2}, {"customer_id": 1, "merged_to_id": 501}),
        location_contacts=location_contacts(
            {"location_id": 501, "value": B}, {"location_id": 502, "value": C}, {"location_id": 503}
        ),
        methods=methods(
            {"contact_id": "c1", "id": "m1", "value": "512-555-0141"},
            {"contact_id": "c2", "id": "m2", "value": "512-555-0142"},
            {"contact_id": "c3", "id": "m3", "value": "512-555-0143"},
            {"contact_id": "c4", "id": "m4", "value": "512-555-0144"},
        ),
        method_preferences=preferences(
            {"contact_id": "c1", "contact_method_id": "m1", "value": "true"},
            {"contact_id": "c2", "contact_method_id": "m2", "value": "true"},
            {"contact_id": "c3", "contact_method_id": "m3", "value": "perhaps"},
            {"contact_id": "c4", "contact_method_id": "m4", "value": "off"},
            {"contact_id": "c4", "contact_method_id": "m4", "name": "Reminders", "value": "on"},
        ),
        newer_contacts=newer_contacts({"id": "c1"}, {"id": "c2", "is_archived": True}, {"id": "c3"}, {"id": "c4"}),
        marketing_names=("Marketing",),
        service_names=("Reminders",),
    )
    assert one.locations is not None
    assert one.newer is not None
    of_locations = one.locations.set_index(["purpose", "channel"]).loc[("marketing", "text")]
    assert of_locations[["customers", "lower", "do_not_service"]].tolist() == [2, 1, 1]
    texts = one.newer.set_index(["purpose", "channel"]).loc[("marketing", "text")]
    assert texts[["customers", "lower", "preference_off", "preference_unknown"]].tolist() == [3, 1, 1, 1]
    service = one.newer.set_index(["purpose", "channel"]).loc[("service", "call")]
    assert service[["lower", "upper", "preference_unknown"]].tolist() == [1, 3, 2]
    assert one.others[["store", "customers", "inactive", "merged"]].values.tolist() == [
        ["customers", 0, 0, 0], ["locations", 1, 0, 1], ["newer", 1, 1, 0],
    ]  # fmt: skip
    assert "mail" not in set(one.newer["channel"])
    assert counts(one, "marketing", "text") == {"customers": 2, "lower": 1, "upper": 1, "do_not_service": 1}


def test_ages_are_whole_local_years() -> None:
    born = {
        "2025-06-01T14:00Z": "1 to 2 years",  # the birthday itself, local
        "2025-06-02T04:59Z": "1 to 2 years",  # still the first of June in Chicago
        "2025-06-02T05:00Z": "under 1 year",
        "2024-02-29T18:00Z": "2 to 5 years",
        "2021-06-01T06:00Z": "5 years and more",
        "2026-07-01T00:00Z": "under 1 year",  # a clock that is ahead
        "0001-01-01T00:00Z": "age unknown",
    }
    whom = customers(*({"created_on": moment} for moment in born), {"created_on": None})
    table = found(whom, contacts({"customer_id": 1}), by="age").table
    table = table[(table["purpose"] == "service") & (table["channel"] == "mail")]
    sizes = dict(zip(table["name"], table["customers"], strict=True))
    expected = pd.Series([*born.values(), "age unknown"]).value_counts().to_dict()
    assert sizes == expected
    assert table["name"].tolist()[0] == "under 1 year"
    assert table["name"].tolist()[-1] == "age unknown"


@pytest.mark.parametrize(
    ("as_of", "expected"), [("2025-02-28T18:00Z", "under 1 year"), ("2025-03-01T18:00Z", "1 to 2 years")]
)
def test_leap_day_anniversary_is_in_march(as_of: str, expected: str) -> None:
    whom = customers({"created_on": "2024-02-29T18:00Z"})
    assert found(whom, contacts({"customer_id": 1}), by="age", as_of=as_of).table["name"].unique().tolist() == [
        expected
    ]


def test_group_by_type_tag_and_both() -> None:
    whom = customers(
        {"tag_type_ids": (7, 8)}, {"tag_type_ids": (7,)}, {"type": None}, {"type": "Commercial", "tag_type_ids": (8, 8)}
    )
    reached = contacts(
        {"customer_id": 1}, {"customer_id": 2, "value": B, MARKETING: False}, {"customer_id": 4, "value": C}
    )

    def texts(**more: Any) -> list[list[Any]]:
        table = found(whom, reached, **more).table
        rows = table[(table["purpose"] == "marketing") & (table["channel"] == "text")]
        return rows[["name", "customers", "lower"]].values.tolist()

    assert texts(by="customer_type") == [["Residential", 2, 1], ["Commercial", 1, 1], ["(none)", 1, 0]]
    tags = pd.DataFrame({"id": [7, 8], "name": ["VIP", "Old"], "active": [True, False]})
    assert texts(by="tag", names=tags) == [["Old (inactive)", 2, 2], ["VIP", 2, 1], ["(none)", 1, 0]]
    assert texts(by=("tag", "customer_type"), names={"tag": {7: "VIP"}}) == [
        ["VIP · Residential", 2, 1],
        ["8 · Commercial", 1, 1],
        ["8 · Residential", 1, 1],
        ["(none) · (none)", 1, 0],
    ]


def test_tenants_do_not_mix() -> None:
    whom = customers({}, {"id": 1}).assign(tenant=[11, 22])
    reached = contacts({"customer_id": 1, "id": 5}, {"customer_id": 1, "id": 5, NO_TEXTS: True}).assign(tenant=[11, 22])
    table = found(whom, reached, by="tenant", names={11: "North"}).table
    rows = table[(table["purpose"] == "marketing") & (table["channel"] == "text")].set_index("name")
    assert rows["lower"].to_dict() == {"North": 1, "22": 0}
    assert rows["opted_out_on_this_record"].to_dict() == {"North": 0, "22": 1}
    with pytest.raises(UsageError, match="tenant"):
        found(whom, contacts({"customer_id": 1}))


def test_channel_combinations_add_up() -> None:
    whom = customers({}, {}, {"do_not_mail": True}, {"do_not_service": True})
    reached = contacts(
        {"customer_id": 1},
        {"customer_id": 1, "type": "Email", "value": "a@example.com"},
        {"customer_id": 2, "value": B},
    )
    sets = found(whom, reached).combinations
    marketing = sets[sets["purpose"] == "marketing"]
    counts = {
        tuple(channel for channel in ("call", "text", "e-mail", "mail") if row[channel]): int(row["customers"])
        for _, row in marketing.iterrows()
    }
    assert counts == {("call", "text", "e-mail", "mail"): 1, ("call", "text", "mail"): 1, (): 2}


def test_frames_without_rows() -> None:
    one = found(customers(), contacts())
    assert one.overall["customers"].tolist() == [0] * 8
    assert one.overall["share_lower"].isna().all()
    assert one.summary() == ["There are no active customers."]
    assert one.actions() == []
    assert all(len(list_) == 0 for list_ in one.work_lists.values())
    assert "<table>" in one._repr_html_()
    for by in ("age", "tag", "customer_type"):
        assert found(customers(), contacts(), by=by).table.dtypes.astype(str).to_dict() | {"id": ""} == (
            one.overall.dtypes.astype(str).to_dict() | {"id": ""}
        )
    for kind in ("reach", "reasons", "combinations"):
        assert one.figure(kind).layout.meta["alt"]
    assert len(one.tiles()) == 4


def test_nulls_everywhere() -> None:
    nothing = dict.fromkeys(customers({}).columns)
    bare = dict.fromkeys(contacts({"customer_id": 1}).columns)
    one = found(customers(nothing | {"id": 1}), contacts(bare | {"customer_id": 1, "id": 9}), by=("age", "tag"))
    assert set(why(one).values()) == {"none on file"}
    assert one.table["name"].unique().tolist() == ["age unknown · (none)"]


def test_invalid_inputs_raise() -> None:
    whom, reached = customers({}), contacts({"customer_id": 1})

    def told(frame: pd.DataFrame, **filters: Any) -> pd.DataFrame:
        other = frame.copy()
        other.attrs["stcrm"] = {"filters": filters, "fetched_at": AS_OF}
        return other

    for frames, words in (
        ((told(whom, modified_on_or_after="2026-01-01"), reached), "customers were read with modified_on_or_after"),
        ((told(whom, since="2026-01-01"), reached), "since"),
        ((whom, told(reached, created_before="2026-01-01")), "contacts were read with created_before"),
        ((pd.concat([whom, whom]), reached), "1 rows repeat a key"),
        ((whom, pd.concat([reached, reached])), "1 rows repeat a key"),
        ((whom.drop(columns="do_not_mail"), reached), "has no columns do_not_mail"),
        ((whom, reached.drop(columns=[MARKETING])), "has no columns"),
    ):
        with pytest.raises(UsageError, match=words):
            found(*frames)
    everything = told(reached, modified_on_or_after="1970-01-01T00:00Z")
    assert len(found(told(whom, created_on_or_after="2020-01-01"), everything, as_of=None).table) == 8
    for wrong in (
        {"by": "campaign"},
        {"by": ("age", "age")},
        {"by": ("age", "tag", "tenant")},
        {"min_group": 0},
        {"many": 1},
    ):
        with pytest.raises(UsageError):
            found(whom, reached, **wrong)
    with pytest.raises(UsageError, match="time zone"):
        found(whom, reached, by="age", time_zone=None)
    with pytest.raises(UsageError, match="need the locations"):
        found(whom, reached, location_contacts=location_contacts())
    with pytest.raises(UsageError, match="is not a dimension"):
        found(whom, reached, by="tag", names={"tags": {1: "VIP"}})
    with pytest.raises(UsageError, match="no figure"):
        found(whom, reached).figure("bars")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="there are no groups"):
        found(whom, reached).figure("groups")


def test_lists_have_the_number_by_which_to_reach_somebody() -> None:
    whom = customers({}, {}, {"do_not_service": True})
    reached = contacts(
        {"customer_id": 1, "type": "Email", "value": "none@none.com"},
        {"customer_id": 1, "type": "Phone", "value": A},
        {"customer_id": 2, "type": "MobilePhone", "value": "000-000-0000"},
        {"customer_id": 3, "type": "MobilePhone", "value": C},
    )
    places = locations({"customer_id": 1}, {"customer_id": 1})
    of_places = location_contacts(
        {"location_id": 501, "type": "Email", "value": "none@none.com"},
        {"location_id": 502, "type": "MobilePhone", "value": B},
        {"location_id": 502, "type": "Email", "value": "none@none.com"},
    )
    lists = found(whom, reached, locations=places, location_contacts=of_places).work_lists
    shown = {key: one.frame[["Phone"]].set_index(one.frame.iloc[:, 0]) for key, one in lists.items() if len(one)}
    assert shown["preference-without-valid"]["Phone"].to_dict() == {1: "(512) 555-0101", 2: "No phone on file"}
    # that of the location, else that of its customer
    ours = shown["preference-without-valid-locations"]["Phone"].to_dict()
    assert ours == {501: "(512) 555-0101", 502: "(512) 555-0102"}
    assert shown["marketing-at-do-not-service"]["Phone"].to_dict() == {3: "Do not call"}
    assert lists["marketing-at-do-not-service"].notes[0].startswith("Do not call: ")
    assert not lists["preference-without-valid"].notes


def test_people_who_must_not_be_called_are_not_asked() -> None:
    unknown = {"type": "MobilePhone", MARKETING: None, "value": B}
    reached = contacts(
        {"customer_id": 1, **unknown},
        {"customer_id": 2, **unknown, "value": C},
        {"customer_id": 2, "type": "Email", "value": "none@none.com"},
        {"customer_id": 3, "type": "Fax", "value": C, MARKETING: False, REMINDERS: False},  # the same number
    )
    one = found(customers({}, {}, {}), reached, **no_others())
    assert one.work_lists["ask-for-marketing"].frame["Customer id"].tolist() == [1]
    assert not len(one.work_lists["preference-without-valid"])
    apart = one.work_lists["preferences-not-to-call"]
    assert apart.frame[["Customer id", "Phone"]].values.tolist() == [[2, "Do not call"]]
    assert "Ask 1 customer about marketing." in [action.do for action in one.actions()]
