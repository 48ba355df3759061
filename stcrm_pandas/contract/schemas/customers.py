"""Rows of customers, with their fields by the API's names."""

from stcrm_pandas.contract.schemas.fields import Row, boolean, decimal, enum, group, integer, records, text, time
from stcrm_pandas.contract.schemas.locations import CREATED_LOCATIONS, CreatedLocation
from stcrm_pandas.contract.schemas.parts import (
    CONTACT,
    CONTACT_TYPE,
    CUSTOM_FIELD,
    CUSTOM_FIELD_TYPE,
    CUSTOMER_TYPE,
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

CUSTOMERS = Row(
    "customers",
    "Crm.V2.Customers.CustomerResponse",
    (
        integer("id"),
        boolean("active"),
        text("name"),
        enum("type", CUSTOMER_TYPE),
        group("address", PLACED_ADDRESS),
        records("customFields", CUSTOM_FIELD, CustomField),
        decimal("balance"),
        boolean("taxExempt"),
        integer("tagTypeIds", many=True),
        boolean("doNotMail"),
        boolean("doNotService"),
        boolean("nationalAccount"),
        time("createdOn"),
        integer("createdById"),
        time("modifiedOn"),
        integer("mergedToId?"),
        integer("paymentTermId?"),
        decimal("creditLimit?"),
        decimal("creditLimitBalance?"),
        records("externalData", EXTERNAL_DATA, ExternalData),
    ),
)
EXPORTED_CUSTOMERS = Row("exported_customers", "Crm.V2.ExportCustomerResponse", CUSTOMERS.fields)
CUSTOMER_CONTACTS = Row(
    "customer_contacts",
    "Crm.V2.Customers.CustomerContactWithModifiedOnAndCustomerIdResponse",
    (
        time("modifiedOn"),
        group("phoneSettings", PHONE_SETTINGS),
        time("createdOn"),
        group("preferences?", PREFERENCES),
        integer("id"),
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo?"),
        integer("customerId"),
    ),
    key=("customer_id", "id"),
)
CONTACTS_OF_CUSTOMER = Row(
    "contacts_of_customer",
    "Crm.V2.Customers.CustomerContactWithModifiedOnResponse",
    (
        integer("id"),
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo?"),
        time("modifiedOn"),
        group("phoneSettings", PHONE_SETTINGS),
        time("createdOn"),
        group("preferences?", PREFERENCES),
    ),
    key=("customer_id", "id"),
    parents=(integer("customerId"),),
)
EXPORTED_CUSTOMER_CONTACTS = Row(
    "exported_customer_contacts",
    "Crm.V2.ExportCustomerContactResponse",
    (*CONTACTS_OF_CUSTOMER.fields, integer("customerId"), boolean("active")),
    key=("customer_id", "id"),
)
CUSTOMER_NOTES = Row(
    "customer_notes",
    "Crm.V2.NoteResponse",
    NOTE,
    key=("customer_id", "id"),
    parents=(integer("customerId"),),
)
CUSTOMER_CUSTOM_FIELD_TYPES = Row(
    "customer_custom_field_types",
    "Crm.V2.Customers.CustomFieldTypeResponse",
    CUSTOM_FIELD_TYPE,
)
CUSTOMER_TAGS = Row(
    "customer_tags",
    "Crm.V2.Customers.CreateCustomerTagResponse",
    (
        integer("customerId"),
        integer("tagTypeIds", many=True),
    ),
    key=("customer_id",),
)
CREATED_CUSTOMERS = Row(
    "created_customers",
    "Crm.V2.Customers.CreatedCustomerResponse",
    (
        *CUSTOMERS.fields,
        records("locations", CREATED_LOCATIONS.fields, CreatedLocation),
        records("contacts", CONTACT, Contact),
    ),
)
PREFERRED_TECHNICIANS_OF_CUSTOMERS = Row(
    "preferred_technicians_of_customers",
    "",
    PREFERRED_TECHNICIAN,
    key=("customer_id",),
    parents=(integer("customerId"),),
)
