"""Writes to phones and e-mails of customers and locations, over HTTP, on the tiny company."""

from __future__ import annotations

from typing import Any

import pytest

from .bodies import FLAGS, PHONE


@pytest.mark.parametrize(("parent", "inactive"), [("customers/3", "customers/8"), ("locations/301", "locations/310")])
def test_contacts(parent: str, inactive: str, tiny: Any) -> None:
    kind, _, number = parent.partition("/")
    token, before = tiny.read_feed(f"export/{kind}/contacts")[1], tiny.done("GET", parent)
    made = tiny.done("POST", f"{parent}/contacts", {**PHONE, "memo": "m"})
    assert made["phoneSettings"] == {"phoneNumber": "9725550101", "doNotText": False}
    assert made["preferences"] is None
    path = f"{parent}/contacts/{made['id']}"
    changed = tiny.done("PATCH", path, {"preferences": FLAGS, "value": "+1 972 555 0102"})
    assert changed["preferences"] == FLAGS
    assert (changed["phoneSettings"]["phoneNumber"], changed["memo"]) == ("9725550102", "m")
    assert changed in tiny.rows(f"{parent}/contacts")
    assert tiny.done("GET", parent) == before  # its contacts are not part of it
    tiny.done("DELETE", path)
    assert tiny.call("PATCH", path, {"memo": "n"})[0] == 404
    assert changed not in tiny.rows(f"{parent}/contacts")
    (row,) = tiny.read_feed(f"export/{kind}/contacts", token)[0]
    assert (row["id"], row["active"], str(row[f"{kind[:-1]}Id"])) == (made["id"], False, number)
    for method, there in (("GET", ""), ("POST", ""), ("PATCH", "/1"), ("DELETE", "/1")):
        body = {"GET": None, "DELETE": None, "POST": PHONE, "PATCH": {}}[method]
        assert tiny.call(method, f"{inactive}/contacts{there}", body)[0] == 409
        assert tiny.call(method, f"{kind}/999/contacts{there}", body)[0] == 404


def test_contact_ids_are_per_parent(tiny: Any) -> None:
    before = tiny.rows("customers/31/contacts")
    tiny.done("PATCH", "customers/1/contacts/1", {"memo": "one"})
    assert tiny.rows("customers/31/contacts") == before
    assert (before[0]["id"], tiny.rows("customers/1/contacts")[0]["memo"]) == (1, "one")


def test_preferences_are_complete_and_the_legacy_flag_sets_both(tiny: Any) -> None:
    path = "customers/1/contacts/1"
    for name in FLAGS:
        part = {key: value for key, value in FLAGS.items() if key != name}
        assert tiny.call("PATCH", path, {"preferences": part})[1]["errors"] == {
            f"preferences.{name}": ["It is required."]
        }
    for invoice, statement, legacy in ((True, False, True), (True, True, False)):
        flags = FLAGS | {
            "invoiceNotification": invoice,
            "statementNotification": statement,
            "invoiceStatementNotification": legacy,
        }
        kept = tiny.done("PATCH", path, {"preferences": flags})["preferences"]
        assert {kept["invoiceNotification"], kept["statementNotification"]} == {legacy}
        assert kept["invoiceStatementNotification"] is legacy


def test_do_not_text_is_reset_with_the_number(fresh: Any) -> None:
    sandbox, tiny = fresh()
    sandbox.change("customer_contacts", (2, 2), phoneSettings={"phoneNumber": "3125550102", "doNotText": True})
    path = "customers/2/contacts/2"
    assert tiny.done("PATCH", path, {"value": "+1 (312) 555-0102"})["phoneSettings"]["doNotText"] is True
    assert tiny.done("PATCH", path, {"value": "3125550103"})["phoneSettings"]["doNotText"] is False
