"""Rules that the contract has in prose only: one table, for queries and for bodies.

>>> [rule.name for rule in broken("Leads_Create", {"campaignId": 1, "summary": "leak"})]
['a lead has a reason or a date']
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

VALUES_PER_CALL = 50


@dataclass(frozen=True)
class Rule:
    """One rule: for which operations, when it holds of what is sent, and what to say where it does not.

    What is sent has the contract's names: a query's parameters, or a body.
    """

    name: str
    operations: tuple[str, ...]
    holds: Callable[[Mapping[str, Any]], bool]
    says: str


def _both_or_none(sent: Mapping[str, Any]) -> bool:
    return bool(sent.get("externalDataKey")) == bool(sent.get("externalDataValues"))


def _few_values(sent: Mapping[str, Any]) -> bool:
    return str(sent.get("externalDataValues") or "").count(",") < VALUES_PER_CALL


def _nulls_are_merged(sent: Mapping[str, Any]) -> bool:
    data = sent.get("externalData") or {}
    nulls = any(one.get("value") is None for one in data.get("externalData") or ())
    return not nulls or data.get("patchMode") == "Merge"


def _legacy_flag_agrees(sent: Mapping[str, Any]) -> bool:
    flags = sent.get("preferences") or {}
    names = ("invoiceStatementNotification", "invoiceNotification", "statementNotification")
    if any(name not in flags for name in names):
        return True  # that it is not whole is told already
    older, *both = (flags[name] for name in names)
    return bool(older) == all(both)


_WITH_EXTERNAL = ("Customers_GetList", "Locations_GetList", "Jobs_GetList")

RULES = (
    Rule(
        "a lead has a reason or a date",
        ("Leads_Create",),
        lambda sent: sent.get("callReasonId") is not None or sent.get("followUpDate") is not None,
        "a new lead needs call_reason_id or follow_up_date",
    ),
    Rule(
        "an external key has values",
        _WITH_EXTERNAL,
        _both_or_none,
        "external_data_key and external_data_values are given together",
    ),
    Rule(
        "few external values",
        _WITH_EXTERNAL,
        _few_values,
        f"external_data_values takes {VALUES_PER_CALL} at most",
    ),
    Rule(
        "only a merge deletes keys",
        ("Customers_Update", "Locations_Update"),
        _nulls_are_merged,
        "external_data: CLEAR deletes a key with patch_mode='Merge' only; otherwise leave the key out",
    ),
    Rule(
        "the older flag agrees",
        ("Customers_UpdateContact", "Locations_UpdateContact"),
        _legacy_flag_agrees,
        "preferences: invoice_statement_notification sets both flags that follow it, so it is True if both are, "
        "else False",
    ),
    Rule(
        "tags have customers",
        ("BulkTags_AddTags", "BulkTags_RemoveTags"),
        lambda sent: bool(sent.get("customerIds")) and bool(sent.get("tagTypeIds")),
        "name at least one customer and one tag type",
    ),
    Rule(
        "a preference says something",
        ("ContactPreferences_UpdateContactMethodPreference",),
        lambda sent: "value" not in sent or bool(str(sent["value"]).strip()),
        "a preference cannot be emptied: write true or false",
    ),
    Rule(
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
        "nothing to change: name at least one field",
    ),
)
"""All of them, in the order in which they are told."""


def broken(operation: str, sent: Mapping[str, Any]) -> list[Rule]:
    """The rules of an operation that do not hold of what is to be sent."""
    return [rule for rule in RULES if operation in rule.operations and not rule.holds(sent)]
