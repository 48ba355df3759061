"""Groups of customers by type, tag, age of the record or tenant: their counts, and how they compare."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.names import AGES, heads
from stcrm_pandas.analysis.base.shares import with_shares
from stcrm_pandas.analysis.preferences.owners import COMBINATIONS, REASONS, UNKNOWN, age_in_years
from stcrm_pandas.analysis.statistics.comparison import compare
from stcrm_pandas.frame.customers import CHANNELS, PURPOSES

By = Literal["customer_type", "tag", "age", "tenant"]
Lookups = Mapping[Any, str] | pd.DataFrame
"""Names of the groups of one dimension."""

DIMENSIONS: tuple[By, ...] = ("customer_type", "tag", "age", "tenant")

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
    for dimension in by:
        if dimension == "tag":
            groups["tag"] = customers["tag_type_ids"].to_numpy(dtype=object)[groups["place"]]
            groups = groups.explode("tag").astype({"tag": "Int64"}).drop_duplicates(ignore_index=True)
        else:
            groups[dimension] = _key_of_each(customers, dimension, as_of, zone).to_numpy()[groups["place"]]
    return groups


def _key_of_each(customers: pd.DataFrame, dimension: str, as_of: dt.datetime, zone: dt.tzinfo | None) -> pd.Series:
    if dimension == "tenant":
        return customers[TENANT]
    if dimension == "customer_type":
        return customers["type"].astype(object).where(customers["type"].notna(), None)
    today = as_of.astimezone(zone)
    years = age_in_years(customers["created_on_local"], today.year * 10_000 + today.month * 100 + today.day)
    # If a clock is ahead, a record is dated tomorrow: it counts in the youngest range.
    return pd.cut(years.clip(lower=0), [*AGES, np.inf], right=False, labels=[*AGES]).astype("Int64")


def measured(
    states: pd.DataFrame,
    *,
    min_group: int,
    groups: pd.DataFrame | None = None,
    by: Sequence[str] = (),
    names: Mapping[str, Lookups] | None = None,
    everybody: str = "All active customers",
) -> pd.DataFrame:
    """Return a row for each group, purpose and channel: how many are not blocked, and why the others are.

    Parameters
    ----------
    states : DataFrame
        What `owners.states_of` gave.
    groups : DataFrame, optional
        What `groups_of` gave for the dimensions `by`; by default all are one group, called `everybody`.
    names : mapping, optional
        Lookups by dimension.

    Returns
    -------
    DataFrame
        The columns that `ContactPreferences.table` has.
    """
    kinds = len(REASONS) + 1
    place: Any = np.arange(len(states))
    code: Any = 0
    order = np.zeros(1, dtype=np.int64)
    if groups is None or not by:
        groups_named = pd.DataFrame({"id": [None], "name": [everybody]})
    else:
        place, code = groups["place"], groups.groupby([*by], dropna=False, sort=False).ngroup().to_numpy()
        labels = groups[[*by]].drop_duplicates(ignore_index=True)
        groups_named = heads(labels, by, names or {})[["id", "name"]]
        # ages by age, the others by size, those without an id last
        ranks = {dimension: labels[dimension] if dimension == "age" else labels[dimension].isna() for dimension in by}
        sort = pd.DataFrame(ranks | {"size": -np.bincount(code, minlength=len(labels)), "name": groups_named["name"]})
        order = sort.sort_values([*sort.columns]).index.to_numpy()
    size = len(groups_named) * kinds
    keyed = [code * kinds + states[pair].to_numpy(dtype=np.int64)[place] for pair in COMBINATIONS]
    cells = np.stack([np.bincount(key, minlength=size).reshape(-1, kinds) for key in keyed], axis=1)
    cells = cells[order].reshape(-1, kinds)
    purposes, channels = (list(parts) * len(order) for parts in zip(*COMBINATIONS, strict=True))
    # an unknown preference does not block a call about one's own job; marketing needs to be on
    possibly = np.where(np.array(purposes, dtype=object) == PURPOSES[0], cells[:, UNKNOWN], 0)
    counts = {"customers": cells.sum(axis=1), "lower": cells[:, 0], "upper": cells[:, 0] + possibly}
    kept = groups_named.iloc[np.repeat(order, len(COMBINATIONS))].reset_index(drop=True)
    table = kept.assign(purpose=purposes, channel=channels, **counts)
    table = with_shares(table, "lower", "upper", "customers", min_group=min_group)
    table = table.assign(**{name: cells[:, place] for place, name in enumerate(REASON_COLUMNS, start=1)})
    return table.astype({"purpose": "str", "channel": "str"} | dict.fromkeys((*counts, *REASON_COLUMNS), "Int64"))


def pairs_of(states: pd.DataFrame) -> pd.DataFrame:
    """Return by which channels customers are not blocked together: the sets and their sizes, the largest first.

    Returns
    -------
    DataFrame
        `purpose`, a condition for each channel, `customers`.
    """
    tables = []
    for purpose in PURPOSES:
        channels = [channel for other, channel in COMBINATIONS if other == purpose]
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
    mix = [dimension for dimension in _MIX if dimension not in by and (dimension != "age" or zone is not None)]
    strata = groups_of(customers, mix, as_of, zone)
    cut = strata.groupby(mix, dropna=False, sort=False).ngroup().to_numpy() if mix else np.zeros(len(strata), dtype=int)
    ids, place = heads(groups[[*by]], by, {})["id"].astype(object), groups["place"].to_numpy()
    compare_all = _overlapping if "tag" in by else _exclusive
    frames = {}
    for channel in CHANNELS:
        rows = table[(table["purpose"] == "marketing") & (table["channel"] == channel)].reset_index(drop=True)
        rows = rows.rename(columns={"customers": "n"})[["id", "name", "n", "lower", "upper"]]
        reached = (states["marketing", channel] == 0).to_numpy()
        frames["marketing", channel] = compare_all(rows, ids, place, reached, cut, min_group)
    return frames


def _exclusive(rows: pd.DataFrame, ids: pd.Series, place: Any, reached: Any, cut: Any, min_group: int) -> pd.DataFrame:
    own, known = pd.factorize(ids)  # -1 for those without an id, who are among the others all the same
    cells = pd.DataFrame({"own": own, "stratum": cut[place], "n": 1, "lower": reached[place].astype(int)})
    strata = cells.groupby(["own", "stratum"], as_index=False).sum()
    names = [*known, None]
    strata["id"] = pd.Series([names[group] for group in strata["own"]], dtype=object)
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
    together = pd.concat([table.drop(columns="id") for table in tables], ignore_index=True).assign(id=rows["id"])
    return together[tables[0].columns]
