"""Random edits of rows of every kind: as planned, nothing else touched, nothing the second time, and back."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stcrm_pandas as stcrm
from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.edits import plans
from stcrm_pandas.edits.columns import LEGACY, TARGETS
from stcrm_pandas.sandbox import Sandbox

from .company import FIELD, OTHER_FIELD, PROVIDER, TAGS, Company, guid
from .conftest import AS_OF, Time

ROWS = 3
ITSELF = {"modified_on", "modified_by", "balance", LEGACY, "phone_settings_phone_number"}
"""What the service sets by itself, beside any change."""
NOT_FREE = {
    "customer_id",
    "job_type_id",
    "campaign_id",
    "business_unit_id",
    "payment_term_id",
    "type",
    "value",
    "priority",
    "tag_name",
}
"""Ids must be those of rows, values go together with types, and the names of provider tags are taken once."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder, time = tmp_path_factory.mktemp("edits"), Time()
    usual = {"sleep": time.sleep, "timer": time.timer, "clock": time.clock, "chance": lambda: 0.0}
    folders = {"cache_dir": folder / "cache", "state_dir": folder / "state"}
    with (
        Sandbox(company=Company(), as_of=AS_OF, rate_limit=None) as box,
        stcrm.connect(sandbox=box, rate_limit=1000, progress=False, **folders, **usual) as crm,
    ):
        yield box, crm, time


def rows(crm, resource):
    contacts = [guid(n, "c1") for n in range(1, ROWS + 1)]
    reads = {
        "customer_contacts": lambda: crm.customers.list_contacts(customer_ids=range(1, ROWS + 1), refresh=True),
        "location_contacts": lambda: crm.locations.list_contacts(location_ids=range(101, 101 + ROWS), refresh=True),
        "booking_contacts": lambda: crm.bookings.list_contacts(range(301, 301 + ROWS), refresh=True),
        "contacts": lambda: crm.contacts.get(contacts, refresh=True),
        "contact_methods": lambda: crm.contact_methods.list(contacts, refresh=True),
        "contact_preferences": lambda: preferences(crm, contacts),
        "booking_provider_tags": lambda: crm.booking_provider_tags.list(ids=[PROVIDER, 42], refresh=True),
    }
    first = {"customers": 1, "locations": 101, "leads": 201, "bookings": 301}
    read = reads.get(resource) or (
        lambda: getattr(crm, resource).list(ids=range(first[resource], first[resource] + ROWS), refresh=True)
    )
    key = list(TARGETS[resource].row.key)
    return read().sort_values(key, ignore_index=True)


def preferences(crm, contacts):
    methods = crm.contact_methods.list(contacts, refresh=True)
    return crm.contact_preferences.list(methods["contact_id"], methods["id"], refresh=True)


def values(column, resource):
    """What a cell may become."""
    if resource == "contact_preferences":
        return st.sampled_from(("true", "false", ""))
    if column.name == "tag_type_ids":
        return st.lists(st.sampled_from(TAGS), unique=True).map(tuple)
    if column.name == "custom_fields":
        texts = st.dictionaries(st.sampled_from((FIELD, OTHER_FIELD)), st.sampled_from("abc"))
        return texts.map(lambda found: tuple(CustomField(type_id, None, text) for type_id, text in found.items()))
    if column.field.values:
        return st.sampled_from(column.field.values)
    match column.field.kind:
        case "boolean":
            return st.booleans()
        case "double" | "decimal":
            return st.integers(-80, 80).map(float)
        case "time":
            return st.integers(0, 10**6).map(lambda second: pd.Timestamp(second, unit="s", tz="UTC").as_unit("us"))
        case "integer":
            return st.integers(1, 99)
        case _:
            return st.sampled_from(("", "x", "Ann", "1 Oak St", "=1", "é"))


def same(one, other):
    missing = [pd.api.types.is_scalar(value) and pd.isna(value) for value in (one, other)]
    return all(missing) or (not any(missing) and plain(one) == plain(other))


def plain(value):
    """Tags have no order; of custom fields type and value count."""
    if isinstance(value, tuple):
        return sorted((one.type_id, one.value) if hasattr(one, "type_id") else (one, None) for one in value)
    return value


def cells(frame):
    return {(place, name): frame[name].iloc[place] for name in frame.columns for place in range(len(frame))}


@settings(max_examples=settings.default.max_examples // 4)
@given(resource=st.sampled_from(sorted(TARGETS)), data=st.data())
def test_random_edits_and_undo(place, resource, data):
    box, crm, time = place
    hour = dt.timedelta(hours=1)  # long enough that an opt-in of an earlier example is no longer in doubt
    time.passed += hour.total_seconds()
    box.advance(hour)
    target = TARGETS[resource]
    allowed = {}
    if resource == "contact_preferences":  # with a no in some of them, and people who agreed to have others back
        for method in crm.contact_methods.list([guid(n, "c1") for n in range(1, ROWS + 1)]).itertuples():
            box.change("contact_methods", method.id, value=f"{method.id}@example.com")
            for name in ("Marketing", "Invoices"):
                box.change(resource, (method.id, name), value=data.draw(st.sampled_from(("true", "false"))))
        allowed = data.draw(st.sampled_from(({}, {"allow_opt_in": True, "consent_source": "a form"})))
    before = rows(crm, resource)
    not_free = NOT_FREE - ({"value"} if resource == "contact_preferences" else set())
    free = [
        name
        for name, rule in target.rules.items()
        if rule.field and name not in not_free and name != "external_data" and name in before.columns
    ]
    after = before.copy().astype(object)
    for at in range(len(before)):
        for name in data.draw(st.lists(st.sampled_from(free), unique=True, max_size=4)):
            after.at[at, name] = data.draw(values(target.columns[name], resource))
    plan = plans.changes(crm._port, resource, before, after, allow_inactive=True, allow_deactivate=True, **allowed)
    result = plan.apply()
    assert result.ok, result.failed["why"].tolist()
    keys = [tuple(key) for key in before[list(target.row.key)].itertuples(index=False)]
    changed = {(keys.index(step.key), cell.column.partition(".")[0]) for step in plan.steps for cell in step.cells}
    besides = {
        (keys.index(step.key), f"address_{part}")
        for step in plan.steps
        if "address" in step.set
        for part in ("latitude", "longitude", "unit")
    }
    now = rows(crm, resource)
    was, wanted = cells(before), cells(after)
    for cell, value in cells(now).items():
        if cell[1] in ITSELF or cell in besides - changed:
            continue
        assert same(value, wanted[cell] if cell in changed else was[cell]), cell
    box.requests.clear()
    assert len(plan.apply().already) == len(plan.keys)
    assert not [arrival for arrival in box.requests if arrival.method != "GET"]
    back = result.undo()
    assert back.apply().ok
    kept = {(keys.index(refusal.key), refusal.column.partition(".")[0]) for refusal in back.refusals}
    for cell, value in cells(rows(crm, resource)).items():
        if cell[1] not in ITSELF and cell not in kept:
            assert same(value, was[cell]), cell
