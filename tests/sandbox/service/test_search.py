"""Filters on phone, name and status use columns of the store, which follow every write."""

from __future__ import annotations

from typing import Any

import numpy as np


def ids(rows: list[dict[str, Any]]) -> list[Any]:
    return [row["id"] for row in rows]


def test_filters_follow_written_values(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.change("leads", 5001, leadPhone="(512) 555-0187", leadCustomerName="IGOR NÚÑEZ", status="Dismissed")
    assert ids(caller.rows("leads", leadPhone="+1 512 555 0187")) == [5001]
    assert ids(caller.rows("leads", leadCustomerName="núñez")) == [5001], "whatever the case, beyond a to z"
    assert 5001 in ids(caller.rows("leads", status="Dismissed"))
    assert 5001 not in ids(caller.rows("leads", leadPhone="+1 312-555-0199"))
    sandbox.change("customers", 7, name="ÖZGE & SONS")
    assert ids(caller.rows("customers", name="özge")) == [7]
    assert caller.rows("customers", name="Stone 7") == []
    sandbox.put(
        "customer_contacts", {"id": 900, "customerId": 7, "type": "Phone", "value": "512.555.0188", "active": True}
    )
    assert ids(caller.rows("customers", phone="5125550188")) == [7]
    sandbox.change("customer_contacts", (7, 900), type="Email")
    assert caller.rows("customers", phone="5125550188") == []
    sandbox.change("locations", 301, name="Überholz Lodge")
    assert ids(caller.rows("locations", name="ÜBERHOLZ")) == [301]


def test_contact_methods_match_email_addresses_or_digits(fresh: Any) -> None:
    _, caller = fresh()
    assert len(caller.rows("contacts/contact-methods", value="M5@EXAMPLE.com")) == 1
    assert len(caller.rows("contacts/contact-methods", value="+1 312 555 0104")) == 1
    assert caller.rows("contacts/contact-methods", value="5") == [], "no digits of an address"


def test_numpy_integers_are_keys_and_values(fresh: Any) -> None:
    sandbox, caller = fresh()
    sandbox.change("leads", np.int64(5001), businessUnitId=np.int32(31), customFields=[{"typeId": np.int64(4)}])
    row = sandbox.row("leads", np.int64(5001))
    assert row == sandbox.row("leads", 5001)
    assert row["businessUnitId"] == 31
    assert row["customFields"] == [{"typeId": 4}]
    contact = {"id": np.int64(900), "customerId": np.int64(7), "type": "Phone", "value": "512.555.0188", "active": True}
    sandbox.put("customer_contacts", contact)
    assert ids(caller.rows("customers/7/contacts", active="Any"))[-1] == 900
    sandbox.change("customer_contacts", (np.int64(7), np.int64(900)), value="512.555.0177")
    assert ids(caller.rows("customers", phone="5125550177")) == [7]
    sandbox.remove("customer_contacts", (np.int64(7), np.int64(900)))
    assert 900 not in ids(caller.rows("customers/7/contacts"))
