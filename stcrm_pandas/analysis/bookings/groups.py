"""The spellings of each source, counted as one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from stcrm_pandas.analysis.base.names import NONE
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import spelling_key

__all__ = ["Groups", "other_spellings", "same_providers", "spellings"]

Groups = Mapping[str, str] | pd.DataFrame | None


def spellings(counted: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """Return the source of each spelling.

    Spellings that differ only in capitals, accents, spaces and punctuation are one source, named by the most frequent
    spelling;
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


def other_spellings(spelt: pd.DataFrame) -> dict[str, str]:
    """Return the spellings that are not the most frequent one of their source, and that one."""
    often = spelt.sort_values(["bookings", "source"], ascending=[False, True])
    usual = often.drop_duplicates("group").set_index("group")["source"]
    meant = often["group"].map(usual)
    others = often["source"].ne(meant)
    return dict(zip(often.loc[others, "source"], meant[others], strict=True))


def same_providers(spelt: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `spellings` whose provider has several sources, perhaps because one was renamed."""
    many = spelt.groupby("provider")["group"].nunique()
    return spelt[spelt["provider"].isin(many.index[many > 1])].sort_values(["provider", "first"], ignore_index=True)


def _alike(source: str) -> str:
    return spelling_key(source) or source.strip()


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
