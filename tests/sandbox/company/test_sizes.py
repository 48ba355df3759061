"""The sizes and shares that make the company credible."""

import numpy as np
import pandas as pd
import phonenumbers
import pytest

from stcrm_pandas.analysis.leads.reduction import LEFT_OUT
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox.company import make_company
from stcrm_pandas.sandbox.company.base.people import AREA_CODES, NUMBERS, SLOTS, ten_digits

CHICAGO = "America/Chicago"


def share(flags) -> float:
    return float(np.mean(np.asarray(flags, dtype=float)))


def test_numbers_of_rows_of_the_default_company(company):
    expected = {"leads": 12_000, "bookings": 15_000, "customers": 42_000, "locations": 48_000, "jobs": 50_000}
    assert {name: len(company[name]) for name in expected} == expected
    assert len(company["campaigns"]) == 38
    assert (~company["campaigns"].active.astype(bool)).sum() == 14
    assert company["campaigns"].isDefaultCampaign.sum() == 1
    assert len(company["campaign_categories"]) == 6
    assert len(company["business_units"]) == 4
    assert 1.8 < len(company["customer_contacts"]) / 42_000 < 2.0
    assert company["leads"].createdById.nunique() == 9


def test_customers_can_be_set_separately():
    company = make_company(leads=5_000, customers=700, as_of=pd.Timestamp("2026-07-01", tz="UTC").to_pydatetime())
    sizes = {name: sum(1 for _ in rows) for name, rows in company.tables()}
    assert (sizes["leads"], sizes["customers"], sizes["jobs"], sizes["bookings"]) == (5_000, 700, 833, 250)
    assert "too few customers" in company.truth["left_out"][0]["why"]


@pytest.mark.parametrize("sizes", [{"leads": 99}, {"leads": 200, "customers": 3}])
def test_a_company_that_is_too_small_is_rejected(sizes):
    with pytest.raises(UsageError, match="at least 100"):
        make_company(**sizes, as_of=pd.Timestamp("2026-07-01", tz="UTC").to_pydatetime())


def test_a_date_without_a_time_zone_is_rejected():
    with pytest.raises(UsageError, match="time zone"):
        make_company(as_of=pd.Timestamp("2026-07-01").to_pydatetime())


def test_lead_outcomes(company):
    mature = company.mature()
    assert share(mature.status == "Converted") == pytest.approx(0.31, abs=0.02)
    assert share(mature.status == "Dismissed") == pytest.approx(0.57, abs=0.02)
    still_open = company["leads"].query("status == 'Open'")
    follow_up = pd.to_datetime(still_open.followUpDate, format="ISO8601", utc=True)
    assert share(follow_up.isna()) == pytest.approx(0.22, abs=0.04)
    assert share(follow_up < company.as_of) == pytest.approx(0.40, abs=0.05)
    deleted = ~company["leads"].active.astype(bool)
    assert 0.004 < share(deleted) < 0.012


def test_lead_exclusions(company):
    leads = company["leads"]
    reasons = company["call_reasons"]
    other = leads.callReasonId.isin(reasons.loc[~reasons.isLead.astype(bool), "id"])
    assert share(other) == pytest.approx(0.09, abs=0.005)
    ordered = leads.assign(created=company.times("leads", "createdOn")).dropna(subset="customerId")
    since = ordered.sort_values("created").groupby("customerId").created.diff()
    assert (since < pd.Timedelta(days=14)).sum() / len(leads) == pytest.approx(0.08, abs=0.005)


def test_creators_of_leads(company):
    robots = company["employees"].query("role == 'EmptyEmployee'").userId
    assert share(company["leads"].createdById.isin(robots)) == pytest.approx(0.30, abs=0.03)


def test_records_that_date_a_conversion(company):
    won = company["leads"].query("status == 'Converted'")
    jobs = company["jobs"]
    by_call = won.callId.notna() & won.callId.isin(jobs.leadCallId.dropna())
    by_booking = won.bookingId.notna() & won.bookingId.isin(jobs.bookingId.dropna())
    assert share(by_call) == pytest.approx(0.40, abs=0.05)
    assert share(by_booking) == pytest.approx(0.07, abs=0.03)
    created = jobs.assign(at=company.times("jobs", "createdOn"))[["customerId", "at"]]
    left = won[~by_call & ~by_booking].assign(created=lambda f: company.times("leads", "createdOn").loc[f.index])
    pairs = left.dropna(subset="customerId").merge(created, on="customerId")
    seen = pairs[(pairs["at"] >= pairs.created) & (pairs["at"] <= pairs.created + pd.Timedelta(days=121))].id.nunique()
    assert 0.35 < seen / len(won) < 0.47  # a few have other jobs by chance


