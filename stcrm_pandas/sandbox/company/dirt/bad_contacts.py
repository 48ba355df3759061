"""Phone numbers and e-mail addresses that are written badly, by contact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np

from stcrm_pandas.sandbox.company.cells import to_json
from stcrm_pandas.sandbox.company.chance import Ints, pick
from stcrm_pandas.sandbox.company.dirt.misspellings import other_digit
from stcrm_pandas.sandbox.company.dirt.sharing import SharedValues
from stcrm_pandas.sandbox.company.dirt.sparse import Codes, Texts
from stcrm_pandas.sandbox.company.drawing.contacts import EMAIL, ContactColumns
from stcrm_pandas.sandbox.company.people import People
from stcrm_pandas.sandbox.company.phones import ALL_FORMATS, FORMATS, OWN_SLOT, phone_digits

WRITTEN_UNUSUALLY = 0.06
_DUMMIES = ("999-999-9999", "111-111-1111", "123-456-7890", "555-555-5555")
_DUMMY_MAILS = ("noemail@noemail.com", "test@test.com", "na@na.com", "no@email.com", "x@x.com")
_TYPO_DOMAINS = ("gmial.com", "gmail.con", "yahooo.com", "hotmial.com")
_MASKS = ("XXX-XXX-", "***-***-", "(xxx) xxx-")


def _dashed(digits: str) -> str:
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


_OWN_NUMBER = _dashed(phone_digits(np.array([0]), np.array([OWN_SLOT]))[0])  # of the first business unit


def _two_numbers(rng: Random, digits: str) -> str:
    return _dashed(digits) + rng.choice((" / ", " or ", ", ")) + _dashed(other_digit(rng, digits))


def _letter_o(_: Random, digits: str) -> str:
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:8]}O{digits[9:]}"


def _two_addresses(rng: Random, mail: str) -> str:
    return f"{mail}{rng.choice(('; ', ', ', ' / '))}office.{mail}"


def _spaced(rng: Random, mail: str) -> str:
    return rng.choice((f" {mail}", f"{mail} ", mail.replace("@", " @ ")))


def _upper_domain(_: Random, mail: str) -> str:
    name, domain = mail.split("@")
    return f"{name}@{domain.upper()}"


Damage = tuple[str, float, Callable[[Random, str], str]]
OF_PHONES: tuple[Damage, ...] = (
    ("phones_dummy", 0.009, lambda rng, _: rng.choice(_DUMMIES)),
    ("phones_own", 0.003, lambda _, __: _OWN_NUMBER),
    ("phones_letter_o", 0.002, _letter_o),
    ("phones_two_numbers", 0.003, _two_numbers),
    ("phones_masked", 0.0015, lambda rng, digits: rng.choice(_MASKS) + digits[6:]),
    ("phones_exponent", 0.002, lambda _, digits: f"{digits[0]}.{digits[1:3]}E+09"),
    ("phones_seven_digits", 0.004, lambda _, digits: f"{digits[3:6]}-{digits[6:]}"),
    ("phones_nine_digits", 0.002, lambda _, digits: f"({digits[:3]}) {digits[3:6]}-{digits[6:9]}"),
    ("phones_eleven_digits", 0.001, lambda rng, digits: f"{digits}{rng.randrange(10)}"),
)
"""Defects of phone numbers: name, share, and the value made of ten digits."""
OF_MAILS: tuple[Damage, ...] = (
    ("emails_dummy", 0.007, lambda rng, _: rng.choice(_DUMMY_MAILS)),
    ("emails_spaces", 0.012, _spaced),
    ("emails_mailto", 0.005, lambda _, mail: f"mailto:{mail}"),
    ("emails_domain_upper", 0.01, _upper_domain),
    ("emails_typo_domain", 0.01, lambda rng, mail: f"{mail.split('@')[0]}@{rng.choice(_TYPO_DOMAINS)}"),
    ("emails_two_addresses", 0.004, _two_addresses),
)


@dataclass(frozen=True, slots=True)
class BadContacts:
    """What is written badly, by contact."""

    formats: Codes
    """Formats of phone numbers."""
    values: Texts
    digits: Texts
    """The digits of the values that are phone numbers."""
    defects: dict[str, Ints]
    """Customer and index of the contacts with each defect, as two columns."""


def draw_bad_contacts(
    rng: np.random.Generator, people: People, contacts: ContactColumns, shared: SharedValues, mistyped: Ints
) -> BadContacts:
    """Write values badly, but of shared ones only those `mistyped`, in which one digit differs."""
    spell = Random(int(rng.integers(2**62)))
    able = (contacts.whose == contacts.customer) & ~contacts.blank
    able[shared.contacts] = False
    chance = rng.random(able.size)
    values: dict[int, str] = {}
    digits: dict[int, str] = {}
    defects = {
        "phones_zero": np.flatnonzero(contacts.blank & (contacts.kind != EMAIL)),
        "emails_none": np.flatnonzero(contacts.blank & (contacts.kind == EMAIL)),
    }
    for table, kind in ((OF_PHONES, contacts.kind < EMAIL), (OF_MAILS, contacts.kind == EMAIL)):
        share = sum(share for _, share, _ in table)
        rows = np.flatnonzero(able & kind & (chance < share))
        code = pick(rng, [share for _, share, _ in table], rows.size)
        whose, slot = contacts.whose[rows], contacts.whose_slot[rows]
        usual = (
            phone_digits(whose, slot)
            if table is OF_PHONES
            else [m[1:-1] for m in people.emails(whose, slot).to_pylist()]
        )
        for row, defect, text in zip(rows.tolist(), code.tolist(), usual, strict=True):
            value = table[defect][2](spell, text)
            values[row] = to_json(value)
            if table is OF_PHONES:
                digits[row] = to_json("".join(letter for letter in value if letter.isdigit()))
        defects |= {name: rows[code == defect] for defect, (name, *_) in enumerate(table)}
    own = (contacts.kind != EMAIL) & (contacts.whose == contacts.customer) & ~contacts.blank
    for row, number in zip(mistyped.tolist(), phone_digits(*shared.of(mistyped)), strict=True):
        value = other_digit(spell, number)
        values[row], digits[row] = to_json(_dashed(value)), to_json(value)
    unusual = np.setdiff1d(np.flatnonzero(own & (rng.random(own.size) < WRITTEN_UNUSUALLY)), list(values))
    formats = Codes(unusual, rng.integers(FORMATS, ALL_FORMATS, unusual.size))
    defects["phones_format"] = unusual
    named = {name: np.column_stack([contacts.customer[rows], rows]) for name, rows in defects.items()}
    return BadContacts(formats, Texts.of(values), Texts.of(digits), named)
