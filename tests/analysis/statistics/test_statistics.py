"""Intervals and tests against statsmodels, scipy and numbers from papers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter
from scipy.stats import binomtest, bootstrap, chi2_contingency
from statsmodels.duration.survfunc import CumIncidenceRight
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from stcrm_pandas.analysis.statistics.estimates import (
    aalen_johansen,
    bca_mean,
    benjamini_hochberg,
    cochran_mantel_haenszel,
    holm,
    mantel_haenszel,
    two_proportions,
    wilson,
)

counts = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_matches_scipy(count: tuple[int, int]) -> None:
    x, n = count
    interval = binomtest(x, n).proportion_ci(method="wilson")
    low, high = wilson([x], [n])
    assert low[0] == pytest.approx(interval.low, abs=1e-12)
    assert high[0] == pytest.approx(interval.high, abs=1e-12)


def test_wilson_of_a_known_example() -> None:
    # 81 of 263: R. G. Newcombe, Statistics in Medicine 17 (1998), table I
    low, high = wilson(81, 263)
    assert (round(float(low), 4), round(float(high), 4)) == (0.2553, 0.3662)


def test_wilson_of_empty_input_is_missing_and_shapes_are_kept() -> None:
    low, high = wilson([[0, 1], [2, 0]], [[0, 1], [2, 5]])
    assert low.shape == high.shape == (2, 2)
    assert np.isnan(low[0, 0])
    assert np.isnan(high[0, 0])
    assert not np.isnan(low[1]).any()


@pytest.mark.parametrize(("x", "n"), [(3, 2), (-1, 2)])
def test_impossible_counts_raise(x: int, n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson(x, n)


@given(counts, counts)
def test_two_proportions_matches_statsmodels_and_pearson(one: tuple[int, int], other: tuple[int, int]) -> None:
    (x, n), (y, m) = one, other
    p = float(two_proportions(x, n, y, m))
    if x + y in (0, n + m):
        assert p == 1
        return
    assert p == pytest.approx(proportions_ztest([x, y], [n, m])[1], abs=1e-9)
    assert p == pytest.approx(chi2_contingency([[x, n - x], [y, m - y]], correction=False).pvalue, abs=1e-9)


def test_two_proportions_with_an_empty_side_is_missing() -> None:
    assert np.isnan(two_proportions([0, 4], [0, 9], [3, 0], [9, 0])).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_matches_statsmodels(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert benjamini_hochberg(p_values) == pytest.approx(expected)


def test_benjamini_hochberg_by_hand_and_with_missing_values() -> None:
    # 4 p-values in order: 0.005 x 4/1, 0.02 x 4/2, 0.03 x 4/3, 0.5; the third is not above the second
    adjusted = benjamini_hochberg([0.02, np.nan, 0.5, 0.005, 0.03])
    assert adjusted == pytest.approx([0.04, np.nan, 0.5, 0.02, 0.04], nan_ok=True)
    assert np.isnan(benjamini_hochberg([np.nan])).all()
    assert benjamini_hochberg([]).shape == (0,)


def test_holm_by_hand_and_with_missing_values() -> None:
    # 4 p-values in order: 0.005 x 4, 0.02 x 3, 0.03 x 2, 0.5 x 1; each at least as large as the one before
    assert holm([0.02, np.nan, 0.5, 0.005, 0.03]) == pytest.approx([0.06, np.nan, 0.5, 0.02, 0.06], nan_ok=True)
    assert np.isnan(holm([np.nan])).all()
    assert holm([]).shape == (0,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_holm_is_between_bonferroni_and_benjamini_hochberg(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert (adjusted <= np.minimum(np.multiply(p_values, len(p_values)), 1) + 1e-12).all()
    assert (adjusted >= benjamini_hochberg(p_values) - 1e-12).all()


@pytest.mark.parametrize("size", [1, 2, 7, 40, 400])
def test_holm_of_statsmodels_is_equal(size: int) -> None:
    """Apart from the property above: `multipletests` collects all garbage of the process in each call."""
    rng = np.random.default_rng(size)
    for p_values in (rng.random(size), rng.random(size) ** 8, rng.integers(0, 3, size) / 10):
        assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


def test_mantel_haenszel_by_hand_and_with_empty_strata() -> None:
    # weights 100 x 100 / 200 and 50 x 200 / 250; differences 0.2 and 0.1
    difference, error = mantel_haenszel([40, 20, 7, 0], [100, 50, 9, 0], [20, 60, 0, 3], [100, 200, 0, 8])
    assert difference == pytest.approx([(50 * 0.2 + 40 * 0.1) / 90])
    alone = mantel_haenszel([40, 20], [100, 50], [20, 60], [100, 200])
    assert (difference, error) == (pytest.approx(alone[0]), pytest.approx(alone[1]))


def test_mantel_haenszel_of_several_comparisons_at_once() -> None:
    groups = np.array([1, 0, 1, 3])
    x, n, y, m = (
        np.array([40, 7, 20, 1]),
        np.array([100, 9, 50, 2]),
        np.array([20, 1, 60, 0]),
        np.array([100, 8, 200, 0]),
    )
    difference, error = mantel_haenszel(x, n, y, m, groups=groups, size=4)
    for place in (0, 1):
        mine = groups == place
        one, its_error = mantel_haenszel(x[mine], n[mine], y[mine], m[mine])
        assert (difference[place], error[place]) == (pytest.approx(one[0]), pytest.approx(its_error[0]))
    assert np.isnan(difference[2:]).all()  # one without strata, one with an empty side


def test_mantel_haenszel_coverage_in_small_and_large_strata() -> None:
    chance = np.random.default_rng(3)
    n, m = np.array([5] * 40 + [60] * 3), np.array([30] * 40 + [10] * 3)
    shares = np.linspace(0.1, 0.6, len(n))
    drawn = [mantel_haenszel(chance.binomial(n, shares + 0.1), n, chance.binomial(m, shares), m) for _ in range(2_000)]
    difference, error = (np.concatenate(part) for part in zip(*drawn, strict=True))
    assert difference.mean() == pytest.approx(0.1, abs=0.003)
    assert difference.std() == pytest.approx(error.mean(), rel=0.05)
    assert np.mean(np.abs(difference - 0.1) < 1.96 * error) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("seed", range(3))
def test_cochran_mantel_haenszel_matches_statsmodels(seed: int) -> None:
    chance = np.random.default_rng(seed)
    n, m = chance.integers(2, 40, 12), chance.integers(2, 90, 12)
    x, y = chance.binomial(n, 0.4), chance.binomial(m, 0.5)
    tables = [np.array([[a, b - a], [c, d - c]]) for a, b, c, d in zip(x, n, y, m, strict=True)]
    expected = StratifiedTable(tables).test_null_odds(correction=False).pvalue
    assert cochran_mantel_haenszel(x, n, y, m) == pytest.approx([expected])
    groups = np.repeat([2, 0], 6)
    of_each = cochran_mantel_haenszel(x, n, y, m, groups=groups, size=4)
    for place in (0, 2):
        mine = groups == place
        assert of_each[place] == pytest.approx(cochran_mantel_haenszel(x[mine], n[mine], y[mine], m[mine])[0])
    assert np.isnan(of_each[[1, 3]]).all()


def test_few_differences_within_strata_by_chance_where_shares_are_near_one() -> None:
    """Of a small group in many strata, the error of the difference as observed is too small; the test is not."""
    chance = np.random.default_rng(4)
    n, m, times = np.full(60, 2), np.full(60, 90), 4_000
    x, y = chance.binomial(n, 0.92, (times, 60)), chance.binomial(m, 0.92, (times, 60))
    counts = (x.ravel(), np.tile(n, times), y.ravel(), np.tile(m, times))
    groups = {"groups": np.repeat(np.arange(times), 60), "size": times}
    p_values = cochran_mantel_haenszel(*counts, **groups)
    difference, error = mantel_haenszel(*counts, **groups)
    higher = difference > 0  # where by chance nearly all of the group are successes
    assert np.mean(higher & (p_values < 0.002)) < 0.003
    assert np.mean(higher & (difference > 3.09 * error)) > 0.006


def histories(seed: int, size: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Durations, no two alike, and how each ended: 0 is censored."""
    chance = np.random.default_rng(seed)
    return chance.permutation(np.arange(1, size + 1)) / 10, chance.choice([0, 1, 2], size, p=[0.2, 0.3, 0.5])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cause", [1, 2])
