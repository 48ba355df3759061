"""ZIP codes in their usual format. A lost leading zero is only suggested."""

from __future__ import annotations

import re
from functools import partial
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
    with_digits_masked,
)
from stcrm_pandas.cleaning.recipes.words import words_in
from stcrm_pandas.errors import UsageError

PLUS4 = ("keep", "drop")
RECIPE = Recipe(
    "zips",
    1,
    "Write ZIP codes as 00000 or 00000-0000 without spaces; list those that are incomplete.",
    ("ZIP code", "ZIP codes"),
    "reformatted",
)
_COUNTRIES = ("us", "usa", "u.s.", "u.s.a.", "united states", "united states of america")
_CANADA = re.compile(r"([ABCEGHJKLMNPRSTVXY]\d[A-Z])[\s-]?(\d[A-Z]\d)")
_ZERO_FIRST = words_in("CT MA ME NH NJ RI VT PR VI")
"""States and territories whose ZIP codes start with 0."""


def zips(rows: pd.DataFrame, *, plus4: str = "keep") -> Fix:
    """Write ZIP codes in their usual format, and list those that are incomplete.

    Parameters
    ----------
    rows : DataFrame
        Customers, locations or bookings.
    plus4 : str, default 'keep'
        `"drop"` shortens a ZIP+4 code to its first five digits. `"keep"` keeps the last four.

    Returns
    -------
    Fix
        The rows before and after, the changes, and the skipped ZIP codes with the reason.

    Raises
    ------
    UsageError
        The column `address_zip` is missing, or `plus4` is unknown.

    Notes
    -----
    The place stays the same, so plan the changes of customers with `keep_coordinates=True`. A leading zero
    is only suggested, for codes of four digits in states whose codes start with 0. Codes of other countries are not
    checked, except that a missing space is added to Canadian ones.

    Examples
    --------
    >>> fix = stcrm.cleaning.zips(pd.DataFrame({"id": [1, 2], "address_zip": ["787016789", "7866"],
    ...     "address_state": ["TX", "NJ"]}))
    >>> fix.after["address_zip"].tolist(), fix.skipped["suggestion"].tolist()
    (['78701-6789', '7866'], ['07866'])
    """
    require_columns(rows, "zips", ("address_zip",), "crm.customers.list()")
    if plus4 not in PLUS4:
        raise UsageError(f"zips: plus4 must be {' or '.join(map(repr, PLUS4))}, not {plus4!r}.")
    decide = partial(correct_zip, plus4=plus4)
    work = ColumnCheck("address_zip", decide, ("address_state", "address_country"))
    return apply_to(RECIPE, rows, [work], {"plus4": plus4})


def correct_zip(value: Any, state: Any = None, country: Any = None, *, plus4: str = "keep") -> Verdict:
    """Decide about one ZIP code.

    >>> correct_zip("78701 6789"), correct_zip("78701-6789", plus4="drop")
    (Changed(new='78701-6789', what='00000 0000 → 00000-0000'), Changed(new='78701', what='00000-0000 → 00000'))
    """
    if not isinstance(value, str) or not value.strip():
        return None
    text = " ".join(value.split()).strip(" .,-–")
    if canadian := _CANADA.fullmatch(text.upper()):
        new = " ".join(canadian.groups())
        return None if new == value else Changed(new, "format of a Canadian postal code")
    if isinstance(country, str) and country.strip() and country.strip().casefold() not in _COUNTRIES:
        return None
    text = re.sub(r"(?<=\d)\.0+$", "", text)
    parts = re.fullmatch(r"(\d{5})(?:\s*[-–—]?\s*(\d{4}))?", text, re.ASCII)
    if parts is None:
        return _skipped(text, state)
    first, last = parts.groups()
    if len(set(first)) == 1 and first in ("00000", "99999"):
        return Skipped("a placeholder, not a ZIP code")
    if last == "0000":
        return Skipped("the last four digits are a placeholder", first)
    new = first if last is None or plus4 == "drop" else f"{first}-{last}"
    return None if new == value else Changed(new, f"{with_digits_masked(value)} → {with_digits_masked(new)}")


def _skipped(text: str, state: Any) -> Skipped:
    digits = re.sub(r"\D", "", text)
    if re.search("[A-Za-z]", text):
        meant = text.translate(str.maketrans("OoIl", "0011"))
        return Skipped("a letter among the digits" if digits else "text in place of a ZIP code", _valid(meant))
    if len(digits) == 4 and digits == text:
        known = isinstance(state, str) and state.strip().upper() in _ZERO_FIRST
        return Skipped("4 digits: a leading zero may be lost", f"0{digits}" if known else None)
    if len(digits) == 8 and digits == text:
        known = isinstance(state, str) and state.strip().upper() in _ZERO_FIRST
        return Skipped("8 digits: a leading zero may be lost", f"0{digits[:4]}-{digits[4:]}" if known else None)
    if len(digits) in (10, 18):
        return Skipped("two ZIP codes in one cell")
    return Skipped(f"{len(digits)} digit{'' if len(digits) == 1 else 's'}: not 5 or 9")


def _valid(text: str) -> str | None:
    return text if re.fullmatch(r"\d{5}(-\d{4})?", text) else None
