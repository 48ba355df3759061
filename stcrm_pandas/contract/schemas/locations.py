"""Rows of locations, with their fields by the API's names."""

from typing import NamedTuple

import pandas as pd

from stcrm_pandas.contract.schemas.fields import Row, boolean, enum, group, integer, records, text, time
from stcrm_pandas.contract.schemas.parts import (
    CONTACT,
    CONTACT_TYPE,
    CUSTOM_FIELD,
    CUSTOM_FIELD_TYPE,
    EXTERNAL_DATA,
    NOTE,
    PHONE_SETTINGS,
    PLACED_ADDRESS,
    PREFERENCES,
    PREFERRED_TECHNICIAN,
    Contact,
    CustomField,
    ExternalData,
)


class CreatedLocation(NamedTuple):
    """A location that was created with its customer, with the fields of a row of locations."""

    tax_zone_id: int | None
    id: int
    customer_id: int
    active: bool
    name: str
    address: dict[str, str | float | None]
    custom_fields: tuple[CustomField, ...]
    created_on: pd.Timestamp
    created_by_id: int
    modified_on: pd.Timestamp
    merged_to_id: int | None
    zone_id: int | None
    tax_exempt: bool
    tag_type_ids: tuple[int, ...]
    external_data: tuple[ExternalData, ...]
    contacts: tuple[Contact, ...]


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
LOCATION_TAGS = Row(
    "location_tags",
    "Crm.V2.Locations.CreateLocationTagResponse",
    (
        integer("locationId"),
        integer("tagTypeIds", many=True),
    ),
    key=("location_id",),
)
CREATED_LOCATIONS = Row(
    "created_locations",
    "Crm.V2.Locations.CreateLocationResponse",
    (*EXPORTED_LOCATIONS.fields, records("contacts", CONTACT, Contact)),
)
PREFERRED_TECHNICIANS_OF_LOCATIONS = Row(
    "preferred_technicians_of_locations",
    "",
    PREFERRED_TECHNICIAN,
    key=("location_id",),
    parents=(integer("locationId"),),
)
