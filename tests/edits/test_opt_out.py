"""Lists of numbers and addresses that want to hear no more, over HTTP: what is sent, and what is left to a person."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox import Sandbox

from .people import FREE, MAIL, TEXTLESS, YES, People, line

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
CLOSED, OF_A_LEAD, OF_LEADS = "512-555-0104", "512-555-0105", "Lead@Example.com"
SCREEN = "ServiceTitan's own screen"


class Closed(People):
    """Customer 2 was merged (0: not), customer 3 and its location 13 are inactive; all say yes. Leads have numbers."""

    def _own(self, name, rows):
        rows = super()._own(name, rows)
        if name == "customers":
            gone = {2: {"active": False, "mergedToId": 1}, 3: {"active": False}}
            return [{**row, "mergedToId": 0, **gone.get(row["id"], {"active": True})} for row in rows]
        if name == "customer_contacts":
            more = [
                {**rows[0], **line(CLOSED, YES), "id": 150 + customer, "customerId": customer} for customer in (1, 2, 3)
            ]
            return [*rows, *more]
        if name == "leads":
            texts = (("(512) 555-0105", ""), (None, OF_LEADS), ("n/a", OF_LEADS.lower()))
            return [
                {**row, "leadPhone": phone, "leadEmail": mail} for row, (phone, mail) in zip(rows, texts, strict=True)
            ]
        return rows


@pytest.fixture
def box():
    with Sandbox(company=Closed(), as_of=AS_OF, rate_limit=None) as sandbox:
        yield sandbox


@pytest.fixture
def crm(box, tmp_path):
    with stcrm.connect(sandbox=box, cache_dir=tmp_path, rate_limit=1000, progress=False, time_zone="UTC") as crm:
        yield crm


def listed(plan):
    return plan.unmatched.groupby("what", sort=False)["why"].agg(list).to_dict()


def test_every_record_is_found(crm):
    plan = crm.plan_opt_out(["+15125550103", MAIL.upper(), "512.555.0199", "no number", FREE], names=["marketing"])
    changes = plan.changes
    assert changes["resource"].tolist().count("location_contacts") == 1
    assert changes["resource"].tolist().count("contact_preferences") == 2
    assert changes["opt_out"].all()
    assert "customer_contacts" not in set(changes["resource"])  # it is off there
    assert set(changes["new"].map(str)) == {"False", "false"}
    why = listed(plan)
    assert why["512.555.0199"] == ["nothing that was searched has it"]
    assert "neither" in why["no number"][0]
    assert [one.partition(":")[0] for one in why["+15125550103"]] == [
        "location 13 is inactive",
        "texts are stopped by no operation",
    ]
    assert len(why) == 3
    assert plan.checked


def test_without_names_the_newer_store_is_listed(crm):
    plan = crm.plan_opt_out([MAIL, TEXTLESS])
    assert plan.changes["resource"].tolist() == ["location_contacts"]
    told = plan.unmatched
    assert told["what"].tolist() == [MAIL]
    assert "names=" in told["instead"][0]
    strange = crm.plan_opt_out([MAIL], names=["Weather"])
    assert "no preference of these names" in strange.unmatched["why"][0]


def test_contacts_of_whoever_is_inactive_or_merged_are_done_by_hand_and_nothing_fails(crm):
    plan = crm.plan_opt_out([CLOSED, FREE, MAIL], names=["Marketing"], reason="asked by mail")
    assert [key for _, key in plan.keys if len(key) == 2] == [(1, 151), (11, 111)]
    told = plan.unmatched[plan.unmatched["why"].str.contains("changes no contact")]
    assert told.values.tolist() == [
        [CLOSED, "customer 2 was merged into 1: the service changes no contact of it", f"change it on {SCREEN}"],
        [
            CLOSED,
            "customer 3 is inactive: the service changes no contact of it",
            f"activate customer 3, or change it on {SCREEN}",
        ],
        [
            FREE,
            "location 13 is inactive: the service changes no contact of it",
            f"activate location 13, or change it on {SCREEN}",
        ],
    ]
    result = plan.apply()
    assert result.ok, result
    assert len(result.succeeded) == len(plan.keys)
    after = crm.customers.list_contacts(refresh=True).set_index("id")["preferences_marketing_updates_enabled"]
    assert after[[151, 152, 153]].tolist() == [False, True, True]  # the last two are listed
    again = crm.plan_opt_out([CLOSED, FREE, MAIL], names=["Marketing"])
    assert not again.steps
    assert again.listed == plan.listed


def test_leads_that_carry_a_number_are_listed_once_for_each_number(crm):
    plan = crm.plan_opt_out([OF_A_LEAD, OF_LEADS])
    assert not plan.steps
    assert listed(plan) == {
        OF_A_LEAD: ["lead 21 has it, and a lead has no preferences"],
        OF_LEADS: ["2 leads have it (22, 23), and a lead has no preferences"],
    }


def test_a_plan_says_what_was_not_searched(crm, box, tmp_path):
    plan = crm.plan_opt_out([OF_A_LEAD])
    (bookings,) = plan.warnings
    assert bookings.startswith("Contacts of bookings were not searched")
    assert bookings in repr(plan)
    box.inject("Leads_GetList", status=403, times=5)
    told = crm.plan_opt_out([OF_A_LEAD])
    assert told.warnings[0].startswith("Leads were not searched")
    assert listed(told) == {OF_A_LEAD: ["nothing that was searched has it"]}


@pytest.mark.parametrize("given", [[], "", [None], 5125550101, [5125550101.0], pd.DataFrame({"a": ["x"]})])
def test_an_opt_out_of_nothing_is_an_error(crm, given):
    with pytest.raises(UsageError, match="plan_opt_out"):
        crm.plan_opt_out(given)
