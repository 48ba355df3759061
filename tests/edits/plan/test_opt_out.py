"""Lists of numbers and addresses that want to hear no more, over HTTP: what is sent, and what is left to a person."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stcrm_pandas as stcrm
from stcrm_pandas.edits.plan.opt_out import ContactRows, plan_opt_out, requested_values
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox import Sandbox

from .people import FREE, MAIL, NO, TEXTLESS, YES, People, line
from .rows import ORIGIN, frame

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
CLOSED, OF_A_LEAD, OF_LEADS = "512-555-0104", "512-555-0105", "Lead@Example.com"
SCREEN = "ServiceTitan"


class Closed(People):
    """Customer 2 was merged (0: not), customer 3 and its location 13 are inactive; all say yes. Leads have numbers."""

    def _own(self, name, rows):
        rows = super()._own(name, rows)
        if name == "customers":
            gone = {2: {"active": False, "mergedToId": 1}, 3: {"active": False}}
            return [{**row, "mergedToId": 0, **gone.get(row["id"], {"active": True})} for row in rows]
        if name == "customer_contacts":
            more = [
                {**rows[0], **line(CLOSED, YES), "id": 150 + customer, "customerId": customer} for customer in (1, 2, 3)
            ]
            return [*rows, *more]
        if name == "leads":
            texts = (("(512) 555-0105", ""), (None, OF_LEADS), ("n/a", OF_LEADS.lower()))
            return [
                {**row, "leadPhone": phone, "leadEmail": mail} for row, (phone, mail) in zip(rows, texts, strict=True)
            ]
        return rows


@pytest.fixture
def box():
    with Sandbox(company=Closed(), as_of=AS_OF, rate_limit=None) as sandbox:
        yield sandbox


@pytest.fixture
def crm(box, tmp_path):
    with stcrm.connect(sandbox=box, cache_dir=tmp_path, rate_limit=1000, progress=False, time_zone="UTC") as crm:
        yield crm


def listed(plan):
    return plan.unmatched.groupby("what", sort=False)["why"].agg(list).to_dict()


def test_every_matching_record_is_opted_out(crm):
    plan = crm.plan_opt_out(["+15125550103", MAIL.upper(), "512.555.0199", "no number", FREE], names=["marketing"])
    changes = plan.changes
    assert changes["resource"].tolist().count("location_contacts") == 1
    assert changes["resource"].tolist().count("contact_preferences") == 2
    assert changes["opt_out"].all()
    assert "customer_contacts" not in set(changes["resource"])  # it is off there
    assert set(changes["new"].map(str)) == {"False", "false"}
    why = listed(plan)
    assert why["512.555.0199"] == ["no searched record has it"]
    assert "neither" in why["no number"][0]
    assert [one.partition(":")[0] for one in why["+15125550103"]] == [
        "location 13 is inactive, so its contacts cannot be changed",
        "no operation stops text messages",
    ]
    assert why[FREE] == why["+15125550103"], "each text that was asked for has its own lines"
    assert len(why) == 4
    assert plan.checked


def test_newer_contacts_are_listed_without_names(crm):
    plan = crm.plan_opt_out([MAIL, TEXTLESS])
    assert plan.changes["resource"].tolist() == ["location_contacts"]
    unmatched = plan.unmatched
    assert unmatched["what"].tolist() == [MAIL]
    assert "names=" in unmatched["instead"][0]
    strange = crm.plan_opt_out([MAIL], names=["Weather"])
    assert "no preference with these names" in strange.unmatched["why"][0]


def test_contacts_of_inactive_or_merged_customers_are_listed(crm):
    plan = crm.plan_opt_out([CLOSED, FREE, MAIL], names=["Marketing"], reason="asked by mail")
    assert [key for _, key in plan.keys if len(key) == 2] == [(1, 151), (11, 111)]
    unmatched = plan.unmatched[plan.unmatched["why"].str.contains("contacts cannot be changed")]
    assert unmatched.values.tolist() == [
        [CLOSED, "customer 2 was merged into 1, so its contacts cannot be changed", f"change it in {SCREEN}"],
        [
            CLOSED,
            "customer 3 is inactive, so its contacts cannot be changed",
            f"activate customer 3, or change it in {SCREEN}",
        ],
        [
            FREE,
            "location 13 is inactive, so its contacts cannot be changed",
            f"activate location 13, or change it in {SCREEN}",
        ],
    ]
    result = plan.apply()
    assert result.ok, result
    assert len(result.succeeded) == len(plan.keys)
    after = crm.customers.list_contacts(refresh=True).set_index("id")["preferences_marketing_updates_enabled"]
    assert after[[151, 152, 153]].tolist() == [False, True, True]  # the last two are listed
    again = crm.plan_opt_out([CLOSED, FREE, MAIL], names=["Marketing"])
    assert not again.steps
    assert again.listed == plan.listed


def test_leads_are_listed_once_per_number(crm):
    plan = crm.plan_opt_out([OF_A_LEAD, OF_LEADS])
    assert not plan.steps
    assert listed(plan) == {
        OF_A_LEAD: ["lead 21 has it, and leads have no preferences"],
        OF_LEADS: ["2 leads have it (22, 23), and leads have no preferences"],
    }


def test_plan_lists_what_was_not_searched(crm, box, tmp_path):
    plan = crm.plan_opt_out([OF_A_LEAD])
    texts, bookings = plan.warnings
    assert "its own register of text opt-outs" in texts
    assert bookings.startswith("Contacts of bookings were not searched")
    assert texts in repr(plan)
    assert bookings in repr(plan)
    assert texts not in crm.plan_opt_out([MAIL]).warnings, "an address gets no texts"
    box.inject("Leads_GetList", status=403, times=5)
    plan = crm.plan_opt_out([OF_A_LEAD])
    assert plan.warnings[0].startswith("Leads were not searched")
    assert listed(plan) == {OF_A_LEAD: ["no searched record has it"]}


@pytest.mark.parametrize("nothing", [[], "", [None], 5125550101, [5125550101.0], pd.DataFrame({"a": ["x"]})])
def test_empty_list_raises(crm, nothing):
    with pytest.raises(UsageError, match="plan_opt_out"):
        crm.plan_opt_out(nothing)


WIDE = "".join(chr(ord(digit) + 0xFEE0) for digit in "5125550103")
WRITTEN = {
    "5125550103 (Ann)": 1,
    "Ann: 512.555.0103": 1,
    "512-555-0103 / 512-555-0199": 2,
    "512-555-0103 x12": 1,
    "512-555-0103 ext. 4": 1,
    WIDE: 1,
    "512\u200b555\u200b0103": 1,
    "512\u2011555\u20110103": 1,
    "\u202a+1 512 555 0103\u202c": 1,
    "tel:+15125550103": 1,
}
"""How a number is written, and how many numbers stand there."""


def test_numbers_match_in_any_format(crm):
    plain = crm.plan_opt_out(["512-555-0103"], names=["Marketing"])
    assert len(plain.keys) == 1
    plan = crm.plan_opt_out(list(WRITTEN), names=["Marketing"])
    assert plan.keys == plain.keys
    for text, numbers in WRITTEN.items():
        own = plan.unmatched[plan.unmatched["what"] == text]["why"]
        assert own.str.contains("no searched record").sum() == numbers - 1, text
        assert own.str.contains("location 13 is inactive").sum() == 1, text
        assert not own.str.contains("neither").any(), text
        assert requested_values([text]).keys() >= {"+15125550103"}


def test_addresses_match_in_any_format(crm):
    texts = {
        "Ann <ann@example.com>": 0,
        "ann@example.com; b@x.com": 1,
        "mailto:Ann@Example.com": 0,
        "\u200bann@example.com": 0,
        "Ann ann@example.com, nobody@x.com": 1,
    }
    plan = crm.plan_opt_out(list(texts), names=["Marketing"])
    assert plan.keys == crm.plan_opt_out([MAIL], names=["Marketing"]).keys
    for text, missing in texts.items():
        assert "ann@example.com" in requested_values([text]), text
        assert (plan.unmatched["what"] == text).sum() == missing, text


def test_contact_with_several_numbers_matches_each(box, crm):
    box.change("customer_contacts", (1, 151), value="512-555-0188 (Ann) / 512-555-0189")
    for number in ("5125550188", "512.555.0189"):
        assert (1, 151) in [key for _, key in crm.plan_opt_out([number]).keys]


def test_unreadable_text_next_to_a_number_is_listed(crm):
    text = "512-555-0103, 5125550"
    plan = crm.plan_opt_out([text], names=["Marketing"])
    assert any(why.startswith("part of the text cannot be read") for why in listed(plan)[text])


def test_already_opted_out_entries_are_reported(crm):
    plan = crm.plan_opt_out([TEXTLESS])
    assert not plan.steps
    assert plan.unmatched.empty
    assert plan.warnings[0].startswith("1 of the 1 numbers and addresses is already opted out")


class Empty(Closed):
    """Some stores have no row at all."""

    def __init__(self, *empty):
        super().__init__()
        self.empty = empty

    def tables(self):
        for name, rows in super().tables():
            yield name, [] if name in self.empty else rows


STORES = ("customer_contacts", "location_contacts", "contact_methods", "contact_preferences", "leads")


@pytest.mark.parametrize("empty", [STORES[:1], STORES[1:4], STORES], ids=["customers", "others", "all"])
def test_empty_store_is_not_an_error(empty, tmp_path):
    with (
        Sandbox(company=Empty(*empty), as_of=AS_OF, rate_limit=None) as box,
        stcrm.connect(sandbox=box, cache_dir=tmp_path, rate_limit=1000, progress=False, time_zone="UTC") as crm,
    ):
        plan = crm.plan_opt_out([MAIL, FREE, OF_A_LEAD, "512.555.0199"], names=["Marketing"])
        assert "512.555.0199" in plan.unmatched["what"].tolist()
        assert plan.apply().ok
        if empty == STORES:
            assert plan.unmatched["what"].tolist() == [MAIL, FREE, OF_A_LEAD, "512.555.0199"]
        before = crm.customers.list(refresh=True)
        box.change("customers", 1, doNotMail=True)
        before = crm.customers.list(refresh=True).head(1)
        opt_in = crm.customers.plan_changes(
            before, before.assign(do_not_mail=False), allow_opt_in=True, consent_source="letter"
        )
        assert opt_in.apply().ok


def test_opt_in_check_parses_values_the_same_way(box, crm):
    """Customer 3 said no with a number that another record has with a name beside it."""
    box.change(
        "customer_contacts", (1, 151), value="5125550103 (Ann)", **{"preferences.marketingUpdatesEnabled": False}
    )
    box.change(
        "location_contacts", (13, 113), value="512-555-0103 x2", **{"preferences.marketingUpdatesEnabled": False}
    )
    contacts = crm.customers.list_contacts(refresh=True)
    before = contacts[contacts["id"] == 151]
    plan = crm.customers.plan_contact_changes(
        before,
        before.assign(preferences_marketing_updates_enabled=True),
        allow_opt_in=True,
        consent_source="letter",
    )
    assert plan.refused["reason"].tolist() == ["another record of the same number or address is opted out"]


@pytest.mark.parametrize("mark", ["do_not_mail", "do_not_service"])
@pytest.mark.parametrize(
    ("table", "key"), [("customer_contacts", (1, 151)), ("location_contacts", (11, 111))], ids=["customer", "location"]
)
@pytest.mark.parametrize("where", ["elsewhere", "own", "nowhere"])
def test_removing_a_mark_opts_in_all_numbers_of_the_customer(box, crm, mark, table, key, where):
    """Another record of an e-mail that opted out refuses it; the customer's own opt-out stays, and does not."""
    box.change("customers", 1, doNotMail=True, doNotService=True)
    for id in crm.customers.list(active=None)["id"][1:]:
        box.change("customers", int(id), doNotMail=False, doNotService=False)
    free = {"preferences": YES, "phoneSettings.doNotText": False}
    rows = crm.customers.list_contacts(refresh=True)
    for id in rows.loc[rows["customer_id"] == 1, "id"]:
        box.change("customer_contacts", (1, int(id)), value=f"a{id}@example.com", type="Email", **free)
    mine = crm.locations.list(customer_id=1, active=None, refresh=True)["id"]
    rows = crm.locations.list_contacts(refresh=True)
    for row in rows[rows["location_id"].isin(mine)].itertuples(index=False):
        place = (int(row.location_id), int(row.id))
        box.change("location_contacts", place, value=f"b{row.id}@example.com", type="Email", **free)
    box.change(table, key, value="Sole@example.com", type="Email", **free)
    off = {"preferences": NO}
    if where == "elsewhere":
        box.change("customer_contacts", (2, 102), value="sole@Example.com", type="Email", **off)
    elif where == "own":
        box.change(table, key, **off)
        box.change("customer_contacts", (2, 102), value="sole@Example.com", type="Email", **{**free, **off})
    before = crm.customers.list(ids=[1], refresh=True)
    plan = crm.customers.plan_changes(
        before, before.assign(**{mark: False}), allow_opt_in=True, consent_source="letter"
    )
    refused = ["another record of the same number or address is opted out"] if where == "elsewhere" else []
    assert plan.refused["reason"].tolist() == refused
    assert plan.apply().ok
    assert box.row("customers", 1)["doNotMail" if mark == "do_not_mail" else "doNotService"] is (where == "elsewhere")


