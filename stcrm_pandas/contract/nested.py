"""The small objects inside a call that writes, typed: each is a plain dictionary, and can be written as one.

>>> Address(street="12 Elm St", city="Austin", state="TX", zip="78701", country="USA")["zip"]
'78701'
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NotRequired, TypedDict

from stcrm_pandas.contract.schemas.parts import CustomField, ExternalData
from stcrm_pandas.contract.sentinel import Clears

ContactType = Literal["Phone", "Email", "Fax", "MobilePhone"]
CustomerType = Literal["Residential", "Commercial"]
Priority = Literal["Low", "Normal", "High", "Urgent"]

CustomFieldValues = Mapping[int, str] | Iterable[CustomField]
"""Custom fields: `{type_id: value}`, or the tuples that a frame has."""

Values = Mapping[str, str | Clears | None] | Iterable[ExternalData]
"""What an application keeps on a row: `{key: value}`, or the tuples that a frame has."""


class Address(TypedDict):
    """An address; it is always sent whole.

    A new one may leave out `unit`, `latitude` and `longitude`. A changed one may not leave out `unit` (`""` where there
    is none), and a changed address of a customer neither of the coordinates.
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
    """A phone or an e-mail of a new customer, location or booking."""

    type: ContactType
    value: str
    memo: NotRequired[str | None]


class ApplicationData(TypedDict):
    """Keys and values that an application keeps on a row, under the GUID that only it knows.

    In a change, `patch_mode` says what becomes of the keys that are not named: `"Replace"` (the service's default)
    drops them, `"Merge"` keeps them; there `CLEAR` as a value deletes its key.
    """

    application_guid: str
    values: Values
    patch_mode: NotRequired[Literal["Replace", "Merge"] | None]


class Preferences(TypedDict):
    """What a contact wants to be told; always sent whole.

    `invoice_statement_notification` is the older flag for both that follow it: it must be what they are together.
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
