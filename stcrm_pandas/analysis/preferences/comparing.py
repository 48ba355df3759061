"""Each group of customers against all others together, like with like."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.preferences.groups import By, groups_of
from stcrm_pandas.analysis.preferences.reach import CHANNELS
from stcrm_pandas.analysis.statistics.comparison import compare

__all__ = ["compared"]

_MIX: tuple[By, ...] = ("customer_type", "age")
"""What customers are like: like is compared with like in these, but for what they are grouped by."""

_OTHERS = "others"


def compared(
    table: pd.DataFrame,
    customers: pd.DataFrame,
    states: pd.DataFrame,
    groups: pd.DataFrame,
    by: Sequence[By],
    as_of: dt.datetime,
    zone: dt.tzinfo | None,
    *,
    min_group: int,
) -> dict[tuple[str, str], pd.DataFrame]:
    """For each channel of marketing, the comparison of all groups; nothing without groups.

    With tags a customer may be in several groups: each tag is compared with all customers who do not have it.

    Parameters
    ----------
    as the analysis has them
        Its table, the customers and their states, and which groups they are in.

    Returns
    -------
    dict[tuple[str, str], pd.DataFrame]
        Frames of `comparison.compare`, by purpose and channel.
    """
    if not by:
        return {}
    mix = [one for one in _MIX if one not in by and (one != "age" or zone is not None)]
    stratum = groups_of(customers, mix, as_of, zone).drop(columns="place").astype(object).fillna("?")
    cut = pd.factorize(pd.MultiIndex.from_frame(stratum))[0] if mix else np.zeros(len(customers), dtype=np.int64)
    ids = _ids(groups, by)
    found = {}
    for channel in CHANNELS:
        rows = table[(table["purpose"] == "marketing") & (table["channel"] == channel)].reset_index(drop=True)
        rows = rows.assign(n=rows["customers"], id=_nameable(rows["id"]))[["id", "name", "n", "lower", "upper"]]
        reached = (states["marketing", channel] == 0).to_numpy()
        compare_all = _overlapping if "tag" in by else _exclusive
        found["marketing", channel] = compare_all(rows, ids, groups["place"].to_numpy(), reached, cut, min_group)
    return found


def _ids(groups: pd.DataFrame, by: Sequence[By]) -> pd.Series:
    """What the table has as the id of the group of each row."""
    if len(by) == 1:
        return groups[by[0]].astype(object).where(groups[by[0]].notna(), None)
    both = zip(*(groups[one].astype(object).where(groups[one].notna(), None) for one in by), strict=True)
    return _nameable(pd.Series([*both], dtype=object, index=groups.index))


def _nameable(ids: pd.Series) -> pd.Series:
    """The ids, of a pair only where both are there: nobody is named for what is not known of them."""
    if ids.dtype != object:
        return ids
    return pd.Series([None if isinstance(id, tuple) and None in id else id for id in ids], dtype=object)


def _exclusive(rows: pd.DataFrame, ids: pd.Series, place: Any, reached: Any, cut: Any, min_group: int) -> pd.DataFrame:
    own, known = pd.factorize(ids)  # -1 for those without an id, who are among the others all the same
    cells = pd.DataFrame({"own": own, "stratum": cut[place], "n": 1, "lower": reached[place].astype(int)})
    strata = cells.groupby(["own", "stratum"], as_index=False).sum()
    names = [*known, None]
    strata["id"] = pd.Series([names[one] for one in strata["own"]], dtype=object)
    return compare(rows, strata.assign(upper=strata["lower"]), min_group=min_group)


def _overlapping(
    rows: pd.DataFrame, ids: pd.Series, place: Any, reached: Any, cut: Any, min_group: int
) -> pd.DataFrame:
    own, known = pd.factorize(ids)  # -1 for those without
    heads = known.get_indexer(pd.Index(rows["id"].astype(object))) if len(known) else np.full(len(rows), -1)
    size = int(cut.max(initial=0)) + 1
    all_n, all_lower = np.bincount(cut, minlength=size), np.bincount(cut[reached], minlength=size)
    found = []
    for head, code in enumerate(heads):
        id = rows["id"].iloc[head]
        mine = place[own == code]
        n = np.bincount(cut[mine], minlength=size)
        lower = np.bincount(cut[mine][reached[mine]], minlength=size)
        cells = {"n": [*n, *(all_n - n)], "lower": [*lower, *(all_lower - lower)]}
        keys = pd.Series([id] * size + [_OTHERS] * size, dtype=object)
        strata = pd.DataFrame({"id": keys, "stratum": [*range(size)] * 2, **cells})
        pair = strata.groupby("id", sort=False, dropna=False)[["n", "lower"]].sum()
        both = pd.DataFrame(
            {
                "id": pd.Series([id, _OTHERS], dtype=object),
                "name": [rows["name"].iloc[head], _OTHERS],
                "n": pair["n"].to_numpy(),
                "lower": pair["lower"].to_numpy(),
                "upper": pair["lower"].to_numpy(),
            }
        )
        found.append(compare(both, strata.assign(upper=strata["lower"]), min_group=min_group).iloc[:1])
    if not found:
        return compare(rows, min_group=min_group)
    return pd.concat([one.drop(columns="id") for one in found], ignore_index=True).assign(id=rows["id"])[
        found[0].columns
    ]
