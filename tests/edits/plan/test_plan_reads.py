"""Plans over a connection that may only read: what calls nothing, and what only a read can tell."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import UsageError, WritesNotAllowed
from stcrm_pandas.sandbox import Sandbox

from ...resources.company import FIELD, OTHER_TAG, REASON, TAG
from .people import FREE, SHARED, TEXTLESS, People

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
MARKETING = "preferences_marketing_updates_enabled"
ALLOWED = {"allow_opt_in": True, "consent_source": "letter of May"}


@pytest.fixture(scope="module")
def box():
    with Sandbox(company=People(), as_of=AS_OF, rate_limit=None) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def crm(box, tmp_path_factory):
    """As to the real service: by its address, and reading only."""
    place = {name: value for name, value in box.connection().items() if name != "sandbox_id"}
    cache = tmp_path_factory.mktemp("cache")
    with stcrm.connect(**place, cache_dir=cache, rate_limit=1000, progress=False, time_zone="America/Chicago") as crm:
        yield crm


def reasons(plan):
    return dict(zip(plan.refused["column"], plan.refused["reason"], strict=True))


def test_planning_sends_no_request(crm):
    before = crm.customers.list()
    calls = crm.calls
    plan = crm.customers.plan_changes(before, before.assign(name="Ann"), reason="tidy")
    assert len(plan.requests) == 3
    assert crm.calls == calls
    with pytest.raises(WritesNotAllowed):
        plan.apply()


def test_plans_name_tenant_and_environment(crm, box, tmp_path):
    before = crm.customers.list()
    plan = crm.customers.plan_changes(before, before.assign(name="Ann"))
    assert (plan.environment, plan.tenant) == (crm.settings.name, box.tenant)
    plan.save(tmp_path / "plan")
    again = crm.load_plan(tmp_path / "plan")
    assert again == plan
    assert again.port is plan.port
    with (
        stcrm.connect(sandbox=box, cache_dir=tmp_path / "cache") as other,
        pytest.raises(UsageError, match="plan is for"),
    ):
        other.load_plan(tmp_path / "plan")


@pytest.mark.parametrize(
    ("family", "read"),
    [
        ("leads", lambda crm: crm.leads.list()),
        ("bookings", lambda crm: crm.bookings.list()),
        ("locations", lambda crm: crm.locations.list(active=True)),
        ("booking_provider_tags", lambda crm: crm.booking_provider_tags.list()),
        ("contacts", lambda crm: crm.contacts.list()),
        ("contact_methods", lambda crm: crm.contact_methods.search()),
    ],
)
def test_each_resource_can_be_planned(crm, family, read):
    column = {"leads": "summary", "booking_provider_tags": "description", "contact_methods": "memo"}.get(family, "name")
    before = read(crm)
    plan = getattr(crm, family).plan_changes(before, before.assign(**{column: "new"}))
    assert plan.resource == family
    assert len(plan.requests) == len(before)
    assert plan.refused.empty


def test_contacts_of_each_kind_can_be_planned(crm):
    for family in (crm.customers, crm.locations):
        before = family.list_contacts()
        assert len(family.plan_contact_changes(before, before.assign(memo="new")).requests) == 3
        with pytest.raises(UsageError, match="_contacts"):
            family.plan_changes(before, before)
    before = crm.bookings.list_contacts([31, 32])
    plan = crm.bookings.plan_contact_changes(before, before.assign(memo="new"))
    assert plan.requests["path"].tolist()[0] == "booking-provider/41/bookings/31/contacts/51"
    methods = crm.contact_methods.search()
    before = crm.contact_preferences.list(methods["contact_id"], methods["id"])
    plan = crm.contact_preferences.plan_changes(before, before.assign(value="false"))
    assert plan.changes["opt_out"].all()
    assert len(plan.requests) == len(before) > 0


def test_customer_with_an_active_location_is_not_deactivated(crm):
    before = crm.customers.list()
    after = before.assign(active=False)
    assert len(crm.customers.plan_changes(before, after).requests) == 3
    plan = crm.customers.plan_changes(before, after, check=True)
    assert plan.changes["id"].tolist() == [3]
    assert reasons(plan) == {"active": "the customer has an active location"}
    assert plan.checked
    allowed = crm.customers.plan_changes(before, after, check=True, allow_deactivate=True)
    assert len(allowed.requests) == 3


def test_opt_in_is_refused_if_another_record_opted_out(crm):
    before = crm.customers.list_contacts()
    plan = crm.customers.plan_contact_changes(before, before.assign(**{MARKETING: True}), **ALLOWED)
    assert plan.checked
    values = dict(zip(before["customer_id"], before["value"], strict=True))
    assert [values[id] for id in plan.changes["customer_id"]] == [FREE]
    assert {values[id] for id in plan.refused["customer_id"]} == {SHARED, TEXTLESS}
    assert set(plan.refused["reason"]) == {"another record of the same number or address is opted out"}


def test_new_number_is_refused_if_it_opted_out(crm):
    before = crm.locations.list_contacts()
    after = before.assign(value=[before["value"][0], before["value"][1], TEXTLESS])
    plan = crm.locations.plan_contact_changes(before, after, **ALLOWED)
    assert plan.requests.empty
    assert reasons(plan) == {"value": "another record of the same number or address is opted out"}
    after = before.assign(value=[before["value"][0], before["value"][1], "512-555-0177"])
    assert len(crm.locations.plan_contact_changes(before, after, **ALLOWED).requests) == 1


def test_rows_without_a_tenant_are_compared_with_current_rows(crm):
    before = crm.customers.list()
    before.attrs = {}
    after = before.assign(name="Ann")
    assert len(crm.customers.plan_changes(before, after, check=True).requests) == 3
    strange = before.assign(name=["Bob", "Bob", "x"])
    with pytest.raises(UsageError, match="2 of 3 rows differ"):
        crm.customers.plan_changes(strange, strange.assign(name="Ann"), check=True)


def test_custom_fields_long_and_wide(crm):
    before = crm.customers.list()
    wide = stcrm.custom_fields(before, "wide").assign(**{str(FIELD): ["a", None, "c"]})
    plan = crm.customers.plan_custom_fields(before, wide)
    assert plan.changes[["id", "column", "old", "new"]].values.tolist() == [
        [1, f"custom_fields.{FIELD}", None, "a"],
        [3, f"custom_fields.{FIELD}", None, "c"],
    ]
    long = pd.DataFrame({"id": [2], "type_id": [FIELD], "value": ["b"]})
    assert crm.customers.plan_custom_fields(before, long).changes["new"].tolist() == ["b"]
    for wrong, message in (
        (wide.assign(Gaet="x"), "no row has a field 'Gaet'"),
        (pd.concat([long, long]), "twice"),
        (long.assign(id=99), "not in `before`"),
        (long.assign(type_id="x"), "whole number"),
    ):
        with pytest.raises(UsageError, match=message):
            crm.customers.plan_custom_fields(before, wrong)


def test_dismissals_are_irreversible_and_need_unmodified_leads(crm):
    leads = crm.leads.list()
    plan = crm.leads.plan_dismiss(leads, dismissing_reason_id=9, reason="stale")
    step = plan.steps[0]
    assert (step.operation, step.path, step.set) == ("Leads_Dismiss", {"id": 21}, {"dismissingReasonId": 9})
    assert step.irreversible
    assert step.expects == {"modified_on": "2026-01-02T03:04:05.678Z"}
    assert "cannot be undone" in repr(plan)
    closed = leads.assign(status=["Converted", "Dismissed", "Open"])
    plan = crm.leads.plan_dismiss(closed, dismissing_reason_id=9)
    assert plan.changes["id"].unique().tolist() == [23]
    assert plan.refused["reason"].tolist() == ["it is already converted", "it is already dismissed"]
    for frame, given, message in (
        (leads.drop(columns="modified_on"), 9, "modified_on"),
        (pd.concat([leads, leads]), 9, "twice"),
        (leads, None, "is required"),
        (leads, "x", "whole number"),
    ):
        with pytest.raises(UsageError, match=message):
            crm.leads.plan_dismiss(frame, dismissing_reason_id=given)


def test_follow_ups_use_the_tenant_time_zone(crm):
    leads = crm.leads.list()
    plan = crm.leads.plan_follow_up(leads, "2026-07-01", text="Call")
    assert plan.steps[0].set == {"followUpDate": "2026-07-01T05:00:00Z", "text": "Call"}
    assert plan.steps[0].irreversible
    with pytest.raises(UsageError, match="follow_up_date"):
        crm.leads.plan_follow_up(leads, "07/01/2026")


def test_bookings_are_dismissed_through_their_provider(crm):
    plan = crm.bookings.plan_dismiss(crm.bookings.list(), call_reason_id=REASON, dismissing_memo="spam")
    assert plan.requests["path"].tolist()[0] == "booking-provider/41/bookings/31/dismiss"
    assert plan.steps[0].set == {"callReasonId": REASON, "dismissingMemo": "spam"}


def test_tags_of_many(crm):
    customers = crm.customers.list()
    customers["tag_type_ids"] = pd.Series([(TAG,), (), (OTHER_TAG,)], dtype=object)
    plan = crm.tags.plan(customers, add=TAG, remove=[OTHER_TAG])
    assert plan.requests[["method", "rows"]].values.tolist() == [["PUT", 2], ["DELETE", 1]]
    assert plan.changes["id"].tolist() == [2, 3, 3]
    assert crm.tags.plan(range(1, 2502), add=TAG).requests["rows"].tolist() == [1000, 1000, 501]
    gone = crm.tags.plan(customers.assign(active=False), add=TAG)
    assert gone.requests.empty
    assert set(gone.refused["reason"]) == {"it is inactive"}
    for given in ({}, {"add": TAG, "remove": TAG}, {"add": "x"}):
        with pytest.raises(UsageError, match=r"tags\.plan"):
            crm.tags.plan(customers, **given)
