"""The work list of opportunities: chains whose records name different campaigns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.names import names_of
from stcrm_pandas.analysis.campaigns.records import KINDS
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult

__all__ = ["differing", "work_lists"]


def differing(rows: pd.DataFrame, campaigns: Any, zone: dt.tzinfo | None) -> pd.DataFrame:
    """The chains whose records name different campaigns, the latest first.

    Parameters: opportunities as `chains.opportunities_of` gives them; the names of campaigns; the company's zone, in
    which the day is told.
    Returns: `Began as`, `Number` (the id of the first record), `Day`, `Credited to`, `Also named`.
    """
    chains = rows[rows["differing"]].sort_values(["created", "id"], ascending=False, na_position="last")
    other = chains["highest_campaign"].where(
        chains["highest_campaign"] != chains["campaign"], chains["lowest_campaign"]
    )
    wall = chains["created"].dt.tz_convert(zone or dt.UTC).dt.strftime("%Y-%m-%d")
    return pd.DataFrame(
        {
            "Began as": pd.array([KINDS[kind] for kind in chains["first"]], dtype="str"),
            "Number": chains["id"].to_numpy(),
            "Day": wall.astype("str").to_numpy(),
            "Credited to": pd.array(names_of(chains["campaign"], campaigns), dtype="str"),
            "Also named": pd.array(names_of(other, campaigns), dtype="str"),
        }
    )


def work_lists(result: OpportunitiesResult) -> dict[str, WorkList]:
    """The work lists of `Opportunities`."""
    key = "campaigns-that-differ"
    return {
        key: WorkList(
            key,
            "Chains of records that name different campaigns",
            "Open the booking or lead by its number and the job that it led to, and set the campaign that brought the "
            "customer on both.",
            result.differing,
            by_hand=True,
        )
    }
