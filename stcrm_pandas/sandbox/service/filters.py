"""The filters of lists: one table, `FILTERS`, built from the functions above it.

Where the contract does not say how text is compared, the sandbox does what such a service would do: names and streets
match on a part, cities, states, countries and units on the whole text, all of them ignoring case; ZIP codes, numbers
and external ids match exactly; phones match on their digits. Date ranges are half-open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from stcrm_pandas.sandbox.store.clock import SECOND
from stcrm_pandas.sandbox.store.store import ALL_ROWS, Condition
from stcrm_pandas.sandbox.store.tables import digits, lower_case

Filter = Callable[[Any], Condition]
"""A function from a filter's parsed value to its condition."""

_SAME_COORDINATE = 1e-6
"""Degrees within which two coordinates are equal: 4 inches."""


def _json_value(path: str, row: str = "t") -> str:
    return f"json_extract({row}.body, '$.{path}')"


def column(name: str, operator: str = "=") -> Filter:
    """Compare a column of the store with the value."""
    return lambda value: Condition(f"t.{name} {operator} ?", (value,))


def column_in(name: str) -> Filter:
    """Match a column of the store that holds one of the values."""
    return lambda values: Condition(f"t.{name} IN (SELECT value FROM json_each(?))", (orjson.dumps(values).decode(),))


def equals(path: str) -> Filter:
    return lambda value: Condition(f"{_json_value(path)} = ?", (value,))


def equals_ignoring_case(path: str) -> Filter:
    return lambda value: Condition(f"lower({_json_value(path)}) = ?", (value.lower(),))


def contains(path: str) -> Filter:
    """Match a part of the text, ignoring case."""
    return lambda value: Condition(f"instr(lower({_json_value(path)}), ?) > 0", (value.lower(),))


def column_contains(name: str) -> Filter:
    """Match a part of a column that holds text in lower case."""
    return lambda value: Condition(f"instr(t.{name}, ?) > 0", (lower_case(value),))


def close_to(path: str) -> Filter:
    return lambda value: Condition(f"abs({_json_value(path)} - ?) < {_SAME_COORDINATE}", (value,))


def shares_a_value(path: str) -> Filter:
    """Match a list in the row that shares a value with the given list."""
    return lambda values: Condition(
        f"EXISTS (SELECT 1 FROM json_each(t.body, '$.{path}') WHERE value IN (SELECT value FROM json_each(?)))",
        (orjson.dumps(values).decode(),),
    )


def has_phone(path: str) -> Filter:
    """Match a list of phone numbers that holds the value."""
    return lambda value: Condition(
        f"EXISTS (SELECT 1 FROM json_each(t.body, '$.{path}') WHERE digits(value) = ?)", (digits(value),)
    )


def compare(expression: str, operator: str) -> Filter:
    return lambda value: Condition(f"{expression} {operator} ?", (value,))


def is_true(condition: str) -> Filter:
    """Match the rows that meet the condition for true, all others for false."""
    return lambda value: Condition(f"coalesce({condition}, 0) = ?", (int(value),))


def of_customer(condition: str, prepare: Callable[[Any], Any] = lambda value: value) -> Filter:
    """Match on the row's customer, `c`; a row without a customer never matches."""
    return lambda value: Condition(
        f"EXISTS (SELECT 1 FROM customers c WHERE c.id = t.parent AND {condition})", (prepare(value),)
    )


def no_condition(value: Any) -> Condition:
    """Match every row: the parameter changes how rows are shown or how another filter works, in `lists`."""
    return ALL_ROWS


def _active(value: str) -> Condition:
    return {"true": Condition("t.active = 1"), "false": Condition("t.active = 0"), "any": ALL_ROWS}[value.lower()]


def _archived(value: str) -> Condition:
    words = {"true": equals("isArchived")(1), "false": equals("isArchived")(0), "any": ALL_ROWS}
    return words.get(value.strip().lower(), NO_ROWS)


def _method_value(value: str) -> Condition:
    """Match an e-mail address ignoring case, and a phone number on its digits."""
    sought = lower_case(value) if "@" in value or not digits(value) else digits(value)
    return Condition("t.found_by = ?", (sought,))


NO_ROWS = Condition("0")

DATES: dict[str, Filter] = {
    "createdOnOrAfter": column("created", ">="),
    "createdBefore": column("created", "<"),
    "modifiedOnOrAfter": column("modified", ">="),
    "modifiedBefore": column("modified", "<"),
}
_COMMON: dict[str, Filter] = {"ids": column_in("id"), "active": _active, **DATES}

