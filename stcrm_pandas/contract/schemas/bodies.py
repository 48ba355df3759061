"""Request bodies, with their fields by the API's names."""

from stcrm_pandas.contract.schemas.fields import (
    Body,
    boolean,
    decimal,
    double,
    enum,
    group,
    guid,
    integer,
    objects,
    text,
    time,
)
from stcrm_pandas.contract.schemas.parts import (
    ADDRESS,
    CONTACT_TYPE,
    CUSTOMER_TYPE,
    EXTERNAL_DATA,
    PLACED_ADDRESS,
    PREFERENCES,
    PRIORITY,
)

EXTERNAL_DATA_PATCH_MODE = ("Replace", "Merge")
GEOLOCATION_COORDINATES_SOURCE = ("None", "System", "User", "Imported")
GEOLOCATION_VERIFICATION_STATUS = ("Unverified", "InProgress", "Failed", "Verified")

CHANGED_ADDRESS = (
    text("street"),
    text("unit"),
    text("city"),
    text("state"),
    text("zip"),
    text("country"),
)
NEW_BOOKING_CONTACT = (
    enum("type", CONTACT_TYPE),
    text("value"),
    text("memo?"),
)
CHANGED_CUSTOMER_ADDRESS = (
    text("street"),
    text("unit"),
    text("city"),
    text("state"),
    text("zip"),
    text("country"),
    double("latitude"),
    double("longitude"),
)
NEW_CUSTOM_FIELD = (
    integer("typeId"),
    text("value"),
)
CHANGED_EXTERNAL_VALUE = (
    text("key"),
    text("value?"),
)
CHANGED_EXTERNAL_DATA = (
    enum("patchMode?", EXTERNAL_DATA_PATCH_MODE),
    guid("applicationGuid"),
    objects("externalData", CHANGED_EXTERNAL_VALUE),
)
NEW_CONTACT = (
    enum("type", CONTACT_TYPE),
    text("value"),
    text("memo?"),
)
NEW_EXTERNAL_DATA = (
    guid("applicationGuid"),
    objects("externalData", EXTERNAL_DATA),
)
NEW_LOCATION = (
    text("name"),
    group("address", PLACED_ADDRESS),
    objects("contacts?", NEW_CONTACT),
    objects("customFields?", NEW_CUSTOM_FIELD),
    integer("tagTypeIds?", many=True),
    group("externalData?", NEW_EXTERNAL_DATA),
    enum("coordinatesSource?", GEOLOCATION_COORDINATES_SOURCE),
    enum("coordinatesVerificationStatus?", GEOLOCATION_VERIFICATION_STATUS),
)
CHANGED_PLACED_ADDRESS = (
    text("street"),
    text("unit"),
    text("city"),
    text("state"),
    text("zip"),
    text("country"),
    double("latitude?"),
    double("longitude?"),
)

