"""Which customer a contact belongs to."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.contract.schemas.fields import Column, Field
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import read


def owners_of(contacts: pd.DataFrame, locations: pd.DataFrame) -> pd.Series:
    """Return the customer of each contact; a contact of a location belongs to the location's customer."""
    owner = whole_ids(contacts.get("customer_id", pd.Series(pd.NA, contacts.index)))
    if "location_id" in contacts:
        of_location = dict(zip(whole_ids(locations["id"]), whole_ids(locations["customer_id"]), strict=True))
        found = [pd.NA if one is pd.NA else of_location.get(one, pd.NA) for one in whole_ids(contacts["location_id"])]
        owner = owner.fillna(pd.Series(pd.array(found, dtype="Int64"), index=contacts.index))
    return owner


def whole_ids(cells: Any) -> pd.Series:
    """Return ids as whole numbers, also those that a file stores as text or floats.

    Raises
    ------
    UsageError
        A cell is no whole number.
    """
    name = str(cells.name or "id")
    reading = read(Column(name, (name,), Field(name, "integer"), required=False), cells)
    if reading.unreadable:
        position, why = next(iter(reading.unreadable.items()))
        raise UsageError(f"{name} must contain whole numbers: the one in row {position + 1} (counted from 1) {why}")
    return pd.Series(reading.cells, index=cells.index, name=cells.name)
