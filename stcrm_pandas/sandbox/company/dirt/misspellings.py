"""How the same name is written at another time: typing errors, nicknames, other order, abbreviations."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from stcrm_pandas.sandbox.company.dirt.nicknames import NICKNAMES

_NEIGHBORS = dict(zip("abcdefghijklmnopqrstuvwxyz", "snvsrdghukjlknipwedriexdtx", strict=True))
_INITIALS = "ABCDEGHJKLMNRSTW"
_TITLES = ("Mr.", "Mrs.", "Ms", "Dr.")
_SHORT = {"Property Group": "Prop Grp", "Auto Repair": "Auto", "Apartments": "Apts", "Dental": "Dental Ofc"}
_LEGAL_FORMS = (" LLC", " Inc", ", Inc.", " Co.", ", L.L.C.")


def typo(rng: Random, text: str) -> str:
    """Return a text in which one letter is missing, double, swapped with the next, or its neighbor on the keyboard.

    The first letter of a word stays; so does a text that is too short.
    """
    able = [at for at in range(1, len(text) - 1) if text[at - 1 : at + 2].isalpha()]
    if not able:
        return text
    at, kind = rng.choice(able), rng.randrange(4)
    before, letter, after = text[:at], text[at], text[at + 1 :]
    if kind == 0 and letter != after[0]:
        return before + after[0] + letter + after[1:]
    if kind == 1:
        return before + after
    if kind == 2:
        return before + letter + letter + after
    return before + _NEIGHBORS.get(letter, "e") + after


def other_digit(rng: Random, digits: str) -> str:
    """Return digits of which the last but one differs."""
    return digits[:-2] + str((int(digits[-2]) + rng.randrange(1, 10)) % 10) + digits[-1]


def _typo_in_name(rng: Random, first: str, last: str) -> str:
    return f"{typo(rng, first)} {last}" if rng.random() < 0.4 else f"{first} {typo(rng, last)}"


def _nickname(rng: Random, first: str, last: str) -> str:
    return f"{rng.choice(NICKNAMES[first])} {last}" if first in NICKNAMES else _initial_only(rng, first, last)


def _swapped(rng: Random, first: str, last: str) -> str:
    return f"{last}, {first}" if rng.random() < 0.6 else f"{last} {first}"


def _middle_initial(rng: Random, first: str, last: str) -> str:
    return f"{first} {rng.choice(_INITIALS)}{rng.choice(('', '.'))} {last}"


def _initial_only(_: Random, first: str, last: str) -> str:
    return f"{first[0]}. {last}"


def _titled(rng: Random, first: str, last: str) -> str:
    return f"{rng.choice(_TITLES)} {first} {last}"


def _legal_form(rng: Random, owner: str, trade: str) -> str:
    return f"{owner} {trade}{rng.choice(_LEGAL_FORMS)}"


def _abbreviated(rng: Random, owner: str, trade: str) -> str:
    return f"{owner} {_SHORT[trade]}" if trade in _SHORT else _legal_form(rng, owner, trade)


def _possessive(_: Random, owner: str, trade: str) -> str:
    return f"{owner}'s {trade}"


def _typo_in_firm(rng: Random, owner: str, trade: str) -> str:
    return f"{typo(rng, owner)} {trade}"


Spell = Callable[[Random, str, str], str]
SAME_NAME, RENAMED = "same name", "renamed"
OF_PERSON: tuple[tuple[str, float, Spell | None], ...] = (
    (SAME_NAME, 0.45, None),
    ("typo in name", 0.17, _typo_in_name),
    ("nickname", 0.15, _nickname),
    ("swapped name", 0.07, _swapped),
    ("middle initial", 0.05, _middle_initial),
    ("initial only", 0.04, _initial_only),
    ("title", 0.03, _titled),
    (RENAMED, 0.04, None),
)
"""How the name of a person is written the next time: kind, share, and a function of first and last name."""
OF_FIRM: tuple[tuple[str, float, Spell | None], ...] = (
    (SAME_NAME, 0.42, None),
    ("legal form", 0.22, _legal_form),
    ("abbreviated name", 0.12, _abbreviated),
    ("possessive", 0.08, _possessive),
    ("typo in name", 0.16, _typo_in_firm),
)
"""The same for a firm, of the last name and trade in its name."""
