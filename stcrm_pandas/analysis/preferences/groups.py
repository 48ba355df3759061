"""Customers in groups: by type, tag, age of the record, tenant, one or two of them; and the counts of each group."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.names import NONE, named
from stcrm_pandas.analysis.preferences.owners import age_in_years
from stcrm_pandas.analysis.preferences.reach import COMBINATIONS, PURPOSES, REASONS, UNKNOWN
from stcrm_pandas.analysis.statistics.estimates import wilson
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
    """The dimensions that are asked for.

    Raises
    ------
    UsageError
        There is no such dimension, one stands twice, or there are more than two.
    """
    asked = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    if len(asked) > 2 or len(set(asked)) < len(asked) or not set(asked) <= set(SORTS):
        raise UsageError(f"by={by!r}: one or two of {', '.join(map(repr, SORTS))}, or None")
    return asked


def groups_of(customers: pd.DataFrame, by: Sequence[By], as_of: dt.datetime, zone: dt.tzinfo | None) -> pd.DataFrame:
    """Which groups each customer is in.

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
    """A row for each group, purpose and channel: how many are not blocked, and why the others are.

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
    labels = groups.drop_duplicates([*by])[[*by]].reset_index(drop=True) if by else pd.DataFrame(index=[0])
    code = np.zeros(len(groups), dtype=np.int64)
    if by:
        code = _codes(labels, by).get_indexer(_codes(groups, by))
    place = groups["place"].to_numpy()
    size = len(labels)
    counts = {}
    for combination in COMBINATIONS:
        state = states[combination].to_numpy(dtype=np.int64)[place]
        cells = np.bincount(code * (len(REASONS) + 1) + state, minlength=size * (len(REASONS) + 1))
        counts[combination] = cells.reshape(size, len(REASONS) + 1)
    heads = _heads(labels, by, names)
    heads["customers"] = counts[COMBINATIONS[0]].sum(axis=1)
    order = _order(heads, labels, by)
    return pd.concat(
        [_rows(heads.iloc[[place]], counts, place, min_group) for place in order]
        or [_rows(heads, counts, 0, min_group)],
        ignore_index=True,
    )


def _codes(frame: pd.DataFrame, by: Sequence[By]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([frame[one].astype(object).where(frame[one].notna(), NONE) for one in by])


def _heads(labels: pd.DataFrame, by: Sequence[By], names: Mapping[str, Lookups]) -> pd.DataFrame:
    if not by:
        return pd.DataFrame(
            {"id": pd.Series([None], dtype=object), "name": pd.array(["All active customers"], dtype="str")}
        )
    ids = {one: [None if pd.isna(value) else value for value in labels[one]] for one in by}
    texts = {one: _named(one, ids[one], names.get(one)) for one in by}
    if len(by) == 1:
        kind = "str" if by[0] == "customer_type" else "Int64"
        return pd.DataFrame({"id": pd.Series(ids[by[0]], dtype=kind), "name": pd.array(texts[by[0]], dtype="str")})
    both = pd.Series(list(zip(*(ids[one] for one in by), strict=True)), dtype=object)
    return pd.DataFrame(
        {"id": both, "name": pd.array([" · ".join(pair) for pair in zip(*texts.values(), strict=True)], dtype="str")}
    )


def _named(one: By, ids: list[Any], names: Lookups | None) -> list[str]:
    if one == "customer_type":
        return [NONE if value is None else str(value) for value in ids]
    if one == "age":
        return ["age unknown" if value is None else AGES[int(value)] for value in ids]
    different = [value if value is None else int(value) for value in dict.fromkeys(ids)]
    known = dict(zip(different, named(different, names), strict=True))
    return [known[value if value is None else int(value)] for value in ids]


def _order(heads: pd.DataFrame, labels: pd.DataFrame, by: Sequence[By]) -> list[int]:
    """The largest first, ages by age; those of nothing last."""
    sort = pd.DataFrame({"size": -heads["customers"], "name": heads["name"]})
    ranks = []
    for one in by:
        sort[f"{one} none"] = labels[one].isna()
        ranks.append(f"{one} none")
        if one == "age":
            sort[one] = labels[one].fillna(99)
            ranks.append(one)
    return [int(place) for place in sort.sort_values([*ranks, "size", "name"]).index]


def _rows(head: pd.DataFrame, counts: Mapping[tuple[str, str], Any], place: int, min_group: int) -> pd.DataFrame:
    if head.empty:
        cells, n = np.zeros((0, len(REASONS) + 1), dtype=np.int64), np.zeros(0, dtype=np.int64)
        listed: list[tuple[str, str]] = []
    else:
        listed = [*COMBINATIONS]
        cells = np.array([counts[combination][place] for combination in listed])
        n = cells.sum(axis=1)
    lower = cells[:, 0]
    service = np.array([purpose == PURPOSES[0] for purpose, _ in listed], dtype=bool)
    # What is unknown does not block a call about one's own job; marketing needs to know.
    upper = lower + np.where(service, cells[:, UNKNOWN], 0)
    low, _ = wilson(lower, n)
    _, high = wilson(upper, n)
    some = np.where(n > 0, n, 1)
    repeated = head.loc[head.index.repeat(len(listed))].reset_index(drop=True)
    columns: dict[str, Any] = {
        "id": repeated["id"],
        "name": repeated["name"],
        "purpose": pd.array([purpose for purpose, _ in listed], dtype="str"),
        "channel": pd.array([channel for _, channel in listed], dtype="str"),
        "customers": pd.array(n, dtype="Int64"),
        "lower": pd.array(lower, dtype="Int64"),
        "upper": pd.array(upper, dtype="Int64"),
        "share_lower": _shares(np.where(n > 0, lower / some, np.nan)),
        "share_upper": _shares(np.where(n > 0, upper / some, np.nan)),
        "interval_low": _shares(low),
        "interval_high": _shares(high),
        "enough": pd.array(n >= min_group, dtype="boolean"),
    }
    columns |= {name: pd.array(cells[:, place + 1], dtype="Int64") for place, name in enumerate(REASON_COLUMNS)}
    return pd.DataFrame(columns)


def _shares(values: Any) -> pd.arrays.FloatingArray:
    return pd.arrays.FloatingArray(np.nan_to_num(values), np.isnan(values))


def pairs_of(states: pd.DataFrame) -> pd.DataFrame:
    """By which channels each customer is not blocked, together: the sets and their sizes, the largest first.

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
