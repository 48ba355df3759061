"""Comparisons of each group of customers with all others together, within customers of one kind."""

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
"""The strata of comparisons, without the dimensions that customers are grouped by."""

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
    """Compare all groups for each channel of marketing; nothing without groups.

    With tags a customer may be in several groups: each tag is compared with all customers who do not have it.
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
    """Return the id of the group of each row, as in the table."""
    if len(by) == 1:
        return groups[by[0]].astype(object).where(groups[by[0]].notna(), None)
    both = zip(*(groups[one].astype(object).where(groups[one].notna(), None) for one in by), strict=True)
    return _nameable(pd.Series([*both], dtype=object, index=groups.index))


def _nameable(ids: pd.Series) -> pd.Series:
    """Return the ids, without pairs of which one is missing: these are never named."""
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

    def counts(of: Any) -> Any:
        return np.array([np.bincount(cut[of], minlength=size), np.bincount(cut[of[reached[of]]], minlength=size)])

    every = counts(np.arange(len(cut)))
    found = []
    for id, name, code in zip(rows["id"], rows["name"], heads, strict=True):
        mine = counts(place[own == code])
        sides = np.array([mine, every - mine])
        ids_of = pd.Series([id, _OTHERS], dtype=object)
        both = pd.DataFrame({"id": ids_of, "name": [name, _OTHERS], "n": sides[:, 0].sum(axis=1)})
        both["lower"] = both["upper"] = sides[:, 1].sum(axis=1)
        strata = pd.DataFrame({"id": ids_of.repeat(size).to_numpy(), "stratum": [*range(size)] * 2})
        strata["n"], strata["lower"] = sides[:, 0].ravel(), sides[:, 1].ravel()
        found.append(compare(both, strata.assign(upper=strata["lower"]), min_group=min_group).iloc[:1])
    if not found:
        return compare(rows, min_group=min_group)
    together = pd.concat([one.drop(columns="id") for one in found], ignore_index=True).assign(id=rows["id"])
    return together[found[0].columns]
