"""The call lists of a report: a mark or an opt-out counts on any record of a number, also of people who did not ask."""

from __future__ import annotations

from pathlib import Path

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import DriftWarning
from stcrm_pandas.sandbox import Sandbox

from ..analysis.base.test_no_effects_reports import results
from ..conftest import AS_OF

CALLED = ("overdue-follow-up", "no-follow-up", "stale")


@pytest.mark.filterwarnings(f"ignore::{DriftWarning.__module__}.{DriftWarning.__qualname__}")
def test_number_of_a_customer_not_to_serve_is_on_no_call_list(tmp_path: Path) -> None:
    """The customer has no open lead; the lead has only the number, typed in another way."""
    with Sandbox(leads=200, seed=31, as_of=AS_OF, rate_limit=None, feed_delay=0) as sandbox:
        with stcrm.connect(sandbox=sandbox, progress=False, cache_dir=tmp_path) as crm:
            leads, contacts = crm.leads.list(), crm.customers.list_contacts()
        asking = leads[leads["status"] == "Open"]
        lead = int(asking["id"].iloc[0])
        phones = contacts[contacts["type"].eq("MobilePhone") & contacts["value"].str.contains(r"\d{3}.*\d{4}$")]
        row = phones[~phones["customer_id"].isin(asking["customer_id"].dropna())].iloc[0]
        digits = "".join(filter(str.isdigit, row["value"]))[-10:]
        sandbox.change("leads", lead, customerId=None, locationId=None, callId=None, bookingId=None, leadPhone=digits)
        sandbox.change("leads", lead, callReasonId=None, followUpDate=None)
        sandbox.change("customers", int(row["customer_id"]), doNotService=True)
        lists = next(results("lead_conversion", sandbox)).work_lists
    assert not any((lists[key].frame.get("Lead id") == lead).any() for key in CALLED)
    apart = lists["leads-not-to-call"].frame.set_index("Lead id")
    assert apart.loc[lead, "Phone"] == "Do not call"
