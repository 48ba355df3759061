"""Copy a mirror, if asked without personal data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.mirror import versions
from stcrm_pandas.mirror.resources import Mirrored
from stcrm_pandas.mirror.store import Store

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
_RARE: Mapping[str, tuple[str, ...]] = {
    "leads": ("capture_source",),
    "bookings": ("source",),
    "booking_provider_tags": ("tag_name",),
    "campaigns": ("name", "category_name", "source", "other_source", "business_unit", "medium", "other_medium"),
    "campaign_categories": ("name",),
    "tag_types": ("name", "code"),
}
"""The columns of which only frequent values are kept: people type them, so a rare one may name somebody."""
_USES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "booking_provider_tags": (("bookings", "booking_provider_id"),),
    "campaigns": (("leads", "campaign_id"), ("bookings", "campaign_id"), ("jobs", "campaign_id")),
    "tag_types": tuple((name, "tag_type_ids") for name in ("customers", "locations", "leads", "jobs")),
}
"""The rows that use a name: resource, and the column with its id."""
FREQUENT, OTHER = 5, "other"
"""The rows that must have or use a value for an anonymous copy to keep it, and what replaces the others."""
_STAFF = ("employees", "technicians")
"""Resources whose rows are people: of these only ids, flags and times are kept."""


def copy(stores: Mapping[str, Store], target: Store, mirrored: Mirrored, *, anonymous: bool) -> None:
    """Write all versions of a resource to an empty store, without personal data if asked.

    Parameters
    ----------
    stores : mapping
        The stores of the mirror by resource.
    """
    table, commits = stores[mirrored.name].read(), stores[mirrored.name].commits()
    if table is None:
        return
    if anonymous:
        for name in _RARE.get(mirrored.name, ()):
            table = _without_rare(table, name, _uses(stores, mirrored.name))
        for name in _personal(mirrored):
            place = table.column_names.index(name)
            table = table.set_column(place, name, pa.nulls(table.num_rows, table.schema.field(name).type))
    target.create(table, commits)


def _personal(mirrored: Mirrored) -> list[str]:
    """Return the columns that may hold personal data: all but ids, flags, times, enums, and some text."""
    staff = mirrored.name in _STAFF
    kept = _KEPT_TEXT.get(mirrored.name, frozenset())
    columns = [versions.UNDOCUMENTED]
    for column in mirrored.row.columns:
        kind = column.field.kind
        harmless = (
            kind in ("integer", "boolean", "time") or bool(column.field.values) or (kind == "decimal" and not staff)
        )
        if not (harmless or column.name in mirrored.row.key or column.name in kept or column.name == "contact_id"):
            columns.append(column.name)
    return columns


def _uses(stores: Mapping[str, Store], resource: str) -> pd.Series | None:
    """Return how many rows use each id of a resource; None if each row counts as itself."""
    if resource == "campaign_categories":
        of_campaigns = _distinct(stores["campaigns"], "category_id")
        counted = of_campaigns["row"].map(cast(pd.Series, _uses(stores, "campaigns"))).fillna(0)
        return counted.groupby(of_campaigns["of"]).sum()
    if resource not in _USES:
        return None
    pairs = pd.concat([_distinct(stores[name], column) for name, column in _USES[resource]])
    return pairs["of"].value_counts()


def _distinct(store: Store, column: str) -> pd.DataFrame:
    """Return each pair of a row's id and a value in a column that any of its versions had."""
    table = store.read(["id", column])
    if table is None:
        return pd.DataFrame({"row": [], "of": []})
    ids, values = (table.column(name).combine_chunks() for name in ("id", column))
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        ids, values = ids.take(pc.list_parent_indices(values)), pc.list_flatten(values)
    return pd.DataFrame({"row": ids.to_pandas(), "of": values.to_pandas()}).dropna().drop_duplicates()


def _without_rare(table: pa.Table, column: str, uses: pd.Series | None) -> pa.Table:
    """Return a table in which values of a column with few rows are replaced."""
    cells = pd.DataFrame({"row": table.column("id").to_pandas(), "value": table.column(column).to_pandas()})
    distinct = cells.dropna().drop_duplicates()
    weight = pd.Series(1, index=distinct.index) if uses is None else distinct["row"].map(uses).fillna(0)
    rows = weight.groupby(distinct["value"]).sum()
    rare = pa.array(rows.index[rows < FREQUENT], table.schema.field(column).type)
    replaced = pc.if_else(pc.is_in(table.column(column), value_set=rare), OTHER, table.column(column))
    return table.set_column(table.column_names.index(column), column, replaced)
