"""The values of two customers side by side, and which of them agree. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pandas as pd

from stcrm_pandas.cleaning.contact_owners import owners_of, whole_ids
from stcrm_pandas.frame.contact_values import find_contacts

_ADDRESS = ("address_street", "address_unit", "address_city", "address_state", "address_zip")

Marked = list[tuple[str, bool]]
"""Texts, each with whether the other customer has it, too."""


class Line(NamedTuple):
    """One line of a comparison: its label, and the values of both customers."""

    label: str
    one: Marked
    other: Marked


class SideBySide:
    """The values of some customers, for comparisons.

    Parameters
    ----------
    customers, contacts, locations : DataFrame
        The rows as they were passed to `duplicates`.
    jobs : DataFrame or None
        Jobs with `customer_id`.
    ids : iterable of int
        The customers to compare.
    """

    def __init__(
        self,
        customers: pd.DataFrame,
        contacts: pd.DataFrame,
        locations: pd.DataFrame,
        jobs: pd.DataFrame | None,
        ids: Iterable[int],
    ) -> None:
        among = {*ids}
        rows = customers.assign(id=whole_ids(customers["id"]))
        rows = rows[rows["id"].isin(among)]
        self._rows = {int(row["id"]): row for row in rows.to_dict("records")}
        self._phones: defaultdict[int, list[str]] = defaultdict(list)
        self._emails: defaultdict[int, list[str]] = defaultdict(list)
        self._places: defaultdict[int, list[str]] = defaultdict(list)
        for id, row in self._rows.items():
            _add(self._places[id], _address(row))
        owner = whole_ids(locations["customer_id"])
        sites = locations[owner.isin(among)]
        for id, place in zip(owner[sites.index], sites.to_dict("records"), strict=True):
            _add(self._places[int(id)], _address(place))
        owner = owners_of(contacts, locations)
        wanted = owner.isin(among)
        for id, value in zip(owner[wanted], contacts.loc[wanted, "value"], strict=True):
            if isinstance(value, str):
                _add(self._emails[int(id)] if "@" in value else self._phones[int(id)], value.strip())
        self._jobs = None if jobs is None else whole_ids(jobs["customer_id"]).value_counts().to_dict()

    def compare(self, id: int, other: int) -> list[Line]:
        """Return the lines of a comparison, without those that are blank for both customers."""
        first, second = self._fields(id), self._fields(other)
        lines = []
        for label, (values, form) in first.items():
            others = second[label][0]
            forms, other_forms = {form(value) for value in values}, {form(value) for value in others}
            line = Line(
                label,
                [(value, form(value) in other_forms) for value in values],
                [(value, form(value) in forms) for value in others],
            )
            lines += [line] if values or others else []
        return lines

    def values(self, id: int) -> dict[str, str]:
        """Return the values of a customer by label, as one text each."""
        return {label: " | ".join(values) for label, (values, _) in self._fields(id).items()}

    def _fields(self, id: int) -> dict[str, tuple[list[str], Callable[[str], object]]]:
        row = self._rows[id]
        fields: dict[str, tuple[list[str], Callable[[str], object]]] = {
            "Name": (_texts(row.get("name")), _folded),
            "Type": (_texts(row.get("type")), _folded),
            "Phone": (self._phones[id], _form),
            "E-mail": (self._emails[id], _form),
            "Address": (self._places[id], _folded),
        }
        if self._jobs is not None:
            fields["Jobs"] = ([f"{self._jobs.get(id, 0):,}"], _alone)
        if "balance" in row:
            fields["Balance"] = ([f"${row['balance']:,.2f}"] if not pd.isna(row["balance"]) else [], _alone)
        if "created_on" in row:
            made = row["created_on"]
            fields["Created on"] = ([f"{made:%b} {made.day}, {made.year}"] if not pd.isna(made) else [], _alone)
        if "active" in row and not pd.isna(row["active"]):
            fields["Active"] = (["yes" if row["active"] else "no"], _alone)
        return fields


def _add(values: list[str], value: str) -> None:
    if value and value not in values:
        values.append(value)


def _texts(value: Any) -> list[str]:
    return [] if value is None or pd.isna(value) or not str(value).strip() else [str(value).strip()]


def _address(row: dict[Any, Any]) -> str:
    return ", ".join(part for name in _ADDRESS for part in _texts(row.get(name)))


def _folded(value: str) -> object:
    return " ".join(value.casefold().replace(",", " ").replace(".", " ").split())


def _form(value: str) -> object:
    return find_contacts(value) or _folded(value)


def _alone(value: str) -> object:
    return object()  # agreement would mean nothing
