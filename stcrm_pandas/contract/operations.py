"""The operations of the API as data: 88 of the CRM and nine for reference data from its other modules.

A path is relative to the API's address. Filters are the query parameters by the API's names, without `page`, `pageSize`,
`includeTotal`, `sort` and a feed's `from`, which follow from `returns` and `sort`.

>>> OPERATIONS["Leads_GetList"].path
'crm/v2/tenant/{tenant}/leads'
>>> by_name("leads.list").scope
'tn.crm.leads:r'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from stcrm_pandas.contract.schemas import bodies
from stcrm_pandas.contract.schemas.bookings import (
    BOOKING_CONTACTS,
    BOOKING_PROVIDER_TAGS,
    BOOKINGS,
    CREATED_BOOKING_PROVIDER_TAGS,
    EXPORTED_BOOKINGS,
    UPDATED_BOOKING_PROVIDER_TAGS,
)
from stcrm_pandas.contract.schemas.contacts import (
    CONTACT_METHODS,
    CONTACT_PREFERENCE_TYPES,
    CONTACT_PREFERENCES,
    CONTACT_RELATIONSHIPS,
    CONTACTS,
    CONTACTS_OF_RELATIONSHIP,
)
from stcrm_pandas.contract.schemas.customers import (
    CONTACTS_OF_CUSTOMER,
    CREATED_CUSTOMERS,
    CUSTOMER_CONTACTS,
    CUSTOMER_CUSTOM_FIELD_TYPES,
    CUSTOMER_NOTES,
    CUSTOMER_TAGS,
    CUSTOMERS,
    EXPORTED_CUSTOMER_CONTACTS,
    EXPORTED_CUSTOMERS,
    PREFERRED_TECHNICIANS_OF_CUSTOMERS,
)
from stcrm_pandas.contract.schemas.fields import Body, Field, Row, boolean, double, enum, guid, integer, text, time
from stcrm_pandas.contract.schemas.leads import (
    EXPORTED_LEADS,
    FOLLOW_UPS,
    LEAD_NOTES,
    LEAD_STATUS,
    LEADS,
    SUBMITTED_LEAD_FORMS,
)
from stcrm_pandas.contract.schemas.locations import (
    CONTACTS_OF_LOCATION,
    CREATED_LOCATIONS,
    EXPORTED_LOCATION_CONTACTS,
    EXPORTED_LOCATIONS,
    LOCATION_CONTACTS,
    LOCATION_CUSTOM_FIELD_TYPES,
    LOCATION_NOTES,
    LOCATION_TAGS,
    LOCATIONS,
    PREFERRED_TECHNICIANS_OF_LOCATIONS,
)
from stcrm_pandas.contract.schemas.lookups import (
    APPOINTMENT_STATUS,
    BUSINESS_UNITS,
    CALL_REASONS,
    CAMPAIGN_CATEGORIES,
    CAMPAIGNS,
    EMPLOYEES,
    JOB_STATUS,
    JOB_TYPES,
    JOBS,
    TAG_TYPES,
    TECHNICIANS,
)
from stcrm_pandas.contract.schemas.parts import ACTIVE as ACTIVE_WORDS

Returned = Literal["page", "feed", "array", "row", "scalar", "none"]
"""What the response is: a numbered page, a page of a feed, a bare list, one record, one value, nothing."""

IDS_PER_REQUEST = 50
"""How many ids the service accepts in one `ids=`."""


@dataclass(frozen=True)
class Sort:
    """A stable order for a list: the query parameters that request it."""

    query: tuple[tuple[str, str], ...]


BY_ID = Sort((("sort", "+Id"),))
BY_CREATED = Sort((("sort", "+CreatedOn"),))
"""For rows whose ids are GUIDs, which have no meaningful order."""
ORDER_BY = Sort((("orderBy", "Id"), ("orderByDirection", "Ascending")))


@dataclass(frozen=True)
class Operation:
    """One operation of the API and the method for it."""

    id: str
    method: str
    path: str
    scope: str
    name: str
    """Its method of the connection, such as `leads.list`."""
    returns: Returned
    row: Row | None = None
    filters: tuple[Field, ...] = ()
    required: tuple[tuple[str, str], ...] = ()
    """Filters that the service requires, as parameters of the method, with their values where none is given."""
    sort: Sort | None = None
    body: Body | None = None
    forgets: tuple[str, ...] = ()
    """The resources whose cached reads a write makes stale, its own and others."""
    shown_by: str | None = None
    """For a write: the read that shows whether it was carried out."""
    published: bool = True
    """False for operations that the published API description lacks."""

    @property
    def group(self) -> str:
        """Its group in the list of operations."""
        return "Export" if self.id.startswith("Export") else self.id.partition("_")[0]

    @property
    def resource(self) -> str:
        """The family of methods; the cache files reads under it."""
        return self.name.rpartition(".")[0]

    @property
    def writes(self) -> bool:
        """Whether the operation changes something."""
        return self.method != "GET"

    @property
    def path_names(self) -> tuple[str, ...]:
        """The parameters of the path, without the tenant."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path) if name != "tenant")

    @property
    def path_fields(self) -> tuple[Field, ...]:
        """The parameters of the path with their kinds, without the tenant."""
        return tuple(_path_field(self.resource, name) for name in self.path_names)

    @property
    def hides_inactive(self) -> bool:
        """Whether a list omits inactive rows by default."""
        return ACTIVE in self.filters