OWN_PART_OFF = {
    "no marketing": {"preferences": {**YES, "marketingUpdatesEnabled": False}},
    "no texts": {"phoneSettings.doNotText": True},
}
ELSEWHERE_OFF = {
    "no marketing": ("customer_contacts", (2, 102), {"preferences": {**YES, "marketingUpdatesEnabled": False}}),
    "no texts": ("customer_contacts", (2, 102), {"phoneSettings.doNotText": True}),
    "not served": ("customers", 2, {"doNotService": True}),
}


@pytest.mark.parametrize("mark", ["do_not_mail", "do_not_service"])
@pytest.mark.parametrize("own", OWN_PART_OFF)
@pytest.mark.parametrize("elsewhere", ELSEWHERE_OFF)
def test_a_number_that_stays_opted_out_of_a_part_is_still_opted_in(box, crm, mark, own, elsewhere):
    """Without the mark, a number without marketing gets calls and reminders, and one without texts gets calls."""
    box.change("customers", 1, doNotMail=True, doNotService=True)
    for id in crm.customers.list(active=None)["id"][1:]:
        box.change("customers", int(id), doNotMail=False, doNotService=False)
    free = {"preferences": YES, "phoneSettings.doNotText": False}
    for customer, id in ((1, 101), (2, 102)):
        box.change("customer_contacts", (customer, id), value="512-555-7777", type="MobilePhone", **free)
    rows = crm.customers.list_contacts(customer_ids=[1], refresh=True)
    for id in rows.loc[rows["id"] != 101, "id"]:
        box.change("customer_contacts", (1, int(id)), preferences=NO)
    box.change("customer_contacts", (1, 101), **OWN_PART_OFF[own])
    table, key, change = ELSEWHERE_OFF[elsewhere]
    box.change(table, key, **change)
    before = crm.customers.list(ids=[1], refresh=True)
    plan = crm.customers.plan_changes(
        before, before.assign(**{mark: False}), allow_opt_in=True, consent_source="letter"
    )
    only_marketing = mark == "do_not_mail" and own == "no marketing"  # this mark forbids nothing else but letters
    assert len(plan.refused) == (0 if only_marketing or own == elsewhere else 1)
    assert plan.apply().ok
    assert (
        bool(box.row("customers", 1)["doNotMail" if mark == "do_not_mail" else "doNotService"])
        is not plan.refused.empty
    )


