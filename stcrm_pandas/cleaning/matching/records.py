"""From frames to records: one row per customer with the values that are compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd
import pyarrow as pa

from stcrm_pandas.cleaning.matching.addresses import Place, parse_address
from stcrm_pandas.cleaning.matching.first_names import groups
from stcrm_pandas.cleaning.matching.names import parse_name
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts, is_placeholder
from stcrm_pandas.frame.customers import is_merged, owners_of, whole_ids
from stcrm_pandas.output.printable import plural

_ADDRESS = ("address_street", "address_unit", "address_city", "address_zip")
_TEXT, _TEXTS, _NUMBERS = pa.string(), pa.list_(pa.string()), pa.list_(pa.int32())
_PERSON = (("f", _TEXT), ("m", _TEXT), ("l", _TEXT), ("o", _TEXTS), ("g", _NUMBERS))
RECORDS = pa.schema(
    [
        ("i", pa.int32()),
        ("id", pa.int64()),
        ("company", _TEXT),
        ("commercial", pa.bool_()),
        ("suffix", _TEXT),
        ("nobody", pa.bool_()),
        ("house", _TEXT),
        ("titled", pa.bool_()),
        *((f"{name}{number}", kind) for number in (1, 2) for name, kind in _PERSON),
        ("phones", _TEXTS),
        ("emails", _TEXTS),
    ]
)
"""The columns of the records: `i` is the position, `f1` to `g1` the first person (first, middle, last, other last
names, groups of nicknames), `f2` to `g2` the second; what a record lacks is null."""

_DOMAINS = {
    "gmial.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gmal.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gnail.com": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.co": "gmail.com",
    "gmail.cm": "gmail.com",
    "googlemail.com": "gmail.com",
    "yaho.com": "yahoo.com",
    "yahooo.com": "yahoo.com",
    "yhoo.com": "yahoo.com",
    "yahoo.con": "yahoo.com",
    "yahoo.co": "yahoo.com",
    "hotmial.com": "hotmail.com",
    "hotmal.com": "hotmail.com",
    "hotmai.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "outlok.com": "outlook.com",
    "outlook.con": "outlook.com",
    "aol.con": "aol.com",
    "iclod.com": "icloud.com",
    "icloud.con": "icloud.com",
}
"""Common misspellings: for a comparison only; nobody's address is changed."""

PLACES = pa.schema([("i", pa.int32()), *((name, _TEXT) for name in Place._fields)])
"""The addresses of the records: of the customer and of its locations."""


@dataclass(frozen=True)
class Records:
    """Customers as they are compared.

    Parameters
    ----------
    records, places : pa.Table
        See `RECORDS` and `PLACES`.
    about : DataFrame
        By position: `id`, `active`, and `jobs` (their number) if jobs were given.
    merged : frozenset of int
        The ids of customers that were merged already; they are not compared.
    """

    records: pa.Table
    places: pa.Table
    about: pd.DataFrame
    merged: frozenset[int]


def read_records(
    customers: pd.DataFrame, contacts: pd.DataFrame, locations: pd.DataFrame, jobs: pd.DataFrame | None
) -> Records:
    """Return the records of all customers that were not merged into another one.

    Their order depends on their values only, so neither ids nor the order of rows decide anything.

    Raises
    ------
    UsageError
        A column is missing, an id is missing or appears twice, or rows of several tenants are mixed.
    """
    customers = _columns(customers, "customers", ("id", "name", *_ADDRESS), key="id")
    owners = pd.Index(customers["id"])
    locations = _columns(locations, "locations", ("id", "customer_id", *_ADDRESS), key="id")
    contacts = _contacts(contacts, locations)
    merged = is_merged(_ids(customers.get("merged_to_id"), customers.index)).to_numpy()
    ids = customers["id"].tolist()
    rows = dict.fromkeys(customer for customer, gone in zip(ids, merged, strict=True) if not gone)
    types = _texts(customers["type"]) if "type" in customers else [""] * len(customers)
    commercial = [kind == "Commercial" for kind in types]
    names = [
        parse_name(text, commercial=firm) for text, firm in zip(_texts(customers["name"]), commercial, strict=True)
    ]
    phones, emails = _values(contacts, rows)
    places = _places([(customers, "id"), (locations, "customer_id")], rows)
    kept = [
        (
            names[n],
            commercial[n],
            tuple(sorted(phones.get(customer, ()))),
            tuple(sorted(emails.get(customer, ()))),
            places.get(customer, ()),
            customer,
            n,
        )
        for n, customer in enumerate(ids)
        if customer in rows
    ]
    kept.sort(key=lambda row: row[:6])
    about = pd.DataFrame({"id": pd.array([row[5] for row in kept], dtype="Int64")})
    active = customers["active"] if "active" in customers else pd.Series(True, index=customers.index, dtype="boolean")
    about["active"] = active.astype("boolean").take([row[6] for row in kept]).reset_index(drop=True)
    if jobs is not None:
        counts = _ids(_columns(jobs, "jobs", ("customer_id",))["customer_id"], jobs.index).value_counts()
        about["jobs"] = about["id"].map(counts).fillna(0).astype("Int64")
    return Records(
        _table(kept),
        pa.table(
            [
                pa.array(cells)
                for cells in zip(*((i, *place) for i, row in enumerate(kept) for place in row[4]), strict=True)
            ]
            or [[] for _ in PLACES],
            names=PLACES.names,
        ).cast(PLACES),
        about,
        frozenset(int(customer) for customer in owners[merged]),
    )