def _path_field(resource: str, name: str) -> Field:
    if name in ("typeSlug", "preferenceName"):
        return text(name)
    newer = resource in ("contacts", "contact_methods", "contact_preferences")
    return guid(name) if newer and name in ("id", "contactId", "contactMethodId") else integer(name)


_SCOPES = {
    "booking_provider_tags": "bookingprovidertags",
    "contact_methods": "contacts",
    "contact_preferences": "contacts",
}


def _crm(
    id: str, method: str, path: str, name: str, returns: Returned, row: Row | None = None, **more: Any
) -> Operation:
    resource = name.partition(".")[0]
    scope = f"tn.crm.{_SCOPES.get(resource, resource)}:{'r' if method == 'GET' else 'w'}"
    return Operation(id, method, f"crm/v2/tenant/{{tenant}}/{path}", scope, name, returns, row, **more)


SINCE_EVER = (("modified_on_or_after", "1970-01-01T00:00:00Z"),)
IDS = integer("ids", many=True)
ACTIVE = enum("active", ACTIVE_WORDS)
ARCHIVED = text("isArchived")
CREATED = (time("createdOnOrAfter"), time("createdBefore"))
MODIFIED = (time("modifiedOnOrAfter"), time("modifiedBefore"))
DATES = (*CREATED, *MODIFIED)
FEED = (boolean("includeRecentChanges"),)
EXTERNAL = (guid("externalDataApplicationGuid"), text("externalDataKey"), text("externalDataValues", many=True))
PLACE = (
    text("street"),
    text("unit"),
    text("city"),
    text("state"),
    text("zip"),
    text("country"),
    double("latitude"),
    double("longitude"),
)

