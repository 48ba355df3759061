"""The rows of locations, field by field as the contract names them."""

from stcrm_pandas.schemas.fields import Row, boolean, enum, group, integer, records, text, time
from stcrm_pandas.schemas.parts import (
    CONTACT_TYPE,
    CUSTOM_FIELD,
    CUSTOM_FIELD_TYPE,
    EXTERNAL_DATA,
    NOTE,
    PHONE_SETTINGS,
    PLACED_ADDRESS,
    PREFERENCES,
    CustomField,
    ExternalData,
)

LOCATIONS = Row(
    "locations",
    "Crm.V2.Locations.LocationResponse",
    (
        integer("id"),
        integer("customerId"),
        boolean("active"),
        text("name"),
        group("address", PLACED_ADDRESS),
        records("customFields", CUSTOM_FIELD, CustomField),
        time("createdOn"),
        integer("createdById"),
        time("modifiedOn"),
        integer("mergedToId?"),
        integer("zoneId?"),
        boolean("taxExempt"),
        integer("tagTypeIds", many=True),
        records("externalData", EXTERNAL_DATA, ExternalData),
        integer("taxZoneId?"),
    ),
)
EXPORTED_LOCATIONS = Row(
    "exported_locations",
    "Crm.V2.ExportLocationsResponse",
    (
        integer("taxZoneId?"),
        integer("id"),
        integer("customerId"),
        boolean("active"),
        text("name"),
        group("address", PLACED_ADDRESS),
        records("customFields", CUSTOM_FIELD, CustomField),
        time("createdOn"),
        integer("createdById"),
        time("modifiedOn"),
        integer("mergedToId?"),
        integer("zoneId?"),
        boolean("taxExempt"),
        integer("tagTypeIds", many=True),
        records("externalData", EXTERNAL_DATA, ExternalData),
    ),
)
LOCATION_CONTACTS = Row(
    "location_contacts",
    "Crm.V2.LocationsContactResponse",
    (
        integer("id"),
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo?"),
        group("phoneSettings", PHONE_SETTINGS),
        time("modifiedOn"),
        time("createdOn"),
        group("preferences?", PREFERENCES),
        integer("locationId"),
    ),
    key=("location_id", "id"),
)
CONTACTS_OF_LOCATION = Row(
    "contacts_of_location",
    "Crm.V2.LocationContactResponse",
    (
        integer("id"),
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo?"),
        group("phoneSettings", PHONE_SETTINGS),
        time("modifiedOn"),
        time("createdOn"),
        group("preferences?", PREFERENCES),
    ),
    key=("location_id", "id"),
    parents=(integer("locationId"),),
)
EXPORTED_LOCATION_CONTACTS = Row(
    "exported_location_contacts",
    "Crm.V2.ExportLocationContactResponse",
    (*CONTACTS_OF_LOCATION.fields, integer("locationId"), boolean("active")),
    key=("location_id", "id"),
)
LOCATION_NOTES = Row(
    "location_notes",
    "Crm.V2.NoteResponse",
    NOTE,
    key=("location_id", "id"),
    parents=(integer("locationId"),),
)
LOCATION_CUSTOM_FIELD_TYPES = Row(
    "location_custom_field_types",
    "Crm.V2.Locations.CustomFieldTypeResponse",
    CUSTOM_FIELD_TYPE,
)
