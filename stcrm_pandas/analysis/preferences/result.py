"""The numbers of contact preferences: counts and shares by purpose and channel, and the rows that lists are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.preferences.groups import By
from stcrm_pandas.analysis.preferences.owners import Owners
from stcrm_pandas.analysis.preferences.records import USED

__all__ = ["ContactPreferencesResult"]


@dataclass(frozen=True, repr=False)
class ContactPreferencesResult:
    """The numbers of `contact_preferences`; `ContactPreferences` describes each of them."""

    table: pd.DataFrame
    overall: pd.DataFrame
    locations: pd.DataFrame | None
    newer: pd.DataFrame | None
    others: pd.DataFrame
    combinations: pd.DataFrame
    kinds: pd.DataFrame
    consent: pd.DataFrame | None
    comparisons: Mapping[tuple[str, str], pd.DataFrame]
    left_out: Mapping[str, int]
    by: By | tuple[By, By] | None
    as_of: dt.datetime
    time_zone: str | None
    min_group: int
    many: int
    by_length: bool
    complete: bool
    marketing_names: tuple[str, ...]
    marketing_known: bool
    cautions: tuple[str, ...]
    owners: Owners = field(compare=False)
    states: pd.DataFrame = field(compare=False)
    stores: Mapping[str, pd.DataFrame] = field(compare=False)
    read: Mapping[str, Any] = field(compare=False)
    consent_entries: pd.DataFrame | None = field(compare=False, default=None)

    @property
    def used_columns(self) -> dict[str, list[str]]:
        """The required columns, by frame."""
        return USED
