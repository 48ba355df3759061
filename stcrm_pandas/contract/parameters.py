"""Descriptions of the parameters that several methods share.

`docs/docstrings.py` copies them into the docstrings of the methods. A parameter that is not listed here is described in
the docstring of its method. Filters and values have separate tables, because the same name can mean different things.
"""

from __future__ import annotations

from typing import Final

ZONE: Final = "The default time zone is the tenant's."

FILTERS: Final = {
    "ids": "Only rows with these ids. Unknown ids are ignored.",
    "contact_ids": "Only these contacts: one or more GUIDs.",
    "customer_ids": "Only contacts of these customers.",
    "location_ids": "Only contacts of these locations.",
    "user_ids": "Only rows with these user ids, which are the ids in `created_by_id` of other rows.",
    "contact_id": "Only contact methods of this contact.",
    "created_on_or_after": f"Only rows created at or after this time. {ZONE}",
    "created_before": f"Only rows created before this time. {ZONE}",
    "modified_on_or_after": f"Only rows last modified at or after this time. {ZONE}",
    "modified_before": f"Only rows last modified before this time. {ZONE}",
    "completed_on_or_after": f"Only jobs completed at or after this time. {ZONE}",
    "completed_before": f"Only jobs completed before this time. {ZONE}",
    "first_appointment_starts_on_or_after": f"Only jobs whose first appointment starts at or after this time. {ZONE}",
    "first_appointment_starts_before": f"Only jobs whose first appointment starts before this time. {ZONE}",
    "appointment_starts_on_or_after": f"Only jobs with an appointment that starts at or after this time. {ZONE}",
    "appointment_starts_before": f"Only jobs with an appointment that starts before this time. {ZONE}",
    "customer_created_on_or_after": f"Only leads whose customer was created at or after this time. {ZONE}",
    "customer_created_before": f"Only leads whose customer was created before this time. {ZONE}",
    "customer_modified_on_or_after": f"Only leads whose customer was last modified at or after this time. {ZONE}",
    "active": "True returns only active rows, and False returns only inactive rows. By default, both are returned.",
    "is_archived": "True returns only archived contacts, and False returns only contacts that are not archived. The "
    "API does not document its default.",
    "name": "Only rows with this name. The API does not document whether part of a name matches.",
    "title": "Only contacts with this title.",
    "email": "Only rows with this e-mail address.",
    "phone": "Only customers with this phone number.",
    "number": "Only the job with this number.",
    "status": "Only leads with this status.",
    "type": "Only contact methods of this type.",
    "value": "Only contact methods with this value.",
    "reference_id": "Only rows with this id from your own system.",
    "external_id": "Only the booking with this id in the system that sent it.",
    "customer_id": "Only rows of this customer.",
    "location_id": "Only rows of this location.",
    "campaign_id": "Only rows of this campaign.",
    "business_unit_id": "Only rows of this business unit.",
    "job_type_id": "Only rows of this job type.",
    "booking_id": "Only rows created from this booking.",
    "project_id": "Only jobs of this project.",
    "technician_id": "Only jobs to which this technician is assigned.",
    "sold_by_id": "Only jobs sold by this technician or employee.",
    "invoice_id": "Only the job with this invoice.",
    "created_from_estimate_id": "Only jobs created from this estimate.",
    "estimate_ids": "Only jobs with one of these estimates.",
    "equipment_ids": "Only jobs with one of these pieces of equipment.",
    "tag_type_ids": "Only rows with one of these tags.",
    "related_entity_id": "Only relationships with the row that has this id.",
    "type_slug": 'Only relationships of this kind, such as `"customer"`.',
    "type_name": "Only relationships of the kind with this name.",
    "job_status": "Only jobs with this status.",
    "appointment_status": "Only jobs with an appointment of this status.",
    "priority": "Only rows with this priority.",
    "min_duration": "Only job types with at least this duration, in seconds.",
    "max_duration": "Only job types with at most this duration, in seconds.",
    "has_unused_appointments": "True returns only jobs with an appointment that no technician was sent to.",
    "campaign_phone_number": "Only the campaign with this phone number.",
    "is_prospect": "True returns only leads that have no customer, or whose customer has no jobs yet.",
    "without_customer": "True returns only leads without a customer or location.",
    "is_capture_source_form": "True returns only leads from a web form.",
    "gen_perm_url": "True creates a permanent link to each lead, which is in `lead_url`.",
    "customer_city": "Only leads of customers in this city.",
    "customer_state": "Only leads of customers in this state.",
    "customer_zip": "Only leads of customers with this ZIP code.",
    "lead_customer_name": "Only leads with this customer name.",
    "lead_phone": "Only leads with this phone number.",
    "street": "Only rows with this street.",
    "unit": "Only rows with this unit.",
    "city": "Only rows in this city.",
    "state": "Only rows in this state.",
    "zip": "Only rows with this ZIP code.",
    "country": "Only rows in this country.",
    "latitude": "Only rows at this latitude, in degrees.",
    "longitude": "Only rows at this longitude, in degrees.",
    "exclude_accounting_changes_from_modified_date_range": "True leaves out rows in which only the balance changed.",
    "external_data_application_guid": "The GUID of the application whose data is returned in `external_data`.",
    "external_data_key": "Only rows with this key in an application's data. Requires `external_data_values`.",
    "external_data_values": "Only rows in which `external_data_key` has one of these values. At most 50 values are "
    "allowed.",
    "since": f"Only rows changed at or after this time. {ZONE} Without `since` and `continue_from`, all rows are "
    "returned.",
    "continue_from": "The token of an earlier feed (`Feed.continue_from`), to return only rows changed since then.",
    "include_recent_changes": "True includes changes from about the last 15 minutes. Duplicates are dropped.",
    "names": "True adds local times, customers' phone numbers and e-mail addresses, and names for ids, as `crm.named` "
    "does.",
    "max_age": 'Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of '
    "the connection.",
    "refresh": "True ignores cached data and caches the new result.",
    "allow_incomplete": "True returns incomplete data with a warning instead of raising an error.",
}
"""Parameters of methods that read."""

