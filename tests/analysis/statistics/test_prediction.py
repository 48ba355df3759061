"""Predicted numbers of jobs: what comes lies within their intervals as often as these promise."""

import datetime as dt
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom, binom, nbinom

from stcrm_pandas.analysis import booking_sources, lead_conversion
from stcrm_pandas.analysis.leads.tables import Chances
from stcrm_pandas.analysis.statistics.prediction import (
    gap,
    predict,
    predicted_count,
    predicted_events,
    share_of_earlier,
)

from ..booking_company import AS_OF, ZONE, company, contacts_of_owners


@pytest.mark.parametrize(
    ("n", "done", "of"), [(26, 27, 100), (5, 0, 40), (400, 12, 30), (1, 1, 2), (3000, 900, 10_000)]
)
def test_interval_matches_the_beta_binomial(n: int, done: int, of: int) -> None:
    expected, low, high = predicted_count(n, *share_of_earlier(done, of))
    exact = betabinom(n, done + 0.5, of - done + 0.5)
    assert expected == pytest.approx(exact.mean())
    assert (low, high) == (exact.ppf(0.025), exact.ppf(0.975))
    assert exact.cdf(high) - exact.cdf(low - 1) >= 0.95


def test_known_probability_gives_the_binomial() -> None:
    assert predicted_count(26, 0.3, 0.0) == (pytest.approx(7.8), *binom(26, 0.3).interval(0.95))
    assert predicted_count(26, 1.0, 0.0) == (26.0, 26, 26)
    assert predicted_count([], [], []) == (0.0, 0, 0)
    assert predicted_count(10, 0.5, 0.5)[1:] == (0, 10)  # nothing is known


@pytest.mark.parametrize(("share", "earlier", "n"), [(0.05, 60, 26), (0.27, 40, 26), (0.27, 500, 200), (0.9, 80, 50)])
def test_interval_covers_95_percent(share: float, earlier: int, n: int) -> None:
    chance = np.random.default_rng(11)
    within = wide = 0
    for _ in range(400):
        _, low, high = predicted_count(n, *share_of_earlier(chance.binomial(earlier, share), earlier))
        within += low <= chance.binomial(n, share) <= high
        wide += high - low
    assert within >= binom.ppf(0.001, 400, 0.95)
    # no wider than twice the interval that knows the share, plus what is unsure of few earlier ones
    low, high = binom(n, share).interval(0.95)
    assert wide / 400 <= (high - low) * np.sqrt(1 + n / earlier) * 1.35 + 1


def test_kinds_of_rows_are_fully_correlated() -> None:
    rate, error = share_of_earlier([20, 6], [50, 40])
    expected, low, high = predicted_count([10, 30], rate, error)
    assert expected == pytest.approx(10 * rate[0] + 30 * rate[1])
    chance = np.random.default_rng(3)
    both = chance.binomial(10, chance.beta(20.5, 30.5, 20_000)) + chance.binomial(30, chance.beta(6.5, 34.5, 20_000))
    assert ((low <= both) & (both <= high)).mean() >= 0.95


@pytest.mark.parametrize(("rate", "ratio"), [(8, 0.1), (60, 0.25), (400, 0.05), (30, 2.0)])
def test_interval_of_events_covers_95_percent(rate: float, ratio: float) -> None:
    chance = np.random.default_rng(7)
    seen, came = chance.poisson(rate, 4_000), chance.poisson(rate * ratio, 4_000)
    low, high = predicted_events(seen, np.full(4_000, ratio))
    within = int(((low <= came) & (came <= high)).sum())
    assert within >= binom.ppf(0.001, 4_000, 0.95)
    # no wider than what the rate and the span leave open
    assert (high - low).mean() <= 2 * 1.96 * np.sqrt(rate * ratio * (1 + ratio)) * 1.1 + 2


def test_interval_of_events_matches_the_negative_binomial() -> None:
    low, high = predicted_events([0, 40], [0.5, 0.25])
    exact = nbinom([0.5, 40.5], [1 / 1.5, 1 / 1.25])
    assert (exact.cdf(high) - exact.cdf(low - 1) >= 0.95).all()
    assert (exact.cdf(low) >= 0.025).all()
    assert exact.mean() == pytest.approx([0.25, 10.125])


def test_bounds_are_rounded_outward() -> None:
    found = predict(26, share_of_earlier(20, 100), share_of_earlier(30, 100))
    assert (found.lower, found.upper) == (pytest.approx(26 * 20.5 / 101), pytest.approx(26 * 30.5 / 101))
    assert found.low == predicted_count(26, *share_of_earlier(20, 100))[1]
    assert found.high == predicted_count(26, *share_of_earlier(30, 100))[2]
    assert found.in_words() == f"about 5–8 jobs (95% prediction interval {found.low}–{found.high})"
    assert predict(2, share_of_earlier(50, 100), share_of_earlier(50, 100)).in_words().startswith("about 1 job (")


def test_gap_compares_similar_rows() -> None:
    row = {"difference": -0.3, "standardised": -0.1, "error": 0.02, "p_value": 1e-9}
    found = gap(pd.Series(row), 100)
    assert found.expected == pytest.approx(10)
    assert found.low < 5
    assert found.high > 15
    without = gap(pd.Series(row | {"standardised": pd.NA, "error": pd.NA}), 100)
    assert without.expected == pytest.approx(30)


