"""Groups of customers by type, tag, age of the record or tenant, one or two of them; and the counts of each group."""

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
from stcrm_pandas.analysis.preferences.reach import COMBINATIONS, PURPOSES, REASONS, UNKNOWN
from stcrm_pandas.errors import UsageError

__all__ = ["AGES", "REASON_COLUMNS", "By", "Lookups", "groups_of", "measured", "pairs_of", "sorts"]

By = Literal["customer_type", "tag", "age", "tenant"]
Lookups = Mapping[Any, str] | pd.DataFrame
"""Names of the groups of one dimension."""

SORTS: tuple[By, ...] = ("customer_type", "tag", "age", "tenant")
AGES = {0: "under 1 year", 1: "1 to 2 years", 2: "2 to 5 years", 5: "5 years and more"}
"""Ages of a record: from how many years on, and the name; the upper end is left out."""

REASON_COLUMNS = tuple(reason.replace(" ", "_") for reason in REASONS)


def sorts(by: By | tuple[By, ...] | None) -> tuple[By, ...]:
    """Return `by` as a tuple of at most two dimensions."""
    asked = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    if len(asked) > 2 or len(set(asked)) < len(asked) or not set(asked) <= set(SORTS):
        raise UsageError(f"by={by!r}: one or two of {', '.join(map(repr, SORTS))}, or None")
    return asked


def groups_of(customers: pd.DataFrame, by: Sequence[By], as_of: dt.datetime, zone: dt.tzinfo | None) -> pd.DataFrame:
    """Return which groups each customer is in.

    Returns
    -------
    DataFrame
        `place`, the row of the customer, and a column for each dimension with what tells its groups apart (missing for
        none); with tags a customer has as many rows as it has tags.
    """
    found = pd.DataFrame({"place": np.arange(len(customers))})
    for one in by:
        if one == "tag":
            tags = pd.Series([_tags(cell) for cell in customers["tag_type_ids"]], dtype=object)
            found["tag"] = found["place"].map(tags)
            found = found.explode("tag", ignore_index=True)
            found["tag"] = found["tag"].astype("Int64")
        else:
            found[one] = _one_each(customers, one, as_of, zone).to_numpy()[found["place"]]
    return found


def _one_each(customers: pd.DataFrame, one: By, as_of: dt.datetime, zone: dt.tzinfo | None) -> pd.Series:
    if one == "tenant":
        return customers[TENANT]
    if one == "customer_type":
        return customers["type"].astype(object).where(customers["type"].notna(), None)
    today = as_of.astimezone(zone)
    years = age_in_years(customers["created_on_local"], today.year * 10_000 + today.month * 100 + today.day)
    starts = np.array([*AGES])
    # A clock that is ahead makes a record of tomorrow: it is as young as can be.
    index = np.searchsorted(starts, years.fillna(0).clip(lower=0).to_numpy(dtype=np.int64), side="right") - 1
    return pd.Series(starts[index]).astype("Int64").mask(years.isna())


def _tags(cell: Any) -> tuple[int, ...] | None:
    if cell is None or (not isinstance(cell, (tuple, list, np.ndarray)) and pd.isna(cell)) or len(cell) == 0:
        return None
    return tuple(dict.fromkeys(int(tag) for tag in cell))


def measured(
    states: pd.DataFrame,
    groups: pd.DataFrame,
    by: Sequence[By],
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


def _codes(frame: pd.DataFrame, by: Sequence[By]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([frame[one].astype(object).where(frame[one].notna(), NONE) for one in by])


def _heads(labels: pd.DataFrame, by: Sequence[By], names: Mapping[str, Lookups]) -> pd.DataFrame:
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


def _named(one: By, ids: list[Any], names: Lookups | None) -> list[str]:
    if one == "customer_type":
        return [NONE if value is None else str(value) for value in ids]
    if one == "age":
        return ["age unknown" if value is None else AGES[int(value)] for value in ids]
    different = [value if value is None else int(value) for value in dict.fromkeys(ids)]
    known = dict(zip(different, named(different, names), strict=True))
    return [known[value if value is None else int(value)] for value in ids]


def _order(heads: pd.DataFrame, labels: pd.DataFrame, by: Sequence[By]) -> list[int]:
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
    found = []
    for purpose in PURPOSES:
        channels = [channel for one, channel in COMBINATIONS if one == purpose]
        reached = pd.DataFrame({channel: states[purpose, channel] == 0 for channel in channels})
        sizes = reached.value_counts().rename("customers").reset_index()
        sizes = sizes.sort_values(["customers", *channels], ascending=False, ignore_index=True)
        sizes.insert(0, "purpose", pd.Series([purpose] * len(sizes), dtype="str"))
        found.append(sizes.astype(dict.fromkeys(channels, "boolean") | {"customers": "Int64"}))
    return pd.concat(found, ignore_index=True)
