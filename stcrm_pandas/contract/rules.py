"""Rules about requests that the API describes only in prose: one table for queries and request bodies.

>>> [rule.name for rule in broken("Leads_Create", {"campaignId": 1, "summary": "leak"})]
['a lead has a reason or a date']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

VALUES_PER_REQUEST = 50


@dataclass(frozen=True)
class RequestRule:
    """One rule: its operations, whether a request keeps it, and the message if not.

    A request is given by the API's names: the parameters of a query, or a request body.
    """

    name: str
    operations: tuple[str, ...]
    holds: Callable[[Mapping[str, Any]], bool]
    message: str


def _both_or_none(sent: Mapping[str, Any]) -> bool:
    return bool(sent.get("externalDataKey")) == bool(sent.get("externalDataValues"))


def _few_values(sent: Mapping[str, Any]) -> bool:
    return str(sent.get("externalDataValues") or "").count(",") < VALUES_PER_REQUEST


def _nulls_are_merged(sent: Mapping[str, Any]) -> bool:
    data = sent.get("externalData") or {}
    nulls = any(pair.get("value") is None for pair in data.get("externalData") or ())
    return not nulls or data.get("patchMode") == "Merge"


def _legacy_flag_agrees(sent: Mapping[str, Any]) -> bool:
    flags = sent.get("preferences") or {}
    names = ("invoiceStatementNotification", "invoiceNotification", "statementNotification")
    if any(name not in flags for name in names):
        return True  # missing flags have a message of their own
    older, *both = (flags[name] for name in names)
    return bool(older) == all(both)


_WITH_EXTERNAL = ("Customers_GetList", "Locations_GetList", "Jobs_GetList")

RULES = (
    RequestRule(
        "a lead has a reason or a date",
        ("Leads_Create",),
        lambda sent: sent.get("callReasonId") is not None or sent.get("followUpDate") is not None,
        "a new lead needs call_reason_id or follow_up_date",
    ),
    RequestRule(
        "an external key has values",
        _WITH_EXTERNAL,
        _both_or_none,
        "give external_data_key and external_data_values together",
    ),
    RequestRule(
        "few external values",
        _WITH_EXTERNAL,
        _few_values,
        f"external_data_values takes at most {VALUES_PER_REQUEST} values",
    ),
    RequestRule(
        "only a merge deletes keys",
        ("Customers_Update", "Locations_Update"),
        _nulls_are_merged,
        "external_data: CLEAR deletes a key only with patch_mode='Merge'; otherwise leave the key out",
    ),
    RequestRule(
        "the older flag agrees",
        ("Customers_UpdateContact", "Locations_UpdateContact"),
        _legacy_flag_agrees,
        "preferences: invoice_statement_notification must be True if invoice_notification and statement_notification "
        "are both True, else False",
    ),
    RequestRule(
        "tags have customers",
        ("BulkTags_AddTags", "BulkTags_RemoveTags"),
        lambda sent: bool(sent.get("customerIds")) and bool(sent.get("tagTypeIds")),
        "give at least one customer and one tag type",
    ),
    RequestRule(
        "a preference says something",
        ("ContactPreferences_UpdateContactMethodPreference",),
        lambda sent: "value" not in sent or bool(str(sent["value"]).strip()),
        "a preference cannot be empty: give true or false",
    ),
    RequestRule(
        "a change changes something",
        (
            "Bookings_Update",
            "Bookings_UpdateBookingContact",
            "BookingProviderTags_Update",
            "Leads_Update",
            "Customers_Update",
            "Customers_UpdateContact",
            "Locations_Update",
            "Locations_UpdateContact",
            "ContactMethods_UpdateContactMethod",
            "ContactPreferences_UpdateContactMethodPreference",
        ),
        bool,
        "nothing to change: give at least one field",
    ),
)
"""All rules, in the order of their messages."""


def broken(operation: str, sent: Mapping[str, Any]) -> list[RequestRule]:
    """Return the rules of an operation that a request breaks."""
    return [rule for rule in RULES if operation in rule.operations and not rule.holds(sent)]
