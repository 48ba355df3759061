"""What a merge would lose: values that only the customers have that are not kept. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from stcrm_pandas.cleaning.merging.united import missing_parts
from stcrm_pandas.edits.diff.values import parts_of
from stcrm_pandas.frame.contact_values import find_contacts
from stcrm_pandas.frame.foreign_cells import is_missing

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
        for one in others:
            found = [
                *_fields(kept, customers[one]),
                *_contacts(contacts.get(survivor, ()), contacts.get(one, ())),
                *_parts(kept, customers[one], added),
            ]
            rows += [Loss(cluster, survivor, one, *loss) for loss in found]
    frame = pd.DataFrame(rows, columns=Loss._fields)
    ids = dict.fromkeys(("cluster", "survivor_id", "customer_id"), "Int64")
    return frame.astype(ids | dict.fromkeys(("what", "value", "kept", "note"), "str"))


_Found = Iterator[tuple[str, str, str | None, str]]


def _fields(kept: Mapping[str, Any], other: Mapping[str, Any]) -> _Found:
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
    return {str(int(one.type_id)): one.name or str(one.type_id) for one in fields if not is_missing(one.type_id)}


def _forms(value: str) -> Sequence[str]:
    return find_contacts(value) or (value.strip().casefold(),)


def _text(value: Any) -> str | None:
    return None if value is None or is_missing(value) else str(value).strip() or None


def _address(row: Mapping[str, Any]) -> str | None:
    return ", ".join(filter(None, (_text(row.get(name)) for name in _ADDRESS))) or None
