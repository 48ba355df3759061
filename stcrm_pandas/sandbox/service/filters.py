"""What each filter of a list does. One table, `FILTERS`; the words in it are the functions above it.

Where the contract does not say how a text is compared, the sandbox takes what such a service would do: names and
streets are found by a part of them, whatever their case; cities, states, countries and units by the whole, whatever
their case; zips, numbers and external ids to the letter; phones by their digits. Dates are half-open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from stcrm_pandas.sandbox.store.clock import SECOND
from stcrm_pandas.sandbox.store.connection import digits
from stcrm_pandas.sandbox.store.store import Where
from stcrm_pandas.sandbox.store.tables import folded

Filter = Callable[[Any], Where]
"""A filter's value to the condition it makes; the value has been read as its kind before."""

_SAME_PLACE = 1e-6
"""Degrees within which two coordinates are the same: a tenth of a metre."""


def _at(path: str, row: str = "t") -> str:
    return f"json_extract({row}.body, '$.{path}')"


def column(name: str, how: str = "=") -> Filter:
    """Compare a column of the store."""
    return lambda value: Where(f"t.{name} {how} ?", (value,))


def one_of(name: str) -> Filter:
    """A column of the store that holds one of many values."""
    return lambda values: Where(f"t.{name} IN (SELECT value FROM json_each(?))", (orjson.dumps(values).decode(),))


def exactly(path: str) -> Filter:
    return lambda value: Where(f"{_at(path)} = ?", (value,))


def whole(path: str) -> Filter:
    """The whole text, whatever its case."""
    return lambda value: Where(f"lower({_at(path)}) = ?", (value.lower(),))


def part(path: str) -> Filter:
    """A part of the text, whatever its case."""
    return lambda value: Where(f"instr(lower({_at(path)}), ?) > 0", (value.lower(),))


def part_of(name: str) -> Filter:
    """A part of a column that keeps a text without its case."""
    return lambda value: Where(f"instr(t.{name}, ?) > 0", (folded(value),))


def near(path: str) -> Filter:
    return lambda value: Where(f"abs({_at(path)} - ?) < {_SAME_PLACE}", (value,))


def any_of(path: str) -> Filter:
    """A list in the row that shares a value with a list."""
    return lambda values: Where(
        f"EXISTS (SELECT 1 FROM json_each(t.body, '$.{path}') WHERE value IN (SELECT value FROM json_each(?)))",
        (orjson.dumps(values).decode(),),
    )


def a_phone_in(path: str) -> Filter:
    """A list of phone numbers that holds one."""
    return lambda value: Where(
        f"EXISTS (SELECT 1 FROM json_each(t.body, '$.{path}') WHERE digits(value) = ?)", (digits(value),)
    )


def moment_of(expression: str, how: str) -> Filter:
    return lambda value: Where(f"{expression} {how} ?", (value,))


def yes_no(condition: str) -> Filter:
    """True: the rows of which it is so; false: all others."""
    return lambda value: Where(f"coalesce({condition}, 0) = ?", (int(value),))


def customer(condition: str, prepare: Callable[[Any], Any] = lambda value: value) -> Filter:
    """Something about the row's customer, `c`; rows without a customer are out."""
    return lambda value: Where(
        f"EXISTS (SELECT 1 FROM customers c WHERE c.id = t.parent AND {condition})", (prepare(value),)
    )


def no_condition(value: Any) -> Where:
    """The parameter says how a row is shown or how another filter works: `reads` looks at it."""
    return Where("1")


def _active(value: str) -> Where:
    return {"true": Where("t.active = 1"), "false": Where("t.active = 0"), "any": Where("1")}[value.lower()]


def _archived(value: str) -> Where:
    words = {"true": exactly("isArchived")(1), "false": exactly("isArchived")(0), "any": Where("1")}
    return words.get(value.strip().lower(), NOTHING)


def _method_value(value: str) -> Where:
    """An address by its letters, whatever their case, a number by its digits."""
    wanted = folded(value) if "@" in value or not digits(value) else digits(value)
    return Where("t.found_by = ?", (wanted,))


NOTHING = Where("0")

DATES: dict[str, Filter] = {
    "createdOnOrAfter": column("created", ">="),
    "createdBefore": column("created", "<"),
    "modifiedOnOrAfter": column("modified", ">="),
    "modifiedBefore": column("modified", "<"),
}
LISTED: dict[str, Filter] = {"ids": one_of("id"), "active": _active, **DATES}

_EXTERNAL: dict[str, Filter] = {
    "externalDataKey": no_condition,  # a pair: see `external`
    "externalDataValues": no_condition,
}
_PLACE: dict[str, Filter] = {
    "street": part("address.street"),
    "unit": whole("address.unit"),
    "city": whole("address.city"),
    "state": whole("address.state"),
    "zip": exactly("address.zip"),
    "country": whole("address.country"),
    "latitude": near("address.latitude"),
    "longitude": near("address.longitude"),
}

# The company keeps no appointments and no crews. A job's one appointment starts when the job was completed, else a day
# after the job was entered; it is as far as its job is; its technician is the one who sold the job; and one that was
# canceled was not used.
_APPOINTMENT = f"coalesce(ticks({_at('completedOn')}), t.created + {86_400 * SECOND})"
_JOB_OF_APPOINTMENT = {"Working": "InProgress", "Done": "Completed"}


def _appointment_status(value: str) -> Where:
    return column("status")(_JOB_OF_APPOINTMENT.get(value, value))


