"""What each write does, and what it reaches: over HTTP, on the tiny company."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

ADDRESS = {"street": "1 Elm St", "unit": "", "city": "Plano", "state": "TX", "zip": "75023", "country": "USA"}
PLACED = {**ADDRESS, "latitude": 33.1, "longitude": -96.7}
PHONE = {"type": "MobilePhone", "value": "(972) 555-0101"}
FLAGS = {
    "jobRemindersEnabled": True,
    "marketingUpdatesEnabled": False,
    "invoiceStatementNotification": False,
    "invoiceNotification": True,
    "statementNotification": False,
}
OURS = "0a0a0a0a-0000-4000-8000-000000000001"
COMPANYS = "6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6"
METHOD = "00000002-0000-4000-8000-{:012x}"


def pairs(row: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["value"] for one in row["externalData"]}


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


# Leads


def test_a_lead_from_a_booking(tiny: Any) -> None:
    token, bookings = tiny.walk("export/leads")[1], tiny.walk("export/bookings")[1]
    lead = tiny.done("POST", "leads", {"campaignId": 71, "summary": "s", "callReasonId": 90, "bookingId": 8003})
    assert (lead["id"], lead["status"], lead["priority"], lead["bookingId"]) == (5200, "Open", "Normal", 8003)
    assert lead["createdOn"] == lead["modifiedOn"] > "2026-07-01T12"
    assert lead["createdById"] == 550
    assert tiny.done("GET", "leads/5200") == lead
    assert tiny.rows("leads", ids="5200,5001")[-1] == lead
    assert tiny.walk("export/leads", token)[0] == [lead | {"active": True}]
    (booking,) = tiny.walk("export/bookings", bookings)[0]
    assert (booking["id"], booking["status"]) == (8003, "Dismissed")
    assert tiny.done("GET", "bookings/8003")["modifiedOn"] == booking["modifiedOn"] > "2026-07-01T12"


def test_a_lead_needs_a_reason_or_a_date(tiny: Any) -> None:
    status, answer = tiny.call("POST", "leads", {"campaignId": 71, "summary": "s"})
    assert status == 400
    assert "callReasonId" in answer["errors"]
    assert answer["data"]["rule"] == "a lead needs a call reason or a follow-up date"
    made = tiny.done("POST", "leads", {"campaignId": 71, "summary": "s", "followUpDate": "2026-08-01T10:00:00+02:00"})
    assert made["followUpDate"] == "2026-08-01T08:00:00.0000000Z"


def test_a_lead_is_changed_followed_up_and_dismissed(tiny: Any) -> None:
    before = tiny.done("GET", "leads/5001")
    changed = tiny.done("PATCH", "leads/5001", {"summary": "worse", "leadCity": "Plano"})
    assert changed == before | {"summary": "worse", "leadCity": "Plano", "modifiedOn": changed["modifiedOn"]}
    assert changed["modifiedOn"] > before["modifiedOn"]
    body = {"followUpDate": "2026-08-01T00:00:00Z", "text": "call back", "pinToTop": True}
    answer = tiny.done("POST", "leads/5001/follow-up", body)
    assert answer == {**body, "leadId": 5001, "followUpDate": "2026-08-01T00:00:00.0000000Z"}
    assert tiny.done("GET", "leads/5001")["followUpDate"] == answer["followUpDate"]
    (note,) = tiny.rows("leads/5001/notes")
    assert (note["text"], note["isPinned"], note["createdById"]) == ("call back", True, 550)
    assert tiny.call("POST", "leads/5001/dismiss", {"dismissingReasonId": 3})[0] == 400  # it is dismissed already
    assert tiny.done("POST", "leads/5000/dismiss", {"dismissingReasonId": 3}) is None
    lead = tiny.done("GET", "leads/5000")
    assert (lead["status"], lead["dismissingReasonId"]) == ("Dismissed", 3)


def test_the_form_makes_a_lead(tiny: Any) -> None:
    body = {"name": "Ann", "email": "a@example.com", "phoneNumber": "9725550101", "address": PLACED, "summary": "drip"}
    own = tiny.done("POST", "leads/form", body, {"id": 3})["leadId"]
    lead = tiny.done("GET", f"leads/{own}")
    assert (lead["leadCustomerName"], lead["leadEmail"], lead["leadPhone"]) == ("Ann", "a@example.com", "9725550101")
    assert (lead["leadStreet"], lead["leadZip"], lead["campaignId"]) == ("1 Elm St", "75023", 70)
    assert own in ids(tiny.rows("leads", isCaptureSourceForm="true"))
    assert tiny.call("POST", "leads/form", body, {"id": "x"})[0] == 400


def test_a_lead_refers_to_existing_rows(tiny: Any) -> None:
    body = {
        "campaignId": 1,
        "summary": "s",
        "callReasonId": 1,
        "customerId": 10**9,
        "tagTypeIds": [1, 77],
        "bookingId": 8007,  # deleted
        "jobTypeId": 1,
        "businessUnitId": 1,
        "locationId": 1,
    }
    status, answer = tiny.call("POST", "leads", body)
    assert (status, answer["errors"].keys()) == (400, body.keys() - {"summary"})
    whose = {"campaignId": 71, "summary": "s", "callReasonId": 90, "customerId": 3, "locationId": 300}
    assert tiny.call("POST", "leads", whose)[1]["errors"].keys() == {"locationId"}
    assert len(tiny.rows("leads")) == 192


# Bookings


def test_a_booking_of_a_provider(tiny: Any) -> None:
    body = {"source": "Web", "name": "Ann", "summary": "s", "isFirstTimeClient": True, "externalId": "x-1"}
    made = tiny.done("POST", "booking-provider/42/bookings", {**body, "contacts": [PHONE, PHONE]})
    assert (made["id"], made["status"], made["bookingProviderId"]) == (8030, "New", 42)
    assert made["start"] == "0001-01-01T00:00:00Z"
    path = f"booking-provider/42/bookings/{made['id']}"
    assert tiny.rows("booking-provider/42/bookings") == [made] == tiny.rows("bookings", externalId="x-1")
    assert [(one["id"], one["memo"]) for one in tiny.rows(f"{path}/contacts")] == [(1, ""), (2, "")]
    assert tiny.call("GET", "booking-provider/40/bookings/8030")[0] == 404
    assert tiny.call("PATCH", "booking-provider/40/bookings/8030", {"name": "Eve"})[0] == 404
    assert tiny.call("GET", "booking-provider/40/bookings/8030/contacts")[0] == 404
    changed = tiny.done("PATCH", path, {"name": "Eve", "address": ADDRESS})
    assert (changed["name"], changed["address"], changed["summary"]) == ("Eve", ADDRESS, "s")
    assert tiny.call("POST", "booking-provider/999/bookings", {**body, "contacts": [PHONE]})[0] == 404

    contact = tiny.done("POST", f"{path}/contacts", {"type": "Email", "value": "a@example.com", "memo": "m"})
    assert contact.keys() == {"id", "type", "value", "memo", "modifiedOn"}
    answer = tiny.done("PATCH", f"{path}/contacts/{contact['id']}", {"value": "b@example.com"})
    assert answer == {"type": "Email", "value": "b@example.com", "memo": "m"}
    assert tiny.rows(f"bookings/{made['id']}/contacts")[-1]["value"] == "b@example.com"
    tiny.done("DELETE", f"{path}/contacts/{contact['id']}")
    assert len(tiny.rows(f"{path}/contacts")) == 2
    assert tiny.call("DELETE", f"{path}/contacts/{contact['id']}")[0] == 404
    assert tiny.done("POST", f"{path}/contacts", PHONE)["id"] == 4  # an id is not given twice

    assert tiny.done("POST", f"{path}/dismiss", {"callReasonId": 91}) is None
    assert tiny.done("GET", path)["status"] == "Dismissed"
    assert tiny.call("POST", f"{path}/dismiss", {})[0] == 400
    assert tiny.call("POST", "booking-provider/abc/bookings/8030/dismiss", {})[0] == 404


def test_a_booking_needs_a_name_and_an_address_or_a_contact(tiny: Any) -> None:
    body = {"source": "Web", "name": "Ann", "summary": "s", "isFirstTimeClient": True, "externalId": "x-1"}
    before = len(tiny.rows("bookings"))
    for wrong, rule in (
        (body, "a booking has an address or a contact"),
        ({**body, "contacts": []}, "a booking has an address or a contact"),
        ({**body, "address": ADDRESS, "name": " "}, "a booking has a name"),
    ):
        status, answer = tiny.call("POST", "booking-provider/42/bookings", wrong)
        assert (status, answer["data"]["rule"]) == (400, rule)
    assert len(tiny.rows("bookings")) == before
    tiny.done("POST", "booking-provider/42/bookings", {**body, "address": ADDRESS})
    tiny.done("POST", "booking-provider/42/bookings", {**body, "contacts": [PHONE]})


def test_booking_provider_tags(tiny: Any) -> None:
    made = tiny.done("POST", "booking-provider-tags", {"tagName": "Agent", "description": "d"})
    assert made == {
        "id": 43,
        "tagName": "Agent",
        "description": "d",
        "type": "V2Api",
        "createdOn": made["createdOn"],
        "modifiedOn": made["createdOn"],
    }
    assert tiny.call("POST", "booking-provider-tags", {"tagName": "AGENT", "description": ""})[0] == 409
    assert tiny.call("PATCH", "booking-provider-tags/43", {"tagName": "Partner 1"})[0] == 400
    assert tiny.done("PATCH", "booking-provider-tags/43", {"description": "e"})["tagName"] == "Agent"
    assert tiny.done("GET", "booking-provider-tags/43")["description"] == "e"
    assert tiny.rows("booking-provider-tags", name="agent", ids="43,41")[0]["active"] is True
    assert tiny.call("PATCH", "booking-provider-tags/1", {"description": "e"})[0] == 404


# Customers and locations


def test_a_customer_is_created_with_locations_and_contacts(tiny: Any) -> None:
    tokens = {name: tiny.walk(f"export/{name}")[1] for name in ("customers", "locations", "customers/contacts")}
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
    assert tiny.walk("export/customers", tokens["customers"])[0] == [made]
    assert (home.pop("contacts")[0]["id"], barn.pop("contacts")) == (1, [])
    assert (home["customerId"], home["tagTypeIds"], barn["customFields"][0]["name"]) == (61, [3], "Dog")
    assert tiny.rows("locations", customerId=61) == [home, barn]
    assert tiny.walk("export/locations", tokens["locations"])[0] == [home, barn]
    contacts = tiny.rows("customers/61/contacts")
    assert [one["phoneSettings"]["phoneNumber"] for one in contacts] == ["9725550101", ""]
    assert "customerId" not in contacts[0]
    exported = tiny.walk("export/customers/contacts", tokens["customers/contacts"])[0]
    assert [(one["customerId"], one["id"], one["active"]) for one in exported] == [(61, 1, True), (61, 2, True)]


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
    assert [one["value"] for one in made["contacts"]] == [PHONE["value"], mail["value"], PHONE["value"]]
    after = tiny.rows("customers/7/contacts")
    assert after[: len(before)] == before
    assert [(one["value"], one["memo"]) for one in after[len(before) :]] == [
        (PHONE["value"], None),
        (mail["value"], "barn"),
    ]
    assert {one["id"] for one in after} == {one["id"] for one in before} | {one["id"] for one in after[len(before) :]}
    tiny.done("POST", "locations", {"customerId": 7, "name": "Shed", "address": ADDRESS, "contacts": [mail]})
    assert tiny.rows("customers/7/contacts") == after, "the customer has it already"

    body = {"name": "Zed", "address": ADDRESS, "locations": [{"name": "Z", "address": ADDRESS, "contacts": [PHONE]}]}
    new = tiny.done("POST", "customers", body)
    assert [one["value"] for one in new["contacts"]] == [PHONE["value"]]
    assert len(tiny.rows(f"customers/{new['id']}/contacts")) == 1


def test_notes_of_deleted_leads_can_be_read(fresh: Any) -> None:
    sandbox, tiny = fresh()
    tiny.done("POST", "leads/5001/notes", {"text": "call back"})
    sandbox.remove("leads", 5001)
    assert tiny.call("GET", "leads/5001")[0] == 404
    assert [one["text"] for one in tiny.rows("leads/5001/notes")] == ["call back"]
    assert tiny.call("GET", "leads/99999/notes")[0] == 404, "never there"


def test_a_change_drops_unknown_fields(fresh: Any) -> None:
    _, tiny = fresh()
    changed = tiny.done(
        "PATCH", "customers/7", {"name": "New", "nickname": "N", "address": {**PLACED, "planet": "Mars"}}
    )
    assert changed["name"] == "New"
    assert "nickname" not in changed
    assert "planet" not in changed["address"]
    assert tiny.call("PATCH", "customers/7", {"nickname": "N", "name": 5})[1]["errors"].keys() == {"name"}
    status, answer = tiny.call("POST", "leads/5001/notes", {"text": "t", "nickname": "N"})
    assert (status, list(answer["errors"])) == (400, ["nickname"]), "only a change drops them"
    _, book = fresh(by_the_book=True)
    status, answer = book.call("PATCH", "customers/7", {"nickname": "N", "address": {**PLACED, "planet": "Mars"}})
    assert (status, {*answer["errors"]}) == (400, {"nickname", "address.planet"})


def test_errors_are_worded_like_the_service(fresh: Any) -> None:
    _, tiny = fresh()
    status, answer = tiny.call("GET", "customers/8/contacts")
    assert (status, answer["title"]) == (409, "Customer ID = 8 is not active")
    status, answer = tiny.call("POST", "locations/310/contacts", PHONE)
    assert (status, answer["title"]) == (409, "Location ID = 310 is not active")
    status, answer = tiny.call("POST", "locations", {"customerId": 8, "name": "H", "address": ADDRESS})
    assert (status, answer["title"]) == (409, "Customer ID = 8 is not active")
    status, answer = tiny.call("GET", "jpm:jobs", query={"sort": "-completedOn"})
    assert (status, answer["errors"]) == (400, {"sort": ["The value '-completedOn' is not valid for Sort."]})
    status, answer = tiny.call("GET", "jpm:job-types", query={"orderBy": "Nonsense"})
    assert (status, answer["title"]) == (400, "The value 'Nonsense' is not valid for OrderBy.")
    _, narrow = fresh(scopes=["tn.crm.leads:r"])
    status, answer = narrow.call("GET", "customers")
    assert (status, answer["title"]) == (403, "Scope validation failed")


def test_failed_requests_change_nothing(fresh: Any, tmp_path: Path) -> None:
    """The contact of a location is the last of the rows that this request makes."""
    state = tmp_path / "state.sqlite"
    fresh(state=state)[0].stop()
    with sqlite3.connect(state) as db:
        fails = "BEGIN SELECT RAISE(FAIL, 'the disk is full'); END"
        db.execute(f"CREATE TRIGGER full BEFORE INSERT ON location_contacts {fails}")
    db.close()
    _, tiny = fresh(state=state)
    body = {"name": "A", "address": ADDRESS, "locations": [{"name": "H", "address": ADDRESS, "contacts": [PHONE]}]}
    data = json.dumps(body).encode()
    status, page, _ = tiny.raw("customers", method="POST", data=data, Content_Type="application/json")
    assert (status, page[:5]) == (500, b"<!DOC")
    assert tiny.call("GET", "customers/61")[0] == 404
    assert tiny.rows("locations", customerId=61) == []


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
    assert [(one["id"], one["name"]) for one in tiny.rows("customers/custom-fields")] == [(11, "Gate")]
    assert [(one["id"], one["name"]) for one in tiny.rows("locations/custom-fields", sort="-Id")] == [
        (22, "Key"),
        (21, "Dog"),
    ]
    assert tiny.rows("locations/custom-fields", createdOnOrAfter="2026-01-01") == []


def test_a_company_may_define_custom_field_types(fresh: Any) -> None:
    class Bare:
        name, time_zone, truth = "Bare", "America/Chicago", {}

        def tables(self) -> Any:
            own = {"createdOn": "2020-01-01T00:00:00Z", "modifiedOn": "2020-01-01T00:00:00Z"}
            yield "customer_custom_field_types", [{"id": 5, "name": "Pet", "dataType": "Text", **own}]
            yield "contact_preference_types", [{"id": METHOD.format(0), "name": "Texts", "dataType": "Bool"}]

    tiny = fresh(company=Bare())[1]
    assert ids(tiny.rows("customers/custom-fields")) == [5]
    assert tiny.rows("locations/custom-fields") == tiny.rows("customers") == []
    assert [kind["name"] for kind in tiny.done("GET", "contacts/preferences")] == ["Texts"]
    path = f"contacts/{tiny.done('POST', 'contacts', {})['id']}/contact-methods"
    made = tiny.done("POST", path, PHONE)
    assert tiny.done("GET", f"{path}/{made['id']}/preferences") == [
        {"name": "Texts", "dataType": "Bool", "value": None}
    ]
    assert made["createdBy"] == 1  # nobody works here
    form = tiny.done("POST", "leads/form", {"name": "Ann"})
    assert tiny.done("GET", f"leads/{form['leadId']}")["id"] == 1


# Contacts of customers and locations


@pytest.mark.parametrize(("parent", "inactive"), [("customers/3", "customers/8"), ("locations/301", "locations/310")])
def test_contacts(parent: str, inactive: str, tiny: Any) -> None:
    kind, _, number = parent.partition("/")
    token, before = tiny.walk(f"export/{kind}/contacts")[1], tiny.done("GET", parent)
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
    (row,) = tiny.walk(f"export/{kind}/contacts", token)[0]
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


# Notes, tags, technicians


def test_notes(tiny: Any) -> None:
    note = tiny.done("POST", "customers/3/notes", {"text": "dog", "pinToTop": True, "addToLocations": True})
    assert (note["text"], note["isPinned"], note["createdById"]) == ("dog", True, 550)
    assert note["createdOn"] == note["modifiedOn"]
    assert tiny.rows("customers/3/notes") == [note]
    assert [one["text"] for one in tiny.rows("locations/302/notes")] == ["dog"]
    assert tiny.rows("customers/4/notes") == []
    second = tiny.done("POST", "locations/302/notes", {"text": "cat", "addToCustomer": True})
    assert ids(tiny.rows("locations/302/notes")) == [1, second["id"]]
    assert [one["text"] for one in tiny.rows("customers/3/notes")] == ["dog", "cat"]
    assert tiny.call("DELETE", f"customers/4/notes/{note['id']}")[0] == 404
    tiny.done("DELETE", f"customers/3/notes/{note['id']}")
    tiny.done("DELETE", f"locations/302/notes/{second['id']}")
    assert tiny.call("DELETE", f"customers/3/notes/{note['id']}")[0] == 404
    assert [one["text"] for one in tiny.rows("customers/3/notes")] == ["cat"]
    assert tiny.rows("customers/3/notes", createdBefore="2026-01-01") == []
    assert tiny.call("POST", "customers/999/notes", {"text": "x"})[0] == 404
    assert tiny.call("POST", "customers/3/notes", {"text": None})[0] == 400


@pytest.mark.parametrize(("parent", "there"), [("customers/3", 1), ("locations/301", 3)])
def test_single_tags(parent: str, there: int, tiny: Any) -> None:
    assert tiny.call("POST", f"{parent}/tags/{there}")[0] == 409
    before = tiny.done("GET", parent)["tagTypeIds"]
    answer = tiny.done("POST", f"{parent}/tags/4")
    assert list(answer.values()) == [int(parent.partition("/")[2]), [*before, 4]]
    assert tiny.done("GET", parent)["tagTypeIds"] == [*before, 4]
    tiny.done("DELETE", f"{parent}/tags/{there}")
    assert there not in tiny.done("GET", parent)["tagTypeIds"]
    assert tiny.call("DELETE", f"{parent}/tags/{there}")[0] == 404
    assert tiny.call("POST", f"{parent}/tags/999")[0] == 404


def test_bulk_tags(tiny: Any) -> None:
    untouched = tiny.done("GET", "customers/5")
    tiny.done("PUT", "tags", {"customerIds": [2, 3, 8], "tagTypeIds": [2, 4]})  # an inactive one, too
    assert [tiny.done("GET", f"customers/{n}")["tagTypeIds"] for n in (2, 3, 8)] == [[2, 4], [1, 2, 4], [2, 4]]
    moved = tiny.done("GET", "customers/3")["modifiedOn"]
    tiny.done("PUT", "tags", {"customerIds": [3], "tagTypeIds": [2]})
    assert tiny.done("GET", "customers/3")["modifiedOn"] == moved
    tiny.done("DELETE", "tags", {"customerIds": [2, 3], "tagTypeIds": [2]})
    assert [tiny.done("GET", f"customers/{n}")["tagTypeIds"] for n in (2, 3)] == [[4], [1, 4]]
    assert tiny.done("GET", "customers/5") == untouched
    status, answer = tiny.call("PUT", "tags", {"customerIds": [2, 999], "tagTypeIds": [3]})
    assert (status, answer["errors"].keys()) == (400, {"customerIds"})
    assert tiny.done("GET", "customers/2")["tagTypeIds"] == [4]


@pytest.mark.parametrize("path", ["customers/3/preferredTechnician", "locations/301/preferredtechnician"])
def test_preferred_technicians(path: str, tiny: Any) -> None:
    assert tiny.done("GET", path) is None
    assert tiny.raw(path)[1] == b"null"
    assert tiny.done("POST", f"{path}/601") is None
    assert tiny.done("GET", path) == 601
    assert tiny.call("POST", f"{path}/999")[0] == 404


def test_no_preferred_technician_is_null_by_the_book_too(fresh: Any) -> None:
    assert fresh(by_the_book=True)[1].call("GET", "locations/301/preferredtechnician") == (200, None)


# The newer store


def test_writes_are_stored(fresh: Any, tmp_path: Any) -> None:
    first, tiny = fresh(state=tmp_path / "state.sqlite")
    made = tiny.done("POST", "contacts", {"name": "Ann"})
    tiny.done("POST", "customers/3/notes", {"text": "kept"})
    first.stop()
    tiny = fresh(state=tmp_path / "state.sqlite", company=None)[1]
    assert tiny.done("GET", f"contacts/{made['id']}") == made
    assert tiny.rows("customers/3/notes")[0]["text"] == "kept"
