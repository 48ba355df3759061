"""Statistics of small tables of counts: intervals of shares, two shares compared, many comparisons at once.

scipy and statsmodels are imported at the first call, not with this module.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Numbers = npt.ArrayLike
Floats = npt.NDArray[np.float64]


def wilson(successes: Numbers, n: Numbers, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the Wilson score interval [1]_ of each share `successes / n`.

    It contains all shares p that a score test at `level` would not reject: |x/n - p| <= z sqrt(p (1 - p) / n). It keeps
    its level for small counts, stays within 0 and 1, and is not empty if all or none succeeded.

    Parameters
    ----------
    successes, n : array_like
        Counts, broadcast against each other.
    level : float, default 0.95
        The confidence level, between 0 and 1.

    Returns
    -------
    tuple[ndarray, ndarray]
        Lower and upper limits from 0 to 1; NaN where n is 0.

    Raises
    ------
    ValueError
        Successes are negative or more than n.

    References
    ----------
    .. [1] E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Examples
    --------
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
    """Return the two-sided p-value of equal shares, for each pair of shares.

    This is the score test with the pooled share [1]_ (its square is Pearson's chi-square of the 2 x 2 table, without
    continuity correction), for samples of 30 and more.

    Parameters
    ----------
    successes, n, other_successes, other_n : array_like
        Counts, broadcast against each other.

    Returns
    -------
    ndarray
        P-values; NaN where a sample is empty, 1 where all or none of both succeeded.

    Raises
    ------
    ValueError
        Successes are negative or more than n.

    References
    ----------
    .. [1] A. Agresti, "Categorical Data Analysis", section 3.2.

    Examples
    --------
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
    """Return p-values adjusted for multiple comparisons.

    Rejecting all adjusted values below q keeps the expected share of false rejections below q (the false discovery
    rate [1]_), if the tests are independent or positively dependent.

    Parameters
    ----------
    p_values : array_like
        A one-dimensional array. NaN stands for a comparison that was not made; it stays NaN and does not count.

    Returns
    -------
    ndarray
        The adjusted p-values, in the same order.

    Raises
    ------
    ValueError
        A value is outside 0 and 1.

    References
    ----------
    .. [1] Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995).

    Examples
    --------
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


def holm(p_values: Numbers) -> Floats:
    """Return p-values adjusted so that hardly any of them is rejected by chance.

    Rejecting all adjusted values below q keeps the chance of even one false rejection below q (the family-wise error
    rate [1]_), however the tests depend on each other.

    Parameters
    ----------
    p_values : array_like
        A one-dimensional array. NaN stands for a comparison that was not made; it stays NaN and does not count.

    Returns
    -------
    ndarray
        The adjusted p-values, in the same order.

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
       (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.06,  nan, 0.06])
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]  # NaN is last
    # not statsmodels' multipletests: it collects all garbage of the process in each call
    steps = p[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
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
    """Return the difference of two shares within strata, averaged over the strata.

    In each stratum the difference x/n - y/m is weighted by n m / (n + m) [1]_, which is largest where both samples are
    large; a stratum with only one of them has no weight. The standard error [2]_ holds for a few large strata and for
    many small ones.

    Parameters
    ----------
    successes, n : array_like
        Counts of one sample, one per stratum.
    other_successes, other_n : array_like
        Counts of the other sample.
    groups : array_like, optional
        The comparison that each stratum belongs to, from 0 to size - 1. By default, all strata belong to one.
    size : int, default 1
        The number of comparisons.

    Returns
    -------
    tuple[ndarray, ndarray]
        The differences and their standard errors, one per comparison; NaN where no stratum has both samples.

    References
    ----------
    .. [1] N. Mantel, W. Haenszel, JNCI 22 (1959).
    .. [2] T. Sato, S. Greenland, J. M. Robins, "On the variance estimator for the Mantel-Haenszel risk difference",
       Biometrics 45 (1989).

    Examples
    --------
    >>> difference, error = mantel_haenszel([40, 80], [100, 100], [20, 120], [100, 200])
    >>> difference.round(3), error.round(3)
    (array([0.2]), array([0.041]))
    """
    (x, total), (y, other) = _counts(successes, n), _counts(other_successes, other_n)
    place = np.zeros(x.shape, dtype=np.int64) if groups is None else np.asarray(groups, dtype=np.int64)
    both = (total > 0) & (other > 0)
    x, total, y, other, place = x[both], total[both], y[both], other[both], place[both]
    all_n = total + other

    def summed(terms: Floats) -> Floats:
        return np.bincount(place, weights=terms, minlength=size).astype(np.float64)

    weight = summed(total * other / all_n)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = summed((x * other - y * total) / all_n) / weight
        skew = summed((total**2 * y - other**2 * x + total * other * (other - total) / 2) / all_n**2)
        spread = summed((x * (other - y) + y * (total - x)) / (2 * all_n))
        error = np.sqrt(np.maximum(difference * skew + spread, 0)) / weight
    return difference, error


def cochran_mantel_haenszel(
    successes: Numbers,
    n: Numbers,
    other_successes: Numbers,
    other_n: Numbers,
    *,
    groups: npt.ArrayLike | None = None,
    size: int = 1,
) -> Floats:
    """Return the p-value of the hypothesis that two shares are equal within each stratum [1]_, without correction.

    It tests the difference of `mantel_haenszel`, with the variance of equal shares. That of the observed shares is too
    small if a share is near 0 or 1 by chance.

    Parameters
    ----------
    successes, n, other_successes, other_n, groups, size
        As in `mantel_haenszel`.

    Returns
    -------
    ndarray
        The two-sided p-values, one per comparison; NaN where no stratum has both samples and both outcomes.

    References
    ----------
    .. [1] W. G. Cochran, Biometrics 10 (1954); N. Mantel, W. Haenszel, JNCI 22 (1959).

    Examples
    --------
    >>> cochran_mantel_haenszel([9, 30], [10, 40], [50, 60], [100, 200]).round(6)
    array([0.])
    >>> cochran_mantel_haenszel([9, 30], [10, 40], [85, 150], [100, 200]).round(3)
    array([0.867])
    """
    from scipy.stats import norm

    (x, total), (y, other) = _counts(successes, n), _counts(other_successes, other_n)
    place = np.zeros(x.shape, dtype=np.int64) if groups is None else np.asarray(groups, dtype=np.int64)
    both = (total > 0) & (other > 0)
    x, total, y, other, place = x[both], total[both], y[both], other[both], place[both]
    all_n, all_successes = total + other, x + y
    above = np.bincount(place, weights=(x * other - y * total) / all_n, minlength=size)
    spread = total * other * all_successes * (all_n - all_successes) / (all_n**2 * (all_n - 1))
    with np.errstate(invalid="ignore", divide="ignore"):
        p_values: Floats = 2 * norm.sf(np.abs(above) / np.sqrt(np.bincount(place, weights=spread, minlength=size)))
    return p_values


def aalen_johansen(
    durations: Numbers, causes: Numbers, counts: Numbers | None = None, *, cause: int = 1, level: float = 0.95
) -> pd.DataFrame:
    """Return the cumulative incidence of one event by duration, while others compete with it [1]_.

    Censored rows are at risk up to and including their duration. The shares of all causes and of rows without an event
    add up to 1, even if two causes have the same duration; one minus Kaplan-Meier would be too high.

    Parameters
    ----------
    durations : array_like
        The durations in days, 0 or more. NaN values are left out.
    causes : array_like
        The cause that ended each duration: 1, 2 …, or 0 if it was censored.
    counts : array_like, optional
        The number of rows with this duration and cause; by default, one each. The same pair may appear several times.
    cause : int, default 1
        The cause whose incidence is returned.
    level : float, default 0.95
        The confidence level of the limits.

    Returns
    -------
    DataFrame
        One row per distinct duration (`day`, ascending): `at_risk`, `events` (of the cause), `competing` (events of
        the others) and `censored` (Int64), then `share`, its standard `error`, and its limits `interval_low` and
        `interval_high` (Float64). The variance is Greenwood's by the delta method [2]_, and the limits are those of
        log(-log share). If the share is 0 or 1, they are Wilson's, of none of those at risk or of all events.

    Raises
    ------
    ValueError
        A duration is below 0, or a count is not a whole number of 0 or more.

    References
    ----------
    .. [1] O. Aalen, S. Johansen, Scandinavian Journal of Statistics 5 (1978).
    .. [2] D. Collett, "Modelling Survival Data in Medical Research", 3rd edition, section 12.3.

    Examples
    --------
    >>> curve = aalen_johansen([1, 2, 2, 3], [1, 1, 2, 0], [2, 1, 1, 4])
    >>> curve[["day", "at_risk", "events", "competing", "share"]].values.tolist()
    [[1.0, 8, 2, 0, 0.25], [2.0, 6, 1, 1, 0.375], [3.0, 4, 0, 0, 0.375]]
    """
    from scipy.stats import norm

    time, kind = np.asarray(durations, dtype=np.float64), np.asarray(causes, dtype=np.int64)
    weight = np.ones(time.shape) if counts is None else np.asarray(counts, dtype=np.float64)
    time, kind, weight = np.broadcast_arrays(time, kind, weight)
    if (time < 0).any() or (weight < 0).any() or (weight % 1 != 0).any():
        raise ValueError("durations must be 0 or more, counts whole numbers of 0 or more")
    used = ~np.isnan(time) & (weight > 0)
    time, kind, weight = time[used], kind[used], weight[used]
    distinct, place = np.unique(time, return_inverse=True)

    def tally(chosen: npt.NDArray[np.bool_]) -> Floats:
        return np.bincount(place, weights=weight * chosen, minlength=len(distinct)).astype(np.float64)

    events, competing, censored = tally(kind == cause), tally((kind != cause) & (kind != 0)), tally(kind == 0)
    ended = events + competing
    at_risk = weight.sum() - np.cumsum(ended + censored) + ended + censored
    before = np.concatenate([[1.0], np.cumprod(1 - ended / at_risk)[:-1]]) if len(distinct) else at_risk
    share = np.cumsum(before * events / at_risk)
    variance = _incidence_variance(share, before, at_risk, events, ended)
    z = norm.ppf((1 + level) / 2)
    inner = (share > 0) & (share < 1 - 1e-12)
    low, _ = wilson(np.where(share > 0, events.sum(), 0), np.where(share > 0, events.sum(), at_risk), level=level)
    _, high = wilson(0, at_risk, level=level)
    high = np.where(share > 0, 1.0, high)
    on_scale = np.log(-np.log(share[inner]))
    spread = z * np.sqrt(variance[inner]) / (share[inner] * -np.log(share[inner]))
    low[inner], high[inner] = np.exp(-np.exp(on_scale + spread)), np.exp(-np.exp(on_scale - spread))
    numbers = {"at_risk": at_risk, "events": events, "competing": competing, "censored": censored}
    shares = {"share": share, "error": np.sqrt(variance), "interval_low": low, "interval_high": high}
    return pd.DataFrame({"day": distinct, **numbers, **shares}).astype(
        {"day": "Float64", **dict.fromkeys(numbers, "Int64"), **dict.fromkeys(shares, "Float64")}
    )


def _incidence_variance(share: Floats, before: Floats, at_risk: Floats, events: Floats, ended: Floats) -> Floats:
    # the sum over all s up to t of (F(t) - F(s))^2 a(s) + b(s) - 2 (F(t) - F(s)) c(s), expanded in powers of F(t)
    left = at_risk - ended
    a = np.divide(ended, at_risk * left, out=np.zeros_like(left), where=left > 0)
    b = before**2 * events * (at_risk - events) / at_risk**3
    c = before * events / at_risk**2
    squared = share**2 * np.cumsum(a) - 2 * share * np.cumsum(share * a) + np.cumsum(share**2 * a)
    crossed = share * np.cumsum(c) - np.cumsum(share * c)
    return np.asarray(np.maximum(squared + np.cumsum(b) - 2 * crossed, 0.0), dtype=np.float64)


def bca_mean(values: Numbers, *, level: float = 0.95, seed: int = 0) -> tuple[float, float, float]:
    """Return the mean of skewed amounts and its bootstrap interval, corrected for bias and skew (BCa [1]_).

    There are 2,000 resamples with a fixed seed; for more than 10,000 amounts, whose mean is nearly normal, the interval
    is that of the normal distribution.

    Parameters
    ----------
    values : array_like
        Amounts; NaN values are ignored.
    level : float, default 0.95
        The confidence level of the interval.
    seed : int, default 0
        The seed of the resamples.

    Returns
    -------
    tuple[float, float, float]
        The mean, the lower and the upper limit. With fewer than two values the limits are NaN; if all values are equal,
        they are the mean.

    References
    ----------
    .. [1] B. Efron, "Better bootstrap confidence intervals", JASA 82 (1987).

    Examples
    --------
    >>> mean, low, high = bca_mean([0] * 60 + [420] * 120 + [9_000] * 4)
    >>> round(mean), round(low), round(high)
    (470, 328, 710)
    """
    from scipy.stats import bootstrap, norm

    amounts = np.asarray(values, dtype=np.float64)
    amounts = amounts[~np.isnan(amounts)]
    mean = float(amounts.mean()) if len(amounts) else float("nan")
    if len(amounts) < 2:
        return mean, float("nan"), float("nan")
    if np.ptp(amounts) == 0:
        return mean, mean, mean
    if len(amounts) > 10_000:
        half = norm.ppf((1 + level) / 2) * amounts.std(ddof=1) / np.sqrt(len(amounts))
        return mean, float(mean - half), float(mean + half)
    interval = bootstrap(
        (amounts,),
        np.mean,
        n_resamples=2_000,
        confidence_level=level,
        method="BCa",
        batch=max(1, 2_000_000 // len(amounts)),  # 16 MB at a time
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return mean, float(interval.low), float(interval.high)


def _counts(successes: Numbers, n: Numbers) -> tuple[Floats, Floats]:
    x, total = np.broadcast_arrays(np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if not ((x >= 0) & (x <= total)).all():
        raise ValueError("successes must be between 0 and n")
    return x, total
