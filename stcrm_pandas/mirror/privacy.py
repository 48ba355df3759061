"""Erase people from a mirror, delete old versions, and copy a mirror without personal data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.mirror import versions
from stcrm_pandas.mirror.resources import EVERY, Mirrored
from stcrm_pandas.mirror.status_log import ImportedStatuses
from stcrm_pandas.mirror.store import SEQ, Store
from stcrm_pandas.mirror.sync import parents_of, without_parents

_KEPT_TEXT: Mapping[str, frozenset[str]] = {
    "leads": frozenset({"capture_source"}),
    "bookings": frozenset({"source"}),
    "jobs": frozenset({"job_number", "job_status", "priority"}),
    "booking_provider_tags": frozenset({"tag_name"}),
    "campaigns": frozenset(
        {"name", "category_name", "source", "other_source", "business_unit", "medium", "other_medium"}
    ),
    "campaign_categories": frozenset({"name"}),
    "business_units": frozenset({"name", "official_name", "currency", "trade_name", "division_name"}),
    "tag_types": frozenset({"name", "color", "code"}),
    "job_types": frozenset({"name", "priority", "class"}),
    "call_reasons": frozenset({"name"}),
}
"""The columns with free text that an anonymous copy keeps; enums and keys are kept everywhere."""
_BELOW = (
    ("location_contacts", "locations", "location_id"),
    ("bookings", "jobs", "job_id"),
    ("location_notes", "locations", "location_id"),
    ("lead_notes", "leads", "lead_id"),
    ("booking_contacts", "bookings", "booking_id"),
)
"""Rows that belong to rows of a customer: resource, that of the row they belong to, and the column with its id."""
_STAFF = ("employees", "technicians")
"""Resources whose rows are people: of these only ids, flags and times are kept."""


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


def drop_versions(store: Store, row: Row, age: dt.timedelta) -> int:
    """Delete versions that were replaced or deleted before a given age, counted back from the last sync."""
    commits = store.commits()
    if not commits:
        return 0
    cutoff = dt.datetime.fromisoformat(commits[-1].seen_at) - age
    old = [commit for commit in commits if dt.datetime.fromisoformat(commit.seen_at) <= cutoff]
    table = store.read()
    if not old or table is None:
        return 0
    first = old[-1].number
    keys = pd.DataFrame({name: table.column(name).to_pylist() for name in row.key})
    early = table.column(SEQ).to_numpy() <= first
    last_early = np.zeros(len(keys), bool)
    last_early[keys[early].drop_duplicates(keep="last").index.to_numpy()] = True
    kept = ~early | (last_early & ~table.column(versions.DELETED).to_numpy().astype(bool))
    if kept.all():
        return 0
    store.replace(table.filter(pa.array(kept)), [commit for commit in commits if commit.number >= first])
    return int((~kept).sum())


def copy(source: Store, target: Store, mirrored: Mirrored, *, anonymous: bool) -> None:
    """Write all versions to an empty store, without personal data if asked."""
    table, commits = source.read(), source.commits()
    if table is None:
        return
    if anonymous:
        for name in _personal(mirrored):
            place = table.column_names.index(name)
            table = table.set_column(place, name, pa.nulls(table.num_rows, table.schema.field(name).type))
    target.create(table, commits)


def _personal(mirrored: Mirrored) -> list[str]:
    """Return the columns that may hold personal data: all but ids, flags, times, enums, and some text."""
    staff = mirrored.name in _STAFF
    kept = _KEPT_TEXT.get(mirrored.name, frozenset())
    found = [versions.UNDOCUMENTED]
    for column in mirrored.row.columns:
        kind = column.field.kind
        harmless = (
            kind in ("integer", "boolean", "time") or bool(column.field.values) or (kind == "decimal" and not staff)
        )
        if not (harmless or column.name in mirrored.row.key or column.name in kept or column.name == "contact_id"):
            found.append(column.name)
    return found


def _is_in(table: pa.Table, column: str, ids: set[int]) -> npt.NDArray[np.bool_]:
    wanted = pa.array(sorted(ids), table.schema.field(column).type)
    return np.asarray(pc.is_in(table.column(column), value_set=wanted).to_numpy(), bool)


def _ids(table: pa.Table, where: npt.NDArray[np.bool_]) -> set[int]:
    return {id for id in table.column("id").filter(pa.array(where)).to_pylist() if id is not None}
