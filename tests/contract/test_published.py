"""published.json has the facts of the published contract, and none of its sentences."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from . import make_published
from .make_published import FILES, PUBLISHED, facts, text
from .published import documents

SMALL: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "A title", "version": "2"},
    "paths": {
        "/notes/{id}": {
            "patch": {
                "tags": ["Some notes"],
                "summary": "A summary",
                "operationId": "Notes_Update",
                "parameters": [
                    {
                        "name": "id",
                        "in": "path",
                        "description": "A sentence.",
                        "required": True,
                        "schema": {"type": "integer", "format": "int64", "description": "A sentence."},
                    }
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}, "example": {}}}
                },
                "responses": {"200": {"description": "A sentence."}},
                "security": [{"oauth": ["notes:w"]}],
            }
        }
    },
    "components": {
        "schemas": {
            "Note": {
                "type": "object",
                "description": "A sentence.",
                "required": ["title"],
                "properties": {
                    "title": {"type": ["string", "null"], "description": "A sentence.", "example": "A text"},
                    "summary": {"oneOf": [{"type": "null"}, {"enum": ["One", "Two"], "x-enumNames": ["One", "Two"]}]},
                },
                "additionalProperties": False,
            }
        }
    },
}


def test_facts_are_kept_without_descriptions() -> None:
    assert facts(SMALL) == {
        "operations": {
            "PATCH /notes/{id}": {
                "id": "Notes_Update",
                "security": [{"oauth": ["notes:w"]}],
                "parameters": [
                    {"name": "id", "in": "path", "schema": {"type": "integer", "format": "int64"}, "required": True}
                ],
                "body": {"$ref": "#/components/schemas/Note"},
                "responses": {"200": None},
            }
        },
        "schemas": {
            "Note": {
                "type": "object",
                "required": ["title"],
                "properties": {
                    "title": {"type": ["string", "null"]},
                    "summary": {"oneOf": [{"type": "null"}, {"enum": ["One", "Two"]}]},
                },
                "additionalProperties": False,
            }
        },
        "security": {},
    }


def test_unknown_kind_of_fact_raises() -> None:
    longer = json.loads(json.dumps(SMALL).replace('"format": "int64"', '"maximum": 7'))
    with pytest.raises(ValueError, match="maximum is not handled"):
        facts(longer)


def test_the_script_writes_one_line_for_each_operation_and_schema(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / f"{name}.openapi.json").write_text(json.dumps(SMALL))
    copy = tmp_path / "make_published.py"
    copy.write_text(Path(make_published.__file__).read_text())
    subprocess.run([sys.executable, copy, tmp_path], check=True, timeout=60)
    lines = (tmp_path / "published.json").read_text().splitlines()
    assert [line.partition(":")[0] for line in lines if "Note" in line] == ['"PATCH /notes/{id}"', '"Note"'] * 2
    assert json.loads("".join(lines)) == dict.fromkeys(FILES, facts(SMALL))


def test_documents_rebuilt_from_facts_are_equal() -> None:
    made = documents()
    assert text({name: facts(document) for name, document in made.items()}) == PUBLISHED.read_text()
    assert sum(len(methods) for one in made.values() for methods in one["paths"].values()) == 86 + 9
    for document in made.values():
        for schema in document["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)


def test_no_descriptions_are_included() -> None:
    assert PUBLISHED.stat().st_size < 400_000
    spaced = {word for word in re.findall(r'"([^"]*)"', PUBLISHED.read_text()) if " " in word}
    assert all(re.fullmatch(r"(GET|POST|PUT|PATCH|DELETE) /\S+", word) for word in spaced)