VALUES: Final = {
    "id": "The id of the row.",
    "contact_id": "The id of the contact.",
    "contact_method_id": "The id of the contact method, a GUID.",
    "note_id": "The id of the note.",
    "tag_type_id": "The id of the tag type.",
    "customer_ids": "The ids of any number of customers.",
    "customer_id": "The id of the customer that the location belongs to.",
    "job_type_id": "The id of the job type.",
    "booking_provider": "The id of the booking provider (`booking_provider_id` in the frame of bookings).",
    "dismissing_reason_id": "The id of the dismissing reason.",
    "dismissing_memo": "Why the booking is dismissed, as free text.",
    "preferred_technician_id": "The id of the technician.",
    "related_entity_id": "The id of the row that the contact is related to.",
    "payment_term_id": "The id of the payment term.",
    "tax_zone_id": "The id of the tax zone.",
    "name": "The name of the person or company.",
    "title": 'The title, such as `"Dr."` or `"Owner"`.',
    "email": "The person's e-mail address.",
    "phone_number": "The person's phone number.",
    "summary": "A summary of what the person needs, as free text.",
    "text": "The text of the note.",
    "memo": "A note on this phone number or e-mail address, as free text.",
    "description": "A description of the tag, as free text.",
    "tag_name": "The name of the tag.",
    "preference_name": "The name of the preference.",
    "source": "Where the booking comes from, as free text.",
    "reference_id": "The id of the row in your own system.",
    "external_id": "The id of the booking in the system that sends it.",
    "type": "Whether `value` is a phone number, a mobile phone number, an e-mail address or a fax number.",
    "value": "The phone number, e-mail address or fax number.",
    "type_slug": 'The kind of relationship, such as `"customer"`.',
    "customer_type": "Whether the customer is residential or commercial.",
    "start": f"The requested start of the appointment. {ZONE}",
    "follow_up_date": f"When to follow up. {ZONE}",
    "pin_to_top": "True pins the note to the top.",
    "add_to_locations": "True also adds the note to the customer's locations.",
    "add_to_customer": "True also adds the note to the location's customer.",
    "is_first_time_client": "Whether the customer is new, according to the sender of the booking.",
    "is_send_confirmation_email": "True makes ServiceTitan e-mail a confirmation.",
    "uploaded_images": "URLs of images.",
    "address": "The complete address.",
    "lead_customer_name": "The person's name, if the lead has no customer.",
    "lead_phone": "The person's phone number, if the lead has no customer.",
    "lead_email": "The person's e-mail address, if the lead has no customer.",
    "lead_street": "The person's street, if the lead has no customer.",
    "lead_unit": "The person's unit, if the lead has no customer.",
    "lead_city": "The person's city, if the lead has no customer.",
    "lead_state": "The person's state, if the lead has no customer.",
    "lead_zip": "The person's ZIP code, if the lead has no customer.",
    "lead_country": "The person's country, if the lead has no customer.",
    "contacts": "Phone numbers and e-mail addresses.",
    "active": "False makes the row inactive, and True makes it active.",
    "tag_type_ids": "The ids of the tag types of the new row.",
    "do_not_mail": "True if the customer opted out of mail.",
    "do_not_service": "True if the company must not do work for the customer.",
    "national_account": "True if the customer is a national account.",
    "tax_exempt": "True if the customer is exempt from sales tax.",
    "credit_limit": "The credit limit, in the tenant's currency.",
    "credit_limit_balance": "The balance that counts against the credit limit, in the tenant's currency.",
    "custom_fields": "Custom fields as `{type_id: value}`.",
    "external_data": "An application's data for the row.",
    "coordinates_source": "Where the coordinates come from.",
    "coordinates_verification_status": "The verification status of the coordinates.",
    "is_archived": "Whether the contact is archived. The API requires it in every change.",
}
"""Parameters of methods that write one row."""

