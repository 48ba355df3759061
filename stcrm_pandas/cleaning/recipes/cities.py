"""Cities in the spelling that the company itself uses. Another city is written only if the ZIP code agrees."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

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
from stcrm_pandas.cleaning.recipes.words import STATES, TWO_CAPITALS, capitalized, letters_apart, words_in
from stcrm_pandas.frame.foreign_cells import is_missing

USUAL = 3
"""Number of rows from which on a spelling counts as one of the company's own."""
TIMES = 5
"""How many times more rows of the same ZIP code a city must have than a misspelling of it."""

RECIPE = Recipe(
    "cities",
    2,
    "Write cities in the spelling that most rows with the same ZIP code have; suggest others.",
    ("city", "cities"),
    "corrected",
)
_LONG = {
    "st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount", "n": "north", "s": "south", "e": "east", "w": "west",
    "hts": "heights", "spgs": "springs", "pk": "park", "jct": "junction",
}  # fmt: skip
"""Short forms in names of cities."""
_EITHER = words_in("de del du la le el los las di van der")
_SMALL = words_in("of the and on")
_EMPTY = words_in("none na n/a unknown tbd same x xx xxx test city - . ?")
_Pair = tuple[str, str]


def cities(rows: pd.DataFrame) -> Fix:
    """Write cities in the spelling that the company itself uses for the same ZIP code, and suggest the others.

    Parameters
    ----------
    rows : DataFrame
        Customers, locations or bookings: all of them, since the recipe counts how often each city occurs.

    Returns
    -------
    Fix
        The rows before and after, the changes, and the skipped cities with the reason.

    Raises
    ------
    UsageError
        The column `address_city` or `address_zip` is missing.

    Notes
    -----
    - Case, spaces and punctuation follow the company's most frequent spelling of the city.
    - A short form, such as `Ft Worth`, or a misspelling of one letter (two from eight letters on) becomes a city of the
      same ZIP code that has at least 3 rows there, and 5 times as many as the misspelling. A city with at least 3 rows
      in some ZIP code, and a fifth of those of its largest city, is no misspelling.
    - A correction is only suggested if the ZIP code does not confirm it, or if a part such as `de` can be written with
      or without a capital.

    The place stays the same, so plan the changes of customers with `keep_coordinates=True`.

    Examples
    --------
    >>> cities = ["Austin"] * 6 + ["AUSTIN", "Austn"]
    >>> rows = pd.DataFrame({"id": range(8), "address_zip": "78701", "address_city": cities})
    >>> stcrm.cleaning.cities(rows).after["address_city"].unique().tolist()
    ['Austin']
    """
    require_columns(rows, "cities", ("address_city", "address_zip"), "crm.customers.list()")
    verdicts = decide_cities(_counted(rows))

    def decide(city: str, code: Any, state: Any) -> Verdict:
        verdict = verdicts.get((city, _zip5(code)))
        if isinstance(city, str) and (parts := re.fullmatch(r"(.+?)[\s,]+([A-Za-z]{2})\.?", city.strip())):
            named = STATES.get(parts.group(2).casefold())
            if named and isinstance(state, str) and named == state.strip().upper() and "," in city:
                return Skipped("the state is part of the city", parts.group(1).rstrip(" ,"))
        return verdict

    return apply_to(RECIPE, rows, [ColumnCheck("address_city", decide, ("address_zip", "address_state"))], {})


def _counted(rows: pd.DataFrame) -> Counter[_Pair]:
    pairs = zip(rows["address_city"].tolist(), rows["address_zip"].tolist(), strict=True)
    return Counter((city, _zip5(code)) for city, code in pairs if isinstance(city, str) and city.strip())


def _zip5(code: Any) -> str:
    digits = None if is_missing(code) else re.match(r"\s*(\d{5})(?!\d{1,3}(?!\d))", str(code))
    return digits.group(1) if digits else ""


def decide_cities(counts: Mapping[_Pair, int]) -> dict[_Pair, Verdict]:
    """Return what becomes of each spelling of a city with a ZIP code, from the number of rows of each pair.

    Each round counts the spellings after the changes so far, until nothing changes: so a second run changes nothing.
    """
    now = {pair: pair[0] for pair in counts}
    verdicts: dict[_Pair, Verdict] = {}
    while True:
        company = _Company.of(counts, now)
        verdicts = {pair: company.verdict(now[pair], pair[1]) for pair in counts}
        new = {pair: verdict.new if isinstance(verdict, Changed) else now[pair] for pair, verdict in verdicts.items()}
        if new == now:
            break
        now = new
    changed = {pair: Changed(city, _kind(pair[0], city)) for pair, city in now.items() if city != pair[0]}
    return {**verdicts, **changed}


