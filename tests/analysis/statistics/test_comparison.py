"""Which groups are named: those that differ surely, enough, and after correction; never by chance."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.analysis.statistics.comparison import compare, is_sure, together

Frames = Callable[..., pd.DataFrame]
REASONS = pd.DataFrame({"id": [9], "is_lead": [False]})


def table(*groups: tuple[int | None, int, int, int]) -> pd.DataFrame:
    """Groups as (id, n, surely, possibly)."""
    ids, n, lower, upper = zip(*groups, strict=True)
    frame = pd.DataFrame({"id": pd.array(ids, dtype="Int64"), "name": [str(id) for id in ids]})
    for name, counts in (("n", n), ("lower", lower), ("upper", upper)):
        frame[name] = pd.array(counts, dtype="Int64")
    return frame


def verdicts(*groups: tuple[int | None, int, int, int], min_group: int = 30) -> list[str]:
    return compare(table(*groups), min_group=min_group)["verdict"].tolist()


def test_clear_difference_is_reported() -> None:
    rest = [(id, 400, 120, 120) for id in range(2, 6)]
    assert verdicts((1, 400, 180, 180), *rest)[0] == "higher"
    assert verdicts((1, 400, 60, 60), *rest)[0] == "lower"
    assert verdicts((1, 400, 125, 125), *rest) == ["not clear"] * 5


def test_unknown_dates_count_against_a_difference() -> None:
    rest = [(id, 400, 120, 180) for id in range(2, 6)]
    # 45 of 100 surely; but the others may have 45, too
    assert verdicts((1, 400, 180, 190), *rest)[0] == "not clear"
    assert verdicts((1, 400, 40, 60), *rest)[0] == "lower"
    compared = compare(table((1, 400, 40, 60), *rest), min_group=30)
    assert compared["difference"].iloc[0] == pytest.approx(60 / 400 - 120 / 400)


def test_small_groups_and_small_remainders_are_not_reported() -> None:
    # 5 of 6 is no best campaign
    assert verdicts((1, 6, 5, 5), (2, 400, 120, 120)) == ["too few", "others too few"]
    assert verdicts((1, 29, 29, 29), (2, 400, 120, 120), (3, 400, 120, 120))[0] == "too few"
    assert verdicts((1, 30, 30, 30), (2, 400, 120, 120), (3, 400, 120, 120))[0] == "higher"
    assert verdicts((1, 400, 120, 120)) == ["others too few"]


def test_differences_under_5_points_are_not_reported() -> None:
    big = [(1, 100_000, 34_900, 34_900), (2, 100_000, 30_000, 30_000)]
    assert verdicts(*big) == ["not clear", "not clear"]
    assert verdicts((1, 100_000, 35_001, 35_001), big[1]) == ["higher", "lower"]


def test_rows_without_a_group_count_only_among_the_others() -> None:
    compared = compare(table((1, 400, 200, 200), (None, 400, 40, 40)), min_group=30)
    assert compared["verdict"].tolist() == ["higher", "not compared"]
    assert compared["others_n"].tolist() == [400, 400]
    assert compared["p_value"].isna().tolist() == [False, True]


def test_incomplete_months_are_not_compared() -> None:
    months = table((1, 400, 120, 120), (2, 400, 120, 120), (3, 400, 390, 390))
    months["whole"] = pd.array([True, True, False], dtype="boolean")
    compared = compare(months, min_group=30)
    assert compared["verdict"].tolist() == ["not clear", "not clear", "not compared"]
    assert compared["others_n"].tolist() == [400, 400, 800]


def test_p_values_match_statsmodels() -> None:
    groups = [(1, 300, 120, 120), (2, 250, 60, 60), (3, 90, 25, 25)]
    compared = compare(table(*groups), min_group=30)
    n, x = sum(group[1] for group in groups), sum(group[2] for group in groups)
    expected = [proportions_ztest([g[2], x - g[2]], [g[1], n - g[1]])[1] for g in groups]
    assert compared["p_value"].tolist() == pytest.approx(expected)
    assert compared["p_adjusted"].tolist() == pytest.approx(multipletests(expected, method="fdr_bh")[1])


def test_an_empty_table() -> None:
    empty = compare(table((1, 40, 1, 1)).iloc[:0], min_group=30)
    assert empty.empty
    assert empty.dtypes.equals(compare(table((1, 40, 1, 1)), min_group=30).dtypes)


def cut(*rows: tuple[int | None, str, int, int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Groups, and their strata as (id, stratum, n, surely, possibly)."""
    strata = pd.DataFrame(rows, columns=["id", "stratum", "n", "lower", "upper"]).astype({"id": "Int64"})
    groups = strata.groupby("id", as_index=False, dropna=False)[["n", "lower", "upper"]].sum()
    return groups.assign(name=groups["id"].astype(str)), strata