CREATE_BOOKING_PROVIDER_TAG = Body(
    "Crm.V2.CreateBookingProviderTagRequest",
    (
        text("tagName"),
        text("description"),
    ),
)
UPDATE_BOOKING_PROVIDER_TAG = Body(
    "Crm.V2.UpdateBookingProviderTagRequest",
    (
        text("tagName~"),
        text("description~"),
    ),
)
UPDATE_BOOKING = Body(
    "Crm.V2.UpdateBookingRequest",
    (
        text("source~"),
        text("name~"),
        group("address~", CHANGED_ADDRESS),
        enum("customerType~", CUSTOMER_TYPE),
        time("start~"),
        text("summary~"),
        integer("campaignId~"),
        integer("businessUnitId~"),
        integer("jobTypeId~"),
        enum("priority~", PRIORITY),
        boolean("isFirstTimeClient~"),
        text("uploadedImages~", many=True),
        text("externalId~"),
    ),
)
CREATE_BOOKING = Body(
    "Crm.V2.CreateBookingRequest",
    (
        text("source"),
        text("name"),
        group("address?", ADDRESS),
        objects("contacts?", NEW_BOOKING_CONTACT),
        text("customerType?"),
        time("start?"),
        text("summary"),
        integer("campaignId?"),
        integer("businessUnitId?"),
        integer("jobTypeId?"),
        enum("priority?", PRIORITY),
        boolean("isFirstTimeClient"),
        text("uploadedImages?", many=True),
        boolean("isSendConfirmationEmail?"),
        text("externalId"),
    ),
)
CREATE_BOOKING_CONTACT = Body(
    "Crm.V2.ContactCreateRequest",
    (
        text("type"),
        text("value"),
        text("memo?"),
    ),
)
UPDATE_BOOKING_CONTACT = Body(
    "Crm.V2.UpdateBookingContactRequest",
    (
        enum("type~", CONTACT_TYPE),
        text("value~"),
        text("memo~"),
    ),
)
DISMISS_BOOKING = Body(
    "Crm.V2.DismissBookingModel",
    (
        integer("callReasonId?"),
        text("dismissingMemo?"),
    ),
)
ADD_BULK_TAGS = Body(
    "Crm.V2.AddBulkTagsRequest",
    (
        integer("customerIds", many=True),
        integer("tagTypeIds", many=True),
    ),
)
REMOVE_BULK_TAGS = Body(
    "Crm.V2.RemoveBulkTagsRequest",
    (
        integer("customerIds", many=True),
        integer("tagTypeIds", many=True),
    ),
)
CREATE_CONTACT_METHOD = Body(
    "Crm.V2.CreateContactMethodRequest",
    (
        text("referenceId?"),
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo?"),
    ),
)
UPSERT_CONTACT_METHOD = Body(
    "Crm.V2.UpsertContactMethodRequest",
    (
        text("referenceId?"),
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo?"),
    ),
)
UPDATE_CONTACT_METHOD = Body(
    "Crm.V2.UpdateContactMethodRequest",
    (
        text("value~"),
        text("memo~"),
    ),
)
UPDATE_CONTACT_PREFERENCE = Body(
    "Crm.V2.UpdateContactMethodPreferenceRequest",
    (text("value~"),),
)
REPLACE_CONTACT = Body(
    "Crm.V2.ReplaceContactRequest",
    (
        text("name?"),
        text("title?"),
        text("referenceId?"),
        boolean("isArchived"),
    ),
)
UPDATE_CONTACT = Body(
    "Crm.V2.UpdateContactRequest",
    (
        text("name?"),
        text("title?"),
        text("referenceId?"),
        boolean("isArchived"),
    ),
)
CREATE_CONTACT = Body(
    "Crm.V2.CreateContactRequest",
    (
        text("name?"),
        text("title?"),
        text("referenceId?"),
    ),
)
UPDATE_CUSTOMER = Body(
    "Crm.V2.Customers.UpdateCustomerRequest",
    (
        text("name~"),
        enum("type~", CUSTOMER_TYPE),
        group("address~", CHANGED_CUSTOMER_ADDRESS),
        objects("customFields~", NEW_CUSTOM_FIELD),
        group("externalData~", CHANGED_EXTERNAL_DATA),
        boolean("doNotMail~"),
        boolean("doNotService~"),
        boolean("nationalAccount~"),
        boolean("active~"),
        integer("tagTypeIds~", many=True),
        boolean("taxExempt~"),
        integer("paymentTermId~"),
        decimal("creditLimit~"),
        decimal("creditLimitBalance~"),
    ),
)
CREATE_CUSTOMER = Body(
    "Crm.V2.Customers.CreateCustomerRequest",
    (
        text("name"),
        enum("type?", CUSTOMER_TYPE),
        boolean("doNotMail?"),
        boolean("doNotService?"),
        boolean("nationalAccount?"),
        objects("locations", NEW_LOCATION),
        group("address", PLACED_ADDRESS),
        objects("contacts?", NEW_CONTACT),
        objects("customFields?", NEW_CUSTOM_FIELD),
        integer("tagTypeIds?", many=True),
        group("externalData?", NEW_EXTERNAL_DATA),
        boolean("taxExempt?"),
        integer("paymentTermId?"),
        decimal("creditLimit?"),
        decimal("creditLimitBalance?"),
    ),
)
CREATE_CUSTOMER_NOTE = Body(
    "Crm.V2.CustomerNoteCreateRequest",
    (
        text("text"),
        boolean("pinToTop?"),
        boolean("addToLocations?"),
    ),
)
CREATE_CUSTOMER_CONTACT = Body(
    "Crm.V2.Customers.CreateCustomerContactRequest",
    (
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo?"),
    ),
)
UPDATE_CUSTOMER_CONTACT = Body(
    "Crm.V2.Customers.UpdateCustomerContactRequest",
    (
        enum("type~", CONTACT_TYPE),
        text("value~"),
        text("memo~"),
        group("preferences~", PREFERENCES),
    ),
)
UPDATE_LEAD = Body(
    "Crm.V2.LeadUpdateRequest",
    (
        integer("campaignId~"),
        enum("priority~", PRIORITY),
        integer("businessUnitId~"),
        integer("jobTypeId~"),
        text("summary~"),
        text("leadCustomerName~"),
        text("leadPhone~"),
        text("leadEmail~"),
        text("leadStreet~"),
        text("leadUnit~"),
        text("leadCity~"),
        text("leadState~"),
        text("leadZip~"),
        text("leadCountry~"),
    ),
)
CREATE_LEAD = Body(
    "Crm.V2.LeadCreateRequest",
    (
        integer("customerId?"),
        integer("locationId?"),
        integer("campaignId"),
        integer("businessUnitId?"),
        integer("jobTypeId?"),
        text("summary"),
        integer("tagTypeIds?", many=True),
        enum("priority?", PRIORITY),
        integer("callReasonId?"),
        time("followUpDate?"),
        integer("bookingId?"),
        text("leadCustomerName?"),
        text("leadPhone?"),
        text("leadEmail?"),
        text("leadStreet?"),
        text("leadUnit?"),
        text("leadCity?"),
        text("leadState?"),
        text("leadZip?"),
        text("leadCountry?"),
    ),
)
CREATE_FOLLOW_UP = Body(
    "Crm.V2.CreateFollowUpRequest",
    (
        time("followUpDate"),
        text("text?"),
        boolean("pinToTop?"),
    ),
)
CREATE_LEAD_NOTE = Body(
    "Crm.V2.LeadNoteCreateRequest",
    (
        text("text"),
        boolean("pinToTop?"),
    ),
)
DISMISS_LEAD = Body(
    "Crm.V2.DismissLeadRequest",
    (integer("dismissingReasonId"),),
)
SUBMIT_LEAD_FORM = Body(
    "Crm.V2.SubmitLeadFormRequest",
    (
        text("name"),
        text("email?"),
        text("phoneNumber?"),
        group("address?", PLACED_ADDRESS),
        text("summary?"),
    ),
)
UPDATE_LOCATION = Body(
    "Crm.V2.Locations.UpdateLocationRequest",
    (
        integer("customerId~"),
        text("name~"),
        group("address~", CHANGED_PLACED_ADDRESS),
        boolean("active~"),
        integer("taxZoneId~"),
        objects("customFields~", NEW_CUSTOM_FIELD),
        integer("tagTypeIds~", many=True),
        group("externalData~", CHANGED_EXTERNAL_DATA),
    ),
)
CREATE_LOCATION = Body(
    "Crm.V2.Locations.CreateLocationRequest",
    (
        text("name"),
        group("address", PLACED_ADDRESS),
        objects("contacts?", NEW_CONTACT),
        objects("customFields?", NEW_CUSTOM_FIELD),
        integer("tagTypeIds?", many=True),
        group("externalData?", NEW_EXTERNAL_DATA),
        enum("coordinatesSource?", GEOLOCATION_COORDINATES_SOURCE),
        enum("coordinatesVerificationStatus?", GEOLOCATION_VERIFICATION_STATUS),
        integer("customerId"),
    ),
)
CREATE_LOCATION_NOTE = Body(
    "Crm.V2.LocationNoteCreateRequest",
    (
        text("text"),
        boolean("pinToTop?"),
        boolean("addToCustomer?"),
    ),
)
CREATE_LOCATION_CONTACT = Body(
    "Crm.V2.LocationContactCreateRequest",
    (
        enum("type", CONTACT_TYPE),
        text("value"),
        text("memo?"),
    ),
)
UPDATE_LOCATION_CONTACT = Body(
    "Crm.V2.LocationContactUpdateRequest",
    (
        enum("type~", CONTACT_TYPE),
        text("value~"),
        text("memo~"),
        group("preferences~", PREFERENCES),
    ),
)
