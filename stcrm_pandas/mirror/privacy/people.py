"""Find the rows of a person in a mirror: those of a customer, of the records merged with it, and of its contacts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts, is_placeholder, normalize_contact
from stcrm_pandas.mirror.privacy.mentions import CONTACT_COLUMNS, Mentions, columns_of, of_rows
from stcrm_pandas.mirror.resources import EVERY
from stcrm_pandas.mirror.store import SEQ, Store

Key = tuple[Any, ...]
Rows = dict[Key, int | None]
"""Rows by key. The number is the last commit whose versions are the person's: the row is somebody else's now."""

OF = {
    "customer_id": "customers",
    "merged_to_id": "customers",
    "location_id": "locations",
    "lead_id": "leads",
    "booking_id": "bookings",
    "job_id": "jobs",
    "contact_id": "contacts",
}
"""The resource whose ids a column has."""

_OF_MENTION = ("resource", "key", "column", "erased")


@dataclass
class Person:
    """What a mirror has of a person.

    Parameters
    ----------
    customers : set of int
        The ids of the customer and of the records merged with it.
    rows : dict
        The rows to erase by resource.
    values : set of str
        The phone numbers and e-mail addresses that nobody else has, in their normal form.
    candidates : DataFrame
        Leads and bookings with the same name and address that nothing else connects with the person: `resource`,
        `id`, `created_on`, `status`.
    also : set of int
        Further customers with one of the numbers or addresses that were asked for.
    by_text : dict
        The ids of leads and bookings that only a number or an address in a text connects with the person.
    mentions : DataFrame
        Texts of other rows that have one of the numbers or addresses: `resource`, `key`, `column`, and `erased`, false
        if all of them are somebody else's, too.
    erased_values : set of str
        The values that are erased in these texts.
    """

    customers: set[int]
    rows: dict[str, Rows] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)
    candidates: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"id": []}))
    also: set[int] = field(default_factory=set)
    by_text: dict[str, set[int]] = field(default_factory=dict)
    mentions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({name: [] for name in _OF_MENTION}))
    erased_values: set[str] = field(default_factory=set)

    def ids(self, resource: str) -> set[Any]:
        """Return the ids of those rows of a resource that are still the person's."""
        return {key[-1] for key, until in self.rows.get(resource, {}).items() if until is None}

    def owns(self, resource: str, key: Iterable[object]) -> bool:
        """Return whether a row is the person's, by its key, or by the id of what it belongs to."""
        if resource not in EVERY:
            return False
        names = EVERY[resource].row.key
        for name, part in zip(names, key, strict=False):
            of = resource if names == ("id",) else OF.get(name)
            if of is not None and str(part) in map(str, self.ids(of)):
                return True
        return False

    def mentioned_in(self, text: str) -> bool:
        """Return whether a text has one of the person's numbers or addresses, however a number is written."""
        return Mentions(self.values).is_in(text)


