"""The sandbox against the table of operations and the contract."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from stcrm_pandas.operations import OPERATIONS
from stcrm_pandas.sandbox.app import HANDLERS

BUILT = [operation for operation in OPERATIONS.values() if operation.built]
NOT_SERVED = [operation for operation in OPERATIONS.values() if operation.id not in HANDLERS]


IDS = {"Leads_Get": "5001", "Bookings_Get": "8001", "Bookings_GetContactList": "8001", "Locations_Get": "301"}


def path_of(operation: Any) -> str:
    module, _, rest = operation.path.partition("/v2/tenant/{tenant}/")
    return f"{module}:{re.sub(r'{[a-zA-Z_]+}', IDS.get(operation.id, '8'), rest)}"


def enough(operation: Any) -> dict[str, str]:
    """What a list of contacts wants to be asked."""
    bare = operation.answer == "page" and operation.path.endswith("s/contacts") and not operation.path_names
    return {"modifiedOnOrAfter": "1970-01-01"} if bare else {}


def test_what_is_built_is_served() -> None:
    assert {operation.id for operation in BUILT} <= HANDLERS.keys() <= OPERATIONS.keys()


@pytest.mark.parametrize("operation", BUILT, ids=lambda one: one.id)
def test_each_answers_to_its_scope(operation: Any, caller: Any, standing: Any, monkeypatch: Any) -> None:
    service = standing._running()
    monkeypatch.setattr(service, "scopes", service.scopes - {operation.scope})
    assert caller.get(path_of(operation), **enough(operation))[0] == 403
    monkeypatch.setattr(service, "scopes", {operation.scope})
    status, answer = caller.get(path_of(operation), **enough(operation))
    assert status == 200, answer
    assert standing.requests[-1].operation == operation.id
    heads = {
        "page": ["page", "pageSize", "hasMore", "totalCount", "data"],
        "feed": ["hasMore", "continueFrom", "data"],
    }
    if operation.answer == "row":
        assert answer["id"] == int(IDS.get(operation.id, "8"))
    else:
        assert list(answer) == heads[operation.answer]
        assert answer["data"]


@pytest.mark.parametrize("operation", NOT_SERVED, ids=lambda one: one.id)
def test_what_is_not_served_is_no_path(operation: Any, caller: Any, standing: Any) -> None:
    module, _, rest = path_of(operation).partition(":")
    url = f"{standing.api_url}/{module}/v2/tenant/{standing.tenant}/{rest}"
    request = urllib.request.Request(url, method=operation.method)
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(request):
        pass
    refused.value.close()
    # A word in the place of an id, as in `customers/custom-fields`, meets the operation of one row, and the gate.
    assert refused.value.code in {404, 405} or (operation.method == "GET" and refused.value.code == 401)


def test_the_company_fits_the_contract_by_the_book(contract: Path, fresh: Any) -> None:
    """Rows over HTTP against the published schemas: required, null, type, enum, nothing more."""
    _, caller = fresh(company=None, leads=150, by_the_book=True)
    specs = {name: json.loads((contract / f"{name}.openapi.json").read_text()) for name in ("crm-v2", "lookups")}
    for operation in BUILT:
        spec = specs["crm-v2" if operation.path.startswith("crm/") else "lookups"]
        published = (
            operation.path.replace("crm/v2/tenant", "/tenant") if "crm" in operation.path else f"/{operation.path}"
        )
        got = spec["paths"][published]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        if operation.path_names:
            continue  # the rows are those of the lists
        _, answer = caller.get(path_of(operation), pageSize=200, **enough(operation))
        assert answer["data"], operation.id
        assert list(misfits(answer, got, spec["components"]["schemas"], operation.id)) == []


def misfits(value: Any, schema: dict[str, Any], schemas: dict[str, Any], path: str) -> Any:
    """What in a value departs from a schema, in words."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if value is None and any(one.get("type") == "null" for one in schema.get("oneOf", [])):
        return
    for one in schema.get("oneOf", []):
        inner = schemas[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        schema = {
            **inner,
            **{k: v for k, v in schema.items() if k != "oneOf"},
            "type": schema.get("type", inner.get("type")),
        }
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if value is None:
        if types and "null" not in types:
            yield f"{path} is null"
        return
    kinds = {"integer": int, "number": (int, float), "string": str, "boolean": bool, "array": list, "object": dict}
    known = [kinds[one] for one in types if one != "null"]
    if known and not any(isinstance(value, one) for one in known):
        yield f"{path} is {value!r}, no {types}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path} is {value!r}, none of {schema['enum']}"
    if isinstance(value, dict) and "properties" in schema:
        for name in schema.get("required", []):
            if name not in value:
                yield f"{path} lacks {name}"
        for name, inner in value.items():
            if name not in schema["properties"]:
                yield f"{path} has {name}"
            else:
                yield from misfits(inner, schema["properties"][name], schemas, f"{path}.{name}")
    if isinstance(value, list):
        for inner in value[:50]:
            yield from misfits(inner, schema.get("items", {}), schemas, f"{path}[]")