@pytest.mark.deep
def test_predicted_conversions_of_open_inquiries() -> None:
    """Days to conversion and to dismissal are drawn; inquiries that are open now are followed for 30 days more."""
    chance = np.random.default_rng(5)
    within = 0
    ratio = []
    for _ in range(60):
        size = 1_500
        age, won, lost = chance.uniform(0, 365, size), chance.exponential(60, size), chance.exponential(40, size)
        ends, event = np.ceil(np.minimum(won, lost)), np.where(won < lost, 1, 2)
        seen = ends <= np.floor(age)
        columns = {"day": np.where(seen, ends, np.floor(age)).astype(int), "event": np.where(seen, event, 0)}
        histories = pd.DataFrame(
            {f"{side}_{name}": values for side in ("early", "late") for name, values in columns.items()}
        ).assign(inquiries=1)
        waiting = ~seen & (age < 60)
        later = Chances(histories, least=30).predict(age[waiting])
        assert later is not None
        came = int((waiting & (won < lost) & (won <= age + 30)).sum())
        within += later.low <= came <= later.high
        ratio.append(came / later.expected)
    assert within >= binom.ppf(0.001, 60, 0.95)
    assert np.mean(ratio) == pytest.approx(1, abs=0.06)


@pytest.mark.deep
def test_waiting_bookings_are_compared_with_earlier_waiting_ones() -> None:
    """Of all bookings half become work, of those still new after a day far fewer; counted again with pandas."""
    frames = company()[0]
    linked = {name: frames[name] for name in ("leads", "jobs", "customers")}
    agreed = {"preferences_marketing_updates_enabled": [True]}
    linked["contacts"] = pd.DataFrame({"customer_id": [1], "type": ["Phone"], "value": ["512-555-0100"], **agreed})
    found = booking_sources(frames["bookings"], as_of=AS_OF, time_zone=ZONE, **linked)
    (call,) = [one for one in found.actions() if one.work_list == "still-new"]
    waiting = len(found.work_lists["still-new"])
    assert f"the {waiting:,} bookings" in call.do
    assert found.overall["share_lower"].iloc[0] > 0.45
    low, high = (int(part) for part in re.findall(r"interval (\d+)–(\d+)", call.size)[0])
    assert low <= call.worth <= high < waiting
    assert call.size.endswith("if they are handled like earlier ones of the same age; this is not what calling adds")
    assert call.number.endswith("% of earlier bookings that waited this long became jobs")

    rows = frames["bookings"].query("active != False").set_index("id")
    leads = frames["leads"].query("active != False").dropna(subset=["booking_id"])
    created, status = rows["created_on"], rows["status"]
    jobs = frames["jobs"].set_index("id")["created_on"].reindex(rows["job_id"]).set_axis(rows.index)
    made = pd.concat([leads.groupby("booking_id")["created_on"].min(), jobs], axis=1).min(axis=1).reindex(rows.index)
    work = rows["job_id"].notna() | (status == "Converted")
    work |= rows.index.isin(leads[leads["status"] == "Converted"]["booking_id"])
    mature = created <= pd.Timestamp(AS_OF) - dt.timedelta(days=30)
    still = made.isna() & (status == "New")
    listed = pd.to_numeric(found.work_lists["still-new"].frame["Days waiting"]).to_numpy(dtype=float)
    expected = np.zeros(2)
    of_day = []
    for age, until in ((1, 3), (3, 7), (7, 14), (14, 99)):
        surely = mature & (still | (made - created > dt.timedelta(days=age)))
        possibly = mature & (surely | (made.isna() & (rows["modified_on"] - created > dt.timedelta(days=age))))
        fewest = (work & surely).sum(), ((work & surely) | (~work & possibly)).sum()
        most = (work & possibly).sum(), ((work & possibly) | (~work & surely)).sum()
        expected += ((age <= listed) & (listed < until)).sum() * np.array(
            [share_of_earlier(*fewest)[0], share_of_earlier(*most)[0]]
        )
        of_day.append((fewest[0] / fewest[1], most[0] / most[1]))
    assert call.worth == pytest.approx(expected.mean(), rel=0.1)
    assert all(0.2 < share < 0.35 for share in of_day[0])
    assert of_day[3][1] < 0.05  # nobody takes up what has waited for two weeks


def test_value_of_leads_has_bounds() -> None:
    frames = company()[0]
    linked: dict[str, Any] = {name: frames[name] for name in ("jobs", "bookings", "call_reasons")}
    linked |= {"names": {"customer": frames["customers"]}, "contacts": contacts_of_owners()["customer"]}
    found = lead_conversion(frames["leads"], by="campaign", as_of=AS_OF, time_zone=ZONE, **linked)
    sized = [one for one in found.actions() if one.work_list]
    assert sized
    for one in sized:
        assert re.fullmatch(
            r"about [\d,]+(–[\d,]+)? jobs? \(95% prediction interval [\d,]+–[\d,]+\), [\d,]+ in revenue, "
            r"if they are handled like earlier ones of the same age; this is not what calling adds",
            one.size,
        ), one.size