def test_aalen_johansen_matches_lifelines_on_all_rows(seed: int, cause: int) -> None:
    times, causes = histories(seed)
    causes[np.argmin(times)], causes[np.argmax(times)] = cause, 0
    fitted = AalenJohansenFitter().fit(times, causes, event_of_interest=cause)
    curve = aalen_johansen(times, causes, cause=cause)
    assert curve["day"].tolist() == fitted.cumulative_density_.index[1:].tolist()
    assert curve["share"].tolist() == pytest.approx(fitted.cumulative_density_.iloc[1:, 0].tolist())
    limits = np.sort(fitted.confidence_interval_.iloc[1:].to_numpy(), axis=1)
    assert curve[["interval_low", "interval_high"]].to_numpy() == pytest.approx(limits)


@pytest.mark.parametrize("seed", range(3))
def test_aalen_johansen_of_counts_matches_statsmodels_with_ties(seed: int) -> None:
    times, causes = histories(seed)
    days = np.ceil(times)
    causes[days == days.max()] = 0  # statsmodels has no error where nobody is left
    expected = CumIncidenceRight(days, causes)
    pairs, counts = np.unique(np.stack([days, causes]), axis=1, return_counts=True)
    for cause in (1, 2):
        curve = aalen_johansen(*pairs, counts, cause=cause)
        assert curve["share"].tolist() == pytest.approx(expected.cinc[cause - 1].tolist())
        pd.testing.assert_frame_equal(curve, aalen_johansen(days, causes, cause=cause))
        share, error = expected.cinc[cause - 1], expected.cinc_se[cause - 1]
        inner = share > 0
        spread = 1.959963984540054 * error[inner] / (share[inner] * np.abs(np.log(share[inner])))
        assert curve["interval_low"][inner].tolist() == pytest.approx((share[inner] ** np.exp(spread)).tolist())


