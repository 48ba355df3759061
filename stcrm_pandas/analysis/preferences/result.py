"""The numbers of contact preferences: counts and shares by purpose and channel, and the rows of the lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.analysis.preferences.owners import Owners
from stcrm_pandas.analysis.preferences.records import USED


@dataclass(frozen=True, repr=False, kw_only=True)
class ContactPreferencesResult(Result):
    """The numbers of `contact_preferences`.

    `table` has eight rows per group, one for each purpose ("service", "marketing") and channel ("call", "text",
    "e-mail", "mail"). `overall` has the eight rows for all active customers together, `locations` has those for all
    active locations, and `newer` has six rows, without "mail", for all contacts in the newer contacts API that are not
    archived. Each is computed from its own records; `locations` and `newer` are None if these were not passed. They
    have these columns:

    - `id`, `name`: the id and the name of the group. `id` is missing for rows without a group; with two dimensions, it
      is a pair
    - `purpose`, `channel`
    - `customers`: the number of active, unmerged customers (or locations, or contacts), which is the denominator
    - `lower`, `upper`: how many are certainly, and possibly, not blocked. They are equal for marketing, where an
      unknown preference blocks
    - `share_lower`, `share_upper`: the same as shares of `customers`, from 0 to 1; missing if `customers` is 0
    - `interval_low`, `interval_high`: 95% Wilson limits, the lower one of `share_lower`, the upper one of `share_upper`
    - `enough`: whether `customers` reaches `min_group`
    - one column per reason, from `do_not_service` to `none_on_file`: how many are blocked for this reason; only the
      first reason that applies counts

    `lower` and the reasons add up to `customers`. A customer with two tags is in both groups.

    - `others`: how many the shares exclude, with one row each for "customers", "locations" and "newer" (column
      `store`): `name`, `customers` (the number excluded), and how many of these are `inactive` (or archived) and
      `merged`
    - `combinations`: one row per purpose and set of channels, with the number of customers who are not blocked on
      exactly these channels
    - `kinds`: the contact records of customers, locations and the newer contacts API, by type
    - `consent`: the company's own list compared with ServiceTitan; None without a list (see
      `analysis.preferences.consent.by_consent`)
    - `comparisons`: each group compared with all others together, for each marketing channel (see
      `analysis.statistics.comparison.compare`)
    - `left_out`: the number of rows that were not analyzed, by reason
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
    double_opt_in: bool
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
        """The columns that the analysis uses, by frame."""
        return USED
