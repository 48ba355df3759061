"""Erase people from a mirror."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.mirror.resources import EVERY
from stcrm_pandas.mirror.status_log import ImportedStatuses
from stcrm_pandas.mirror.store import Store
from stcrm_pandas.mirror.sync import parents_of, without_parents

_BELOW = (
    ("location_contacts", "locations", "location_id"),
    ("bookings", "jobs", "job_id"),
    ("location_notes", "locations", "location_id"),
    ("lead_notes", "leads", "lead_id"),
    ("booking_contacts", "bookings", "booking_id"),
)
"""Rows that belong to rows of a customer: resource, that of the row they belong to, and the column with its id."""


def forget(stores: Mapping[str, Store], customers: set[int], statuses: ImportedStatuses) -> list[list[object]]:
    """Erase customers and what belongs to them from all files; return resource, rows and versions erased."""
    tables = {name: table for name, store in stores.items() if (table := store.read()) is not None}
    owned = {"customers": ("id", customers)}
    directly = ("locations", "customer_contacts", "customer_notes", "leads", "jobs")
    owned.update(dict.fromkeys(directly, ("customer_id", customers)))
    for name, parent, by in _BELOW:
        if parent in owned and parent in tables:
            owned[name] = (by, _ids(tables[parent], _is_in(tables[parent], *owned[parent])))
    found: list[list[object]] = []
    for name, (column, ids) in owned.items():
        if name not in tables:
            continue
        table, commits = tables[name], stores[name].commits()
        erased = _is_in(table, column, ids)
        if EVERY[name].row.key == ("id",):  # the row may have had another customer once: erase all of its versions
            erased = _is_in(table, "id", _ids(table, erased))
        read = EVERY[name].parent is not None and not ids.isdisjoint(parents_of(commits[-1]))
        if erased.any() or read:
            statuses.forget(name, _ids(table, erased))
            kept = [*commits[:-1], without_parents(commits[-1], ids)] if read else commits
            stores[name].replace(table.filter(pa.array(~erased)), kept)
        if erased.any():
            found.append([name, len(_ids(table, erased)), int(erased.sum())])
    return sorted(found, key=lambda row: list(stores).index(str(row[0])))


def _is_in(table: pa.Table, column: str, ids: set[int]) -> npt.NDArray[np.bool_]:
    wanted = pa.array(sorted(ids), table.schema.field(column).type)
    return np.asarray(pc.is_in(table.column(column), value_set=wanted).to_numpy(), bool)


def _ids(table: pa.Table, where: npt.NDArray[np.bool_]) -> set[int]:
    return {id for id in table.column("id").filter(pa.array(where)).to_pylist() if id is not None}
