"""A connection to a small company, whose logs are in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.client import Client

from .view import _wires

__all__ = ["_wires"]


@pytest.fixture
def crm(box: Any, usual: dict[str, Any], tmp_path: Any) -> Iterator[Client]:
    with stcrm.connect(sandbox=box, state_dir=tmp_path / "state", **usual) as connected:
        yield connected
