"""From two frames to calls: what is set, what is filled in, what is refused and what does it instead."""

from __future__ import annotations

import pandas as pd
import pytest

from stcrm_pandas.contract.schemas.parts import CustomField, ExternalData
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.plan.fill import CannotFill, body_of
from stcrm_pandas.edits.plan.steps import PlanOptions
from stcrm_pandas.errors import UsageError

from .rows import ORIGIN, USUAL, edited, frame, only, plan, plan_changes, reasons

MISSING = pd.NA


def row_of(resource, **changes):
    return {**USUAL[resource], **changes}


def test_unchanged_rows_need_no_request():
    before = frame("customers", {}, {"id": 2})
    made = plan_changes("customers", before, edited(before, name="Ann Lee"), origin=ORIGIN)
    assert [step.key for step in made.steps] == [(1,)]
    assert only(made).set == {"name": "Ann Lee"}
    assert only(made).fill == {}


def test_name_and_address_are_one_request():
    made = plan(
        "customers", {}, {"name": "Ann", "address_street": "2 Elm St", "address_zip": "78702"}, keep_coordinates=True
    )
    step = only(made)
    assert step.set == {"name": "Ann", "address": {"street": "2 Elm St", "zip": "78702"}}
    assert step.fill["address"] == {
        "unit": "2",
        "city": "Austin",
        "state": "TX",
        "country": "USA",
        "latitude": 30.0,
        "longitude": -97.0,
    }


@pytest.mark.parametrize("part", ["street", "city", "state", "zip"])
def test_changed_address_of_a_customer_needs_coordinates(part):
    changes = {f"address_{part}": "x"}
    refused = plan("customers", {}, changes)
    assert not refused.steps
    assert "keep_coordinates=True" in reasons(refused)[f"address_{part}"]
    assert plan("customers", {}, changes, keep_coordinates=True).steps
    placed = plan("customers", {}, {**changes, "address_latitude": 1.5, "address_longitude": 2.5})
    assert only(placed).set["address"] == {part: "x", "latitude": 1.5, "longitude": 2.5}


@pytest.mark.parametrize("part", ["unit", "country"])
def test_unit_and_country_keep_the_coordinates(part):
    assert only(plan("customers", {}, {f"address_{part}": "x"})).fill["address"]["latitude"] == 30.0
    assert only(plan("locations", {}, {f"address_{part}": "x"})).fill["address"]["latitude"] == 30.0


def test_both_coordinates_are_required():
    made = plan("customers", {}, {"address_street": "x", "address_latitude": 1.5})
    assert not made.steps
    assert "give both" in reasons(made)["address_street"]


def test_changed_address_of_a_location_loses_coordinates():
    step = only(made := plan("locations", {}, {"address_street": "x"}))
    assert step.set == {"address": {"street": "x", "latitude": None, "longitude": None}}
    assert "latitude" not in step.fill["address"]
    assert any("coordinates are cleared" in warning for warning in made.warnings)
    kept = only(plan("locations", {}, {"address_street": "x"}, keep_coordinates=True))
    assert kept.set == {"address": {"street": "x"}}
    assert body_of(kept, row_of("locations", address_latitude=5.0))["address"]["latitude"] == 5.0


def test_missing_unit_is_sent_as_empty_text_with_a_note():
    made = plan("customers", {"address_unit": None}, {"address_zip": "78702"}, keep_coordinates=True)
    assert only(made).fill["address"]["unit"] == ""
    assert any("empty text" in warning for warning in made.warnings)


@pytest.mark.parametrize(("part", "column"), [(None, "address_latitude"), (None, "address_city")])
def test_incomplete_address_is_refused(part, column):
    made = plan("customers", {column: part}, {"address_unit": "3"})
    assert not made.steps
    assert f"give {column}" in reasons(made)["address_unit"]
    step = only(plan("customers", {}, {"address_unit": "3"}))
    with pytest.raises(CannotFill, match=column):
        body_of(step, row_of("customers", **{column: None}))


def test_refused_address_part_refuses_the_address_only():
    made = plan("locations", {}, {"address_city": None, "address_street": "x", "name": "Ann"})
    assert only(made).set == {"name": "Ann"}
    assert set(reasons(made)) == {"address_city", "address_street"}


