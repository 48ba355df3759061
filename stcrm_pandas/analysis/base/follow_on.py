"""Follow-on jobs: the first job that each goes back to, through any number of other follow-on jobs.

A follow-on job refers to the job during which it was sold, the job it is a recall or warranty job for, or the estimate
it was created from. It is never a first contact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["AFTER", "PARENTS", "topmost"]

PARENTS = ("job_generated_lead_source_job_id", "recall_for_id", "warranty_id")
"""The columns that refer to an earlier job; the first one with a value counts."""

AFTER = (*PARENTS, "created_from_estimate_id")
"""The columns that mark a follow-on job: at least one of them has a value."""


def topmost(jobs: pd.MultiIndex, parents: pd.MultiIndex) -> npt.NDArray[np.intp]:
    """Return the position of the first follow-on job in the chain of each follow-on job.

    Parameters
    ----------
    jobs : MultiIndex
        The follow-on jobs, by tenant and id.
    parents : MultiIndex
        The earlier job of each, by tenant and id; missing if there is none.

    Returns
    -------
    npt.NDArray[np.intp]
        Positions in `jobs`: its own if the earlier job is not a follow-on job; -1 if the jobs form a circle.

    Examples
    --------
    >>> jobs = pd.MultiIndex.from_tuples([(0, 11), (0, 12), (0, 13)])
    >>> topmost(jobs, pd.MultiIndex.from_tuples([(0, 10), (0, 11), (0, 13)])).tolist()
    [0, 0, -1]
    """
    earlier = jobs.get_indexer(parents)
    own = np.arange(len(jobs))
    place = np.where(earlier >= 0, earlier, own)
    for _ in range(len(jobs).bit_length()):
        place = place[place]  # twice as far back each time
    return np.where(earlier[place] >= 0, -1, place) if len(jobs) else place
