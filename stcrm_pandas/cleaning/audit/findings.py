"""The table of all findings."""

from __future__ import annotations

from stcrm_pandas.cleaning.audit import checks
from stcrm_pandas.cleaning.audit.finding import Finding

__all__ = ["FINDINGS"]

_SHEET = 'stcrm.write_sheet(audit.rows("{key}"), "{key}.csv")'
_OF_CONTACTS = (
    'fix = stcrm.cleaning.{recipe}(audit.frame("customer_contacts")); '
    "plan = crm.customers.plan_contact_changes(fix.before, fix.after)"
)
_OF_CUSTOMERS = (
    'fix = stcrm.cleaning.{recipe}(audit.frame("customers")); '
    "plan = crm.customers.plan_changes(fix.before, fix.after, keep_coordinates=True)"
)
_PEOPLE = ("customers", "customer_contacts")
_PAIRS = ("customers", "customer_contacts", "locations")
_DUPLICATES = (
    'dup = stcrm.cleaning.duplicates(audit.frame("customers"), audit.frame("customer_contacts"), '
    'audit.frame("locations"){jobs}); dup.review(tier="TIER")'
)
_CAMPAIGN = "have no campaign, or only the default one"
_MERGE = "Compare both customers in ServiceTitan. If they are the same, merge the one with fewer jobs into the other."