PLANS: Final = {
    "before": "The rows as they were read.",
    "after": "The same rows after editing, or a sheet from `read_sheet`. Omitted rows and columns do not change; a "
    "missing value clears the cell.",
    "reason": "Why the change is made. It is stored in the journal.",
    "allow_opt_in": "True allows opt-ins. They require `consent_source`, and other records are checked for opt-outs.",
    "consent_source": "Who consented, when and how. It is stored in the journal.",
    "check": "True runs the checks that require a read immediately, instead of when the plan is applied.",
    "warn_above": "A share of the rows in `before`, from 0 to 1 (25% by default). If the plan changes a larger share, "
    "it contains a warning, unless there are fewer than 20 rows.",
    "keep_coordinates": "True keeps the coordinates when an address changes, for example because only its spelling is "
    "corrected.",
    "allow_inactive": "True allows changes to inactive and merged rows.",
    "allow_deactivate": "True allows deactivating customers that have a balance or an active location.",
    "allow_move": "True allows moving a location to another customer.",
    "application_guid": "The GUID of the application whose `external_data` changes.",
    "text": "The text of the note that each lead gets.",
    "pin_to_top": "True pins the notes to the top.",
    "dismissing_reason_id": "The id of the dismissing reason.",
    "dismissing_memo": "Why the bookings are dismissed, as free text.",
}
"""Parameters of methods that make a plan."""

MIRRORED: Final = {
    "resource": 'The resource, such as `"customer_contacts"`.',
    "as_of": f"Return the rows as of this time. A date means midnight. {ZONE} By default, the latest versions are "
    "returned.",
    "by": '`"valid"` returns the rows as they were in ServiceTitan at `as_of`, `"seen"` as they were in the mirror.',
}
"""Parameters of methods that return the rows of a mirror."""

ONE_OR_MANY: Final = "One or more ids. Duplicates are dropped."
"""`ids` of methods that return the rows with these ids, or what belongs to them."""

