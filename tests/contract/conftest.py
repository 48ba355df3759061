"""The published contract, operation by operation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .published import Published

FILES = {"crm-v2": "crm/v2", "lookups": ""}
"""The contract's files, and what their paths lack of ours."""


@pytest.fixture(scope="session")
def documents(contract: Path) -> dict[str, dict[str, Any]]:
    """The contract's files, as they are published."""
    return {name: json.loads((contract / f"{name}.openapi.json").read_text()) for name in FILES}


@pytest.fixture(scope="session")
def published(documents: dict[str, dict[str, Any]]) -> dict[str, Published]:
    """Its operations, by id."""
    found = {}
    for name, before in FILES.items():
        schemas = documents[name]["components"]["schemas"]
        for path, methods in documents[name]["paths"].items():
            for method, spec in methods.items():
                place = f"{before}{path}".lstrip("/")
                found[spec["operationId"]] = Published(place, method.upper(), spec, schemas)
    return found


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The prober makes its requests up while it is collected: not where it will not be run."""
    unwanted = collection_path.name == "test_prober.py" and config.getoption("markexpr") == "not deep"
    return True if unwanted else None
