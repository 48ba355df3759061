"""A double of the service on loopback: `Sandbox`. The web server loads when one is started.

What nobody has told about the real service, and how the sandbox decides it:

- A request passes the limit, then the application key and the token (401), the tenant (404), the scope (403).
- Parameters are known by their exact names; the others, and empty ones, are as if they were not there. A name that
  comes twice counts as a list where it can be one, else the first counts.
- A `sort` without a sign is refused (400): a plus that was not encoded arrives as a space.
- Without a sort, rows come by id; lists of contacts by the moment of their last change, so that rows move while they
  are walked.
- Ids and other lists hold 50 values at most. How each filter compares stands in `filters`.
- A feed without `includeRecentChanges` shows a change once and at once; with it, the changes of the last ten minutes
  come again at the start of each walk.
- The limit counts any second, not the seconds of the clock, and only calls that it lets pass. By the book,
  `Retry-After` comes with each 429, else with every second one.
"""

from stcrm_pandas.sandbox.faults import KEEP, Fault
from stcrm_pandas.sandbox.sandbox import Sandbox

__all__ = ["KEEP", "Fault", "Sandbox"]