def test_speed_of_conversion(company):
    leads = company["leads"].assign(created=company.times("leads", "createdOn")).dropna(subset="callId")
    jobs = company["jobs"].assign(booked=company.times("jobs", "createdOn")).dropna(subset="leadCallId")
    both = leads.merge(jobs, left_on="callId", right_on="leadCallId")
    booked, created = (both[column].dt.tz_convert(CHICAGO).dt.tz_localize(None) for column in ("booked", "created"))
    days = (booked.dt.normalize() - created.dt.normalize()).dt.days
    assert (both.booked > both.created).all()
    assert days.max() <= 120
    assert share(days == 0) == pytest.approx(0.37, abs=0.06)
    assert days.median() in (1, 2, 3)
    assert share(days <= 21) == pytest.approx(0.90, abs=0.04)


def test_dismissals_peak_at_month_ends(company):
    gone = company["leads"].query("status == 'Dismissed'")
    edited = company.times("leads", "modifiedOn").loc[gone.index].dt.tz_convert(CHICAGO)
    created = company.times("leads", "createdOn").loc[gone.index]
    assert share(edited.dt.is_month_end) > 0.2
    assert ((edited - created).dt.days).median() == pytest.approx(12, abs=2)


def test_one_day_of_bulk_edits(company):
    edited = company.times("leads", "modifiedOn").dt.tz_convert(CHICAGO).dt.date.astype(str)
    assert share(edited == company.truth["events"]["bulk_edit"]) == pytest.approx(0.05, abs=0.01)
    assert edited.value_counts().index[0] == company.truth["events"]["bulk_edit"]


def test_bookings_by_source(company):
    bookings = company["bookings"]
    names = company["booking_provider_tags"].set_index("id").tagName
    source = bookings.bookingProviderId.map(names)
    table = pd.crosstab(source, bookings.status, normalize="index") * 100
    sizes = source.value_counts(normalize=True) * 100
    expected = {
        "Scheduling Page": (26, 76, 11),
        "Web Form": (20, 55, 27),
        "Local Services Ads": (14, 58, 25),
        "Marketplace A": (20, 22, 66),
        "Marketplace B": (12, 18, 70),
        "Voice Agent": (8, 48, 30),
    }
    for name, (size, job, dismissed) in expected.items():
        assert sizes[name] == pytest.approx(size, abs=0.1)
        assert table.loc[name, "Converted"] == pytest.approx(job, abs=1.5)
        assert table.loc[name, "Dismissed"] == pytest.approx(dismissed, abs=1.5)


def test_dismissed_bookings_that_became_leads(company):
    dismissed = company["bookings"].query("status == 'Dismissed'")
    leads = company["leads"].dropna(subset="bookingId").set_index("bookingId")
    assert share(dismissed.id.isin(leads.index)) == pytest.approx(0.18, abs=0.005)
    assert share(leads.status == "Converted") == pytest.approx(0.25, abs=0.04)


def test_the_spelling_of_sources_changes_mid_year(company):
    day = pd.Timestamp(company.truth["events"]["sources_respelt"]["from"], tz=CHICAGO)
    late = company.times("bookings", "createdOn") >= day
    for old, new in company.truth["events"]["sources_respelt"]["spellings"].items():
        mine = company["bookings"].source.isin([old, new])
        assert share(company["bookings"].source[mine & ~late] == old) == 1
        assert share(company["bookings"].source[mine & late] == new) == pytest.approx(0.93, abs=0.03)


def test_some_people_use_two_sources(company):
    contacts = company["booking_contacts"].query("type != 'Email'")
    digits = contacts.value.str.replace(r"\D", "", regex=True).str[-10:]
    pairs = contacts.assign(digits=digits).merge(company["bookings"], left_on="bookingId", right_on="id")
    pairs["created"] = pd.to_datetime(pairs.createdOn.str[:19], utc=True)
    pairs = pairs.sort_values("created")
    again = pairs.groupby("digits").created.diff() <= pd.Timedelta(days=7)
    unlike = pairs.groupby("digits").bookingProviderId_x.shift() != pairs.bookingProviderId_x
    assert 2 * (again & unlike).sum() / len(company["bookings"]) == pytest.approx(0.05, abs=0.015)