def test_fill_comes_from_the_fresh_row():
    step = only(plan("customers", {}, {"address_unit": "3", "tag_type_ids": (71,)}))
    now = row_of("customers", address_city="Waco", tag_type_ids=(80,))
    body = body_of(step, now)
    assert body["address"]["city"] == "Waco"
    assert body["address"]["unit"] == "3"
    assert body["tagTypeIds"] == [80, 71]


def test_custom_fields_are_matched_by_type():
    old = (CustomField(91, "Gate", "1"), CustomField(92, "Dog", "yes"), CustomField(93, "Null", None))
    new = (CustomField(91, "Gate", "2"), CustomField(94, None, "new"))
    made = plan("customers", {"custom_fields": old}, {"custom_fields": new})
    step = only(made)
    assert {(cell.column, cell.old, cell.new) for cell in step.cells} == {
        ("custom_fields.91", "1", "2"),
        ("custom_fields.92", "yes", None),
        ("custom_fields.94", None, "new"),
    }
    somebody_elses = (*old, CustomField(95, "Other", "stays"))
    body = body_of(step, row_of("customers", custom_fields=somebody_elses))
    assert {one["typeId"]: one["value"] for one in body["customFields"]} == {91: "2", 94: "new", 95: "stays"}
    assert any("left out of the complete list" in warning for warning in made.warnings)


def test_tags_are_added_and_removed():
    step = only(plan("locations", {"tag_type_ids": (71, 72)}, {"tag_type_ids": (72, 73)}))
    assert [(cell.column, cell.old, cell.new) for cell in step.cells] == [
        ("tag_type_ids.71", True, False),
        ("tag_type_ids.73", False, True),
    ]
    assert body_of(step, row_of("locations", tag_type_ids=(71, 72, 99)))["tagTypeIds"] == [72, 99, 73]


def test_tags_use_the_bulk_operation():
    before = frame("customers", {}, {"id": 2}, {"id": 3}, {"id": 4, "tag_type_ids": (71,)})
    after = before.copy()
    after["tag_type_ids"] = pd.Series([(71,), (71,), (71,), ()], dtype=object)
    after["name"] = pd.Series(["ANN LEE", "ANN LEE", "Ann", "ANN LEE"], dtype="str")
    made = plan_changes("customers", before, after, origin=ORIGIN)
    calls = {step.operation: step for step in made.steps}
    assert calls["BulkTags_AddTags"].keys == ((1,), (2,))
    assert calls["BulkTags_AddTags"].set == {"customerIds": [1, 2], "tagTypeIds": [71]}
    assert calls["BulkTags_RemoveTags"].keys == ((4,),)
    assert calls["Customers_Update"].set == {"name": "Ann", "tagTypeIds": [71]}
    assert len(made.changes) == 5


def test_external_data_needs_the_application_and_is_matched_by_key():
    old, new = (ExternalData("a", "1"), ExternalData("b", "2")), (ExternalData("a", "9"),)
    refused = plan("customers", {"external_data": old}, {"external_data": new})
    assert "application_guid=" in reasons(refused)["external_data"]
    guid = "6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6"
    step = only(plan("customers", {"external_data": old}, {"external_data": new}, application_guid=guid))
    assert step.set["externalData"] == {
        "patchMode": "Merge",
        "applicationGuid": guid,
        "externalData": [{"key": "a", "value": "9"}, {"key": "b", "value": None}],
    }
    with pytest.raises(UsageError, match="application_guid"):
        plan("customers", {"external_data": old}, {"external_data": new}, application_guid="none")


def test_newer_contact_keeps_its_archive_flag():
    step = only(plan("contacts", {"is_archived": True}, {"title": None}))
    assert body_of(step, row_of("contacts", is_archived=True)) == {"title": None, "isArchived": True}
    assert not step.cells[0].one_way


def test_irreversible_cells_are_one_way():
    step = only(plan("customers", {"payment_term_id": None}, {"payment_term_id": 3, "name": "Ann"}))
    assert {cell.column: cell.one_way for cell in step.cells} == {"name": False, "payment_term_id": True}