FILTERS: Mapping[str, Mapping[str, Filter]] = {
    "leads": {
        **LISTED,
        "customerId": column("parent"),
        # A prospect has no job yet, or is not even a customer.
        "isProspect": yes_no("NOT EXISTS (SELECT 1 FROM jobs j WHERE j.parent = t.parent)"),
        "withoutCustomer": yes_no(f"t.parent IS NULL OR {_at('locationId')} IS NULL"),
        "status": column("status"),
        "customerCity": customer(f"lower({_at('address.city', 'c')}) = ?", str.lower),
        "customerState": customer(f"lower({_at('address.state', 'c')}) = ?", str.lower),
        "customerZip": customer(f"{_at('address.zip', 'c')} = ?"),
        "customerCreatedOnOrAfter": customer("c.created >= ?"),
        "customerCreatedBefore": customer("c.created < ?"),
        "customerModifiedOnOrAfter": customer("c.modified >= ?"),
        "genPermUrl": no_condition,
        "leadCustomerName": part_of("name"),
        "leadPhone": lambda value: Where("t.phone = ?", (digits(value),)),
        "isCaptureSourceForm": yes_no(f"instr(lower({_at('captureSource')}), 'form') > 0"),
    },
    "bookings": {**LISTED, "externalId": exactly("externalId")},
    "booking_contacts": {},
    "booking_provider_tags": {**DATES, "ids": one_of("id"), "name": part("tagName")},
    "lead_notes": DATES,
    "customer_notes": DATES,
    "location_notes": DATES,
    "customer_custom_field_types": DATES,
    "location_custom_field_types": DATES,
    "contacts": {
        **DATES,
        "name": part_of("name"),
        "title": part("title"),
        "referenceId": exactly("referenceId"),
        "isArchived": _archived,
    },
    "contact_methods": {
        **DATES,
        "contactId": column("parent"),
        "referenceId": exactly("referenceId"),
        "type": whole("type"),
        "value": _method_value,
    },
    "contact_relationships": {
        **DATES,
        "relatedEntityId": exactly("relatedEntityId"),
        "typeSlug": whole("typeSlug"),
        "typeName": whole("typeName"),
    },
    "customers": {
        **LISTED,
        **_EXTERNAL,
        **_PLACE,
        "excludeAccountingChangesFromModifiedDateRange": no_condition,
        "name": part_of("name"),
        "phone": lambda value: Where(
            "t.id IN (SELECT k.parent FROM customer_contacts k WHERE k.active = 1 AND k.phone = ?)", (digits(value),)
        ),
        "externalDataApplicationGuid": no_condition,
    },
    "customer_contacts": {**DATES, "customerIds": one_of("parent")},
    "locations": {
        **LISTED,
        **_EXTERNAL,
        **_PLACE,
        "name": part_of("name"),
        "customerId": column("parent"),
        "externalDataApplicationGuid": no_condition,
    },
    "location_contacts": {**DATES, "locationIds": one_of("parent")},
    "campaigns": {**LISTED, "name": part("name"), "campaignPhoneNumber": a_phone_in("campaignPhoneNumbers")},
    "campaign_categories": DATES,
    "business_units": {**LISTED, "name": part("name"), "externalDataApplicationGuid": no_condition},
    "tag_types": LISTED,
    "employees": {**LISTED, "userIds": one_of("parent"), "name": part("name"), "email": exactly("email")},
    "technicians": {**LISTED, "userIds": one_of("parent"), "name": part("name")},
    "job_types": {
        **LISTED,
        "name": part("name"),
        "minDuration": lambda value: Where(f"{_at('duration')} >= ?", (value,)),
        "maxDuration": lambda value: Where(f"{_at('duration')} <= ?", (value,)),
        "priority": whole("priority"),
        "externalDataApplicationGuid": no_condition,
    },
    "jobs": {
        **LISTED,
        **_EXTERNAL,
        "number": exactly("jobNumber"),
        "projectId": exactly("projectId"),
        "bookingId": exactly("bookingId"),
        "jobStatus": column("status"),
        "appointmentStatus": _appointment_status,
        "priority": whole("priority"),
        "firstAppointmentStartsOnOrAfter": moment_of(_APPOINTMENT, ">="),
        "firstAppointmentStartsBefore": moment_of(_APPOINTMENT, "<"),
        "appointmentStartsOnOrAfter": moment_of(_APPOINTMENT, ">="),
        "appointmentStartsBefore": moment_of(_APPOINTMENT, "<"),
        "technicianId": exactly("soldById"),
        "customerId": column("parent"),
        "locationId": exactly("locationId"),
        "soldById": exactly("soldById"),
        "jobTypeId": exactly("jobTypeId"),
        "campaignId": exactly("campaignId"),
        "businessUnitId": exactly("businessUnitId"),
        "invoiceId": exactly("invoiceId"),
        "createdFromEstimateId": exactly("createdFromEstimateId"),
        "estimateIds": any_of("estimateIds"),
        "completedOnOrAfter": moment_of(f"ticks({_at('completedOn')})", ">="),
        "completedBefore": moment_of(f"ticks({_at('completedOn')})", "<"),
        "tagTypeIds": any_of("tagTypeIds"),
        "equipmentIds": any_of("equipmentIds"),
        "hasUnusedAppointments": yes_no(f"{_at('jobStatus')} = 'Canceled'"),
        "externalDataApplicationGuid": no_condition,
    },
    "call_reasons": LISTED,
}


def every(conditions: list[Where]) -> Where:
    """All of the conditions at once."""
    return Where(
        " AND ".join(f"({condition.sql})" for condition in conditions) or "1",
        tuple(value for condition in conditions for value in condition.values),
    )
