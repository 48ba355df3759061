"""One case for each of the 88 operations: the call, what must be sent for it, and what its answer must show."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import stcrm_pandas as stcrm

from .company import (
    BOOKINGS,
    CAMPAIGN,
    CONTACTS,
    CUSTOMERS,
    FIELD,
    JOB_TYPE,
    LAST_METHOD,
    LEADS,
    LOCATIONS,
    METHODS,
    OTHER_TAG,
    PROVIDER,
    REASON,
    TAG,
    TECHNICIAN,
    UNIT,
)

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Case:
    """`sends` is method and path below the tenant; `paged` says that a walk's own parameters follow the query."""

    name: str
    sends: str
    args: tuple[Any, ...] = ()
    given: dict[str, Any] = field(default_factory=dict)
    query: Pairs = field(default_factory=list)
    body: Any = None
    shows: dict[str, Any] = field(default_factory=dict)
    """Cells of the first row; of none for a call that is answered with nothing."""


GUID = "6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6"
PLACE = {"street": "1 Elm St", "unit": "B", "city": "Austin", "state": "TX", "zip": "01234", "country": "USA"}
PLACED = {**PLACE, "latitude": 30.25, "longitude": -97.75}
FLAGS = {
    "job_reminders_enabled": True,
    "marketing_updates_enabled": False,
    "invoice_statement_notification": False,
    "invoice_notification": True,
    "statement_notification": False,
}
SENT_FLAGS = {
    "jobRemindersEnabled": True,
    "marketingUpdatesEnabled": False,
    "invoiceStatementNotification": False,
    "invoiceNotification": True,
    "statementNotification": False,
}
EMAIL = {"type": "Email", "value": "lee@example.com"}
DATES = {"created_on_or_after": "2026-01-01", "modified_before": "2026-06-30T12:00+00:00"}
SENT_DATES = [("createdOnOrAfter", "2026-01-01T06:00:00Z"), ("modifiedBefore", "2026-06-30T12:00:00Z")]
BP = f"booking-provider/{PROVIDER}/bookings"
C0, M0 = CONTACTS[0], METHODS[0]
METHOD = f"contacts/{C0}/contact-methods"


def both(family: str, one: int, contact: int, note: int, parent: str) -> list[Case]:
    """What customers and locations have in common."""
    technician = "preferredTechnician" if family == "customers" else "preferredtechnician"
    custom = [("sort", "+Id")]
    return [
        Case(
            f"{family}.add_tag",
            f"POST {family}/{one}/tags/{TAG}",
            (one, TAG),
            shows={parent: one, "tag_type_ids": (TAG,)},
        ),
        Case(f"{family}.remove_tag", f"DELETE {family}/{one}/tags/{TAG}", (one, TAG)),
        Case(
            f"{family}.create_contact",
            f"POST {family}/{one}/contacts",
            (one,),
            {**EMAIL, "memo": "work"},
            body={**EMAIL, "memo": "work"},
            shows={parent: one, "value": "lee@example.com", "memo": "work"},
        ),
        Case(
            f"{family}.update_contact",
            f"PATCH {family}/{one}/contacts/{contact}",
            (one, contact),
            {"memo": "home", "preferences": FLAGS},
            body={"memo": "home", "preferences": SENT_FLAGS},
            shows={parent: one, "id": contact, "memo": "home", "preferences_invoice_notification": True},
        ),
        Case(f"{family}.delete_contact", f"DELETE {family}/{one + 2}/contacts/{contact + 2}", (one + 2, contact + 2)),
        Case(f"{family}.delete_note", f"DELETE {family}/{one + 2}/notes/{note + 2}", (one + 2, note + 2)),
        Case(f"{family}.set_preferred_technician", f"POST {family}/{one}/{technician}/{TECHNICIAN}", (one, TECHNICIAN)),
        Case(f"{family}.get_preferred_technician", f"GET {family}/{one}/{technician}", (one,), shows={parent: one}),
        Case(f"{family}.get_contacts", f"GET {family}/{one}/contacts", (one,), shows={parent: one, "id": contact}),
        Case(
            f"{family}.list_notes",
            f"GET {family}/{one}/notes",
            (one,),
            DATES,
            SENT_DATES,
            shows={parent: one, "id": note},
        ),
        Case(f"{family}.list_custom_field_types", f"GET {family}/custom-fields", query=custom, shows={"id": FIELD}),
        Case(
            f"{family}.list_contacts",
            f"GET {family}/contacts",
            given={f"{parent}s": [one]},
            query=[(f"{parent[:-3]}Ids", str(one)), ("modifiedOnOrAfter", "1970-01-01T00:00:00Z")],
            shows={parent: one, "id": contact},
        ),
        Case(
            f"{family}.export",
            f"GET export/{family}",
            given={"include_recent_changes": True},
            query=[("includeRecentChanges", "true")],
        ),
        Case(f"{family}.export_contacts", f"GET export/{family}/contacts"),
        Case(f"{family}.get", f"GET {family}/{one}", (one,), shows={"id": one}),
        Case(
            f"{family}.list",
            f"GET {family}",
            given={"ids": [one], "street": "x"},
            query=[("ids", str(one)), ("active", "Any"), ("street", "x"), ("sort", "+Id")],
            shows={"id": one},
        ),
    ]


