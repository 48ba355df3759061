"""Where all groups are alike, few reports call one of them different; where one is not, most reports find it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from stcrm_pandas.analysis import LeadConversion, lead_conversion
from stcrm_pandas.analysis.statistics.comparison import together
from stcrm_pandas.contract.schemas.bookings import BOOKINGS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.lookups import JOBS

AS_OF = pd.Timestamp("2026-07-01T12:00Z")
DIMENSIONS = ("campaign", "business_unit", "month")
SIGNIFICANCE = 0.05
SURE = 0.999


def typed(row: Row, columns: dict[str, Any], size: int) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(columns.get(name, [None] * size), dtype=dtype) for name, dtype in row.dtypes.items()}
    )


def company(chance: np.random.Generator, leads: int, *, share: Any = 0.31) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leads of six months in campaigns of unlike size, and the jobs that date two thirds of the conversions.

    `share` is the chance of each to be converted: the same for all, or one that depends on the campaign.
    """
    sizes = np.array([0.3, 0.2, 0.15, 0.1, 0.08, 0.06, 0.04, 0.03, 0.02, 0.01, 0.007, 0.003])
    campaign = chance.choice(np.arange(1, 13), leads, p=sizes)
    created = pd.Timestamp("2026-01-01T06:00Z") + pd.to_timedelta(chance.integers(0, 150 * 86_400, leads), unit="s")
    won = chance.random(leads) < (share(campaign) if callable(share) else share)
    dated = won & (chance.random(leads) < 0.67)
    took = pd.to_timedelta(chance.exponential(5, leads) * 86_400, unit="s").ceil("s")
    until = np.minimum(created + took * np.where(dated, 1, 1.2), AS_OF)
    lost = np.where(chance.random(leads) < 0.8, "Dismissed", "Open")
    frame = typed(
        LEADS,
        {
            "id": np.arange(1, leads + 1),
            "status": np.where(won, "Converted", lost),
            "created_on": created,
            "modified_on": until,
            "campaign_id": campaign,
            "business_unit_id": chance.choice([1, 2, 3, 4], leads, p=[0.4, 0.3, 0.2, 0.1]),
            "customer_id": np.arange(1, leads + 1),
            "call_id": np.arange(1, leads + 1) + 10**6,
        },
        leads,
    )
    which = np.flatnonzero(dated)
    jobs = {
        "id": np.arange(len(which)),
        "lead_call_id": frame["call_id"].iloc[which].to_numpy(),
        "created_on": (created + took)[which],
        "customer_id": frame["customer_id"].iloc[which].to_numpy(),
    }
    return frame, typed(JOBS, jobs, len(which))


def report(chance: np.random.Generator, leads: int, **how: Any) -> tuple[LeadConversion, ...]:
    frame, jobs = company(chance, leads, **how)
    given = {"jobs": jobs, "bookings": typed(BOOKINGS, {}, 0), "as_of": AS_OF, "time_zone": "America/Chicago"}
    found = together(*(lead_conversion(frame, by=by, **given) for by in DIMENSIONS))
    for result in found:  # a report that compares nothing finds no differences either
        assert not result.comparisons["verdict"].eq("not compared").all()
    return found


def names(found: tuple[LeadConversion, ...]) -> list[tuple[str, int, str]]:
    """Dimension, id and verdict of all that a report calls different."""
    return [
        (by, row.id, row.verdict)
        for by, result in zip(DIMENSIONS, found, strict=True)
        for row in result.comparisons.itertuples()
        if row.verdict in ("higher", "lower")
    ]


def named_by_chance(seed: int, reports: int) -> int:
    chance = np.random.default_rng(seed)
    return sum(bool(names(report(chance, 1_200))) for _ in range(reports))


def found_in(seed: int, reports: int) -> int:
    """How many reports find a campaign of 400 that is 12 points above all others, and call no other one higher."""

    def planted(campaign: np.ndarray) -> np.ndarray:
        return np.where(campaign == 3, 0.43, 0.31)

    chance = np.random.default_rng(seed)
    reports_of = [names(report(chance, 2_700, share=planted)) for _ in range(reports)]  # 0.15 of 2,700 are 405
    return sum([name for name in of if name[2] == "higher"] == [("campaign", 3, "higher")] for of in reports_of)


@pytest.mark.deep
def test_few_false_differences_without_effects() -> None:
    assert named_by_chance(20260301, 8) <= binom.ppf(SURE, 8, SIGNIFICANCE)


@pytest.mark.deep
def test_few_false_differences_in_200_reports() -> None:
    assert named_by_chance(20260302, 200) <= binom.ppf(SURE, 200, SIGNIFICANCE)


@pytest.mark.deep
def test_twelve_points_among_400_are_detected_in_80_percent() -> None:
    assert found_in(12, 100) >= 80


def test_simulated_frames_are_as_intended() -> None:
    frame, jobs = company(np.random.default_rng(5), 3_000)
    found = lead_conversion(frame, jobs=jobs, by="campaign", as_of=AS_OF, time_zone="America/Chicago")
    overall = found.overall.iloc[0]
    assert overall["mature"] > 2_500
    assert 0.6 < overall["exact"] / overall["converted"] < 0.75
    assert overall["share_upper"] - overall["share_lower"] < 0.02
    assert (~found.table["enough"]).any()
