"""Removing the tag Email Dormant is an opt-in, and where double opt-in is on, adding Opted In."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

from stcrm_pandas.errors import DriftWarning
from stcrm_pandas.sandbox import Sandbox

from .company import Company
from .conftest import AS_OF

MAY = {"allow_opt_in": True, "consent_source": "form of May 3"}
DORMANT, OPTED_IN, VIP = 71, 72, 73
FLAGS = (
    "jobRemindersEnabled",
    "marketingUpdatesEnabled",
    "invoiceNotification",
    "statementNotification",
    "invoiceStatementNotification",
)
ON = dict.fromkeys(FLAGS, True)
OFF = dict.fromkeys(ON, False)
TAGS = {DORMANT: "e-mail  DORMANT", OPTED_IN: "Opted in", VIP: "VIP"}
SURE = {"dormant": ((DORMANT, VIP), (VIP,), DORMANT), "opted in": ((VIP,), (VIP, OPTED_IN), OPTED_IN)}
"""The tags of a customer before and after, and the one that changes."""


@pytest.fixture
def box():
    with Sandbox(company=Company(4, marked=False), as_of=AS_OF, rate_limit=None) as sandbox:
        for id, name in TAGS.items():
            sandbox.change("tag_types", id, name=name)
        for id in range(1, 5):
            for table, owner in (("customer_contacts", id), ("location_contacts", 100 + id)):
                value = f"{table}{id}@mail.com"
                sandbox.change(table, (owner, 1000 + id), value=value, type="Email", preferences=ON)
        yield sandbox


@pytest.fixture
def crm(box, join):
    return join(box, double_opt_in=True)


def frames(box, crm, before, after, rows=1):
    for id in range(1, rows + 1):
        box.change("customers", id, tagTypeIds=list(before))
    read = crm.customers.list(ids=range(1, rows + 1), refresh=True)
    return read, read.assign(tag_type_ids=pd.Series([after] * rows, index=read.index, dtype=object))


def tags(box, id=1):
    return tuple(box.row("customers", id)["tagTypeIds"])


@pytest.mark.parametrize("case", SURE)
def test_such_a_tag_needs_consent_and_is_sent_once(case, box, crm, count):
    before, after, tag = SURE[case]
    pair = frames(box, crm, before, after, rows=3)
    refused = crm.customers.plan_changes(*pair)
    assert refused.refused["reason"].tolist() == ["this is an opt-in, which needs the person's consent"] * 3
    assert not refused.steps
    plan = crm.customers.plan_changes(*pair, **MAY)
    assert plan.changes[["column", "consent", "opt_out"]].values.tolist() == [[f"tag_type_ids.{tag}", True, False]] * 3
    assert [step.operation for step in plan.steps] == ["Customers_Update"] * 3, "each is checked before it is sent"
    assert plan.apply().ok
    assert tags(box) == after
    box.change("customers", 1, tagTypeIds=list(before))
    box.requests.clear()
    assert "undid it" in plan.apply().conflicts["why"].item()
    assert (count(box), tags(box)) == (0, before)


@pytest.mark.parametrize("case", SURE)
@pytest.mark.parametrize("moment", ["before the plan", "after the plan"])
@pytest.mark.parametrize("mine", ["customer_contacts", "location_contacts"])
def test_opt_out_of_another_record_of_an_address_refuses_it(case, moment, mine, box, crm):
    before, after, _ = SURE[case]
    pair = frames(box, crm, before, after)

    def says_no():
        box.change("customer_contacts", (2, 1002), value=f"{mine}1@Mail.com", preferences=OFF)

    if moment == "before the plan":
        says_no()
    plan = crm.customers.plan_changes(*pair, **MAY)
    assert bool(plan.steps) is (moment == "after the plan")
    says_no()
    result = plan.apply()
    assert tags(box) == before
    if plan.steps:
        assert "another record of the same number or address is opted out" in result.failed["why"].item()


def test_opt_outs_of_texts_and_marks_of_others(box, crm):
    """Tags are about e-mail: an opt-out of the customer's number does not count, Do Not Mail of a namesake does."""
    for id in (1, 2):
        box.change("customer_contacts", (id, 1000 + id), value="512-555-0101", type="MobilePhone")
    box.change("customer_contacts", (2, 1002), preferences=OFF)
    pair = frames(box, crm, (DORMANT,), ())
    assert crm.customers.plan_changes(*pair, **MAY).refused.empty
    box.change("location_contacts", (103, 1003), value="location_contacts1@mail.com")
    box.change("customers", 3, doNotMail=True)
    refused = crm.customers.plan_changes(*pair, **MAY).refused
    assert refused["reason"].tolist() == ["customer 3 has the same number or address and is marked do not mail"]