def test_revenue(company):
    jobs = company["jobs"]
    total = jobs.total.astype(float)
    canceled = jobs.jobStatus == "Canceled"
    assert share(canceled) == pytest.approx(0.11, abs=0.01)
    done = jobs.jobStatus == "Completed"
    assert share(total[done] == 0) == pytest.approx(0.18, abs=0.01)
    installs = jobs.jobTypeId == company["job_types"].set_index("name").id["System Install"]
    assert share(installs) == pytest.approx(0.03, abs=0.002)
    assert total[done & (total > 0) & ~installs].median() == pytest.approx(420, rel=0.05)
    assert total[done & installs].between(9_000, 14_000).all()
    assert total[installs & done].sum() / total[done].sum() == pytest.approx(0.45, abs=0.04)
    default = company.truth["events"]["default_campaign_id"]
    assert share(jobs.campaignId == default) == pytest.approx(0.12, abs=0.005)
    marketplace = company["bookings"].query("source.str.startswith('Marketplace') and source.str.contains('A')").id
    assert share(canceled[jobs.bookingId.isin(marketplace)]) == pytest.approx(0.19, abs=0.04)
    born = company["customers"].assign(born=company.times("customers", "createdOn")).set_index("id").born
    existing = jobs.customerId.map(born) < company.times("jobs", "createdOn") - pd.Timedelta(days=1)
    assert share(canceled[existing]) == pytest.approx(0.075, abs=0.012)


def test_second_jobs_follow_first_jobs(company):
    jobs = company["jobs"].assign(created=company.times("jobs", "createdOn"))
    second = jobs.dropna(subset="jobGeneratedLeadSource")
    first = jobs.set_index("id").created.loc[second.jobGeneratedLeadSource.map(lambda s: s["jobId"])]
    days = (second.created.to_numpy() - first.to_numpy()) / np.timedelta64(1, "D")
    assert len(second) > 900
    assert days.min() >= 4
    assert days.max() <= 31.5


def test_customers_and_contacts(company):
    customers, contacts = company["customers"], company["customer_contacts"]
    assert share(~customers.active.astype(bool)) == pytest.approx(0.09, abs=0.001)
    assert share(customers.mergedToId.fillna(0) != 0) == pytest.approx(0.025, abs=0.001)
    assert share(customers.type == "Commercial") == pytest.approx(0.12, abs=0.01)
    assert share(customers.doNotMail) == pytest.approx(0.03, abs=0.004)
    assert share(customers.doNotService) == pytest.approx(0.006, abs=0.002)
    kinds = contacts.type.value_counts(normalize=True)
    for kind, expected in {"MobilePhone": 0.55, "Phone": 0.22, "Email": 0.22, "Fax": 0.01}.items():
        assert kinds[kind] == pytest.approx(expected, abs=0.01)
    assert share(contacts.preferences.isna()) == pytest.approx(0.22, abs=0.01)
    marketing = contacts.preferences.dropna().map(lambda p: p["marketingUpdatesEnabled"])
    assert (~marketing.astype(bool)).sum() / len(contacts) == pytest.approx(0.09, abs=0.01)
    plus4 = customers.address.map(lambda a: a["zip"]).dropna().str.contains("-")
    assert share(plus4) == pytest.approx(0.3, abs=0.02)
    assert share(customers.name.str.isupper()) == pytest.approx(0.04, abs=0.01)


def test_legacy_flag_is_the_and_of_its_parts(company):
    for table in ("customer_contacts", "location_contacts"):
        flags = pd.DataFrame(company[table].preferences.dropna().tolist())
        assert (flags.invoiceStatementNotification == flags.invoiceNotification & flags.statementNotification).all()


