"""How reliable campaigns are: rows on the default campaign, on none, or on a retired one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.format import format_percent, listed
from stcrm_pandas.analysis.base.inputs import condition, table_of

__all__ = ["UNCREDITED_LIMIT", "Attribution", "attribution", "default_campaigns"]

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

    def sentences(self) -> list[str]:
        """Return how reliably records are credited to campaigns, and what follows from it."""
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
        if self.chains:
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
        The number of rows by campaign id. The id is missing for rows without a campaign.
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
    items: Iterable[tuple[Any, int]] = by_campaign.items()
    counts = {None if pd.isna(id) else int(id): int(rows) for id, rows in items}
    if campaigns is None:
        return Attribution(what, sum(counts.values()), None, counts.get(None, 0), None, None, chains, differing)

    campaigns = table_of(campaigns, "campaigns", ["id"])

    def rows_on(ids: list[int] | None) -> int | None:
        return None if ids is None else sum(counts.get(id, 0) for id in ids)

    listed = set(campaigns["id"].dropna().astype(int))
    return Attribution(
        what,
        sum(counts.values()),
        rows_on(default_campaigns(campaigns) or None),
        counts.get(None, 0),
        sum(rows for id, rows in counts.items() if id is not None and id not in listed),
        rows_on(_ids_where(campaigns, "active", wanted=False)),
        chains,
        differing,
    )


def default_campaigns(campaigns: pd.DataFrame | None) -> list[int]:
    """Return the ids of the default campaign; empty if unknown."""
    return ([] if campaigns is None else _ids_where(campaigns, "is_default_campaign", wanted=True)) or []


def _ids_where(campaigns: pd.DataFrame, column: str, *, wanted: bool) -> list[int] | None:
    if column not in campaigns:
        return None
    chosen = condition(campaigns[column], "campaigns", column).eq(wanted).fillna(False).astype(bool)
    return [int(id) for id in campaigns.loc[chosen, "id"].dropna()]
