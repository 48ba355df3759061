"""Frames of customers, contacts, locations and jobs of any size, with the true duplicates and traps."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import numpy as np
import pandas as pd

from bench.duplicates.entry import FORMATS, Address, Customer, Entry, first_entry, later_entry
from bench.duplicates.names import (
    CITIES,
    DIRECTIONS,
    OPENERS,
    STREETS,
    TRADES,
    WAYS,
    first_name,
    last_name,
)
from stcrm_pandas.contract.schemas.customers import CUSTOMER_CONTACTS, CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.contract.schemas.locations import LOCATIONS
from stcrm_pandas.contract.schemas.lookups import JOBS
from stcrm_pandas.sandbox.company.base.people import AREA_CODES

PER = 20_000
CLUSTERS, COPIES = 1_400, (0.85, 0.12, 0.03)
SPOUSES, PARENTS, SOLD, OWNERS, HOUSEMATES = 600, 80, 600, 120, 120
MANAGERS, BLOCKS, OFFICES, CHAINS, MERGED = 5, 8, 16, 15, 200
COMMERCIAL, DUMMY_PHONES, DUMMY_MAILS = 0.12, 0.015, 0.012
NEAR = ("512", "737", "254", "830", "210")
_DUMMIES = ("0000000000", "9999999999", "5125550199", "1234567890", "5555555555", "1111111111")
_DUMMY_MAIL = ("none@none.com", "noemail@gmail.com", "na@na.com", "no@no.com", "office@example.com")
END = pd.Timestamp("2027-03-15", tz="UTC")


@dataclass(frozen=True)
class Known:
    """Frames as the client returns them, and what is true about them.

    Parameters
    ----------
    customers, contacts, locations, jobs : DataFrame
        As `crm.customers.list()`, `crm.customers.list_contacts()`, `crm.locations.list()`, `crm.lookups.jobs.list()`.
    duplicates : list of list of int
        Ids of the same person or firm; merged records are left out.
    traps : dict of str to list of list of int
        Pairs of ids that are not the same, by kind.
    unlinked : set of int
        Later records that share no number, e-mail address or place with the first one: nobody can find them.
    couples : set of int
        Records with the names of two people.
    """

    customers: pd.DataFrame
    contacts: pd.DataFrame
    locations: pd.DataFrame
    jobs: pd.DataFrame
    duplicates: list[list[int]]
    traps: dict[str, list[list[int]]]
    unlinked: set[int]
    couples: set[int]


@dataclass
class Maker:
    size: int
    rng: Random
    people: list[Customer] = field(default_factory=list)
    traps: dict[str, list[tuple[Customer, Customer]]] = field(default_factory=lambda: defaultdict(list))
    managed: dict[int, list[Address]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        areas = [str(area) for area in AREA_CODES]
        near = [f"{area}555{line:04d}" for area in NEAR for line in range(200, 9_900)]
        self.rng.shuffle(near)
        far = (f"{area}555{line:04d}" for line in range(200, 9_900) for area in areas if area not in NEAR)
        self._numbers = itertools.chain(near[: len(near) // 2], far)

    def number(self) -> str:
        """Return a phone number that nobody has."""
        return next(self._numbers)

    def times(self, per: int) -> range:
        return range(round(per * self.size / PER))

    # people

    def address(self) -> Address:
        rng = self.rng
        city, first, codes = rng.choices(CITIES, weights=(60, 8, 6, 6, 5, 4, 3, 2, 4, 2, 2, 2))[0]
        return Address(
            str(rng.choice((rng.randrange(1, 999), rng.randrange(1_000, 19_999)))),
            rng.choice(tuple(DIRECTIONS)) if rng.random() < 0.25 else "",
            rng.choice(STREETS),
            rng.choices(tuple(WAYS), weights=(9, 4, 9, 8, 6, 4, 3, 3, 2, 1, 1, 3, 2, 1))[0],
            str(rng.randrange(1, 400)) if rng.random() < 0.14 else "",
            city,
            str(first + rng.randrange(codes)),
        )

    def person(self, **known: Any) -> Customer:
        man = self.rng.random() < 0.5
        values = {"first": first_name(self.rng, man=man), "last": last_name(self.rng), "trade": "", "man": man}
        return self._add(values | known)

    def firm(self, **known: Any) -> Customer:
        rng = self.rng
        last = last_name(rng)
        base = rng.choice((last, last, f"{last} & Sons", f"{last} & {last_name(rng)}", rng.choice(OPENERS)))
        return self._add({"first": first_name(rng), "last": base, "trade": rng.choice(tuple(TRADES))} | known)

    def _add(self, values: dict[str, Any]) -> Customer:
        rng = self.rng
        phones = [self.number() for _ in range(rng.choices((1, 2, 3), weights=(60, 32, 8))[0])]
        user = rng.choice(("{f}.{l}", "{f}{l}", "{i}{l}", "{l}{i}", "{f}{l}{n}", "{i}{l}{n}")).format(
            f=values["first"], l=values["last"], i=values["first"][:1], n=rng.randrange(1, 100)
        )
        user = "".join(letter for letter in user.lower() if letter == "." or (letter.isascii() and letter.isalnum()))
        mails = [f"{user}@{rng.choice(('example.com', 'example.net', 'example.org'))}"] if rng.random() < 0.55 else []
        defaults: dict[str, Any] = {
            "number": len(self.people),
            "address": self.address(),
            "phones": phones,
            "mails": mails,
        }
        customer = Customer(**defaults | values)
        if rng.random() < 0.15:
            customer.moved = self.address()
        self.people.append(customer)
        return customer

    # customers that only look the same

    def relate(self) -> None:
        rng = self.rng
        for _ in self.times(SPOUSES):
            one = self.person()
            other = self.person(last=one.last, address=one.address, man=not one.man)
            other.first = first_name(rng, man=other.man)
            one.partner, other.partner = other.first, one.first
            self._share(one, other, phone=0.45, mail=0.25)
            self._pair("spouses", one, other)
        for index in self.times(PARENTS):
            parent = self.person()
            child = self.person(first=parent.first, last=parent.last, address=parent.address, man=parent.man)
            kind = "parent_and_child_without_suffix"
            if index % 4:
                child.suffix, kind = rng.choice(("Jr", "Jr.", "II", "III")), "parent_and_child"
                parent.suffix = rng.choice(("", "", "Sr", "Sr."))
            self._share(parent, child, phone=0.45, mail=0.1)
            self._pair(kind, parent, child)
        for _ in self.times(SOLD):
            seller = self.person()
            self._pair("sold_house", seller, self.person(address=seller.address))
        for _ in self.times(OWNERS):
            owner = self.person()
            firm = self.firm(last=owner.last) if rng.random() < 0.7 else self.firm()
            if rng.random() < 0.5:
                firm.address = owner.address
            self._share(owner, firm, phone=0.8, mail=0.6)
            self._pair("owner_and_firm", owner, firm)
        for _ in self.times(HOUSEMATES):
            one = self.person()
            other = self.person(address=one.address)
            self._share(one, other, phone=0.2, mail=0.02)
            self._pair("housemates", one, other)
        self._groups()

    def _groups(self) -> None:
        rng = self.rng
        for _ in self.times(MANAGERS):
            manager = self.firm(trade="Properties")
            self.managed[manager.number] = [self.address() for _ in range(rng.randint(15, 50))]
            tenants = []
            for address in self.managed[manager.number][:: rng.choice((2, 3))]:
                tenant = self.person(address=address)
                self._share(manager, tenant, phone=0.8, mail=0.3)
                tenants.append(tenant)
            self._group("property_manager", [manager, *tenants])
        for _ in self.times(BLOCKS):
            house = self.address()
            units = rng.sample(range(101, 480), rng.randint(15, 40))
            self._group("apartment_block", [self.person(address=replace(house, unit=str(unit))) for unit in units])
        for _ in self.times(OFFICES):
            house, size = self.address(), rng.randint(4, 12)
            units = rng.sample(range(100, 500, 10), size)
            firms = [self.firm(address=replace(house, unit=str(unit))) for unit in units]
            for firm in firms[1:]:
                self._share(firms[0], firm, phone=0.35, mail=0.05)
            self._group("office_building", firms)
        for _ in self.times(CHAINS):
            first = self.firm()
            branches = [first]
            for number in range(2, rng.randint(6, 16) + 1):
                branch = self.firm(last=first.last, trade=first.trade)
                branch.branch = rng.choice(("", "", f" #{number}", f" - {branch.address.city}", f" {number}"))
                self._share(first, branch, phone=0.3, mail=0.3)
                branches.append(branch)
            self._group("chain", branches)

    def _share(self, one: Customer, other: Customer, *, phone: float, mail: float) -> None:
        if self.rng.random() < phone:
            other.phones = [*other.phones[1:], one.phones[0]]
        if one.mails and self.rng.random() < mail:
            other.mails = [*one.mails]

    def _pair(self, kind: str, one: Customer, other: Customer) -> None:
        one.moved = other.moved = None
        self.traps[kind].append((one, other))

    def _group(self, kind: str, members: list[Customer]) -> None:
        for customer in members:
            customer.moved = None
        self.traps[kind] += itertools.combinations(members, 2)

    # records

    def run(self) -> Known:
        rng = self.rng
        self.relate()
        copies = rng.choices((1, 2, 3), weights=COPIES, k=len(self.times(CLUSTERS)))
        merged = len(self.times(MERGED))
        while len(self.people) < self.size - sum(copies) - merged:
            if rng.random() < COMMERCIAL:
                self.firm()
            else:
                self.person()
        if len(self.people) > self.size - sum(copies) - merged:
            raise ValueError(f"{self.size} customers are too few")
        entries = [self.first(customer) for customer in self.people]
        known = [one for one in self.people if not one.nobody]
        twice = rng.sample(known, len(copies))
        later = [self.later(customer) for customer, count in zip(twice, copies, strict=True) for _ in range(count)]
        gone = [self.later(customer) for customer in rng.sample(known, merged)]
        return self._frames(entries, later, gone)

    def first(self, customer: Customer) -> Entry:
        """Return the first record of a customer."""
        return first_entry(self.rng, customer)

    def later(self, customer: Customer) -> Entry:
        """Return another record of a customer."""
        return later_entry(self.rng, customer, self.number)

    def _frames(self, first: list[Entry], later: list[Entry], gone: list[Entry]) -> Known:
        rng = self.rng
        entries = [*first, *later, *gone]
        ids = rng.sample(range(1_000_000, 1_000_000 + 30 * len(entries)), len(entries))
        of_first = dict(zip((entry.customer.number for entry in first), ids, strict=False))
        records = defaultdict(list)
        for entry, id in zip([*first, *later], ids, strict=False):
            records[entry.customer.number].append(id)
        active = [rng.random() > 0.05 for _ in range(len(first) + len(later))] + [False] * len(gone)
        into = [None] * (len(first) + len(later)) + [of_first[entry.customer.number] for entry in gone]
        for entry in gone:
            active[entry.customer.number] = True  # first records are in order of their customers
        born = END - pd.to_timedelta([rng.random() ** 1.3 * 3_000 for _ in entries], unit="D")
        customers = _frame(CUSTOMERS, _customer_columns(entries, ids, active, into, born))
        contacts = _frame(CUSTOMER_CONTACTS, _contact_columns(rng, entries, ids))
        locations = _frame(LOCATIONS, self._location_columns(entries, ids, active, born))
        jobs = _frame(JOBS, _job_columns(rng, locations))
        unlinked = {id for entry, id in zip(later, ids[len(first) :], strict=False) if not entry.linked}
        traps = {kind: [*_pairs(records, pairs)] for kind, pairs in self.traps.items()}
        couples = {id for entry, id in zip(entries, ids, strict=True) if entry.is_joint}
        same = [those for those in records.values() if len(those) > 1]
        return Known(customers, contacts, locations, jobs, same, traps, unlinked, couples)

    def _location_columns(
        self, entries: list[Entry], ids: list[int], active: list[bool], born: pd.DatetimeIndex
    ) -> dict[str, list[Any]]:
        rows: dict[str, list[Any]] = defaultdict(list)
        seen: set[int] = set()
        for entry, customer, shown, at in zip(entries, ids, active, born, strict=True):
            managed = self.managed.get(entry.customer.number, []) if entry.customer.number not in seen else []
            seen.add(entry.customer.number)
            places = [(entry.street, entry.unit, entry.city, entry.zip)]
            places += [
                (f"{one.house} {one.street} {one.way}", f"# {one.unit}" if one.unit else None, one.city, one.zip)
                for one in managed
            ]
            for street, unit, city, code in places:
                rows["id"].append(5_000_000 + 3 * len(rows["id"]))
                rows["customer_id"].append(customer)
                rows["active"].append(shown)
                rows["name"].append(entry.name)
                for name, value in (("street", street or None), ("unit", unit), ("city", city), ("zip", code)):
                    rows[f"address_{name}"].append(value)
                rows["created_on"].append(at)
        rows["address_state"], rows["address_country"] = ["TX"] * len(rows["id"]), ["USA"] * len(rows["id"])
        rows["modified_on"] = rows["created_on"]
        return rows


def _pairs(records: dict[int, list[int]], pairs: Iterable[tuple[Customer, Customer]]) -> Iterator[list[int]]:
    """Yield all pairs of records of two customers that are not the same."""
    for one, other in pairs:
        yield from ([a, b] for a in records[one.number] for b in records[other.number])


def _frame(row: Row, columns: dict[str, Any]) -> pd.DataFrame:
    """Return a frame with all columns of a resource, in order of id."""
    dtypes = dtypes_of(row)
    size = len(columns["id"])
    values = {name: columns.get(name, [None] * size) for name in dtypes}
    return pd.DataFrame(values, dtype=object).astype(dtypes).sort_values("id", ignore_index=True)


def _customer_columns(
    entries: list[Entry], ids: list[int], active: list[bool], into: list[Any], born: pd.DatetimeIndex
) -> dict[str, Any]:
    size = len(entries)
    return {
        "id": ids,
        "active": active,
        "name": [entry.name for entry in entries],
        "type": ["Commercial" if entry.customer.trade else "Residential" for entry in entries],
        "address_street": [entry.street or None for entry in entries],
        "address_unit": [entry.unit for entry in entries],
        "address_city": [entry.city for entry in entries],
        "address_state": ["TX"] * size,
        "address_zip": [entry.zip for entry in entries],
        "address_country": ["USA"] * size,
        "balance": [0.0] * size,
        "do_not_mail": [False] * size,
        "do_not_service": [False] * size,
        "created_on": born,
        "modified_on": born,
        "merged_to_id": into,
    }


def _contact_columns(rng: Random, entries: list[Entry], ids: list[int]) -> dict[str, Any]:
    rows: dict[str, list[Any]] = defaultdict(list)

    def add(customer: int, kind: str, value: str, number: str | None) -> None:
        rows["id"].append(9_000_000 + len(rows["id"]))
        rows["customer_id"].append(customer)
        rows["type"].append(kind)
        rows["value"].append(value)
        rows["phone_settings_phone_number"].append(number)
        rows["phone_settings_do_not_text"].append(None if number is None else rng.random() < 0.04)

    for entry, customer in zip(entries, ids, strict=True):
        for phone in entry.phones:
            number = rng.choice(_DUMMIES) if rng.random() < DUMMY_PHONES else phone
            value = rng.choice(FORMATS).format(a=number[:3], b=number[3:6], c=number[6:])
            if rng.random() < 0.03:
                value += rng.choice((" x2", " ext 14", " (cell)", " wife"))
            add(customer, rng.choice(("MobilePhone", "MobilePhone", "Phone")), value, number)
        for mail in entry.mails:
            value = rng.choice(_DUMMY_MAIL) if rng.random() < DUMMY_MAILS else mail
            if rng.random() < 0.05:
                value = rng.choice((value.upper(), f" {value}", value.title()))
            add(customer, "Email", value, None)
    rows["created_on"] = rows["modified_on"] = [END] * len(rows["id"])
    return rows


def _job_columns(rng: Random, locations: pd.DataFrame) -> dict[str, Any]:
    """Return jobs, at random locations."""
    places = np.array(rng.choices(range(len(locations)), k=round(1.05 * len(locations))))
    size = places.size
    total = [round(rng.lognormvariate(6.0, 0.9), 2) for _ in range(size)]
    age = np.array([rng.random() for _ in range(size)])
    born = locations["created_on"].to_numpy()[places]
    at = pd.DatetimeIndex(born, tz="UTC")
    created = at + (END - at) * age
    return {
        "id": [7_000_000 + 2 * index for index in range(size)],
        "customer_id": locations["customer_id"].to_numpy()[places],
        "location_id": locations["id"].to_numpy()[places],
        "job_status": [
            rng.choice(("Completed", "Completed", "Completed", "Canceled", "Scheduled")) for _ in range(size)
        ],
        "total": total,
        "created_on": created,
        "modified_on": created,
    }
