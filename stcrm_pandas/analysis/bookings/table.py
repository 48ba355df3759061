"""From counts to tables of booking sources: groups with names, shares with bounds and intervals, medians of spans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.names import NONE
from stcrm_pandas.analysis.bookings.counts import COUNTS
from stcrm_pandas.analysis.bookings.groups import ids_and_names
from stcrm_pandas.analysis.statistics.estimates import wilson

__all__ = ["amounts_by", "by_group", "each", "grouped", "medians", "overall", "shared", "shares"]


def grouped(
    cells: pd.DataFrame, by: Sequence[str], named: Mapping[str, Any], sources: Mapping[str, str]
) -> pd.DataFrame:
    """Cells with the groups that a reader knows: `id`, `name` before their other columns.

    Parameters: a table of `Counted` with columns `by_0`, `by_1`; the dimensions; their lookups; the source that each
    spelling stands for.
    Returns: the cells; the id of two dimensions is a tuple, the name has both.
    """
    ids, names = [], []
    for place, dimension in enumerate(by):
        values = cells[f"by_{place}"]
        if dimension == "source":
            values = values.map(sources)
        different = list(dict.fromkeys(None if pd.isna(value) else value for value in values))
        keys, words = ids_and_names(dimension, different, named.get(dimension))
        back = {value: (key, word) for value, key, word in zip(different, keys, words, strict=True)}
        pairs = [back[None if pd.isna(value) else value] for value in values]
        ids.append([key for key, _ in pairs])
        names.append([word for _, word in pairs])
    rest = cells.drop(columns=[f"by_{place}" for place in range(len(by))])
    if not by:
        return rest.assign(
            id=pd.array([1] * len(rest), dtype="Int64"), name=pd.array(["All bookings"] * len(rest), dtype="str")
        )
    if len(by) == 1:
        kind = "str" if by[0] in ("source", "month") else "Int64"
        return rest.assign(
            id=pd.Series(ids[0], index=rest.index, dtype=kind), name=pd.Series(names[0], index=rest.index, dtype="str")
        )
    pair = pd.Series(list(zip(*ids, strict=True)), index=rest.index, dtype=object)
    both = [" · ".join(words) for words in zip(*names, strict=True)]
    return rest.assign(id=pair, name=pd.Series(both, index=rest.index, dtype="str"))


def shares(lower: Any, upper: Any, n: Any) -> dict[str, Any]:
    """The four columns of a share: `share_lower`, `share_upper`, `interval_low`, `interval_high`, from 0 to 1.

    Parameters: counts. The limits are those of Wilson's 95 % interval, the lower one of the lower count, the upper one
    of the upper; all are missing where n is 0.
    """
    low, high, total = (np.asarray(values, dtype=np.float64) for values in (lower, upper, n))
    some = np.where(total > 0, total, 1)
    return {
        "share_lower": _known(np.where(total > 0, low / some, np.nan)),
        "share_upper": _known(np.where(total > 0, high / some, np.nan)),
        "interval_low": _known(wilson(low, total)[0]),
        "interval_high": _known(wilson(high, total)[1]),
    }


def shared(cells: pd.DataFrame, names: tuple[str, str, str], *, min_group: int) -> pd.DataFrame:
    """A row per group with one share: `id`, `name`, `n`, `lower`, `upper`, the four columns of `shares`, `enough`.

    Parameters: cells with `id` and `name`; the names of the lower count, the upper count and of what they are counted.
    """
    lower, upper, n = names
    sums = by_group(cells)
    table = pd.DataFrame(
        {"id": sums["id"], "name": sums["name"], "n": sums[n], "lower": sums[lower], "upper": sums[upper]}
    )
    return table.assign(**shares(table["lower"], table["upper"], table["n"]), enough=_enough(table["n"], min_group))


def each(frame: pd.DataFrame) -> Iterator[Any]:
    """Its rows as named tuples, the index first."""
    yield from frame.itertuples()


def by_group(cells: pd.DataFrame) -> pd.DataFrame:
    """The sums of all counts, a row for each group."""
    counts = [name for name in COUNTS if name in cells]
    sums = cells.groupby("name", sort=False)[counts].sum()
    ids = cells.drop_duplicates("name").set_index("name")["id"]
    return sums.assign(id=ids).reset_index()[["id", "name", *counts]]


def overall(cells: pd.DataFrame, *, min_group: int, name: str = "All bookings") -> pd.DataFrame:
    """`measured` for all cells together."""
    counts = cells[list(COUNTS)].sum().astype("Int64").to_frame().T.astype("Int64")
    return _with_shares(counts.assign(id=pd.array([1], dtype="Int64"), name=pd.array([name], dtype="str")), min_group)


def measured(cells: pd.DataFrame, *, min_group: int, ordered: bool, ranked: bool) -> pd.DataFrame:
    """A row per group: `id`, `name`, all counts, the share that became work, `enough`.

    Parameters: cells with `id` and `name`; whether the groups have an order of their own (months, hours); else they are
    ranked by the lower limit of what is sure, or, where campaigns cannot be trusted, listed by size.
    """
    table = _with_shares(by_group(cells), min_group)
    table["named"] = table["name"] != NONE
    if ordered:
        table = table.sort_values(["named", "id"], ascending=[False, True], ignore_index=True)
    elif ranked:
        order = ["enough", "named", "interval_low", "bookings", "name"]
        table = table.sort_values(order, ascending=[False, False, False, False, True], ignore_index=True)
    else:
        table = table.sort_values(["bookings", "name"], ascending=[False, True], ignore_index=True)
    return table.drop(columns="named")


def _with_shares(sums: pd.DataFrame, min_group: int) -> pd.DataFrame:
    table = sums[["id", "name", *COUNTS]].assign(**shares(sums["work_lower"], sums["work_upper"], sums["mature"]))
    return table.assign(enough=_enough(table["mature"], min_group))


def medians(spans: pd.DataFrame, column: str, unit: float) -> dict[str, float]:
    """The median of whole spans for each group, taken in the middle of its step.

    Parameters: cells with `name`, `bookings` and the number of whole steps; how much a step is.
    """
    found = {}
    for name, group in spans.groupby("name", sort=False):
        rows = group.groupby(column)["bookings"].sum().sort_index()
        reached = rows.cumsum() >= rows.sum() / 2
        found[str(name)] = (float(rows.index[int(np.argmax(reached.to_numpy(dtype=bool)))]) + 0.5) * unit
    return found


def amounts_by(cells: pd.DataFrame) -> dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """For each group what its jobs brought, without and with the jobs sold during them."""
    return {
        str(name): (
            group["total"].to_numpy(dtype=np.float64),
            group["total"].to_numpy(dtype=np.float64) + group["follow"].to_numpy(dtype=np.float64),
        )
        for name, group in cells.groupby("name", sort=False)
    }


def _enough(n: pd.Series, min_group: int) -> Any:
    return pd.array(n.to_numpy(dtype=np.int64) >= min_group, dtype="boolean")


def _known(values: npt.NDArray[np.float64]) -> pd.arrays.FloatingArray:
    return pd.arrays.FloatingArray(np.nan_to_num(values), np.isnan(values))
