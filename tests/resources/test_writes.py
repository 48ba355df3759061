"""Who may write, what is repeated, what is said when an answer is lost or cannot be read, and tags in parts."""

from __future__ import annotations

import inspect
import shutil

import pandas as pd
import pytest

from stcrm_pandas.contract.operations import OPERATIONS, by_name
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.errors import (
    Conflict,
    ConnectionFailed,
    DriftError,
    DriftWarning,
    InvalidResponse,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestError,
    ResponseError,
    ServerError,
    ServiceError,
    SettingsError,
    StcrmWarning,
    UnreadableValue,
    UsageError,
    WritesNotAllowed,
)
from stcrm_pandas.resources.resource import WritableResource

from .cases import CASES, PLACE
from .company import CAMPAIGN, CUSTOMERS, LEADS, TAG, made

WRITES = [case for case in CASES if by_name(case.name).writes]
LEAD = {"campaign_id": CAMPAIGN, "summary": "Leak", "follow_up_date": "2026-07-01"}


def tried(box, method):
    return sum(one.operation == by_name(method).id for one in box.requests)


# Leave


@pytest.mark.parametrize("case", WRITES, ids=lambda case: case.name)
def test_writes_need_permission(case, standing, join, call):
    crm = join(standing, by_address=True)
    with pytest.raises(WritesNotAllowed, match=f"{case.name}: this connection is read-only.*allow_writes=True"):
        call(crm, case.name, *case.args, **case.given)
    assert not standing.requests


def test_loopback_address_is_not_a_trusted_sandbox(box, join):
    with pytest.raises(WritesNotAllowed, match=f"tenant {box.tenant}"):
        join(box, by_address=True).leads.create(**LEAD)
    assert len(join(box, by_address=True, allow_writes=True).leads.create(**LEAD)) == 1
    assert len(join(box).leads.create(**LEAD)) == 1
    with pytest.raises(WritesNotAllowed):
        join(box, allow_writes=False).leads.create(**LEAD)


def test_offline_writes_raise(box, join):
    crm = join(box, by_address=True, offline=True, allow_writes=True)
    with pytest.raises(WritesNotAllowed, match="offline"):
        crm.leads.create(**LEAD)
    assert not box.requests


# Repeats


@pytest.mark.parametrize("case", WRITES, ids=lambda case: case.name)
def test_write_is_retried_after_429(case, standing, join, call):
    """The rows go through all writes, in the order of the cases."""
    standing.inject(case.name, status=429)
    call(join(standing), case.name, *case.args, **case.given)
    assert tried(standing, case.name) == 2


def test_endless_429_ends(box, join):
    crm = join(box, retries=2)
    box.inject("leads.create", times=None, status=429)
    with pytest.raises(RateLimited) as caught:
        crm.leads.create(**LEAD)
    assert tried(box, "leads.create") == 3
    assert not caught.value.in_doubt


def test_retried_once_after_401(box, crm):
    crm.leads.get(LEADS[0])
    box.inject("leads.create", revoke=True, status=401)
    crm.leads.create(**LEAD)
    assert tried(box, "leads.create") == 2


@pytest.mark.parametrize("how", [{"cut": 0}, {"cut": 20}, {"status": 500, "done": True}, {"status": 503}], ids=str)
def test_lead_is_never_created_twice(how, box, crm):
    before = len(crm.leads.list())
    box.inject("leads.create", **how)
    with pytest.raises((ConnectionFailed, ServerError)) as caught:
        crm.leads.create(**LEAD)
    assert tried(box, "leads.create") == 1
    assert caught.value.in_doubt
    assert "The change may have been made anyway" in str(caught.value)
    assert "Check with crm.leads.list(…)" in str(caught.value)
    assert len(crm.leads.list()) - before == (how.get("status") != 503)


def test_slow_response_is_in_doubt(box, join):
    crm = join(box, timeout=(5, 0.2))
    crm.leads.get(LEADS[0])
    box.inject("leads.update", delay=0.6)
    with pytest.raises(ConnectionFailed, match=r"took too long.*Check with crm.leads.get") as caught:
        crm.leads.update(LEADS[0], summary="x")
    assert caught.value.in_doubt
    assert tried(box, "leads.update") == 1


def test_unsent_request_is_retried(box, join):
    crm = join(box, by_address=True, allow_writes=True, retries=1)
    crm.leads.get(LEADS[0])
    box.stop()
    with pytest.raises(ConnectionFailed) as caught:
        crm.leads.create(**LEAD)
    assert crm.calls == 4, "sign-in, the read, the write and the write again"
    assert not caught.value.in_doubt
    assert "may have been made" not in str(caught.value)


