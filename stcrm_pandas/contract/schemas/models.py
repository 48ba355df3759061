"""One pandera model per kind of row, made from its field table.

A model checks a frame without changing it: that all columns are there, with their dtypes, and that no key stands
twice. Columns that the contract does not know are allowed, and every column may hold missing values, since the
service keeps fewer of its promises than the contract makes.

>>> import pandas as pd
>>> str(CallReasons.validate(CallReasons.empty()).dtypes["is_lead"])
'boolean'
"""

from __future__ import annotations

from typing import Any, ClassVar, Self, cast

import pandas as pd
import pandera.pandas as pa
from pandera.dtypes import immutable
from pandera.engines import pandas_engine
from pandera.typing.pandas import DataFrame

from stcrm_pandas.contract.schemas import bookings, contacts, customers, leads, locations, lookups
from stcrm_pandas.contract.schemas.fields import DTYPES, Row

__all__ = [
    "BookingContacts",
    "BookingProviderTags",
    "Bookings",
    "BusinessUnits",
    "CallReasons",
    "CampaignCategories",
    "Campaigns",
    "ContactMethods",
    "ContactPreferenceTypes",
    "ContactPreferences",
    "ContactRelationships",
    "Contacts",
    "ContactsOfCustomer",
    "ContactsOfLocation",
    "ContactsOfRelationship",
    "CreatedBookingProviderTags",
    "CreatedCustomers",
    "CreatedLocations",
    "CustomerContacts",
    "CustomerCustomFieldTypes",
    "CustomerNotes",
    "CustomerTags",
    "Customers",
    "Employees",
    "ExportedBookings",
    "ExportedCustomerContacts",
    "ExportedCustomers",
    "ExportedLeads",
    "ExportedLocationContacts",
    "ExportedLocations",
    "FollowUps",
    "JobTypes",
    "Jobs",
    "LeadNotes",
    "Leads",
    "LocationContacts",
    "LocationCustomFieldTypes",
    "LocationNotes",
    "LocationTags",
    "Locations",
    "Model",
    "PreferredTechniciansOfCustomers",
    "PreferredTechniciansOfLocations",
    "SubmittedLeadForms",
    "TagTypes",
    "Technicians",
    "UpdatedBookingProviderTags",
]


@immutable(init=True)
class Exactly(pandas_engine.DataType):
    """A dtype that only itself is: pandera takes `int64` for `Int64` and `object` for `str`."""

    def __init__(self, dtype: str) -> None:
        object.__setattr__(self, "type", pd.api.types.pandas_dtype(dtype))

    def check(self, pandera_dtype: Any, data_container: Any = None) -> bool:
        """Whether the data have this dtype; where text is stored makes no difference."""
        held = pandera_dtype.type if data_container is None else data_container.dtype
        return str(held) == str(self)


_DTYPES = {dtype: Exactly(dtype) for dtype in (*DTYPES.values(), "object")}

_BY_ROW: dict[str, type[Model]] = {}


def model_of(row: Row) -> type[Model]:
    """The model of a kind of row."""
    return _BY_ROW[row.name]


class Model(pa.DataFrameModel):
    """What all models share; a subclass names its row and gets the columns from there."""

    _row: ClassVar[Row]

    class Config:
        """What pandera is told: nothing is bent, and more columns than the contract's are no fault."""

        coerce = False
        strict = False

    def __init_subclass__(cls, *, row: Row, **kwargs: Any) -> None:
        cls.__annotations__ = {column.name: _DTYPES[column.dtype] for column in row.columns}
        for column in row.columns:
            setattr(cls, column.name, pa.Field(nullable=True, alias=column.name))
        super().__init_subclass__(**kwargs)  # type: ignore[no-untyped-call]
        cls._row = row
        _BY_ROW[row.name] = cls

    @pa.dataframe_check(error="no key stands twice")
    def _one_row_per_key(cls, frame: pd.DataFrame) -> bool:
        # Rows without a key are all different. One verdict for all: pandera would keep the rows that fail.
        if not set(cls._row.key) <= set(frame.columns):
            return True  # a missing column is told by itself
        keys = frame[list(cls._row.key)]
        return not (keys.duplicated() & keys.notna().all(axis="columns")).any()

    @classmethod
    def empty(cls, *_: Any) -> DataFrame[Self]:
        """A frame without rows, with the columns and dtypes of a full one."""
        return cast(
            "DataFrame[Self]",
            pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in cls._row.dtypes.items()}),
        )


class Leads(Model, row=leads.LEADS):
    """Leads: inquiries that were not booked at first contact."""


class ExportedLeads(Model, row=leads.EXPORTED_LEADS):
    """Leads as the feed hands them out, deleted ones (`active` false) included."""


class LeadNotes(Model, row=leads.LEAD_NOTES):
    """Notes on leads."""


class FollowUps(Model, row=leads.FOLLOW_UPS):
    """What a follow-up that was made for a lead says."""


class SubmittedLeadForms(Model, row=leads.SUBMITTED_LEAD_FORMS):
    """The leads that submitted forms became."""


class Bookings(Model, row=bookings.BOOKINGS):
    """Bookings: requests for an appointment that came in from outside."""


class ExportedBookings(Model, row=bookings.EXPORTED_BOOKINGS):
    """Bookings as the feed hands them out, deleted ones included."""