def _columns(frame: Any, name: str, needed: Iterable[str], *, key: str = "") -> pd.DataFrame:
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"{name}: a pandas DataFrame is required, not {type(frame).__name__}")
    if frame.columns.has_duplicates:
        raise UsageError(f"{name}: the column {frame.columns[frame.columns.duplicated()][0]} appears twice")
    if missing := [column for column in needed if column not in frame]:
        raise UsageError(f"{name}: the DataFrame has no columns {', '.join(missing)}")
    if "tenant" in frame and frame["tenant"].nunique(dropna=False) > 1:
        raise UsageError(f"{name}: the rows are of several tenants; compare the customers of one tenant at a time")
    if not key:
        return frame
    ids = _ids(frame[key], frame.index)
    if ids.isna().any():
        raise UsageError(
            f"{name}: {plural(int(ids.isna().sum()), 'row has', 'rows have')} no id; drop or complete them"
        )
    if ids.duplicated().any():
        raise UsageError(
            f"{name}: the id {ids[ids.duplicated()].iloc[0]} appears twice; keep the latest row of each id"
        )
    return frame.assign(**{key: ids})


def _ids(cells: pd.Series | None, index: pd.Index) -> pd.Series:
    """Return ids as whole numbers, missing ones if there is no such column."""
    return pd.Series(pd.NA, index=index, dtype="Int64") if cells is None else whole_ids(cells)


def _contacts(frame: Any, locations: pd.DataFrame) -> pd.DataFrame:
    """Return contacts by customer; those of a location belong to its customer."""
    frame = _columns(frame, "contacts", ("value",))
    if not {"customer_id", "location_id"} & {*frame.columns}:
        raise UsageError("contacts: the DataFrame has no column customer_id: pass crm.customers.list_contacts()")
    return pd.DataFrame({"customer_id": owners_of(frame, locations), "value": frame["value"]}).dropna()


def _texts(cells: pd.Series) -> list[str]:
    """Return texts; a number, as in a file without dtypes, is written without a decimal point."""
    if isinstance(cells.dtype, pd.StringDtype):
        filled: list[str] = cells.fillna("").tolist()
        return filled
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return ["" if pd.isna(cell) else f"{cell:.0f}" for cell in cells]
    return [cell if isinstance(cell, str) else str(cell) for cell in cells.astype(object).fillna("").tolist()]


def _values(contacts: pd.DataFrame, rows: dict[int, None]) -> tuple[dict[int, set[str]], dict[int, set[str]]]:
    phones: dict[int, set[str]] = {}
    emails: dict[int, set[str]] = {}
    for owner, value in zip(contacts["customer_id"].tolist(), _texts(contacts["value"]), strict=True):
        if owner in rows:
            numbers, addresses = phones_and_emails(value)
            if numbers:
                phones.setdefault(owner, set()).update(numbers)
            if addresses:
                emails.setdefault(owner, set()).update(addresses)
    return phones, emails


@lru_cache(maxsize=200_000)
def phones_and_emails(value: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the phone numbers (national digits) and the e-mail addresses in a cell, without placeholders.

    Examples
    --------
    >>> [phones_and_emails(text) for text in ("(512) 555-0101 x7", "A.Smith+hvac@gmial.com", "000-000-0000")]
    [(('5125550101',), ()), ((), ('asmith@gmail.com',)), ((), ())]
    """
    contacts = [contact for contact in find_contacts(value) if not is_placeholder(contact)]
    phones = (contact.removeprefix("+1").removeprefix("+") for contact in contacts if "@" not in contact)
    emails = (_email(contact) for contact in contacts if "@" in contact)
    return tuple(phone for phone in phones if len(phone) >= 7 and phone[0] not in "01"), tuple(dict.fromkeys(emails))


def _email(address: str) -> str:
    user, _, domain = address.rpartition("@")
    domain = _DOMAINS.get(domain, domain)
    user = user.partition("+")[0] or user
    return f"{user.replace('.', '') if domain == 'gmail.com' else user}@{domain}"


def _places(sources: list[tuple[pd.DataFrame, str]], rows: dict[int, None]) -> dict[int, tuple[Place, ...]]:
    places: dict[int, set[Place]] = {}
    for frame, owner in sources:
        parts = (_texts(frame[column]) for column in _ADDRESS)
        for customer, street, unit, city, zip_code in zip(
            _ids(frame[owner], frame.index).tolist(), *parts, strict=True
        ):
            if customer in rows and (place := parse_address(street, unit, city, zip_code)) is not None:
                places.setdefault(customer, set()).add(place)
    return {customer: tuple(sorted(those)) for customer, those in places.items()}


def _table(kept: list[tuple[Any, ...]]) -> pa.Table:
    known = groups()
    columns: dict[str, list[Any]] = {name: [] for name in RECORDS.names}
    for i, ((people, company, suffix, nobody, house, titled), firm, phones, emails, _, customer, _) in enumerate(kept):
        columns["i"].append(i)
        columns["id"].append(customer)
        columns["company"].append(company or None)
        columns["commercial"].append(firm)
        columns["suffix"].append(suffix)
        columns["nobody"].append(nobody)
        columns["house"].append(house)
        columns["titled"].append(titled)
        for number in (1, 2):
            person = people[number - 1] if len(people) >= number else None
            columns[f"f{number}"].append(person.first if person else None)
            columns[f"m{number}"].append(person.middle if person else None)
            columns[f"l{number}"].append(person.last if person else None)
            columns[f"o{number}"].append(person.others if person else ())
            columns[f"g{number}"].append(known.get(person.first, ()) if person else ())
        columns["phones"].append(phones)
        columns["emails"].append(emails)
    return pa.table({name: pa.array(cells, RECORDS.field(name).type) for name, cells in columns.items()})
