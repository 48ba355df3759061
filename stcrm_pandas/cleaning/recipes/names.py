"""Names in capitals or in lowercase, written with capital initials. Names in mixed case are not touched."""

from __future__ import annotations

import re
from functools import lru_cache
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
from stcrm_pandas.cleaning.recipes.words import capitalized

RECIPE = Recipe(
    "names",
    2,
    "Write names that are all in capitals or all in lowercase with capital initials; list those written in two ways.",
    ("name", "names"),
    "corrected",
)
_WORD = re.compile(r"[^\s,;()\"/]+(?:/[^\s,;()\"/]+)?")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?\.?")
_SHORT = "a short word that may be an abbreviation"
_VOWELS = frozenset("aeiouyàáâãäåèéêëìíîïòóôõöøùúûü")
_REMARK = re.compile(
    r"\b(?:do not|don'?t|dnc|dns|no longer|call first|cash only|collections?|deceased|moved|see notes?|duplicate|"
    r"bad debt|old acct|old account|test|unknown|n/a)\b",
    re.IGNORECASE,
)


class _Uncertain(Exception):
    """A word that is written in several ways, and the likely one."""

    def __init__(self, reason: str, likely: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.likely = reason, likely


def names(rows: pd.DataFrame) -> Fix:
    """Write names that are all in capitals or all in lowercase with capital initials.

    Parameters
    ----------
    rows : DataFrame
        Customers, locations, bookings or contacts. A row is a company if its `type` is `Commercial`, or if the name has
        a word such as LLC or Plumbing.

    Returns
    -------
    Fix
        The rows before and after, the changes, and the skipped names with the reason.

    Raises
    ------
    UsageError
        The column `name` is missing.

    Notes
    -----
    Only spaces and the case of letters change, and the case only if all letters of the name are capitals or all are
    lowercase. Names such as McDonald, O'Brien and de la Cruz, suffixes such as III, and abbreviations such as LLC and
    HVAC are written as usual. A name is skipped if a part of it can be spelled in two ways, such as MacDonald or
    Macdonald, if a short word may be an abbreviation, or if it contains a remark such as DO NOT SERVICE.

    Examples
    --------
    >>> rows = pd.DataFrame({"id": [1, 2, 3], "name": ["PAT MCDONALD III", "abc plumbing llc", "Ann"]})
    >>> stcrm.cleaning.names(rows).after["name"].tolist()
    ['Pat McDonald III', 'ABC Plumbing LLC', 'Ann']
    """
    require_columns(rows, "names", ("name",), "crm.customers.list()")
    beside = ("type",) if "type" in rows else ("customer_type",)
    return apply_to(RECIPE, rows, [ColumnCheck("name", correct_name, beside)], {})


@lru_cache(maxsize=200_000)
def correct_name(value: Any, kind: Any = None) -> Verdict:
    """Decide about one name of a customer of a kind, `Residential` or `Commercial`.

    >>> correct_name("MARIA DE LA CRUZ")
    Changed(new='Maria de la Cruz', what='all in capitals')
    >>> correct_name("MACDONALD, ANN")
    Skipped(reason='written both as Mac… and Mac with a capital after it', suggestion='MacDonald, Ann')
    """
    if not isinstance(value, str) or not value.strip():
        return None
    text = " ".join(value.split())
    spaces = Changed(text, "spaces") if text != value else None
    letters = [letter for letter in text if letter.isalpha() and letter.lower() != letter.upper()]
    if len(letters) < 2:
        return spaces
    if not (upper := all(letter.isupper() for letter in letters)) and not all(letter.islower() for letter in letters):
        return spaces
    if re.search(r"[<>{}\[\]|=*@_~^\\]", text):
        return Skipped("characters that are no part of a name")
    if _REMARK.search(text):
        return Skipped("a remark within the name")
    company = is_company(text, kind) or len(text) <= 4  # one short word may be an abbreviation
    problem, new = _recased(text, company)
    if problem is not None:
        return Skipped(problem, new if new != text else None)
    if new.casefold() != text.casefold():
        return Skipped("a letter that has no single capital, such as ß")
    if new == text:
        return spaces
    kinds = "all in capitals" if upper else "all in lowercase"
    return Changed(new, f"{kinds}, spaces" if spaces else kinds)


def is_company(name: str, kind: Any = None) -> bool:
    """Return whether a name is one of a company.

    >>> is_company("ABC PLUMBING LLC"), is_company("ANN SMITH"), is_company("HARBOR", "Commercial")
    (True, False, True)
    """
    parts = [word.strip(".").casefold() for word in re.split(r"[\s,;()&/]+", name)]
    if any(word in words.COMPANY_WORDS for word in parts):
        return True
    return kind == "Commercial" and not any(word in words.NAME_SUFFIXES for word in parts)


def _recased(text: str, company: bool) -> tuple[str | None, str]:
    """Return why a name is uncertain (None if it is not), and the name with capital initials."""
    problem: str | None = None
    previous = ""
    parts: list[str] = []
    end = 0
    for match in _WORD.finditer(text):
        word = match.group()
        first = not parts or text[: match.start()].rstrip().endswith((",", ";", "("))
        try:
            if company:
                new = _company_word(word, first)
            else:
                new = _personal_word(word, previous, first, last_name_first="," in text)
        except _Uncertain as uncertain:
            problem, new = problem or uncertain.reason, uncertain.likely or capitalized(word)
        parts += [text[end : match.start()], new]
        end, previous = match.end(), word.casefold()
    return problem, "".join([*parts, text[end:]])


def _personal_word(word: str, previous: str, first: bool, *, last_name_first: bool) -> str:
    low = word.casefold().strip(".")
    dots = word[len(word.rstrip(".")) :]
    if low in ("and", "or", "c/o") and not first:
        return low
    if "/" in word:
        some = (_personal_word(part, previous, first, last_name_first=last_name_first) for part in word.split("/"))
        return "/".join(some)
    if len(low) == 1 or _INITIALS.fullmatch(word):
        return low if low == "y" and not first and not dots else word.upper()
    if low in words.NAME_SUFFIXES and previous:
        return words.NAME_SUFFIXES[low] + dots
    if low in words.TITLES:
        return low.capitalize() + dots
    if low in words.EITHER or low in words.PARTICLES:
        if first and not last_name_first:
            return capitalized(word)
        if low in words.PARTICLES and not first:
            return low
        if low in words.PARTICLES_AFTER_DE and previous == "de":
            return low
        raise _Uncertain("a part such as van or la is written both with a capital and without", capitalized(word))
    if low in words.PARTICLES_AFTER_DE and previous == "de":
        return low
    if previous == "de" and f"de{low}" in words.TWO_CAPITALS and low not in words.AFTER_SPANISH_DE:
        raise _Uncertain("a part such as van or la is written both with a capital and without", capitalized(word))
    if low == "mc":
        raise _Uncertain("Mc may belong to the next word", "Mc")
    if low.isalpha() and len(low) in (2, 3) and low != "st" and not set(low) & _VOWELS:
        if len(low) == 3 or (first and low == "ng"):
            raise _Uncertain(_SHORT, word.upper())
        if first:
            return word.upper()
    return _hyphenated(word)


def _hyphenated(word: str) -> str:
    reason, parts = None, []
    for part in word.split("-"):
        try:
            parts.append(_name_part(part))
        except _Uncertain as uncertain:
            reason = reason or uncertain.reason
            parts.append(uncertain.likely or capitalized(part))
    if reason is not None:
        raise _Uncertain(reason, "-".join(parts))
    return "-".join(parts)


def _name_part(part: str) -> str:
    low = part.casefold()
    if low in words.TWO_CAPITALS:
        raise _Uncertain("written both with a second capital letter and without", words.TWO_CAPITALS[low])
    if low in words.SHORT_NAMES:
        raise _Uncertain(_SHORT, part.upper())
    if low in words.WITHOUT_APOSTROPHE:
        raise _Uncertain("an apostrophe may be missing", capitalized(part))
    if low in words.MAC:
        raise _Uncertain("written both as Mac… and Mac with a capital after it", f"Mac{low[3:].capitalize()}")
    if re.search(r"['\u2019][^\W\d_]{2}", part) and not re.fullmatch(r"[od]['\u2019][^\W\d_]+(?:['\u2019]s)?", low):
        raise _Uncertain("letters after an apostrophe are written both with a capital and without", capitalized(part))
    return capitalized(part)


def _company_word(word: str, first: bool) -> str:
    low = word.casefold().strip(".")
    dots = word[len(word.rstrip(".")) :]
    if word.casefold() in words.ACRONYMS:
        return words.ACRONYMS[word.casefold()]
    if low in words.ACRONYMS:
        return words.ACRONYMS[low] + dots
    if low in words.SMALL_IN_COMPANIES and not first:
        return low + dots
    if low in words.SHORTENED:
        return low.capitalize() + dots
    if "/" in word or "&" in word or _INITIALS.fullmatch(word):
        return _joined_company_word(word)
    if low.isalpha() and 2 <= len(low) <= 4 and low not in words.SHORT_WORDS:
        raise _Uncertain(_SHORT, capitalized(word) if set(low) & _VOWELS else word.upper())
    return _hyphenated(word)


def _joined_company_word(word: str) -> str:
    """Return a word such as `A/C`, `J.P.` or `B&B`."""
    parts = re.split(r"([/.&])", word)
    if all(len(part) <= 1 for part in parts):
        return word.upper()
    return "".join(_company_word(part, True) if len(part) > 1 else part.upper() for part in parts)
