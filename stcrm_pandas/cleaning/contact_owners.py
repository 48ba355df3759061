"""Which customer a contact belongs to."""

from __future__ import annotations

from typing import Any

import pandas as pd


def owners_of(contacts: pd.DataFrame, locations: pd.DataFrame) -> pd.Series:
    """Return the customer of each contact; a contact of a location belongs to the location's customer."""
    owner = whole(contacts.get("customer_id", pd.Series(index=contacts.index)))
    if "location_id" in contacts:
        owners = pd.Series(whole(locations["customer_id"]).to_numpy(), index=whole(locations["id"]))
        owner = owner.fillna(whole(whole(contacts["location_id"]).map(owners)))
    return owner


def whole(cells: Any) -> pd.Series:
    """Return ids as whole numbers, also those that a file stores as text or floats."""
    numbers: pd.Series = pd.to_numeric(cells).astype("Int64")
    return numbers
