"""Chains: records that belong to one inquiry, because they name the same call, booking or job.

A booking that is worked as a lead that becomes a job is one chain of three records; two jobs that were booked in one
call are one, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["chain_of", "pairs"]

Labels = npt.NDArray[np.int64]


def chain_of(records: pd.DataFrame, ties: Sequence[str], *, within: str | None = None) -> Labels:
    """Number the chains: two records are in the same one if a path of shared ties leads from one to the other.

    Parameters:
        records: a row for each record.
        ties: its columns that tie: two records with the same value in one of them belong together; a missing value
            ties nothing.
        within: a column whose values are kept apart (the tenant), if any.

    Returns:
        For each record the number of its chain, from 0 on.

    Source: connected components of the graph of records and values (`scipy.sparse.csgraph`).

    >>> records = pd.DataFrame({"call": [1, 1, None, 7], "booking": [None, 5, 5, None]}, dtype="Int64")
    >>> chain_of(records, ["call", "booking"]).tolist()
    [0, 0, 0, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = nodes = len(records)
    starts, ends = [], []
    for tie in ties:
        some = np.flatnonzero(records[tie].notna().to_numpy())
        values, count = pairs(records.iloc[some], [tie, *([within] if within else [])])
        starts.append(some)
        ends.append(nodes + values)
        nodes += count
    start, end = np.concatenate([*starts, []]).astype(np.int64), np.concatenate([*ends, []]).astype(np.int64)
    graph = coo_array((np.ones(start.size, dtype=np.int8), (start, end)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    return pd.factorize(labels[:size])[0].astype(np.int64)


def pairs(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[Labels, int]:
    """A number for each different combination of values, and how many there are.

    Examples
    --------
    >>> pairs(pd.DataFrame({"tenant": [1, 2, 1], "id": [9, 9, 9]}), ["id", "tenant"])
    (array([0, 1, 0]), 2)
    """
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        values, different = pd.factorize(frame[column], use_na_sentinel=False)
        codes, _ = pd.factorize(codes * len(different) + values)
    return codes.astype(np.int64), int(codes.max(initial=-1)) + 1
