"""Intervals and tests against statsmodels, scipy and numbers from papers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2_contingency
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from stcrm_pandas.analysis.statistics import benjamini_hochberg, mantel_haenszel, two_proportions, wilson

counts = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_wilson_is_scipys(count: tuple[int, int]) -> None:
    x, n = count
    interval = binomtest(x, n).proportion_ci(method="wilson")
    low, high = wilson([x], [n])
    assert low[0] == pytest.approx(interval.low, abs=1e-12)
    assert high[0] == pytest.approx(interval.high, abs=1e-12)


def test_wilson_of_a_known_example() -> None:
    # 81 of 263: R. G. Newcombe, Statistics in Medicine 17 (1998), table I
    low, high = wilson(81, 263)
    assert (round(float(low), 4), round(float(high), 4)) == (0.2553, 0.3662)


def test_wilson_of_nothing_is_missing_and_shapes_are_kept() -> None:
    low, high = wilson([[0, 1], [2, 0]], [[0, 1], [2, 5]])
    assert low.shape == high.shape == (2, 2)
    assert np.isnan(low[0, 0])
    assert np.isnan(high[0, 0])
    assert not np.isnan(low[1]).any()


@pytest.mark.parametrize(("x", "n"), [(3, 2), (-1, 2)])
def test_impossible_counts_are_refused(x: int, n: int) -> None:
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson(x, n)


@given(counts, counts)
def test_two_proportions_is_statsmodels_and_pearsons(one: tuple[int, int], other: tuple[int, int]) -> None:
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
def test_benjamini_hochberg_is_statsmodels(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert benjamini_hochberg(p_values) == pytest.approx(expected)


def test_benjamini_hochberg_by_hand_and_without_those_not_compared() -> None:
    # 4 p-values in order: 0.005 x 4/1, 0.02 x 4/2, 0.03 x 4/3, 0.5; the third is not above the second
    adjusted = benjamini_hochberg([0.02, np.nan, 0.5, 0.005, 0.03])
    assert adjusted == pytest.approx([0.04, np.nan, 0.5, 0.02, 0.04], nan_ok=True)
    assert np.isnan(benjamini_hochberg([np.nan])).all()
    assert benjamini_hochberg([]).shape == (0,)


def test_mantel_haenszel_by_hand_and_with_what_says_nothing() -> None:
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


def test_mantel_haenszel_covers_what_is_true_in_small_strata_and_in_large_ones() -> None:
    chance = np.random.default_rng(3)
    n, m = np.array([5] * 40 + [60] * 3), np.array([30] * 40 + [10] * 3)
    shares = np.linspace(0.1, 0.6, len(n))
    drawn = [mantel_haenszel(chance.binomial(n, shares + 0.1), n, chance.binomial(m, shares), m) for _ in range(2_000)]
    difference, error = (np.concatenate(part) for part in zip(*drawn, strict=True))
    assert difference.mean() == pytest.approx(0.1, abs=0.003)
    assert difference.std() == pytest.approx(error.mean(), rel=0.05)
    assert np.mean(np.abs(difference - 0.1) < 1.96 * error) == pytest.approx(0.95, abs=0.015)
