"""A connection to a small shop, whose logs of grids are deleted after each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.client import Client

from .view import _wires

__all__ = ["_wires"]


@pytest.fixture(scope="module")
def connected(module_box: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("grid")
    with stcrm.connect(
        sandbox=module_box,
        state_dir=folder / "state",
        cache_dir=folder / "cache",
        page_size=100,
        rate_limit=1000,
        progress=False,
        time_zone="America/Chicago",
    ) as crm:
        yield crm


@pytest.fixture
def state(connected: Client) -> Iterator[Path]:
    """The folder of the logs."""
    folder = connected._port.journal_folder.parent / "grids"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def crm(connected: Client, state: Path) -> Client:
    return connected
