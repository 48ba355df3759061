"""Each planted truth, counted in the rows alone."""

import json

import pandas as pd
import pytest


def rate(rows: pd.DataFrame) -> float:
    return float((rows.status == "Converted").mean())


def check_counts(rows: pd.DataFrame, entry: dict) -> None:
    """Check that the rows agree with the truth."""
    assert len(rows) == entry["leads"]
    assert (rows.status == "Converted").sum() == entry["converted"]
    assert rate(rows) == pytest.approx(entry["rate"], abs=1e-6)


def by_campaign(rows: pd.DataFrame, least: int) -> dict[int, pd.DataFrame]:
    return {campaign: group for campaign, group in rows.groupby("campaignId") if len(group) >= least}


def days(company, rows: pd.DataFrame) -> pd.Series:
    """Return the most days to a lead's outcome, up to its last edit; without the day of bulk edits."""
    edited = company.times("leads", "modifiedOn").loc[rows.index].dt.tz_convert("America/Chicago")
    bulk = edited.dt.date.astype(str) == company.truth["events"]["bulk_edit"]
    return ((edited - rows.created) / pd.Timedelta(days=1)).where(~bulk)


def test_all_nine_truths_are_planted_in_the_default_company(company):
    assert [entry["number"] for entry in company.truth["planted"]] == list(range(1, 10))
    assert company.truth["left_out"] == []
    json.dumps(company.truth)


def test_best_by_opportunities_has_the_lowest_rescue_rate(company):
    entry = company.planted(1)
    (campaign,) = entry["campaign_ids"]
    mature = company.mature()
    check_counts(mature[mature.campaignId == campaign], entry)
    rescue = {name: rate(rows) for name, rows in by_campaign(mature, 100).items()}
    assert min(rescue, key=rescue.get) == campaign

    leads, bookings, jobs = company.counted(), company["bookings"], company["jobs"]
    free = bookings[~bookings.id.isin(leads.bookingId.dropna())]
    at_once = jobs[
        jobs.bookingId.isna()
        & jobs.jobGeneratedLeadSource.isna()
        & ~jobs.leadCallId.isin(company["leads"].callId.dropna())
    ]
    chains = pd.concat(
        [
            leads[["campaignId"]].assign(won=leads.status == "Converted"),
            free[["campaignId"]].assign(won=free.status == "Converted"),
            at_once[["campaignId"]].assign(won=True),
        ]
    )
    share = chains.groupby("campaignId").won.agg(["mean", "size"]).query("size >= 100")["mean"]
    assert share.idxmax() == campaign
    assert share[campaign] == pytest.approx(entry["share_won"], abs=0.002)
    assert share.drop(campaign).max() < share[campaign] - 0.015


def test_better_in_each_business_unit_and_worse_pooled(company):
    entry = company.planted(2)
    mature = company.mature()
    better, worse = (mature[mature.campaignId == campaign] for campaign in entry["campaign_ids"])
    check_counts(better, entry["better_in_each_unit"])
    check_counts(worse, entry["better_pooled"])
    assert rate(better) < rate(worse)
    assert len(entry["units"]) == 2
    for unit in entry["units"]:
        mine, others = (rows[rows.businessUnitId == unit["business_unit_id"]] for rows in (better, worse))
        check_counts(mine, unit["of_better_in_each_unit"])
        check_counts(others, unit["of_better_pooled"])
        assert rate(mine) > rate(others)


def test_two_campaigns_of_equal_rates(company):
    entry = company.planted(3)
    mature = company.mature()
    pair = [mature[mature.campaignId == campaign] for campaign in entry["campaign_ids"]]
    for rows, campaign in zip(pair, entry["campaigns"], strict=True):
        check_counts(rows, campaign)
        assert len(rows) == 300
    assert rate(pair[0]) == rate(pair[1])


def test_conversion_curves_cross(company):
    entry = company.planted(4)
    mature = company.mature()
    fast, slow = (mature[mature.campaignId == campaign] for campaign in entry["campaign_ids"])
    check_counts(fast, entry["fast"])
    check_counts(slow, entry["slow"])
    assert rate(fast) < rate(slow)
    early = [float(((rows.status == "Converted") & (days(company, rows) <= 4)).mean()) for rows in (fast, slow)]
    assert early[0] > early[1] + 0.05
    assert entry["fast"]["converted_by_day"]["7"] > entry["slow"]["converted_by_day"]["7"]
    assert entry["fast"]["converted_by_day"]["60"] < entry["slow"]["converted_by_day"]["60"]


