"""Handlers of operations that write: one table, `WRITES`."""

from __future__ import annotations

from stcrm_pandas.sandbox.service.request import Handler
from stcrm_pandas.sandbox.service.writes import contacts, customers, leads

WRITES: dict[str, Handler] = {**leads.HANDLERS, **customers.HANDLERS, **contacts.HANDLERS}