_EXTERNAL_DATA: dict[str, Filter] = {
    "externalDataKey": no_condition,  # applied as a pair in `lists`
    "externalDataValues": no_condition,
}
_ADDRESS: dict[str, Filter] = {
    "street": contains("address.street"),
    "unit": equals_ignoring_case("address.unit"),
    "city": equals_ignoring_case("address.city"),
    "state": equals_ignoring_case("address.state"),
    "zip": equals("address.zip"),
    "country": equals_ignoring_case("address.country"),
    "latitude": close_to("address.latitude"),
    "longitude": close_to("address.longitude"),
}

# The company has no appointments and no crews. A job's only appointment starts when the job was completed, or else a
# day after the job was created. It has the status of its job, its technician is the one who sold the job, and a
# canceled one is unused.
_APPOINTMENT = f"coalesce(ticks({_json_value('completedOn')}), t.created + {86_400 * SECOND})"
_JOB_OF_APPOINTMENT = {"Working": "InProgress", "Done": "Completed"}


def _appointment_status(value: str) -> Condition:
    return column("status")(_JOB_OF_APPOINTMENT.get(value, value))


FILTERS: Mapping[str, Mapping[str, Filter]] = {
    "leads": {
        **_COMMON,
        "customerId": column("parent"),
        # A prospect has no job yet, or is not even a customer.
        "isProspect": is_true("NOT EXISTS (SELECT 1 FROM jobs j WHERE j.parent = t.parent)"),
        "withoutCustomer": is_true(f"t.parent IS NULL OR {_json_value('locationId')} IS NULL"),
        "status": column("status"),
        "customerCity": of_customer(f"lower({_json_value('address.city', 'c')}) = ?", str.lower),
        "customerState": of_customer(f"lower({_json_value('address.state', 'c')}) = ?", str.lower),
        "customerZip": of_customer(f"{_json_value('address.zip', 'c')} = ?"),
        "customerCreatedOnOrAfter": of_customer("c.created >= ?"),
        "customerCreatedBefore": of_customer("c.created < ?"),
        "customerModifiedOnOrAfter": of_customer("c.modified >= ?"),
        "genPermUrl": no_condition,
        "leadCustomerName": column_contains("name"),
        "leadPhone": lambda value: Condition("t.phone = ?", (digits(value),)),
        "isCaptureSourceForm": is_true(f"instr(lower({_json_value('captureSource')}), 'form') > 0"),
    },
    "bookings": {**_COMMON, "externalId": equals("externalId")},
    "booking_contacts": {},
    "booking_provider_tags": {**DATES, "ids": column_in("id"), "name": contains("tagName")},
    "lead_notes": DATES,
    "customer_notes": DATES,
    "location_notes": DATES,
    "customer_custom_field_types": DATES,
    "location_custom_field_types": DATES,
    "contacts": {
        **DATES,
        "name": column_contains("name"),
        "title": contains("title"),
        "referenceId": equals("referenceId"),
        "isArchived": _archived,
    },
    "contact_methods": {
        **DATES,
        "contactId": column("parent"),
        "referenceId": equals("referenceId"),
        "type": equals_ignoring_case("type"),
        "value": _method_value,
    },
    "contact_relationships": {
        **DATES,
        "relatedEntityId": equals("relatedEntityId"),
        "typeSlug": equals_ignoring_case("typeSlug"),
        "typeName": equals_ignoring_case("typeName"),
    },
    "customers": {
        **_COMMON,
        **_EXTERNAL_DATA,
        **_ADDRESS,
        "excludeAccountingChangesFromModifiedDateRange": no_condition,
        "name": column_contains("name"),
        "phone": lambda value: Condition(
            "t.id IN (SELECT k.parent FROM customer_contacts k WHERE k.active = 1 AND k.phone = ?)", (digits(value),)
        ),
        "externalDataApplicationGuid": no_condition,
    },
    "customer_contacts": {**DATES, "customerIds": column_in("parent")},
    "locations": {
        **_COMMON,
        **_EXTERNAL_DATA,
        **_ADDRESS,
        "name": column_contains("name"),
        "customerId": column("parent"),
        "externalDataApplicationGuid": no_condition,
    },
    "location_contacts": {**DATES, "locationIds": column_in("parent")},
    "campaigns": {**_COMMON, "name": contains("name"), "campaignPhoneNumber": has_phone("campaignPhoneNumbers")},
    "campaign_categories": DATES,
    "business_units": {**_COMMON, "name": contains("name"), "externalDataApplicationGuid": no_condition},
    "tag_types": _COMMON,
    "employees": {**_COMMON, "userIds": column_in("parent"), "name": contains("name"), "email": equals("email")},
    "technicians": {**_COMMON, "userIds": column_in("parent"), "name": contains("name")},
    "job_types": {
        **_COMMON,
        "name": contains("name"),
        "minDuration": lambda value: Condition(f"{_json_value('duration')} >= ?", (value,)),
        "maxDuration": lambda value: Condition(f"{_json_value('duration')} <= ?", (value,)),
        "priority": equals_ignoring_case("priority"),
        "externalDataApplicationGuid": no_condition,
    },
    "jobs": {
        **_COMMON,
        **_EXTERNAL_DATA,
        "number": equals("jobNumber"),
        "projectId": equals("projectId"),
        "bookingId": equals("bookingId"),
        "jobStatus": column("status"),
        "appointmentStatus": _appointment_status,
        "priority": equals_ignoring_case("priority"),
        "firstAppointmentStartsOnOrAfter": compare(_APPOINTMENT, ">="),
        "firstAppointmentStartsBefore": compare(_APPOINTMENT, "<"),
        "appointmentStartsOnOrAfter": compare(_APPOINTMENT, ">="),
        "appointmentStartsBefore": compare(_APPOINTMENT, "<"),
        "technicianId": equals("soldById"),
        "customerId": column("parent"),
        "locationId": equals("locationId"),
        "soldById": equals("soldById"),
        "jobTypeId": equals("jobTypeId"),
        "campaignId": equals("campaignId"),
        "businessUnitId": equals("businessUnitId"),
        "invoiceId": equals("invoiceId"),
        "createdFromEstimateId": equals("createdFromEstimateId"),
        "estimateIds": shares_a_value("estimateIds"),
        "completedOnOrAfter": compare(f"ticks({_json_value('completedOn')})", ">="),
        "completedBefore": compare(f"ticks({_json_value('completedOn')})", "<"),
        "tagTypeIds": shares_a_value("tagTypeIds"),
        "equipmentIds": shares_a_value("equipmentIds"),
        "hasUnusedAppointments": is_true(f"{_json_value('jobStatus')} = 'Canceled'"),
        "externalDataApplicationGuid": no_condition,
    },
    "call_reasons": _COMMON,
}


