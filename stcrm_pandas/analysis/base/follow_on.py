"""Follow-on jobs: which first job each of them goes back to, over however many other follow-on jobs.

A follow-on job names the job during which it was sold, which it mends or whose warranty it is, or the estimate from
which it was made. It is never a first contact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["AFTER", "PARENTS", "topmost"]

PARENTS = ("job_generated_lead_source_job_id", "recall_for_id", "warranty_id")
"""What a follow-on job names of an earlier job; the first that is there is its earlier job."""

AFTER = (*PARENTS, "created_from_estimate_id")
"""What makes a job a follow-on job, if it names any of them."""


def topmost(jobs: pd.MultiIndex, parents: pd.MultiIndex) -> npt.NDArray[np.intp]:
    """Return for each follow-on job the place of the one from which its chain of follow-on jobs starts.

    Parameters
    ----------
    jobs : MultiIndex
        The follow-on jobs, by tenant and id.
    parents : MultiIndex
        The earlier job of each, likewise; missing where it names none.

    Returns
    -------
    npt.NDArray[np.intp]
        Places in `jobs`: its own where its earlier job is no follow-on job; -1 where jobs name one another in a circle.

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
