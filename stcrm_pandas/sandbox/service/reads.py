"""Handlers of operations that read: one table, `READS`, and the functions that make its handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from stcrm_pandas.sandbox.service.pages import BY_CHANGE, feed, paginated
from stcrm_pandas.sandbox.service.request import ApiRequest, Handler, inactive, not_found
from stcrm_pandas.sandbox.service.responses import ResponseBody
from stcrm_pandas.sandbox.store.store import ALL_ROWS, Condition, of_parent

_PathCondition = Callable[[ApiRequest], Condition]

# Conditions that the path of a list sets


def rows_of(table: str, name: str = "id", *, deleted: bool = False) -> _PathCondition:
    """Return the condition for the rows of one parent that exists, or with `deleted`, that ever existed."""

    def condition(request: ApiRequest) -> Condition:
        if deleted and request.store.exists(table, request.path_number(name)):
            return of_parent(request.path_number(name))
        return of_parent(request.path_row(table, name)["id"])

    return condition


def rows_of_active(table: str) -> _PathCondition:
    """Return the condition for the rows of one parent that exists and is active."""
    return lambda request: of_parent(active_row(request, table)["id"])


def active_row(request: ApiRequest, table: str) -> dict[str, Any]:
    """Return the row in the path, or raise a 404 where it does not exist or a 409 where it is inactive."""
    row = request.path_row(table)
    if not row.get("active", True):
        raise inactive(table, row["id"])
    return row


def _of_provider(request: ApiRequest) -> Condition:
    return of_parent(request.path_number("booking_provider"))


def _of_providers_booking(request: ApiRequest) -> Condition:
    return of_parent(booking_of_provider(request)["id"])


def booking_of_provider(request: ApiRequest) -> dict[str, Any]:
    """Return the booking in the path, or raise a 404 where it does not exist or has another provider."""
    provider, booking = request.path_number("booking_provider"), request.path_row("bookings")
    if booking["bookingProviderId"] != provider:
        raise not_found("bookings", booking["id"])
    return booking


def _related(request: ApiRequest) -> Condition:
    related = "SELECT r.parent FROM contact_relationships r WHERE json_extract(r.body, '$.relatedEntityId') = ?"
    return Condition(f"t.id IN ({related})", (request.path_number("relationshipId"),))


def method_of_contact(request: ApiRequest) -> dict[str, Any]:
    """Return the contact method in the path, or raise a 404 where it does not exist or has another contact."""
    contact = request.path_row("contacts", "contactId")
    method = request.path_row("contact_methods", "contactMethodId")
    if method["contactId"] != contact["id"]:
        raise not_found("contact_methods", method["id"])
    return method


# Single rows, single values and bare lists


def stored_row(request: ApiRequest, table: str, key: Any) -> ResponseBody:
    """Return a row as the store holds it, or raise a 404."""
    body = request.store.body(table, key)
    if body is None:
        raise not_found(table, key)
    return ResponseBody([body])


def row_by_id(table: str) -> Handler:
    """Return the handler of one row by its id."""
    return lambda request: stored_row(request, table, request.path_number())


def _booking_of_provider(request: ApiRequest) -> ResponseBody:
    return stored_row(request, "bookings", booking_of_provider(request)["id"])


def _contact(request: ApiRequest) -> ResponseBody:
    return stored_row(request, "contacts", request.path_guid())


def _method(request: ApiRequest) -> ResponseBody:
    return stored_row(request, "contact_methods", method_of_contact(request)["id"])


def _preference(request: ApiRequest) -> ResponseBody:
    return stored_row(
        request, "contact_preferences", (method_of_contact(request)["id"], request.path["preferenceName"])
    )


def _preferences(request: ApiRequest) -> ResponseBody:
    of_method = of_parent(method_of_contact(request)["id"])
    return ResponseBody(request.store.page("contact_preferences", of_method, "t.n", 0, 99).pieces, bare=True)


def _preference_types(request: ApiRequest) -> ResponseBody:
    return ResponseBody(request.store.page("contact_preference_types", ALL_ROWS, "t.n", 0, 99).pieces, bare=True)


def _preferred_technician(table: str) -> Handler:
    """Return the handler of an id, or null where none is set."""

    def handle(request: ApiRequest) -> ResponseBody:
        technician = request.path_row(table).get("preferredTechnicianId")
        return ResponseBody([orjson.dumps(technician)])

    return handle


_CONTACT_DATES = ("modifiedOnOrAfter", "modifiedBefore", "createdOnOrAfter", "createdBefore")

READS: dict[str, Handler] = {
    "Leads_GetList": paginated("leads"),
    "Leads_Get": row_by_id("leads"),
    "Leads_GetNotes": paginated("lead_notes", within=rows_of("leads", deleted=True)),
    "ExportLeads_Leads": feed("leads"),
    "Bookings_GetList": paginated("bookings"),
    "Bookings_GetList2": paginated("bookings", within=_of_provider),
    "Bookings_Get": row_by_id("bookings"),
    "Bookings_GetForProvider": _booking_of_provider,
    "Bookings_GetContactList": paginated("booking_contacts", within=rows_of("bookings")),
    "Bookings_GetContactList2": paginated("booking_contacts", within=_of_providers_booking),
    "ExportBookings_Get": feed("bookings"),
    "BookingProviderTags_GetList": paginated("booking_provider_tags"),
    "BookingProviderTags_Get": row_by_id("booking_provider_tags"),
    "Customers_GetList": paginated("customers"),
    "Customers_Get": row_by_id("customers"),
    "Customers_GetNotes": paginated("customer_notes", within=rows_of("customers")),
    "Customers_GetContactList": paginated("customer_contacts", within=rows_of_active("customers"), omit="customerId"),
    "Customers_GetCustomFieldTypes": paginated("customer_custom_field_types"),
    "Customers_GetPreferredTechnician": _preferred_technician("customers"),
    "Customers_GetModifiedContactsList": paginated(
        "customer_contacts", order=BY_CHANGE, requires_one_of=("customerIds", *_CONTACT_DATES[:2])
    ),
    "ExportCustomers_GetCustomers": feed("customers"),
    "ExportContacts_CustomersContacts": feed("customer_contacts"),
    "Locations_GetList": paginated("locations"),
    "Locations_Get": row_by_id("locations"),
    "Locations_GetNotes": paginated("location_notes", within=rows_of("locations")),
    "Locations_GetContactList": paginated("location_contacts", within=rows_of_active("locations"), omit="locationId"),
    "Locations_GetCustomFieldTypes": paginated("location_custom_field_types"),
    "Locations_GetPreferredTechnician": _preferred_technician("locations"),
    "Locations_GetLocationsContactsList": paginated(
        "location_contacts", order=BY_CHANGE, requires_one_of=("locationIds", *_CONTACT_DATES)
    ),
    "ExportLocations_Locations": feed("locations"),
    "ExportContacts_LocationsContacts": feed("location_contacts"),
    "Contacts_GetList": paginated("contacts"),
    "Contacts_Get": _contact,
    "Contacts_GetByRelationshipId": paginated("contacts", within=_related),
    "Contacts_GetContactRelationshipList": paginated("contact_relationships", within=rows_of("contacts", "contactId")),
    "Contacts_SearchContactMethods": paginated("contact_methods"),
    "Contacts_GetPreferenceMetadataList": _preference_types,
    "ContactMethods_GetContactMethods": paginated("contact_methods", within=rows_of("contacts", "contactId")),
    "ContactMethods_GetContactMethod": _method,
    "ContactPreferences_GetContactMethodPreferences": _preferences,
    "ContactPreferences_GetContactMethodPreference": _preference,
    "Campaigns_GetList": paginated("campaigns"),
    "CampaignCategories_GetList": paginated("campaign_categories"),
    "BusinessUnits_GetList": paginated("business_units"),
    "TagTypes_GetList": paginated("tag_types"),
    "Employees_GetList": paginated("employees"),
    "Technicians_GetList": paginated("technicians"),
    "JobTypes_GetList": paginated("job_types"),
    "Jobs_GetList": paginated("jobs"),
    "CallReasons_Get": paginated("call_reasons"),
}
