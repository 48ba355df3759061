"""What is refused before it is sent: all that is wrong, field by field, and nothing that is right."""

from __future__ import annotations

import datetime as dt
import json
import typing
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.contract import arguments
from stcrm_pandas.contract.operations import OPERATIONS, by_name
from stcrm_pandas.contract.rules import RULES, broken
from stcrm_pandas.contract.schemas import bodies
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.contract.schemas.parts import CustomField, ExternalData
from stcrm_pandas.errors import UsageError
from stcrm_pandas.http.body import check_body, to_body

from .cases import CASES, EMAIL, FLAGS, GUID, PLACE, PLACED

LEAD = {"campaign_id": 1, "summary": "Leak", "call_reason_id": 2}
ZONE = "America/Chicago"


def body(method, **values):
    return to_body(by_name(method), values, time_zone=ZONE)


def faults(method, **values):
    return check_body(by_name(method), values, time_zone=ZONE)[1]


def test_all_problems_are_reported_together():
    with pytest.raises(UsageError) as caught:
        body("leads.create", summary=7, priority="Hihg", tag_type_ids=[1, "x"], follow_up_date="soon", lead_zip=1234)
    text = str(caught.value)
    assert text.startswith("leads.create: campaign_id: is required; ")
    for name in (
        "summary: must be text",
        "priority: 'Hihg' is not one of Low",
        "tag_type_ids[1]: must be a whole",
        "follow_up_date: must be a date",
    ):
        assert name in text
    assert "lead_zip: must be text" in text


def test_nested_problem_is_reported():
    home = {
        "name": "Home",
        "address": {**PLACE, "zip": 1},
        "contacts": [EMAIL, {"type": "Pager", "value": "1", "x": 2}],
    }
    found = faults("customers.create", name="Lee", address={"stret": "1"}, locations=[home])
    assert "locations[0].address.zip: must be text" in found
    assert "locations[0].contacts[1].type: 'Pager' is not one of Phone, Email, Fax, MobilePhone" in found
    assert "locations[0].contacts[1]: there is no field 'x': the fields are type, value, memo" in found
    assert "address: there is no field 'stret': did you mean 'street'?" in found
    assert "address.city: is required" in found


@pytest.mark.parametrize(
    ("method", "values", "fault"),
    [
        ("customers.update", {"address": {**PLACED, "unit": None}}, "address.unit: is required"),
        ("customers.update", {"address": PLACE}, "address.latitude: is required"),
        ("customers.update", {"name": stcrm.CLEAR}, "name: cannot be cleared"),
        ("locations.update", {"address": {**PLACE, "unit": stcrm.CLEAR}}, "address.unit: cannot be cleared"),
        ("bookings.update", {"address": PLACED}, "address: there is no field 'latitude'"),
        (
            "customers.update_contact",
            {"preferences": {"marketing_updates_enabled": True}},
            "job_reminders_enabled: is req",
        ),
        (
            "customers.update_contact",
            {"preferences": {**FLAGS, "statement_notification": 1}},
            "must be True or False",
        ),
        ("leads.create", {**LEAD, "campaign_id": 2**63}, "campaign_id: is too large a number"),
        ("leads.create", {**LEAD, "campaign_id": 1.5}, "campaign_id: must be a whole number"),
        ("leads.create", {**LEAD, "campaign_id": True}, "campaign_id: must be a whole number"),
        ("leads.create", {**LEAD, "job_type_id": float("nan")}, "job_type_id: is missing"),
        ("leads.create", {**LEAD, "lead_zip": pd.NA}, "lead_zip: is missing"),
        ("leads.create", {**LEAD, "follow_up_date": pd.NaT}, "follow_up_date: is missing"),
        ("leads.create", {**LEAD, "tag_type_ids": "12"}, "tag_type_ids: must be a list"),
        ("leads.create", {**LEAD, "tag_type_ids": [None]}, "tag_type_ids[0]: is missing"),
        ("leads.create", {**LEAD, "summary": "\ud800"}, "summary: has an invalid character"),
        ("customers.update", {"custom_fields": {7: None}}, "custom_fields[0].value: is required"),
        ("customers.update", {"custom_fields": [CustomField(7, "Gate", None)]}, "custom_fields[0].value: is required"),
        ("customers.update", {"custom_fields": {"seven": "x"}}, "custom_fields[0].type_id: must be a whole number"),
        ("customers.update", {"custom_fields": "x"}, "custom_fields: must be a list"),
        (
            "customers.update",
            {"external_data": {"application_guid": "x", "values": {}}},
            "application_guid: must be a GUID",
        ),
        ("customers.update", {"external_data": "x"}, "external_data: must be an object with named parts"),
        ("customers.update", {"credit_limit": "12"}, "credit_limit: must be a number"),
        ("customers.update", {"credit_limit": float("inf")}, "credit_limit: must be a number"),
        (
            "customers.update",
            {"credit_limit": Decimal("1234567890123456.78")},
            "credit_limit: has more than 15 digits",
        ),
        ("customers.update", {"credit_limit": 0.1 + 0.2}, "credit_limit: has more than 15 digits"),
        ("contacts.update", {"name": "Lee"}, "is_archived: is required"),
    ],
)
def test_invalid_values_raise(method, values, fault):
    assert any(fault in one for one in faults(method, **values)), faults(method, **values)