def find(
    stores: Mapping[str, Store],
    customers: Iterable[int],
    *,
    contacts: Iterable[str] = (),
    bookings: Iterable[int] = (),
    leads: Iterable[int] = (),
) -> Person:
    """Return what a mirror has of a person.

    Parameters
    ----------
    stores : mapping
        The stores of the mirror by resource; empty without a mirror.
    customers : iterable of int
        The ids of customers. Records merged with them, in either direction, count as well.
    contacts : iterable of str, default ()
        Phone numbers and e-mail addresses, for leads without a customer and bookings.
    bookings : iterable of int, default ()
        The ids of further bookings.
    leads : iterable of int, default ()
        The ids of further leads.
    """
    frames = _Frames(stores)
    person = Person(_with_merged(frames, set(customers)))
    rows, owners = person.rows, person.customers
    rows["customers"] = frames.of("customers", "id", owners)
    for name in ("locations", "customer_contacts", "customer_notes", "leads", "jobs"):
        rows[name] = frames.of(name, "customer_id", owners)
    rows["location_contacts"] = frames.of("location_contacts", "location_id", person.ids("locations"))
    searched = _asked_values(contacts)
    person.values = (_own_values(frames, person) - _values_of_others(frames, person)) | searched
    rows["location_contacts"] |= frames.with_values(
        "location_contacts", person.values, among={key[0] for key in rows["locations"]}
    )
    mentions = frames.mentions(person.values)
    rows["leads"] |= frames.of("leads", "id", set(leads)) | _leads_without_customer(frames, person.values)
    known = {"leads": set(person.ids("leads"))}
    rows["leads"] |= frames.of("leads", "id", _mentioned(mentions, "leads", "lead_notes") & frames.leads_of_nobody())
    booking_ids = set(bookings) | frames.column("leads", "booking_id", person.ids("leads"))
    booking_ids |= frames.column("jobs", "booking_id", person.ids("jobs"))
    booking_ids |= {key[1] for key in frames.with_values("booking_contacts", person.values)}
    of_jobs = frames.of("bookings", "job_id", person.ids("jobs"))
    known["bookings"] = booking_ids | {key[0] for key in of_jobs}
    booking_ids |= _mentioned(mentions, "bookings", "booking_contacts")
    booking_ids -= _bookings_of_others(frames, person.ids("jobs"))
    rows["bookings"] = of_jobs | frames.of("bookings", "id", booking_ids)
    for name, column in (
        ("location_notes", "location_id"),
        ("lead_notes", "lead_id"),
        ("booking_contacts", "booking_id"),
    ):
        rows[name] = frames.of(
            name, column, person.ids(OF[column]) | (booking_ids if column == "booking_id" else set())
        )
    newer = {key[0] for key in frames.with_values("contact_methods", person.values)} | _related(frames, owners)
    rows["contacts"] = frames.of("contacts", "id", newer)
    for name in ("contact_methods", "contact_relationships", "contact_preferences"):
        rows[name] = frames.of(name, "contact_id", newer)
    person.rows = {name: by_key for name, by_key in rows.items() if by_key}
    person.rows.setdefault("customers", {}).update(dict.fromkeys(((id,) for id in owners), None))
    for name, ids in (("bookings", bookings), ("leads", leads)):
        person.rows.setdefault(name, {}).update(dict.fromkeys(((id,) for id in ids), None))
    person.by_text = {name: more for name, ids in known.items() if (more := person.ids(name) - ids)}
    _note_mentions(person, mentions)
    contacts_of_all = frames.read("customer_contacts", ["value"])
    asked_for = contacts_of_all.loc[[bool(_spelled(value) & searched) for value in contacts_of_all["value"]]]
    person.also = {int(id) for id in asked_for["customer_id"]} - person.customers
    person.candidates = _same_name_and_address(frames, person)
    return person


class _Frames:
    """Columns of all versions of the resources of a mirror, read once."""

    def __init__(self, stores: Mapping[str, Store]) -> None:
        self._stores = stores

    def read(self, resource: str, columns: Iterable[str]) -> pd.DataFrame:
        """Return columns of all versions, oldest first."""
        wanted = list(dict.fromkeys([*EVERY[resource].row.key, *columns, SEQ]))
        table = self._stores[resource].read(wanted) if resource in self._stores else None
        if table is None:
            return pd.DataFrame({name: pd.Series(dtype=object) for name in wanted})
        cells = {name: pd.Series(table.column(name).to_pylist(), dtype=object) for name in table.column_names}
        frame = pd.DataFrame(cells)
        return frame.reindex(columns=wanted).sort_values(SEQ, kind="stable", ignore_index=True)

    def of(self, resource: str, column: str, ids: Collection[Any]) -> Rows:
        """Return the rows that have or had one of some ids in a column."""
        if not ids:
            return {}
        key = list(EVERY[resource].row.key)
        frame = self.read(resource, [column])
        mine = frame[frame[column].isin(ids)]
        last_of = {row: int(seq) for *row_key, seq in mine[[*key, SEQ]].to_numpy().tolist() for row in [tuple(row_key)]}
        last = frame.drop_duplicates(key, keep="last")
        still = {tuple(row) for row in last.loc[last[column].isin(ids), key].to_numpy().tolist()}
        return {row: None if row in still else seq for row, seq in last_of.items()}

    def column(self, resource: str, column: str, ids: Collection[Any]) -> set[Any]:
        """Return the values in a column of some rows, whatever their version."""
        frame = self.read(resource, [column])
        return set(frame.loc[frame["id"].isin(ids), column].dropna().tolist())

    def with_values(self, resource: str, values: Collection[str], *, among: Collection[Any] | None = None) -> Rows:
        """Return the contact rows with one of some numbers or addresses, if asked only those of some parents."""
        key = list(EVERY[resource].row.key)
        frame = self.read(resource, ["value"])
        chosen = frame if among is None else frame[frame[key[0]].isin(among)]
        wanted = set(values)
        mine = chosen.loc[[bool(_spelled(value) & wanted) for value in chosen["value"]]]
        return {tuple(row): None for row in mine[key].to_numpy().tolist()}

    def mentions(self, values: Collection[str]) -> pd.DataFrame:
        """Return `resource`, `key`, `seq`, `column` and `texts` of all cells with one of some numbers or addresses."""
        mentions, parts = Mentions(values), []
        for name, store in self._stores.items() if values else ():
            table = store.read([*EVERY[name].row.key, SEQ, *columns_of(name)])
            if table is not None:
                parts.append(of_rows(table, name, mentions).assign(resource=name))
        empty = pd.DataFrame({name: [] for name in ("resource", "key", "seq", "column", "texts")})
        return pd.concat(parts, ignore_index=True) if parts else empty

    def leads_of_nobody(self) -> set[Any]:
        """Return the leads without a customer."""
        last = self.read("leads", ["customer_id"]).drop_duplicates("id", keep="last")
        return set(last.loc[last["customer_id"].isna(), "id"])


