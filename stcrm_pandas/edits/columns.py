"""Which columns can be changed: the request field of each, its group, and what to do about the others.

The tables are derived from the API's rows and request bodies; only what these do not say is written here.

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
"""Groups that are sent completely: a changed column takes the others of its group along, as fill."""

LEGACY = "preferences_invoice_statement_notification"
_SCREEN = "change it in ServiceTitan"
_ITSELF = "ServiceTitan sets this field itself"
_DO_NOT_TEXT = ("no operation of the API changes this field", f"{_SCREEN}; plan_opt_out(…) lists such numbers")
_MERGED = ("the API cannot merge rows", "merge them in ServiceTitan")
_OF_CONTACTS = {
    "phone_settings_do_not_text": _DO_NOT_TEXT,
    "phone_settings_phone_number": ("it is derived from the contact's value", "change `value`"),
    LEGACY: (
        "this older flag is derived from two newer ones",
        "change preferences_invoice_notification and preferences_statement_notification",
    ),
}
_WHEN_MADE = ("it can only be set when the row is created", _SCREEN)

_INSTEAD: dict[str, dict[str, tuple[str, str]]] = {
    "customers": {
        "balance": ("it is derived from invoices and payments", "change those in ServiceTitan"),
        "merged_to_id": _MERGED,
    },
    "locations": {
        "merged_to_id": _MERGED,
        "zone_id": ("the API cannot change the zone of a location", _SCREEN),
        "tax_exempt": ("the API cannot change this flag of a location", _SCREEN),
    },
    "customer_contacts": _OF_CONTACTS,
    "location_contacts": _OF_CONTACTS,
    "leads": {
        "status": (
            "a lead's status cannot be changed directly",
            "crm.leads.plan_dismiss(leads, dismissing_reason_id=…) dismisses leads",
        ),
        "dismissing_reason_id": (
            "the reason is set when a lead is dismissed",
            "crm.leads.plan_dismiss(leads, dismissing_reason_id=…)",
        ),
        "follow_up_date": (
            "a lead's follow-up date cannot be changed directly",
            "crm.leads.plan_follow_up(leads, date)",
        ),
        "tag_type_ids": ("a lead's tags can only be set when it is created", _SCREEN),
        "customer_id": _WHEN_MADE,
        "location_id": _WHEN_MADE,
        "call_reason_id": _WHEN_MADE,
        "booking_id": _WHEN_MADE,
    },
    "bookings": {
        "status": (
            "a booking's status cannot be changed directly",
            "crm.bookings.plan_dismiss(bookings, call_reason_id=…) dismisses bookings",
        ),
        "dismissing_reason_id": (
            "the reason is set when a booking is dismissed",
            "crm.bookings.plan_dismiss(bookings, call_reason_id=…)",
        ),
        "job_id": ("a booking gets its job when it is booked", "book it in ServiceTitan"),
        "is_send_confirmation_email": _WHEN_MADE,
    },
    "booking_provider_tags": {"active": ("the API cannot change this flag", _SCREEN)},
    "contact_methods": {
        "type": ("an update of a contact method has no type", "use crm.contact_methods.upsert(…)"),
        "reference_id": ("an update of a contact method has no reference", "use crm.contact_methods.upsert(…)"),
    },
}
"""Columns that cannot be changed although ServiceTitan does not set them itself: why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """How one column is changed.

    Parameters
    ----------
    column : Column
        The column of the frame.
    field : tuple of str, default ()
        The path in the request body; empty if the column cannot be changed.
    kind : Field, optional
        The field of the request body, by which values are checked.
    group : Group, default ''
        The group that is sent with it.
    reason, instead : str, default ''
        Why the column cannot be changed, and what to do instead.
    """

    column: Column
    field: tuple[str, ...] = ()
    kind: Field | None = None
    group: Group = ""
    reason: str = ""
    instead: str = ""

    @property
    def clears(self) -> bool:
        """Whether the field can be cleared: the API takes null."""
        return self.kind is not None and self.kind.nullable


@dataclass(frozen=True)
class Target:
    """A kind of row that can be changed.

    Parameters
    ----------
    resource : str
        The name in plans and on the command line.
    row : Row
        The kind of row.
    operation : str
        The operationId that changes one row.
    path : mapping
        Path parameter to the column of its value.
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
    def rules(self) -> Mapping[str, ColumnRule]:
        """A rule for each column that is not part of the key."""
        return {column.name: self._rule(column) for column in self.row.columns if column.name not in self.row.key}

    def _rule(self, column: Column) -> ColumnRule:
        reason, instead = _INSTEAD.get(self.resource, {}).get(column.name, (_ITSELF, ""))
        kind = self._requested(column.path)
        if kind is None or column.name == LEGACY:
            return ColumnRule(column, reason=reason, instead=instead)
        return ColumnRule(column, column.path, kind, _GROUPS.get(column.path[0], ""))

    def _requested(self, path: tuple[str, ...]) -> Field | None:
        fields: tuple[Field, ...] = self.call.body.fields if self.call.body else ()
        body_field = None
        for name in path:
            body_field = next((field for field in fields if field.name == name), None)
            if body_field is None:
                return None
            fields = body_field.fields
        return body_field

    def parts(self, group: str) -> tuple[Field, ...]:
        """Return the fields of an object in the request, for example `address`."""
        body_field = self._requested((group,))
        return body_field.fields if body_field else ()


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
"""Resource to each kind of row that the API can change."""

OTHER_OPERATIONS: Mapping[str, str] = {
    "Leads_Dismiss": "leads",
    "Leads_CreateFollowUp": "leads",
    "Bookings_DismissBooking": "bookings",
    "BulkTags_AddTags": "customers",
    "BulkTags_RemoveTags": "customers",
}
"""Operations of plans other than updates of one row, with the resource that they change."""


@cache
def target_of(operation: str) -> Target:
    """Return the kind of row that an operation of a plan changes.

    Raises
    ------
    KeyError
        Plans do not use the operation.
    """
    by_operation = {target.operation: target for target in TARGETS.values()}
    return by_operation[operation] if operation in by_operation else TARGETS[OTHER_OPERATIONS[operation]]