def one_minus_kaplan_meier(company, rows: pd.DataFrame) -> float:
    last = days(company, rows).where(rows.status != "Open", 10_000)
    known = last.notna() & (last >= 0)
    order = last[known].sort_values(kind="stable")
    left, at_risk = 1.0, len(order)
    for place in order.index:
        if rows.status[place] == "Converted":
            left *= 1 - 1 / at_risk
        at_risk -= 1
    return 1 - left


def test_one_minus_kaplan_meier_ranks_a_campaign_wrongly(company):
    entry = company.planted(5)
    (campaign,) = entry["campaign_ids"]
    groups = by_campaign(company.mature(), 100)
    check_counts(groups[campaign], entry)
    assert (groups[campaign].status == "Dismissed").sum() == entry["dismissed"]
    naive = {name: one_minus_kaplan_meier(company, rows) for name, rows in groups.items()}
    plain = {name: rate(rows) for name, rows in groups.items()}
    assert max(naive, key=naive.get) == campaign
    assert sum(value > plain[campaign] for value in plain.values()) > 0.8 * len(groups)
    assert entry["rank_by_one_minus_kaplan_meier"] == 1


def test_dismissals_of_a_source_are_mostly_leads(company):
    entry = company.planted(6)
    bookings = company["bookings"]
    became = bookings.id.isin(company["leads"].bookingId.dropna())
    dismissed = bookings.status == "Dismissed"
    mine = bookings.source.isin(entry["sources"])
    assert (dismissed & mine).sum() == entry["dismissed"]
    assert (dismissed & mine & became).sum() == entry["became_leads"]
    assert entry["share"] > 0.7
    assert became[dismissed & ~mine].mean() == pytest.approx(entry["share_of_other_sources"], abs=1e-6)
    assert entry["share_of_other_sources"] < 0.2


def test_five_of_six(company):
    entry = company.planted(7)
    mature = company.mature()
    check_counts(mature[mature.campaignId.isin(entry["campaign_ids"])], entry)
    assert (entry["leads"], entry["converted"]) == (6, 5)


def test_difference_between_creators_is_case_mix(company):
    entry = company.planted(8)
    mature = company.mature()
    rates = []
    for creator in entry["creators"]:
        mine = mature[mature.createdById == creator["user_id"]]
        check_counts(mine, creator)
        for unit, part in creator["by_business_unit"].items():
            check_counts(mine[mine.businessUnitId == int(unit)], part)
        rates.append([rate(mine), *(part["rate"] for part in creator["by_business_unit"].values())])
    few, many = rates
    assert many[0] - few[0] > 0.12
    assert few[1:] == pytest.approx(many[1:], abs=0.02)


def test_one_campaign_is_an_outlier(company):
    entry = company.planted(9)
    mature = company.mature()
    mine = mature.campaignId.isin(entry["campaign_ids"])
    check_counts(mature[mine], entry)
    check_counts(mature[~mine], entry["all_others"])
    assert len(mature[mine]) == 400
    assert 100 * (rate(mature[mine]) - rate(mature[~mine])) == pytest.approx(12, abs=0.2)
    assert 100 * (rate(mature[mine]) - rate(mature[~mine])) == pytest.approx(entry["points_above"], abs=1e-2)


def test_a_small_company_lists_the_truths_left_out(by_the_book):
    planted = {entry["number"] for entry in by_the_book.truth["planted"]}
    left_out = {entry["number"]: entry["why"] for entry in by_the_book.truth["left_out"]}
    assert planted | set(left_out) == set(range(1, 10))
    assert not planted & set(left_out)
    assert {7, 9} <= planted
    assert all("too few" in why for why in left_out.values())
    check_counts(
        by_the_book.mature().query(f"campaignId == {by_the_book.planted(9)['campaign_ids'][0]}"), by_the_book.planted(9)
    )
