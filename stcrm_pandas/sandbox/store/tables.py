"""The tables of the store, and how each stores a row; a table that is not listed here is keyed by `id`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox.store.clock import ticks

Key = int | str | tuple[int | str, ...]
"""The key of a row: its id, or its parent's id and its own."""

Row = Mapping[str, Any]


def lower_case(text: Any) -> str | None:
    """Return text in lower case.

    >>> lower_case("NÚÑEZ & Sons")
    'núñez & sons'
    """
    return text.lower() if isinstance(text, str) else None


_NO_DIGITS = bytes(sorted({*range(256)} - {*b"0123456789"}))


def digits(value: Any) -> str | None:
    """Return the digits of a phone number without the country code 1.

    >>> digits("+1 (312) 555-0142")
    '3125550142'
    """
    if value is None:
        return None
    raw = value if isinstance(value, bytes) else str(value).encode(errors="replace")
    number = raw.translate(None, _NO_DIGITS).decode()
    return number[1:] if len(number) == 11 and number[0] == "1" else number


def unchanged(text: Any) -> Any:
    return text


def _address(row: Row) -> str | None:
    """Return what a contact method is found by: an e-mail address in lower case, or the digits of a phone number."""
    value = row.get("value")
    return lower_case(value) if "@" in str(value) else digits(value) or lower_case(value)


@dataclass(frozen=True)
class FieldValue:
    """Reads and converts one field of a row; None where the field in `unless` has one of its values."""

    field: str
    convert: Callable[[Any], str | None] = unchanged
    unless: tuple[str, tuple[str | None, ...]] | None = None

    def __call__(self, row: Row) -> str | None:
        excluded = self.unless is not None and row.get(self.unless[0]) in self.unless[1]
        return None if excluded else self.convert(row.get(self.field))


@dataclass(frozen=True)
class SearchColumn:
    """A column for filters on large tables, computed by `read` when a row is written."""

    column: str
    read: Callable[[Row], str | None]
    own_index: bool = False
    """Whether it has its own index, for values that few rows share; the others are part of the index by id."""


