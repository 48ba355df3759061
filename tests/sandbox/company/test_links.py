"""Links between tables: referenced rows exist and agree with the rows that refer to them."""

import datetime as dt

import pandas as pd
import pytest

from stcrm_pandas.sandbox.company import make_company

LINKS = [
    ("leads", "customerId", "customers", "id"),
    ("leads", "locationId", "locations", "id"),
    ("leads", "businessUnitId", "business_units", "id"),
    ("leads", "jobTypeId", "job_types", "id"),
    ("leads", "campaignId", "campaigns", "id"),
    ("leads", "createdById", "employees", "userId"),
    ("leads", "callReasonId", "call_reasons", "id"),
    ("leads", "bookingId", "bookings", "id"),
    ("bookings", "campaignId", "campaigns", "id"),
    ("bookings", "businessUnitId", "business_units", "id"),
    ("bookings", "jobTypeId", "job_types", "id"),
    ("bookings", "jobId", "jobs", "id"),
    ("bookings", "bookingProviderId", "booking_provider_tags", "id"),
    ("booking_contacts", "bookingId", "bookings", "id"),
    ("lead_notes", "leadId", "leads", "id"),
    ("lead_notes", "createdById", "employees", "userId"),
    ("customer_notes", "customerId", "customers", "id"),
    ("location_notes", "locationId", "locations", "id"),
    ("customers", "mergedToId", "customers", "id"),
    ("customers", "createdById", "employees", "userId"),
    ("customer_contacts", "customerId", "customers", "id"),
    ("locations", "customerId", "customers", "id"),
    ("locations", "mergedToId", "locations", "id"),
    ("location_contacts", "locationId", "locations", "id"),
    ("jobs", "customerId", "customers", "id"),
    ("jobs", "locationId", "locations", "id"),
    ("jobs", "businessUnitId", "business_units", "id"),
    ("jobs", "jobTypeId", "job_types", "id"),
    ("jobs", "campaignId", "campaigns", "id"),
    ("jobs", "bookingId", "bookings", "id"),
    ("jobs", "recallForId", "jobs", "id"),
    ("jobs", "soldById", "technicians", "id"),
    ("contact_methods", "contactId", "contacts", "id"),
    ("contact_preferences", "contactMethodId", "contact_methods", "id"),
]


@pytest.mark.parametrize(("table", "column", "other", "key"), LINKS)
def test_referenced_rows_exist(company, table, column, other, key):
    named = company[table][column].dropna()
    if column == "mergedToId":
        named = named[named != 0]  # which says that it was not merged
    assert len(named)
    assert named.isin(company[other][key]).all()


def test_tags_are_tag_types(company):
    known = set(company["tag_types"].id)
    for table in ("leads", "customers", "locations", "jobs"):
        used = company[table].tagTypeIds.explode().dropna()
        assert len(used)
        assert set(used) <= known


def test_keys_are_unique(company):
    for name, rows in company.items():
        keys = {
            "customer_contacts": ["customerId", "id"],
            "location_contacts": ["locationId", "id"],
            "contact_preferences": ["contactMethodId", "name"],
        }.get(name, ["id"])
        assert not rows.duplicated(keys).any(), name
    assert company["customer_contacts"].id.duplicated().any()  # an id alone is not enough


def test_a_shared_number_has_no_id_of_its_own_customer():
    company = make_company(leads=300, seed=7, as_of=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC))
    contacts = pd.DataFrame(list(dict(company.tables())["customer_contacts"]), dtype=object)
    assert not contacts.duplicated(["customerId", "id"]).any()


def test_user_ids_are_not_the_ids_of_staff(company):
    people = pd.concat([company["employees"], company["technicians"]])
    assert not set(people.userId) & set(people.id)
    assert company["jobs"].createdById.isin(people.userId).all()
    assert company["jobs"].createdById.isin(company["technicians"].userId).any()


def test_a_booking_that_became_a_lead_is_dismissed(company):
    bookings = company["bookings"].set_index("id")
    worked = company["leads"].dropna(subset="bookingId")
    named = bookings.loc[worked.bookingId]
    assert (named.status == "Dismissed").all()
    assert named.jobId.isna().all()
    assert (named.modifiedOn.to_numpy() == worked.createdOn.to_numpy()).all()
    assert not worked.bookingId.duplicated().any()


def test_a_booking_and_its_job_refer_to_each_other(company):
    jobs = company["jobs"].set_index("id")
    booked = company["bookings"].dropna(subset="jobId")
    assert (booked.status == "Converted").all()
    assert (company["bookings"].query("status == 'Converted'").jobId.notna()).all()
    assert (jobs.loc[booked.jobId].bookingId.to_numpy() == booked.id.to_numpy()).all()
    assert (jobs.loc[booked.jobId].createdOn.to_numpy() == booked.modifiedOn.to_numpy()).all()


def test_jobs_agree_with_their_leads(company):
    leads = company["leads"]
    by_call = company["jobs"].merge(leads.dropna(subset="callId"), left_on="leadCallId", right_on="callId")
    by_booking = company["jobs"].merge(leads.dropna(subset="bookingId"), on="bookingId")
    for both in (by_call, by_booking):
        assert len(both)
        assert (both.status == "Converted").all()
        assert (both.customerId_x == both.customerId_y).all()
        assert (both.businessUnitId_x == both.businessUnitId_y)[both.businessUnitId_y.notna()].all()
    assert not leads.callId.dropna().duplicated().any()


def test_locations_belong_to_the_same_customer(company):
    owner = company["locations"].set_index("id").customerId
    for table in ("jobs", "leads"):
        rows = company[table].dropna(subset="locationId")
        assert (owner.loc[rows.locationId].to_numpy() == rows.customerId.to_numpy()).all()


def test_merged_customers_are_inactive_and_survivors_are_not(company):
    customers = company["customers"].set_index("id")
    merged = customers[customers.mergedToId.fillna(0) != 0]
    assert not merged.active.astype(bool).any()
    assert customers.loc[merged.mergedToId].active.astype(bool).all()
    places = company["locations"]
    gone = places[places.customerId.isin(merged.index)]
    assert not gone.active.astype(bool).any()


def test_only_dismissed_rows_have_a_dismissing_reason(company):
    for table in ("leads", "bookings"):
        rows = company[table]
        assert (rows.dismissingReasonId.notna() == (rows.status == "Dismissed")).all()


def test_a_lead_has_a_call_reason_or_a_follow_up_date(company):
    leads = company["leads"]
    assert (leads.callReasonId.notna() | leads.followUpDate.notna()).all()


def test_first_time_clients_are_wrong_in_some_rows(company):
    jobs = company["jobs"].assign(at=company.times("jobs", "createdOn"))
    customers = company["customers"].assign(born=company.times("customers", "createdOn")).set_index("id").born
    booked = company["bookings"].dropna(subset=["jobId", "isFirstTimeClient"])
    job = jobs.set_index("id").loc[booked.jobId]
    new = customers.loc[job.customerId].to_numpy() > (job["at"] - pd.Timedelta(days=1)).to_numpy()
    assert (booked.isFirstTimeClient.to_numpy().astype(bool) != new).mean() == pytest.approx(0.15, abs=0.02)
