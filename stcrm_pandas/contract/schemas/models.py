"""One pandera model per kind of row, made from its table of fields.

A model checks a DataFrame without changing it: all columns are present with their dtypes, and no key is duplicated.
Columns that the API does not document are allowed, and every column may have missing values, because the service does
not always comply with its documentation.

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
from stcrm_pandas.contract.schemas.fields import Column, Row
from stcrm_pandas.contract.schemas.list_dtype import ListDtype, dtype_of, dtypes_of

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
    """A dtype that equals only itself; pandera accepts `int64` for `Int64` and `object` for `str`."""

    def __init__(self, column: Column) -> None:
        object.__setattr__(self, "type", dtype_of(column))

    def check(self, pandera_dtype: Any, data_container: Any = None) -> bool:
        """Return whether the data have this dtype, however text and lists are stored."""
        held = pandera_dtype.type if data_container is None else data_container.dtype
        return str(held) == str(self) or (isinstance(self.type, ListDtype) and str(held) == "object")


_BY_ROW: dict[str, type[Model]] = {}


def model_of(row: Row) -> type[Model]:
    """Return the model of a kind of row."""
    return _BY_ROW[row.name]


class Model(pa.DataFrameModel):
    """Base class of all models. The row type of a subclass determines its columns."""

    _row: ClassVar[Row]

    class Config:
        """The settings of pandera: values are not converted, and additional columns are allowed."""

        coerce = False
        strict = False

    def __init_subclass__(cls, *, row: Row, **kwargs: Any) -> None:
        cls.__annotations__ = {column.name: Exactly(column) for column in row.columns}
        for column in row.columns:
            setattr(cls, column.name, pa.Field(nullable=True, alias=column.name))
        super().__init_subclass__(**kwargs)  # type: ignore[no-untyped-call]
        cls._row = row
        _BY_ROW[row.name] = cls

    @pa.dataframe_check(error="no duplicate keys")
    def _one_row_per_key(cls, frame: pd.DataFrame) -> bool:
        # Rows without a key are all different. One result for all rows: otherwise pandera keeps the rows that fail.
        if not set(cls._row.key) <= set(frame.columns):
            return True  # a missing column is reported separately
        keys = frame[list(cls._row.key)]
        return not (keys.duplicated() & keys.notna().all(axis="columns")).any()

    @classmethod
    def empty(cls, *_: Any) -> DataFrame[Self]:
        """Return a DataFrame without rows, with all columns and dtypes."""
        return cast(
            "DataFrame[Self]",
            pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in dtypes_of(cls._row).items()}),
        )


class Leads(Model, row=leads.LEADS):
    """Leads: inquiries that were not booked at first contact."""


class ExportedLeads(Model, row=leads.EXPORTED_LEADS):
    """Leads from the export feed, including deleted ones (`active` is false)."""


class LeadNotes(Model, row=leads.LEAD_NOTES):
    """Notes on leads."""


class FollowUps(Model, row=leads.FOLLOW_UPS):
    """The follow-up that was set for a lead."""


class SubmittedLeadForms(Model, row=leads.SUBMITTED_LEAD_FORMS):
    """The ids of leads from submitted forms."""


class Bookings(Model, row=bookings.BOOKINGS):
    """Bookings: requests for an appointment from web forms, marketplaces and other outside sources."""


class ExportedBookings(Model, row=bookings.EXPORTED_BOOKINGS):
    """Bookings from the export feed, including deleted ones."""


class BookingContacts(Model, row=bookings.BOOKING_CONTACTS):
    """Phone numbers and e-mail addresses of bookings."""


class BookingProviderTags(Model, row=bookings.BOOKING_PROVIDER_TAGS):
    """Names of booking providers."""


class CreatedBookingProviderTags(Model, row=bookings.CREATED_BOOKING_PROVIDER_TAGS):
    """Booking provider tags as returned when they are created."""


class UpdatedBookingProviderTags(Model, row=bookings.UPDATED_BOOKING_PROVIDER_TAGS):
    """Booking provider tags as returned when they are changed."""


class Customers(Model, row=customers.CUSTOMERS):
    """Customers, including inactive and merged ones."""


class ExportedCustomers(Model, row=customers.EXPORTED_CUSTOMERS):
    """Customers from the export feed."""


class CustomerContacts(Model, row=customers.CUSTOMER_CONTACTS):
    """Phone numbers and e-mail addresses of customers, with the preferences of each."""


class ContactsOfCustomer(Model, row=customers.CONTACTS_OF_CUSTOMER):
    """Phone numbers and e-mail addresses of customers, read by the customers' ids."""


