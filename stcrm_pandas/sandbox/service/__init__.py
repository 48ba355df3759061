"""The service over HTTP: `app` receives requests, and `reads` and `writes` have the handler of each operation.

Where the behavior of the real service is unknown, the sandbox decides:

- A request is checked for the rate limit, the application key and token (401), the tenant (404), and the scope (403).
  The body is read only with a valid key and token; one of more than 64 MB is rejected (413).
- Parameter names are case-sensitive; unknown and empty parameters are ignored. With `by_the_book`, an empty parameter
  is rejected unless it is free text, and enum values are case-sensitive. If a parameter is repeated, the values form a
  list if the parameter is a list; otherwise, the first value is used.
- Errors have the media type `application/problem+json`, or `application/json` with `by_the_book`.
- A `sort` without a sign is rejected (400). A plus sign that was not encoded arrives as a space.
- Without a sort, rows are in the order of their ids. Lists of contacts are in the order of their last change, so rows
  can move during pagination.
- Lists of ids and other values may contain at most 50 values. `service.filters` documents how each filter compares.
- A feed without `includeRecentChanges` shows all rows as they were 15 minutes ago (`feed_delay`), without later changes
  and new rows. The rows that the company starts with are always in it. With the parameter, a change appears
  immediately, and the changes of the last ten minutes are repeated at the start of each pagination.
- A change (PATCH) drops unknown fields, including nested ones. With `by_the_book`, and in all other writes, they are
  rejected (400). Contacts of a new location are copied to its customer, unless the customer has one of the same type
  and value. Notes of a deleted lead can still be read.
- A body is validated against the contract (400, 415), then against the business rules in `service.rules` (400, with the
  rule in `data.rule`; ids in the body must exist), and only then are the rows in the path looked up (404).
- All changes of one request are one transaction. The calling application is a user of the company.
- Bulk tags skip customers that already have the tags. Adding a single tag to a row that has it is a conflict (409).
  Names of booking provider tags and the `referenceId` of new contacts are unique (409; 400 in changes).
- A booking provider exists if it has a tag or bookings. A booking without a `start` starts in the year 1. Only open
  leads, and bookings that are neither converted nor dismissed, can be dismissed.
- New contacts have no preferences (null); new contact methods have all preferences, without values. `doNotText` of a
  phone number is reset when the number changes. A legacy invoice flag that differs from the two newer flags sets both.
- Deleting a contact deletes its methods, preferences and relationships; `PUT` creates a missing contact method, but not
  a contact. Contacts can be found by the id of a related row.
- The lead form creates an open lead of the default campaign. Following up with a text creates a note.
- Notes are in the order of their ids. Setting a preferred technician changes `modifiedOn`; adding a note does not.
- The rate limit applies to any period of one second and counts only accepted requests. With `by_the_book`, each 429 has
  a `Retry-After` header; otherwise, every second one has it.
"""