def test_values_from_a_frame_are_accepted():
    sent = body(
        "customers.update",
        tag_type_ids=pd.Series([1, 2], dtype="Int64"),
        payment_term_id=np.int64(7),
        do_not_mail=np.bool_(True),
        credit_limit=np.float64(12.34),
        custom_fields=(CustomField(7, "Gate", "12"),),
        external_data={
            "application_guid": uuid.UUID(GUID),
            "values": (ExternalData("erp", "7"),),
            "patch_mode": "merge",
        },
        type="residential",
    )
    assert json.loads(json.dumps(sent)) == {
        "type": "Residential",
        "customFields": [{"typeId": 7, "value": "12"}],
        "externalData": {
            "patchMode": "Merge",
            "applicationGuid": GUID,
            "externalData": [{"key": "erp", "value": "7"}],
        },
        "doNotMail": True,
        "tagTypeIds": [1, 2],
        "paymentTermId": 7,
        "creditLimit": 12.34,
    }


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("2026-07-01", "2026-07-01T05:00:00Z"),
        (dt.date(2026, 12, 1), "2026-12-01T06:00:00Z"),
        (pd.Timestamp("2026-07-01 08:00", tz="UTC"), "2026-07-01T08:00:00Z"),
        ("2026-07-01T08:00:00.1234567+02:00", "2026-07-01T06:00:00.1234567Z"),
    ],
)
def test_naive_times_use_the_tenant_time_zone(value, sent):
    assert body("leads.create", **LEAD, follow_up_date=value)["followUpDate"] == sent


def test_none_is_not_sent_and_clear_is_null():
    assert body("contacts.update", is_archived=True, name=None, title=stcrm.CLEAR) == {
        "title": None,
        "isArchived": True,
    }
    assert repr(stcrm.CLEAR) == "CLEAR"
    assert body("bookings.dismiss") == {}
    assert body("customers.add_tag") is None
    assert body("locations.update", address={**PLACE, "unit": ""})["address"]["unit"] == ""


BREAKS = {
    "a lead has a reason or a date": ("leads.create", {"campaign_id": 1, "summary": "x"}),
    "only a merge deletes keys": (
        "customers.update",
        {"external_data": {"application_guid": GUID, "values": {"a": stcrm.CLEAR}}},
    ),
    "the older flag agrees": (
        "customers.update_contact",
        {"preferences": {**FLAGS, "invoice_statement_notification": True}},
    ),
    "tags have customers": ("tags.add", {"customer_ids": [], "tag_type_ids": [1]}),
    "a preference says something": ("contact_preferences.update", {"value": " "}),
    "a change changes something": ("leads.update", {}),
}
QUERIES = {
    "an external key has values": {"external_data_key": "erp"},
    "few external values": {"external_data_key": "erp", "external_data_values": [str(n) for n in range(51)]},
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_enforced(rule, crm, box):
    if rule.name in BREAKS:
        method, values = BREAKS[rule.name]
        assert faults(method, **values) == [rule.message]
    else:
        for family in (crm.customers, crm.locations):
            with pytest.raises(UsageError, match="external_data_"):
                family.list(**QUERIES[rule.name])
    assert not box.requests
    assert set(rule.operations) <= set(OPERATIONS)
    for case in CASES:  # and no case of the table, which the service takes, breaks it
        operation = by_name(case.name)
        sent = case.body if operation.body else dict(case.query)
        assert rule not in broken(operation.id, sent)


def test_empty_patch_raises():
    empty = [op for op in OPERATIONS.values() if op.method == "PATCH" and not any(f.required for f in op.body.fields)]
    assert {op.id for op in empty} == set(RULES[-1].operations)


FIELDS = {
    arguments.NewContact: [bodies.NEW_CONTACT, bodies.NEW_BOOKING_CONTACT],
    arguments.Preferences: [bodies.PREFERENCES],
    arguments.NewLocation: [bodies.NEW_LOCATION],
    arguments.Address: [bodies.PLACED_ADDRESS],
    arguments.ApplicationData: [bodies.CHANGED_EXTERNAL_DATA],
}


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_typed_dicts_match_the_contract(kind):
    for fields in FIELDS[kind]:
        names = {"values" if one.many and one.name == "externalData" else snake(one.name): one for one in fields}
        assert set(kind.__annotations__) == set(names)
        assert kind.__required_keys__ == {name for name, one in names.items() if one.required}
    hints = typing.get_type_hints(kind)
    for fields in FIELDS[kind]:
        for one in fields:
            if one.values:
                assert all(repr(word) in str(hints[snake(one.name)]) for word in one.values)
