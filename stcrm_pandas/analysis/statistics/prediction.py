"""Predictions of counts from earlier rows, with prediction intervals.

A confidence interval is about a share; the count of 26 rows varies by chance, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.statistics.comparison import SURE

LIKE_EARLIER = "if they are handled like earlier ones of the same age; this is not what calling adds"
"""The condition of a prediction for waiting rows."""


@dataclass(frozen=True)
class Prediction:
    """A predicted count.

    Parameters
    ----------
    rows : float
        The number of rows that the prediction covers.
    lower, upper : float
        The expected counts, from the lower and the upper bound of the share of earlier rows.
    low, high : int
        The 95% prediction interval: its lower limit from the lower bound, its upper limit from the upper bound.
    """

    rows: float
    lower: float
    upper: float
    low: int
    high: int

    @property
    def expected(self) -> float:
        """Return the middle of the two expected numbers."""
        return (self.lower + self.upper) / 2

    def in_words(self, unit: str = "job", units: str = "jobs") -> str:
        """Return 'about 13–15 jobs (95% prediction interval 8–21)'."""
        return f"{self.in_brief(unit, units)} (95% prediction interval {self.low:,}–{self.high:,})"

    def in_brief(self, unit: str = "job", units: str = "jobs") -> str:
        """Return 'about 13–15 jobs'."""
        low, high = (round(number) for number in (self.lower, self.upper))
        count = f"{low:,}" if low == high else f"{low:,}–{high:,}"
        return f"about {count} {unit if high == 1 else units}"


def predicted_count(
    n: npt.ArrayLike, rate: npt.ArrayLike, error: npt.ArrayLike, *, level: float = 0.95
) -> tuple[float, int, int]:
    """Return how many of n rows are expected to have an event, given the probability of each and its error.

    The probability is modeled as beta distributed with this mean and standard deviation, so the count is beta-binomial
    and the interval comes from its quantiles [1]_ [2]_. Rows of several kinds (ages) are combined with the mean of
    their probabilities and of their errors, as if all errors had the same direction, which makes the interval
    conservative.

    Parameters
    ----------
    n : array_like
        The number of rows of each kind.
    rate, error : array_like
        The probability of an event for each kind, from 0 to 1, and its standard error.
    level : float, default 0.95
        The level of the interval.

    Returns
    -------
    tuple[float, int, int]
        The expected count, and the lower and upper limits of the prediction interval.

    References
    ----------
    .. [1] J. Aitchison, I. R. Dunsmore, "Statistical Prediction Analysis" (1975).
    .. [2] H. Wang, "Coverage probability of prediction intervals for discrete random variables", Computational
       Statistics and Data Analysis 53 (2008).

    Examples
    --------
    >>> predicted_count(26, *share_of_earlier(27, 100))
    (7.079207920792079, 3, 12)
    """
    from scipy.stats import betabinom, binom

    rows, chance, spread = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (n, rate, error)))
    total = round(float(rows.sum()))
    if total == 0:
        return 0.0, 0, 0
    mean, deviation = (float((rows * part).sum() / rows.sum()) for part in (chance, spread))
    expected = float((rows * chance).sum())
    counts = np.arange(total + 1)
    if deviation == 0 or mean in (0.0, 1.0):
        masses = binom.pmf(counts, total, mean)
    else:
        # as many earlier rows as make the mean that sure; half a row where it is not known at all
        earlier = max(mean * (1 - mean) / deviation**2 - 1, 0.5)
        masses = betabinom.pmf(counts, total, mean * earlier, (1 - mean) * earlier)
    reached = np.cumsum(masses) / masses.sum()
    low, high = (int(np.searchsorted(reached, edge)) for edge in ((1 - level) / 2, (1 + level) / 2))
    return expected, low, min(high, total)


def predicted_events(n: npt.ArrayLike, ratio: npt.ArrayLike, *, level: float = 0.95) -> tuple[Any, Any]:
    """Return the prediction interval for the number of events in a span, from those in another span.

    Events are modeled as a Poisson process with Jeffreys's prior for its rate, so the count is negative binomial [1]_.

    Parameters
    ----------
    n : array_like
        The number of events in the other span.
    ratio : array_like
        The length of the span divided by that of the other span.
    level : float, default 0.95
        The level of the interval.

    Returns
    -------
    tuple of float or ndarray
        The lower and upper limits of the prediction interval.

    References
    ----------
    .. [1] G. J. Hahn, W. Q. Meeker, W. A. Meeker, "Statistical Intervals", 2nd edition (2017), chapter 7.

    Examples
    --------
    >>> low, high = predicted_events(40, 0.25)
    >>> float(low), float(high)
    (4.0, 18.0)
    """
    from scipy.stats import nbinom

    count, part = np.asarray(n, dtype=np.float64), np.asarray(ratio, dtype=np.float64)
    low, high = (nbinom.ppf(edge, count + 0.5, 1 / (1 + part)) for edge in ((1 - level) / 2, (1 + level) / 2))
    return low, high


def share_of_earlier(successes: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Any, Any]:
    """Return the probability for another row and its standard error, from earlier rows with Jeffreys's prior.

    Parameters
    ----------
    successes, n : array_like
        The numbers of successes and of rows. They need not be integers.

    Returns
    -------
    tuple of float or ndarray
        The probabilities, from 0 to 1, and their standard errors.

    Examples
    --------
    >>> [round(part, 4) for part in share_of_earlier(27, 100)]
    [0.2723, 0.0441]
    """
    done, total = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    rate = (done + 0.5) / (total + 1)
    error = np.sqrt(rate * (1 - rate) / (total + 2))
    return (float(rate), float(error)) if rate.ndim == 0 else (rate, error)


def predict(
    n: npt.ArrayLike,
    surely: tuple[Any, Any],
    possibly: tuple[Any, Any],
    shares: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
) -> Prediction:
    """Return a prediction for rows of each kind from the lower and upper bounds of their probabilities, with errors.

    With `shares`, the two bounds of the share of earlier rows, the expected counts are those at these shares, so that
    none is expected where no earlier row had an event. The prior is then only in the interval.
    """
    lower, low, _ = predicted_count(n, *surely)
    upper, _, high = predicted_count(n, *possibly)
    if shares is not None:
        lower, upper = (float(np.sum(np.multiply(n, share))) for share in shares)
    return Prediction(float(np.sum(n)), min(lower, upper), max(lower, upper), low, high)


def gap(this: Any, n: float) -> Prediction:
    """Return how many more or fewer events the next n rows of a group have than they would at the share of the others.

    The difference is that within strata (`standardised`), if there are any.

    Parameters
    ----------
    this : object
        A row of `comparison.compare`.
    n : float
        The number of rows.
    """
    from scipy.stats import norm

    difference, error = this.standardised, this.error
    if pd.isna(difference) or pd.isna(error):
        difference = this.difference
        error = abs(float(difference)) / max(float(norm.isf(float(this.p_value) / 2)), SURE)
    known = (abs(float(difference)), float(error))
    return predict(round(n), known, known)