class ExportedCustomerContacts(Model, row=customers.EXPORTED_CUSTOMER_CONTACTS):
    """Phone numbers and e-mail addresses of customers from the export feed."""


class CustomerNotes(Model, row=customers.CUSTOMER_NOTES):
    """Notes on customers."""


class CustomerCustomFieldTypes(Model, row=customers.CUSTOMER_CUSTOM_FIELD_TYPES):
    """Types of customers' custom fields."""


class CreatedCustomers(Model, row=customers.CREATED_CUSTOMERS):
    """Customers as returned when they are created, with their locations and contacts."""


class CustomerTags(Model, row=customers.CUSTOMER_TAGS):
    """All tags of a customer, as returned when one is added."""


class PreferredTechniciansOfCustomers(Model, row=customers.PREFERRED_TECHNICIANS_OF_CUSTOMERS):
    """Preferred technicians of customers. `technician_id` is missing if there is none."""


class Locations(Model, row=locations.LOCATIONS):
    """Locations: the places where work is done."""


class ExportedLocations(Model, row=locations.EXPORTED_LOCATIONS):
    """Locations from the export feed."""


class LocationContacts(Model, row=locations.LOCATION_CONTACTS):
    """Phone numbers and e-mail addresses of locations, with the preferences of each."""


class ContactsOfLocation(Model, row=locations.CONTACTS_OF_LOCATION):
    """Phone numbers and e-mail addresses of locations, read by the locations' ids."""


class ExportedLocationContacts(Model, row=locations.EXPORTED_LOCATION_CONTACTS):
    """Phone numbers and e-mail addresses of locations from the export feed."""


class LocationNotes(Model, row=locations.LOCATION_NOTES):
    """Notes on locations."""


class LocationCustomFieldTypes(Model, row=locations.LOCATION_CUSTOM_FIELD_TYPES):
    """Types of locations' custom fields."""


class CreatedLocations(Model, row=locations.CREATED_LOCATIONS):
    """Locations as returned when they are created, with their contacts."""


class LocationTags(Model, row=locations.LOCATION_TAGS):
    """All tags of a location, as returned when one is added."""


class PreferredTechniciansOfLocations(Model, row=locations.PREFERRED_TECHNICIANS_OF_LOCATIONS):
    """Preferred technicians of locations. `technician_id` is missing if there is none."""


class Contacts(Model, row=contacts.CONTACTS):
    """Contacts in the newer contacts API, with GUIDs as keys."""


class ContactMethods(Model, row=contacts.CONTACT_METHODS):
    """Contact methods: phone numbers and e-mail addresses of contacts in the newer contacts API."""


class ContactRelationships(Model, row=contacts.CONTACT_RELATIONSHIPS):
    """Relationships of contacts in the newer contacts API to other rows, such as customers."""


class ContactsOfRelationship(Model, row=contacts.CONTACTS_OF_RELATIONSHIP):
    """Contacts in the newer contacts API, read by the ids of the rows that they are related to."""


class ContactPreferences(Model, row=contacts.CONTACT_PREFERENCES):
    """Preferences of contact methods."""


class ContactPreferenceTypes(Model, row=contacts.CONTACT_PREFERENCE_TYPES):
    """Types of contact preferences."""


class Campaigns(Model, row=lookups.CAMPAIGNS):
    """Marketing campaigns, including inactive ones."""


class CampaignCategories(Model, row=lookups.CAMPAIGN_CATEGORIES):
    """Campaign categories."""


class BusinessUnits(Model, row=lookups.BUSINESS_UNITS):
    """Business units, including inactive ones."""


class TagTypes(Model, row=lookups.TAG_TYPES):
    """Tag types."""


class Employees(Model, row=lookups.EMPLOYEES):
    """Office employees. `created_by_id` of other rows refers to `user_id`."""


class Technicians(Model, row=lookups.TECHNICIANS):
    """Technicians. `created_by_id` of other rows refers to `user_id`."""


class JobTypes(Model, row=lookups.JOB_TYPES):
    """Job types."""


class Jobs(Model, row=lookups.JOBS):
    """Jobs: work that is scheduled, in progress or done."""


class CallReasons(Model, row=lookups.CALL_REASONS):
    """Call reasons. Calls with a reason whose `is_lead` is false are not leads."""
