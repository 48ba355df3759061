"""Writes to customers and locations, over HTTP, on the tiny company."""

from __future__ import annotations

from typing import Any

import pytest

from .bodies import ADDRESS, COMPANYS, OURS, PHONE, PLACED, ids, pairs


def test_a_customer_is_created_with_locations_and_contacts(tiny: Any) -> None:
    tokens = {name: tiny.read_feed(f"export/{name}")[1] for name in ("customers", "locations", "customers/contacts")}
    body = {
        "name": "Ann Lee",
        "address": {**ADDRESS, "unit": None},
        "locations": [
            {"name": "Home", "address": PLACED, "contacts": [PHONE], "tagTypeIds": [3, 3]},
            {"name": "Barn", "address": ADDRESS, "customFields": [{"typeId": 21, "value": "no"}]},
        ],
        "contacts": [PHONE, {"type": "Email", "value": "a@example.com", "memo": "work"}],
        "customFields": [{"typeId": 11, "value": "8"}],
        "tagTypeIds": [2],
        "externalData": {"applicationGuid": OURS, "externalData": [{"key": "crm", "value": "77"}]},
        "creditLimit": 99.5,
    }
    made = tiny.done("POST", "customers", body)
    home, barn = made.pop("locations")
    assert made.pop("contacts") == [
        {"id": 1, "type": "MobilePhone", "value": "(972) 555-0101", "memo": None},
        {"id": 2, "type": "Email", "value": "a@example.com", "memo": "work"},
    ]
    assert (made["id"], made["type"], made["balance"], made["creditLimit"]) == (61, "Residential", 0, 99.5)
    assert made["customFields"] == [{"typeId": 11, "name": "Gate", "value": "8"}]
    assert made["externalData"] == [{"key": "crm", "value": "77"}]
    assert tiny.done("GET", "customers/61") == made
    assert tiny.read_feed("export/customers", tokens["customers"])[0] == [made]
    assert (home.pop("contacts")[0]["id"], barn.pop("contacts")) == (1, [])
    assert (home["customerId"], home["tagTypeIds"], barn["customFields"][0]["name"]) == (61, [3], "Dog")
    assert tiny.rows("locations", customerId=61) == [home, barn]
    assert tiny.read_feed("export/locations", tokens["locations"])[0] == [home, barn]
    contacts = tiny.rows("customers/61/contacts")
    assert [contact["phoneSettings"]["phoneNumber"] for contact in contacts] == ["9725550101", ""]
    assert "customerId" not in contacts[0]
    exported = tiny.read_feed("export/customers/contacts", tokens["customers/contacts"])[0]
    assert [(contact["customerId"], contact["id"], contact["active"]) for contact in exported] == [
        (61, 1, True),
        (61, 2, True),
    ]


def test_a_customer_needs_a_location(tiny: Any) -> None:
    status, answer = tiny.call("POST", "customers", {"name": "Ann", "address": PLACED, "locations": []})
    assert (status, answer["data"]["rule"]) == (400, "a customer has a location")
    assert tiny.rows("customers", name="Ann") == []


def test_contacts_of_a_new_location_are_copied_to_its_customer(tiny: Any) -> None:
    mail = {"type": "Email", "value": "barn@example.com", "memo": "barn"}
    before = tiny.rows("customers/7/contacts")
    made = tiny.done(
        "POST", "locations", {"customerId": 7, "name": "Barn", "address": ADDRESS, "contacts": [PHONE, mail, PHONE]}
    )
    assert [contact["value"] for contact in made["contacts"]] == [PHONE["value"], mail["value"], PHONE["value"]]
    after = tiny.rows("customers/7/contacts")
    assert after[: len(before)] == before
    assert [(contact["value"], contact["memo"]) for contact in after[len(before) :]] == [
        (PHONE["value"], None),
        (mail["value"], "barn"),
    ]
    assert {contact["id"] for contact in after} == {contact["id"] for contact in before} | {
        contact["id"] for contact in after[len(before) :]
    }
    tiny.done("POST", "locations", {"customerId": 7, "name": "Shed", "address": ADDRESS, "contacts": [mail]})
    assert tiny.rows("customers/7/contacts") == after, "the customer has it already"

    body = {"name": "Zed", "address": ADDRESS, "locations": [{"name": "Z", "address": ADDRESS, "contacts": [PHONE]}]}
    new = tiny.done("POST", "customers", body)
    assert [contact["value"] for contact in new["contacts"]] == [PHONE["value"]]
    assert len(tiny.rows(f"customers/{new['id']}/contacts")) == 1