OWN: Final[dict[str, dict[str, str]]] = {
    "Bookings.create": {"address": "The address, without coordinates."},
    "Bookings.dismiss": {"call_reason_id": "The id of the call reason for the dismissal."},
    "Bookings.plan_dismiss": {"call_reason_id": "The id of the call reason for the dismissal."},
    "Bookings.update": {"address": 'The complete address with its unit (`""` if there is none), without coordinates.'},
    "ContactMethods.search": {"contact_id": "Only contact methods of this contact."},
    "ContactMethods.upsert": {"contact_method_id": "The GUID of the contact method, or a new GUID to create one."},
    "ContactPreferences.update": {"value": "The new value, as text that matches `data_type`."},
    "CustomerOrLocation.plan_custom_fields": {
        "after": "The edited result of `stcrm.custom_fields(before)`, in the long or wide form. Omitted rows and "
        "columns do not change; a missing value clears the field. To add a field that no row has yet, add a row in "
        "the long form, or a column in the wide form with the id of its type as the name.",
    },
    "CustomerOrLocation.update_contact": {
        "preferences": "All five preferences. Do not turn one on without the person's consent."
    },
    "Customers.create": {
        "locations": "The locations where work is done. Often there is only one, at the customer's own address.",
        "type": "Whether the customer is residential or commercial.",
    },
    "Customers.update": {
        "address": "The complete address, with unit and coordinates.",
        "custom_fields": "All custom fields, as `{type_id: value}`. Omitted fields are removed.",
        "tag_type_ids": "The ids of all tag types of the row. An empty list removes all tags; `add_tag` adds one.",
        "type": "Whether the customer is residential or commercial.",
    },
    "Leads.create": {
        "booking_id": "The id of the booking to create the lead from. **That booking is dismissed.**",
        "call_reason_id": "The id of the call reason. Required unless `follow_up_date` is given.",
        "customer_id": "The id of the customer, if known.",
        "follow_up_date": f"When to follow up. Required unless `call_reason_id` is given. {ZONE}",
        "location_id": "The id of the location, if known.",
    },
    "Leads.submit_form": {"id": "Sent as the query parameter `id`. The API does not document what it means."},
    "Locations.create": {"address": "The complete address. Coordinates are optional."},
    "Locations.update": {
        "address": "The complete address with its unit. Coordinates are optional.",
        "custom_fields": "All custom fields, as `{type_id: value}`. Omitted fields are removed.",
        "customer_id": "The id of the customer to move the location to.",
        "tag_type_ids": "The ids of all tag types of the row. An empty list removes all tags; `add_tag` adds one.",
    },
    "Tags.add": {"tag_type_ids": "The ids of the tag types to add."},
    "Tags.remove": {"tag_type_ids": "The ids of the tag types to remove."},
}
"""Descriptions for a single method, which replace the shared ones."""

OWN_VALUES: Final[dict[str, dict[str, str]]] = {
    "BookingProviderTags": {"id": "The id of the booking provider tag."},
    "Bookings": {
        "business_unit_id": "The id of the business unit that handles the booking.",
        "campaign_id": "The id of the campaign that the booking came from.",
        "id": "The id of the booking.",
        "priority": "The priority of the booking.",
    },
    "ContactMethods": {"contact_id": "The GUID of the contact."},
    "ContactPreferences": {"contact_id": "The GUID of the contact."},
    "Contacts": {
        "contact_id": "The GUID of the contact.",
        "id": "The GUID of the contact.",
        "name": "The name of the contact.",
    },
    "CustomerOrLocation": {"id": "The id of the customer or location."},
    "Customers": {"id": "The id of the customer.", "name": "The name of the customer."},
    "Leads": {
        "business_unit_id": "The id of the business unit that handles the lead.",
        "campaign_id": "The id of the campaign that the lead came from.",
        "id": "The id of the lead.",
        "priority": "The priority of the lead.",
    },
    "Locations": {"id": "The id of the location.", "name": "The name of the location."},
}
"""Descriptions for the methods of a class that write one row, which replace the shared ones."""
