"""Which customer of a cluster to keep. Pure."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.output.printable import plural


def ranked(members: pd.DataFrame) -> pd.DataFrame:
    """Return the customers of each cluster, the one to keep first.

    Active ones come first, then those with more jobs, with a balance, and the oldest.

    Parameters
    ----------
    members : DataFrame
        `cluster`, `customer_id`, `active`, `jobs`, `balance` and `created_on`.
    """
    order = pd.DataFrame(
        {
            "cluster": members["cluster"],
            "inactive": ~members["active"].fillna(value=False).astype(bool),
            "jobs": -members["jobs"].fillna(0),
            "settled": members["balance"].fillna(0) == 0,
            "created_on": members["created_on"],
            "customer_id": members["customer_id"],
        }
    )
    return members.loc[order.sort_values([*order.columns]).index].reset_index(drop=True)


def reason_of(first: pd.Series, second: pd.Series) -> str:
    """Return why the first of two ranked customers is kept.

    Examples
    --------
    >>> one = {"active": True, "jobs": 3, "balance": 0.0, "created_on": pd.Timestamp("2024-01-01")}
    >>> reason_of(pd.Series(one), pd.Series(one | {"jobs": 1})), reason_of(pd.Series(one), pd.Series(one))
    ('more jobs (3)', 'the smaller id')
    """
    if bool(first["active"]) is not bool(second["active"]):
        return "active"
    jobs, fewer = (0 if pd.isna(one["jobs"]) else int(one["jobs"]) for one in (first, second))
    if jobs > fewer:
        return f"more jobs ({jobs:,})" if fewer else f"has {plural(jobs, 'job')}"
    owes, owes_too = (not pd.isna(one["balance"]) and one["balance"] != 0 for one in (first, second))
    if owes and not owes_too:
        return "has a balance"
    made, later = first["created_on"], second["created_on"]
    if not pd.isna(made) and (pd.isna(later) or made < later):
        return "the oldest"
    return "the smaller id"
