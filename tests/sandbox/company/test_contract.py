"""Rows fit the contract: exactly by the book, otherwise with a few oddities of known kinds."""

import re
from collections import Counter

import pytest

from stcrm_pandas.contract.schemas import bookings, contacts, customers, leads, locations, lookups
from stcrm_pandas.contract.schemas.fields import Field, boolean, guid, integer

KINDS = {
    "leads": leads.EXPORTED_LEADS.fields,
    "bookings": bookings.EXPORTED_BOOKINGS.fields,
    "booking_contacts": (*bookings.BOOKING_CONTACTS.parents, *bookings.BOOKING_CONTACTS.fields, boolean("active")),
    "booking_provider_tags": bookings.BOOKING_PROVIDER_TAGS.fields,
    "customers": customers.CUSTOMERS.fields,
    "customer_custom_field_types": customers.CUSTOMER_CUSTOM_FIELD_TYPES.fields,
    "location_custom_field_types": locations.LOCATION_CUSTOM_FIELD_TYPES.fields,
    "customer_contacts": (*customers.CUSTOMER_CONTACTS.fields, boolean("active")),
    "locations": locations.LOCATIONS.fields,
    "location_contacts": (*locations.LOCATION_CONTACTS.fields, boolean("active")),
    "lead_notes": (*leads.LEAD_NOTES.fields, integer("leadId"), boolean("active")),
    "customer_notes": (*customers.CUSTOMER_NOTES.fields, integer("customerId"), boolean("active")),
    "location_notes": (*locations.LOCATION_NOTES.fields, integer("locationId"), boolean("active")),
    "jobs": lookups.JOBS.fields,
    "campaigns": lookups.CAMPAIGNS.fields,
    "campaign_categories": lookups.CAMPAIGN_CATEGORIES.fields,
    "business_units": lookups.BUSINESS_UNITS.fields,
    "tag_types": lookups.TAG_TYPES.fields,
    "employees": lookups.EMPLOYEES.fields,
    "technicians": lookups.TECHNICIANS.fields,
    "job_types": lookups.JOB_TYPES.fields,
    "call_reasons": lookups.CALL_REASONS.fields,
    "contacts": contacts.CONTACTS.fields,
    "contact_methods": contacts.CONTACT_METHODS.fields,
    "contact_preferences": (guid("contactId"), guid("contactMethodId"), *contacts.CONTACT_PREFERENCES.fields),
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WORDS = {"jobStatus": lookups.JOB_STATUS}


def faults(field: Field, value: object, path: str) -> list[str]:
    """Return what is wrong with a value."""
    if value is None:
        return [] if field.nullable else [f"{path}: null"]
    if field.many:
        if not isinstance(value, list):
            return [f"{path}: no list"]
        element = Field(field.name, field.kind, fields=field.fields, values=field.values)
        return [fault for part in value for fault in faults(element, part, path)]
    if field.kind == "object":
        return row_faults(field.fields, value, path)
    fits = {
        "integer": lambda v: type(v) is int and -(2**63) <= v < 2**63,
        "boolean": lambda v: type(v) is bool,
        "double": lambda v: type(v) is float,
        "decimal": lambda v: type(v) is float and abs(v * 10_000 - round(v * 10_000)) < 1e-3,
        "text": lambda v: type(v) is str,
        "guid": lambda v: type(v) is str and GUID.fullmatch(v),
        "time": lambda v: type(v) is str and TIME.fullmatch(v),
    }
    if not fits[field.kind](value):
        return [f"{path}: no {field.kind}"]
    if field.values and value not in field.values:
        return [f"{path}: unknown word"]
    return []


def row_faults(fields: tuple[Field, ...], row: object, path: str) -> list[str]:
    if not isinstance(row, dict):
        return [f"{path}: no object"]
    if list(row) != [field.name for field in fields]:
        return [f"{path}: other fields"]
    return [fault for field in fields for fault in faults(field, row[field.name], f"{path}.{field.name}")]


def count(tables) -> Counter:
    return Counter(
        fault
        for name, rows in tables.items()
        for row in rows.to_dict("records")
        for fault in row_faults(KINDS[name], row, name)
    )


def test_every_table_exists(company):
    assert set(company) == set(KINDS)


def test_by_the_book_every_row_fits_the_contract(by_the_book):
    assert count(by_the_book) == Counter()
    text = by_the_book["leads"].createdOn
    assert text.str.len().eq(20).all()
    assert by_the_book["leads"].callId.dropna().max() < 2**53
    assert not by_the_book["bookings"].start.str.startswith("0001").any()
    assert (by_the_book["bookings"].start.str[:19] >= by_the_book["bookings"].createdOn.str[:19]).all()


@pytest.fixture(scope="module")
def oddities(small) -> Counter:
    return count(small)


def test_oddities_are_rare_and_of_known_kinds(oddities, small):
    assert set(oddities) == {
        "bookings.address.zip: null",
        "bookings.customerType: unknown word",
        "customer_contacts.phoneSettings: null",
        "customers.address.city: null",
        "customers.address.country: null",
        "customers.address.state: null",
        "customers.address.street: null",
        "customers.address.zip: null",
        "customers.externalData: null",
        "customers.type: null",
        "customers.type: unknown word",
        "leads.priority: unknown word",
        "location_contacts.phoneSettings: null",
        "locations.address.city: null",
        "locations.address.country: null",
        "locations.address.state: null",
        "locations.address.street: null",
        "locations.address.zip: null",
        "locations.externalData: null",
    }
    for fault, times in oddities.items():
        assert times < 0.01 * len(small[fault.split(".")[0]])


def test_times_have_zero_to_seven_digits(company):
    text = company["customers"].createdOn
    digits = text.str.extract(r"\.(\d+)Z")[0].str.len().fillna(0)
    assert set(digits) == set(range(8))
    assert digits.mode()[0] == 7


def test_some_bookings_start_in_the_year_1(company):
    bookings = company["bookings"]
    never = bookings.start == "0001-01-01T00:00:00Z"
    before = ~never & (bookings.start.str[:19] < bookings.createdOn.str[:19])
    assert never.sum() + before.sum() == 600
    assert min(never.sum(), before.sum()) > 200


def test_some_ids_are_too_large_for_a_float(company):
    calls = company["leads"].callId.dropna().astype("Int64")
    large = calls[calls > 2**53]
    assert 0.3 < len(large) / len(calls) < 0.7
    assert (large % 2 == 1).any()
    assert set(large) & set(company["jobs"].leadCallId.dropna())


def test_the_check_of_fields_is_strict():
    assert faults(integer("id"), 5.5, "id") == ["id: no integer"]
    assert faults(integer("id"), True, "id") == ["id: no integer"]
    assert faults(lookups.JOBS.fields[1], None, "n") == ["n: null"]
