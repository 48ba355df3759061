"""What all writes have in common, over HTTP, on the tiny company."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from .bodies import ADDRESS, METHOD, PHONE, PLACED, ids


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


def test_writes_are_stored(fresh: Any, tmp_path: Any) -> None:
    first, tiny = fresh(state=tmp_path / "state.sqlite")
    made = tiny.done("POST", "contacts", {"name": "Ann"})
    tiny.done("POST", "customers/3/notes", {"text": "kept"})
    first.stop()
    tiny = fresh(state=tmp_path / "state.sqlite", company=None)[1]
    assert tiny.done("GET", f"contacts/{made['id']}") == made
    assert tiny.rows("customers/3/notes")[0]["text"] == "kept"
