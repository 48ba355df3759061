"""Streets, units and states as usual. The place stays the same: nothing is added, moved or looked up."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import Any

import pandas as pd

from stcrm_pandas.cleaning.recipes import words
from stcrm_pandas.cleaning.recipes.fix import (
    Changed,
    ColumnCheck,
    Fix,
    Recipe,
    Skipped,
    Verdict,
    apply_to,
    require_columns,
)
from stcrm_pandas.cleaning.recipes.words import capitalized, words_in
from stcrm_pandas.errors import UsageError

RECIPE = Recipe(
    "addresses",
    3,
    "Write streets, units and states as usual: case, spaces, suffixes, directions; list what is no address.",
    ("address", "addresses"),
    "corrected",
    {2: {"shorten": True}},
)
_UNIT_WORDS = "|".join(sorted(words.UNITS, key=len, reverse=True))
_UNIT = re.compile(
    rf"(?P<word>{_UNIT_WORDS})(?:\b|(?=\d))\s*[.:]*\s*(?:#|no\b\.?|number\b)?\s*(?P<id>[\w\-/& ]*)", re.IGNORECASE
)
_UNIT_IN_STREET = re.compile(
    rf"[\s,]+(?:(?:{_UNIT_WORDS})\b[\s.:]*(?:#\s*)?[\w\-]*\d[\w\-]*|(?:apartment|apt|suite|ste|unit)\b[\s.:]*(?:#\s*)?[A-Za-z]|#\s*[\w\-]+)$",
    re.IGNORECASE,
)
_HOUSE_NUMBER = re.compile(r"\d+(?:-\d+)?[A-Za-z]?(?:\s+\d/\d)?")
_BOX = re.compile(r"p\.?\s*o\.?\s*box\s*#?\s*(?P<id>[\w\-]+)", re.IGNORECASE)
_NAMES = words.NAMES_AFTER_DIRECTION | set(words.DIRECTIONS)
_LAST_WORDS = {*words.STREET_SUFFIXES, *words.NEVER_SHORTENED}
_ALL_IN_ONE = re.compile(r"\b[A-Za-z]{2}[\s,.]+\d{5}(?:-\d{4})?$")
_PLACEHOLDERS = words_in("none na n/a unknown tbd same x xx xxx test - . ? address street no")


def addresses(rows: pd.DataFrame, *, shorten: bool = False) -> Fix:
    """Write streets, units and states as usual. ZIP codes and cities have recipes of their own.

    Parameters
    ----------
    rows : DataFrame
        Customers, locations or bookings.
    shorten : bool, default False
        Whether words that are written in full become short: `Street` becomes `St`, `North` becomes `N`. By default, a
        company may have both, so a street that is tidy stays as it is.

    Returns
    -------
    Fix
        The rows before and after, the changes, and the skipped lines with the reason.

    Raises
    ------
    UsageError
        The column `address_street` is missing, or `shorten` is not True or False.

    Notes
    -----
    - Streets: the case of lines that are all in capitals or all in lowercase, spaces, the suffix at the end
      (`Str` and `St.` to `St`), and directions after the house number and at the end (`N.` to `N`). A direction
      or a suffix that is the name of the street is not shortened: `North St`, `Avenue B`, `West End Ave`.
    - Units: `APARTMENT 5`, `apt. 5` and `apt #5` become `Apt 5`; `#5` becomes `# 5`.
    - States: two capital letters.

    The spelling changes and the place does not, so plan the changes of customers with `keep_coordinates=True`. The plan
    still refuses rows that are inactive or merged, and rows whose address lacks a part that the API requires.
    `plan.refused` lists them with the reason.

    Examples
    --------
    >>> rows = pd.DataFrame({"id": [1, 2], "address_street": ["12 NORTH MAIN STREET", "9 St. Charles Avenue"],
    ...     "address_unit": ["apt. 5", None]})
    >>> stcrm.cleaning.addresses(rows).after[["address_street", "address_unit"]].values.tolist()
    [['12 North Main Street', 'Apt 5'], ['9 St. Charles Avenue', nan]]
    >>> stcrm.cleaning.addresses(rows, shorten=True).after["address_street"].tolist()
    ['12 N Main St', '9 St. Charles Ave']
    """
    require_columns(rows, "addresses", ("address_street",), "crm.customers.list()")
    if not isinstance(shorten, bool):
        raise UsageError(f"addresses: shorten must be True or False, not {shorten!r}.")
    works = [
        ColumnCheck("address_street", partial(correct_street, shorten=shorten)),
        ColumnCheck("address_unit", correct_unit),
        ColumnCheck("address_state", correct_state),
    ]
    return apply_to(RECIPE, rows, [work for work in works if work.column in rows], {"shorten": shorten})


@lru_cache(maxsize=200_000)
def correct_street(value: Any, *, shorten: bool = False) -> Verdict:
    """Decide about one street line.

    >>> correct_street("12  NORTH MAIN STREET APT 5")
    Changed(new='12 North Main Street Apt 5', what='all in capitals, spaces, unit')
    >>> correct_street("12 North Main Street", shorten=True)
    Changed(new='12 N Main St', what='suffix, direction')
    """
    if not isinstance(value, str) or not value.strip():
        return None
    text = " ".join(value.split()).rstrip(" ,;")
    if text.strip(" .,-").casefold() in _PLACEHOLDERS or not any(map(str.isalnum, text)):
        return Skipped("a placeholder, not an address")
    if "@" in text or (sum(map(str.isdigit, text)) >= 10 and re.fullmatch(r"[\d\s().+\-]+", text)):
        return Skipped("a contact in place of an address")
    if "\n" in value.strip() or "\r" in value.strip():
        return Skipped("several lines in one")
    if re.search(r"\s(?:&|and|@|at)\s", text, re.IGNORECASE) and not _HOUSE_NUMBER.match(text):
        return Skipped("an intersection of streets")
    if "," in text and _ALL_IN_ONE.search(text):
        return Skipped("city and ZIP code in the street line")
    done = ["spaces"] if text != value else []
    if (box := _BOX.fullmatch(text)) is not None:
        new = f"PO Box {box.group('id').upper()}"
        return None if new == value else Changed(new, "PO box")
    unit = ""
    if (match := _UNIT_IN_STREET.search(text)) and not _HOUSE_NUMBER.fullmatch(text[: match.start()]):  # not 12 RM 2222
        text, unit = text[: match.start()].rstrip(" ,"), match.group().strip(" ,")
    case = _case_of(text)
    parts = text.split(" ")
    start = _length_of_house(parts)
    street = parts[start:]
    if case:
        names = {part.strip(".,") for word in street for part in word.casefold().split("-")}
        if not names.isdisjoint(words.MAC):
            return Skipped("a name written both as Mac… and Mac with a capital after it")
        if not names.isdisjoint(words.TWO_CAPITALS):
            return Skipped("a name written both with a second capital letter and without")
        recased = [*(part.upper() for part in parts[:start]), *_recased(street)]
        if recased != parts:
            done.insert(0, case)
        parts, street = recased, recased[start:]
    street = _with_usual_words(street, has_house=start > 0, shorten=shorten, done=done)
    new = " ".join([*parts[:start], *street])
    if unit:
        verdict = correct_unit(unit)
        tidy = verdict.new if isinstance(verdict, Changed) else unit
        if tidy != unit:
            done.append("unit")
        new = f"{new} {tidy}"
    return None if new == value else Changed(new, ", ".join(done) or "punctuation")


def _case_of(text: str) -> str:
    """Return how the letters of a street are written; empty if in mixed case, or if it has no word."""
    letters = [letter for letter in text if letter.isalpha()]
    if not re.search(r"[^\W\d_]{2}", text):
        return ""
    if all(letter.isupper() for letter in letters):
        return "all in capitals"
    return "all in lowercase" if all(letter.islower() for letter in letters) else ""


def _length_of_house(parts: list[str]) -> int:
    """Return how many words the house number has: 0, 1, or 2 as in `12 1/2`."""
    if not parts or not _HOUSE_NUMBER.fullmatch(parts[0]):
        return 0
    return 2 if len(parts) > 2 and re.fullmatch(r"\d/\d", parts[1]) else 1


def _recased(street: list[str]) -> list[str]:
    recased = []
    start = 1 if len(street) > 2 and street[0].casefold().strip(".,") in words.DIRECTIONS else 0  # N La Cienega Blvd
    for place, word in enumerate(street):
        low = word.casefold().strip(".,")
        if low in words.STREETS_IN_CAPITALS or re.fullmatch(r"(?:fm|ih|us|sr|cr|tx)-\d+", low):
            recased.append(word.upper())
        elif low in words.SMALL_IN_STREETS and start < place < len(street) - 1:
            recased.append(word.lower())
        else:
            recased.append("-".join(capitalized(part) for part in word.split("-")))
    return recased


def _with_usual_words(street: list[str], *, has_house: bool, shorten: bool, done: list[str]) -> list[str]:
    """Return the words of a street with its suffix and directions as usual, where they are no names."""
    suffixes = words.STREET_SUFFIXES if shorten else words.STREET_SUFFIXES | words.LONG_STREET_SUFFIXES
    directions = words.DIRECTIONS if shorten else words.DIRECTIONS | words.LONG_DIRECTIONS
    lows = [word.casefold().rstrip(".,") for word in street]
    new = list(street)
    end = len(street) - 1
    if end >= 2 and lows[end] in words.DIRECTIONS and lows[end - 1] in _LAST_WORDS:
        new[end] = directions[lows[end]]
        end -= 1
    # A name is left between the house number and the suffix: `12 North St`, `1 Court St`.
    if end >= 1 and lows[end] in words.STREET_SUFFIXES and lows[:end] != ["the"]:  # The Lane is a name
        new[end] = suffixes[lows[end]]
    if new != street:
        done.append("suffix" if new[end] != street[end] else "direction")
    named = end - 1 if end >= 0 and lows[end] in _LAST_WORDS else end
    if has_house and named >= 1 and lows[0] in words.DIRECTIONS and lows[1] not in _NAMES:
        new[0] = directions[lows[0]]
        if new[0] != street[0] and "direction" not in done:
            done.append("direction")
    return new


@lru_cache(maxsize=200_000)
def correct_unit(value: Any) -> Verdict:
    """Decide about one unit.

    >>> correct_unit("APARTMENT #5b"), correct_unit("#5"), correct_unit("5")
    (Changed(new='Apt 5B', what='unit'), Changed(new='# 5', what='unit'), None)
    """
    if not isinstance(value, str) or not value.strip():
        return None
    text = " ".join(value.split()).strip(" ,;")
    if text.casefold() in ("none", "na", "n/a", "-", "."):
        return Skipped("a placeholder, not a unit")
    number = re.fullmatch(r"#\s*(?P<id>[\w\-]+)", text)
    named = _UNIT.fullmatch(text)
    if number:
        new = f"# {_unit_id(number.group('id'))}"
    elif named and _is_unit_id(named.group("id").strip()):
        new = f"{words.UNITS[named.group('word').casefold()]} {_unit_id(named.group('id').strip())}".rstrip()
    else:
        new = text
    return None if new == value else Changed(new, "unit" if new != text else "spaces")


def _is_unit_id(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z]?|[\w\-/]*\d[\w\-/]*|[A-Za-z]{1,2}", text))


def _unit_id(text: str) -> str:
    return text.upper() if len(re.sub(r"[^A-Za-z]", "", text)) <= 2 else text


def correct_state(value: Any) -> Verdict:
    """Decide about one state.

    >>> correct_state("tx"), correct_state("Texas"), correct_state("Ontario")
    (Changed(new='TX', what='state'), Changed(new='TX', what='state'), None)
    """
    if not isinstance(value, str) or not value.strip():
        return None
    new = words.STATES.get(" ".join(value.replace(".", "").split()).casefold())
    return None if new is None or new == value else Changed(new, "state")
