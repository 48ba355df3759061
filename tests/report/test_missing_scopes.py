"""The cells of the real reports for an application that lacks scopes: no group is named that all scopes do not name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import DriftWarning
from stcrm_pandas.sandbox import Sandbox

from ..analysis.base.test_no_effects_reports import results, sentences, verdicts
from ..conftest import AS_OF

EVERY = frozenset(operation.scope for operation in OPERATIONS.values())
BOOKINGS, JOBS, LEADS, REASONS, CUSTOMERS, LOCATIONS, CONTACTS, TAGS = (
    "tn.crm.bookings:r",
    "tn.jpm.jobs:r",
    "tn.crm.leads:r",
    "tn.jbce.callreasons:r",
    "tn.crm.customers:r",
    "tn.crm.locations:r",
    "tn.crm.contacts:r",
    "tn.stt.tagtypes:r",
)
REQUIRED = {"lead_conversion": {LEADS}, "booking_sources": {BOOKINGS}, "contact_preferences": {CUSTOMERS}}
"""The scopes without which a report is not made."""

CASES = [
    (report, scope) for report, needs in REQUIRED.items() for scope in sorted(EVERY - needs) if scope.endswith(":r")
]
OPTIONAL = {
    "lead_conversion": (BOOKINGS, JOBS, REASONS, CUSTOMERS, LOCATIONS),
    "booking_sources": (LEADS, JOBS, CUSTOMERS, LOCATIONS),
    "contact_preferences": (LOCATIONS, CONTACTS, TAGS),
}
"""The scopes of what a report compares, and of whom not to call."""
SUBSETS = [
    (report, frozenset(some))
    for report, scopes in OPTIONAL.items()
    for size in range(2, len(scopes) + 1)
    for some in combinations(scopes, size)
]
WITHOUT_NAMES = ("tn.mrk", "tn.stt")
"""Without names of groups or currencies, words differ: the number of what is named must not grow."""
NUMBER = re.compile(r"\d[\d,.]*")

pytestmark = pytest.mark.filterwarnings(f"ignore::{DriftWarning.__module__}.{DriftWarning.__qualname__}")


@cache
def made(report: str, without: frozenset[str], leads: int) -> tuple[frozenset[str], frozenset[str]]:
    """What a report calls different, and the actions that it suggests, without some scopes."""
    with Sandbox(leads=leads, seed=200, as_of=AS_OF, rate_limit=None, scopes=EVERY - without) as sandbox:
        found = [*results(report, sandbox)]
        named = [one for result in found for one in (*verdicts(result), *differing(result))]
        return frozenset(named), frozenset(actions(found))


def differing(result: Any) -> Iterator[str]:
    """The sentences that compare, without their numbers: other names are compared with the same groups."""
    yield from (NUMBER.sub("#", one) for one in sentences(result) if "not read" not in one)


def actions(found: list[Any]) -> Iterator[str]:
    """Actions with their amounts; whom to ask has none, and fewer are asked with fewer records."""
    for action in (action for result in found for action in result.actions()):
        if action.worth:
            yield f"{action.do} {round(action.worth, 6)} {round(action.amount, 2)}"
        elif action.work_list == "ask-for-marketing":
            yield NUMBER.sub("#", action.do)


@pytest.mark.deep
@pytest.mark.parametrize(("report", "scope"), CASES)
def test_a_missing_scope_names_nobody(report: str, scope: str) -> None:
    every, of_every = made(report, frozenset(), 3000)
    named, suggested = made(report, frozenset({scope}), 3000)
    assert every
    assert of_every
    if scope.startswith(WITHOUT_NAMES):
        assert len(named) <= len(every)
        assert len(suggested) <= len(of_every)
    else:
        assert named <= every
        assert suggested <= of_every


@pytest.mark.deep
@pytest.mark.parametrize(
    ("report", "without"), SUBSETS, ids=lambda value: "-".join(sorted(value)) if isinstance(value, frozenset) else value
)
def test_several_missing_scopes_name_nobody(report: str, without: frozenset[str]) -> None:
    """The same cells without each combination of the scopes; one at a time is tested above."""
    leads = 3_000 if report == "contact_preferences" else 600
    every, of_every = made(report, frozenset(), leads)
    named, suggested = made(report, without, leads)
    assert every
    assert of_every
    if TAGS in without:
        assert len(named) <= len(every)
        assert len(suggested) <= len(of_every)
    else:
        assert named <= every
        assert suggested <= of_every


def test_without_jobs_bookings_and_call_reasons_leads_name_nobody() -> None:
    assert all(made("lead_conversion", frozenset(), 600))
    named, suggested = made("lead_conversion", frozenset({JOBS, BOOKINGS, REASONS}), 600)
    assert (named, suggested) == (frozenset(), frozenset())
