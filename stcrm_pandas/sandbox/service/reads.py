"""What answers a reading operation. One table, `READS`, at the end; the makers of its handlers are above it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from stcrm_pandas.sandbox.service.feeds import feed
from stcrm_pandas.sandbox.service.lists import BY_CHANGE, listing
from stcrm_pandas.sandbox.service.request import Call, Handler, absent, not_active
from stcrm_pandas.sandbox.service.responses import Found
from stcrm_pandas.sandbox.store.store import Where

Under = Callable[[Call], Where]

# What the path of a list asks for


def below(table: str, name: str = "id", *, deleted: bool = False) -> Under:
    """The rows of one parent, which must be there; `deleted`: or must have been."""

    def condition(call: Call) -> Where:
        key = call.guid(name) if table == "contacts" else call.number(name)
        if not (deleted and call.store.known(table, key)):
            call.row(table, key)
        return Where("t.parent = ?", (key,))

    return condition


def below_active(table: str) -> Under:
    """The rows of one parent, which must be there and active."""
    return lambda call: Where("t.parent = ?", (active_row(call, table)["id"],))


def active_row(call: Call, table: str) -> dict[str, Any]:
    """The row that the path names.

    Raises
    ------
    Refusal
        It is not there (404), or inactive (409).
    """
    row = call.row(table, call.number())
    if not row.get("active", True):
        raise not_active(table, row["id"])
    return row


def of_provider(call: Call) -> Where:
    return Where("t.parent = ?", (call.number("booking_provider"),))


def of_providers_booking(call: Call) -> Where:
    return Where("t.parent = ?", (providers_booking(call)["id"],))


def providers_booking(call: Call) -> dict[str, Any]:
    """The booking that the path names.

    Raises
    ------
    Refusal
        It is not there, or another provider's.
    """
    provider, booking = call.number("booking_provider"), call.row("bookings", call.number())
    if booking["bookingProviderId"] != provider:
        raise absent("bookings", booking["id"])
    return booking


def _related(call: Call) -> Where:
    related = "SELECT r.parent FROM contact_relationships r WHERE json_extract(r.body, '$.relatedEntityId') = ?"
    return Where(f"t.id IN ({related})", (call.number("relationshipId"),))


def contacts_method(call: Call) -> dict[str, Any]:
    """The contact method that the path names.

    Raises
    ------
    Refusal
        It is not there, or another contact's.
    """
    contact = call.row("contacts", call.guid("contactId"))
    method = call.row("contact_methods", call.guid("contactMethodId"))
    if method["contactId"] != contact["id"]:
        raise absent("contact_methods", method["id"])
    return method


# One row, one number, a bare list


def stored(call: Call, table: str, key: Any) -> Found:
    """A row as the store has it.

    Raises
    ------
    Refusal
        There is none.
    """
    body = call.store.body(table, key)
    if body is None:
        raise absent(table, key)
    return Found([body])


def single(table: str) -> Handler:
    """One row by the whole number in the path."""
    return lambda call: stored(call, table, call.number())


def _booking_of_provider(call: Call) -> Found:
    return stored(call, "bookings", providers_booking(call)["id"])


def _contact(call: Call) -> Found:
    return stored(call, "contacts", call.guid())


def _method(call: Call) -> Found:
    return stored(call, "contact_methods", contacts_method(call)["id"])


def _preference(call: Call) -> Found:
    return stored(call, "contact_preferences", (contacts_method(call)["id"], call.path["preferenceName"]))


def _preferences(call: Call) -> Found:
    found = call.store.slice("contact_preferences", Where("t.parent = ?", (contacts_method(call)["id"],)), "t.n", 0, 99)
    return Found(found.pieces, bare=True)


def _preference_types(call: Call) -> Found:
    return Found(call.store.slice("contact_preference_types", Where("1"), "t.n", 0, 99).pieces, bare=True)


def _preferred_technician(table: str) -> Handler:
    """A whole number, or null where there is none."""

    def handle(call: Call) -> Found:
        technician = call.row(table, call.number()).get("preferredTechnicianId")
        return Found([orjson.dumps(technician)])

    return handle


_CONTACT_DATES = ("modifiedOnOrAfter", "modifiedBefore", "createdOnOrAfter", "createdBefore")

READS: dict[str, Handler] = {
    "Leads_GetList": listing("leads"),
    "Leads_Get": single("leads"),
    "Leads_GetNotes": listing("lead_notes", under=below("leads", deleted=True)),
    "ExportLeads_Leads": feed("leads"),
    "Bookings_GetList": listing("bookings"),
    "Bookings_GetList2": listing("bookings", under=of_provider),
    "Bookings_Get": single("bookings"),
    "Bookings_GetForProvider": _booking_of_provider,
    "Bookings_GetContactList": listing("booking_contacts", under=below("bookings")),
    "Bookings_GetContactList2": listing("booking_contacts", under=of_providers_booking),
    "ExportBookings_Get": feed("bookings"),
    "BookingProviderTags_GetList": listing("booking_provider_tags"),
    "BookingProviderTags_Get": single("booking_provider_tags"),
    "Customers_GetList": listing("customers"),
    "Customers_Get": single("customers"),
    "Customers_GetNotes": listing("customer_notes", under=below("customers")),
    "Customers_GetContactList": listing("customer_contacts", under=below_active("customers"), without="customerId"),
    "Customers_GetCustomFieldTypes": listing("customer_custom_field_types"),
    "Customers_GetPreferredTechnician": _preferred_technician("customers"),
    "Customers_GetModifiedContactsList": listing(
        "customer_contacts", order=BY_CHANGE, needs=("customerIds", *_CONTACT_DATES[:2])
    ),
    "ExportCustomers_GetCustomers": feed("customers"),
    "ExportContacts_CustomersContacts": feed("customer_contacts"),
    "Locations_GetList": listing("locations"),
    "Locations_Get": single("locations"),
    "Locations_GetNotes": listing("location_notes", under=below("locations")),
    "Locations_GetContactList": listing("location_contacts", under=below_active("locations"), without="locationId"),
    "Locations_GetCustomFieldTypes": listing("location_custom_field_types"),
    "Locations_GetPreferredTechnician": _preferred_technician("locations"),
    "Locations_GetLocationsContactsList": listing(
        "location_contacts", order=BY_CHANGE, needs=("locationIds", *_CONTACT_DATES)
    ),
    "ExportLocations_Locations": feed("locations"),
    "ExportContacts_LocationsContacts": feed("location_contacts"),
    "Contacts_GetList": listing("contacts"),
    "Contacts_Get": _contact,
    "Contacts_GetByRelationshipId": listing("contacts", under=_related),
    "Contacts_GetContactRelationshipList": listing("contact_relationships", under=below("contacts", "contactId")),
    "Contacts_SearchContactMethods": listing("contact_methods"),
    "Contacts_GetPreferenceMetadataList": _preference_types,
    "ContactMethods_GetContactMethods": listing("contact_methods", under=below("contacts", "contactId")),
    "ContactMethods_GetContactMethod": _method,
    "ContactPreferences_GetContactMethodPreferences": _preferences,
    "ContactPreferences_GetContactMethodPreference": _preference,
    "Campaigns_GetList": listing("campaigns"),
    "CampaignCategories_GetList": listing("campaign_categories"),
    "BusinessUnits_GetList": listing("business_units"),
    "TagTypes_GetList": listing("tag_types"),
    "Employees_GetList": listing("employees"),
    "Technicians_GetList": listing("technicians"),
    "JobTypes_GetList": listing("job_types"),
    "Jobs_GetList": listing("jobs"),
    "CallReasons_Get": listing("call_reasons"),
}