FINDINGS = (
    Finding(
        "leads_campaign",
        "leads",
        _CAMPAIGN,
        ("leads", "campaigns"),
        checks.leads_campaign,
        _SHEET,
        "Ask who took the call where the lead came from, and choose the campaign of the lead.",
        do="Choose the campaigns of leads",
    ),
    Finding(
        "jobs_campaign",
        "jobs",
        _CAMPAIGN,
        ("jobs", "campaigns"),
        checks.jobs_campaign,
        _SHEET,
        "Choose the campaign of each job in ServiceTitan itself. Ask callers how they heard of you.",
        do="Choose the campaigns of jobs",
    ),
    Finding(
        "bookings_campaign",
        "bookings",
        _CAMPAIGN,
        ("bookings", "campaigns"),
        checks.bookings_campaign,
        _SHEET,
        "Set a campaign in the settings of each booking provider, and choose it for the open bookings.",
        do="Choose the campaigns of bookings",
    ),
    Finding(
        "leads_follow_up",
        "open leads",
        "have no follow-up date",
        ("leads",),
        checks.leads_follow_up,
        'plan = crm.leads.plan_follow_up(audit.rows("{key}"), audit.next_day)',
        "Open the lead and set a follow-up date.",
        do="Set follow-up dates for open leads",
    ),
    Finding(
        "leads_stale",
        "open leads",
        "were not changed for 30 days, and no follow-up is to come",
        ("leads",),
        checks.leads_stale,
        'plan = crm.leads.plan_dismiss(audit.rows("{key}"), dismissing_reason_id=audit.dismissing_reason_id)',
        "Call once more, then dismiss the lead with the reason.",
        do="Close old open leads",
    ),
    Finding(
        "leads_status",
        "leads",
        "have an unknown status",
        ("leads",),
        checks.leads_status,
        _SHEET,
        "Open the lead and check its status. Reports count it as possibly booked.",
        do="Check leads with an unknown status",
    ),
    Finding(
        "bookings_start",
        "bookings",
        "have no start, or one before they were created",
        ("bookings",),
        checks.bookings_start,
        _SHEET,
        "Correct the start of open bookings, and ask the booking provider why it sends none.",
        do="Correct the start of bookings",
    ),
    Finding(
        "bookings_stale",
        "new bookings",
        "were not answered for more than 30 days",
        ("bookings",),
        checks.bookings_stale,
        'plan = crm.bookings.plan_dismiss(audit.rows("{key}"), dismissing_memo="No answer for 30 days")',
        "Dismiss the booking on the bookings screen.",
        do="Dismiss old bookings",
    ),
    Finding(
        "bookings_status",
        "bookings",
        "have an unknown status",
        ("bookings",),
        checks.bookings_status,
        _SHEET,
        "Open the booking and check its status.",
        do="Check bookings with an unknown status",
    ),
    Finding(
        "bookings_source",
        "bookings",
        "have a source that is spelled in two ways",
        ("bookings",),
        checks.bookings_source,
        'fix = stcrm.cleaning.sources(audit.frame("bookings")); fix.map',
        "Use one name for each source in the settings of the booking provider.",
        personal=True,
        do="Use one name for each booking source",
    ),
    Finding(
        "customers_unreachable",
        "customers",
        "cannot be reached by phone or e-mail",
        _PEOPLE,
        checks.customers_unreachable,
        _SHEET,
        "Ask for a phone number at the next visit. The address is the only way to reach these customers.",
        personal=True,
        do="Ask for phone numbers and e-mail",
    ),
    Finding(
        "customers_location",
        "customers",
        "have no active location",
        ("customers", "locations"),
        checks.customers_location,
        _SHEET,
        "Add the location to the customer, or deactivate the customer.",
        do="Add locations to customers",
    ),
    Finding(
        "phones_format",
        "phone numbers",
        "are not in a format that many of the numbers have",
        _PEOPLE,
        checks.phones_format,
        _OF_CONTACTS.replace("{recipe}", "phones"),
        "Nothing has to be done by hand: ServiceTitan shows these numbers, but exports and other programs do not "
        "recognize that two of them are the same.",
        example="customer_id",
        personal=True,
    ),
    Finding(
        "phones_invalid",
        "phone numbers",
        "are not one valid number",
        _PEOPLE,
        checks.phones_invalid,
        _SHEET,
        "Ask the customer for the number and correct it. Remove placeholders such as 999-999-9999.",
        example="customer_id",
        personal=True,
    ),
    Finding(
        "phones_shared",
        "phone numbers",
        "are on 10 customers or more",
        _PEOPLE,
        checks.phones_shared,
        _SHEET,
        "Replace the number of your own office or of a property manager with the number of the customer.",
        example="customer_id",
        personal=True,
    ),
    Finding(
        "emails_shared",
        "e-mail addresses",
        "are on 10 customers or more",
        _PEOPLE,
        checks.emails_shared,
        _SHEET,
        "Replace the address of your own office or of a property manager with the address of the customer.",
        example="customer_id",
        personal=True,
    ),
    Finding(
        "emails_format",
        "e-mail addresses",
        "have spaces, mailto: or a domain in capitals",
        _PEOPLE,
        checks.emails_format,
        _OF_CONTACTS.replace("{recipe}", "emails"),
        "Open the customer and correct the address.",
        example="customer_id",
        personal=True,
    ),
    Finding(
        "emails_misspelled",
        "e-mail addresses",
        "have a domain that looks misspelled, such as gmial.com",
        _PEOPLE,
        checks.emails_misspelled,
        'plan = crm.customers.plan_contact_changes(audit.rows("{key}"), audit.suggested("{key}"))',
        "Open the customer and correct the domain. If marketing is on for the address, ask first: the right address "
        "belongs to a person who has not agreed to it yet.",
        example="customer_id",
        personal=True,
        do="Correct misspelled e-mail domains",
    ),
    Finding(
        "emails_invalid",
        "e-mail addresses",
        "are not one real address",
        _PEOPLE,
        checks.emails_invalid,
        _SHEET,
        "Ask the customer for the address. Remove placeholders such as none@none.com.",
        example="customer_id",
        personal=True,
    ),
    Finding(
        "consent_marketing",
        "contacts with a known preference",
        "allow marketing although another record of the same number or address does not",
        _PEOPLE,
        checks.consent_marketing,
        'plan = crm.customers.plan_contact_changes(audit.rows("{key}"), '
        'audit.rows("{key}").assign(preferences_marketing_updates_enabled=False))',
        "Turn marketing off on these contacts, too.",
        example="customer_id",
        personal=True,
    ),
    Finding(
        "consent_text",
        "phone numbers",
        "allow texts although another record of the same number does not",
        _PEOPLE,
        checks.consent_text,
        _SHEET,
        "Set 'do not text' on the number in ServiceTitan itself.",
        example="customer_id",
        personal=True,
    ),
    Finding(
        "duplicates",
        "customers",
        "are entered more than once",
        _PAIRS,
        checks.duplicates,
        _DUPLICATES.replace("TIER", "sure"),
        _MERGE,
        do="Merge duplicate customers",
        personal=True,
    ),
    Finding(
        "duplicates_to_check",
        "customers",
        "may be entered more than once",
        _PAIRS,
        checks.duplicates_to_check,
        _DUPLICATES.replace("TIER", "look"),
        "Compare both customers in ServiceTitan. Merge them only if they are the same.",
        personal=True,
    ),
    *(
        Finding(
            f"customers_{recipe}",
            "customers",
            problem,
            ("customers",),
            check,
            _OF_CUSTOMERS.replace("{recipe}", recipe),
            "Open the customer and correct the spelling.",
            personal=True,
        )
        for recipe, problem, check in (
            ("names", "have a name all in capitals or lowercase, or with extra spaces", checks.customers_names),
            ("addresses", "have a street that is not written as usual", checks.customers_addresses),
            ("zips", "have a ZIP code that is not written as usual", checks.customers_zips),
            ("cities", "have a city that is spelled in two ways", checks.customers_cities),
        )
    ),
    Finding(
        "tags_twins",
        "customers with tags",
        "have a tag that is spelled in two ways",
        ("customers", "tag_types"),
        checks.tags_twins,
        'fix = stcrm.cleaning.tags(audit.frame("customers"), audit.frame("tag_types")); fix.map',
        "Choose one of the two tags, give it to these customers, and deactivate the other one.",
        personal=True,
    ),
    Finding(
        "tags_unused",
        "active tags",
        "are on no customer, location, lead or job",
        ("customers", "locations", "leads", "jobs", "tag_types"),
        checks.tags_unused,
        _SHEET,
        "Deactivate the tag in the settings of ServiceTitan.",
    ),
)
"""Every check of the audit."""
