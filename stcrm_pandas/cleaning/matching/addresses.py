"""The parts of an address: house number, street, unit, ZIP code and city. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from stcrm_pandas.cleaning.matching.names import fold
from stcrm_pandas.cleaning.recipes.words import DIRECTIONS, NEVER_SHORTENED, STREET_SUFFIXES, UNITS


class Place(NamedTuple):
    """An address as it is compared; `street` has neither direction nor suffix (St, Ave) if it has other words.

    These are in `heading` (n, se) and `way` (st, ave); they count if both addresses have one.
    """

    number: str
    street: str
    unit: str
    zip: str
    city: str
    way: str = ""
    heading: str = ""


_SUFFIXES = dict(zip(NEVER_SHORTENED, NEVER_SHORTENED, strict=True)) | {
    word: short.casefold() for word, short in STREET_SUFFIXES.items()
}
_NAMES_OF_NUMBERS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_ORDINALS = {word: str(number) for number, word in enumerate(_NAMES_OF_NUMBERS.split())}
_WORDS = {"saint": "st", "mount": "mt", "fort": "ft", "county": "co", "route": "rt", "rte": "rt"} | _ORDINALS
_ORDINAL = re.compile(r"(\d+)[a-z]{1,3}")
"""Also a misspelled one, such as 48h or 14ih."""
_NAMED = "|".join(sorted(UNITS, key=len, reverse=True))
_UNIT = re.compile(rf"(?:,|\s)\s*(?:(?:{_NAMED})\b\.?\s*#?|#|no\.)\s*([a-z0-9\-]+)\s*$")
_UNIT_WORDS = re.compile(rf"\b(?:{_NAMED}|no)\b|#")
_NUMBER = re.compile(r"(\d+)([a-z])?(?:\s*-\s*(\d+)(?!\d*\s*/))?(?:[\s-]+(\d/\d)(?!\d))?\b\s*(.*)")
"""House number, its letter, the end of a range, a fraction, and the street: 12 1/2 is another house or unit than 12."""
_FRACTION = re.compile("[\u00bc\u00bd\u00be]")
_BOX = re.compile(r"\bp\s*\.?\s*o\s*\.?\s*box\s*#?(\d+)")
_NO_LETTERS = re.compile(r"[^a-z0-9]+")


@lru_cache(maxsize=200_000)
def parse_address(street: str, unit: str, city: str, zip_code: str) -> Place | None:
    """Return the parts of an address; None if it has neither a street nor a ZIP code nor a city.

    Examples
    --------
    >>> parse_address("1204 N. Elm Street, Apt 4-B", "", "Round Rock", "78664-1234")
    Place(number='1204', street='elm', unit='4b', zip='78664', city='roundrock', way='st', heading='n')
    >>> [parse_address(street, "", "", "").number for street in ("12 1/2 Pine St", "12\u00bd Pine St", "12-14 Pine St")]
    ['12 1/2', '12 1/2', '12-14']
    """
    text = " ".join(fold(_FRACTION.sub(r" \g<0>", street)).replace("\u2044", "/").split())
    match = _UNIT.search(text)
    if text and not unit and match and not (match.group(1) in _SUFFIXES | DIRECTIONS and len(match.group(1)) > 1):
        unit, text = match.group(1), text[: match.start()]
    box = _BOX.search(text)
    number, rest = "", text
    if box:
        number, rest = box.group(1), "pobox"
    elif match := _NUMBER.match(text):
        digits, letter, end, fraction, rest = (part or "" for part in match.groups())
        number = digits.lstrip("0") + (letter if rest else "")
        number = " ".join(filter(None, ["-".join(filter(None, [number, end])), fraction]))
        rest = rest or letter
    words = [_word(word) for word in _NO_LETTERS.sub(" ", rest).split()]
    core, way, heading = _parts_of(words)
    digits = re.sub(r"\D", "", zip_code.partition("-")[0].partition(".")[0])
    zip_code = digits[:5] if len(digits) >= 5 else digits.zfill(5) if digits else ""
    place = Place(
        number,
        "".join(core),
        _NO_LETTERS.sub("", _UNIT_WORDS.sub(" ", fold(unit))),
        zip_code,
        _NO_LETTERS.sub("", fold(city)),
        way,
        heading,
    )
    return place if place.street or place.zip or place.city else None


def _parts_of(words: list[str]) -> tuple[list[str], str, str]:
    """Return the name of a street, its suffix, and the directions at its ends, as far as a name remains."""
    start, end = 0, len(words)
    while end - start > 1 and words[start] in DIRECTIONS and not _is_suffix(words[start + 1 : end]):
        start += 1
    while end - start > 1 and words[end - 1] in DIRECTIONS:
        end -= 1
    heading = "".join(DIRECTIONS[word].casefold() for word in (*words[:start], *words[end:]))
    way = ""
    if end - start > 1 and words[end - 1] in _SUFFIXES:
        end -= 1
        way = _SUFFIXES[words[end]]
    name = words[start:end]
    if len(name) == 1 and name[0] in DIRECTIONS:
        return [DIRECTIONS[name[0]].casefold()], way, heading
    return [_SUFFIXES.get(word, word) for word in name], way, heading


def _is_suffix(words: list[str]) -> bool:
    """Return whether nothing but a suffix is left, so that a direction is the name of the street: 12 North St."""
    return len(words) == 1 and words[0] in _SUFFIXES


def _word(word: str) -> str:
    if match := _ORDINAL.fullmatch(word):
        return match.group(1)
    return _WORDS.get(word, word)
