"""Rows of leads, with their fields by the API's names."""

from stcrm_pandas.contract.schemas.fields import Row, boolean, enum, integer, text, time
from stcrm_pandas.contract.schemas.parts import NOTE, PRIORITY

LEAD_STATUS = ("Open", "Dismissed", "Converted")


LEADS = Row(
    "leads",
    "Crm.V2.LeadResponse",
    (
        integer("id"),
        enum("status", LEAD_STATUS),
        enum("priority", PRIORITY),
        integer("customerId?"),
        integer("locationId?"),
        integer("businessUnitId?"),
        integer("jobTypeId?"),
        integer("campaignId"),
        time("followUpDate?"),
        integer("createdById"),
        time("createdOn"),
        time("modifiedOn"),
        integer("tagTypeIds?", many=True),
        integer("dismissingReasonId?"),
        text("summary?"),
        integer("callReasonId?"),
        integer("callId?"),
        integer("bookingId?"),
        integer("manualCallId?"),
        text("leadUrl?"),
        text("leadCustomerName?"),
        text("leadPhone?"),
        text("leadEmail?"),
        text("leadStreet?"),
        text("leadUnit?"),
        text("leadCity?"),
        text("leadState?"),
        text("leadZip?"),
        text("leadCountry?"),
        text("captureSource?"),
    ),
)
EXPORTED_LEADS = Row("exported_leads", "Crm.V2.ExportLeadsResponse", (*LEADS.fields, boolean("active")))
LEAD_NOTES = Row(
    "lead_notes",
    "Crm.V2.NoteResponse",
    NOTE,
    key=("lead_id", "id"),
    parents=(integer("leadId"),),
)
FOLLOW_UPS = Row(
    "follow_ups",
    "Crm.V2.FollowUpResponse",
    (
        integer("leadId"),
        time("followUpDate"),
        text("text?"),
        boolean("pinToTop"),
    ),
    key=("lead_id",),
)
SUBMITTED_LEAD_FORMS = Row(
    "submitted_lead_forms",
    "Crm.V2.SubmitLeadFormResponse",
    (integer("leadId"),),
    key=("lead_id",),
)