def test_a_patch_sets_only_its_fields(tiny: Any) -> None:
    before = tiny.done("GET", "customers/3")
    changed = tiny.done("PATCH", "customers/3", {"doNotMail": True, "tagTypeIds": [4, 4, 1]})
    assert changed == before | {"doNotMail": True, "tagTypeIds": [4, 1], "modifiedOn": changed["modifiedOn"]}
    assert changed["modifiedOn"] > before["modifiedOn"]
    assert tiny.done("PATCH", "customers/3", {"tagTypeIds": []})["tagTypeIds"] == []
    assert tiny.done("PATCH", "customers/3", {"address": PLACED})["address"] == PLACED
    status, answer = tiny.call("PATCH", "customers/3", {"address": {"zip": "75023"}})
    assert (status, "address.street" in answer["errors"]) == (400, True)
    assert tiny.call("PATCH", "customers/3", {"address": {**PLACED, "latitude": None}})[1]["errors"].keys() == {
        "address.latitude"
    }
    assert tiny.done("PATCH", "customers/3", {"active": False})["active"] is False
    assert 3 not in ids(tiny.rows("customers"))
    assert 3 in ids(tiny.rows("customers", active="Any"))


def test_patch_of_a_location(tiny: Any) -> None:
    changed = tiny.done("PATCH", "locations/301", {"customFields": [{"typeId": 22, "value": "K"}], "customerId": 9})
    assert changed["customFields"] == [{"typeId": 22, "name": "Key", "value": "K"}]
    assert changed["customerId"] == 9
    assert 301 in ids(tiny.rows("locations", customerId=9))
    assert tiny.done("PATCH", "locations/301", {"address": ADDRESS})["address"] == {
        **ADDRESS,
        "latitude": None,
        "longitude": None,
    }
    assert tiny.call("PATCH", "locations/301", {"customFields": [{"typeId": 99, "value": "K"}]})[0] == 400
    assert tiny.call("PATCH", "locations/301", {"customFields": [{"typeId": 22, "value": None}]})[0] == 400
    assert tiny.call("POST", "locations", {"customerId": 8, "name": "H", "address": ADDRESS})[0] == 409  # inactive
    assert tiny.call("POST", "locations", {"customerId": 800, "name": "H", "address": ADDRESS})[0] == 400


def test_credit_changes_are_accounting(tiny: Any) -> None:
    since = {"modifiedOnOrAfter": "2026-07-01T12:00:00Z"}
    tiny.done("PATCH", "customers/3", {"creditLimit": 5})
    assert ids(tiny.rows("customers", **since)) == [3]
    assert tiny.rows("customers", **since, excludeAccountingChangesFromModifiedDateRange="true") == []


@pytest.mark.parametrize("path", ["customers/3", "locations/301"])
def test_external_data(path: str, tiny: Any) -> None:
    listed = path.partition("/")[0]

    def patch(application: str, items: dict[str, str | None], **more: str) -> dict[str, str]:
        data = [{"key": key, "value": value} for key, value in items.items()]
        change = {"applicationGuid": application, "externalData": data} | more
        return pairs(tiny.done("PATCH", path, {"externalData": change}))

    own = pairs(tiny.done("GET", path))
    assert own.keys() == {"erp"}
    assert patch(OURS, {"erp": "A", "b": "B"})["b"] == "B"
    assert len(tiny.done("GET", path)["externalData"]) == 3  # both applications know an `erp`
    (mine,) = tiny.rows(listed, externalDataApplicationGuid=OURS)
    assert pairs(mine) == {"erp": "A", "b": "B"}
    theirs = tiny.rows(listed, externalDataApplicationGuid=COMPANYS.upper(), ids=path[-3:].strip("s/"))
    assert [pairs(row) for row in theirs] == [own]
    search = {"externalDataKey": "erp", "externalDataValues": "A"}
    assert len(tiny.rows(listed, **search)) == len(tiny.rows(listed, **search, externalDataApplicationGuid=OURS)) == 1
    assert tiny.rows(listed, **search, externalDataApplicationGuid=COMPANYS) == []
    assert patch(OURS, {"b": None, "c": "C"}, patchMode="Merge").keys() == {"erp", "c"}
    assert patch(OURS, {"d": "D"}) == own | {"d": "D"}
    assert patch(OURS, {"d": None}, patchMode="Replace") == own
    assert tiny.rows(listed, externalDataApplicationGuid=OURS) == []
    assert tiny.call("PATCH", path, {"externalData": {"externalData": []}})[0] == 400


def test_custom_field_types(tiny: Any) -> None:
    assert [(field["id"], field["name"]) for field in tiny.rows("customers/custom-fields")] == [(11, "Gate")]
    assert [(field["id"], field["name"]) for field in tiny.rows("locations/custom-fields", sort="-Id")] == [
        (22, "Key"),
        (21, "Dog"),
    ]
    assert tiny.rows("locations/custom-fields", createdOnOrAfter="2026-01-01") == []
