"""What became of earlier bookings that were still new for as long as those that wait today."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from stcrm_pandas.analysis.base.engine import collected, micros, true
from stcrm_pandas.analysis.bookings.result import BookingResult
from stcrm_pandas.analysis.statistics.prediction import Prediction, predict, share_of_earlier

__all__ = ["later_work"]

_AGES = (1, 3, 7, 14)
"""Days from which on bookings are taken together."""

_DAY = micros(dt.timedelta(days=1))


def later_work(result: BookingResult, chosen: nw.Expr) -> Prediction | None:
    """How many of the bookings that wait will become work, if they are handled like earlier ones of the same age.

    For each span of ages (from 1, 3, 7 and 14 days on): of the bookings at least `mature_days` old that were still new
    at its first day, those that became work. Where it is not known how long one was still new, it is taken as still new
    or not, whichever makes the share lower, and then whichever makes it higher.

    Parameters: the analysis; the condition of the bookings that wait, all of them a day old or more.
    Returns: the prediction; None where fewer than `min_group` earlier ones were still new at one of the ages.
    """
    created, now = nw.col("created"), micros(result.as_of)
    mature = ~nw.col("deleted") & true(created <= now - micros(dt.timedelta(days=result.mature_days)))
    work = nw.col("is_job") | nw.col("is_converted") | nw.col("is_lead_won")
    perhaps = work | nw.col("is_unknown") | nw.col("is_lead_unknown")
    sums: dict[str, nw.Expr] = {}
    for age, until in zip(_AGES, (*_AGES[1:], None), strict=True):
        surely = mature & (true(nw.col("earliest") - created > age * _DAY) | nw.col("waiting"))
        possibly = mature & (surely | ~true(nw.col("latest") - created <= age * _DAY))
        here = chosen & true(created <= now - age * _DAY)
        flags = {
            "waiting": here if until is None else here & true(created > now - until * _DAY),
            "worked_surely": work & surely,
            "others_possibly": ~work & possibly,
            "worked_possibly": perhaps & possibly,
            "others_surely": ~perhaps & surely,
        }
        sums |= {f"{name}_{age}": flag.cast(nw.Int64).sum() for name, flag in flags.items()}
    row: Any = collected(result.rows.select(**sums), dict.fromkeys(sums, "Int64")).fillna(0).iloc[0]

    def of_ages(name: str) -> Any:
        return np.array([int(row[f"{name}_{age}"]) for age in _AGES])

    waiting, fewer, more = of_ages("waiting"), of_ages("worked_surely"), of_ages("worked_possibly")
    of_fewer, of_more = fewer + of_ages("others_possibly"), more + of_ages("others_surely")
    if not waiting.any() or (np.minimum(of_fewer, of_more)[waiting > 0] < result.min_group).any():
        return None
    return predict(waiting, share_of_earlier(fewer, of_fewer), share_of_earlier(more, of_more))