@pytest.mark.parametrize(
    ("resource", "row", "changes", "column", "reason"),
    [
        ("customers", {}, {"name": None}, "name", 'the empty text, ""'),
        ("customers", {"tax_exempt": True}, {"tax_exempt": None}, "tax_exempt", "cannot be cleared"),
        ("customers", {}, {"type": "Municipal"}, "type", "not one of Residential, Commercial"),
        ("customers", {}, {"balance": 5.0}, "balance", "invoices"),
        ("customers", {}, {"credit_limit": 1234567890123456.5}, "credit_limit", "15 digits"),
        ("leads", {}, {"status": "Dismissed"}, "status", "crm.leads.plan_dismiss"),
        ("leads", {}, {"tag_type_ids": (1,)}, "tag_type_ids", "only be set when it is created"),
        ("leads", {}, {"follow_up_date": pd.Timestamp("2026-07-01", tz="UTC")}, "follow_up_date", "plan_follow_up"),
        ("bookings", {}, {"status": "Dismissed"}, "status", "crm.bookings.plan_dismiss"),
        ("customer_contacts", {}, {"phone_settings_do_not_text": True}, "phone_settings_do_not_text", "ServiceTitan"),
        (
            "location_contacts",
            {},
            {"preferences_invoice_statement_notification": False},
            "preferences_invoice_statement_notification",
            "change preferences_invoice_notification and",
        ),
        ("contact_methods", {}, {"type": "Phone"}, "type", "contact_methods.upsert"),
        ("locations", {}, {"tax_exempt": True}, "tax_exempt", "cannot change this flag"),
        ("locations", {}, {"customer_id": 6}, "customer_id", "allow_move=True"),
        ("customers", {"balance": 12.5}, {"active": False}, "active", "allow_deactivate=True"),
        ("customers", {"balance": None}, {"active": False}, "active", "balance is unknown"),
        ("customers", {"active": False}, {"name": "x"}, "name", "allow_inactive=True"),
        ("customers", {"merged_to_id": 99}, {"name": "x"}, "name", "change 99 instead"),
    ],
)
def test_refusals_suggest_alternatives(resource, row, changes, column, reason):
    made = plan(resource, row, changes)
    assert not made.steps
    assert reason in reasons(made)[column]
    assert made.refused["column"].tolist() == [column]


def test_options_allow_refused_changes():
    assert plan("locations", {}, {"customer_id": 6}, allow_move=True).steps
    assert plan("customers", {"balance": 5.0}, {"active": False}, allow_deactivate=True).steps
    assert plan("customers", {"active": False}, {"name": "x"}, allow_inactive=True).steps
    assert plan("customers", {"merged_to_id": 9}, {"name": "x"}, allow_inactive=True).steps


def test_merged_to_id_zero_is_not_merged():
    assert plan("customers", {"merged_to_id": 0}, {"name": "x"}).steps


def test_each_column_has_a_rule_and_each_field_of_a_body_a_column():
    for target in TARGETS.values():
        assert set(target.rules) | set(target.row.key) == {column.name for column in target.row.columns}
        sent = {rule.field for rule in target.rules.values() if rule.field}
        for field in target.call.body.fields:
            parts = [(field.name, part.name) for part in field.fields] if not field.many else []
            wanted = {(field.name,)} if field.name == "externalData" or not parts else set(parts)
            wanted -= {("preferences", "invoiceStatementNotification")}
            assert wanted <= sent, f"{target.resource}: {wanted - sent}"


def test_enum_values_use_the_contract_spelling():
    assert only(plan("leads", {}, {"priority": "HIGH"})).set == {"priority": "High"}
    assert not plan("leads", {}, {"priority": "normal"}).steps


def test_times_are_text_in_utc():
    made = plan("bookings", {}, {"start": pd.Timestamp("2026-07-01T09:30", tz="America/Chicago")})
    assert only(made).set == {"start": "2026-07-01T14:30:00Z"}
    assert only(made).path == {"booking_provider": 41, "id": 31}


def test_changed_campaign_of_a_lead_warns():
    made = plan("leads", {}, {"campaign_id": 62})
    assert any("campaign" in warning for warning in made.warnings)


def test_plan_warns_about_many_changes():
    before = frame("leads", *({"id": id} for id in range(20)))
    few = before.assign(summary=["x", *before["summary"][1:]])
    many = before.assign(summary="x")
    assert not plan_changes("leads", before, few, origin=ORIGIN).warnings
    assert "20 of 20" in plan_changes("leads", before, many, origin=ORIGIN).warnings[0]
    assert not plan_changes("leads", before[:19], many[:19], origin=ORIGIN).warnings, "a share of few rows means little"
    assert not plan_changes("leads", before, many, origin=ORIGIN, warn_above=1.0).warnings


