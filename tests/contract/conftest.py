"""The published contract, operation by operation."""

from __future__ import annotations

from pathlib import Path

import pytest

from .published import Published, documents

FILES = {"crm-v2": "crm/v2", "lookups": ""}
"""The contract's files, and what their paths lack of ours."""


@pytest.fixture(scope="session")
def published() -> dict[str, Published]:
    """Its operations, by id."""
    published = {}
    for name, document in documents().items():
        schemas = document["components"]["schemas"]
        for path, methods in document["paths"].items():
            for method, spec in methods.items():
                place = f"{FILES[name]}{path}".lstrip("/")
                published[spec["operationId"]] = Published(place, method.upper(), spec, schemas)
    return published


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The prober makes its requests up while it is collected: not where it will not be run."""
    unwanted = collection_path.name == "test_prober.py" and config.getoption("markexpr") == "not deep"
    return True if unwanted else None
