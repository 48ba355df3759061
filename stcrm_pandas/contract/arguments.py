"""What methods that write take besides plain values: `CLEAR`, which sends null, and typed dictionaries.

The dictionaries are the objects inside a request body. A plain dictionary works, too.

>>> Address(street="12 Elm St", city="Austin", state="TX", zip="78701", country="USA")["zip"]
'78701'
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final, Literal, NotRequired, TypedDict

from stcrm_pandas.contract.schemas.parts import CustomField, ExternalData


class Clear(Enum):
    """The type of `CLEAR`."""

    CLEAR = "clear"

    def __repr__(self) -> str:
        return "CLEAR"


CLEAR: Final = Clear.CLEAR
"""Sent as null to clear a field. None does not change a field.

The API accepts null for only a few fields. For other fields, `CLEAR` raises an error.
"""

Clears = Literal[Clear.CLEAR]
"""The type of `CLEAR` in annotations."""


ContactType = Literal["Phone", "Email", "Fax", "MobilePhone"]
CustomerType = Literal["Residential", "Commercial"]
Priority = Literal["Low", "Normal", "High", "Urgent"]

CustomFieldValues = Mapping[int, str] | Iterable[CustomField]
"""Custom fields as `{type_id: value}`, or as the tuples in a DataFrame."""

Values = Mapping[str, str | Clears | None] | Iterable[ExternalData]
"""An application's data for a row, as `{key: value}` or as the tuples in a DataFrame."""


class Address(TypedDict):
    """A complete address. An update replaces the whole address.

    A new address may omit `unit`, `latitude` and `longitude`. A changed address must include `unit` (`""` if there is
    none). A changed address of a customer must also include both coordinates.
    """

    street: str
    unit: NotRequired[str | None]
    city: str
    state: str
    zip: str
    country: str
    latitude: NotRequired[float | Clears | None]
    longitude: NotRequired[float | Clears | None]


class NewContact(TypedDict):
    """A phone number or e-mail address of a new customer, location or booking."""

    type: ContactType
    value: str
    memo: NotRequired[str | None]


class ApplicationData(TypedDict):
    """An application's keys and values for a row, stored under a GUID that only the application has.

    In an update, `patch_mode="Replace"` (the API's default) deletes omitted keys, and `"Merge"` keeps them. With
    `"Merge"`, the value `CLEAR` deletes its key.
    """

    application_guid: str
    values: Values
    patch_mode: NotRequired[Literal["Replace", "Merge"] | None]


class Preferences(TypedDict):
    """The notification preferences of a contact. An update replaces all five.

    `invoice_statement_notification` is an older flag for `invoice_notification` and `statement_notification`. It is
    True if both are True.
    """

    job_reminders_enabled: bool
    marketing_updates_enabled: bool
    invoice_statement_notification: bool
    invoice_notification: bool
    statement_notification: bool


class NewLocation(TypedDict):
    """A location of a new customer."""

    name: str
    address: Address
    contacts: NotRequired[Iterable[NewContact] | None]
    custom_fields: NotRequired[CustomFieldValues | None]
    tag_type_ids: NotRequired[Iterable[int] | None]
    external_data: NotRequired[ApplicationData | None]
    coordinates_source: NotRequired[Literal["None", "System", "User", "Imported"] | None]
    coordinates_verification_status: NotRequired[Literal["Unverified", "InProgress", "Failed", "Verified"] | None]