def test_every_write_suggests_a_read():
    for operation in OPERATIONS.values():
        assert operation.writes == (operation.shown_by is not None) == bool(operation.forgets)
        if operation.shown_by:
            shows = by_name(operation.shown_by)
            assert not shows.writes
            assert shows.resource in operation.forgets


# Refusals


def test_service_message_is_in_the_error(box, crm):
    with pytest.raises(NotFound) as missing:
        crm.leads.update(999, summary="x")
    assert missing.value.path == {"id": 999}
    assert "id 999" in str(missing.value)
    with pytest.raises(RequestError) as refused:
        crm.leads.create(**{**LEAD, "campaign_id": 999})
    assert "campaignId" in refused.value.fields
    crm.customers.update(CUSTOMERS[0], active=False)
    with pytest.raises(Conflict):
        crm.customers.create_contact(CUSTOMERS[0], type="Email", value="a@example.com")
    assert not refused.value.in_doubt


def test_missing_scope_is_reported(box, crm):
    box.inject("leads.create", status=403)
    with pytest.raises(PermissionDenied, match=r"tn.crm.leads:w"):
        crm.leads.create(**LEAD)


def test_invalid_values_are_not_sent(box, crm):
    with pytest.raises(UsageError, match=r"leads.create: campaign_id: is required; summary: is required"):
        crm.leads.create(call_reason_id=1)
    with pytest.raises(UsageError, match=r"leads.update needs id"):
        crm.leads.update(summary="x")
    with pytest.raises(UsageError, match=r"leads.update has no parameter 'sumary'. Did you mean 'summary'"):
        crm.leads.update(1, sumary="x")
    with pytest.raises(UsageError, match=r"leads.update\(id=…\): must be a whole number"):
        crm.leads.update("x", summary="x")
    with pytest.raises(UsageError, match=r"contacts.delete\(id=…\): must be a GUID"):
        crm.contacts.delete("x")
    with pytest.raises(UsageError, match="must be text, and not empty"):
        crm.contacts.create_relationship("00000001-0000-4000-8000-0000000000c1", 1, "..")
    with pytest.raises(UsageError, match=r"address.zip: must be text"):
        crm.locations.create(customer_id=1, name="x", address={**PLACE, "zip": 78701})
    with pytest.raises(
        UsageError, match=r"It has: ids, .*\. Options of every read: max_age, refresh, allow_incomplete\."
    ):
        crm.customers.list(nmae="x")
    assert not box.requests


# Answers


def test_unreadable_response_reports_that_the_write_was_done(box, crm):
    box.inject("leads.create", body="<html>", done=True)
    with pytest.raises(InvalidResponse) as caught:
        crm.leads.create(**LEAD)
    assert "was carried out" in caught.value.__notes__[0]
    assert "crm.leads.list(…)" in caught.value.__notes__[0]
    assert tried(box, "leads.create") == 1


def test_response_with_drift_is_kept_and_reported(box, join):
    drifted = {"leadId": LEADS[0], "followUpDate": "2026-07-01T00:00:00Z", "text": None, "pinToTop": None, "extra": 1}
    box.inject("leads.create_follow_up", body=drifted, times=2)
    crm = join(box)
    with pytest.warns(DriftWarning, match="pin_to_top is null"):
        made = crm.leads.create_follow_up(LEADS[0], follow_up_date="2026-07-01")
    assert made["extra"].item() == 1
    with pytest.raises(DriftError) as caught:
        join(box, strict=True).leads.create_follow_up(LEADS[0], follow_up_date="2026-07-01")
    assert "was carried out" in caught.value.__notes__[0]


def test_contact_that_cannot_be_read_afterwards_was_changed(box, crm):
    box.inject("bookings.list_contacts_of_provider", times=None, body="<html>")
    with pytest.raises(ResponseError) as caught:
        crm.bookings.update_contact(41, 31, 51, memo="home")
    assert "was carried out" in caught.value.__notes__[0]


def test_cache_that_cannot_be_cleared_blocks_writes(box, crm):
    crm.leads.list()
    spoil(crm)
    with pytest.raises(SettingsError):
        crm.leads.create(**LEAD)
    assert tried(box, "leads.create") == 0


def test_cache_that_cannot_be_cleared_afterwards_warns(box, crm):
    box.inject("leads.create", before=lambda: spoil(crm))
    with pytest.warns(StcrmWarning, match=r"leads.create: stored responses may be out of date.*refresh=True"):
        assert len(crm.leads.create(**LEAD)) == 1


def spoil(crm):
    """Put a file where the folder of the cache was."""
    folder = crm.cache.path.parent
    shutil.rmtree(folder)
    folder.touch()


