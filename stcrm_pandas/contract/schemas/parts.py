"""Enums and nested objects that several kinds of rows share."""

from typing import NamedTuple

from stcrm_pandas.contract.schemas.fields import boolean, double, enum, integer, text, time

PRIORITY = ("Low", "Normal", "High", "Urgent")
CONTACT_TYPE = ("Phone", "Email", "Fax", "MobilePhone")
CUSTOMER_TYPE = ("Residential", "Commercial")
ACTIVE = ("True", "Any", "False")

ADDRESS = (text("street"), text("unit?"), text("city"), text("state"), text("zip"), text("country"))
PLACED_ADDRESS = (*ADDRESS, double("latitude?"), double("longitude?"))
NAMED = (integer("id"), text("name"))
PHONE_SETTINGS = (text("phoneNumber"), boolean("doNotText"))
PREFERENCES = (
    boolean("jobRemindersEnabled"),
    boolean("marketingUpdatesEnabled"),
    boolean("invoiceStatementNotification"),
    boolean("invoiceNotification"),
    boolean("statementNotification"),
)
NOTE = (
    integer("id"),
    text("text"),
    boolean("isPinned"),
    integer("createdById"),
    time("createdOn"),
    time("modifiedOn"),
)
CUSTOM_FIELD_TYPE = (
    integer("id"),
    text("name?"),
    text("dataType?"),
    text("dataTypeOptions?", many=True),
    time("createdOn"),
    time("modifiedOn"),
)


class CustomField(NamedTuple):
    """One custom field of a row: the id of its type, its name, and its value as text."""

    type_id: int
    name: str | None
    value: str | None


class ExternalData(NamedTuple):
    """One key of an application's data for a row, with its value."""

    key: str
    value: str | None


class Contact(NamedTuple):
    """A phone number or e-mail address that was created with a customer or a location."""

    id: int
    type: str
    value: str
    memo: str | None


class Permission(NamedTuple):
    """One permission of an employee."""

    id: int
    value: str | None


class Skill(NamedTuple):
    """One skill of a technician."""

    id: int
    name: str | None


CUSTOM_FIELD = (integer("typeId"), text("name?"), text("value?"))
EXTERNAL_DATA = (text("key"), text("value"))
PERMISSION = (integer("id"), text("value?"))
SKILL = (integer("id"), text("name?"))
CONTACT = (
    integer("id"),
    enum("type", CONTACT_TYPE),
    text("value"),
    text("memo?"),
)
PREFERRED_TECHNICIAN = (integer("technicianId?"),)
"""The response is only a number or null; the field name is not the API's."""
