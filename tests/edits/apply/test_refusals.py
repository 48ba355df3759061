"""What is refused, over a connection that can only read: before anything is sent, and with what does it instead."""

from __future__ import annotations

import pytest

from stcrm_pandas.errors import UsageError, WritesNotAllowed


@pytest.fixture
def reader(box, join):
    """A connection as to the real service, without leave to write."""
    return join(box, by_address=True)


CASES = {
    "clearing what cannot be null": ("customers", {"type": None}, "type", "give another value"),
    "a bad word": ("customers", {"type": "Municipal"}, "type", "correct the cell"),
    "a lead's status": ("leads", {"status": "Dismissed"}, "status", "plan_dismiss"),
    "a new street": ("customers", {"address_street": "1 Oak St"}, "address_street", "keep_coordinates=True"),
    "do not text": (
        "customer_contacts",
        {"phone_settings_do_not_text": True},
        "phone_settings_do_not_text",
        "ServiceTitan",
    ),
    "the older flag": (
        *("customer_contacts", {"preferences_invoice_statement_notification": False}),
        *("preferences_invoice_statement_notification", "change preferences_invoice_notification"),
    ),
    "more reach": ("customers", {"do_not_mail": False}, "do_not_mail", "allow_opt_in=True and consent_source"),
    "an unknown column": ("leads", {"colour": "red"}, "colour", "drop the column"),
}


@pytest.mark.parametrize("case", CASES)
def test_refusal_suggests_an_alternative(case, reader, box, count):
    resource, change, column, instead = CASES[case]
    family, read, plan = {
        "customers": (reader.customers, "list", "plan_changes"),
        "leads": (reader.leads, "list", "plan_changes"),
        "customer_contacts": (reader.customers, "list_contacts", "plan_contact_changes"),
    }[resource]
    before = getattr(family, read)().head(2)
    box.requests.clear()
    made = getattr(family, plan)(before, before.assign(**change))
    assert not made.steps
    assert set(made.refused["column"]) == {column}
    assert made.refused["reason"].str.len().min() > 0
    assert made.refused["instead"].str.contains(instead, regex=False).all()
    assert not box.requests, "planning asks nothing"
    with pytest.raises(WritesNotAllowed, match="allow_writes=True"):
        made.apply()
    assert count(box) == 0


def test_duplicate_key_raises(reader, box):
    before = reader.customers.list().head(2)
    box.requests.clear()
    with pytest.raises(UsageError, match="1"):
        reader.customers.plan_changes(before, before.assign(id=[1, 1], name="A"))
    assert not box.requests


def test_frame_of_another_tenant_raises(reader, box):
    before = reader.customers.list().head(2)
    after = before.assign(name="A")
    before.attrs = {"stcrm": {**before.attrs["stcrm"], "tenant": 7}}
    box.requests.clear()
    with pytest.raises(UsageError, match="connect to tenant 7"):
        reader.customers.plan_changes(before, after)
    assert not box.requests
