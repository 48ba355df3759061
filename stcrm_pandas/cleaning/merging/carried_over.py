"""What the kept customer of a merge is to have, and what would be lost. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.edits.values import parts_of
from stcrm_pandas.frame.contact_values import find_contacts
from stcrm_pandas.frame.foreign_cells import is_missing

PARTS = ("tag_type_ids", "custom_fields")


def unite(customers: pd.DataFrame, ranked: Mapping[int, Sequence[int]], addable: Collection[int]) -> pd.DataFrame:
    """Return customers with the tags and custom fields of their clusters on the first customer of each.

    A custom field that the first one has keeps its value; of several others, the first value counts.

    Parameters
    ----------
    customers : DataFrame
        The customers.
    ranked : mapping
        Number of a cluster to the ids of its customers, the one to keep first.
    addable : collection of int
        The tags that may be added to a customer.
    """
    after = customers.copy(deep=False)
    position = {int(id): place for place, id in enumerate(customers["id"])}
    for name, added in (("tag_type_ids", partial(_tags, addable=addable)), ("custom_fields", _custom_fields)):
        if name in after:
            cells = after[name].to_numpy(dtype=object, copy=True)
            for ids in ranked.values():
                places = [position[id] for id in ids if id in position]
                if ids[0] in position and len(places) > 1:
                    cells[places[0]] = added([customers[name].iloc[place] for place in places])
            after[name] = pd.Series(cells, after.index, dtype=customers[name].dtype)
    return after


def tags_not_added(
    customers: pd.DataFrame, ranked: Mapping[int, Sequence[int]], addable: Collection[int]
) -> Iterator[tuple[int, int, int]]:
    """Yield tags that `unite` does not add to the kept customer: the tag, the customer that has it, and the kept one.

    Parameters
    ----------
    customers, ranked, addable
        As for `unite`.
    """
    tags = {int(id): cell for id, cell in zip(customers["id"], customers["tag_type_ids"], strict=True)}
    for kept, *others in ranked.values():
        for other in others:
            for tag in map(int, missing_parts("tag_type_ids", tags.get(kept), tags.get(other))):
                if tag not in addable:
                    yield tag, other, kept


def missing_parts(column: str, kept: Any, other: Any) -> dict[str, Any]:
    """Return the tags or custom fields of another customer that the kept one lacks, by name."""
    there = parts_of(column, kept)
    return {
        name: value
        for name, value in parts_of(column, other).items()
        if not _is_blank(value) and _is_blank(there.get(name))
    }


def _tags(cells: Sequence[Any], *, addable: Collection[int]) -> Any:
    kept = cells[0] if not is_missing(cells[0]) else ()
    others = dict.fromkeys(int(tag) for cell in cells[1:] for tag in missing_parts("tag_type_ids", kept, cell))
    more = [tag for tag in others if tag in addable]
    return (*kept, *more) if more else cells[0]


def _custom_fields(cells: Sequence[Any]) -> Any:
    kept = cells[0] if not is_missing(cells[0]) else ()
    more: dict[str, Any] = {}
    for cell in cells[1:]:
        more = missing_parts("custom_fields", kept, cell) | more
    if not more:
        return cells[0]
    names = {
        str(int(field.type_id)): field.name
        for cell in cells[1:]
        for field in (() if is_missing(cell) else cell)
        if not is_missing(field.type_id)
    }
    filled = [
        field if is_missing(field.type_id) else field._replace(value=more.pop(str(int(field.type_id)), field.value))
        for field in kept
    ]
    return (*filled, *(CustomField(int(type_id), names[type_id], value) for type_id, value in more.items()))


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


FIELDS = {
    "name": "name",
    "type": "type",
    "tax_exempt": "tax exempt",
    "national_account": "national account",
    "payment_term_id": "payment term",
    "credit_limit": "credit limit",
}
_ADDRESS = ("address_street", "address_unit", "address_city", "address_state", "address_zip")
PLAN = "added by the plan"
NOT_ADDED = "the kept customer has another value"


class Loss(NamedTuple):
    """A value that only a customer has that is not kept; `kept` is the value of the one that is kept."""

    cluster: int
    survivor_id: int
    customer_id: int
    what: str
    value: str
    kept: str | None
    note: str


def losses_of(
    ranked: Mapping[int, Sequence[int]],
    customers: Mapping[int, Mapping[str, Any]],
    contacts: Mapping[int, Sequence[str]],
) -> pd.DataFrame:
    """Return a row for each value that only a customer has that is not kept.

    Parameters
    ----------
    ranked : mapping
        Number of a cluster to the ids of its customers, the one to keep first.
    customers : mapping
        Customer to its values by column.
    contacts : mapping
        Customer to the values of its contacts.
    """
    rows: list[Loss] = []
    for cluster, (survivor, *others) in ranked.items():
        kept, added = customers[survivor], set[str]()
        for other in others:
            losses = [
                *_lost_fields(kept, customers[other]),
                *_contacts(contacts.get(survivor, ()), contacts.get(other, ())),
                *_parts(kept, customers[other], added),
            ]
            rows += [Loss(cluster, survivor, other, *loss) for loss in losses]
    frame = pd.DataFrame(rows, columns=Loss._fields)
    ids = dict.fromkeys(("cluster", "survivor_id", "customer_id"), "Int64")
    return frame.astype(ids | dict.fromkeys(("what", "value", "kept", "note"), "str"))


_Found = Iterator[tuple[str, str, str | None, str]]


def _lost_fields(kept: Mapping[str, Any], other: Mapping[str, Any]) -> _Found:
    for name, what in FIELDS.items():
        old, value = _text(kept.get(name)), _text(other.get(name))
        if value and value != "False" and value.casefold() != (old or "").casefold():
            yield what, value, old, ""
    old, value = _address(kept), _address(other)
    if value and value.casefold() != (old or "").casefold():
        yield "address", value, old, ""


def _contacts(kept: Sequence[str], other: Sequence[str]) -> _Found:
    known = {form for value in kept for form in _forms(value)}
    for value in other:
        new = [form for form in _forms(value) if form not in known]
        known.update(new)
        if new:
            yield "e-mail" if "@" in value else "phone", value, None, ""


def _parts(kept: Mapping[str, Any], other: Mapping[str, Any], added: set[str]) -> _Found:
    for name, what in (("tag_type_ids", "tag"), ("custom_fields", "custom field"), ("external_data", "external data")):
        old, new = kept.get(name), other.get(name)
        if new is None:
            continue
        there, lacking = parts_of(name, old), missing_parts(name, old, new)
        titles = _titles(new) if name == "custom_fields" else {}
        for part, value in parts_of(name, new).items():
            title = titles.get(part, part)
            if part in lacking:
                first = f"{what} {part}" not in added
                added.add(f"{what} {part}")
                note = "" if what == "external data" else PLAN if first or what == "tag" else NOT_ADDED
                yield what, title if what == "tag" else f"{title}: {value}", None, note
            elif what != "tag" and value not in (None, "") and value != there[part]:
                yield what, f"{title}: {value}", f"{title}: {there[part]}", NOT_ADDED


def _titles(cell: Any) -> dict[str, str]:
    fields = () if is_missing(cell) else cell
    return {
        str(int(field.type_id)): field.name or str(field.type_id) for field in fields if not is_missing(field.type_id)
    }


def _forms(value: str) -> Sequence[str]:
    return find_contacts(value) or (value.strip().casefold(),)


def _text(value: Any) -> str | None:
    return None if value is None or is_missing(value) else str(value).strip() or None


def _address(row: Mapping[str, Any]) -> str | None:
    return ", ".join(filter(None, (_text(row.get(name)) for name in _ADDRESS))) or None
