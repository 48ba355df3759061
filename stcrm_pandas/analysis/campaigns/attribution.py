"""How reliable campaigns are: rows on the default campaign, on none, or on a retired one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.conversion import condition, table_of
from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.format import format_percent, listed

UNCREDITED_LIMIT = 0.15
"""Above this share without a usable campaign, campaigns are not ranked."""


@dataclass(frozen=True)
class Attribution:
    """How many rows have a usable campaign.

    Parameters
    ----------
    what : str
        The noun for the rows: "opportunities".
    rows : int
        The number of rows.
    default : int or None
        The number of rows on the company's default campaign; None if that campaign is not known.
    none : int
        The number of rows without a campaign.
    unknown : int or None
        The number of rows whose campaign id is not among the campaigns; None if the campaigns were not read.
    inactive : int or None
        The number of rows on an inactive campaign. They are credited to it, because it may have been active then.
    chains : int, default 0
        The number of rows with two or more records that have a campaign.
    differing : int, default 0
        The number of these whose records have different campaigns.
    """

    what: str
    rows: int
    default: int | None
    none: int
    unknown: int | None
    inactive: int | None
    chains: int = 0
    differing: int = 0

    @property
    def uncredited(self) -> int:
        """The number of rows on the default campaign, without a campaign, or with one that is not in the list."""
        return (self.default or 0) + self.none + (self.unknown or 0)

    @property
    def ranked(self) -> bool:
        """Whether campaigns may be ranked: at most 15% of the rows are uncredited."""
        return self.uncredited <= UNCREDITED_LIMIT * self.rows

    def sentences(self, *, chains: bool = True) -> list[str]:
        """Return how reliably records are credited to campaigns, and what follows from it.

        Without `chains`, the sentence about records that name different campaigns is left out.
        """
        if not self.rows:
            return []
        parts = [
            f"{count:,} ({format_percent(count / self.rows) if 200 * count >= self.rows else 'under 1%'}) {words}"
            for count, words in (
                (self.default, "are on the default campaign"),
                (self.none, "have no campaign"),
                (self.unknown, "have a campaign that is not in the list"),
                (self.inactive, "are on a retired one"),
            )
            if count
        ]
        sentences = [f"How reliable campaigns are: of {self.rows:,} {self.what}, {listed(parts)}."] if parts else []
        if self.chains and chains:
            sentences.append(
                f"In {self.differing:,} of {self.chains:,} chains of records with campaigns, these differ; the first "
                "one counts."
            )
        if not self.ranked:
            sentences.append(
                f"{format_percent(self.uncredited / self.rows)} of {self.what} have no usable campaign (more than "
                f"{format_percent(UNCREDITED_LIMIT)}): campaigns are listed by size and not ranked."
            )
        return sentences


def attribution(
    by_campaign: Mapping[Any, int] | pd.Series,
    campaigns: pd.DataFrame | None,
    *,
    what: str,
    chains: int = 0,
    differing: int = 0,
) -> Attribution:
    """Count how many rows have a usable campaign.

    Parameters
    ----------
    by_campaign : mapping or Series
        The number of rows by campaign id, or by tenant and campaign id. The id is missing for rows without a campaign.
    campaigns : DataFrame or None
        The campaigns with `id` and, if known, `active` and `is_default_campaign`; None if not read.
    what : str
        The noun for the rows, in the plural.
    chains : int, default 0
        The number of rows with two or more records that have a campaign.
    differing : int, default 0
        The number of these whose records have different campaigns.

    Returns
    -------
    Attribution
        The numbers of rows with and without a usable campaign.

    Raises
    ------
    UsageError
        The campaigns have no `id`.

    Examples
    --------
    >>> campaigns = pd.DataFrame({"id": [1, 2], "active": [True, False], "is_default_campaign": [True, False]})
    >>> health = attribution({1: 10, 2: 80, None: 10}, campaigns, what="opportunities")
    >>> health.default, health.none, health.unknown, health.inactive, health.ranked
    (10, 10, 0, 80, False)
    """
    campaigns = None if campaigns is None else table_of(campaigns, "campaigns", ["id"])
    tenants = campaigns is not None and TENANT in campaigns
    counts: Counter[tuple[int | None, int] | None] = Counter()
    for key, rows in by_campaign.items():
        *tenant, id = key if isinstance(key, tuple) else (key,)
        counts[None if pd.isna(id) else (tenant[0] if tenants and tenant else None, int(id))] += int(rows)
    if campaigns is None:
        return Attribution(what, counts.total(), None, counts[None], None, None, chains, differing)

    def rows_on(those: pd.DataFrame | None) -> int | None:
        return None if those is None else sum(counts[key] for key in _keys_of(those))

    default = _where(campaigns, "is_default_campaign", wanted=True)
    return Attribution(
        what,
        counts.total(),
        None if default is None or default.empty else rows_on(default),
        counts[None],
        counts.total() - counts[None] - (rows_on(campaigns) or 0),
        rows_on(_where(campaigns, "active", wanted=False)),
        chains,
        differing,
    )


def default_campaigns(campaigns: pd.DataFrame | None) -> list[int]:
    """Return the ids of the default campaign; empty if unknown."""
    default = None if campaigns is None else _where(campaigns, "is_default_campaign", wanted=True)
    return [] if default is None else [int(id) for id in default["id"].dropna()]


def _where(campaigns: pd.DataFrame, column: str, *, wanted: bool) -> pd.DataFrame | None:
    if column not in campaigns:
        return None
    chosen = condition(campaigns[column], "campaigns", column).eq(wanted).fillna(False).astype(bool)
    return campaigns[chosen]


def _keys_of(campaigns: pd.DataFrame) -> set[tuple[int | None, int]]:
    known = campaigns.dropna(subset=["id"])
    tenants: Any = known[TENANT].astype(int) if TENANT in known else [None] * len(known)
    return set(zip(tenants, known["id"].astype(int), strict=True))