def test_other_changes_of_tags_are_no_opt_ins(box, crm, join):
    pair = frames(box, crm, (VIP, OPTED_IN), (DORMANT,), rows=2)
    plan = crm.customers.plan_changes(*pair)
    assert plan.refused.empty
    assert not plan.changes["consent"].any()
    single = join(box)  # without double opt-in, Opted In means nothing
    pair = frames(box, single, (VIP,), (VIP, OPTED_IN), rows=2)
    plan = single.customers.plan_changes(*pair)
    assert [step.operation for step in plan.steps] == ["BulkTags_AddTags"]
    assert plan.apply().ok
    assert tags(box, 2) == (VIP, OPTED_IN)


def test_an_undo_omits_it(box, crm):
    before, after = frames(box, crm, (VIP, OPTED_IN), (DORMANT,))
    result = crm.customers.plan_changes(before, after.assign(name="Ann")).apply()
    assert result.ok
    assert tags(box) == (DORMANT,)
    back = result.undo()
    assert sorted(back.refused["column"]) == [f"tag_type_ids.{DORMANT}", f"tag_type_ids.{OPTED_IN}"]
    assert back.apply().ok
    assert set(tags(box)) == {DORMANT, VIP}
    assert box.row("customers", 1)["name"] != "Ann"


def test_tags_in_bulk_are_refused_without_the_others(box, crm):
    before, _ = frames(box, crm, (DORMANT, VIP), (), rows=2)
    plan = crm.tags.plan(before, remove=["VIP", TAGS[DORMANT]])
    assert plan.refused["column"].tolist() == [f"tag_type_ids.{DORMANT}"] * 2
    assert plan.refused["instead"].str.contains("plan_changes").all()
    assert plan.apply().ok
    assert tags(box) == tags(box, 2) == (DORMANT,)


@pytest.mark.parametrize("operation", ["customers", "tags"])
def test_plan_made_before_the_tag_had_its_name_is_refused(operation, box, crm, tmp_path, count):
    box.change("tag_types", DORMANT, name="Old list")
    before, after = frames(box, crm, (DORMANT, VIP), (VIP,), rows=2)
    if operation == "customers":
        plan = crm.customers.plan_changes(before, after.assign(name="Ann", do_not_mail=True))
    else:
        plan = crm.tags.plan(before, remove=["Old list"])
    plan.save(tmp_path / "plan.json")
    box.change("tag_types", DORMANT, name=TAGS[DORMANT])
    result = crm.load_plan(tmp_path / "plan.json").apply()
    assert result.failed["why"].str.contains("with this tag's name this is an opt-in").all()
    assert len(result.failed) == 2
    assert tags(box) == (DORMANT, VIP)
    assert box.row("customers", 1)["doNotMail"] is (operation == "customers"), "the opt-out of the row is sent"


@pytest.mark.parametrize("trouble", ["no permission", "no name"])
def test_tags_whose_names_cannot_be_read_are_refused(trouble, box, join):
    crm = join(box, double_opt_in=True, retries=0)
    pair = frames(box, crm, (DORMANT,), (VIP,))
    if trouble == "no name":
        for id in TAGS:
            box.change("tag_types", id, name=None)
    else:
        box.inject("lookups.tag_types.list", status=403, times=10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        plan = crm.customers.plan_changes(pair[0], pair[1].assign(name="Ann"), **MAY)
    assert plan.changes["column"].tolist() == ["name"]
    assert plan.refused["reason"].str.contains("the name of this tag cannot be read").tolist() == [True, True]
    assert plan.apply().ok
    assert tags(box) == (DORMANT,)
