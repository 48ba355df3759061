"""Where a frame comes from."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd

from stcrm_pandas.errors import UsageError

__all__ = ["origin"]


def origin(frame: pd.DataFrame | pd.Series) -> dict[str, Any]:
    """Return where a frame comes from: resource, environment, tenant, filters, time of the read, and so on.

    The result is a copy of `frame.attrs["stcrm"]`. pandas keeps `attrs` in selections, copies and most other steps, and
    drops it in a merge with another frame, in `concat` of different reads, and in most aggregations.

    Parameters
    ----------
    frame : DataFrame or Series
        A frame that a method returned, a frame derived from one, or a column of either.

    Returns
    -------
    dict
        `resource`, `operation`, `environment`, `tenant`, `filters`, `fetched_at`, `rows` (the number in the read, not
        in the frame), `complete`, `time_zone` and so on.

    Raises
    ------
    UsageError
        pandas dropped the information, or the frame does not come from a method. The message explains what to do.

    Examples
    --------
    >>> leads = crm.leads.list(status="Open")
    >>> origin(leads.head(3))["filters"]
    {'status': 'Open'}
    >>> origin(leads.merge(crm.customers.list(), left_on="customer_id", right_on="id"))
    Traceback (most recent call last):
    stcrm_pandas.errors.UsageError: pandas has not kept where this frame comes from...
    """
    about = getattr(frame, "attrs", {}).get("stcrm")
    if isinstance(about, dict):
        return copy.deepcopy(about)
    if not isinstance(frame, pd.DataFrame | pd.Series):
        raise UsageError(f"origin takes a DataFrame, not {type(frame).__name__}. That of a feed is feed.frame.")
    raise UsageError(
        "pandas has not kept where this frame comes from: it drops that in a merge with another frame, in concat of "
        "different reads, and in most aggregations. Call stcrm.origin before, or keep it yourself: "
        "merged.attrs = leads.attrs."
    )