CASES = [
    # bookings
    Case(
        "bookings.create",
        f"POST {BP}",
        (PROVIDER,),
        {
            "source": "Web",
            "name": "Ann",
            "summary": "Leak",
            "is_first_time_client": True,
            "external_id": "7",
            "address": PLACE,
            "contacts": [EMAIL],
            "customer_type": "Residential",
            "start": "2026-07-01T08:00",
            "priority": "high",
            "uploaded_images": ["a.png"],
        },
        body={
            "source": "Web",
            "name": "Ann",
            "summary": "Leak",
            "isFirstTimeClient": True,
            "externalId": "7",
            "address": PLACE,
            "contacts": [EMAIL],
            "customerType": "Residential",
            "start": "2026-07-01T13:00:00Z",
            "priority": "High",
            "uploadedImages": ["a.png"],
        },
        shows={"source": "Web", "status": "New", "booking_provider_id": PROVIDER, "uploaded_images": ("a.png",)},
    ),
    Case(
        "bookings.update",
        f"PATCH {BP}/{BOOKINGS[0]}",
        (PROVIDER, BOOKINGS[0]),
        {"summary": "Flood", "address": PLACE, "campaign_id": CAMPAIGN},
        body={"summary": "Flood", "address": PLACE, "campaignId": CAMPAIGN},
        shows={"id": BOOKINGS[0], "summary": "Flood", "address_zip": "01234"},
    ),
    Case(
        "bookings.dismiss",
        f"POST {BP}/{BOOKINGS[1]}/dismiss",
        (PROVIDER, BOOKINGS[1]),
        {"dismissing_memo": "spam"},
        body={"dismissingMemo": "spam"},
    ),
    Case(
        "bookings.create_contact",
        f"POST {BP}/{BOOKINGS[0]}/contacts",
        (PROVIDER, BOOKINGS[0]),
        EMAIL,
        body=EMAIL,
        shows={"booking_provider_id": PROVIDER, "booking_id": BOOKINGS[0], "value": "lee@example.com"},
    ),
    Case(
        "bookings.update_contact",
        f"PATCH {BP}/{BOOKINGS[0]}/contacts/51",
        (PROVIDER, BOOKINGS[0], 51),
        {"memo": "home"},
        body={"memo": "home"},
        shows={"booking_provider_id": PROVIDER, "booking_id": BOOKINGS[0], "id": 51, "memo": "home"},
    ),
    Case("bookings.delete_contact", f"DELETE {BP}/{BOOKINGS[2]}/contacts/53", (PROVIDER, BOOKINGS[2], 53)),
    Case(
        "bookings.export",
        "GET export/bookings",
        given={"since": "2026-01-01"},
        query=[("from", "2026-01-01T06:00:00Z")],
    ),
    Case("bookings.get", f"GET bookings/{BOOKINGS[0]}", (BOOKINGS[0],), shows={"id": BOOKINGS[0]}),
    Case("bookings.get_of_provider", f"GET {BP}/{BOOKINGS[0]}", (PROVIDER, BOOKINGS[0]), shows={"id": BOOKINGS[0]}),
    Case("bookings.list", "GET bookings", given=DATES, query=[*SENT_DATES, ("sort", "+Id")], shows={"id": BOOKINGS[0]}),
    Case(
        "bookings.list_of_provider",
        f"GET {BP}",
        (PROVIDER,),
        {"ids": BOOKINGS, "external_id": "x"},
        [("ids", "31,32,33"), ("externalId", "x"), ("sort", "+Id")],
        shows={"id": BOOKINGS[0]},
    ),
    Case(
        "bookings.list_contacts",
        f"GET bookings/{BOOKINGS[0]}/contacts",
        (BOOKINGS[0],),
        shows={"booking_provider_id": PROVIDER, "booking_id": BOOKINGS[0], "id": 51},
    ),
    Case(
        "bookings.list_contacts_of_provider",
        f"GET {BP}/{BOOKINGS[0]}/contacts",
        (PROVIDER, BOOKINGS[0]),
        shows={"booking_provider_id": PROVIDER, "booking_id": BOOKINGS[0], "id": 51},
    ),
    # booking provider tags
    Case(
        "booking_provider_tags.create",
        "POST booking-provider-tags",
        given={"tag_name": "Portal", "description": "Ours"},
        body={"tagName": "Portal", "description": "Ours"},
        shows={"tag_name": "Portal", "description": "Ours"},
    ),
    Case(
        "booking_provider_tags.update",
        f"PATCH booking-provider-tags/{PROVIDER}",
        (PROVIDER,),
        {"tag_name": "New"},
        body={"tagName": "New"},
        shows={"id": PROVIDER, "tag_name": "New"},
    ),
    Case("booking_provider_tags.get", f"GET booking-provider-tags/{PROVIDER}", (PROVIDER,), shows={"id": PROVIDER}),
    Case(
        "booking_provider_tags.list",
        "GET booking-provider-tags",
        given={"name": "x"},
        query=[("name", "x"), ("sort", "+Id")],
    ),
    # tags
    Case(
        "tags.add",
        "PUT tags",
        given={"customer_ids": CUSTOMERS, "tag_type_ids": {OTHER_TAG}},
        body={"customerIds": list(CUSTOMERS), "tagTypeIds": [OTHER_TAG]},
        shows={"customer_ids": CUSTOMERS, "ok": True},
    ),
    Case(
        "tags.remove",
        "DELETE tags",
        given={"customer_ids": CUSTOMERS[:2], "tag_type_ids": [OTHER_TAG]},
        body={"customerIds": list(CUSTOMERS[:2]), "tagTypeIds": [OTHER_TAG]},
        shows={"customer_ids": CUSTOMERS[:2], "ok": True},
    ),
    # leads
    Case(
        "leads.create",
        "POST leads",
        given={
            "campaign_id": CAMPAIGN,
            "summary": "Leak",
            "customer_id": CUSTOMERS[0],
            "location_id": LOCATIONS[0],
            "business_unit_id": UNIT,
            "job_type_id": JOB_TYPE,
            "tag_type_ids": [TAG],
            "priority": "Low",
            "call_reason_id": REASON,
            "follow_up_date": "2026-07-01",
            "booking_id": BOOKINGS[2],
            "lead_customer_name": "Ann",
            "lead_zip": "01234",
        },
        body={
            "campaignId": CAMPAIGN,
            "summary": "Leak",
            "customerId": CUSTOMERS[0],
            "locationId": LOCATIONS[0],
            "businessUnitId": UNIT,
            "jobTypeId": JOB_TYPE,
            "tagTypeIds": [TAG],
            "priority": "Low",
            "callReasonId": REASON,
            "followUpDate": "2026-07-01T05:00:00Z",
            "bookingId": BOOKINGS[2],
            "leadCustomerName": "Ann",
            "leadZip": "01234",
        },
        shows={"status": "Open", "tag_type_ids": (TAG,), "booking_id": BOOKINGS[2], "lead_zip": "01234"},
    ),
    Case(
        "leads.submit_form",
        "POST leads/form",
        given={"name": "Ann", "email": "a@example.com", "address": PLACED, "id": 3},
        query=[("id", "3")],
        body={"name": "Ann", "email": "a@example.com", "address": PLACED},
    ),
    Case(
        "leads.update",
        f"PATCH leads/{LEADS[0]}",
        (LEADS[0],),
        {"summary": "Flood", "priority": "Urgent"},
        body={"summary": "Flood", "priority": "Urgent"},
        shows={"id": LEADS[0], "summary": "Flood", "priority": "Urgent"},
    ),
    Case(
        "leads.dismiss",
        f"POST leads/{LEADS[2]}/dismiss",
        (LEADS[2],),
        {"dismissing_reason_id": 7},
        body={"dismissingReasonId": 7},
    ),
    Case(
        "leads.create_follow_up",
        f"POST leads/{LEADS[0]}/follow-up",
        (LEADS[0],),
        {"follow_up_date": "2026-07-01", "text": "call", "pin_to_top": True},
        body={"followUpDate": "2026-07-01T05:00:00Z", "text": "call", "pinToTop": True},
        shows={"lead_id": LEADS[0], "text": "call", "pin_to_top": True},
    ),
    Case(
        "leads.create_note",
        f"POST leads/{LEADS[0]}/notes",
        (LEADS[0],),
        {"text": "seen"},
        body={"text": "seen"},
        shows={"lead_id": LEADS[0], "text": "seen"},
    ),
    Case("leads.export", "GET export/leads"),
    Case("leads.get", f"GET leads/{LEADS[0]}", (LEADS[0],), shows={"id": LEADS[0]}),
    Case("leads.list", "GET leads", given={"status": "open"}, query=[("status", "Open"), ("sort", "+Id")]),
    Case(
        "leads.list_notes", f"GET leads/{LEADS[0]}/notes", (LEADS[0],), DATES, SENT_DATES, shows={"lead_id": LEADS[0]}
    ),
    # customers and locations
    *both("customers", 1, 101, 131, "customer_id"),
    *both("locations", 11, 111, 141, "location_id"),
    Case(
        "customers.create",
        "POST customers",
        given={
            "name": "Lee",
            "address": PLACE,
            "type": "Commercial",
            "do_not_mail": False,
            "locations": [
                {
                    "name": "Home",
                    "address": PLACED,
                    "contacts": [EMAIL],
                    "custom_fields": {FIELD: "12"},
                    "tag_type_ids": [TAG],
                    "external_data": {"application_guid": GUID.upper(), "values": {"erp": "7"}},
                    "coordinates_source": "User",
                }
            ],
            "contacts": [{**EMAIL, "memo": None}],
            "custom_fields": {FIELD: "12"},
            "tag_type_ids": [TAG],
            "credit_limit": Decimal("12.50"),
        },
        body={
            "name": "Lee",
            "type": "Commercial",
            "doNotMail": False,
            "locations": [
                {
                    "name": "Home",
                    "address": PLACED,
                    "contacts": [EMAIL],
                    "customFields": [{"typeId": FIELD, "value": "12"}],
                    "tagTypeIds": [TAG],
                    "externalData": {"applicationGuid": GUID, "externalData": [{"key": "erp", "value": "7"}]},
                    "coordinatesSource": "User",
                }
            ],
            "address": PLACE,
            "contacts": [EMAIL],
            "customFields": [{"typeId": FIELD, "value": "12"}],
            "tagTypeIds": [TAG],
            "creditLimit": 12.5,
        },
        shows={"name": "Lee", "type": "Commercial", "address_zip": "01234", "credit_limit": 12.5},
    ),
    Case(
        "customers.update",
        "PATCH customers/1",
        (1,),
        {
            "name": "Ray",
            "address": PLACED,
            "custom_fields": {FIELD: "13"},
            "external_data": {
                "application_guid": GUID,
                "values": {"erp": "8", "old": stcrm.CLEAR},
                "patch_mode": "Merge",
            },
            "tag_type_ids": [],
        },
        body={
            "name": "Ray",
            "address": PLACED,
            "customFields": [{"typeId": FIELD, "value": "13"}],
            "externalData": {
                "patchMode": "Merge",
                "applicationGuid": GUID,
                "externalData": [{"key": "erp", "value": "8"}, {"key": "old", "value": None}],
            },
            "tagTypeIds": [],
        },
        shows={"id": 1, "name": "Ray", "address_latitude": 30.25, "tag_type_ids": ()},
    ),
    Case(
        "customers.create_note",
        "POST customers/1/notes",
        (1,),
        {"text": "seen", "add_to_locations": True},
        body={"text": "seen", "addToLocations": True},
        shows={"customer_id": 1, "text": "seen"},
    ),
    Case(
        "locations.create",
        "POST locations",
        given={"customer_id": 1, "name": "Barn", "address": PLACE, "contacts": [EMAIL]},
        body={"name": "Barn", "address": PLACE, "contacts": [EMAIL], "customerId": 1},
        shows={"customer_id": 1, "name": "Barn"},
    ),
    Case(
        "locations.update",
        "PATCH locations/11",
        (11,),
        {"name": "Main", "address": {**PLACE, "latitude": stcrm.CLEAR}},
        body={"name": "Main", "address": {**PLACE, "latitude": None}},
        shows={"id": 11, "name": "Main"},
    ),
    Case(
        "locations.create_note",
        "POST locations/11/notes",
        (11,),
        {"text": "seen", "pin_to_top": True, "add_to_customer": True},
        body={"text": "seen", "pinToTop": True, "addToCustomer": True},
        shows={"location_id": 11, "text": "seen", "is_pinned": True},
    ),
    # contacts
    Case(
        "contacts.create",
        "POST contacts",
        given={"name": "Lee", "reference_id": "7"},
        body={"name": "Lee", "referenceId": "7"},
        shows={"name": "Lee", "reference_id": "7", "is_archived": False},
    ),
    Case(
        "contacts.update",
        f"PATCH contacts/{C0}",
        (C0.upper(),),
        {"is_archived": False, "name": "Ray", "title": stcrm.CLEAR},
        body={"isArchived": False, "name": "Ray", "title": None},
        shows={"id": C0, "name": "Ray"},
    ),
    Case(
        "contacts.replace",
        f"PUT contacts/{CONTACTS[1]}",
        (CONTACTS[1],),
        {"is_archived": True, "name": "Ray"},
        body={"isArchived": True, "name": "Ray"},
        shows={"id": CONTACTS[1], "is_archived": True},
    ),
    Case("contacts.create_relationship", f"POST contacts/{C0}/relationships/1/customer", (C0, 1, "customer")),
    Case("contacts.delete_relationship", f"DELETE contacts/{C0}/relationships/1/customer", (C0, 1, "customer")),
    Case("contacts.get", f"GET contacts/{C0}", (C0,), shows={"id": C0}),
    Case(
        "contacts.list",
        "GET contacts",
        given={"is_archived": False, **DATES},
        query=[("isArchived", "false"), *SENT_DATES, ("sort", "+CreatedOn")],
    ),
    Case("contacts.list_by_relationship", "GET contacts/relationships/1", (1,), query=[("sort", "+CreatedOn")]),
    Case(
        "contacts.list_relationships",
        f"GET contacts/{C0}/relationships",
        (C0,),
        {"type_slug": "customer"},
        [("typeSlug", "customer"), ("sort", "+CreatedOn")],
    ),
    # contact methods
    Case(
        "contact_methods.create",
        f"POST {METHOD}",
        (C0,),
        {"type": "Phone", "value": "512-555-0100", "memo": "day"},
        body={"type": "Phone", "value": "512-555-0100", "memo": "day"},
        shows={"contact_id": C0, "type": "Phone", "memo": "day"},
    ),
    Case(
        "contact_methods.update",
        f"PATCH {METHOD}/{M0}",
        (C0, M0),
        {"memo": "night"},
        body={"memo": "night"},
        shows={"contact_id": C0, "id": M0, "memo": "night"},
    ),
    Case(
        "contact_methods.upsert",
        f"PUT {METHOD}/{M0}",
        (C0, M0),
        {"type": "Email", "value": "ray@example.com", "memo": stcrm.CLEAR},
        body={"type": "Email", "value": "ray@example.com", "memo": None},
        shows={"contact_id": C0, "id": M0, "value": "ray@example.com"},
    ),
    Case(
        "contact_methods.delete",
        f"DELETE {METHOD}/{LAST_METHOD}",
        (C0, LAST_METHOD),
    ),
    Case("contact_methods.get", f"GET {METHOD}/{M0}", (C0, M0), shows={"contact_id": C0, "id": M0}),
    Case("contact_methods.list", f"GET {METHOD}", (C0,), query=[("sort", "+CreatedOn")], shows={"contact_id": C0}),
    Case(
        "contact_methods.search",
        "GET contacts/contact-methods",
        given={"contact_id": C0, "type": "Email"},
        query=[("contactId", C0), ("type", "Email"), ("sort", "+CreatedOn")],
        shows={"contact_id": C0},
    ),
    # contact preferences
    Case(
        "contact_preferences.update",
        f"PATCH {METHOD}/{M0}/preferences/Marketing",
        (C0, M0, "Marketing"),
        {"value": "false"},
        body={"value": "false"},
        shows={"contact_id": C0, "contact_method_id": M0, "name": "Marketing", "value": "false"},
    ),
    Case(
        "contact_preferences.get",
        f"GET {METHOD}/{M0}/preferences/Marketing",
        (C0, M0, "Marketing"),
        shows={"contact_method_id": M0, "name": "Marketing"},
    ),
    Case("contact_preferences.list", f"GET {METHOD}/{M0}/preferences", (C0, M0), shows={"contact_method_id": M0}),
    Case("contact_preferences.list_types", "GET contacts/preferences", shows={"name": "Marketing"}),
    Case("contacts.delete", f"DELETE contacts/{CONTACTS[2]}", (CONTACTS[2],)),
]
"""In an order in which all of them can be carried out."""
