"""Our tables of operations, rows and bodies against the published contract: each difference is named, few are meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import pytest

from stcrm_pandas.contract.operations import OPERATIONS, Operation
from stcrm_pandas.contract.schemas.fields import Field, boolean, integer, text

from .published import Published, reference

_LAST = "the columns of the list, then `active`"
_NUMBER = "a number that has no name; the name is ours"
MEANT = {
    "Bookings_DismissBooking: path.booking_provider has kind integer, not text": (
        "all other operations have it as a whole number, and it is the same id"
    ),
    "Bookings_UpdateBookingContact: row is none, not Crm.V2.UpdateBookingContactRequest": (
        "the answer is poorer than the row, which is read instead"
    ),
    "ExportBookings_Get: row is in another order": _LAST,
    "ExportLeads_Leads: row is in another order": _LAST,
    "ExportContacts_CustomersContacts: row is in another order": _LAST,
    "Locations_GetPreferredTechnician: row has kind object, not integer": _NUMBER,
}
"""What differs on purpose, and why."""

UNPUBLISHED = ["customers.get_preferred_technician", "customers.set_preferred_technician"]
"""On the list of operations that were asked for; the published contract has them for locations only."""

PAGING = {
    "page": (integer("page"), integer("pageSize"), boolean("includeTotal")),
    "feed": (text("from"),),
}
"""What the query of a walk takes besides its filters."""


def differences(ours: Iterable[Field], theirs: Iterable[Field], where: str) -> Iterator[str]:
    """What differs between two tables of fields, in words."""
    mine, published = ({field.name: field for field in fields} for fields in (ours, theirs))
    for name in mine.keys() ^ published.keys():
        yield f"{where}.{name} is {'not published' if name in mine else 'missing'}"
    if mine.keys() == published.keys() and list(mine) != list(published):
        yield f"{where} is in another order"
    for name in mine.keys() & published.keys():
        yield from differs(mine[name], published[name], f"{where}.{name}")


def differs(mine: Field, published: Field, where: str) -> Iterator[str]:
    for aspect in ("kind", "many", "required", "nullable", "values"):
        one, other = getattr(mine, aspect), getattr(published, aspect)
        if one != other:
            yield f"{where} has {aspect} {one}, not {other}"
    if mine.kind == published.kind:
        yield from differences(mine.fields, published.fields, where)


def of_query(operation: Operation) -> dict[str, Field]:
    """What our table says that a query takes: nothing must be there, and a list is sent as a text with commas."""
    sorts = [text(name) for name, _ in operation.sort.query] if operation.sort else []
    sent = [*PAGING.get(operation.returns, ()), *sorts, *operation.filters]
    fields = (text(one.name) if one.many else one for one in sent)
    return {one.name: replace(one, required=False) for one in fields}


def by_name(fields: Iterable[Field], like: Mapping[str, Field]) -> list[Field]:
    """In the order of others: that of parameters means nothing."""
    return sorted(fields, key=lambda field: list(like).index(field.name) if field.name in like else -1)


def of_call(ours: Operation, published: Published) -> Iterator[str]:
    if (ours.method, ours.path) != (published.method, published.path):
        yield f"call is {ours.method} {ours.path}, not {published.method} {published.path}"
    scopes = {scope for need in published.spec.get("security", ()) for scope in need["oauth"]}
    if scopes and scopes != {ours.scope}:
        yield f"scope is {ours.scope}, not {scopes}"
    path = {field.name: field for field in ours.path_fields}
    yield from differences(path.values(), by_name(published.fields("path"), path), "path")
    query = of_query(ours)
    if ours.hides_inactive != ("active" in published.parameters("query")):
        yield "query does not ask for all that the contract hides"
    yield from differences(query.values(), by_name(published.fields("query"), query), "query")


def of_body(ours: Operation, published: Published) -> Iterator[str]:
    schema, body = published.request, ours.body
    name, mine = reference(schema or {}) or "none", body.schema if body else "none"
    if name != mine:
        yield f"body is {mine}, not {name}"
    elif schema and body:
        yield from differences(body.fields, published.field(schema).fields, "body")


def of_answer(ours: Operation, published: Published) -> Iterator[str]:
    shape, name, row = published.row() or ("none", "none", None)
    if ours.returns != shape:
        yield f"answer is {ours.returns}, not {shape}"
    mine = ours.row.schema if ours.row else "none"
    if mine != name and shape != "scalar":
        yield f"row is {mine}, not {name}"
    elif ours.row and row:
        parts = ours.row.fields if row.kind == "object" else ()
        yield from differs(Field("", "object", fields=parts), row, "row")


def test_operations_match_the_published_api(published):
    assert {operation.id for operation in OPERATIONS.values() if operation.published} == set(published)
    assert [operation.name for operation in OPERATIONS.values() if not operation.published] == UNPUBLISHED
    assert len(OPERATIONS) == 88 + 9


def test_method_names_are_unique():
    methods = [operation.name for operation in OPERATIONS.values()]
    assert len(set(methods)) == len(methods)


@pytest.mark.parametrize("id", [operation.id for operation in OPERATIONS.values() if operation.published])
def test_only_intended_differences(id, published):
    ours, theirs = OPERATIONS[id], published[id]
    found = [*of_call(ours, theirs), *of_body(ours, theirs), *of_answer(ours, theirs)]
    assert {f"{id}: {one}" for one in found} == {one for one in MEANT if one.startswith(f"{id}: ")}


def test_intended_differences_name_operations():
    assert {one.partition(":")[0] for one in MEANT} <= OPERATIONS.keys()


def test_each_aspect_is_compared():
    """The comparison sees each kind of difference."""
    one = replace(text("a"), values=("x",))
    found = [
        *differences([one], [], "t"),
        *differences([], [one], "t"),
        *differences([one, text("b")], [text("b"), one], "t"),
        *differences([one], [replace(one, kind="guid", many=True, required=False, nullable=True, values=())], "t"),
        *differences([Field("o", "object", fields=(one,))], [Field("o", "object")], "t"),
    ]
    assert [re.sub(r"[,(].*", "", text) for text in found] == [
        "t.a is not published",
        "t.a is missing",
        "t is in another order",
        "t.a has kind text",
        "t.a has many False",
        "t.a has required True",
        "t.a has nullable False",
        "t.a has values ",
        "t.o.a is not published",
    ]
