"""Writes to notes, tags and preferred technicians, over HTTP, on the tiny company."""

from __future__ import annotations

from typing import Any

import pytest

from .bodies import ids


def test_notes(tiny: Any) -> None:
    note = tiny.done("POST", "customers/3/notes", {"text": "dog", "pinToTop": True, "addToLocations": True})
    assert (note["text"], note["isPinned"], note["createdById"]) == ("dog", True, 550)
    assert note["createdOn"] == note["modifiedOn"]
    assert tiny.rows("customers/3/notes") == [note]
    assert [note["text"] for note in tiny.rows("locations/302/notes")] == ["dog"]
    assert tiny.rows("customers/4/notes") == []
    second = tiny.done("POST", "locations/302/notes", {"text": "cat", "addToCustomer": True})
    assert ids(tiny.rows("locations/302/notes")) == [1, second["id"]]
    assert [note["text"] for note in tiny.rows("customers/3/notes")] == ["dog", "cat"]
    assert tiny.call("DELETE", f"customers/4/notes/{note['id']}")[0] == 404
    tiny.done("DELETE", f"customers/3/notes/{note['id']}")
    tiny.done("DELETE", f"locations/302/notes/{second['id']}")
    assert tiny.call("DELETE", f"customers/3/notes/{note['id']}")[0] == 404
    assert [note["text"] for note in tiny.rows("customers/3/notes")] == ["cat"]
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
