"""The operations and the rows against the published contract: names, types, words and paths, one by one."""

from __future__ import annotations

import json
import re

import pytest

from stcrm_pandas.operations import OPERATIONS

IMPLIED = {"page", "pageSize", "includeTotal", "sort", "from", "orderBy", "orderByDirection"}
FORMATS = {
    ("integer", "int64"): "integer",
    ("integer", "int32"): "integer",
    ("number", "decimal"): "decimal",
    ("number", "double"): "double",
    ("boolean", None): "boolean",
    ("string", "date-time"): "time",
    ("string", "guid"): "guid",
}


@pytest.fixture(scope="module")
def published(contract):
    """Operation by id: its path below the host, its method, the contract's object, and all schemas of its file."""
    found = {}
    for name, before in (("crm-v2", "crm/v2"), ("lookups", "")):
        document = json.loads((contract / f"{name}.openapi.json").read_text())
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                place = f"{before}{path}".lstrip("/")
                found[operation["operationId"]] = (place, method.upper(), operation, document["components"]["schemas"])
    return found


def test_all_are_there_and_no_other(published):
    ours = {operation.id for operation in OPERATIONS.values() if operation.published}
    assert ours == set(published)
    assert len(OPERATIONS) == 88 + 9
    assert [op.helper for op in OPERATIONS.values() if not op.published] == [
        "customers.get_preferred_technician",
        "customers.set_preferred_technician",
    ]


def test_helpers_are_named_once():
    helpers = [operation.helper for operation in OPERATIONS.values()]
    assert len(set(helpers)) == len(helpers)


def test_paths_methods_and_scopes(published):
    for id, (path, method, operation, _) in published.items():
        ours = OPERATIONS[id]
        assert ours.path.lower() == path.lower(), id
        assert re.sub("{.*?}", "", ours.path) == re.sub("{.*?}", "", path), id
        assert ours.method == method, id
        for need in operation.get("security", []):
            assert need.get("oauth", [ours.scope]) == [ours.scope], id


def kind_of(schema, schemas):
    """Kind, whether it is a list, and the words, of a schema of the contract."""
    types = schema.get("type")
    for choice in ("oneOf", "anyOf", "allOf"):
        for one in schema.get(choice, []):
            if "$ref" in one:
                return kind_of(schemas[one["$ref"].rpartition("/")[2]], schemas)
    if "$ref" in schema:
        return kind_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    name = next((one for one in types if one != "null"), None) if isinstance(types, list) else types
    if name == "array":
        kind, _, words, inner = kind_of(schema["items"], schemas)
        return kind, True, words, inner
    if name == "object":
        return "object", False, (), schema
    if name == "string":  # e-mails, phones, durations and the like are texts of which nothing is promised
        return FORMATS.get((name, schema.get("format")), "text"), False, tuple(schema.get("enum", ())), None
    return FORMATS[name, schema.get("format")], False, tuple(schema.get("enum", ())), None


def test_the_filters_are_the_contracts(published):
    for id, (_, _, operation, schemas) in published.items():
        theirs = {one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "query"}
        ours = {field.name: field for field in OPERATIONS[id].filters}
        if OPERATIONS[id].method != "GET":
            continue
        assert set(ours) == set(theirs) - IMPLIED, id
        for name, schema in theirs.items():
            if name in ours and not ours[name].many:  # lists are written as text, with commas
                kind, _, words, _ = kind_of(schema, schemas)
                assert ours[name].kind == kind, (id, name)
                assert set(ours[name].values) == set(words), (id, name)


def test_lists_are_sorted_where_the_contract_lets_them(published):
    for id, (_, _, operation, _) in published.items():
        names = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
        assert (OPERATIONS[id].sort is not None) == bool(names & {"sort", "orderBy"}), id


def test_the_answers_are_of_the_contracts_shape(published):
    for id, (_, _, operation, schemas) in published.items():
        ours = OPERATIONS[id]
        content = operation["responses"]["200"].get("content")
        if not content:
            assert ours.answer == "none", id
            continue
        kind, many, _, schema = kind_of(content["application/json"]["schema"], schemas)
        names = set(schema["properties"]) if schema else set()
        if {"hasMore", "data"} <= names:
            expected = "feed" if "continueFrom" in names else "page"
        else:
            expected = "array" if many else "row" if kind == "object" else "scalar"
        assert ours.answer == expected, id


def row_schema(operation, schemas):
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    _, _, _, found = kind_of(schema, schemas)
    if found and {"hasMore", "data"} <= set(found["properties"]):
        _, _, _, found = kind_of(found["properties"]["data"], schemas)
    return found


def compare(fields, schema, schemas, where):
    properties = schema["properties"]
    assert [field.name for field in fields] == list(properties) or {f.name for f in fields} == set(properties), where
    for field in fields:
        kind, many, words, inner = kind_of(properties[field.name], schemas)
        here = f"{where}.{field.name}"
        assert (field.kind, field.many) == (kind, many), here
        assert set(field.values) == set(words), here
        assert field.required == (field.name in schema.get("required", ())), here
        types = properties[field.name].get("type")
        nullable = (isinstance(types, list) and "null" in types) or any(
            one.get("type") == "null" for one in properties[field.name].get("oneOf", ())
        )
        assert field.nullable == nullable or not field.required, here
        if kind == "object":
            compare(field.fields, inner, schemas, here)


def test_the_rows_are_the_contracts(published):
    compared = 0
    for id, (_, _, operation, schemas) in published.items():
        row = OPERATIONS[id].row
        if row is None or OPERATIONS[id].answer == "scalar" or not operation["responses"]["200"].get("content"):
            continue
        compare(row.fields, row_schema(operation, schemas), schemas, id)
        compared += 1
    assert compared > 50


def test_every_list_of_ours_that_the_contract_hides_inactive_rows_from_asks_for_all(published):
    for id, (_, _, operation, _) in published.items():
        names = {one["name"] for one in operation["parameters"] if one["in"] == "query"}
        assert OPERATIONS[id].hides_inactive == ("active" in names), id