class BookingContacts(Model, row=bookings.BOOKING_CONTACTS):
    """Phones and e-mails of bookings."""


class BookingProviderTags(Model, row=bookings.BOOKING_PROVIDER_TAGS):
    """Names of booking providers."""


class CreatedBookingProviderTags(Model, row=bookings.CREATED_BOOKING_PROVIDER_TAGS):
    """Names of booking providers as the call that makes one answers them."""


class UpdatedBookingProviderTags(Model, row=bookings.UPDATED_BOOKING_PROVIDER_TAGS):
    """Names of booking providers as the call that changes one answers them."""


class Customers(Model, row=customers.CUSTOMERS):
    """Customers, inactive and merged ones included."""


class ExportedCustomers(Model, row=customers.EXPORTED_CUSTOMERS):
    """Customers as the feed hands them out."""


class CustomerContacts(Model, row=customers.CUSTOMER_CONTACTS):
    """Phones and e-mails of customers, with the preferences of each."""


class ContactsOfCustomer(Model, row=customers.CONTACTS_OF_CUSTOMER):
    """Phones and e-mails of named customers."""


class ExportedCustomerContacts(Model, row=customers.EXPORTED_CUSTOMER_CONTACTS):
    """Phones and e-mails of customers as the feed hands them out."""


class CustomerNotes(Model, row=customers.CUSTOMER_NOTES):
    """Notes on customers."""


class CustomerCustomFieldTypes(Model, row=customers.CUSTOMER_CUSTOM_FIELD_TYPES):
    """Kinds of custom fields that customers have."""


class CreatedCustomers(Model, row=customers.CREATED_CUSTOMERS):
    """Customers as the call that makes one answers them, with their locations and contacts."""


class CustomerTags(Model, row=customers.CUSTOMER_TAGS):
    """All tags of a customer to whom one was added."""


class PreferredTechniciansOfCustomers(Model, row=customers.PREFERRED_TECHNICIANS_OF_CUSTOMERS):
    """Preferred technicians of customers; missing where there is none."""


class Locations(Model, row=locations.LOCATIONS):
    """Locations: the places where work is done."""


class ExportedLocations(Model, row=locations.EXPORTED_LOCATIONS):
    """Locations as the feed hands them out."""


class LocationContacts(Model, row=locations.LOCATION_CONTACTS):
    """Phones and e-mails of locations, with the preferences of each."""


class ContactsOfLocation(Model, row=locations.CONTACTS_OF_LOCATION):
    """Phones and e-mails of named locations."""


class ExportedLocationContacts(Model, row=locations.EXPORTED_LOCATION_CONTACTS):
    """Phones and e-mails of locations as the feed hands them out."""


class LocationNotes(Model, row=locations.LOCATION_NOTES):
    """Notes on locations."""


class LocationCustomFieldTypes(Model, row=locations.LOCATION_CUSTOM_FIELD_TYPES):
    """Kinds of custom fields that locations have."""


class CreatedLocations(Model, row=locations.CREATED_LOCATIONS):
    """Locations as the call that makes one answers them, with their contacts."""


class LocationTags(Model, row=locations.LOCATION_TAGS):
    """All tags of a location to which one was added."""


class PreferredTechniciansOfLocations(Model, row=locations.PREFERRED_TECHNICIANS_OF_LOCATIONS):
    """Preferred technicians of locations; missing where there is none."""


class Contacts(Model, row=contacts.CONTACTS):
    """Contacts of the newer store, keyed by GUID."""


class ContactMethods(Model, row=contacts.CONTACT_METHODS):
    """Ways to reach a contact of the newer store."""


class ContactRelationships(Model, row=contacts.CONTACT_RELATIONSHIPS):
    """What a contact of the newer store belongs to."""


class ContactsOfRelationship(Model, row=contacts.CONTACTS_OF_RELATIONSHIP):
    """Contacts of the newer store by what they belong to."""


class ContactPreferences(Model, row=contacts.CONTACT_PREFERENCES):
    """Preferences of one way to reach a contact."""


class ContactPreferenceTypes(Model, row=contacts.CONTACT_PREFERENCE_TYPES):
    """Kinds of contact preferences."""


class Campaigns(Model, row=lookups.CAMPAIGNS):
    """Marketing campaigns, retired ones included."""


class CampaignCategories(Model, row=lookups.CAMPAIGN_CATEGORIES):
    """Categories of campaigns."""


class BusinessUnits(Model, row=lookups.BUSINESS_UNITS):
    """Business units, inactive ones included."""


class TagTypes(Model, row=lookups.TAG_TYPES):
    """Kinds of tags."""


class Employees(Model, row=lookups.EMPLOYEES):
    """Office staff; `user_id` is what `created_by_id` elsewhere refers to."""


class Technicians(Model, row=lookups.TECHNICIANS):
    """Technicians; `user_id` is what `created_by_id` elsewhere refers to."""


class JobTypes(Model, row=lookups.JOB_TYPES):
    """Kinds of jobs."""


class Jobs(Model, row=lookups.JOBS):
    """Jobs: the work itself."""


class CallReasons(Model, row=lookups.CALL_REASONS):
    """Reasons of calls; those with `is_lead` false do not count as leads."""
