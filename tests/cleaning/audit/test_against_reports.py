"""What an audit counts, reports count alike on the same day, and a number after a repair is the one promised."""

from __future__ import annotations

import datetime as dt
import warnings

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas import analysis
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.errors import StcrmWarning
from stcrm_pandas.frame.contact_values import find_contacts, is_placeholder
from stcrm_pandas.sandbox import Sandbox

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
KEY = ["customer_id", "id"]


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    folders = {"cache_dir": folder / "cache", "state_dir": folder / "state"}
    with (
        Sandbox(leads=200, seed=11, as_of=AS_OF, rate_limit=None, feed_delay=0) as box,
        stcrm.connect(sandbox=box, rate_limit=1000, progress=False, **folders) as crm,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", StcrmWarning)
        mark_placeholders(box, crm.customers.list_contacts(), crm.customers.list())
        yield box, crm


def mark_placeholders(box, contacts, customers):
    """Give thirty customers the number 123-456-7890 and the address none@none.com, opted out on some of them."""
    mine = contacts[contacts["customer_id"].isin(customers["id"])]
    for types, value in ((("MobilePhone",), "123-456-7890"), (("Email",), "none@none.com")):
        for place, row in enumerate(mine[mine["type"].isin(types)].head(30).itertuples(index=False)):
            flags = dict.fromkeys(("jobRemindersEnabled", "invoiceNotification", "statementNotification"), True)
            flags |= {"invoiceStatementNotification": True, "marketingUpdatesEnabled": place % 3 > 0}
            settings = {"phoneNumber": value, "doNotText": place % 3 == 1} if types == ("MobilePhone",) else None
            changes = {"value": value, "preferences": flags, "phoneSettings": settings}
            box.change("customer_contacts", (int(row.customer_id), int(row.id)), **changes)


@pytest.fixture(scope="module")
def audit(company):
    return stcrm.audit(company[1], refresh=True)


@pytest.fixture(scope="module")
def frames(company):
    crm = company[1]
    rows = {
        "customers": crm.customers.list(active=None),
        "contacts": crm.customers.list_contacts(),
        "locations": crm.locations.list(active=None),
        "location_contacts": crm.locations.list_contacts(),
        "leads": crm.leads.list(),
        "bookings": crm.bookings.list(),
        "jobs": crm.lookups.jobs.list(),
        "tags": crm.lookups.tag_types.list(active=None),
        "call_reasons": crm.lookups.call_reasons.list(active=None),
    }
    return rows | {"zone": crm.settings.time_zone, "reasons": crm.settings.dismissing_reasons}


def of_leads(frames):
    linked = {name: frames[name] for name in ("jobs", "bookings", "call_reasons")}
    return analysis.lead_conversion(
        frames["leads"], **linked, dismissing_reasons=frames["reasons"], time_zone=frames["zone"]
    )


def of_bookings(frames):
    linked = {name: frames[name] for name in ("leads", "jobs", "customers")}
    return analysis.booking_sources(frames["bookings"], **linked, time_zone=frames["zone"])


def of_preferences(frames):
    linked = {name: frames[name] for name in ("locations", "location_contacts")}
    return analysis.contact_preferences(
        frames["customers"], frames["contacts"], **linked, names={"tag": frames["tags"]}, time_zone=frames["zone"]
    )


def counts(audit):
    return audit.table.set_index("finding")["rows"]


def test_open_leads_and_bookings_are_counted_as_in_their_reports(audit, frames):
    leads, bookings = of_leads(frames), of_bookings(frames)
    count = counts(audit)
    listed = {key: work_list.frame for key, work_list in leads.work_lists.items()}
    every = pd.concat(listed.values(), ignore_index=True)
    read = frames["leads"][frames["leads"]["id"].isin(every["Lead id"])]
    assert set(audit.rows("leads_follow_up")["id"]) == set(read.loc[read["follow_up_date"].isna(), "id"])
    assert count["leads_follow_up"] > 0
    assert set(listed["no-follow-up"]["Lead id"]) <= set(audit.rows("leads_follow_up")["id"])
    # what was unchanged for long is either in the list of the report, with a follow-up to come, or in the audit
    assert not set(audit.rows("leads_stale")["id"]) & set(listed["stale"]["Lead id"])
    assert set(audit.rows("leads_stale")["id"]) <= set(every["Lead id"])
    assert audit.rows("leads_stale")["modified_on"].max() <= pd.Timestamp(AS_OF) - pd.Timedelta(days=30)
    reasons = frames["call_reasons"]
    no_lead = reasons.loc[~reasons["is_lead"].fillna(value=True), "id"]
    analyzed = frames["leads"][~frames["leads"]["call_reason_id"].isin(no_lead)]
    still_open = analyzed["status"] == "Open"
    promised = audit.effects.set_index(["finding", "number"]).loc[
        ("leads_stale", "leads of the report that are still open")
    ]
    assert promised["now"] == pytest.approx(still_open.mean())
    assert promised["repaired"] == pytest.approx((still_open.sum() - count["leads_stale"]) / len(analyzed))

    assert count["bookings_stale"] == len(bookings.work_lists["new-too-long"]) > 0
    assert set(audit.rows("bookings_stale")["id"]) == set(bookings.work_lists["new-too-long"].frame["Booking"])
    odd = bookings.overall[["early_start", "no_start"]].iloc[0]
    assert count["bookings_start"] == odd.sum() > odd.max()
    spelt = bookings.work_lists["spellings"].frame
    usual = spelt.sort_values("Bookings", ascending=False).drop_duplicates("Source")
    assert count["bookings_source"] == spelt["Bookings"].sum() - usual["Bookings"].sum() > 0
    by_status = {count.what.rpartition(" ")[2]: count.rows for count in bookings.check.counts if "status" in count.what}
    documented = {"New", "Accepted", "Converted", "Dismissed"}
    assert count["bookings_status"] == sum(n for status, n in by_status.items() if status not in documented)


def test_contacts_are_counted_as_in_the_report_on_preferences(audit, frames):
    preferences = of_preferences(frames)
    for finding, key in (
        ("consent_marketing", "marketing-off-elsewhere"),
        ("consent_text", "do-not-text-elsewhere"),
    ):
        assert counts(audit)[finding] == len(preferences.work_lists[key]) > 0
        assert len(
            audit.rows(finding).merge(preferences.stores["customers"], left_on=KEY, right_on=["owner", "id"])
        ) == len(preferences.work_lists[key])
    active = set(audit.frame("customers")["id"])
    shared = preferences.work_lists["shared-numbers"].frame
    shared = shared[shared["Customer id"].isin(active)]
    for finding, address in (("phones_shared", False), ("emails_shared", True)):
        listed = shared[shared["Number or address"].str.contains("@") == address]
        assert counts(audit)[finding] == len(listed)
        assert set(audit.rows(finding)["customer_id"]) == set(listed["Customer id"])
    assert counts(audit)["phones_shared"] > 0
    states = preferences.states[[("service", channel) for channel in ("call", "e-mail")]]
    unreachable = states.isin([11, 12]).all(axis=1)  # invalid, none on file
    served = set(preferences.owners.frame.loc[preferences.owners.frame["do_not_service"] != 1, "id"])
    mine = audit.rows("customers_unreachable")
    assert set(mine["id"]) & served == set(preferences.owners.frame.loc[unreachable, "id"])


def test_placeholders_link_no_records(audit, frames):
    """Thirty customers have the number 123-456-7890, ten of them with 'do not text'."""
    preferences = of_preferences(frames)
    for finding in ("consent_text", "consent_marketing", "phones_shared", "emails_shared"):
        values = audit.rows(finding)["value"]
        assert not any(all(map(is_placeholder, find_contacts(value))) for value in values), finding
    for key in ("marketing-off-elsewhere", "do-not-text-elsewhere", "shared-numbers"):
        values = preferences.work_lists[key].frame["Number or address"]
        assert not values.isin(["123-456-7890", "+11234567890", "none@none.com"]).any(), key
    typed = frames["contacts"]
    dummy = typed[typed["value"].isin(["123-456-7890"])]
    assert len(dummy) >= 30
    pairs = stcrm.cleaning.duplicates(
        audit.frame("customers"), typed[typed["customer_id"].isin(audit.frame("customers")["id"])], frames["locations"]
    ).pairs
    both = pairs[pairs["id_1"].isin(dummy["customer_id"]) & pairs["id_2"].isin(dummy["customer_id"])]
    assert not both["reason"].str.contains("same phone").any()


def shares(frames):
    mail = of_preferences(frames).overall.set_index(["purpose", "channel"]).loc[("marketing", "e-mail")]
    leads = of_leads(frames).overall.iloc[0]
    return float(mail["share_lower"]), float(leads["share_lower"] + leads["share_upper"]) / 2


@pytest.fixture
def other(tmp_path):
    folders = {"cache_dir": tmp_path / "cache", "state_dir": tmp_path / "state"}
    with (
        Sandbox(leads=100, seed=5, as_of=AS_OF, rate_limit=None, feed_delay=0) as box,
        stcrm.connect(sandbox=box, rate_limit=1000, progress=False, **folders) as crm,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", StcrmWarning)
        yield box, crm


def at(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def merge(box, kept, frames):
    """Merge customers as people do on the service's screen: all that belongs to one moves to the one that is kept."""
    for name, table in (("leads", "leads"), ("jobs", "jobs"), ("locations", "locations")):
        for row in frames[name][frames[name]["customer_id"].isin(kept.index)].itertuples(index=False):
            if kept[row.customer_id] != row.customer_id:
                # that a merge dates the moved rows anew is not known; it would blur when leads were converted
                box.change(table, int(row.id), customerId=int(kept[row.customer_id]), modifiedOn=at(row.modified_on))
    contacts = frames["contacts"]
    used = set(zip(contacts["customer_id"], contacts["id"], strict=True))
    for row in contacts[contacts["customer_id"].isin(kept.index)].itertuples(index=False):
        key, survivor = (int(row.customer_id), int(row.id)), int(kept[row.customer_id])
        if key[0] != survivor:  # ids repeat across customers
            id = key[1] if (survivor, key[1]) not in used else max(used_id for _, used_id in used) + 1
            used.add((survivor, id))
            box.put("customer_contacts", {**box.row("customer_contacts", key), "customerId": survivor, "id": id})
            box.remove("customer_contacts", key)
    for merged, survivor in kept.items():
        if merged != survivor:
            box.change("customers", int(merged), active=False, mergedToId=int(survivor))


def plant_repeats(box, crm):
    """Give duplicates leads a few days apart, which are one inquiry after the merge."""
    kept = Rows(crm).desk.survivor_of
    pairs = kept[kept != kept.index]
    leads = crm.leads.list().sort_values("created_on")
    leads = leads[leads["created_on"] < pd.Timestamp(AS_OF) - pd.Timedelta(days=60)]
    for (merged, survivor), place in zip(pairs.items(), range(0, 40, 2), strict=False):
        for customer, id in zip((survivor, merged), leads["id"].iloc[place : place + 2], strict=True):
            box.change("leads", int(id), customerId=int(customer))


def test_numbers_after_a_merge_are_those_that_were_promised(other):
    box, crm = other
    plant_repeats(box, crm)
    audit = stcrm.audit(crm, refresh=True)
    promised = audit.effects.set_index(["finding", "number"]).loc["duplicates"]
    kept = Rows(crm).desk.survivor_of
    moved = kept[kept != kept.index].index
    before = read(crm)
    assert before["contacts"]["customer_id"].isin(moved).sum() > 10
    merge(box, kept, before)
    after = stcrm.audit(crm, refresh=True)
    assert len(after.frame("customers")) == promised.loc["customers", "repaired"] < promised.loc["customers", "now"]
    merged = read(crm, refresh=True)
    assert len(merged["contacts"]) == len(before["contacts"])
    assert not merged["contacts"]["customer_id"].isin(moved).any()
    _, booked = shares(merged)
    assert booked == pytest.approx(promised.loc["leads booked within 30 days", "repaired"])


def read(crm, **how):
    return {
        "customers": crm.customers.list(active=None, **how),
        "contacts": crm.customers.list_contacts(**how),
        "locations": crm.locations.list(active=None, **how),
        "location_contacts": crm.locations.list_contacts(**how),
        "leads": crm.leads.list(**how),
        "bookings": crm.bookings.list(**how),
        "jobs": crm.lookups.jobs.list(**how),
        "tags": crm.lookups.tag_types.list(active=None, **how),
        "call_reasons": crm.lookups.call_reasons.list(active=None, **how),
        "zone": crm.settings.time_zone,
        "reasons": crm.settings.dismissing_reasons,
    }


def plant_refused_misspellings(box, crm):
    """Give pairs of customers one address: the first gets marketing, the second refuses all and has it misspelled.

    Only such an address is corrected without asking the person, and its opt-out then blocks the first one. Six more
    customers get marketing at misspelled addresses.
    """
    customers, contacts = crm.customers.list(), crm.customers.list_contacts()
    customers = customers[customers["active"] & ~customers["do_not_mail"].fillna(False)]
    mine = (
        contacts[contacts["customer_id"].isin(customers["id"]) & contacts["type"].eq("Email")]
        .drop_duplicates("customer_id")
        .head(26)
    )
    flags = ("jobRemindersEnabled", "invoiceNotification", "statementNotification")
    flags += ("invoiceStatementNotification", "marketingUpdatesEnabled")
    for place, row in enumerate(mine.itertuples(index=False)):
        misspelled, refused = place % 2 or place >= 20, place % 2 and place < 20
        value = f"pair{place // 2}.lee@{'gmial' if misspelled else 'gmail'}.com"
        wishes = dict.fromkeys(flags, not refused)
        box.change("customer_contacts", (int(row.customer_id), int(row.id)), value=value, preferences=wishes)


def test_email_reach_after_the_plan_is_the_one_that_was_promised(other):
    """The plan refuses addresses in use, and corrects those that refused everything, which blocks others of them."""
    box, crm = other
    plant_refused_misspellings(box, crm)
    audit = stcrm.audit(crm, refresh=True)
    before, _ = shares(read(crm, refresh=True))
    promised = audit.effects.set_index("finding").loc["emails_misspelled"]
    assert promised["now"] == pytest.approx(before)
    assert promised["repaired"] < before - 0.01
    names = {"crm": crm, "audit": audit}
    exec(audit.table.set_index("finding").loc["emails_misspelled", "repair"], names)
    plan = names["plan"]
    assert len(plan.refused) == 6
    assert len(plan.changes) == 10
    assert plan.apply().ok
    after, _ = shares(read(crm, refresh=True))
    assert after == pytest.approx(promised["repaired"])


def test_printed_lines_confirm_nothing(audit):
    """Two tags and two sources that are one letter apart stay two, whatever line is run as printed."""
    lines = audit.table.set_index("finding")["repair"]
    assert not lines.str.contains("confirm").any()
    assert "fix.map" in lines["tags_twins"]
    assert "fix.map" in lines["bookings_source"]
    assert 'jobs=audit.frame("jobs")' in lines["duplicates"]