BOOKING_FILTERS = (IDS, text("externalId"), *CREATED, *MODIFIED)
PROVIDER_TAG_FILTERS = (text("name"), IDS, *CREATED, *MODIFIED)
LEAD_FILTERS = (
    IDS,
    integer("customerId"),
    boolean("isProspect"),
    boolean("withoutCustomer"),
    enum("status", LEAD_STATUS),
    text("customerCity"),
    text("customerState"),
    text("customerZip"),
    time("customerCreatedOnOrAfter"),
    time("customerCreatedBefore"),
    time("customerModifiedOnOrAfter"),
    boolean("genPermUrl"),
    text("leadCustomerName"),
    text("leadPhone"),
    boolean("isCaptureSourceForm"),
    *CREATED,
    *MODIFIED,
)
CUSTOMER_FILTERS = (
    IDS,
    boolean("excludeAccountingChangesFromModifiedDateRange"),
    text("name"),
    text("phone"),
    ACTIVE,
    *CREATED,
    *MODIFIED,
    *EXTERNAL,
    *PLACE,
)
CUSTOMER_CONTACT_FILTERS = (integer("customerIds", many=True), *CREATED, *MODIFIED)
LOCATION_FILTERS = (IDS, text("name"), integer("customerId"), ACTIVE, *CREATED, *MODIFIED, *EXTERNAL, *PLACE)
LOCATION_CONTACT_FILTERS = (integer("locationIds", many=True), *CREATED, *MODIFIED)
CONTACT_FILTERS = (text("name"), text("title"), text("referenceId"), ARCHIVED, *CREATED, *MODIFIED)
RELATIONSHIP_FILTERS = (integer("relatedEntityId"), text("typeSlug"), text("typeName"), *CREATED)
METHOD_FILTERS = (text("referenceId"), text("type"), text("value"), *CREATED, *MODIFIED)
METHOD_SEARCH_FILTERS = (guid("contactId"), text("referenceId"), text("type"), text("value"), *CREATED, *MODIFIED)
CAMPAIGN_FILTERS = (ACTIVE, IDS, text("name"), text("campaignPhoneNumber"), *CREATED, *MODIFIED)
BUSINESS_UNIT_FILTERS = (IDS, text("name"), ACTIVE, guid("externalDataApplicationGuid"), *CREATED, *MODIFIED)
EMPLOYEE_FILTERS = (IDS, integer("userIds", many=True), text("name"), text("email"), ACTIVE, *CREATED, *MODIFIED)
TECHNICIAN_FILTERS = (IDS, integer("userIds", many=True), text("name"), ACTIVE, *CREATED, *MODIFIED)
JOB_TYPE_FILTERS = (
    text("name"),
    integer("minDuration"),
    integer("maxDuration"),
    text("priority"),
    IDS,
    ACTIVE,
    guid("externalDataApplicationGuid"),
    *CREATED,
    *MODIFIED,
)
JOB_FILTERS = (
    IDS,
    text("number"),
    integer("projectId"),
    integer("bookingId"),
    enum("jobStatus", JOB_STATUS),
    enum("appointmentStatus", APPOINTMENT_STATUS),
    text("priority"),
    time("firstAppointmentStartsOnOrAfter"),
    time("firstAppointmentStartsBefore"),
    time("appointmentStartsOnOrAfter"),
    time("appointmentStartsBefore"),
    integer("technicianId"),
    integer("customerId"),
    integer("locationId"),
    integer("soldById"),
    integer("jobTypeId"),
    integer("campaignId"),
    integer("businessUnitId"),
    integer("invoiceId"),
    integer("createdFromEstimateId"),
    integer("estimateIds", many=True),
    time("completedOnOrAfter"),
    time("completedBefore"),
    integer("tagTypeIds", many=True),
    integer("equipmentIds", many=True),
    boolean("hasUnusedAppointments"),
    *CREATED,
    *MODIFIED,
    *EXTERNAL,
)

