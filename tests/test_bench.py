"""Each benchmark runs, so that a change of what it calls does not leave it broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.__main__ import BENCHES


@pytest.mark.deep
@pytest.mark.enable_socket
@pytest.mark.parametrize("name", BENCHES)
def test_each_benchmark_runs(name: str, tmp_path: Path) -> None:
    results = list(BENCHES[name](2_000, 1, tmp_path))
    assert results
    assert all(result.ratio for result in results)