def test_unknown_columns_and_unreadable_cells_are_reported():
    before = frame("leads", {}, {"id": 22})
    after = before.assign(summry="x", campaign_id=pd.Series([62, "sixty"], dtype=object))
    made = plan_changes("leads", before, after, origin=ORIGIN)
    assert only(made).set == {"campaignId": 62}
    assert set(reasons(made)) == {"summry", "campaign_id"}
    assert made.refused["id"].isna().tolist() == [True, False]


@pytest.mark.parametrize("name", ["tenant", "environment"])
@pytest.mark.parametrize("side", [0, 1])
def test_frame_of_another_tenant_raises(name, side):
    frames = [frame("leads"), frame("leads")]
    frames[side].attrs["stcrm"][name] = 8
    with pytest.raises(UsageError, match=r"connect to"):
        plan_changes("leads", *frames, origin=ORIGIN)


def test_frame_of_another_resource_raises():
    contacts = frame("customer_contacts")
    contacts.attrs["stcrm"]["operation"] = "Customers_GetModifiedContactsList"
    with pytest.raises(UsageError, match="customer_contacts"):
        plan_changes("customers", contacts, contacts, origin=ORIGIN)


def test_rows_without_a_tenant_are_marked():
    before = frame("leads", named=False)
    assert plan_changes("leads", before, before, origin=ORIGIN).options == {"before_unnamed": True}
    assert plan("leads", {}, {}).options == {}


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_duplicate_key_raises(before, after):
    with pytest.raises(UsageError, match="21 appears twice"):
        plan_changes("leads", frame("leads", *[{}] * before), frame("leads", *[{}] * after), origin=ORIGIN)


def test_row_without_path_parameters_is_refused():
    before = frame("bookings").drop(columns="booking_provider_id")
    made = plan_changes("bookings", before, edited(before, name="x"), origin=ORIGIN)
    assert not made.steps
    assert "booking_provider_id" in made.refusals[0].reason


def test_empty_unit_does_not_block_an_address():
    made = plan("locations", {"address_unit": ""}, {"address_unit": None, "address_zip": "78702"})
    assert only(made).set["address"]["zip"] == "78702"
    assert set(reasons(made)) == {"address_unit"}
    made = plan("locations", {"address_unit": "2"}, {"address_unit": None, "address_street": "x"})
    assert not made.steps  # the old unit would stand in the new street


@pytest.mark.parametrize("resource", ["leads", "customer_contacts", "bookings"])
def test_deleted_row_of_a_feed_is_refused(resource):
    column = {"leads": "summary", "customer_contacts": "memo", "bookings": "name"}[resource]
    before = frame(resource).assign(active=False)
    made = plan_changes(resource, before, edited(before, **{column: "x"}), origin=ORIGIN)
    assert not made.steps
    assert made.refusals[0].reason == "it was deleted"


def test_a_retired_provider_tag_can_be_changed():
    assert plan("booking_provider_tags", {"active": False}, {"tag_name": "Old web"}).steps


@pytest.mark.parametrize(
    ("resource", "column", "new", "lacking", "read"),
    [
        ("customers", "address_zip", "78702", "address_street", "crm.customers.list(…)"),
        ("locations", "address_zip", "78702", "address_street", "crm.locations.list(…)"),
        ("contacts", "name", "Bob", "is_archived", "crm.contacts.get(…)"),
    ],
)
def test_missing_columns_differ_from_missing_values(resource, column, new, lacking, read):
    key = list(TARGETS[resource].row.key)
    before = frame(resource)[[*key, column]]
    made = plan_changes(
        resource, before, before.assign(**{column: new}), origin=ORIGIN, options=PlanOptions(keep_coordinates=True)
    )
    assert not made.steps
    reason = reasons(made)[column]
    assert f"the frame has no column {lacking}" in reason
    assert read in reason
    whole = plan(resource, {lacking: None}, {column: new}, keep_coordinates=True)
    assert f"{lacking} is missing" in reasons(whole)[column]


def test_opt_out_needs_no_other_column():
    before = frame("customer_contacts")[["customer_id", "id", "preferences_marketing_updates_enabled"]]
    made = plan_changes(
        "customer_contacts", before, before.assign(preferences_marketing_updates_enabled=False), origin=ORIGIN
    )
    assert only(made).opt_out
    assert not any("unknown" in warning for warning in made.warnings), "they were not read, and are filled in later"
