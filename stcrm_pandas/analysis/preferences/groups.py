"""Groups of customers by type, tag, age of the record or tenant: their counts, and how they compare."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.names import NONE, named
from stcrm_pandas.analysis.base.shares import shares
from stcrm_pandas.analysis.preferences.owners import age_in_years
from stcrm_pandas.analysis.preferences.reach import CHANNELS, COMBINATIONS, PURPOSES, REASONS, UNKNOWN
from stcrm_pandas.analysis.statistics.comparison import compare

__all__ = ["AGES", "DIMENSIONS", "REASON_COLUMNS", "By", "Lookups", "compared", "groups_of", "measured", "pairs_of"]

By = Literal["customer_type", "tag", "age", "tenant"]
Lookups = Mapping[Any, str] | pd.DataFrame
"""Names of the groups of one dimension."""

DIMENSIONS: tuple[By, ...] = ("customer_type", "tag", "age", "tenant")
AGES = {0: "under 1 year", 1: "1 to 2 years", 2: "2 to 5 years", 5: "5 years and more"}
"""Ages of a record: the first year of each range, and its name; the upper end is excluded."""

REASON_COLUMNS = tuple(reason.replace(" ", "_") for reason in REASONS)

_MIX: tuple[By, ...] = ("customer_type", "age")
"""The strata of comparisons, without the dimensions that customers are grouped by."""

_OTHERS = "others"


def groups_of(customers: pd.DataFrame, by: Sequence[str], as_of: dt.datetime, zone: dt.tzinfo | None) -> pd.DataFrame:
    """Return which groups each customer is in.

    Returns
    -------
    DataFrame
        `place`, the row of the customer, and a column for each dimension with what tells its groups apart (missing for
        none); with tags a customer has as many rows as it has tags.
    """
    groups = pd.DataFrame({"place": np.arange(len(customers))})
    for one in by:
        if one == "tag":
            tags = pd.Series([_tags(cell) for cell in customers["tag_type_ids"]], dtype=object)
            groups["tag"] = groups["place"].map(tags)
            groups = groups.explode("tag", ignore_index=True)
            groups["tag"] = groups["tag"].astype("Int64")
        else:
            groups[one] = _one_each(customers, one, as_of, zone).to_numpy()[groups["place"]]
    return groups


def _one_each(customers: pd.DataFrame, one: str, as_of: dt.datetime, zone: dt.tzinfo | None) -> pd.Series:
    if one == "tenant":
        return customers[TENANT]
    if one == "customer_type":
        return customers["type"].astype(object).where(customers["type"].notna(), None)
    today = as_of.astimezone(zone)
    years = age_in_years(customers["created_on_local"], today.year * 10_000 + today.month * 100 + today.day)
    starts = np.array([*AGES])
    # If a clock is ahead, a record is dated tomorrow: it counts in the youngest range.
    index = np.searchsorted(starts, years.fillna(0).clip(lower=0).to_numpy(dtype=np.int64), side="right") - 1
    return pd.Series(starts[index]).astype("Int64").mask(years.isna())


def _tags(cell: Any) -> tuple[int, ...] | None:
    if cell is None or (not isinstance(cell, (tuple, list, np.ndarray)) and pd.isna(cell)) or len(cell) == 0:
        return None
    return tuple(dict.fromkeys(int(tag) for tag in cell))


def measured(
    states: pd.DataFrame,
    groups: pd.DataFrame,
    by: Sequence[str],
    *,
    names: Mapping[str, Lookups],
    min_group: int,
) -> pd.DataFrame:
    """Return a row for each group, purpose and channel: how many are not blocked, and why the others are.

    Parameters
    ----------
    states : DataFrame
        What `reach.states_of` gave.
    groups : DataFrame
        What `groups_of` gave.
    names : mapping
        Lookups by dimension.

    Returns
    -------
    DataFrame
        The columns that `ContactPreferences.table` has.
    """
    size, kinds = 1, len(REASONS) + 1
    labels, code = pd.DataFrame(index=[0]), np.zeros(len(groups), dtype=np.int64)
    if by:
        labels = groups.drop_duplicates([*by])[[*by]].reset_index(drop=True)
        code, size = _codes(labels, by).get_indexer(_codes(groups, by)), len(labels)
    keyed = [code * kinds + states[one].to_numpy(dtype=np.int64)[groups["place"]] for one in COMBINATIONS]
    cells = np.stack([np.bincount(one, minlength=size * kinds).reshape(size, kinds) for one in keyed], axis=1)
    heads = _heads(labels, by, names)
    order = _order(heads.assign(customers=cells[:, 0].sum(axis=1)), labels, by)
    cells = cells[order].reshape(-1, kinds)
    purposes, channels = (list(parts) * len(order) for parts in zip(*COMBINATIONS, strict=True))
    # an unknown preference does not block a call about one's own job; marketing needs to be on
    n, lower = cells.sum(axis=1), cells[:, 0]
    upper = lower + np.where(np.array(purposes, dtype=object) == PURPOSES[0], cells[:, UNKNOWN], 0)
    reasons = {name: cells[:, place] for place, name in enumerate(REASON_COLUMNS, start=1)}
    counts = {"customers": n, "lower": lower, "upper": upper}
    kept = heads.iloc[np.repeat(order, len(COMBINATIONS))].reset_index(drop=True)
    table = kept.assign(purpose=purposes, channel=channels, **counts, **shares(lower, upper, n))
    return table.assign(enough=n >= min_group, **reasons).astype(
        {"purpose": "str", "channel": "str", "enough": "boolean"} | dict.fromkeys((*counts, *reasons), "Int64")
    )


def _codes(frame: pd.DataFrame, by: Sequence[str]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([frame[one].astype(object).where(frame[one].notna(), NONE) for one in by])


def _heads(labels: pd.DataFrame, by: Sequence[str], names: Mapping[str, Lookups]) -> pd.DataFrame:
    if not by:
        return pd.DataFrame(
            {"id": pd.Series([None], dtype=object), "name": pd.array(["All active customers"], dtype="str")}
        )
    ids = {one: [None if pd.isna(value) else value for value in labels[one]] for one in by}
    texts = [_named(one, ids[one], names.get(one)) for one in by]
    kind = "object" if len(by) > 1 else "str" if by[0] == "customer_type" else "Int64"
    keyed = ids[by[0]] if len(by) == 1 else list(zip(*ids.values(), strict=True))
    joined = [" · ".join(parts) for parts in zip(*texts, strict=True)]
    return pd.DataFrame({"id": pd.Series(keyed, dtype=kind), "name": pd.array(joined, dtype="str")})


def _named(one: str, ids: list[Any], names: Lookups | None) -> list[str]:
    if one == "customer_type":
        return [NONE if value is None else str(value) for value in ids]
    if one == "age":
        return ["age unknown" if value is None else AGES[int(value)] for value in ids]
    different = [value if value is None else int(value) for value in dict.fromkeys(ids)]
    known = dict(zip(different, named(different, names), strict=True))
    return [known[value if value is None else int(value)] for value in ids]


def _order(heads: pd.DataFrame, labels: pd.DataFrame, by: Sequence[str]) -> list[int]:
    """Return the places of the groups: the largest first, ages by age, those without an id last."""
    sort = pd.DataFrame({"size": -heads["customers"], "name": heads["name"]})
    ranks = []
    for one in by:
        sort[f"{one} none"] = labels[one].isna()
        ranks.append(f"{one} none")
        if one == "age":
            sort[one] = labels[one].fillna(99)
            ranks.append(one)
    return [int(place) for place in sort.sort_values([*ranks, "size", "name"]).index]


def pairs_of(states: pd.DataFrame) -> pd.DataFrame:
    """Return by which channels customers are not blocked together: the sets and their sizes, the largest first.

    Returns
    -------
    DataFrame
        `purpose`, a condition for each channel, `customers`.
    """
    tables = []
    for purpose in PURPOSES:
        channels = [channel for one, channel in COMBINATIONS if one == purpose]
        reached = pd.DataFrame({channel: states[purpose, channel] == 0 for channel in channels})
        sizes = reached.value_counts().rename("customers").reset_index()
        sizes = sizes.sort_values(["customers", *channels], ascending=False, ignore_index=True)
        sizes.insert(0, "purpose", pd.Series([purpose] * len(sizes), dtype="str"))
        tables.append(sizes.astype(dict.fromkeys(channels, "boolean") | {"customers": "Int64"}))
    return pd.concat(tables, ignore_index=True)


def compared(
    table: pd.DataFrame,
    customers: pd.DataFrame,
    states: pd.DataFrame,
    groups: pd.DataFrame,
    by: Sequence[str],
    as_of: dt.datetime,
    zone: dt.tzinfo | None,
    *,
    min_group: int,
) -> dict[tuple[str, str], pd.DataFrame]:
    """Compare all groups for each marketing channel; empty without groups.

    With tags a customer may be in several groups: each tag is compared with all customers who do not have it.
    """
    if not by:
        return {}
    mix = [one for one in _MIX if one not in by and (one != "age" or zone is not None)]
    stratum = groups_of(customers, mix, as_of, zone).drop(columns="place").astype(object).fillna("?")
    cut = pd.factorize(pd.MultiIndex.from_frame(stratum))[0] if mix else np.zeros(len(customers), dtype=np.int64)
    ids = _ids(groups, by)
    frames = {}
    for channel in CHANNELS:
        rows = table[(table["purpose"] == "marketing") & (table["channel"] == channel)].reset_index(drop=True)
        rows = rows.assign(n=rows["customers"], id=_nameable(rows["id"]))[["id", "name", "n", "lower", "upper"]]
        reached = (states["marketing", channel] == 0).to_numpy()
        compare_all = _overlapping if "tag" in by else _exclusive
        frames["marketing", channel] = compare_all(rows, ids, groups["place"].to_numpy(), reached, cut, min_group)
    return frames


def _ids(groups: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Return the id of the group of each row, as in the table."""
    if len(by) == 1:
        return groups[by[0]].astype(object).where(groups[by[0]].notna(), None)
    both = zip(*(groups[one].astype(object).where(groups[one].notna(), None) for one in by), strict=True)
    return _nameable(pd.Series([*both], dtype=object, index=groups.index))


def _nameable(ids: pd.Series) -> pd.Series:
    """Return the ids, without pairs in which one is missing: these are never reported as different."""
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
    tables = []
    for id, name, code in zip(rows["id"], rows["name"], heads, strict=True):
        mine = counts(place[own == code])
        sides = np.array([mine, every - mine])
        ids_of = pd.Series([id, _OTHERS], dtype=object)
        both = pd.DataFrame({"id": ids_of, "name": [name, _OTHERS], "n": sides[:, 0].sum(axis=1)})
        both["lower"] = both["upper"] = sides[:, 1].sum(axis=1)
        strata = pd.DataFrame({"id": ids_of.repeat(size).to_numpy(), "stratum": [*range(size)] * 2})
        strata["n"], strata["lower"] = sides[:, 0].ravel(), sides[:, 1].ravel()
        tables.append(compare(both, strata.assign(upper=strata["lower"]), min_group=min_group).iloc[:1])
    if not tables:
        return compare(rows, min_group=min_group)
    together = pd.concat([one.drop(columns="id") for one in tables], ignore_index=True).assign(id=rows["id"])
    return together[tables[0].columns]