# fmt: off
_TABLE: tuple[Operation, ...] = (
    # bookings
    _crm("Bookings_Create", "POST", "booking-provider/{booking_provider}/bookings", "bookings.create", "row", BOOKINGS, body=bodies.CREATE_BOOKING, forgets=("bookings",), shown_by="bookings.list_of_provider"),
    _crm("Bookings_CreateContact", "POST", "booking-provider/{booking_provider}/bookings/{id}/contacts", "bookings.create_contact", "row", BOOKING_CONTACTS, body=bodies.CREATE_BOOKING_CONTACT, forgets=("bookings",), shown_by="bookings.list_contacts_of_provider"),
    _crm("Bookings_DeleteContact", "DELETE", "booking-provider/{booking_provider}/bookings/{id}/contacts/{contactId}", "bookings.delete_contact", "none", forgets=("bookings",), shown_by="bookings.list_contacts_of_provider"),
    _crm("Bookings_DismissBooking", "POST", "booking-provider/{booking_provider}/bookings/{id}/dismiss", "bookings.dismiss", "none", body=bodies.DISMISS_BOOKING, forgets=("bookings",), shown_by="bookings.get"),
    _crm("ExportBookings_Get", "GET", "export/bookings", "bookings.export", "feed", EXPORTED_BOOKINGS, filters=FEED),
    _crm("Bookings_Get", "GET", "bookings/{id}", "bookings.get", "row", BOOKINGS),
    _crm("Bookings_GetForProvider", "GET", "booking-provider/{booking_provider}/bookings/{id}", "bookings.get_of_provider", "row", BOOKINGS),
    _crm("Bookings_GetList", "GET", "bookings", "bookings.list", "page", BOOKINGS, filters=BOOKING_FILTERS, sort=BY_ID),
    _crm("Bookings_GetContactList", "GET", "bookings/{id}/contacts", "bookings.list_contacts", "page", BOOKING_CONTACTS),
    _crm("Bookings_GetContactList2", "GET", "booking-provider/{booking_provider}/bookings/{id}/contacts", "bookings.list_contacts_of_provider", "page", BOOKING_CONTACTS),
    _crm("Bookings_GetList2", "GET", "booking-provider/{booking_provider}/bookings", "bookings.list_of_provider", "page", BOOKINGS, filters=BOOKING_FILTERS, sort=BY_ID),
    _crm("Bookings_Update", "PATCH", "booking-provider/{booking_provider}/bookings/{id}", "bookings.update", "row", BOOKINGS, body=bodies.UPDATE_BOOKING, forgets=("bookings",), shown_by="bookings.get"),
    _crm("Bookings_UpdateBookingContact", "PATCH", "booking-provider/{booking_provider}/bookings/{id}/contacts/{contactId}", "bookings.update_contact", "row", body=bodies.UPDATE_BOOKING_CONTACT, forgets=("bookings",), shown_by="bookings.list_contacts_of_provider"),
    # booking provider tags
    _crm("BookingProviderTags_Create", "POST", "booking-provider-tags", "booking_provider_tags.create", "row", CREATED_BOOKING_PROVIDER_TAGS, body=bodies.CREATE_BOOKING_PROVIDER_TAG, forgets=("booking_provider_tags",), shown_by="booking_provider_tags.list"),
    _crm("BookingProviderTags_Get", "GET", "booking-provider-tags/{id}", "booking_provider_tags.get", "row", BOOKING_PROVIDER_TAGS),
    _crm("BookingProviderTags_GetList", "GET", "booking-provider-tags", "booking_provider_tags.list", "page", BOOKING_PROVIDER_TAGS, filters=PROVIDER_TAG_FILTERS, sort=BY_ID),
    _crm("BookingProviderTags_Update", "PATCH", "booking-provider-tags/{id}", "booking_provider_tags.update", "row", UPDATED_BOOKING_PROVIDER_TAGS, body=bodies.UPDATE_BOOKING_PROVIDER_TAG, forgets=("booking_provider_tags",), shown_by="booking_provider_tags.get"),
    # tags
    _crm("BulkTags_AddTags", "PUT", "tags", "tags.add", "none", body=bodies.ADD_BULK_TAGS, forgets=("customers",), shown_by="customers.get"),
    _crm("BulkTags_RemoveTags", "DELETE", "tags", "tags.remove", "none", body=bodies.REMOVE_BULK_TAGS, forgets=("customers",), shown_by="customers.get"),
    # leads
    _crm("Leads_Create", "POST", "leads", "leads.create", "row", LEADS, body=bodies.CREATE_LEAD, forgets=("leads", "bookings"), shown_by="leads.list"),
    _crm("Leads_CreateFollowUp", "POST", "leads/{id}/follow-up", "leads.create_follow_up", "row", FOLLOW_UPS, body=bodies.CREATE_FOLLOW_UP, forgets=("leads",), shown_by="leads.get"),
    _crm("Leads_CreateNote", "POST", "leads/{id}/notes", "leads.create_note", "row", LEAD_NOTES, body=bodies.CREATE_LEAD_NOTE, forgets=("leads",), shown_by="leads.list_notes"),
    _crm("Leads_Dismiss", "POST", "leads/{id}/dismiss", "leads.dismiss", "none", body=bodies.DISMISS_LEAD, forgets=("leads",), shown_by="leads.get"),
    _crm("ExportLeads_Leads", "GET", "export/leads", "leads.export", "feed", EXPORTED_LEADS, filters=FEED),
    _crm("Leads_Get", "GET", "leads/{id}", "leads.get", "row", LEADS),
    _crm("Leads_GetList", "GET", "leads", "leads.list", "page", LEADS, filters=LEAD_FILTERS, sort=BY_ID),
    _crm("Leads_GetNotes", "GET", "leads/{id}/notes", "leads.list_notes", "page", LEAD_NOTES, filters=DATES),
    _crm("Leads_SubmitLeadForm", "POST", "leads/form", "leads.submit_form", "row", SUBMITTED_LEAD_FORMS, filters=(integer("id"),), body=bodies.SUBMIT_LEAD_FORM, forgets=("leads",), shown_by="leads.list"),
    _crm("Leads_Update", "PATCH", "leads/{id}", "leads.update", "row", LEADS, body=bodies.UPDATE_LEAD, forgets=("leads",), shown_by="leads.get"),
    # customers
    _crm("Customers_CreateTag", "POST", "customers/{id}/tags/{tagTypeId}", "customers.add_tag", "row", CUSTOMER_TAGS, forgets=("customers",), shown_by="customers.get"),
    _crm("Customers_Create", "POST", "customers", "customers.create", "row", CREATED_CUSTOMERS, body=bodies.CREATE_CUSTOMER, forgets=("customers", "locations"), shown_by="customers.list"),
    _crm("Customers_CreateContact", "POST", "customers/{id}/contacts", "customers.create_contact", "row", CONTACTS_OF_CUSTOMER, body=bodies.CREATE_CUSTOMER_CONTACT, forgets=("customers", "locations"), shown_by="customers.get_contacts"),
    _crm("Customers_CreateNote", "POST", "customers/{id}/notes", "customers.create_note", "row", CUSTOMER_NOTES, body=bodies.CREATE_CUSTOMER_NOTE, forgets=("customers", "locations"), shown_by="customers.list_notes"),
    _crm("Customers_DeleteContact", "DELETE", "customers/{id}/contacts/{contactId}", "customers.delete_contact", "none", forgets=("customers", "locations"), shown_by="customers.get_contacts"),
    _crm("Customers_DeleteNote", "DELETE", "customers/{id}/notes/{noteId}", "customers.delete_note", "none", forgets=("customers", "locations"), shown_by="customers.list_notes"),
    _crm("ExportCustomers_GetCustomers", "GET", "export/customers", "customers.export", "feed", EXPORTED_CUSTOMERS, filters=FEED),
    _crm("ExportContacts_CustomersContacts", "GET", "export/customers/contacts", "customers.export_contacts", "feed", EXPORTED_CUSTOMER_CONTACTS, filters=FEED),
    _crm("Customers_Get", "GET", "customers/{id}", "customers.get", "row", CUSTOMERS),
    _crm("Customers_GetContactList", "GET", "customers/{id}/contacts", "customers.get_contacts", "page", CONTACTS_OF_CUSTOMER),
    _crm("Customers_GetPreferredTechnician", "GET", "customers/{id}/preferredTechnician", "customers.get_preferred_technician", "scalar", PREFERRED_TECHNICIANS_OF_CUSTOMERS, published=False),
    _crm("Customers_GetList", "GET", "customers", "customers.list", "page", CUSTOMERS, filters=CUSTOMER_FILTERS, sort=BY_ID),
    _crm("Customers_GetModifiedContactsList", "GET", "customers/contacts", "customers.list_contacts", "page", CUSTOMER_CONTACTS, filters=CUSTOMER_CONTACT_FILTERS, required=SINCE_EVER),
    _crm("Customers_GetCustomFieldTypes", "GET", "customers/custom-fields", "customers.list_custom_field_types", "page", CUSTOMER_CUSTOM_FIELD_TYPES, filters=DATES, sort=BY_ID),
    _crm("Customers_GetNotes", "GET", "customers/{id}/notes", "customers.list_notes", "page", CUSTOMER_NOTES, filters=DATES),
    _crm("Customers_DeleteTag", "DELETE", "customers/{id}/tags/{tagTypeId}", "customers.remove_tag", "none", forgets=("customers",), shown_by="customers.get"),
    _crm("Customers_UpdatePreferredTechnician", "POST", "customers/{id}/preferredTechnician/{preferredTechnicianId}", "customers.set_preferred_technician", "none", forgets=("customers",), shown_by="customers.get_preferred_technician", published=False),
    _crm("Customers_Update", "PATCH", "customers/{id}", "customers.update", "row", CUSTOMERS, body=bodies.UPDATE_CUSTOMER, forgets=("customers", "leads"), shown_by="customers.get"),
    _crm("Customers_UpdateContact", "PATCH", "customers/{id}/contacts/{contactId}", "customers.update_contact", "row", CONTACTS_OF_CUSTOMER, body=bodies.UPDATE_CUSTOMER_CONTACT, forgets=("customers", "locations"), shown_by="customers.get_contacts"),
    # locations
    _crm("Locations_CreateTag", "POST", "locations/{id}/tags/{tagTypeId}", "locations.add_tag", "row", LOCATION_TAGS, forgets=("locations",), shown_by="locations.get"),
    _crm("Locations_Create", "POST", "locations", "locations.create", "row", CREATED_LOCATIONS, body=bodies.CREATE_LOCATION, forgets=("locations", "customers"), shown_by="locations.list"),
    _crm("Locations_CreateContact", "POST", "locations/{id}/contacts", "locations.create_contact", "row", CONTACTS_OF_LOCATION, body=bodies.CREATE_LOCATION_CONTACT, forgets=("locations", "customers"), shown_by="locations.get_contacts"),
    _crm("Locations_CreateNote", "POST", "locations/{id}/notes", "locations.create_note", "row", LOCATION_NOTES, body=bodies.CREATE_LOCATION_NOTE, forgets=("locations", "customers"), shown_by="locations.list_notes"),
    _crm("Locations_DeleteContact", "DELETE", "locations/{id}/contacts/{contactId}", "locations.delete_contact", "none", forgets=("locations", "customers"), shown_by="locations.get_contacts"),
    _crm("Locations_DeleteNote", "DELETE", "locations/{id}/notes/{noteId}", "locations.delete_note", "none", forgets=("locations", "customers"), shown_by="locations.list_notes"),
    _crm("ExportLocations_Locations", "GET", "export/locations", "locations.export", "feed", EXPORTED_LOCATIONS, filters=FEED),
    _crm("ExportContacts_LocationsContacts", "GET", "export/locations/contacts", "locations.export_contacts", "feed", EXPORTED_LOCATION_CONTACTS, filters=FEED),
    _crm("Locations_Get", "GET", "locations/{id}", "locations.get", "row", LOCATIONS),
    _crm("Locations_GetContactList", "GET", "locations/{id}/contacts", "locations.get_contacts", "page", CONTACTS_OF_LOCATION),
    _crm("Locations_GetPreferredTechnician", "GET", "locations/{id}/preferredtechnician", "locations.get_preferred_technician", "scalar", PREFERRED_TECHNICIANS_OF_LOCATIONS),
    _crm("Locations_GetList", "GET", "locations", "locations.list", "page", LOCATIONS, filters=LOCATION_FILTERS, sort=BY_ID),
    _crm("Locations_GetLocationsContactsList", "GET", "locations/contacts", "locations.list_contacts", "page", LOCATION_CONTACTS, filters=LOCATION_CONTACT_FILTERS, required=SINCE_EVER),
    _crm("Locations_GetCustomFieldTypes", "GET", "locations/custom-fields", "locations.list_custom_field_types", "page", LOCATION_CUSTOM_FIELD_TYPES, filters=DATES, sort=BY_ID),
    _crm("Locations_GetNotes", "GET", "locations/{id}/notes", "locations.list_notes", "page", LOCATION_NOTES, filters=DATES),
    _crm("Locations_DeleteTag", "DELETE", "locations/{id}/tags/{tagTypeId}", "locations.remove_tag", "none", forgets=("locations",), shown_by="locations.get"),
    _crm("Locations_UpdatePreferredTechnician", "POST", "locations/{id}/preferredtechnician/{preferredTechnicianId}", "locations.set_preferred_technician", "none", forgets=("locations",), shown_by="locations.get_preferred_technician"),
    _crm("Locations_Update", "PATCH", "locations/{id}", "locations.update", "row", LOCATIONS, body=bodies.UPDATE_LOCATION, forgets=("locations",), shown_by="locations.get"),
    _crm("Locations_UpdateContact", "PATCH", "locations/{id}/contacts/{contactId}", "locations.update_contact", "row", CONTACTS_OF_LOCATION, body=bodies.UPDATE_LOCATION_CONTACT, forgets=("locations", "customers"), shown_by="locations.get_contacts"),
    # contacts
    _crm("Contacts_Create", "POST", "contacts", "contacts.create", "row", CONTACTS, body=bodies.CREATE_CONTACT, forgets=("contacts",), shown_by="contacts.list"),
    _crm("Contacts_CreateContactRelationship", "POST", "contacts/{contactId}/relationships/{relatedEntityId}/{typeSlug}", "contacts.create_relationship", "none", forgets=("contacts",), shown_by="contacts.list_relationships"),
    _crm("Contacts_DeleteContact", "DELETE", "contacts/{id}", "contacts.delete", "none", forgets=("contacts", "contact_methods", "contact_preferences"), shown_by="contacts.list"),
    _crm("Contacts_DeleteContactRelationship", "DELETE", "contacts/{contactId}/relationships/{relatedEntityId}/{typeSlug}", "contacts.delete_relationship", "none", forgets=("contacts",), shown_by="contacts.list_relationships"),
    _crm("Contacts_Get", "GET", "contacts/{id}", "contacts.get", "row", CONTACTS),
    _crm("Contacts_GetList", "GET", "contacts", "contacts.list", "page", CONTACTS, filters=CONTACT_FILTERS, sort=BY_CREATED),
    _crm("Contacts_GetByRelationshipId", "GET", "contacts/relationships/{relationshipId}", "contacts.list_by_relationship", "page", CONTACTS_OF_RELATIONSHIP, filters=CONTACT_FILTERS, sort=BY_CREATED),
    _crm("Contacts_GetContactRelationshipList", "GET", "contacts/{contactId}/relationships", "contacts.list_relationships", "page", CONTACT_RELATIONSHIPS, filters=RELATIONSHIP_FILTERS, sort=BY_CREATED),
    _crm("Contacts_Replace", "PUT", "contacts/{id}", "contacts.replace", "row", CONTACTS, body=bodies.REPLACE_CONTACT, forgets=("contacts",), shown_by="contacts.get"),
    _crm("Contacts_Update", "PATCH", "contacts/{id}", "contacts.update", "row", CONTACTS, body=bodies.UPDATE_CONTACT, forgets=("contacts",), shown_by="contacts.get"),
    # contact methods
    _crm("ContactMethods_CreateContactMethod", "POST", "contacts/{contactId}/contact-methods", "contact_methods.create", "row", CONTACT_METHODS, body=bodies.CREATE_CONTACT_METHOD, forgets=("contact_methods", "contact_preferences", "contacts"), shown_by="contact_methods.list"),
    _crm("ContactMethods_DeleteContactMethod", "DELETE", "contacts/{contactId}/contact-methods/{contactMethodId}", "contact_methods.delete", "none", forgets=("contact_methods", "contact_preferences", "contacts"), shown_by="contact_methods.list"),
    _crm("ContactMethods_GetContactMethod", "GET", "contacts/{contactId}/contact-methods/{contactMethodId}", "contact_methods.get", "row", CONTACT_METHODS),
    _crm("ContactMethods_GetContactMethods", "GET", "contacts/{contactId}/contact-methods", "contact_methods.list", "page", CONTACT_METHODS, filters=METHOD_FILTERS, sort=BY_CREATED),
    _crm("Contacts_SearchContactMethods", "GET", "contacts/contact-methods", "contact_methods.search", "page", CONTACT_METHODS, filters=METHOD_SEARCH_FILTERS, sort=BY_CREATED),
    _crm("ContactMethods_UpdateContactMethod", "PATCH", "contacts/{contactId}/contact-methods/{contactMethodId}", "contact_methods.update", "row", CONTACT_METHODS, body=bodies.UPDATE_CONTACT_METHOD, forgets=("contact_methods", "contact_preferences", "contacts"), shown_by="contact_methods.get"),
    _crm("ContactMethods_UpsertContactMethod", "PUT", "contacts/{contactId}/contact-methods/{contactMethodId}", "contact_methods.upsert", "row", CONTACT_METHODS, body=bodies.UPSERT_CONTACT_METHOD, forgets=("contact_methods", "contact_preferences", "contacts"), shown_by="contact_methods.list"),
    # contact preferences
    _crm("ContactPreferences_GetContactMethodPreference", "GET", "contacts/{contactId}/contact-methods/{contactMethodId}/preferences/{preferenceName}", "contact_preferences.get", "row", CONTACT_PREFERENCES),
    _crm("ContactPreferences_GetContactMethodPreferences", "GET", "contacts/{contactId}/contact-methods/{contactMethodId}/preferences", "contact_preferences.list", "array", CONTACT_PREFERENCES),
    _crm("Contacts_GetPreferenceMetadataList", "GET", "contacts/preferences", "contact_preferences.list_types", "array", CONTACT_PREFERENCE_TYPES),
    _crm("ContactPreferences_UpdateContactMethodPreference", "PATCH", "contacts/{contactId}/contact-methods/{contactMethodId}/preferences/{preferenceName}", "contact_preferences.update", "row", CONTACT_PREFERENCES, body=bodies.UPDATE_CONTACT_PREFERENCE, forgets=("contact_preferences", "contact_methods"), shown_by="contact_preferences.get"),
    # lookups
    Operation("Campaigns_GetList", "GET", "marketing/v2/tenant/{tenant}/campaigns", "tn.mrk.campaigns:r", "lookups.campaigns.list", "page", CAMPAIGNS, filters=CAMPAIGN_FILTERS, sort=BY_ID),
    Operation("CampaignCategories_GetList", "GET", "marketing/v2/tenant/{tenant}/categories", "tn.mrk.categories:r", "lookups.campaign_categories.list", "page", CAMPAIGN_CATEGORIES, filters=DATES, sort=BY_ID),
    Operation("BusinessUnits_GetList", "GET", "settings/v2/tenant/{tenant}/business-units", "tn.stt.businessunits:r", "lookups.business_units.list", "page", BUSINESS_UNITS, filters=BUSINESS_UNIT_FILTERS),
    Operation("TagTypes_GetList", "GET", "settings/v2/tenant/{tenant}/tag-types", "tn.stt.tagtypes:r", "lookups.tag_types.list", "page", TAG_TYPES, filters=(ACTIVE, *CREATED, *MODIFIED), sort=BY_ID),
    Operation("Employees_GetList", "GET", "settings/v2/tenant/{tenant}/employees", "tn.stt.employees:r", "lookups.employees.list", "page", EMPLOYEES, filters=EMPLOYEE_FILTERS),
    Operation("Technicians_GetList", "GET", "settings/v2/tenant/{tenant}/technicians", "tn.stt.technicians:r", "lookups.technicians.list", "page", TECHNICIANS, filters=TECHNICIAN_FILTERS),
    Operation("JobTypes_GetList", "GET", "jpm/v2/tenant/{tenant}/job-types", "tn.jpm.jobtypes:r", "lookups.job_types.list", "page", JOB_TYPES, filters=JOB_TYPE_FILTERS, sort=ORDER_BY),
    Operation("Jobs_GetList", "GET", "jpm/v2/tenant/{tenant}/jobs", "tn.jpm.jobs:r", "lookups.jobs.list", "page", JOBS, filters=JOB_FILTERS, sort=BY_ID),
    Operation("CallReasons_Get", "GET", "jbce/v2/tenant/{tenant}/call-reasons", "tn.jbce.callreasons:r", "lookups.call_reasons.list", "page", CALL_REASONS, filters=(ACTIVE, *CREATED, *MODIFIED), sort=BY_ID),
)
# fmt: on

OPERATIONS: dict[str, Operation] = {operation.id: operation for operation in _TABLE}
"""All operations by their operationId, those for reference data last."""


@cache
def _by_name() -> dict[str, Operation]:
    return {operation.name: operation for operation in _TABLE}


def by_name(name: str) -> Operation:
    """Return the operation of a method, such as `leads.list`.

    Raises
    ------
    KeyError
        No operation has this name.
    """
    return _by_name()[name]
