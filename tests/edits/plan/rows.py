"""Frames of a few rows, as reads give them, made by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.plan import build
from stcrm_pandas.edits.plan.build import Origin
from stcrm_pandas.edits.plan.steps import PlanOptions
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.frame.foreign_cells import array

ORIGIN = Origin("box", 7, "2026-06-01T12:00:00Z")
ABOUT = {"environment": "box", "tenant": 7}

USUAL: dict[str, dict[str, Any]] = {
    "customers": {
        "id": 1,
        "active": True,
        "name": "ANN LEE",
        "type": "Residential",
        "address_street": "1 Elm St",
        "address_unit": "2",
        "address_city": "Austin",
        "address_state": "TX",
        "address_zip": "78701",
        "address_country": "USA",
        "address_latitude": 30.0,
        "address_longitude": -97.0,
        "custom_fields": (),
        "balance": 0.0,
        "tag_type_ids": (),
        "do_not_mail": False,
        "do_not_service": False,
        "external_data": (),
    },
    "customer_contacts": {
        "customer_id": 1,
        "id": 11,
        "type": "MobilePhone",
        "value": "512-555-0101",
        "phone_settings_do_not_text": False,
        "preferences_job_reminders_enabled": True,
        "preferences_marketing_updates_enabled": True,
        "preferences_invoice_statement_notification": True,
        "preferences_invoice_notification": True,
        "preferences_statement_notification": True,
    },
    "leads": {"id": 21, "status": "Open", "priority": "Normal", "campaign_id": 61, "summary": "leak"},
    "bookings": {"id": 31, "booking_provider_id": 41, "status": "New", "name": "Ann", "source": "web"},
    "contacts": {"id": "c1", "name": "Ann", "title": "Owner", "is_archived": False},
    "contact_methods": {"contact_id": "c1", "id": "m1", "type": "Email", "value": "ann@example.com"},
    "contact_preferences": {
        "contact_id": "c1",
        "contact_method_id": "m1",
        "name": "Marketing",
        "data_type": "Bool",
        "value": "true",
    },
    "booking_provider_tags": {"id": 41, "tag_name": "Web", "description": "", "active": True},
    "booking_contacts": {"booking_provider_id": 41, "booking_id": 31, "id": 51, "type": "Email", "value": "a@b.co"},
}
USUAL["locations"] = {
    **{name: value for name, value in USUAL["customers"].items() if name not in ("type", "balance")},
    "customer_id": 5,
}
USUAL["location_contacts"] = {
    **{name: value for name, value in USUAL["customer_contacts"].items() if name != "customer_id"},
    "location_id": 1,
}


def frame(resource: str, *rows: dict[str, Any], named: bool = True) -> pd.DataFrame:
    """Rows of a kind, each as usual but for what is given; all columns, in the dtypes of reads."""
    row = TARGETS[resource].row
    complete = [{**USUAL[resource], **row} for row in rows or ({},)]
    cells = {column.name: array(column, [values.get(column.name) for values in complete]) for column in row.columns}
    made = pd.DataFrame({name: pd.Series(value, dtype=dtypes_of(row)[name]) for name, value in cells.items()})
    made.attrs = {"stcrm": dict(ABOUT)} if named else {}
    return made


def edited(before: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    """The frame with the first row's cells changed."""
    after = before.copy()
    for name, value in changes.items():
        cells = after[name].astype(object).tolist()
        cells[0] = value
        after[name] = pd.Series(cells, dtype=before[name].dtype)
    return after


def plan_changes(*frames: Any, **options: Any) -> Plan:
    """The plan of two frames, as users hold it, without a connection."""
    return Plan.of(build.plan_changes(*frames, **options))


def plan(resource: str, row: dict[str, Any], changes: dict[str, Any], **options: Any) -> Plan:
    """The plan that changes one row."""
    before = frame(resource, row)
    return plan_changes(resource, before, edited(before, **changes), origin=ORIGIN, options=PlanOptions(**options))


def only(plan: Plan) -> Any:
    """The only call of a plan."""
    (step,) = plan.steps
    return step


def reasons(plan: Plan) -> dict[str, str]:
    """What was refused, by column: why and what to do instead."""
    return {refusal.column: f"{refusal.reason}; {refusal.instead}" for refusal in plan.refusals}
