"""A prober that knows the published contract only, against the sandbox by the book: what fits, and what does not.

Each operation meets a company of its own. What fits asks three times out of four for rows that are there: otherwise a
prober sees little of a service with state but 404. The same requests are made at each run.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import settings
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import CoverageScenario

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.sandbox import Sandbox

from ..conftest import AS_OF
from ..sandbox.service.conftest import Caller
from .departures import RULES, UNDECLARED
from .published import documents
from .standing import Standing, pointed, tossed

pytest_plugins = ["schemathesis.pytest.plugin"]  # here and not in every run, which it makes a second longer
pytestmark = pytest.mark.deep

UNKNOWN = CoverageScenario.OBJECT_UNEXPECTED_PROPERTIES
CONFIG = {
    "seed": 20260601,
    "generation": {"mode": "all", "max-examples": 20, "deterministic": True, "database": "none"},
}
"""Both what fits and what does not; the examples come on top of those that go through each parameter's edges."""


def load(name: str) -> Any:
    text = json.dumps(documents()[name])
    # The usual name: the prober would take a format that it does not know for any text.
    document = json.loads(text.replace('"format": "guid"', '"format": "uuid"'))
    return schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(CONFIG))


class Probe:
    """Sends the cases of one operation, and holds the answers against the contract."""

    def __init__(self, caller: Caller, session: requests.Session) -> None:
        self.statuses: Counter[int] = Counter()
        self._caller = caller
        caller.sign_in()
        self._headers = {"Authorization": f"Bearer {caller.token}", "ST-App-Key": caller.sandbox.app_key}
        self._standing: Standing | None = None
        self._session = session

    def __call__(self, case: Any) -> None:
        operation = OPERATIONS[case.operation.definition.raw["operationId"]]
        self._standing = standing = self._standing or Standing(self._caller, operation)
        _settle(case, standing)
        before = operation.path.removesuffix(case.operation.path.lstrip("/"))
        url = f"{self._caller.sandbox.api_url}/{before}".rstrip("/")
        headers = dict(self._headers)
        if case.meta.is_negative_at(ParameterLocation.HEADER):
            headers.pop("ST-App-Key")  # it lacks, and so it shall
        answer = case.call(base_url=url, headers=headers, session=self._session)
        excluded = [CHECKS.get_one(name) for name in self._unchecked(case, answer)]
        self.statuses[answer.status_code] += 1
        if answer.status_code == 200 and case.method == "DELETE":
            standing.used_up()
        case.validate_response(answer, headers=headers, excluded_checks=excluded)

    def _unchecked(self, case: Any, answer: Any) -> Iterator[str]:
        if answer.status_code in UNDECLARED:
            yield "status_code_conformance"
        if answer.status_code == 400 and answer.json()["data"].get("rule") in RULES:
            yield "positive_data_acceptance"
        phase = case.meta.phase.data
        if getattr(phase, "scenario", None) is UNKNOWN and phase.parameter_location is ParameterLocation.QUERY:
            yield "negative_data_rejection"  # the service ignores a parameter that it does not know
        if self.statuses[200]:
            yield "ignored_auth"  # once for an operation: it makes three more requests


def _settle(case: Any, standing: Standing) -> None:
    """Let what fits lead to rows that are there; what was spoilt stays spoilt."""
    known, spoilt = standing.path, None
    if case.meta.is_negative_at(ParameterLocation.PATH):
        spoilt = case.meta.phase.data.parameter
        known = known if spoilt else {}
    elif not tossed(case.path_parameters):
        known = {"tenant": known["tenant"]}
    case.path_parameters |= {name: value for name, value in known.items() if name != spoilt}
    if not case.meta.is_negative_at(ParameterLocation.BODY) and tossed(case.body):
        case.body = pointed(case.body, standing.references)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company by the book, kept in a file, to be copied."""
    state = tmp_path_factory.mktemp("settled") / "company.sqlite"
    with Sandbox(leads=120, as_of=AS_OF, by_the_book=True, state=state):
        return state


@pytest.fixture
def probe(settled: Path, tmp_path: Path) -> Iterator[Probe]:
    state = tmp_path / "company.sqlite"
    shutil.copy(settled, state)
    with Sandbox(state=state, rate_limit=None) as sandbox, requests.Session() as session:
        session.trust_env = False
        probe = Probe(Caller(sandbox), session)
        yield probe
    assert probe.statuses[200], f"no request was answered: {dict(probe.statuses)}"


@schemathesis.pytest.parametrize(crm=load("crm-v2"), lookups=load("lookups"))
@settings(max_examples=100)
def test_sandbox_follows_the_contract(case: Any, probe: Probe) -> None:
    probe(case)
