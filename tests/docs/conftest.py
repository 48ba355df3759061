"""docs/make.py, which is a program and no module of the package."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from stcrm_pandas.sandbox import Sandbox


@pytest.fixture(autouse=True)
def state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the logs and journals of examples out of the folder of the person who runs the tests."""
    monkeypatch.setenv("STCRM_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture(scope="session")
def make() -> ModuleType:
    """docs/make.py."""
    spec = importlib.util.spec_from_file_location("docs_make", Path(__file__).parents[2] / "docs" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """A company of their own: examples of writes change it."""
    as_of = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    with Sandbox(leads=300, seed=7, as_of=as_of, rate_limit=None) as running:
        yield running
