"""Writes to contacts, their methods, preferences and relationships, on the tiny company."""

from __future__ import annotations

from typing import Any

import pytest

from .bodies import METHOD, PHONE, ids

CONTACT = "00000001-0000-4000-8000-{:012x}"


def test_newer_contacts(tiny: Any) -> None:
    made = tiny.done("POST", "contacts", {"name": "Ann", "referenceId": "new"})
    assert (made["isArchived"], made["title"], made["createdBy"]) == (False, None, 550)
    path = f"contacts/{made['id']}"
    assert tiny.done("GET", path.upper().replace("CONTACTS", "contacts")) == made
    assert tiny.rows("contacts", sort="-CreatedOn")[0] == made
    assert tiny.call("POST", "contacts", {"referenceId": "new"})[0] == 409
    assert tiny.call("PATCH", path, {"title": "Owner"})[1]["errors"].keys() == {"isArchived"}
    changed = tiny.done("PATCH", path, {"title": "Owner", "isArchived": True})
    assert (changed["name"], changed["title"], changed["isArchived"]) == ("Ann", "Owner", True)
    replaced = tiny.done("PUT", path, {"name": "Eve", "isArchived": False})
    assert (replaced["name"], replaced["title"], replaced["referenceId"]) == ("Eve", None, None)
    tiny.done("DELETE", path)
    assert {tiny.call(method, path, {"isArchived": True})[0] for method in ("PUT", "PATCH")} == {404}
    assert {tiny.call(method, path)[0] for method in ("GET", "DELETE")} == {404}
    assert tiny.call("GET", "contacts/7")[0] == 400


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"name": "ada"}, [0, 2, 4, 6, 8, 10]),
        ({"title": "own", "isArchived": "true"}, [0, 10]),
        ({"isArchived": "False", "name": "Stone 1"}, [1, 11]),
        ({"referenceId": "R-4"}, [4]),
        ({"createdBefore": "2026-01-02", "modifiedOnOrAfter": "2026-01-03"}, [0]),
    ],
)
def test_newer_contacts_are_filtered(query: dict[str, str], numbers: list[int], caller: Any) -> None:
    assert ids(caller.rows("contacts", sort="+CreatedOn", **query)) == [CONTACT.format(number) for number in numbers]


def test_methods_and_their_preferences(tiny: Any) -> None:
    contact = f"contacts/{CONTACT.format(1)}"
    methods = f"{contact}/contact-methods"
    assert ids(tiny.rows(methods, sort="+CreatedOn")) == [METHOD.format(1), METHOD.format(11)]
    made = tiny.done("POST", methods, {**PHONE, "referenceId": "r"})
    assert made["contactId"] == CONTACT.format(1)
    path = f"{methods}/{made['id']}"
    assert tiny.rows("contacts/contact-methods", contactId=CONTACT.format(1), referenceId="r") == [made]
    assert tiny.rows("contacts/contact-methods", value="972-555-0101", type="mobilephone") == [made]
    assert tiny.rows(methods, value="M11@example.com")[0]["id"] == METHOD.format(11)
    changed = tiny.done("PATCH", path, {"memo": "m"})
    assert (changed["memo"], changed["value"]) == ("m", PHONE["value"])
    put = tiny.done("PUT", path, {"type": "Email", "value": "a@example.com"})
    assert (put["memo"], put["referenceId"], put["type"], put["id"]) == (None, None, "Email", made["id"])
    new = "00000009-0000-4000-8000-000000000000"
    assert tiny.done("PUT", f"{methods}/{new}", PHONE)["id"] == new == tiny.done("GET", f"{methods}/{new}")["id"]
    other = f"contacts/{CONTACT.format(2)}/contact-methods"
    for method, body in (("GET", None), ("PUT", PHONE), ("PATCH", {"memo": "m"}), ("DELETE", None)):
        assert tiny.call(method, f"{other}/{new}", body)[0] == 404

    kinds = tiny.done("GET", "contacts/preferences")
    assert [kind["dataType"] for kind in kinds] == ["Bool"] * 3
    preferences = tiny.done("GET", f"{path}/preferences")
    assert preferences == [{"name": kind["name"], "dataType": "Bool", "value": None} for kind in kinds]
    assert tiny.done("PATCH", f"{path}/preferences/Marketing", {"value": "False"})["value"] == "false"
    assert tiny.done("GET", f"{path}/preferences/Marketing")["value"] == "false"
    assert tiny.call("PATCH", f"{path}/preferences/Marketing", {"value": "perhaps"})[0] == 400
    assert tiny.call("GET", f"{path}/preferences/Weather")[0] == 404
    tiny.done("DELETE", path)
    assert tiny.call("GET", f"{path}/preferences")[0] == 404

    tiny.done("DELETE", contact)
    assert tiny.call("GET", f"{methods}/{new}")[0] == 404
    assert tiny.rows("contacts/contact-methods", contactId=CONTACT.format(1)) == []


def test_relationships(tiny: Any) -> None:
    contact = f"contacts/{CONTACT.format(1)}"
    path = f"{contact}/relationships"
    assert tiny.done("POST", f"{path}/3/customer") is None
    assert tiny.call("POST", f"{path}/3/Customer")[0] == 409
    tiny.done("POST", f"{path}/301/location")
    assert tiny.call("POST", f"{path}/999/customer")[0] == 404
    assert tiny.call("POST", f"{path}/3/planet")[0] == 404
    tiny.done("POST", f"contacts/{CONTACT.format(2)}/relationships/3/customer")
    rows = tiny.rows(path, sort="+CreatedOn")
    assert [(row["relatedEntityId"], row["typeName"]) for row in rows] == [(3, "Customer"), (301, "Location")]
    assert rows[0].keys() == {"id", "relatedEntityId", "typeName", "typeSlug", "createdOn", "createdBy"}
    assert tiny.rows(path, typeSlug="location", typeName="Location", relatedEntityId=301) == rows[1:]
    related = tiny.rows("contacts/relationships/3", sort="+CreatedOn")
    assert ids(related) == [CONTACT.format(1), CONTACT.format(2)]
    assert tiny.rows("contacts/relationships/3", name="ADA") == related[1:]
    tiny.done("DELETE", f"{path}/3/customer")
    assert tiny.call("DELETE", f"{path}/3/customer")[0] == 404
    tiny.done("DELETE", f"contacts/{CONTACT.format(2)}")
    assert tiny.rows("contacts/relationships/3") == []


# State
