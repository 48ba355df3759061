"""Rows of the newer contacts API (`crm.contacts`), with their fields by the API's names."""

from stcrm_pandas.contract.schemas.fields import Row, boolean, enum, guid, integer, text, time
from stcrm_pandas.contract.schemas.parts import CONTACT_TYPE

CONTACTS = Row(
    "contacts",
    "Crm.V2.ContactResponse",
    (
        guid("id"),
        text("referenceId?"),
        text("name?"),
        text("title?"),
        boolean("isArchived"),
        time("createdOn"),
        integer("createdBy"),
        time("modifiedOn"),
        integer("modifiedBy"),
    ),
)
CONTACT_METHODS = Row(
    "contact_methods",
    "Crm.V2.ContactMethodResponse",
    (
        guid("id"),
        guid("contactId"),
        text("referenceId?"),
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo?"),
        time("createdOn"),
        integer("createdBy"),
        time("modifiedOn"),
        integer("modifiedBy"),
    ),
    key=("contact_id", "id"),
)
CONTACT_RELATIONSHIPS = Row(
    "contact_relationships",
    "Crm.V2.ContactRelationshipResponse",
    (
        guid("id"),
        integer("relatedEntityId"),
        text("typeName"),
        text("typeSlug"),
        time("createdOn"),
        integer("createdBy"),
    ),
    key=("contact_id", "id"),
    parents=(guid("contactId"),),
)
CONTACT_PREFERENCES = Row(
    "contact_preferences",
    "Crm.V2.ContactPreferenceResponse",
    (
        text("name"),
        text("dataType"),
        text("value?"),
    ),
    key=("contact_id", "contact_method_id", "name"),
    parents=(
        guid("contactId"),
        guid("contactMethodId"),
    ),
)
CONTACT_PREFERENCE_TYPES = Row(
    "contact_preference_types",
    "Crm.V2.ContactPreferenceTypeResponse",
    (
        guid("id"),
        text("name"),
        text("description?"),
        text("dataType"),
    ),
)
CONTACTS_OF_RELATIONSHIP = Row(
    "contacts_of_relationship",
    "Crm.V2.ContactResponse",
    CONTACTS.fields,
    key=("relationship_id", "id"),
    parents=(integer("relationshipId"),),
)