def test_aalen_johansen_by_hand_sums_to_one() -> None:
    # day 0: 1 of 10 won; day 2: 2 won, 1 lost of 9; day 5: one is not seen longer; day 6: 5 of 5 lost
    rows = [(0, 1, 1), (2, 1, 2), (2, 2, 1), (5, 0, 1), (6, 2, 5), (7, 1, 0), (np.nan, 1, 4)]
    won = aalen_johansen(*zip(*rows, strict=True))
    lost = aalen_johansen(*zip(*rows, strict=True), cause=2)
    assert won["day"].tolist() == [0, 2, 5, 6]
    assert won["at_risk"].tolist() == [10, 9, 6, 5]
    assert won["share"].tolist() == pytest.approx([0.1, 0.3, 0.3, 0.3])
    assert lost["share"].tolist() == pytest.approx([0, 0.1, 0.1, 0.7])
    assert won["competing"].tolist() == lost["events"].tolist() == [0, 1, 0, 5]
    assert lost["interval_high"].iloc[0] == pytest.approx(float(wilson(0, 10)[1]))


def test_aalen_johansen_without_censoring_is_the_plain_share() -> None:
    curve = aalen_johansen([1, 2, 3, 3], [1, 1, 2, 1], [10, 20, 50, 20])
    assert curve["share"].tolist() == pytest.approx([0.1, 0.3, 0.5])
    # and its error the binomial one
    error = np.sqrt(0.5 * 0.5 / 100) / (0.5 * np.log(2))
    assert curve["interval_low"].iloc[-1] == pytest.approx(0.5 ** np.exp(1.959964 * error))


def test_aalen_johansen_of_all_none_and_empty() -> None:
    all_won = aalen_johansen([1, 4], [1, 1], [10, 30])
    assert all_won["share"].tolist() == pytest.approx([0.25, 1])
    assert all_won["interval_low"].iloc[1] == pytest.approx(float(wilson(40, 40)[0]))
    assert all_won["interval_high"].iloc[1] == 1
    none_won = aalen_johansen([1, 4], [0, 0], [10, 30])
    assert none_won["interval_low"].tolist() == [0, 0]
    assert none_won["interval_high"].tolist() == pytest.approx(wilson(0, [40, 30])[1])
    nothing = aalen_johansen([], [])
    assert nothing.empty
    assert nothing.dtypes.equals(all_won.dtypes)
    with pytest.raises(ValueError, match="0 or more"):
        aalen_johansen([-1], [1])


def test_bca_mean_matches_scipy_and_is_reproducible() -> None:
    amounts = np.random.default_rng(5).lognormal(6, 1.2, 400)
    found = bca_mean([*amounts, np.nan])
    chance = np.random.default_rng(0)
    low, high = bootstrap((amounts,), np.mean, n_resamples=2_000, method="BCa", rng=chance).confidence_interval
    assert found == pytest.approx((amounts.mean(), low, high))
    assert found == bca_mean(amounts)
    # skew to the right reaches further up
    assert found[2] - found[0] > found[0] - found[1]


def test_bca_mean_of_small_and_large_samples() -> None:
    assert np.isnan(bca_mean([])).all()
    assert bca_mean([4.0])[0] == 4
    assert np.isnan(bca_mean([4.0])[1:]).all()
    assert bca_mean([4.0, 4.0]) == (4, 4, 4)
    many = np.random.default_rng(5).normal(100, 10, 10_001)
    mean, low, high = bca_mean(many)
    assert (mean - low, high - mean) == pytest.approx([1.96 * many.std() / 10_001**0.5] * 2, rel=1e-3)
