"""The numbers of contact preferences: counts and shares by purpose and channel, and the rows of the lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.analysis.preferences.owners import Owners
from stcrm_pandas.analysis.preferences.records import USED

__all__ = ["ContactPreferencesResult"]


@dataclass(frozen=True, repr=False, kw_only=True)
class ContactPreferencesResult(Result):
    """The numbers of `contact_preferences`.

    `table` has eight rows per group, one for each purpose ("service", "marketing") and channel ("call", "text",
    "e-mail", "mail"). `overall` has the eight rows of all active customers together. `locations` and `newer` have those
    of all active locations, and of all contacts in the newer contacts API that are not archived, each from its own
    records (None if not given). Their columns:

    - `id`, `name`: of the group (a pair of ids with two dimensions); `id` is missing for rows without a group
    - `purpose`, `channel`
    - `customers`: the number of active, unmerged customers (or locations, or contacts): the denominator
    - `lower`, `upper`: how many are certainly, and possibly, not blocked; equal for marketing, where an unknown
      preference blocks
    - `share_lower`, `share_upper`: the same as shares of `customers`, from 0 to 1; missing if that is 0
    - `interval_low`, `interval_high`: 95% Wilson limits, the lower one of `share_lower`, the upper of `share_upper`
    - `enough`: `customers` reaches `min_group`
    - one column per reason, from `do_not_service` to `none_on_file`: how many are blocked by it; the first that applies
      counts

    `lower` and the reasons add up to `customers`. A customer with two tags is in both groups. `others` counts those
    that the shares exclude, with one row each for "customers", "locations" and "newer" (column `store`): `name`,
    `customers` (how many), of which `inactive` (or archived) and `merged`.

    `combinations` counts customers by the set of channels on which they are not blocked (`purpose`, one column per
    channel, `customers`). `kinds` counts the contact records of customers, locations and the newer API by type.
    `consent` compares this with the company's own list (None without one; see `consent.by_consent`). `comparisons`
    compares each group with all others together, for each marketing channel (`comparison.compare`). `left_out` counts
    rows that were not analyzed, by reason.
    """

    locations: pd.DataFrame | None
    newer: pd.DataFrame | None
    others: pd.DataFrame
    combinations: pd.DataFrame
    kinds: pd.DataFrame
    consent: pd.DataFrame | None
    comparisons: Mapping[tuple[str, str], pd.DataFrame]
    by: tuple[str, ...]
    time_zone: str | None
    many: int
    by_length: bool
    marketing_names: tuple[str, ...]
    marketing_known: bool
    owners: Owners = field(compare=False)
    states: pd.DataFrame = field(compare=False)
    shown: pd.Series = field(compare=False)
    stores: Mapping[str, pd.DataFrame] = field(compare=False)
    read: Mapping[str, Any] = field(compare=False)
    consent_entries: pd.DataFrame | None = field(compare=False, default=None)

    @property
    def used_columns(self) -> dict[str, list[str]]:
        """The required columns, by frame."""
        return USED
