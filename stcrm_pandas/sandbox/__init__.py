"""A double of the service on loopback: `Sandbox`. The web server loads when one is started.

What nobody has told about the real service, and how the sandbox decides it:

- A request passes the limit, then the application key and the token (401), the tenant (404), the scope (403). Of one
  that lacks a good key or token the body is not read; one of more than 64 MB is refused (413).
- Parameters are known by their exact names; the others, and empty ones, are as if they were not there. By the book, an
  empty one is refused unless it is free text, and words of a list count to the letter. A name that comes twice counts
  as a list where it can be one, else the first counts.
- Errors say that they are of `application/problem+json`, by the book of `application/json`.
- A `sort` without a sign is refused (400): a plus that was not encoded arrives as a space.
- Without a sort, rows come by id; lists of contacts by the moment of their last change, so that rows move while they
  are walked.
- Ids and other lists hold 50 values at most. How each filter compares stands in `filters`.
- A feed without `includeRecentChanges` is as all rows were 15 minutes ago (`feed_delay`): a row that was changed since
  comes as it was before, one that was made since does not come. The company's own rows are there from the start. With
  it, a change comes at once, and those of the last ten minutes come again at the start of each walk.
- A change (PATCH) drops fields that it does not know, nested ones too; by the book they are refused (400), as in all
  other writes. Contacts of a new location are copied to its customer, unless the customer has one of the same type and
  value. Notes of a deleted lead can still be read.
- A body is held against the contract first (400, 415), then against the rules of `rules` (400, named in `data.rule`:
  ids in it must be those of rows), then the rows in the path are looked for (404).
- What is created or changed in one call is one transaction. The calling application is a user of the company.
- Bulk tags leave alone what is as it should be; a single tag that is there already is a conflict (409). Names of
  booking provider tags and, when a contact is made, its `referenceId` are taken once only (409, in changes 400).
- A booking provider is one that has a tag or bookings. A booking without a `start` starts in the year 1. Only open
  leads, and bookings that are neither converted nor dismissed, can be dismissed.
- New contacts have no preferences (null), new contact methods have each kind without a value. The flag that a phone
  must not get texts goes when its number goes. A legacy invoice flag that does not agree with its parts sets both.
- A contact that is deleted takes its methods, preferences and relationships along; `PUT` makes a contact method that
  is not there, but no contact. Contacts are found by the id of what they are related to.
- The lead form makes an open lead of the default campaign. Following up with a text leaves a note.
- Notes keep the order of their ids. A preferred technician moves `modifiedOn`, notes do not.
- The limit counts any second, not the seconds of the clock, and only calls that it lets pass. By the book,
  `Retry-After` comes with each 429, else with every second one.
"""

from stcrm_pandas.errors import require

require("sandbox")

from stcrm_pandas.sandbox.sandbox import Sandbox
from stcrm_pandas.sandbox.service.faults import KEEP, Fault

__all__ = ["KEEP", "Fault", "Sandbox"]
