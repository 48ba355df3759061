"""Where the sandbox by the book may depart from the published contract, and why. Nothing else may."""

from __future__ import annotations

UNDECLARED = {
    401: "every call needs a token and a key",
    403: "and a scope",
    404: "a row, or the tenant, is not there",
    409: "a row stands in the way, or is inactive",
    429: "too many calls",
}
"""Statuses that an operation may answer though it does not declare them."""

_PROSE = "the contract says it, but in prose"
_BODY = "no body is marked as required, though all but one of them have fields that are"
_REFERENCE = "an id in a body is that of a row"
_ANSWER = "free text in the request, but a list of words in the answer"
_VENDOR = "the vendor's page on the CRM API says it"
_WORK = "what has ended is not ended again"

RULES = {
    "pages": _PROSE,
    "sorting": _PROSE,
    "lists of values": _PROSE,
    "a feed starts at its token or a date": _PROSE,
    "contacts are requested by parent or date": _PROSE,
    "external data is filtered by key and values": _PROSE,
    "a lead needs a call reason or a follow-up date": _PROSE,
    "a write has a body": _BODY,
    "campaignId is of campaigns": _REFERENCE,
    "businessUnitId is of business units": _REFERENCE,
    "jobTypeId is of job types": _REFERENCE,
    "customerId is of customers": _REFERENCE,
    "customerIds is of customers": _REFERENCE,
    "locationId is of locations": _REFERENCE,
    "callReasonId is of call reasons": _REFERENCE,
    "bookingId is of bookings": _REFERENCE,
    "tagTypeIds is of tag types": _REFERENCE,
    "locations.tagTypeIds is of tag types": _REFERENCE,
    "customFields.typeId is of customer custom field types": _REFERENCE,
    "customFields.typeId is of location custom field types": _REFERENCE,
    "locations.customFields.typeId is of location custom field types": _REFERENCE,
    "a lead's location is its customer's": _REFERENCE,
    "customerType is one of the words that answers have": _ANSWER,
    "type is one of the words that answers have": _ANSWER,
    "preferences are true or false": "a kind of preference says what its value is, and all of the sandbox's are such",
    "names of booking provider tags differ": "no 409 is declared for a change of the name",
    "a customer has a location": _VENDOR,
    "a booking has a name": _VENDOR,
    "a booking has an address or a contact": _VENDOR,
    "a converted booking makes no lead": _WORK,
    "only open leads are dismissed": _WORK,
    "converted and dismissed bookings are not dismissed": _WORK,
}
"""Rules that are in no schema: who breaks one is refused with 400, and the answer names the rule."""
