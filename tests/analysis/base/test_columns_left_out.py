"""A frame of few columns: an analysis says which one it needs, or does without it in all that it gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.analysis import booking_sources, contact_preferences, lead_conversion, opportunities
from stcrm_pandas.errors import UsageError

from ...conftest import AS_OF

Frames = dict[str, pd.DataFrame]
ZONE = "America/Chicago"
ROWS = 60
pytestmark = pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.DriftWarning")
KINDS = {
    "lead_conversion": ("rates", "months", "curve", "cohorts", "reasons"),
    "opportunities": ("booked", "steps"),
    "booking_sources": ("outcomes", "speed", "hours", "weeks", "leakage"),
    "contact_preferences": ("reach", "reasons", "combinations", "groups"),
}


def _leads(of: Frames) -> Any:
    linked = {name: of[name] for name in ("jobs", "bookings", "call_reasons")}
    return lead_conversion(of["leads"], by="campaign", as_of=AS_OF, time_zone=ZONE, **linked)


def _opportunities(of: Frames) -> Any:
    known = {name: of[name] for name in ("campaigns", "call_reasons")}
    return opportunities(of["leads"], of["bookings"], of["jobs"], as_of=AS_OF, time_zone=ZONE, **known)


def _bookings(of: Frames) -> Any:
    linked = {name: of[name] for name in ("leads", "jobs", "customers")}
    return booking_sources(of["bookings"], as_of=AS_OF, time_zone=ZONE, **linked)


def _preferences(of: Frames) -> Any:
    linked = {name: of[name] for name in ("contacts", "locations", "location_contacts")}
    return contact_preferences(of["customers"], by="customer_type", as_of=AS_OF, time_zone=ZONE, **linked)


ANALYSES: Mapping[str, tuple[Callable[[Frames], Any], tuple[str, ...]]] = {
    "lead_conversion": (_leads, ("leads", "jobs", "bookings", "call_reasons")),
    "opportunities": (_opportunities, ("leads", "bookings", "jobs", "campaigns", "call_reasons")),
    "booking_sources": (_bookings, ("bookings", "leads", "jobs", "customers")),
    "contact_preferences": (_preferences, ("customers", "contacts", "locations", "location_contacts")),
}
"""How each analysis is called, and which frames it takes."""


@pytest.fixture(scope="module")
def read(sandbox: Any) -> Frames:
    """The frames of a small company, of few rows."""
    with stcrm.connect(sandbox=sandbox, progress=False) as crm:
        customers = crm.customers.list().tail(ROWS)
        locations = crm.locations.list()
        locations = locations[locations["customer_id"].isin(customers["id"])]
        contacts, of_locations = crm.customers.list_contacts(), crm.locations.list_contacts()
        frames = {
            "leads": crm.leads.list().tail(ROWS),
            "bookings": crm.bookings.list().tail(ROWS),
            "jobs": crm.lookups.jobs.list().tail(ROWS),
            "customers": customers,
            "locations": locations,
            "contacts": contacts[contacts["customer_id"].isin(customers["id"])],
            "location_contacts": of_locations[of_locations["location_id"].isin(locations["id"])],
            "campaigns": crm.lookups.campaigns.list(),
            "call_reasons": crm.lookups.call_reasons.list(),
        }
    for frame in frames.values():
        frame.attrs = {}  # as frames of one's own
    return frames


def everything(name: str, found: Any) -> None:
    """Ask a result for all that it gives."""
    assert isinstance(found.summary(), list)
    assert isinstance(found.actions(), list)
    assert found.check.counts
    assert found.definitions
    found.tiles()
    for listed in found.work_lists.values():
        assert listed.frame.columns.notna().all()
    assert "<table" in found._repr_html_()
    for kind in KINDS[name]:
        found.figure(kind)


def needed(name: str, read: Frames) -> tuple[Frames, Any]:
    """The frames with no column but those that the analysis asks for, one refusal after the other; and its result."""
    call, frames = ANALYSES[name]
    of = {one: read[one][["id"]] for one in frames}
    while True:
        try:
            return of, call(of)
        except UsageError as refused:
            message = str(refused)
        missing = [
            (one, column)
            for one in frames
            for column in read[one].columns.difference(of[one].columns)
            if re.search(rf"\b{column}\b", message)
        ]
        assert missing, message  # it names what it lacks
        for one, column in missing:
            of[one] = of[one].assign(**{column: read[one][column]})


@pytest.mark.parametrize("name", list(ANALYSES))
def test_required_columns_are_enough(name: str, read: Frames) -> None:
    of, found = needed(name, read)
    assert sum(map(len, (frame.columns for frame in of.values()))) < sum(len(read[one].columns) for one in of)
    everything(name, found)


def test_leads_without_a_follow_up_column(read: Frames) -> None:
    """The frame of the docstring has none."""
    found = _leads({**read, "leads": read["leads"].drop(columns="follow_up_date")})
    lists = {key: len(one) for key, one in found.work_lists.items()}
    assert lists["overdue-follow-up"] == lists["stale"] == 0
    assert lists["no-follow-up"] > 0
    assert [one.work_list for one in found.actions()][:1] == ["no-follow-up"]


@pytest.mark.deep
@pytest.mark.parametrize("name", list(ANALYSES))
def test_each_optional_column_may_be_missing(name: str, read: Frames) -> None:
    """Half of the columns that it does not ask for, drawn anew."""
    call, chance = ANALYSES[name][0], np.random.default_rng(7)
    least, _ = needed(name, read)
    for _ in range(4):
        of = {
            one: read[one][[column for column in read[one].columns if column in frame or chance.random() < 0.5]]
            for one, frame in least.items()
        }
        everything(name, call({**read, **of}))
