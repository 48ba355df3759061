"""One record of a customer as somebody in the office types it: right, or with all that goes wrong."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from bench.duplicates.names import DIRECTIONS, SHORT, TRADES, WAYS, first_name, last_name

FORMATS = ("{a}{b}{c}", "({a}) {b}-{c}", "{a}-{b}-{c}", "+1{a}{b}{c}", "{a}.{b}.{c}", "1-{a}-{b}-{c}", "{a} {b} {c}")


@dataclass(frozen=True)
class Address:
    """A place, in parts."""

    house: str
    direction: str
    street: str
    way: str
    unit: str
    city: str
    zip: str


@dataclass
class Customer:
    """A person or firm that exists once."""

    number: int
    first: str
    last: str
    """The last name, or the name of the firm without its trade."""
    trade: str
    """Of a firm; empty for a person."""
    address: Address
    phones: list[str]
    mails: list[str]
    suffix: str = ""
    partner: str = ""
    """The first name of the spouse."""
    branch: str = ""
    moved: Address | None = None
    man: bool = True
    nobody: bool = False
    """A placeholder, such as New Homeowner, that is entered for many houses."""
    joint: bool = False
    """The first record is in the name of both spouses."""
    remark: str = ""


@dataclass
class Entry:
    """What a record holds."""

    customer: Customer
    name: str
    address: Address
    street: str
    unit: str | None
    city: str
    zip: str | None
    phones: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    linked: bool = True
    """Whether a number, e-mail address or place was meant to be that of the customer's first record."""

    @property
    def is_joint(self) -> bool:
        """Whether the name is that of two people."""
        return not self.customer.trade and any(mark in self.name.lower() for mark in (" & ", " and "))


def mistype(rng: Random, text: str) -> str:
    """Return a text with one wrong keystroke."""
    if len(text) < 3:
        return text
    at = rng.randrange(1, len(text) - 1)
    how = rng.random()
    if how < 0.3:
        return text[:at] + text[at + 1 :]
    if how < 0.55:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    letter = rng.choice(string.digits if text[at].isdigit() else string.ascii_lowercase)
    return text[:at] + letter + text[at + (how < 0.8) :]


def first_entry(rng: Random, customer: Customer) -> Entry:
    """Return the first record: mostly right, since nothing was there to compare it with."""
    name = _full_name(customer)
    if rng.random() < 0.06:
        name = _other_name(rng, customer)
    return _entry(rng, customer, name, customer.address, customer.phones, customer.mails, harsh=0.3)


def later_entry(rng: Random, customer: Customer, new_number: Callable[[], str]) -> Entry:
    """Return a later record, with several differences at once."""
    name = _other_name(rng, customer) if rng.random() < 0.62 else _full_name(customer)
    phones = _other_phones(rng, customer, new_number)
    mails = [*customer.mails] if customer.mails and rng.random() < 0.6 else []
    if not mails and rng.random() < 0.25:
        mails = [_address_of(rng, customer)]
    if mails and rng.random() < 0.06:
        user, domain = mails[0].split("@")
        mails[0] = f"{mistype(rng, user)}@{domain}"
    known = bool(set(phones) & set(customer.phones) or set(mails) & set(customer.mails))
    moved = customer.moved is not None and rng.random() < 0.6
    linked = known or not moved or rng.random() < 0.25
    address = customer.moved if moved and linked and customer.moved else customer.address
    entry = _entry(rng, customer, name, address, phones, mails, harsh=1.0)
    entry.linked = known or address is customer.address
    return entry


def _full_name(customer: Customer) -> str:
    if customer.trade:
        return f"{customer.last} {customer.trade}{customer.branch}"
    return f"{customer.first} {customer.last}{' ' + customer.suffix if customer.suffix else ''}".strip()


def _other_name(rng: Random, customer: Customer) -> str:
    return _other_firm(rng, customer) if customer.trade else _other_person(rng, customer)