def test_difference_due_to_the_mix_is_labeled() -> None:
    groups, strata = cut(
        (1, "install", 300, 60, 60),
        (1, "service", 100, 50, 50),
        (2, "install", 100, 20, 20),
        (2, "service", 300, 150, 150),
    )
    assert compare(groups, min_group=30)["verdict"].tolist() == ["lower", "higher"]
    compared = compare(groups, strata, min_group=30)
    assert compared["verdict"].tolist() == ["explained by the mix"] * 2
    assert compared["standardised"].tolist() == pytest.approx([0, 0])


def test_difference_reversed_within_strata_is_not_reported() -> None:
    # better in each business unit, worse pooled
    groups, strata = cut(
        (1, "install", 380, 95, 95), (1, "service", 20, 12, 12), (2, "install", 20, 3, 3), (2, "service", 380, 190, 190)
    )
    compared = compare(groups, strata, min_group=30)
    assert compared["verdict"].tolist() == ["explained by the mix"] * 2
    assert compared["difference"].iloc[0] < 0 < compared["standardised"].iloc[0]


def test_difference_within_strata_is_reported() -> None:
    groups, strata = cut(
        *((id, month, 100, won, won) for month, won in (("Jan", 25), ("Feb", 35), ("Mar", 30)) for id in (2, 3, None)),
        *((1, month, 100, won, won) for month, won in (("Jan", 40), ("Feb", 52), ("Mar", 44))),
    )
    compared = compare(groups, strata, min_group=30).set_index("id")
    assert compared.loc[1, "verdict"] == "higher"
    assert compared["standardised"].loc[1] == pytest.approx(compared["difference"].loc[1])
    assert compared["verdict"].iloc[-1] == "not compared"


def test_strata_use_facing_bounds_and_exclude_incomplete_groups() -> None:
    groups, strata = cut(
        (1, "Jan", 100, 60, 70), (2, "Jan", 100, 20, 30), (1, "Feb", 100, 60, 70), (3, "Jan", 100, 90, 90)
    )
    groups["whole"] = pd.array([True, True, False], dtype="boolean")
    compared = compare(groups, strata, min_group=30)
    # Feb has one side only; Jan: 60 surely against 30 possibly
    assert compared["standardised"].iloc[:2].tolist() == pytest.approx([0.3, -0.3])
    assert compared["verdict"].tolist() == ["higher", "lower", "not compared"]


def test_no_report_without_a_shared_stratum() -> None:
    groups, strata = cut((1, "Jan", 100, 60, 60), (2, "Feb", 100, 20, 20))
    compared = compare(groups, strata, min_group=30)
    assert compared["verdict"].tolist() == ["explained by the mix"] * 2
    assert compared["standardised"].isna().all()


@dataclasses.dataclass(frozen=True)
class Result:
    comparisons: pd.DataFrame | dict[str, pd.DataFrame]


def test_together_adjusts_over_all_groups_of_a_report() -> None:
    # 17 points of 100 against 300 are clear among four, and not among sixty
    few = compare(table((1, 100, 47, 47), *((id, 100, 30, 30) for id in range(2, 5))), min_group=30)
    many = compare(table(*((id, 100, 30, 30) for id in range(1, 57))), min_group=30)
    small = compare(table((1, 6, 5, 5), (2, 400, 120, 120)), min_group=30)
    assert few["verdict"].iloc[0] == "higher"
    one, two = together(Result(few), Result({"many": many, "small": small}))
    p_values = [*few["p_value"], *many["p_value"]]
    assert one.comparisons["p_adjusted"].tolist() == pytest.approx(multipletests(p_values, method="fdr_bh")[1][:4])
    assert one.comparisons["verdict"].iloc[0] == "not clear"
    assert two.comparisons["small"]["verdict"].tolist() == ["too few", "others too few"]
    assert two.comparisons["many"]["p_adjusted"].notna().all()
    assert together() == ()
    (alone,) = together(Result(few))
    pd.testing.assert_frame_equal(alone.comparisons, few)


def test_an_action_needs_more_than_a_difference_over_all_groups_of_a_report() -> None:
    """The same group is sure in a small report, and only different in a large one: Holm over all of its groups."""
    few = compare(table((1, 100, 52, 52), *((id, 100, 30, 30) for id in range(2, 5))), min_group=30)
    many = compare(table(*((id, 100, 30, 30) for id in range(1, 57))), min_group=30)
    less = compare(table((1, 100, 48, 48), *((id, 100, 30, 30) for id in range(2, 5))), min_group=30)
    assert [frame["verdict"].iloc[0] for frame in (few, less)] == ["higher", "higher"]
    assert [is_sure(row) for row in few.itertuples()] == [True, False, False, False]
    assert [is_sure(row) for row in less.itertuples()] == [False] * 4
    one, _ = together(Result(few), Result({"many": many}))
    assert one.comparisons["verdict"].iloc[0] == "higher"
    assert one.comparisons["p_familywise"].iloc[0] == pytest.approx(60 * few["p_value"].iloc[0])
    assert not is_sure(next(one.comparisons.itertuples()))