def test_placeholders_of_other_records_refuse_nothing(box, crm):
    box.change(
        "customer_contacts", (1, 101), value="123-456-7890", preferences=NO, **{"phoneSettings.doNotText": False}
    )
    box.change("customer_contacts", (2, 102), value="1234567890", preferences=NO, **{"phoneSettings.doNotText": True})
    contacts = crm.customers.list_contacts(refresh=True)
    before = contacts[(contacts["customer_id"] == 1) & (contacts["id"] == 101)]
    after = before.assign(preferences_marketing_updates_enabled=True)
    plan = crm.customers.plan_contact_changes(before, after, allow_opt_in=True, consent_source="letter")
    assert plan.refused.empty
    assert len(plan.changes) == 1


@pytest.mark.parametrize(
    "value",
    ["jane@mail.com", "jane@abc.com", "no1@gmail.com", "test@example.com", "(225) 888-8888", "(234) 567-8901"],
)
def test_what_only_looks_like_a_placeholder_refuses(value, box, crm):
    """Somebody may have it, so an opt-out of it on another record counts."""
    kind = "Email" if "@" in value else "MobilePhone"
    for key in ((1, 101), (2, 102)):
        box.change("customer_contacts", key, value=value, type=kind, preferences=NO)
    contacts = crm.customers.list_contacts(refresh=True)
    before = contacts[(contacts["customer_id"] == 1) & (contacts["id"] == 101)]
    after = before.assign(preferences_marketing_updates_enabled=True)
    plan = crm.customers.plan_contact_changes(before, after, allow_opt_in=True, consent_source="letter")
    assert plan.refused["reason"].tolist() == ["another record of the same number or address is opted out"]
    assert plan.apply().ok
    assert not box.row("customer_contacts", (1, 101))["preferences"]["marketingUpdatesEnabled"]