def _other_person(rng: Random, customer: Customer) -> str:
    first, last, how = customer.first, customer.last, rng.random()
    if how < 0.26 and first in SHORT:
        first = rng.choice(SHORT[first])
        if rng.random() < 0.15:
            last = mistype(rng, last)
    elif how < 0.46:
        first, last = (mistype(rng, first), last) if rng.random() < 0.35 else (first, mistype(rng, last))
    elif how < 0.54:
        return f"{last}, {first}" if rng.random() < 0.7 else f"{last} {first}"
    elif how < 0.61:
        first = first[0] + rng.choice(("", "."))
    elif how < 0.69:
        first = f"{first} {rng.choice(string.ascii_uppercase)}{rng.choice(('', '.'))}"
    elif how < 0.74:
        last = last_name(rng) if rng.random() < 0.5 else f"{last}-{last_name(rng)}"
    elif how < 0.80:
        partner = customer.partner or first_name(rng, man=not customer.man)
        return f"{first} {rng.choice(('&', 'and'))} {partner} {last}"
    elif how < 0.85:
        return f"{rng.choice(('Mr', 'Mrs.', 'Ms.', 'Dr.'))} {rng.choice((first + ' ', ''))}{last}"
    elif how < 0.88:
        return last
    elif how < 0.91:
        return first
    suffix = "" if rng.random() < 0.4 else customer.suffix
    name = f"{first} {last} {suffix}".strip()
    return name.upper() if how > 0.96 else name.lower() if how > 0.94 else name


def _other_firm(rng: Random, customer: Customer) -> str:
    base, trade, how = customer.last, customer.trade, rng.random()
    if how < 0.25:
        trade += rng.choice((" LLC", ", LLC", " Inc", " Inc.", " Co", " Ltd", " LP"))
    elif how < 0.40:
        trade = TRADES.get(trade, trade)
    elif how < 0.52:
        base = f"The {base}"
    elif how < 0.70:
        base = mistype(rng, base)
    elif how < 0.78:
        trade = ""
    elif how < 0.86:
        base = base.replace(" & ", " and ") if " & " in base else f"{base}'s"
    elif how < 0.92:
        return f"{customer.first} {last_name(rng)} - {base} {trade}"
    name = f"{base} {trade}{customer.branch}".strip()
    return name.upper() if how > 0.95 else name


def _other_phones(rng: Random, customer: Customer, new_number: Callable[[], str]) -> list[str]:
    how = rng.random()
    if how < 0.58:
        return [rng.choice(customer.phones)]
    if how < 0.65:
        number = customer.phones[0]
        at = rng.randrange(6, 10)
        return [number[:at] + rng.choice(string.digits.replace(number[at], "")) + number[at + 1 :]]
    return [new_number()] if how < 0.90 else []


def _address_of(rng: Random, customer: Customer) -> str:
    user = f"{customer.first[:1]}{customer.last}{rng.randrange(1_000)}".lower()
    return "".join(letter for letter in user if letter.isascii() and letter.isalnum()) + "@example.org"


def _entry(
    rng: Random, customer: Customer, name: str, address: Address, phones: list[str], mails: list[str], *, harsh: float
) -> Entry:
    def by(chance: float) -> bool:
        return rng.random() < chance * harsh

    house = address.house
    if by(0.03):
        house = mistype(rng, house) or house
    direction, street, way, unit = address.direction, address.street, address.way, address.unit
    if by(0.3):
        direction = "" if rng.random() < 0.5 else DIRECTIONS.get(direction, direction)
    if by(0.09):
        street = mistype(rng, street)
    if by(0.4):
        way = rng.choice((WAYS[way], f"{way}.", "", WAYS[way].upper()))
    line = " ".join(part for part in (house, direction, street, way) if part)
    if unit and by(0.35):
        unit = ""
    if unit:
        unit = f"{rng.choice(('#', '# ', 'Apt ', 'Unit ', 'Ste ', 'apt. '))}{unit}"
        if by(0.3):
            line, unit = f"{line} {unit}", ""
    if by(0.08):
        line = line.upper() if rng.random() < 0.6 else line.lower()
    city = address.city
    if by(0.07):
        city = rng.choice((city.upper(), city.lower(), mistype(rng, city), city + " "))
    code: str | None = address.zip
    if by(0.05):
        code = None if rng.random() < 0.4 else mistype(rng, address.zip)
    elif rng.random() < 0.25:
        code = f"{address.zip}-{1_000 + int(address.house) % 9_000:04d}"
    if by(0.015):
        line, unit = "", ""
    return Entry(customer, name, address, line, unit or None, city, code, [*phones], [*mails])