def _kind(old: str, new: str) -> str:
    """Return the kind of a change; a misspelled city is shown, since it names nobody."""
    if _letters(old) == _letters(new):
        return "case, spaces or punctuation"
    return "short form" if city_key(old) == city_key(new) else f"misspelled {new}"


@dataclass(frozen=True)
class _Company:
    """How often the company's rows have each city."""

    spellings: Mapping[str, str]
    """Key of a city to its most frequent spelling."""
    rows: Mapping[str, int]
    """Key of a city to its rows."""
    by_zip: Mapping[str, Mapping[str, int]]
    """ZIP code to the rows of each key."""
    own: frozenset[str]
    """Keys of the cities that are no misspellings: in a ZIP code, they have enough rows of their own."""

    @classmethod
    def of(cls, counts: Mapping[_Pair, int], now: Mapping[_Pair, str]) -> _Company:
        spelled: dict[str, Counter[str]] = {}
        rows: Counter[str] = Counter()
        by_zip: dict[str, Counter[str]] = {}
        for pair, number in counts.items():
            city = " ".join(now[pair].split())
            key = city_key(city)
            spelled.setdefault(key, Counter())[city] += number
            rows[key] += number
            by_zip.setdefault(pair[1], Counter())[key] += number
        own = {
            key
            for code, rows_of in by_zip.items()
            for key, number in rows_of.items()
            if code and number >= USUAL and number * TIMES > max(rows_of.values())
        }
        return cls({key: _best(counter) for key, counter in spelled.items()}, rows, by_zip, frozenset(own))

    def verdict(self, city: str, code: str) -> Verdict:
        text = " ".join(city.split())
        if text.casefold() in _EMPTY or not any(map(str.isalpha, text)) or any(map(str.isdigit, text)):
            return Skipped("not a city")
        key = city_key(text)
        if (meant := self._misspelled(key, code)) is not None:
            return meant
        best = self.spellings[key]
        if not _in_mixed_case(best):
            best, uncertain = _recased(best)
            if uncertain:
                return Skipped("a part such as De or La is written both with a capital and without", best)
        if best == city:
            return None
        if _letters(best) != _letters(text) and self.by_zip.get(code, {}).get(key, 0) < USUAL:
            return Skipped("a short form, and few rows have this ZIP code", best)
        return Changed(best, "")

    def _misspelled(self, key: str, code: str) -> Verdict:
        """Return the city of the same ZIP code that a rare city is a misspelling of, or a suggestion."""
        if key in self.own:
            return None
        allowed = 2 if len(key) >= 8 else 1
        if len(key) < 4:
            return None
        here = self.by_zip.get(code, {}) if code else {}
        near = [
            city
            for city in sorted(self.own, key=lambda name: (-self.rows[name], name))
            if abs(len(city) - len(key)) <= allowed and letters_apart(city, key) <= allowed
        ]
        agreeing = [city for city in near if here.get(city, 0) >= max(USUAL, TIMES * here.get(key, 0))]
        if len(agreeing) == 1 and _in_mixed_case(self.spellings[agreeing[0]]):
            return Changed(self.spellings[agreeing[0]], "")
        return Skipped("may be misspelled; the ZIP code does not confirm it", self.spellings[near[0]]) if near else None


def city_key(city: str) -> str:
    """Return what different spellings of one city share.

    >>> city_key("Ft. Worth"), city_key("FORT  WORTH"), city_key("Cañon City")
    ('fortworth', 'fortworth', 'canoncity')
    """
    parts = re.split(r"[\s.\-']+", _plain(city))
    return "".join(_LONG.get(part, part) for part in parts)


def _letters(city: str) -> str:
    return re.sub(r"\W", "", city.casefold())


def _plain(city: str) -> str:
    folded = unicodedata.normalize("NFKD", city.casefold())
    return "".join(letter for letter in folded if not unicodedata.combining(letter))


def _in_mixed_case(city: str) -> bool:
    return not (city.isupper() or city.islower())


def _best(counts: Counter[str]) -> str:
    """Return the most frequent spelling, one in mixed case before others."""
    return min(counts, key=lambda city: (not _in_mixed_case(city), -counts[city], city))


def _recased(city: str) -> tuple[str, bool]:
    """Return a city with capital initials, and whether another case is usual, too."""
    words = city.split(" ")
    low = [word.casefold() for word in words]
    new = [
        small if place and small in _SMALL else "-".join(map(capitalized, word.split("-")))
        for place, (small, word) in enumerate(zip(low, words, strict=True))
    ]
    new = [TWO_CAPITALS.get(word, capital) for word, capital in zip(low, new, strict=True)]
    return " ".join(new), any(word in _EITHER for word in low[1:]) or not TWO_CAPITALS.keys().isdisjoint(low)