NUMBERS = [f"512555{place:04d}" for place in range(100, 108)]
KNOWN = NUMBERS[:4]
WRAPS = ["{}", "{} (Ann)", "Ann {}", "+1{}", "tel:{}", "{} x12", "\u200b{}", " {} ext. 7 "]
JOINTS = [" / ", "; ", ", ", " or ", "\n", " | "]


@given(
    st.lists(
        st.tuples(
            st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(WRAPS)), max_size=3), st.sampled_from(JOINTS)
        ),
        min_size=1,
        max_size=6,
    )
)
def test_every_entry_is_matched_or_unmatched(asked):
    """Pure: each number of each text is in a request, or its text is listed."""
    texts = [joint.join(wrap.format(number) for number, wrap in parts) or "no number" for parts, joint in asked]
    rows = [{"customer_id": place, "id": place, "value": number} for place, number in enumerate(KNOWN)]
    found = ContactRows(
        frame("customer_contacts", *rows),
        frame("location_contacts").head(0),
        frame("contact_methods").head(0),
        frame("contact_preferences").head(0),
        {},
        None,
    )
    plan = Plan.of(plan_opt_out(requested_values(texts), found, origin=ORIGIN))
    missing = plan.unmatched[plan.unmatched["why"].str.contains("no searched record|neither")]
    requested = {KNOWN[key[0]] for _, key in plan.keys}
    inside = {number for parts, _ in asked for number, _ in parts}
    assert requested == inside & set(KNOWN)
    expected = {
        text for text, (parts, _) in zip(texts, asked, strict=True) if not parts or {n for n, _ in parts} - set(KNOWN)
    }
    assert set(missing["what"]) == expected
