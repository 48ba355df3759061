"""Write published.json, the facts of the published API that the tests compare with, from its OpenAPI files.

    python tests/contract/make_published.py FOLDER

FOLDER has crm-v2.openapi.json and lookups.openapi.json. Paths, methods, parameters, types, formats, enums, what is
required, what may be null, scopes and statuses are kept; descriptions, summaries, titles and examples are not. Each
operation and each schema is one line, so that a new version of the API reads as a diff.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PUBLISHED = Path(__file__).with_name("published.json")
FILES = ("crm-v2", "lookups")

_VERBATIM = {"type", "format", "required", "enum", "nullable", "$ref"}
_PROSE = {"description", "title", "example", "x-enumNames"}
_OPERATION_PROSE = {"tags", "summary", "description"}


def facts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of one OpenAPI document.

    Raises:
        ValueError: the document has a keyword that this script does not handle, so that a fact would be lost.
    """
    components = dict(document["components"])
    operations = {
        f"{method.upper()} {path}": _operation(spec)
        for path, methods in document["paths"].items()
        for method, spec in methods.items()
    }
    schemas = {name: _schema(schema) for name, schema in components.pop("schemas").items()}
    security = {name: _security(scheme) for name, scheme in components.pop("securitySchemes", {}).items()}
    _nothing_left(components, "components")
    return {"operations": operations, "schemas": schemas, "security": security}


def text(contracts: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the facts of all documents as JSON, one line for each operation, schema, and security scheme."""
    return (
        "{\n"
        + ",\n".join(f"{_line(name)}: {{\n{_sections(contract)}\n}}" for name, contract in contracts.items())
        + "\n}\n"
    )


def _sections(contract: Mapping[str, Mapping[str, Any]]) -> str:
    return ",\n".join(f"{_line(name)}: {{{_entries(entries)}}}" for name, entries in contract.items())


def _entries(entries: Mapping[str, Any]) -> str:
    return "".join(
        f"{',' * (at > 0)}\n{_line(name)}: {_line(entry)}" for at, (name, entry) in enumerate(entries.items())
    )


def _line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _operation(spec: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in spec.items() if name not in _OPERATION_PROSE}
    facts: dict[str, Any] = {"id": rest.pop("operationId"), "security": rest.pop("security")}
    facts["parameters"] = [_parameter(parameter) for parameter in rest.pop("parameters")]
    if "requestBody" in rest:
        facts["body"] = _content(rest.pop("requestBody"))
    facts["responses"] = {status: _content(response) for status, response in rest.pop("responses").items()}
    _nothing_left(rest, facts["id"])
    return facts


def _parameter(spec: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in spec.items() if name not in _PROSE}
    facts = {"name": rest.pop("name"), "in": rest.pop("in"), "schema": _schema(rest.pop("schema"))}
    if "required" in rest:
        facts["required"] = rest.pop("required")
    _nothing_left(rest, f"parameter {facts['name']}")
    return facts


def _content(spec: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema of a request body or a response; None where it has no body."""
    rest = {name: value for name, value in spec.items() if name not in _PROSE}
    content = dict(rest.pop("content", {}))
    _nothing_left(rest, "a body")
    if not content:
        return None
    media = {name: value for name, value in content.pop("application/json").items() if name not in _PROSE}
    schema = _schema(media.pop("schema"))
    _nothing_left({**content, **media}, "content")
    return schema


def _schema(spec: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_keywords(spec))


def _keywords(spec: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for keyword, value in spec.items():
        match keyword:
            case "properties":
                yield keyword, {name: _schema(schema) for name, schema in value.items()}
            case "items":
                yield keyword, _schema(value)
            case "oneOf":
                yield keyword, [_schema(schema) for schema in value]
            case "additionalProperties":
                yield keyword, value if isinstance(value, bool) else _schema(value)
            case _ if keyword in _VERBATIM:
                yield keyword, value
            case _ if keyword not in _PROSE:
                _nothing_left({keyword: value}, "a schema")


def _security(spec: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in spec.items() if name not in _PROSE}
    flows = {
        name: {**flow, "scopes": dict.fromkeys(flow["scopes"], "")} for name, flow in rest.pop("flows", {}).items()
    }
    scheme = {name: rest.pop(name) for name in ("type", "name", "in") if name in rest}
    _nothing_left(rest, "a security scheme")
    return {**scheme, "flows": flows} if flows else scheme


def _nothing_left(rest: Mapping[str, Any], where: str) -> None:
    if rest:
        raise ValueError(f"{where}: {', '.join(rest)} is not handled; add it to the facts or to the prose")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/contract/make_published.py FOLDER")
    documents = {name: json.loads((Path(sys.argv[1]) / f"{name}.openapi.json").read_text()) for name in FILES}
    PUBLISHED.write_text(text({name: facts(document) for name, document in documents.items()}))
