"""Consent only ratchets down: what widens reach is refused, what narrows it is let through."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from stcrm_pandas.edits.plan.consent import FLAGS
from stcrm_pandas.edits.plan.fill import OLDER, body_of
from stcrm_pandas.errors import UsageError

from .rows import ORIGIN, USUAL, edited, frame, only, plan, plan_changes, reasons

MARKETING, REMINDERS = "preferences_marketing_updates_enabled", "preferences_job_reminders_enabled"
INVOICE, STATEMENT = "preferences_invoice_notification", "preferences_statement_notification"
LEGACY = "preferences_invoice_statement_notification"
ALLOWED = {"allow_opt_in": True, "consent_source": "signed form of 2026-05-04"}
OFF = dict.fromkeys((*FLAGS, LEGACY), False)
UNKNOWN = dict.fromkeys((*FLAGS, LEGACY))


def row_of(**changes):
    return {**USUAL["customer_contacts"], **changes}


WIDER = [
    ("customer_contacts", {MARKETING: False}, {MARKETING: True}),
    ("location_contacts", UNKNOWN, {MARKETING: True, REMINDERS: True, INVOICE: True, STATEMENT: True}),
    ("customers", {"do_not_mail": True}, {"do_not_mail": False}),
    ("customers", {"do_not_service": True}, {"do_not_service": False}),
    ("contacts", {"is_archived": True}, {"is_archived": False}),
    ("contact_preferences", {"value": "false"}, {"value": "true"}),
    ("contact_preferences", {"value": None}, {"value": "true"}),
    ("contact_preferences", {"value": "false"}, {"value": ""}),
    ("customer_contacts", {}, {"value": "512-555-0199"}),
    ("customer_contacts", UNKNOWN, {"value": "512-555-0199"}),
    ("contact_methods", {}, {"value": "bob@example.com"}),
]


@pytest.mark.parametrize(("resource", "row", "changes"), WIDER)
def test_opt_ins_need_permission_and_a_source(resource, row, changes):
    refused = plan(resource, row, changes)
    assert not refused.steps
    assert all("consent_source" in reason for reason in reasons(refused).values())
    assert set(reasons(refused)) == set(changes)
    allowed = plan(resource, row, changes, **ALLOWED)
    assert allowed.changes["consent"].all()
    assert not allowed.changes["opt_out"].any()
    assert allowed.options["consent_source"] == ALLOWED["consent_source"]


@pytest.mark.parametrize("source", [None, "", "  "])
def test_allow_opt_in_needs_a_source(source):
    with pytest.raises(UsageError, match="consent_source"):
        plan("customers", {}, {"name": "x"}, allow_opt_in=True, consent_source=source)
    with pytest.raises(UsageError, match="allow_opt_in"):
        plan("customers", {}, {"name": "x"}, consent_source="letter")


@pytest.mark.parametrize(
    ("resource", "row", "changes"),
    [
        ("customer_contacts", {}, {"value": "+1 (512) 555 0101"}),
        ("contact_methods", {}, {"value": "Ann@Example.com"}),
        ("customer_contacts", OFF, {"value": "512-555-0199"}),
        ("customer_contacts", {}, {"memo": "work"}),
    ],
)
def test_spelling_and_opted_out_contacts_need_no_permission(resource, row, changes):
    made = plan(resource, row, changes)
    assert made.steps
    assert not made.changes["consent"].any()


@pytest.mark.parametrize(
    ("resource", "row", "changes"),
    [
        ("customer_contacts", {}, {MARKETING: False}),
        ("customers", {}, {"do_not_mail": True}),
        ("contacts", {}, {"is_archived": True}),
        ("contact_preferences", {}, {"value": "false"}),
        ("customers", {"active": False}, {"do_not_service": True}),
    ],
)
def test_opt_outs_need_no_permission(resource, row, changes):
    step = only(plan(resource, row, changes))
    assert step.opt_out
    assert not step.cells[0].consent


def test_opt_outs_come_first():
    before = frame("customers", {}, {"id": 2}, {"id": 3})
    after = edited(before, name="Ann").assign(do_not_mail=[False, False, True])
    after["name"] = ["Ann", "Bob", "Cid"]
    assert [step.key[0] for step in plan_changes("customers", before, after, origin=ORIGIN).steps] == [3, 1, 2]


def test_opt_out_sends_all_flags_without_opting_in():
    made = plan("customer_contacts", UNKNOWN, {MARKETING: False})
    step = only(made)
    assert step.cells[0].one_way
    assert set(body_of(step, row_of(**UNKNOWN))["preferences"].values()) == {False}
    assert any("sent as switched off" in warning for warning in made.warnings)
    fresh = row_of(**{REMINDERS: True, INVOICE: True, STATEMENT: False, LEGACY: True})
    assert body_of(step, fresh)["preferences"] == {
        "marketingUpdatesEnabled": False,
        "jobRemindersEnabled": True,
        "invoiceNotification": True,
        "statementNotification": False,
        "invoiceStatementNotification": False,
    }


def test_unknown_flags_are_all_set_or_none_is_switched_on():
    made = plan("customer_contacts", UNKNOWN, {MARKETING: True}, **ALLOWED)
    assert not made.steps
    assert "give preferences_" in reasons(made)[MARKETING]
    whole = {MARKETING: True, REMINDERS: False, INVOICE: True, STATEMENT: True}
    made = plan("customer_contacts", UNKNOWN, whole, **ALLOWED)
    assert not any(cell.new for step in made.steps for cell in step.cells)  # the row opts out of one of them


def test_opt_out_is_kept_when_an_opt_in_in_its_row_is_refused():
    changes = {MARKETING: False, REMINDERS: True}
    for options in ({}, ALLOWED):
        made = plan("customer_contacts", {REMINDERS: False}, changes, **options)
        assert only(made).set == {"preferences": {"marketingUpdatesEnabled": False}}
        assert set(reasons(made)) == {REMINDERS}


def test_legacy_flag_is_computed_and_cannot_be_set():
    follows = plan("customer_contacts", {}, {INVOICE: False, LEGACY: False})
    assert only(follows).fill["preferences"][OLDER] is False
    assert not follows.refusals
    leads = plan("customer_contacts", {}, {INVOICE: False, LEGACY: True, MARKETING: False})
    assert leads.steps
    assert not leads.refusals  # it is True, as it was: no change
    alone = plan("customer_contacts", {}, {LEGACY: False})
    assert not alone.steps
    assert set(reasons(alone)) == {LEGACY}
    against = plan("customer_contacts", {LEGACY: False, INVOICE: False}, {LEGACY: True, MARKETING: False})
    assert set(reasons(against)) == {LEGACY}


FLAG = st.sampled_from([True, False, None])


@given(
    before=st.fixed_dictionaries(dict.fromkeys(FLAGS, FLAG)),
    after=st.fixed_dictionaries(dict.fromkeys(FLAGS, FLAG)),
    fresh=st.fixed_dictionaries(dict.fromkeys((*FLAGS, LEGACY), FLAG)),
)
def test_no_request_opts_in_without_a_change(before, after, fresh):
    """Whatever was read and edited, and whatever the row is by then: a yes that is sent was a yes in the fresh row."""
    made = plan("customer_contacts", before, after)
    names = {
        "jobRemindersEnabled": REMINDERS,
        "marketingUpdatesEnabled": MARKETING,
        "invoiceNotification": INVOICE,
        "statementNotification": STATEMENT,
    }
    for step in made.steps:
        sent = body_of(step, row_of(**fresh))["preferences"]
        assert set(sent) == {*names, OLDER}
        assert all(fresh[names[name]] is True for name, value in sent.items() if value and name != OLDER)
        assert sent[OLDER] == (sent["invoiceNotification"] and sent["statementNotification"])
