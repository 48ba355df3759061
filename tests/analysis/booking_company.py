"""The sandbox's company as frames, made without a server: bookings, leads, jobs, customers and what names them.

Values are written well, so that short SQL can read phones and addresses as we do.
"""

import datetime as dt
import re
from functools import cache
from typing import Any

import orjson
import pandas as pd

from stcrm_pandas.contract.schemas.bookings import EXPORTED_BOOKINGS
from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import EXPORTED_LEADS
from stcrm_pandas.contract.schemas.lookups import BUSINESS_UNITS, CALL_REASONS, CAMPAIGNS, JOBS
from stcrm_pandas.frame.assemble import assemble
from stcrm_pandas.frame.decode import decode
from stcrm_pandas.sandbox.company import make_company

AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
ZONE = "America/Chicago"
KINDS: dict[str, Row] = {
    "bookings": EXPORTED_BOOKINGS,
    "leads": EXPORTED_LEADS,
    "jobs": JOBS,
    "customers": CUSTOMERS,
    "campaigns": CAMPAIGNS,
    "business_units": BUSINESS_UNITS,
    "call_reasons": CALL_REASONS,
}


@cache
def company(
    seed: int = 4, *, effects: bool = True, leads: int = 12_000
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Frames by name, and the truth about them; not to be changed."""
    made = make_company(leads=leads, seed=seed, as_of=AS_OF, effects=effects, dirt=False)
    tables = dict(made.tables())
    frames = {}
    for name, row in KINDS.items():
        body = orjson.dumps(
            {"page": 1, "pageSize": 1, "hasMore": False, "totalCount": None, "data": list(tables[name])}
        )
        frames[name] = assemble(row, [decode(row, "page", body)]).frame
    contacts = pd.DataFrame(list(tables["booking_contacts"]))
    frames["contacts"] = contacts.rename(columns={"bookingId": "booking_id"})[["booking_id", "type", "value"]]
    return frames, made.truth


NOBODYS = ("123-456-7890", "(999) 999-9999", "512-555-5555", "+1 713 555 1212", "111.222.3333")
"""Numbers typed to fill the field; the last ten digits of each stand in the table `nobodys` of SQL."""
WITH_NOBODYS = (
    f"create temp table nobodys as select unnest({[re.sub('[^0-9]', '', text)[-10:] for text in NOBODYS]}) as number;"
)


@cache
def leads_with_placeholders(seed: int = 4) -> pd.DataFrame:
    """The leads, a third of the phones placeholders; not to be changed."""
    leads = company(seed)[0]["leads"].copy()
    places = leads.index[leads["lead_phone"].notna()][::3]
    leads.loc[places, "lead_phone"] = [NOBODYS[place % len(NOBODYS)] for place in range(len(places))]
    return leads


@cache
def contacts_of_owners(seed: int = 4) -> dict[str, pd.DataFrame]:
    """The contacts of customers and of locations, as the service returns them; not to be changed."""
    tables = dict(make_company(leads=12_000, seed=seed, as_of=AS_OF, dirt=False).tables())
    frames = {}
    for owner in ("customer", "location"):
        rows = [row for row in tables[f"{owner}_contacts"] if row["active"]]
        texts, wishes = ([row[name] or {} for row in rows] for name in ("phoneSettings", "preferences"))
        flags = {
            "phone_settings_do_not_text": [one.get("doNotText") for one in texts],
            "preferences_marketing_updates_enabled": [one.get("marketingUpdatesEnabled") for one in wishes],
            "preferences_job_reminders_enabled": [one.get("jobRemindersEnabled") for one in wishes],
            "preferences_invoice_statement_notification": [one.get("invoiceStatementNotification") for one in wishes],
            "preferences_invoice_notification": [one.get("invoiceNotification") for one in wishes],
            "preferences_statement_notification": [one.get("statementNotification") for one in wishes],
        }
        frames[owner] = pd.DataFrame(
            {
                "id": pd.array([row["id"] for row in rows], dtype="Int64"),
                f"{owner}_id": pd.array([row[f"{owner}Id"] for row in rows], dtype="Int64"),
                "type": [row["type"] for row in rows],
                "value": [row["value"] for row in rows],
                **{name: pd.array(cells, dtype="boolean") for name, cells in flags.items()},
            }
        )
    return frames