def _with_merged(frames: _Frames, customers: set[int]) -> set[int]:
    """Return customers and all records that were merged with them, in either direction."""
    frame = frames.read("customers", ["merged_to_id"]).drop_duplicates("id", keep="last")
    pairs = [(customer, into) for customer, into in frame[["id", "merged_to_id"]].dropna().to_numpy().tolist() if into]
    merged, size = set(customers), -1
    while size < len(merged):
        size = len(merged)
        for customer, into in pairs:
            if customer in merged or into in merged:
                merged |= {int(customer), int(into)}
    return merged


def _spelled(value: Any) -> set[str]:
    """Return the numbers and addresses in a text."""
    if not isinstance(value, str):
        return set()
    abroad = re.sub(r"^\s*00(?=[1-9])", "+", value)
    return {contact for contact in (normalize_contact(abroad), *find_contacts(value)) if contact is not None}


def _asked_values(contacts: Iterable[str]) -> set[str]:
    """Return the numbers and addresses to search for, in their normal form.

    Raises
    ------
    UsageError
        One of them is neither.
    """
    spelled = {contact: _spelled(contact) for contact in contacts}
    for place, values in enumerate(spelled.values(), 1):
        if not values:
            raise UsageError(
                f"Number or address {place} of {len(spelled)} cannot be read, so nothing was searched or erased. Write "
                "the number of another country with + and its code, such as +44 20 7946 0018."
            )
    return set().union(*spelled.values())


def _values(texts: Iterable[Any]) -> set[str]:
    return {value for text in texts for value in _spelled(text)}


def _own_values(frames: _Frames, person: Person) -> set[str]:
    """Return the numbers and addresses of a person's rows; placeholders belong to nobody."""
    values: set[str] = set()
    for name in ("customer_contacts", "location_contacts"):
        frame = frames.read(name, ["value", "phone_settings_phone_number"])
        keys = set(person.rows[name])
        mine = [tuple(key) in keys for key in frame[list(EVERY[name].row.key)].to_numpy().tolist()]
        values |= _values(frame.loc[mine, ["value", "phone_settings_phone_number"]].to_numpy().ravel().tolist())
    leads = frames.read("leads", ["lead_phone", "lead_email"])
    mine = leads["id"].isin(person.ids("leads")).tolist()
    values |= _values(leads.loc[mine, ["lead_phone", "lead_email"]].to_numpy().ravel().tolist())
    return {value for value in values if not is_placeholder(value)}


def _values_of_others(frames: _Frames, person: Person) -> set[str]:
    """Return the numbers and addresses that a record of somebody else has."""
    contacts = frames.read("customer_contacts", ["value"])
    values = _values(contacts.loc[~contacts["customer_id"].isin(person.customers), "value"])
    contacts = frames.read("location_contacts", ["value"])
    ours = {key[0] for key in person.rows["locations"]}
    values |= _values(contacts.loc[~contacts["location_id"].isin(ours), "value"])
    leads = frames.read("leads", ["customer_id", "lead_phone", "lead_email"])
    others = leads["customer_id"].notna() & ~leads["customer_id"].isin(person.customers)
    return values | _values(leads.loc[others, ["lead_phone", "lead_email"]].to_numpy().ravel().tolist())


def _leads_without_customer(frames: _Frames, values: set[str]) -> Rows:
    leads = frames.read("leads", ["lead_phone", "lead_email"])
    chosen = leads[leads["id"].isin(frames.leads_of_nobody())]
    pairs = chosen[["lead_phone", "lead_email"]].to_numpy().tolist()
    return {(id,): None for id, pair in zip(chosen["id"], pairs, strict=True) if _values(pair) & values}