def test_false_positive_rate(leads: Callable[..., pd.DataFrame]) -> None:
    """Over 200 companies in which all campaigns are alike, few reports may name one."""
    chance = np.random.default_rng(20260301)
    named = 0
    for _ in range(200):
        sizes = chance.integers(20, 300, 12)
        won = chance.binomial(sizes, 0.3)
        groups = [(id, int(n), int(x), int(x)) for id, (n, x) in enumerate(zip(sizes, won, strict=True))]
        named += any(verdict in ("higher", "lower") for verdict in verdicts(*groups))
    assert named <= binom.ppf(0.999, 200, 0.05)


def test_false_positive_rate_with_different_mixes() -> None:
    """Within strata all groups are alike; their mixes are not, so that nearly all differ as they are."""
    chance = np.random.default_rng(20260302)
    named = mixed = 0
    for _ in range(200):
        rows = []
        for id in range(20):
            calls = chance.uniform(0.1, 0.9)
            for stratum, part, share in (("phone", calls, 0.9), ("online", 1 - calls, 0.4)):
                n = int(400 * part)
                won = int(chance.binomial(n, share))
                rows.append((id, stratum, n, won, won))
        found = compare(*cut(*rows), min_group=30)["verdict"]
        named += found.isin(["higher", "lower"]).any()
        mixed += (found == "explained by the mix").sum()
    assert mixed > 200 * 10
    assert named <= binom.ppf(0.999, 200, 0.05)


def test_twelve_points_among_400_are_detected(leads: Callable[..., pd.DataFrame]) -> None:
    chance = np.random.default_rng(7)
    found = 0
    for _ in range(100):
        rest = [(id, 400, int(x), int(x)) for id, x in enumerate(chance.binomial(400, 0.31, 20), start=2)]
        x = int(chance.binomial(400, 0.43))
        found += verdicts((1, 400, x, x), *rest)[0] == "higher"
    assert found >= 80


def test_sentences_match_the_numbers(leads: Frames, bookings: Frames, jobs: Frames) -> None:
    def group(campaign: int, won: int, of: int) -> list[dict[str, object]]:
        when = {"created_on": "2026-01-05T12:00Z", "campaign_id": campaign}
        return [{"status": "Converted" if place < won else "Dismissed", **when} for place in range(of)]

    names = {1: "Radio", 2: "Mail", 3: "<script>alert(1)</script>", 4: "Bus"}
    rows = [*group(1, 60, 100), *group(2, 30, 100), *group(3, 5, 100), *group(4, 5, 6)]
    known = {"bookings": bookings(), "jobs": jobs(), "call_reasons": REASONS, "as_of": "2026-03-01T00:00Z"}
    found = lead_conversion(leads(*rows), by="campaign", names=names, **known)
    sentences = found.summary()
    assert sentences[0] == (
        "Of 306 inquiries at least 30 days old, 33% (95% CI 28–38%) were converted within 30 days of coming in."
    )
    assert "Campaign Radio converts more often than the others: 60% (50–69%) vs 19%." in sentences
    assert any(line.startswith("Campaign <script>") and "less often" in line for line in sentences)
    assert "1 campaign has fewer than 30 inquiries that are old enough: too few to compare." in sentences
    assert not any("Bus" in line or "Mail" in line or "cause" in line for line in sentences)
    html = sentences._repr_html_() + found._repr_html_() + found.definitions._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_no_clear_difference_is_reported(leads: Frames, bookings: Frames, jobs: Frames) -> None:
    rows = [{"status": "Open", "created_on": "2026-01-05T12:00Z", "campaign_id": place % 2} for place in range(100)]
    known = {"bookings": bookings(), "jobs": jobs(), "call_reasons": REASONS, "as_of": "2026-03-01T00:00Z"}
    found = lead_conversion(leads(*rows), by="campaign", **known)
    assert "No campaign is clearly different from the others." in found.summary()
    alone = lead_conversion(leads(*rows[::2]), by="campaign", **known)
    assert not any("can be compared" in sentences for sentences in alone.summary())
    assert "There is no other campaign to compare campaign 0 with." in alone.summary()
    assert not any("fewer than 30" in sentences for sentences in alone.summary())
    most = lead_conversion(leads(*rows[::2], *rows[1:8:2]), by="campaign", **known).summary()
    assert (
        "All other campaigns together have 4 inquiries that are old enough, fewer than 30: too few to compare "
        "campaign 0 with." in most
    )
    assert "1 campaign has fewer than 30 inquiries that are old enough: too few to compare." in most
    both = lead_conversion(leads(*rows[:40]), by="campaign", **known).summary()
    assert "No campaign can be compared with the others: too few inquiries that are old enough." in both
    few = lead_conversion(leads(*rows[:5]), by="campaign", **known)
    assert few.summary()[0].endswith("These are too few to tell.")
