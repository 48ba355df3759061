"""Business rules of requests that write, as far as the schema of the API does not hold them: `RULES`, by operation.

A request that breaks one gets a 400, and the response names the rule in `data.rule`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stcrm_pandas.contract.schemas.parts import CONTACT_TYPE, CUSTOMER_TYPE
from stcrm_pandas.sandbox.service.request import ApiRequest
from stcrm_pandas.sandbox.service.responses import HttpError
from stcrm_pandas.sandbox.store.store import Condition


@dataclass(frozen=True)
class BusinessRule:
    """A rule about one field, and the message of a request that breaks it."""

    name: str
    field: str
    message: str
    is_broken: Callable[[ApiRequest], object]


def check(request: ApiRequest) -> None:
    """Raise a 400 with an entry for each rule of the operation that the request breaks."""
    broken = [rule for rule in RULES.get(request.operation.id, ()) if rule.is_broken(request)]
    if broken:
        errors: dict[str, list[str]] = {}
        for rule in broken:
            errors.setdefault(rule.field, []).append(rule.message)
        raise HttpError(400, errors=errors, rule=broken[0].name)


def values_at(value: Any, path: str) -> Iterator[Any]:
    """Yield all values at a path of a body, through lists, without nulls.

    >>> list(values_at({"locations": [{"tagTypeIds": [1, 2]}, {"tagTypeIds": None}]}, "locations.tagTypeIds"))
    [1, 2]
    """
    if isinstance(value, list):
        for part in value:
            yield from values_at(part, path)
    elif value is None:
        return
    elif not path:
        yield value
    elif isinstance(value, Mapping):
        name, _, rest = path.partition(".")
        yield from values_at(value.get(name), rest)


# References


def refers_to(path: str, table: str) -> BusinessRule:
    """Return the rule that the ids at a path of the body are those of rows."""
    what = table.replace("_", " ")

    def is_broken(request: ApiRequest) -> object:
        ids = set(values_at(request.body, path))
        return ids and request.store.missing(table, ids)

    return BusinessRule(f"{path} is of {what}", path, f"There is no such row in {what}.", is_broken)


def _custom(table: str, path: str = "customFields.typeId") -> BusinessRule:
    return refers_to(path, f"{table}_custom_field_types")


_CAMPAIGN = refers_to("campaignId", "campaigns")
_JOB_FIELDS = (_CAMPAIGN, refers_to("businessUnitId", "business_units"), refers_to("jobTypeId", "job_types"))
_TAGS = refers_to("tagTypeIds", "tag_types")
_CUSTOMER = refers_to("customerId", "customers")
_BULK = (refers_to("customerIds", "customers"), _TAGS)


# Leads


def _lacks_reason_and_date(request: ApiRequest) -> bool:
    return request.body.get("callReasonId") is None and request.body.get("followUpDate") is None


def _location_is_not_of_customer(request: ApiRequest) -> bool:
    location = request.store.visible("locations", request.body.get("locationId") or 0)
    return location is not None and request.body.get("customerId") not in {None, location["customerId"]}


def _booking_is_converted(request: ApiRequest) -> bool:
    booking = request.store.visible("bookings", request.body.get("bookingId") or 0)
    return booking is not None and booking["status"] == "Converted"


def _lead_is_closed(request: ApiRequest) -> bool:
    lead = request.store.visible("leads", request.path_number())
    return lead is not None and lead["status"] != "Open"


_NEW_LEAD = BusinessRule(
    "a lead needs a call reason or a follow-up date",
    "callReasonId",
    "Either callReasonId or followUpDate must be given.",
    _lacks_reason_and_date,
)
_LOCATION = BusinessRule(
    "a lead's location is its customer's",
    "locationId",
    "The location is not one of the customer.",
    _location_is_not_of_customer,
)
_BOOKING = BusinessRule(
    "a converted booking makes no lead", "bookingId", "The booking was converted to a job.", _booking_is_converted
)
_OPEN = BusinessRule("only open leads are dismissed", "id", "The lead is not open.", _lead_is_closed)


# Bookings


def _one_of(path: str, words: tuple[str, ...]) -> BusinessRule:
    """Return the rule that text has one of the values that responses have there."""
    return BusinessRule(
        f"{path} is one of the words that answers have",
        path,
        f"It must be one of {', '.join(words)}.",
        lambda request: set(values_at(request.body, path)) - {*words},
    )


def _is_nameless(request: ApiRequest) -> bool:
    return not request.body["name"].strip()


def _is_out_of_reach(request: ApiRequest) -> bool:
    return request.body.get("address") is None and not request.body.get("contacts")


_NAMED = BusinessRule("a booking has a name", "name", "It must not be empty.", _is_nameless)
_REACHABLE = BusinessRule(
    "a booking has an address or a contact", "contacts", "Either address or contacts must be given.", _is_out_of_reach
)


def _booking_is_closed(request: ApiRequest) -> bool:
    booking = request.store.visible("bookings", request.path_number())
    if booking is None or str(booking["bookingProviderId"]) != request.path["booking_provider"]:
        return False
    return booking["status"] in {"Converted", "Dismissed"}


_CLOSED = BusinessRule(
    "converted and dismissed bookings are not dismissed", "id", "The booking is closed.", _booking_is_closed
)


def _name_is_taken(request: ApiRequest) -> bool:
    name = request.body.get("tagName")
    named = Condition(
        "lower(json_extract(t.body, '$.tagName')) = lower(?) AND t.id <> ?", (name, request.path_number())
    )
    return name is not None and bool(request.store.rows("booking_provider_tags", named))


_TAG_NAME = BusinessRule(
    "names of booking provider tags differ", "tagName", "Another tag has this name.", _name_is_taken
)


# Customers

_HOUSED = BusinessRule(
    "a customer has a location",
    "locations",
    "At least one location must be given.",
    lambda request: not request.body["locations"],
)


# Preferences


def _is_no_truth(request: ApiRequest) -> bool:
    return request.body.get("value", "true").lower() not in {"true", "false"}


_TRUTH = BusinessRule("preferences are true or false", "value", "It must be true or false.", _is_no_truth)


RULES: Mapping[str, tuple[BusinessRule, ...]] = {
    "Leads_Create": (
        _NEW_LEAD,
        *_JOB_FIELDS,
        _CUSTOMER,
        refers_to("locationId", "locations"),
        _LOCATION,
        _TAGS,
        refers_to("callReasonId", "call_reasons"),
        refers_to("bookingId", "bookings"),
        _BOOKING,
    ),
    "Leads_Update": _JOB_FIELDS,
    "Leads_Dismiss": (_OPEN,),
    "Bookings_Create": (_NAMED, _REACHABLE, *_JOB_FIELDS, _one_of("customerType", CUSTOMER_TYPE)),
    "Bookings_Update": _JOB_FIELDS,
    "Bookings_CreateContact": (_one_of("type", CONTACT_TYPE),),
    "Bookings_DismissBooking": (_CLOSED, refers_to("callReasonId", "call_reasons")),
    "BookingProviderTags_Update": (_TAG_NAME,),
    "BulkTags_AddTags": _BULK,
    "BulkTags_RemoveTags": _BULK,
    "Customers_Create": (
        _HOUSED,
        _TAGS,
        _custom("customer"),
        refers_to("locations.tagTypeIds", "tag_types"),
        _custom("location", "locations.customFields.typeId"),
    ),
    "Customers_Update": (_TAGS, _custom("customer")),
    "Locations_Create": (_CUSTOMER, _TAGS, _custom("location")),
    "Locations_Update": (_CUSTOMER, _TAGS, _custom("location")),
    "ContactPreferences_UpdateContactMethodPreference": (_TRUTH,),
}