def all_of(conditions: list[Condition]) -> Condition:
    """Return one condition that holds where all conditions hold."""
    return Condition(
        " AND ".join(f"({condition.sql})" for condition in conditions) or "1",
        tuple(value for condition in conditions for value in condition.values),
    )


# External data: keys and values that each application stores on rows for itself. Responses hold keys and values only.

OWNERS = "externalDataOwners"
"""Where the store has the application of each value, in their order; without an entry, it is `APPLICATION`."""
APPLICATION = "6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6"
"""The application that owns the external data of the demo company."""

_OWNER = f"coalesce(json_extract(t.hidden, '$.{OWNERS}[' || e.key || ']'), '{APPLICATION}')"
_EACH = "json_each(t.body, '$.externalData') e"


def has_data_of(application: str) -> Condition:
    """Return the condition for rows with data of the application."""
    return Condition(f"EXISTS (SELECT 1 FROM {_EACH} WHERE {_OWNER} = ?)", (application,))


def has_values(application: str | None, key: str, values: Sequence[str]) -> Condition:
    """Return the condition for rows that hold the key with one of the values, for one application or for any."""
    return Condition(
        f"EXISTS (SELECT 1 FROM {_EACH} WHERE json_extract(e.value, '$.key') = ? "
        "AND json_extract(e.value, '$.value') IN (SELECT value FROM json_each(?)) "
        f"AND (? IS NULL OR {_OWNER} = ?))",
        (key, orjson.dumps(list(values)).decode(), application, application),
    )


def data_view(application: str) -> tuple[str, tuple[Any, ...]]:
    """Return SQL for a row with the external data of one application only, and its values."""
    mine = f"SELECT json_group_array(json(e.value)) FROM {_EACH} WHERE {_OWNER} = ?"
    return f"json_set(t.body, '$.externalData', json(({mine})))", (application,)
