"""Money in the currency of the business units; several currencies are never added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.conversion import table_of
from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.format import format_percent

UNKNOWN = "(unknown)"
"""The currency of jobs whose business unit is missing or has no currency, if other jobs have one."""

_SIGNS = {"USD": "$", "CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "GBP": "£", "EUR": "€"}


def money(amount: Any, currency: str | None = None) -> str:
    """Return an amount with its currency, if known.

    Examples
    --------
    >>> money(1240, "USD"), money(12.345, "CAD"), money(-3, "CHF"), money(1234.5), money(pd.NA, "USD")
    ('$1,240', 'CA$12.35', '-CHF 3.00', '1,234', '')
    """
    if pd.isna(amount):
        return ""
    sign = "-" if amount < 0 else ""
    size = abs(amount)
    number = f"{size:,.0f}" if size == 0 or size >= 100 else f"{size:,.2f}"
    if currency is None:
        return f"{sign}{number}"
    if currency == UNKNOWN:
        return f"{sign}{number} {UNKNOWN}"
    return f"{sign}{_SIGNS[currency]}{number}" if currency in _SIGNS else f"{sign}{currency} {number}"


def amounts(pairs: Sequence[tuple[str | None, Any]]) -> str:
    """Return the amounts of several currencies.

    Examples
    --------
    >>> amounts([("USD", 1240.0), ("CAD", 0.0), ("EUR", pd.NA)])
    '$1,240 + CA$0'
    """
    return " + ".join(filter(None, (money(amount, currency) for currency, amount in pairs)))


Currencies = Mapping[Any, str]
"""The currency of each business unit: by its id, or by pairs of tenant and id."""


def currencies_of(business_units: Any) -> dict[Any, str]:
    """Return the currency of each business unit, as far as known, from their frame; by tenant if it has tenants.

    >>> currencies_of(pd.DataFrame({"id": [1, 2], "currency": ["usd", None]}))
    {1: 'USD'}
    """
    if business_units is None or isinstance(business_units, Mapping):
        return {}
    table = table_of(business_units, "business_units", ["id"])
    if "currency" not in table:
        return {}
    known = table.dropna(subset=["id", "currency"])
    words = known["currency"].astype("str").str.strip().str.upper()
    ids: Any = [int(id) for id in known["id"]]
    if TENANT in known:
        ids = zip(known[TENANT].astype(int), ids, strict=True)
    return {id: word for id, word in zip(ids, words, strict=True) if word}


def of_units(units: pd.Series, currencies: Currencies, tenants: pd.Series | None = None) -> pd.Series:
    """Return the currency of each business unit of its tenant, `UNKNOWN` where there is none.

    Examples
    --------
    >>> of_units(pd.Series([1, None, 9], dtype="Int64"), {1: "USD"}).tolist()
    ['USD', '(unknown)', '(unknown)']
    """
    if tenants is not None and any(isinstance(id, tuple) for id in currencies):
        pairs = zip(tenants, units, strict=True)
        return pd.Series([currencies.get(pair, UNKNOWN) for pair in pairs], index=units.index, dtype="str")
    codes, different = pd.factorize(units)
    words = np.array([*(currencies.get(int(unit), UNKNOWN) for unit in different), UNKNOWN], dtype=object)
    return pd.Series(words[codes], index=units.index, dtype="str")


def in_use(currencies: pd.Series) -> tuple[str, ...]:
    """Return the different currencies in order; none if all are unknown."""
    different = tuple(sorted(currencies.unique()))
    return () if different == (UNKNOWN,) else different


def unusual(total: float, largest: float, negative: float, currency: str | None, amount: str = "one job") -> list[str]:
    """Return what moves a sum of revenue: one job that is more than half of it, and negative amounts.

    Parameters
    ----------
    total : float
        The sum.
    largest : float
        The largest amount in it.
    negative : float
        The sum of the negative amounts in it; 0 if there are none.
    currency : str or None
        The currency of the amounts.
    amount : str, default 'one job'
        What has one amount.

    Returns
    -------
    list of str
        Parts of a sentence about the sum.

    Examples
    --------
    >>> unusual(5_150_000, 5_000_000, 0, "USD")
    ['one job of $5,000,000 is 97% of the revenue behind it']
    >>> unusual(90_000, 4_000, -1_200, "USD")
    ['negative totals of -$1,200 in all are part of the revenue behind it']
    """
    parts = []
    if total > 0 and largest > total / 2:
        part = "more than all" if largest > total else format_percent(largest / total)
        parts.append(f"{amount} of {money(largest, currency)} is {part} of the revenue behind it")
    if negative < 0:
        parts.append(f"negative totals of {money(negative, currency)} in all are part of the revenue behind it")
    return parts


def several(currencies: Sequence[str]) -> list[str]:
    """Return a caution if amounts are in several currencies.

    Examples
    --------
    >>> several(["CAD", "USD"])
    ['Amounts are in several currencies (CAD, USD): they are added up within each, and none is converted.']
    >>> several(["USD"])
    []
    """
    if len(currencies) < 2:
        return []
    listed = ", ".join(currencies)
    return [f"Amounts are in several currencies ({listed}): they are added up within each, and none is converted."]