def _mentioned(mentions: pd.DataFrame, resource: str, below: str) -> set[Any]:
    """Return the ids of rows with a mention in a text, or in one of the rows below them."""
    place = EVERY[below].row.key.index(f"{resource[:-1]}_id")
    own = mentions.loc[mentions["resource"] == resource, "key"]
    return {key[0] for key in own} | {key[place] for key in mentions.loc[mentions["resource"] == below, "key"]}


def _note_mentions(person: Person, mentions: pd.DataFrame) -> None:
    """Note which texts of other rows have one of a person's values, and which values are nobody else's."""
    last = [
        person.rows.get(resource, {}).get(key, -1)
        for resource, key in zip(mentions["resource"], mentions["key"], strict=True)
    ]
    is_left = [until is not None and seq > until for until, seq in zip(last, mentions["seq"], strict=True)]
    rest = mentions[np.array(is_left, bool)]
    own = rest["column"].isin(CONTACT_COLUMNS)
    of_others = {value for texts in rest.loc[own, "texts"] for value in person.values if _is_in(value, texts)}
    person.erased_values = person.values - of_others
    erased = Mentions(person.erased_values)
    rest = rest[~own]
    rest = rest.assign(erased=[any(map(erased.is_in, texts)) for texts in rest["texts"]])
    person.mentions = rest[list(_OF_MENTION)].drop_duplicates(ignore_index=True)


def _is_in(value: str, texts: list[str]) -> bool:
    return any(map(Mentions([value]).is_in, texts))


def _bookings_of_others(frames: _Frames, jobs: set[Any]) -> set[Any]:
    """Return the bookings that became a job of somebody else."""
    frame = frames.read("bookings", ["job_id"]).drop_duplicates("id", keep="last")
    return set(frame.loc[frame["job_id"].notna() & ~frame["job_id"].isin(jobs), "id"])


def _related(frames: _Frames, customers: set[int]) -> set[Any]:
    """Return the contacts of the newer contacts API that are linked to these customers and to no other."""
    frame = frames.read("contact_relationships", ["related_entity_id", "type_slug"])
    frame = frame[frame["type_slug"].astype("str").str.casefold().str.contains("customer", na=False)]
    ours = frame["related_entity_id"].isin([*customers, *map(str, customers)])
    return set(frame.loc[ours, "contact_id"]) - set(frame.loc[~ours, "contact_id"])


_NAME_AND_ADDRESS = {
    "customers": ("name", "address_street", "address_zip"),
    "locations": ("name", "address_street", "address_zip"),
    "leads": ("lead_customer_name", "lead_street", "lead_zip"),
    "bookings": ("name", "address_street", "address_zip"),
}


def _same_name_and_address(frames: _Frames, person: Person) -> pd.DataFrame:
    """Return further leads without a customer and bookings without a job that have a name and a street of the person.

    They may be in columns of their own or in the summary.
    """
    names: set[str] = set()
    places: set[str] = set()
    for resource, columns in _NAME_AND_ADDRESS.items():
        frame = frames.read(resource, columns)
        for name, street, zip_code in frame.loc[frame["id"].isin(person.ids(resource)), list(columns)].to_numpy():
            names.add(_plain(name))
            places.add(_plain(street) or _plain(zip_code))
    names, places = names - {""}, places - {""}
    parts = []
    for resource, owner in (("leads", "customer_id"), ("bookings", "job_id")):
        texts_of = [*_NAME_AND_ADDRESS[resource], "summary"]
        last = frames.read(resource, [*texts_of, "created_on", "status", owner]).drop_duplicates("id", keep="last")
        rest = last[last[owner].isna() & ~last["id"].isin(person.ids(resource))]
        texts = [f" {' '.join(map(_plain, cells))} " for cells in rest[texts_of].to_numpy().tolist()]
        same = [_has_any(text, names) and _has_any(text, places) for text in texts]
        parts.append(rest.loc[same, ["id", "created_on", "status"]].assign(resource=resource))
    return pd.concat(parts, ignore_index=True)[["resource", "id", "created_on", "status"]]


def _has_any(text: str, phrases: set[str]) -> bool:
    return any(f" {phrase} " in text for phrase in phrases)


def _plain(text: object) -> str:
    """Return the words of a text in lower case, without punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold())) if isinstance(text, str) else ""
