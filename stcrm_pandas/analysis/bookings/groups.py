"""Groups of bookings: the spellings of each source combined, and the names of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.engine import month_name
from stcrm_pandas.analysis.base.format import format_hour
from stcrm_pandas.analysis.base.names import NONE, named
from stcrm_pandas.errors import UsageError

__all__ = ["WEEKDAYS", "Groups", "ids_and_names", "same_providers", "spellings"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Groups = Mapping[str, str] | pd.DataFrame | None


def ids_and_names(dimension: str, values: Sequence[Any], lookup: Any) -> tuple[list[Any], list[str]]:
    """Return ids as in a table, and their display names."""
    ids = [None if pd.isna(value) else value for value in values]
    if dimension == "source":
        texts = [None if id is None or id == NONE else str(id) for id in ids]
        return texts, [NONE if text is None else text for text in texts]
    numbers = [None if id is None else int(id) for id in ids]
    if dimension == "month":
        months = [None if id is None else month_name(id) for id in numbers]
        return months, [NONE if month is None else f"{pd.Timestamp(month):%b %Y}" for month in months]
    if dimension == "weekday":
        return numbers, [NONE if id is None else WEEKDAYS[id - 1] for id in numbers]
    if dimension == "hour":
        return numbers, [NONE if id is None else f"{format_hour(id)}–{format_hour(id + 1)}" for id in numbers]
    if isinstance(lookup, pd.DataFrame) and "name" not in lookup and "tag_name" in lookup:
        lookup = lookup.rename(columns={"tag_name": "name"})  # booking provider tags
    return numbers, named(numbers, lookup)


def spellings(counted: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """Return the source of each spelling.

    Spellings that differ only in capitals, spaces and punctuation are one source, named by the most frequent spelling;
    `groups` takes precedence.

    Parameters
    ----------
    counted : DataFrame
        `spellings` of `Counted`.
    groups : mapping or DataFrame, optional
        From spelling to source, or a frame with `source` and `group`, such as an edited result of this function.

    Returns
    -------
    DataFrame
        `source` (as in the rows), `group`, `bookings`, `first`, `last` (UTC), `provider`, ordered by group.

    Raises
    ------
    UsageError
        The frame lacks a column, or a group is no text.

    Examples
    --------
    >>> counted = pd.DataFrame({"source": ["Web Form", "web-form", ""], "bookings": [9, 4, 1], "first": 0, "last": 0})
    >>> spellings(counted.assign(provider=7), None)[["source", "group"]].values.tolist()
    [['', '(none)'], ['Web Form', 'Web Form'], ['web-form', 'Web Form']]
    """
    given = _given(groups)
    often = counted.sort_values(["bookings", "source"], ascending=[False, True])
    called: dict[str, str] = {}
    for source in often["source"]:
        called.setdefault(_alike(source), source.strip() or NONE)
    table = counted.assign(group=[given.get(source, called[_alike(source)]) for source in counted["source"]])
    for moment in ("first", "last"):
        table[moment] = pd.to_datetime(table[moment], unit="us", utc=True).astype("datetime64[us, UTC]")
    table["group"] = table["group"].astype("str")
    return table.sort_values(["group", "first", "source"], ignore_index=True)[
        ["source", "group", "bookings", "first", "last", "provider"]
    ]


def same_providers(spelt: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `spellings` whose provider has several sources, perhaps because one was renamed."""
    many = spelt.groupby("provider")["group"].nunique()
    return spelt[spelt["provider"].isin(many.index[many > 1])].sort_values(["provider", "first"], ignore_index=True)


def _alike(source: str) -> str:
    letters = "".join(sign for sign in source.casefold() if sign.isalnum())
    return letters or source.strip()


def _given(groups: Groups) -> dict[str, str]:
    if groups is None:
        return {}
    if isinstance(groups, pd.DataFrame):
        lacking = {"source", "group"} - set(groups.columns)
        if lacking:
            raise UsageError(f"groups: the DataFrame has no columns {', '.join(sorted(lacking))}")
        groups = dict(zip(groups["source"], groups["group"], strict=True))
    if odd := [source for source, group in groups.items() if not isinstance(group, str) or not group]:
        raise UsageError(f"groups: the source {odd[0]!r} needs the name of a group, as text")
    return dict(groups)
