"""Rows of bookings, with their fields by the API's names."""

from stcrm_pandas.contract.schemas.fields import Row, boolean, enum, group, integer, text, time
from stcrm_pandas.contract.schemas.parts import ADDRESS, CONTACT_TYPE, CUSTOMER_TYPE, PRIORITY

BOOKING_STATUS = ("New", "Converted", "Dismissed", "Accepted")
BOOKING_AGENT_TAG_TYPE = ("V1Api", "V2Api")


BOOKINGS = Row(
    "bookings",
    "Crm.V2.BookingResponse",
    (
        integer("id"),
        text("source"),
        time("createdOn"),
        text("name"),
        group("address?", ADDRESS),
        enum("customerType?", CUSTOMER_TYPE),
        time("start"),
        integer("campaignId?"),
        integer("businessUnitId?"),
        boolean("isFirstTimeClient?"),
        text("uploadedImages?", many=True),
        boolean("isSendConfirmationEmail?"),
        enum("status", BOOKING_STATUS),
        integer("dismissingReasonId?"),
        integer("jobId?"),
        text("externalId"),
        enum("priority?", PRIORITY),
        integer("jobTypeId?"),
        integer("bookingProviderId"),
        time("modifiedOn"),
        text("summary?"),
    ),
)
EXPORTED_BOOKINGS = Row("exported_bookings", "Crm.V2.ExportBookingResponse", (*BOOKINGS.fields, boolean("active")))
BOOKING_CONTACTS = Row(
    "booking_contacts",
    "Crm.V2.BookingContactResponse",
    (
        integer("id"),
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo"),
        time("modifiedOn"),
    ),
    key=("booking_provider_id", "booking_id", "id"),
    parents=(
        integer("bookingProviderId"),
        integer("bookingId"),
    ),
)
BOOKING_PROVIDER_TAGS = Row(
    "booking_provider_tags",
    "Crm.V2.GetBookingProviderTagResponse",
    (
        integer("id"),
        text("tagName"),
        text("description"),
        enum("type", BOOKING_AGENT_TAG_TYPE),
        time("createdOn"),
        time("modifiedOn"),
        boolean("active"),
    ),
)
CREATED_BOOKING_PROVIDER_TAGS = Row(
    "created_booking_provider_tags",
    "Crm.V2.CreateBookingProviderTagResponse",
    BOOKING_PROVIDER_TAGS.fields[:-1],
)
UPDATED_BOOKING_PROVIDER_TAGS = Row(
    "updated_booking_provider_tags",
    "Crm.V2.BookingProviderTagResponse",
    BOOKING_PROVIDER_TAGS.fields[:-1],
)
