"""The statistics of small tables of counts: a share's interval, two shares compared, many comparisons at once.

scipy and statsmodels are loaded at the first call, not with this module.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["benjamini_hochberg", "mantel_haenszel", "two_proportions", "wilson"]

Numbers = npt.ArrayLike
Floats = npt.NDArray[np.float64]


def wilson(successes: Numbers, n: Numbers, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """The Wilson score interval of each share `successes / n`.

    These are all shares p that a score test at `level` would not reject: those with
    |x/n - p| <= z sqrt(p (1 - p) / n). It keeps its level for small counts, stays within 0 and 1, and says
    something when all or none succeeded.

    Parameters: counts of any shape (broadcast against each other), and the level between 0 and 1.
    Returns: lower and upper limits as shares from 0 to 1, in that shape; NaN where n is 0.
    Raises: ValueError where successes are negative or more than n.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    >>> low, high = wilson([31, 0], [100, 0])
    >>> low.round(3), high.round(3)
    (array([0.228,   nan]), array([0.406,   nan]))
    """
    from statsmodels.stats.proportion import proportion_confint

    x, total = _counts(successes, n)
    some = total > 0
    low, high = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    if some.any():
        low[some], high[some] = proportion_confint(x[some], total[some], alpha=1 - level, method="wilson")
    return low, high


def two_proportions(successes: Numbers, n: Numbers, other_successes: Numbers, other_n: Numbers) -> Floats:
    """The two-sided p-value of 'both shares are the same', for each pair of shares.

    This is the score test with the pooled share (its square is Pearson's chi-square of the 2 x 2 table, without
    continuity correction). Meant for samples of 30 and more.

    Parameters: counts of any shape, broadcast against each other.
    Returns: p-values from 0 to 1; NaN where a sample is empty, 1 where all or none of both succeeded.
    Raises: ValueError where successes are negative or more than n.
    Source: A. Agresti, "Categorical Data Analysis", section 3.2 (comparing two binomial proportions).

    >>> two_proportions([43], [100], [300], [1000]).round(4)
    array([0.0075])
    """
    from scipy.stats import norm

    (x, total), (y, other) = _counts(successes, n), _counts(other_successes, other_n)
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (x + y) / (total + other)
        error = np.sqrt(pooled * (1 - pooled) * (1 / total + 1 / other))
        z = (x / total - y / other) / error
    p = np.asarray(2 * norm.sf(np.abs(z)), dtype=np.float64)
    return np.where((total == 0) | (other == 0), np.nan, np.where((pooled == 0) | (pooled == 1), 1.0, p))


def benjamini_hochberg(p_values: Numbers) -> Floats:
    """P-values adjusted for being looked at together.

    Naming all whose adjusted value is below q keeps the expected share of wrong names among the named below q
    (the false discovery rate), if the tests are independent or positively dependent.

    Parameters: p-values of one dimension; a NaN is a comparison that was not made: it stays NaN and does not count.
    Returns: adjusted p-values, in the same order.
    Raises: ValueError for values outside 0 and 1.
    Source: Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995).

    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.04,  nan, 0.04])
    """
    from scipy.stats import false_discovery_control

    p = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    made = ~np.isnan(p)
    if made.any():
        adjusted[made] = false_discovery_control(p[made], method="bh")
    return adjusted


def mantel_haenszel(
    successes: Numbers,
    n: Numbers,
    other_successes: Numbers,
    other_n: Numbers,
    *,
    groups: npt.ArrayLike | None = None,
    size: int = 1,
) -> tuple[Floats, Floats]:
    """The difference of two shares within strata: like compared with like, then averaged.

    In each stratum the difference x/n - y/m is taken, and weighted by n m / (n + m), which is largest where both
    samples are large; a stratum that only one of them has says nothing. The standard error holds for a few large
    strata and for many small ones.

    Parameters:
        successes, n: of the one sample, a number per stratum.
        other_successes, other_n: of the other one.
        groups: to which of several comparisons each stratum belongs, from 0 to size - 1; None: all to one.
        size: how many comparisons there are.

    Returns:
        The differences and their standard errors, one of each comparison; NaN where no stratum has both samples.

    Source: N. Mantel, W. Haenszel, JNCI 22 (1959), for the weights; T. Sato, S. Greenland, J. M. Robins, "On the
    variance estimator for the Mantel-Haenszel risk difference", Biometrics 45 (1989).

    >>> difference, error = mantel_haenszel([40, 80], [100, 100], [20, 120], [100, 200])
    >>> difference.round(3), error.round(3)
    (array([0.2]), array([0.041]))
    """
    (x, total), (y, other) = _counts(successes, n), _counts(other_successes, other_n)
    place = np.zeros(x.shape, dtype=np.int64) if groups is None else np.asarray(groups, dtype=np.int64)
    both = (total > 0) & (other > 0)
    x, total, y, other, place = x[both], total[both], y[both], other[both], place[both]
    whole = total + other

    def summed(terms: Floats) -> Floats:
        return np.bincount(place, weights=terms, minlength=size).astype(np.float64)

    weight = summed(total * other / whole)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = summed((x * other - y * total) / whole) / weight
        skew = summed((total**2 * y - other**2 * x + total * other * (other - total) / 2) / whole**2)
        spread = summed((x * (other - y) + y * (total - x)) / (2 * whole))
        error = np.sqrt(np.maximum(difference * skew + spread, 0)) / weight
    return difference, error


def _counts(successes: Numbers, n: Numbers) -> tuple[Floats, Floats]:
    x, total = np.broadcast_arrays(np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if not ((x >= 0) & (x <= total)).all():
        raise ValueError("successes must lie between 0 and n")
    return x, total
