"""What the contract says in prose, or not at all, about calls that write. One table, `RULES`, by operation.

A call that breaks a rule is refused with 400; the body of the answer names the rule in `data.rule`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stcrm_pandas.contract.schemas.parts import CONTACT_TYPE, CUSTOMER_TYPE
from stcrm_pandas.sandbox.service.request import Call
from stcrm_pandas.sandbox.service.responses import Refusal
from stcrm_pandas.sandbox.store.store import Where


@dataclass(frozen=True)
class Rule:
    """A rule: its name, the field that it is about, what is said of a call that breaks it."""

    name: str
    field: str
    says: str
    broken: Callable[[Call], object]


def check(call: Call) -> None:
    """Hold a call against the rules of its operation.

    Raises
    ------
    Refusal
        It breaks some; `errors` has each, the first gives its name.
    """
    broken = [rule for rule in RULES.get(call.operation.id, ()) if rule.broken(call)]
    if broken:
        errors: dict[str, list[str]] = {}
        for rule in broken:
            errors.setdefault(rule.field, []).append(rule.says)
        raise Refusal(400, errors=errors, rule=broken[0].name)


def values_at(value: Any, path: str) -> Iterator[Any]:
    """All values at a path of a body, through lists, without nulls.

    Examples
    --------
    >>> list(values_at({"locations": [{"tagTypeIds": [1, 2]}, {"tagTypeIds": None}]}, "locations.tagTypeIds"))
    [1, 2]
    """
    if isinstance(value, list):
        for one in value:
            yield from values_at(one, path)
    elif value is None:
        return
    elif not path:
        yield value
    elif isinstance(value, Mapping):
        name, _, rest = path.partition(".")
        yield from values_at(value.get(name), rest)


# References


def refers(path: str, table: str) -> Rule:
    """The ids at a path of the body are those of rows."""
    what = table.replace("_", " ")

    def broken(call: Call) -> object:
        ids = set(values_at(call.body, path))
        return ids and call.store.missing(table, ids)

    return Rule(f"{path} is of {what}", path, f"There is no such row in {what}.", broken)


def _custom(table: str, path: str = "customFields.typeId") -> Rule:
    return refers(path, f"{table}_custom_field_types")


_CAMPAIGN = refers("campaignId", "campaigns")
_WORK = (_CAMPAIGN, refers("businessUnitId", "business_units"), refers("jobTypeId", "job_types"))
_TAGS = refers("tagTypeIds", "tag_types")
_CUSTOMER = refers("customerId", "customers")
_BULK = (refers("customerIds", "customers"), _TAGS)


# Leads


def _lacks_reason_and_date(call: Call) -> bool:
    return call.body.get("callReasonId") is None and call.body.get("followUpDate") is None


def _is_elsewhere(call: Call) -> bool:
    location = call.store.visible("locations", call.body.get("locationId") or 0)
    return location is not None and call.body.get("customerId") not in {None, location["customerId"]}


def _booking_is_converted(call: Call) -> bool:
    booking = call.store.visible("bookings", call.body.get("bookingId") or 0)
    return booking is not None and booking["status"] == "Converted"


def _lead_is_closed(call: Call) -> bool:
    lead = call.store.visible("leads", call.number())
    return lead is not None and lead["status"] != "Open"


_NEW_LEAD = Rule(
    "a lead needs a call reason or a follow-up date",
    "callReasonId",
    "Either callReasonId or followUpDate must be given.",
    _lacks_reason_and_date,
)
_LOCATION = Rule(
    "a lead's location is its customer's", "locationId", "The location is not one of the customer.", _is_elsewhere
)
_BOOKING = Rule(
    "a converted booking makes no lead", "bookingId", "The booking was converted to a job.", _booking_is_converted
)
_OPEN = Rule("only open leads are dismissed", "id", "The lead is not open.", _lead_is_closed)


# Bookings


def _one_of(path: str, words: tuple[str, ...]) -> Rule:
    """Free text in the request, but a word of a list in the answer."""
    return Rule(
        f"{path} is one of the words that answers have",
        path,
        f"It must be one of {', '.join(words)}.",
        lambda call: set(values_at(call.body, path)) - {*words},
    )


def _is_nameless(call: Call) -> bool:
    return not call.body["name"].strip()


def _is_out_of_reach(call: Call) -> bool:
    return call.body.get("address") is None and not call.body.get("contacts")


_NAMED = Rule("a booking has a name", "name", "It must not be empty.", _is_nameless)
_REACHABLE = Rule(
    "a booking has an address or a contact", "contacts", "Either address or contacts must be given.", _is_out_of_reach
)


def _booking_is_closed(call: Call) -> bool:
    booking = call.store.visible("bookings", call.number())
    if booking is None or str(booking["bookingProviderId"]) != call.path["booking_provider"]:
        return False
    return booking["status"] in {"Converted", "Dismissed"}


_CLOSED = Rule("converted and dismissed bookings are not dismissed", "id", "The booking is closed.", _booking_is_closed)


def _name_is_taken(call: Call) -> bool:
    name = call.body.get("tagName")
    named = Where("lower(json_extract(t.body, '$.tagName')) = lower(?) AND t.id <> ?", (name, call.number()))
    return name is not None and bool(call.store.rows("booking_provider_tags", named))


_TAG_NAME = Rule("names of booking provider tags differ", "tagName", "Another tag has this name.", _name_is_taken)


# Customers

_HOUSED = Rule(
    "a customer has a location",
    "locations",
    "At least one location must be given.",
    lambda call: not call.body["locations"],
)


# Preferences


def _is_no_truth(call: Call) -> bool:
    return call.body.get("value", "true").lower() not in {"true", "false"}


_TRUTH = Rule("preferences are true or false", "value", "It must be true or false.", _is_no_truth)


RULES: Mapping[str, tuple[Rule, ...]] = {
    "Leads_Create": (
        _NEW_LEAD,
        *_WORK,
        _CUSTOMER,
        refers("locationId", "locations"),
        _LOCATION,
        _TAGS,
        refers("callReasonId", "call_reasons"),
        refers("bookingId", "bookings"),
        _BOOKING,
    ),
    "Leads_Update": _WORK,
    "Leads_Dismiss": (_OPEN,),
    "Bookings_Create": (_NAMED, _REACHABLE, *_WORK, _one_of("customerType", CUSTOMER_TYPE)),
    "Bookings_Update": _WORK,
    "Bookings_CreateContact": (_one_of("type", CONTACT_TYPE),),
    "Bookings_DismissBooking": (_CLOSED, refers("callReasonId", "call_reasons")),
    "BookingProviderTags_Update": (_TAG_NAME,),
    "BulkTags_AddTags": _BULK,
    "BulkTags_RemoveTags": _BULK,
    "Customers_Create": (
        _HOUSED,
        _TAGS,
        _custom("customer"),
        refers("locations.tagTypeIds", "tag_types"),
        _custom("location", "locations.customFields.typeId"),
    ),
    "Customers_Update": (_TAGS, _custom("customer")),
    "Locations_Create": (_CUSTOMER, _TAGS, _custom("location")),
    "Locations_Update": (_CUSTOMER, _TAGS, _custom("location")),
    "ContactPreferences_UpdateContactMethodPreference": (_TRUTH,),
}