def test_shared_numbers_and_contradictions(company):
    contacts = company["customer_contacts"]
    phones = contacts[contacts.type.isin(["MobilePhone", "Phone"])]
    settings = pd.DataFrame(phones.phoneSettings.tolist())
    settings["customer"] = phones.customerId.to_numpy()
    real = settings[settings.phoneNumber != "0000000000"]
    assert 0.001 < 1 - len(real) / len(settings) < 0.006
    assert share(settings.doNotText) == pytest.approx(0.04, abs=0.006)
    by_number = real.groupby("phoneNumber").agg(
        customers=("customer", "nunique"), off=("doNotText", "any"), on=("doNotText", lambda s: not s.all())
    )
    by_chance = company.truth["traps"]["number_of_somebody_else"]
    assert len(by_chance) / len(by_number) == pytest.approx(0.03, abs=0.005)
    assert share(by_number.customers > 1) == pytest.approx(0.085, abs=0.01)  # duplicates and households share more
    numbers = by_number[by_number.index.str[3:6] == "555"].drop(company["business_units"].phoneNumber, errors="ignore")
    assert sorted(numbers.customers)[-1] >= 40
    assert share(by_number.on[by_number.off]) == pytest.approx(0.08, abs=0.02)
    assert (contacts.value == "none@none.com").sum() > 20


def test_phone_numbers_and_email_addresses_belong_to_nobody(company):
    defects = company.truth["defects"]
    badly = [tuple(ids) for kind in defects if kind.startswith(("phones_", "emails_")) for ids in defects[kind]]
    badly = set(company["customer_contacts"].set_index(["customerId", "id"]).value[badly])
    for table in ("customer_contacts", "location_contacts", "booking_contacts", "contact_methods"):
        rows = company[table][lambda rows: ~rows.value.isin(badly)]
        mail = rows.value[rows.type == "Email"]
        assert mail.str.fullmatch(r"[a-z0-9.]+@(example\.(com|net))").all()
        digits = rows.value[rows.type != "Email"].str.replace(r"\D", "", regex=True).str[-10:]
        assert (digits.str[3:6] == "555").all()
        assert not (digits.str[3:] == "5551212").any()
        assert digits.str[:3].nunique() > 60
        parsed = [phonenumbers.parse("+1" + number, None) for number in digits.unique()[:2_000]]
        assert all(phonenumbers.is_valid_number(number) for number in parsed)
        assert {phonenumbers.region_code_for_number(number) for number in parsed} == {"US"}


def test_every_area_code_is_in_the_united_states():
    numbers = [phonenumbers.parse(f"+1{area}5554567", None) for area in AREA_CODES]
    assert all(phonenumbers.is_valid_number(number) for number in numbers)
    assert {phonenumbers.region_code_for_number(number) for number in numbers} == {"US"}
    assert len(set(AREA_CODES)) == len(AREA_CODES)


def test_people_share_no_number_by_chance():
    people = np.arange(NUMBERS // SLOTS)
    numbers = ten_digits(people, np.zeros_like(people))
    assert len(set(numbers)) == people.size > 90_000
    assert {len(number) for number in numbers} == {10}
    assert not any(number.endswith("5551212") for number in numbers)


def test_few_of_twenty_thousand_people_share_a_name(company):
    same = [id for group in company.truth["duplicates"] for id in group[1:]]
    others = company["customers"][lambda rows: ~rows.id.isin(same)]
    names = others.query("type == 'Residential'").name.str.title().iloc[:20_000]
    assert len(names) == 20_000
    assert share(names.duplicated(keep=False)) < 0.08


def test_notes_are_on_a_tenth_of_leads_customers_and_locations(company):
    for table, parent in (("leads", "leadId"), ("customers", "customerId"), ("locations", "locationId")):
        notes = company[f"{table[:-1]}_notes"]
        assert notes[parent].nunique() == round(len(company[table]) / 10)
        assert notes[parent].isin(company[table].id).all()
        assert len(notes) > notes[parent].nunique()
        assert notes.id.is_unique


def test_some_unmerged_rows_have_a_merged_to_id_of_zero(company, by_the_book):
    for table in ("customers", "locations"):
        assert 0.02 < share(company[table].mergedToId == 0) < 0.04
        assert not (by_the_book[table].mergedToId == 0).any()


def test_all_have_a_location_and_bookings_an_address_or_a_contact(company):
    assert company["customers"].id.isin(company["locations"].customerId).all()
    bookings, contacts = company["bookings"], company["booking_contacts"]
    assert bookings.name.str.len().min() > 0
    reachable = bookings.id.isin(contacts[contacts.active.astype(bool)].bookingId)
    assert (bookings.address.notna() | reachable).all()


def test_every_dismissing_reason_has_a_name(company):
    named = {int(id) for id in company.truth["dismissing_reasons"]}
    for table in ("leads", "bookings"):
        assert {*company[table].dismissingReasonId.dropna()} <= named
    names = [name.casefold() for name in company.truth["dismissing_reasons"].values()]
    assert not {*names} & {*LEFT_OUT}
