"""How often bookings that waited for a first action became jobs, by how long they had waited."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt

from stcrm_pandas.analysis.base.engine import Rows, collected, micros, true
from stcrm_pandas.analysis.bookings.counts import UNCERTAIN, WORK
from stcrm_pandas.analysis.bookings.outcomes import became
from stcrm_pandas.analysis.statistics.prediction import Prediction, predict, share_of_earlier

_AGES = (1, 3, 7, 14)
"""First days of the age groups of bookings."""

_DAY = dt.timedelta(days=1)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Earlier:
    """By age group: the bounds of the share of earlier bookings that became jobs, and whether they were enough.

    `shares` are the bounds themselves, `lower` and `upper` those of another booking's chance, with their errors.
    """

    shares: tuple[Floats, Floats]
    lower: tuple[Any, Any]
    upper: tuple[Any, Any]
    known: npt.NDArray[np.bool_]

    def predict(self, days: Ints) -> Prediction | None:
        """Predict how many bookings that waited so many days become jobs; None if there are none, or it is unknown."""
        waiting = np.bincount(_age_groups(days), minlength=len(_AGES))
        if not waiting.any() or not self.known[waiting > 0].all():
            return None
        return predict(waiting, self.lower, self.upper, self.shares)

    def of(self, days: Ints) -> Floats:
        """Return the chance of each booking to become a job, in the middle of its bounds; NaN if it is unknown."""
        middle = (self.shares[0] + self.shares[1]) / 2
        chances: Floats = np.where(self.known, middle, np.nan)[_age_groups(days)]
        return chances


def _age_groups(days: Ints) -> npt.NDArray[np.intp]:
    """Return the age group of each booking, as its place in `_AGES`."""
    return np.searchsorted(_AGES, days, side="right") - 1


def earlier_bookings(rows: Rows, *, as_of: dt.datetime, mature_days: int, min_group: int) -> Earlier:
    """Return how often bookings that waited as long as those to call became jobs.

    For each age group (from 1, 3, 7 and 14 days), this uses the bookings at least `mature_days` old that were still new
    on its first day, and the share of them that became jobs. If it is not known whether a booking was still new, both
    cases are used: once for the lowest share and once for the highest. A share needs `min_group` earlier bookings.
    """
    created = nw.col("created")
    mature = ~nw.col("deleted") & true(created <= micros(as_of) - mature_days * micros(_DAY))
    work, perhaps = became(*WORK), became(*WORK, *UNCERTAIN)
    sums: dict[str, nw.Expr] = {}
    for age in _AGES:
        first = age * micros(_DAY)
        surely = mature & (true(nw.col("earliest") - created > first) | nw.col("waiting"))
        possibly = mature & (surely | ~true(nw.col("latest") - created <= first))
        flags = {
            "worked_surely": work & surely,
            "others_possibly": ~work & possibly,
            "worked_possibly": perhaps & possibly,
            "others_surely": ~perhaps & surely,
        }
        sums |= {f"{name}_{age}": flag.cast(nw.Int64).sum() for name, flag in flags.items()}
    row: Any = collected(rows.select(**sums), dict.fromkeys(sums, "Int64")).fillna(0).iloc[0]
    # one row per count, one column per age group
    fewer, others_more, more, others_fewer = np.array(row, dtype=np.int64).reshape(len(_AGES), -1).T
    of_fewer, of_more = fewer + others_more, more + others_fewer
    known = np.minimum(of_fewer, of_more) >= min_group
    shares = fewer / np.maximum(of_fewer, 1), more / np.maximum(of_more, 1)
    return Earlier(shares, share_of_earlier(fewer, of_fewer), share_of_earlier(more, of_more), known)
