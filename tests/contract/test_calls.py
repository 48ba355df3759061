"""What the client sends is valid by the published contract: a mock made from it would take every call."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

import stcrm_pandas as stcrm
from stcrm_pandas.contract.arguments import CLEAR
from stcrm_pandas.contract.operations import OPERATIONS, Operation
from stcrm_pandas.contract.schemas.fields import Field, snake
from stcrm_pandas.errors import Conflict
from stcrm_pandas.http.body import to_body
from stcrm_pandas.sandbox import Sandbox

from ..conftest import AS_OF
from ..resources.cases import CASES
from ..resources.company import Company
from ..resources.test_cases import BEFORE
from .published import Published

VALUES = {
    "integer": 5,
    "boolean": True,
    "double": 0.5,
    "decimal": 12.34,
    "text": "x",
    "guid": "6F1D3C52-A0B8-4E7D-9C15-E2F480AB37D6",
    "time": "2026-01-02T03:04:05.678+01:00",
}
PUBLISHED = [operation for operation in OPERATIONS.values() if operation.published]
WITH_BODY = [operation for operation in PUBLISHED if operation.body]
FORMATS = FormatChecker(["date-time"])


@FORMATS.checks("int32")
def _is_short(value: object) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


@FORMATS.checks("int64")
def _is_long(value: object) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


@FORMATS.checks("guid")
def _is_guid(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None


def faults(value: Any, schema: dict[str, Any], published: Published) -> list[str]:
    """What is wrong with a value by a schema of the contract."""
    whole = {**schema, "components": {"schemas": published.schemas}}
    found = Draft202012Validator(whole, format_checker=FORMATS).iter_errors(value)
    return [f"{fault.json_path}: {fault.message}" for fault in found]


def from_text(text: str, schema: dict[str, Any]) -> Any:
    """A part of a path or a query as the value that it stands for; a text where it stands for none."""
    match schema.get("type"):
        case "integer" if re.fullmatch(r"-?\d+", text):
            return int(text)
        case "number" if re.fullmatch(r"-?\d+(\.\d+)?", text):
            return float(text)
        case "boolean" if text in {"true", "false"}:
            return text == "true"
    return text


def in_parameters(sent: list[tuple[str, str]], place: str, published: Published) -> Iterator[str]:
    known = published.parameters(place)
    names = [name for name, _ in sent]
    if len(set(names)) < len(names):
        yield f"{place}: {names} has one twice"
    for name, one in known.items():
        if one.get("required") and name not in names:
            yield f"{place}: {name} is missing"
    for name, text in sent:
        if name in known:
            schema = known[name]["schema"]
            yield from (f"{place} {name} {fault}" for fault in faults(from_text(text, schema), schema, published))
        else:
            yield f"{place}: {name} is not known"


def in_call(arrival: Any, tenant: int, published: Published) -> Iterator[str]:
    """What is wrong with a call that came in, by the contract."""
    pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", published.path)
    parts = re.fullmatch(f"/{pattern}", arrival.path)
    if parts is None or arrival.method != published.method:
        yield f"{arrival.method} {arrival.path}"
        return
    path = parts.groupdict()
    assert path.pop("tenant") == str(tenant)
    yield from in_parameters(list(path.items()), "path", published)
    yield from in_parameters(arrival.query, "query", published)
    if published.request:
        yield from faults(arrival.body, published.request, published)
    elif arrival.body is not None:
        yield "a body that the contract does not have"


def value_of(field: Field) -> Any:
    one = field.values[0] if field.values else VALUES[field.kind]
    return [one] if field.many else one


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, list[Any]]]:
    """The tenant, and what came in by operation: for each case, and for each read with all filters that it has."""
    args = {case.name: case.args for case in CASES}
    with Sandbox(company=Company(), as_of=AS_OF, rate_limit=None) as box:
        options = {
            "cache_dir": tmp_path_factory.mktemp("cache"),
            "time_zone": "America/Chicago",
            "rate_limit": 1000,
            "progress": False,
        }
        with stcrm.connect(sandbox=box, **options) as crm:
            for operation in OPERATIONS.values():
                if not operation.writes and operation.filters:
                    given = {snake(field.name): value_of(field) for field in operation.filters}
                    attrgetter(operation.name)(crm)(*args.get(operation.name, ()), **given)
            for case in CASES:
                if case.name in BEFORE:
                    method, before = BEFORE[case.name]
                    with contextlib.suppress(Conflict):  # it is so already
                        attrgetter(method)(crm)(*before)
                attrgetter(case.name)(crm)(*case.args, **case.given)
        arrivals: dict[str, list[Any]] = {}
        for arrival in box.requests:
            arrivals.setdefault(arrival.operation or "", []).append(arrival)
        return box.tenant, arrivals


@pytest.mark.parametrize("operation", PUBLISHED, ids=lambda one: one.id)
def test_calls_are_valid(operation: Operation, traffic: Any, published: dict[str, Published]) -> None:
    tenant, arrivals = traffic
    assert arrivals[operation.id]
    for arrival in arrivals[operation.id]:
        assert list(in_call(arrival, tenant, published[operation.id])) == []
    assert 200 in {arrival.status for arrival in arrivals[operation.id]}
    sent = {name for arrival in arrivals[operation.id] for name, _ in arrival.query}
    assert operation.writes or {field.name for field in operation.filters} <= sent


def filled(field: Field, how: str) -> Any:
    """A value for a field of a body, as a caller writes it."""
    if field.name == "patchMode":
        return "Merge"  # the other one does not go with cleared values
    if how == "cleared" and field.nullable:
        return CLEAR
    if field.kind == "object":
        one: Any = given(field.fields, how)
        return [one] if field.many else one
    return value_of(field)


def given(fields: tuple[Field, ...], how: str) -> dict[str, Any]:
    wanted = [field for field in fields if how != "least" or field.required]
    named = {"values" if one.name == "externalData" and one.many else snake(one.name): one for one in wanted}
    return {name: filled(field, how) for name, field in named.items()}


@pytest.mark.parametrize("how", ["whole", "least", "cleared"])
@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda one: one.id)
def test_bodies_are_valid(operation: Operation, how: str, published: dict[str, Published]) -> None:
    assert operation.body is not None
    values = given(operation.body.fields, how)
    if operation.id == "Leads_Create":  # a rule in prose wants this or a date
        values["call_reason_id"] = 5
    if not values:  # and another wants a change to change something
        values = given(operation.body.fields[:1], "whole")
    body = to_body(operation, values, time_zone="America/Chicago")
    if how == "whole":
        assert body is not None
        assert body.keys() == {field.name for field in operation.body.fields}
    theirs = published[operation.id]
    assert theirs.request is not None
    assert faults(body, theirs.request, theirs) == []


def test_validator_detects_invalid_calls(published: dict[str, Published]) -> None:
    notes = published["Leads_CreateNote"]
    assert faults({"text": "x"}, notes.request or {}, notes) == []
    for body in ({}, {"text": None}, {"text": 5}, {"text": "x", "pin_to_top": True}, {"text": "x", "pinToTop": 1}):
        assert faults(body, notes.request or {}, notes)
    leads = published["Leads_GetList"]
    wrong_query = [
        ("page", "x"),
        ("customerId", str(2**63)),
        ("status", "open"),
        ("createdBefore", "1 May"),
        ("no", ""),
    ]
    assert len(list(in_parameters(wrong_query, "query", leads))) == len(wrong_query)
    contact = published["Contacts_Get"]
    assert len(list(in_parameters([("id", "7")], "path", contact))) == 1
    assert len(list(in_parameters([], "path", contact))) == 1
