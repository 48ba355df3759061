"""What can be changed, column by column: the request field, the group it belongs to, and what does the rest instead.

The tables follow from the contract's rows and bodies; written down here is only what these do not say.

>>> TARGETS["customers"].rules["name"].field
('name',)
>>> TARGETS["leads"].rules["status"].instead
'crm.leads.plan_dismiss(leads, dismissing_reason_id=…) dismisses leads'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import Literal

from stcrm_pandas.contract.operations import OPERATIONS, Operation
from stcrm_pandas.contract.schemas.bookings import BOOKING_CONTACTS, BOOKING_PROVIDER_TAGS, BOOKINGS
from stcrm_pandas.contract.schemas.contacts import CONTACT_METHODS, CONTACT_PREFERENCES, CONTACTS
from stcrm_pandas.contract.schemas.customers import CUSTOMER_CONTACTS, CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Column, Field, Row
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.locations import LOCATION_CONTACTS, LOCATIONS

Group = Literal["", "address", "preferences", "tags", "custom fields", "external data", "archived"]
"""What is sent whole: a column of a group takes the others along, as fill."""

LEGACY = "preferences_invoice_statement_notification"
_SCREEN = "ServiceTitan's own screen"
_ITSELF = "the service sets it itself"
_DO_NOT_TEXT = ("no operation of the service writes it", f"{_SCREEN} does: plan_opt_out(…) lists such numbers")
_MERGED = ("rows are merged elsewhere", _SCREEN)
_OF_CONTACTS = {
    "phone_settings_do_not_text": _DO_NOT_TEXT,
    "phone_settings_phone_number": ("it follows from the contact's value", "change `value`"),
    LEGACY: (
        "it is an older flag, sent as both that follow it together",
        "change preferences_invoice_notification and preferences_statement_notification",
    ),
}
_WHEN_MADE = ("it is set when the row is made, and not again", _SCREEN)

_INSTEAD: dict[str, dict[str, tuple[str, str]]] = {
    "customers": {
        "balance": ("it follows from invoices and payments", "these, in accounting"),
        "merged_to_id": _MERGED,
    },
    "locations": {
        "merged_to_id": _MERGED,
        "zone_id": ("the contract's change of a location has no zone", _SCREEN),
        "tax_exempt": ("the contract's change of a location has no such flag", _SCREEN),
    },
    "customer_contacts": _OF_CONTACTS,
    "location_contacts": _OF_CONTACTS,
    "leads": {
        "status": (
            "a lead's status is not changed like its other fields",
            "crm.leads.plan_dismiss(leads, dismissing_reason_id=…) dismisses leads",
        ),
        "dismissing_reason_id": (
            "a reason is given where a lead is dismissed",
            "crm.leads.plan_dismiss(leads, dismissing_reason_id=…)",
        ),
        "follow_up_date": (
            "a follow-up date is not changed like a lead's other fields",
            "crm.leads.plan_follow_up(leads, date)",
        ),
        "tag_type_ids": ("the tags of a lead can only be given when it is made", _SCREEN),
        "customer_id": _WHEN_MADE,
        "location_id": _WHEN_MADE,
        "call_reason_id": _WHEN_MADE,
        "booking_id": _WHEN_MADE,
    },
    "bookings": {
        "status": (
            "a booking's status is not changed like its other fields",
            "crm.bookings.plan_dismiss(bookings, call_reason_id=…) dismisses bookings",
        ),
        "dismissing_reason_id": (
            "a reason is given where a booking is dismissed",
            "crm.bookings.plan_dismiss(bookings, call_reason_id=…)",
        ),
        "job_id": ("a booking gets its job by being booked", _SCREEN),
        "is_send_confirmation_email": _WHEN_MADE,
    },
    "booking_provider_tags": {"active": ("the contract's change has no such flag", _SCREEN)},
    "contact_methods": {
        "type": ("the contract's change of a method has no type", "crm.contact_methods.upsert(…)"),
        "reference_id": ("the contract's change of a method has no reference", "crm.contact_methods.upsert(…)"),
    },
}
"""Columns that cannot be changed and are not the service's own: why, and what does it instead."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one column is changed.

    Parameters
    ----------
    column : Column
        Of the frame.
    field : tuple of str, default ()
        Where it stands in the request; empty where it cannot be changed.
    kind : Field, optional
        The request's field, by which values are checked.
    group : Group, default ''
        What it is sent together with.
    reason, instead : str, default ''
        Why it cannot be changed, and what does it.
    """

    column: Column
    field: tuple[str, ...] = ()
    kind: Field | None = None
    group: Group = ""
    reason: str = ""
    instead: str = ""

    @property
    def clears(self) -> bool:
        """Whether the contract takes a null."""
        return self.kind is not None and self.kind.nullable


@dataclass(frozen=True)
class Target:
    """A kind of row that can be changed.

    Parameters
    ----------
    resource : str
        Its name in plans and on the command line.
    row : Row
        The kind of row.
    operation : str
        The operationId that changes one.
    path : mapping
        What stands in the path, and the column that it comes from.
    """

    resource: str
    row: Row
    operation: str
    path: Mapping[str, str]

    @property
    def call(self) -> Operation:
        """The operation."""
        return OPERATIONS[self.operation]

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """All columns of the frame, by name."""
        return {column.name: column for column in self.row.columns}

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """A rule for each column that is not of the key."""
        return {column.name: self._rule(column) for column in self.row.columns if column.name not in self.row.key}

    def _rule(self, column: Column) -> Rule:
        reason, instead = _INSTEAD.get(self.resource, {}).get(column.name, (_ITSELF, ""))
        kind = self._requested(column.path)
        if kind is None or column.name == LEGACY:
            return Rule(column, reason=reason, instead=instead)
        return Rule(column, column.path, kind, _GROUPS.get(column.path[0], ""))

    def _requested(self, path: tuple[str, ...]) -> Field | None:
        fields: tuple[Field, ...] = self.call.body.fields if self.call.body else ()
        found = None
        for name in path:
            found = next((field for field in fields if field.name == name), None)
            if found is None:
                return None
            fields = found.fields
        return found

    def parts(self, group: str) -> tuple[Field, ...]:
        """The fields of an object of the request, as `address`."""
        found = self._requested((group,))
        return found.fields if found else ()


_GROUPS: Mapping[str, Group] = {
    "address": "address",
    "preferences": "preferences",
    "tagTypeIds": "tags",
    "customFields": "custom fields",
    "externalData": "external data",
    "isArchived": "archived",
}

_BELOW_CUSTOMER = {"id": "customer_id", "contactId": "id"}
_BELOW_LOCATION = {"id": "location_id", "contactId": "id"}
_BELOW_BOOKING = {"booking_provider": "booking_provider_id", "id": "booking_id", "contactId": "id"}
_OF_METHOD = {"contactId": "contact_id", "contactMethodId": "contact_method_id", "preferenceName": "name"}

TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        target.resource: target
        for target in (
            Target("customers", CUSTOMERS, "Customers_Update", {"id": "id"}),
            Target("customer_contacts", CUSTOMER_CONTACTS, "Customers_UpdateContact", _BELOW_CUSTOMER),
            Target("locations", LOCATIONS, "Locations_Update", {"id": "id"}),
            Target("location_contacts", LOCATION_CONTACTS, "Locations_UpdateContact", _BELOW_LOCATION),
            Target("leads", LEADS, "Leads_Update", {"id": "id"}),
            Target("bookings", BOOKINGS, "Bookings_Update", {"booking_provider": "booking_provider_id", "id": "id"}),
            Target("booking_contacts", BOOKING_CONTACTS, "Bookings_UpdateBookingContact", _BELOW_BOOKING),
            Target("booking_provider_tags", BOOKING_PROVIDER_TAGS, "BookingProviderTags_Update", {"id": "id"}),
            Target("contacts", CONTACTS, "Contacts_Update", {"id": "id"}),
            Target(
                "contact_methods",
                CONTACT_METHODS,
                "ContactMethods_UpdateContactMethod",
                {"contactId": "contact_id", "contactMethodId": "id"},
            ),
            Target(
                "contact_preferences",
                CONTACT_PREFERENCES,
                "ContactPreferences_UpdateContactMethodPreference",
                _OF_METHOD,
            ),
        )
    }
)
"""All kinds of rows that the contract can change, by resource."""

OTHER_CALLS: Mapping[str, str] = {
    "Leads_Dismiss": "leads",
    "Leads_CreateFollowUp": "leads",
    "Bookings_DismissBooking": "bookings",
    "BulkTags_AddTags": "customers",
    "BulkTags_RemoveTags": "customers",
}
"""Calls of plans that are no change of one row by its fields, and the kind of row that they change."""


@cache
def target_of(operation: str) -> Target:
    """The kind of row that a call of a plan changes.

    Raises
    ------
    KeyError
        No plan makes such a call.
    """
    by_operation = {target.operation: target for target in TARGETS.values()}
    return by_operation[operation] if operation in by_operation else TARGETS[OTHER_CALLS[operation]]
