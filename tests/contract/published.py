"""The published contract, read on its own: its documents, its operations, and its schemas as fields of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stcrm_pandas.contract.schemas.fields import Field, Kind

from .make_published import PUBLISHED

KINDS: dict[tuple[str, str | None], Kind] = {
    ("integer", "int64"): "integer",
    ("integer", "int32"): "integer",
    ("number", "decimal"): "decimal",
    ("number", "double"): "double",
    ("boolean", None): "boolean",
    ("string", "date-time"): "time",
    ("string", "guid"): "guid",
}
"""Our kinds; all other formats of a text (an e-mail, a duration) promise nothing."""


@dataclass(frozen=True)
class Published:
    """One operation: its path below the service's address, its part of the contract, and that file's schemas."""

    path: str
    method: str
    spec: dict[str, Any]
    schemas: dict[str, Any]

    @property
    def request(self) -> dict[str, Any] | None:
        """The schema of the body; None where there is none."""
        return _json(self.spec.get("requestBody"))

    @property
    def response(self) -> dict[str, Any] | None:
        """The schema of the answer; None where there is none."""
        return _json(self.spec["responses"]["200"])

    def parameters(self, place: str) -> dict[str, dict[str, Any]]:
        """What a path or a query takes, by name; the tenant is left out."""
        named = {parameter["name"]: parameter for parameter in self.spec["parameters"] if parameter["in"] == place}
        return {name: parameter for name, parameter in named.items() if name != "tenant"}

    def fields(self, place: str) -> list[Field]:
        """The same as fields."""
        parameters = self.parameters(place).items()
        return [
            self.field(parameter["schema"], name, required=parameter.get("required", False))
            for name, parameter in parameters
        ]

    def field(self, schema: dict[str, Any], name: str = "", *, required: bool = True) -> Field:
        """A schema as a field, with all that is in it."""
        nullable = _takes_null(schema)
        while reference(schema):
            nullable |= any(map(_takes_null, schema.get("oneOf", ())))
            schema = self.schemas[reference(schema)]
            nullable |= _takes_null(schema)
        match _type(schema):
            case "array":
                each = self.field(schema["items"], name)
                assert not each.nullable, name
                return Field(name, each.kind, required, nullable, many=True, values=each.values, fields=each.fields)
            case "object":
                must, parts = schema.get("required", ()), schema.get("properties", {})
                fields = tuple(self.field(part, key, required=key in must) for key, part in parts.items())
                return Field(name, "object", required, nullable, fields=fields)
            case other:
                kind = KINDS.get((other, schema.get("format")), "text")
                return Field(name, kind, required, nullable, values=tuple(schema.get("enum", ())))

    def row(self) -> tuple[str, str, Field] | None:
        """The shape of the answer, the contract's name of its rows, and such a row; None where there is no answer."""
        if self.response is None:
            return None
        shape, schema = "", self.response
        parts = self.schemas.get(reference(schema), {}).get("properties", {})
        if "hasMore" in parts:
            shape = "feed" if "continueFrom" in parts else "page"
            schema = parts["data"]
        if schema.get("type") == "array":
            shape, schema = shape or "array", schema["items"]
        row = self.field(schema)
        return shape or ("row" if row.kind == "object" else "scalar"), reference(schema), row


def documents() -> dict[str, dict[str, Any]]:
    """The published OpenAPI documents, made again from the facts that published.json has of them."""
    return {name: openapi(name, contract) for name, contract in json.loads(PUBLISHED.read_text()).items()}


def openapi(name: str, contract: Mapping[str, Any]) -> dict[str, Any]:
    """A valid OpenAPI document from facts; the texts that OpenAPI demands are ours."""
    paths: dict[str, dict[str, Any]] = {}
    for call, facts in contract["operations"].items():
        method, path = call.split()
        operation = {
            "operationId": facts["id"],
            "parameters": facts["parameters"],
            "responses": {
                status: {"description": f"status {status}", **_carrier(schema)}
                for status, schema in facts["responses"].items()
            },
            "security": facts["security"],
        }
        if "body" in facts:
            operation["requestBody"] = _carrier(facts["body"])
        paths.setdefault(path, {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{name}, its facts", "version": "2"},
        "paths": paths,
        "components": {"schemas": contract["schemas"], "securitySchemes": contract["security"]},
    }


def reference(schema: dict[str, Any]) -> str:
    """The name of the schema that is meant; empty where it stands there itself."""
    named = [part["$ref"] for part in (schema, *schema.get("oneOf", ())) if "$ref" in part]
    return named[0].rpartition("/")[2] if named else ""


def _carrier(schema: dict[str, Any] | None) -> dict[str, Any]:
    return {} if schema is None else {"content": {"application/json": {"schema": schema}}}


def _json(carrier: dict[str, Any] | None) -> dict[str, Any] | None:
    content = (carrier or {}).get("content")
    return content["application/json"]["schema"] if content else None


def _type(schema: dict[str, Any]) -> str:
    types = schema["type"]
    (kind,) = [types] if isinstance(types, str) else [name for name in types if name != "null"]
    return kind


def _takes_null(schema: dict[str, Any]) -> bool:
    return "null" in schema.get("type", ())
