"""`diff` of a large DataFrame, compared with pandas column by column and with plain pyarrow arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bench.measure import Result, faster, in_turn, of_floor
from bench.rows import bodies, lead
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.edits.diff import diff
from stcrm_pandas.frame import assemble, decode

COLUMNS = [
    *("id", "status", "priority", "customer_id", "location_id", "business_unit_id", "job_type_id", "campaign_id"),
    *("follow_up_date", "created_by_id", "created_on", "modified_on", "tag_type_ids", "summary", "call_reason_id"),
    *("lead_customer_name", "lead_phone", "lead_email", "lead_street", "lead_zip"),
]
SHARE = 0.005


def run(rows: int, rounds: int) -> Iterator[Result]:
    before = frame(rows)
    after = edited(before)
    shuffled = after.take(np.random.default_rng(3).permutation(rows))
    yield from against_both(f"diff of {rows:,} x {len(COLUMNS)}, in order", before, after, rounds)
    yield from against_both(f"diff of {rows:,} x {len(COLUMNS)}, shuffled", before, shuffled, rounds)


def against_both(what: str, before: pd.DataFrame, after: pd.DataFrame, rounds: int) -> Iterator[Result]:
    old, new = arrow(before), arrow(after)

    def ours() -> int:
        return len(diff(before, after, row=LEADS))

    assert ours() == by_pandas(before, after) == by_arrow(old, new), "the three do not agree"
    mine, rival = in_turn(ours, lambda: by_pandas(before, after), rounds=rounds)
    yield faster(what, mine, rival, target="3 x", stretch="6 x", rival_name="pandas, column by column")
    mine, floor = in_turn(ours, lambda: by_arrow(old, new), rounds=rounds)
    yield of_floor(what, mine, floor, target="2 x", stretch="1.3 x", floor_name="plain pyarrow arrays")


def frame(rows: int) -> pd.DataFrame:
    pages = [decode(LEADS, "page", body) for body in bodies(lead, rows)]
    return assemble(LEADS, pages, order=("id",)).frame[COLUMNS]


def edited(before: pd.DataFrame) -> pd.DataFrame:
    """Return a copy with some cells changed in every column except the key."""
    after = before.copy()
    rng = np.random.default_rng(2)
    for name in COLUMNS[1:]:
        places = rng.choice(len(before), int(len(before) * SHARE), replace=False)
        cells = after[name].array.copy()
        match LEADS.dtypes[name]:
            case "str":
                cells[places] = "mended"
            case "object_":
                cells[places] = np.fromiter([(1, 2, 3)] * len(places), dtype=object, count=len(places))
            case "Int64":
                cells[places] = 5
            case _:
                cells[places] = pd.Timestamp("2026-01-01", tz="UTC")
        after[name] = pd.Series(cells, index=after.index)
    return after


def by_pandas(before: pd.DataFrame, after: pd.DataFrame) -> int:
    """Count changed cells as a pandas user would: align the rows, then compare column by column."""
    if not before["id"].equals(after["id"]):
        after = after.set_index("id").reindex(before["id"]).reset_index()
    changed = []
    for name in COLUMNS[1:]:
        old, new = before[name], after[name]
        unlike = (old.ne(new) & ~(old.isna() & new.isna())).fillna(True).to_numpy(dtype=bool)
        changed.append(
            pd.DataFrame({"id": before["id"][unlike], "column": name, "old": old[unlike], "new": new[unlike]}).astype(
                {"old": object, "new": object}
            )
        )
    return len(pd.concat(changed))


def arrow(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the columns as Arrow arrays, one chunk each."""
    columns = {}
    for name in COLUMNS:
        cells = pa.array(frame[name].array)
        columns[name] = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    return columns


def by_arrow(before: dict[str, Any], after: dict[str, Any]) -> int:
    """The floor: compare, and select what differs."""
    places = None
    if not before["id"].equals(after["id"]):
        places = pc.index_in(before["id"], value_set=after["id"])
    count = 0
    for name in COLUMNS[1:]:
        old, new = before[name], after[name] if places is None else after[name].take(places)
        unlike = list_unlike(old, new) if pa.types.is_list(old.type) else pc.not_equal(old, new)
        if unlike.null_count:
            unlike = pc.coalesce(unlike, pc.not_equal(pc.is_null(old), pc.is_null(new)))
        where = pc.indices_nonzero(unlike)
        count += len(where)
        before["id"].take(where), old.take(where), new.take(where)
    return count


def list_unlike(old: Any, new: Any) -> Any:
    """Compare lists by length, then by value."""
    sizes = pc.list_value_length(old), pc.list_value_length(new)
    unlike = pc.fill_null(pc.not_equal(*sizes), True).to_numpy(zero_copy_only=False).copy()
    unlike[pc.and_(pc.is_null(old), pc.is_null(new)).to_numpy(zero_copy_only=False)] = False
    alike = pa.array(np.flatnonzero(~unlike))
    one, other = old.take(alike), new.take(alike)
    parents = one.value_parent_indices().to_numpy() if hasattr(one, "value_parent_indices") else None
    if parents is None:
        parents = pc.list_parent_indices(one).to_numpy()
    differ = pc.not_equal(one.flatten(), other.flatten()).to_numpy(zero_copy_only=False)
    unlike[alike.to_numpy()[np.unique(parents[differ])]] = True
    return pa.array(unlike)