@dataclass(frozen=True)
class Table:
    """A table of the store.

    `parent` is the field with the parent's id, `hidden` are fields that responses leave out, and `computed` are fields
    that are null unless a request asks for them.
    """

    name: str
    id: str = "id"
    parent: str | None = None
    hidden: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    keyed_by_parent: bool = False
    """Whether ids are unique within a parent only."""
    dated: tuple[str, ...] = ("createdOn", "modifiedOn")
    """The fields with the times of creation and change."""
    searches: tuple[SearchColumn, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the values that `record` returns."""
        return (*COLUMNS, *(search.column for search in self.searches), "hidden", "body")

    @property
    def deletes_softly(self) -> bool:
        """Whether a deleted row is kept, so that feeds can show it."""
        return "active" in self.hidden

    def record(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values of a row's `columns`."""
        hidden, active = None, row.get("active", True)
        body = row
        if self.hidden:
            body = dict(row)
            kept = {name: body.pop(name) for name in self.hidden if name in row}
            if self.deletes_softly:
                kept.pop("active", None)
            hidden = orjson.dumps(kept).decode() if kept else None
        for name in self.computed:
            if body.get(name) is not None:
                body = {**body, name: None}
        created_on, modified_on = row.get("createdOn"), row.get("modifiedOn")
        created = _ticks(created_on)
        modified = created if modified_on == created_on else _ticks(modified_on)
        return (
            row[self.id],
            row.get(self.parent) if self.parent else None,
            0 if active is False else 1,
            created,
            modified,
            modified,
            modified or 0,
            *[search.read(row) for search in self.searches],
            hidden,
            orjson.dumps(body).decode(),
        )

    def row(self, body: bytes, hidden: bytes | None, active: int) -> dict[str, Any]:
        """Return a complete row from its stored values, hidden fields included."""
        row: dict[str, Any] = orjson.loads(body)
        row |= orjson.loads(hidden) if hidden else {}
        return row | {"active": bool(active)} if self.deletes_softly else row

    def split_key(self, key: Key) -> tuple[int | str | None, int | str]:
        """Return the parent's id (None for a table keyed by id alone) and the row's id, or raise UsageError."""
        if self.keyed_by_parent:
            if isinstance(key, tuple) and len(key) == 2:
                return key[0], key[1]
            raise UsageError(f"a row of {self.name} is identified by ({self.parent}, {self.id})")
        if isinstance(key, tuple):
            raise UsageError(f"a row of {self.name} is identified only by its {self.id}")
        return None, key


COLUMNS = ("id", "parent", "active", "created", "modified", "edited", "seq")
"""The first columns of each table: times are ticks, `edited` is `modified` without accounting changes, and `seq` is the
row's place in the order of changes."""


def _ticks(text: Any) -> int | None:
    try:
        return ticks(text)
    except (TypeError, ValueError, IndexError):  # missing, or invalid on purpose
        return None


def _by_name(tables: Iterable[Table]) -> dict[str, Table]:
    return {table.name: table for table in tables}


_NAME = SearchColumn("name", FieldValue("name", lower_case))
_NUMBER = FieldValue("value", digits, unless=("type", (None, "Email")))
"""The digits of a contact that is a phone number."""

TABLES = _by_name(
    (
        Table(
            "leads",
            parent="customerId",
            hidden=("active",),
            computed=("leadUrl",),
            searches=(
                SearchColumn("status", FieldValue("status")),
                SearchColumn("phone", FieldValue("leadPhone", digits)),
                SearchColumn("name", FieldValue("leadCustomerName", lower_case)),
            ),
        ),
        Table("bookings", parent="bookingProviderId", hidden=("active",)),
        Table(
            "booking_contacts",
            parent="bookingId",
            hidden=("active", "bookingId", "bookingProviderId"),
            keyed_by_parent=True,
            dated=("modifiedOn",),
        ),
        Table("booking_provider_tags"),
        Table("customers", hidden=("externalDataOwners", "preferredTechnicianId"), searches=(_NAME,)),
        Table(
            "customer_contacts",
            parent="customerId",
            hidden=("active",),
            keyed_by_parent=True,
            searches=(SearchColumn("phone", _NUMBER, own_index=True),),
        ),
        Table(
            "locations",
            parent="customerId",
            hidden=("externalDataOwners", "preferredTechnicianId"),
            searches=(_NAME,),
        ),
        Table("location_contacts", parent="locationId", hidden=("active",), keyed_by_parent=True),
        Table("lead_notes", parent="leadId", hidden=("active", "leadId")),
        Table("customer_notes", parent="customerId", hidden=("active", "customerId")),
        Table("location_notes", parent="locationId", hidden=("active", "locationId")),
        Table("customer_custom_field_types"),
        Table("location_custom_field_types"),
        Table("jobs", parent="customerId", searches=(SearchColumn("status", FieldValue("jobStatus")),)),
        Table("campaigns"),
        Table("campaign_categories"),
        Table("business_units"),
        Table("tag_types"),
        Table("employees", parent="userId"),
        Table("technicians", parent="userId"),
        Table("job_types"),
        Table("call_reasons"),
        Table("contacts", searches=(_NAME,)),
        Table("contact_methods", parent="contactId", searches=(SearchColumn("found_by", _address),)),
        Table(
            "contact_preferences",
            id="name",
            parent="contactMethodId",
            hidden=("contactId", "contactMethodId"),
            keyed_by_parent=True,
            dated=(),
        ),
        Table("contact_preference_types", dated=()),
        Table("contact_relationships", parent="contactId", hidden=("contactId",), dated=("createdOn",)),
    )
)


def set_path(row: dict[str, Any], path: str, value: Any) -> None:
    """Set a field or a part of it, such as `address.city`; a null object in the path becomes an object."""
    *parents, last = path.split(".")
    for name in parents:
        inner = row.get(name)
        row[name] = inner = dict(inner) if isinstance(inner, dict) else {}
        row = inner
    row[last] = value


def drop_path(row: dict[str, Any], path: str) -> None:
    """Remove a field or a part of it from a row."""
    *parents, last = path.split(".")
    for name in parents:
        inner = row.get(name)
        if not isinstance(inner, dict):
            return
        row[name] = inner = dict(inner)
        row = inner
    row.pop(last, None)
