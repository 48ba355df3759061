"""Compare the dtypes for columns of lists and records: does each step work as users expect, and how long does it take?

    python -m bench.lists --rows 100000

Three dtypes hold the same lists of tags and of custom fields: numpy's `object` with tuples, pandas' `ArrowDtype`, and
`ListDtype`, which holds tuples and has the type of an Arrow list.
"""

from __future__ import annotations

import argparse
import gc
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from stcrm_pandas.contract.schemas.arrow import arrow_type, to_arrow, to_tuples
from stcrm_pandas.contract.schemas.fields import integer, records
from stcrm_pandas.contract.schemas.list_dtype import ListArray, ListDtype
from stcrm_pandas.contract.schemas.parts import CUSTOM_FIELD, CustomField

TAGS = integer("tagTypeIds", many=True)
FIELDS = records("customFields", CUSTOM_FIELD, CustomField)
Step = Callable[[pd.DataFrame, pd.DataFrame, Path], bool]


def lists(rows: int) -> tuple[Any, Any]:
    """Return Arrow lists of tags and of custom fields; some are empty, some missing."""
    rng = np.random.default_rng(1)
    tags = [tuple(900 + rng.integers(0, 30, rng.integers(0, 4))) if rng.random() > 0.05 else None for _ in range(rows)]
    fields = [tuple(CustomField(int(n), f"Field {n}", f"Value {n % 7}") for n in tag or ()) for tag in tags]
    return to_arrow(TAGS, [None if tag is None else tuple(map(int, tag)) for tag in tags]), to_arrow(FIELDS, fields)


def frames(tags: Any, fields: Any) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return how each dtype makes a frame from Arrow lists."""
    rows = len(tags)
    ids = pd.array(np.arange(rows), dtype="Int64")
    names = pd.array([f"Name {n}" for n in range(rows)], dtype="str")

    def frame(tag: Any, field: Any) -> pd.DataFrame:
        return pd.DataFrame({"id": ids, "name": names, "tags": tag, "fields": field}, copy=False)

    def tuples(field: Any, array: Any) -> Any:
        return pd.Series(to_tuples(field, [array], rows), dtype=object, copy=False)

    def arrow(field: Any, array: Any) -> Any:
        return pd.array(array, dtype=pd.ArrowDtype(arrow_type(field)))

    def listed(field: Any, array: Any) -> Any:
        return ListArray(to_tuples(field, [array], rows), ListDtype(field))

    ways = {"object": tuples, "ArrowDtype": arrow, "ListDtype": listed}
    return {name: lambda make=make: frame(make(TAGS, tags), make(FIELDS, fields)) for name, make in ways.items()}


def there_and_back(frame: pd.DataFrame, _: pd.DataFrame, folder: Path) -> bool:
    frame.to_parquet(folder / "frame.parquet")
    back = pd.read_parquet(folder / "frame.parquet")
    return back.dtypes.equals(frame.dtypes) and back.equals(frame)


def plain_sql_fails(frame: pd.DataFrame, _: pd.DataFrame, __: Path) -> bool:
    try:
        frame.head(1000).to_sql("frame", sqlite3.connect(":memory:"))
    except pd.errors.DatabaseError:
        return True
    return False


def duckdb_types(frame: pd.DataFrame, _: pd.DataFrame, __: Path) -> bool:
    found = duckdb.sql("SELECT * FROM frame").to_arrow_table().schema
    return found.field("tags").type == arrow_type(TAGS) and pa.types.is_struct(found.field("fields").type.value_type)


def polars_types(frame: pd.DataFrame, _: pd.DataFrame, __: Path) -> bool:
    found = pl.from_pandas(frame).schema
    return found["tags"] == pl.List(pl.Int64) and found["fields"].base_type() is pl.List


STEPS: dict[str, Step] = {
    "equal cells (==)": lambda one, two, _: bool((one["tags"] == two["tags"])[one["tags"].notna()].all()),
    "merge, lists carried along": lambda one, two, _: len(one.merge(two[["id", "tags"]], on="id")) == len(one),
    "merge on all columns": lambda one, two, _: len(one[:10_000].merge(two[:10_000])) == len(one[:10_000]),
    "group by tags": lambda one, _, __: one.groupby("tags", dropna=False).size().sum() == len(one),
    "explode, count tags": lambda one, _, __: one.explode("tags")["tags"].value_counts().index.size == 30,
    "filter by map(bool)": lambda one, _, __: one["tags"].dropna().map(bool).sum() > 0,
    "drop duplicates": lambda one, _, __: len(one.drop_duplicates("tags")) < len(one),
    "copy, equals": lambda one, _, __: one.copy().equals(one),
    "sort rows (take)": lambda one, _, __: len(one.sort_values("id", ascending=False)) == len(one),
    "all cells as Python": lambda one, _, __: len(one["fields"].tolist()) == len(one),
    "Parquet, equal with dtypes": there_and_back,
    "plain to_sql fails": plain_sql_fails,
    "DuckDB, by name, with types": duckdb_types,
    "polars, with types": polars_types,
}


def measured(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Return the shortest time in milliseconds, and the result."""
    best, result = float("inf"), None
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best * 1000, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    made = frames(*lists(options.rows))
    table: dict[str, list[str]] = {"from Arrow": [], "memory, deep": []}
    for make in made.values():
        taken, one = measured(make, options.rounds)
        two = make()
        table["from Arrow"].append(f"{taken:,.0f} ms")
        table["memory, deep"].append(f"{memory(one) / 1e6:,.0f} MB")
        with tempfile.TemporaryDirectory() as folder:
            for name, step in STEPS.items():
                table.setdefault(name, []).append(outcome(step, one, two, Path(folder), options.rounds))
    print(f"| {options.rows:,} rows | {' | '.join(made)} |\n| --- |{' --- |' * len(made)}")
    for name, cells in table.items():
        print(f"| {name} | {' | '.join(cells)} |")


def memory(frame: pd.DataFrame) -> int:
    """Return the bytes of the lists: pointers and different tuples, or the Arrow buffers."""
    size = 0
    for name in ("tags", "fields"):
        array = frame[name].array
        if isinstance(array, pd.arrays.ArrowExtensionArray):
            size += array.nbytes
            continue
        different = {id(cell): cell for cell in array if cell}
        items = {id(item): item for cell in different.values() for item in cell}
        size += 8 * len(array) + sum(cell.__sizeof__() + 16 for cell in different.values())
        size += sum(item.__sizeof__() for item in items.values())
    return size


def outcome(step: Step, one: pd.DataFrame, two: pd.DataFrame, folder: Path, rounds: int) -> str:
    """Return how long a step takes, or what goes wrong."""
    try:
        taken, right = measured(lambda: step(one, two, folder), rounds)
    except Exception as error:
        return f"{type(error).__name__}"
    return f"{taken:,.0f} ms" if right else "wrong"


if __name__ == "__main__":
    main()
