"""Without effects, all outcomes have the same chances, with the same sizes and mixes."""

import pandas as pd
import pytest
from scipy.stats import chi2_contingency, kruskal

pytestmark = pytest.mark.deep

LEAST = 1e-3
"""A smaller p-value occurs by chance in one of a thousand companies."""


def p_value(groups, outcome: pd.Series) -> float:
    return float(chi2_contingency(pd.crosstab(pd.Series(groups).astype(str).to_numpy(), outcome.to_numpy()))[1])


def test_nothing_is_planted(alike):
    assert alike.truth["planted"] == []
    assert [entry["number"] for entry in alike.truth["left_out"]] == list(range(1, 10))
    assert not alike.truth["effects"]


def test_sizes_and_mixes_are_the_same(alike, company):
    for name in ("leads", "bookings", "jobs", "customers", "locations", "campaigns"):
        assert len(alike[name]) == len(company[name])
    sizes = [rows["leads"].campaignId.value_counts().reindex(rows["campaigns"].id) for rows in (alike, company)]
    of_sources = company["bookings"].campaignId.dropna().unique()  # their leads come out of dismissals, which differ
    assert (sizes[0] / sizes[1]).drop(of_sources).between(0.6, 1.6).all()


@pytest.mark.parametrize("by", ["campaignId", "businessUnitId", "createdById", "callReasonId"])
def test_leads_convert_equally(alike, company, by):
    mature = alike["leads"].loc[lambda f: alike.times("leads", "createdOn") < alike.as_of - pd.Timedelta(days=120)]
    assert p_value(mature[by], mature.status) > LEAST
    if by != "callReasonId":
        assert p_value(company.mature()[by], company.mature().status) < 0.01  # the same test sees effects


@pytest.mark.parametrize("by", ["campaignId", "businessUnitId", "createdById"])
def test_phone_calls_are_booked_on_first_contact_equally(alike, company, by):
    def calls(rows) -> pd.DataFrame:
        """Return jobs booked on the first call, and leads, which were not."""
        leads = rows.counted()
        leads = leads[leads.callId.notna() | leads.manualCallId.notna()].assign(at_once=False)
        jobs = rows["jobs"].dropna(subset="leadCallId").assign(at_once=True)
        return pd.concat([leads, jobs[~jobs.leadCallId.isin(rows["leads"].callId)]])

    def at_once(rows) -> pd.Series:
        groups = calls(rows).groupby(by).at_once
        return groups.mean()[groups.size() >= 100]

    assert p_value(calls(alike)[by], calls(alike).at_once) > LEAST
    assert at_once(alike).max() - at_once(alike).min() < 0.1
    assert p_value(calls(company)[by], calls(company).at_once) < 1e-12  # the same test sees effects


@pytest.mark.parametrize("by", ["campaignId", "businessUnitId", "kind"])
def test_web_requests_are_booked_equally(alike, by):
    """A booking also counts as booked if the lead that it became was booked."""
    leads, bookings = alike["leads"], alike["bookings"]
    won = bookings.status.eq("Converted") | bookings.id.isin(leads[leads.status == "Converted"].bookingId)
    bookings = bookings.assign(kind="booking", won=won, created=alike.times("bookings", "createdOn"))
    leads = alike.counted().assign(kind="lead")
    leads["won"] = leads.status.eq("Converted")
    leads = leads[leads.callId.isna() & leads.manualCallId.isna() & leads.bookingId.isna()]
    both = pd.concat([bookings, leads])
    both = both[both.created < alike.as_of - pd.Timedelta(days=60)]
    assert p_value(both[by], both.won) > LEAST


def test_leads_convert_equally_with_and_without_a_customer(alike):
    mature = alike.mature()
    first = mature[~mature.customerId.duplicated(keep=False) | mature.customerId.isna()]
    assert p_value(first.customerId.isna(), first.status) > LEAST
    kind = alike["customers"].set_index("id").type
    known = mature.dropna(subset="customerId")
    assert p_value(kind.loc[known.customerId].to_numpy() == "Commercial", known.status) > LEAST


def test_leads_convert_equally_over_time(alike):
    created = alike.times("leads", "createdOn")
    mature = alike["leads"][created < alike.as_of - pd.Timedelta(days=120)]
    assert p_value(created[mature.index].dt.strftime("%Y-%m"), mature.status == "Converted") > LEAST


def test_conversions_are_equally_fast(alike):
    leads = alike["leads"].assign(created=alike.times("leads", "createdOn")).dropna(subset="callId")
    jobs = alike["jobs"].assign(booked=alike.times("jobs", "createdOn")).dropna(subset="leadCallId")
    both = leads.merge(jobs, left_on="callId", right_on="leadCallId")
    both["days"] = (both.booked - both.created).dt.days
    groups = [group.days for _, group in both.groupby("campaignId_x") if len(group) > 20]
    assert kruskal(*groups).pvalue > LEAST


@pytest.mark.parametrize("by", ["bookingProviderId", "businessUnitId"])
def test_bookings_have_equal_outcomes(alike, by):
    assert p_value(alike["bookings"][by], alike["bookings"].status.replace("Accepted", "New")) > LEAST


def test_dismissals_become_leads_equally(alike):
    dismissed = alike["bookings"].query("status == 'Dismissed'")
    became = dismissed.id.isin(alike["leads"].bookingId.dropna())
    assert p_value(dismissed.bookingProviderId, became) > LEAST


@pytest.mark.parametrize("by", ["campaignId", "businessUnitId", "jobTypeId"])
def test_jobs_have_equal_cancellations_and_revenue(alike, by):
    jobs = alike["jobs"]
    assert p_value(jobs[by], jobs.jobStatus == "Canceled") > LEAST
    done = jobs[jobs.jobStatus == "Completed"]
    assert kruskal(*(group.total.astype(float) for _, group in done.groupby(by) if len(group) > 20)).pvalue > LEAST


@pytest.mark.parametrize("by", ["type", "kind"])
def test_preferences_are_equal(alike, by):
    kind = alike["customers"].set_index("id").type
    contacts = alike["customer_contacts"].dropna(subset="preferences")
    contacts = contacts.assign(kind=kind.loc[contacts.customerId].to_numpy()).dropna(subset="kind")
    off = ~contacts.preferences.map(lambda flags: flags["marketingUpdatesEnabled"]).astype(bool)
    known = contacts[by].isin(["Residential", "Commercial", "MobilePhone", "Phone", "Email"])
    assert p_value(contacts[by][known], off[known]) > LEAST


@pytest.mark.parametrize("kinds", [("MobilePhone", "Phone"), ("Email",)])
def test_numbers_opt_out_equally_on_any_of_their_records(alike, kinds):
    """Firms have more locations, and so more records of the same number; an opt-out on any of them counts."""
    records = pd.concat([alike["customer_contacts"], alike["location_contacts"]], ignore_index=True)
    records = records[records.type.isin(kinds)].dropna(subset="value")
    value = records.value.astype(str).str.strip().str.lower()
    number = value.where(value.str.contains("@"), value.str.replace(r"\D", "", regex=True).str[-10:])
    off = records.preferences.map(lambda flags: flags is not None and not flags["marketingUpdatesEnabled"])
    anywhere = off.groupby(number).transform("any")
    first = records[records.customerId.notna()].drop_duplicates("customerId").index
    kind = records.customerId[first].map(alike["customers"].set_index("id").type)
    known = kind.isin(["Residential", "Commercial"])
    assert known.sum() > 10_000
    assert p_value(kind[known], anywhere[first][known]) > LEAST