# Records within records


def created(**location):
    whole = made("customers.create", [7])[0]
    return {**whole, "locations": [{**whole["locations"][0], **location}]}


def make(crm):
    return crm.customers.create(name="Lee", address=PLACE, locations=[])


def test_nested_location_is_equal_on_both_paths(box, crm):
    whole = created(createdOn="0001-01-01T00:00:00Z", mergedToId=2**53 + 1, tagTypeIds=[1, 2], zoneId=None)
    box.inject("customers.create", body=whole)
    quick = make(crm)
    box.inject("customers.create", body={**whole, "balance": "12.34"})  # not of its kind: the exact way
    with pytest.warns(DriftWarning, match="balance"):
        slow = make(crm)
    assert slow.equals(quick)
    (location,) = quick["locations"].item()
    assert location.created_on == pd.Timestamp("0001-01-01", tz="UTC")
    assert location.modified_on == pd.Timestamp("2026-01-02T03:04:05.678Z")
    assert (location.merged_to_id, location.zone_id, location.tag_type_ids) == (2**53 + 1, None, (1, 2))
    assert location.contacts[0]._fields == ("id", "type", "value", "memo")


@pytest.mark.parametrize(
    ("location", "caught"),
    [
        ({"extra": 1}, "locations_extra|locations.*extra"),
        ({"name": None}, r"locations lacks a part \(name\)"),
        ({"id": "5"}, "locations has numbers in quotes"),
    ],
    ids=str,
)
def test_nested_location_with_drift_is_reported(location, caught, box, crm):
    box.inject("customers.create", body=created(**location))
    with pytest.warns(DriftWarning, match=caught):
        assert len(make(crm)["locations"].item()) == 1


@pytest.mark.parametrize("location", [{"createdOn": "soon"}, {"id": 5.5}, {"address": []}, {"contacts": 7}], ids=str)
def test_unreadable_nested_location_is_reported(location, box, crm):
    box.inject("customers.create", body=created(**location))
    with pytest.raises(UnreadableValue, match=r"locations .*\(id 7\)"):
        make(crm)


# Tags in parts


def test_tags_are_sent_in_parts_with_a_result_each(box, crm):
    box.inject("tags.add", body="")
    box.inject("tags.add", status=500)
    box.inject("tags.add", body="")
    with pytest.warns(StcrmWarning, match="1 of 3 requests failed"):
        done = crm.tags.add(customer_ids=[*range(1, 2_502), 1, 2], tag_type_ids=[TAG])
    assert [one.body["customerIds"][0] for one in box.requests if one.operation == "BulkTags_AddTags"] == [
        1,
        1001,
        2001,
    ]
    assert done["customer_ids"].map(len).tolist() == [1000, 1000, 501]
    assert done["ok"].tolist() == [True, False, True]
    assert done["error"].isna().tolist() == [True, False, True]
    assert "The change may have been made" in done["error"][1]
    assert {name: str(dtype) for name, dtype in done.dtypes.items()} == {
        "customer_ids": "object",
        "ok": "boolean",
        "error": "str",
    }


def test_tags_raise_if_no_part_succeeds(box, crm):
    box.inject("tags.remove", times=None, status=403)
    with pytest.raises(ServiceError, match=r"tn.crm.tags:w"):
        crm.tags.remove(customer_ids=range(1, 1_500), tag_type_ids=[TAG])
    assert tried(box, "tags.remove") == 2


def test_invalid_last_part_raises_before_any_request(box, crm):
    with pytest.raises(UsageError, match=r"customer_ids\[1500\]"):
        crm.tags.add(customer_ids=[*range(1_500), "x"], tag_type_ids=[TAG])
    with pytest.raises(UsageError, match="customer_ids: is required; tag_type_ids: is required"):
        crm.tags.add()
    assert not box.requests


# Signatures


def type_of(resource):
    """The class of methods that has this name."""
    found, families = [WritableResource], []
    while found:
        families += [found := [one for family in found for one in family.__subclasses__()]]
    return next(one for many in families for one in many if getattr(one, "name", None) == resource)


@pytest.mark.parametrize("operation", [op for op in OPERATIONS.values() if op.body], ids=lambda op: op.name)
def test_annotations_match_clearable_fields(operation):
    """Null says something only where a value may stand already: in a change."""
    family = type_of(operation.resource)
    parameters = inspect.signature(getattr(family, operation.name.rpartition(".")[2])).parameters
    for field in operation.body.fields:
        annotated = "Clears" in str(parameters[snake(field.name)].annotation)
        assert annotated == (field.nullable and operation.method in ("PATCH", "PUT")), field.name
