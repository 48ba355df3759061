"""An imitation of the API that runs on this machine: `Sandbox`. The web server is imported when a sandbox starts.

`sandbox` opens or creates a state file through `state`: `company` draws the demo company, and `store.filling` writes it
to SQLite. Then `service.app` answers requests: `access` checks them, `request` and `request_bodies` read them, `rules`
checks writes, and `reads` and `writes` have a handler for each operation, over the tables of `store`. `faults` break
responses on request.

It shares no code with the client but the tables of `contract`: if both used the same function, a mistake in it would
pass every test. Other rooms import the door only. What the sandbox decides where the real service is unknown is listed
in `service`: change it there with its test. A seed must draw the same company: see `company` before changing a draw.
Tests: `make test ROOM=sandbox`.
"""

from stcrm_pandas.errors import require

require("sandbox")

from stcrm_pandas.sandbox.sandbox import Sandbox
from stcrm_pandas.sandbox.service.faults import KEEP, Fault

__all__ = ["KEEP", "Fault", "Sandbox"]
