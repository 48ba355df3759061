"""The lines of the guide read a mirror without this package. Those for Spark are in tests/spark."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from .outside import check, lines_of, two_mirrors

DUCKDB = "import duckdb\ncurrent = duckdb.sql('''{code}''').pl()\n"
AFTER = """
import sys

assert not any(name.startswith("stcrm") for name in sys.modules)
current = current if hasattr(current, "iloc") else current.to_pandas()
current[["tenant", "id", "summary", "status", "modified_on"]].to_parquet("current.parquet", index=False)
"""


@pytest.mark.parametrize(
    "code",
    [
        DUCKDB.format(code=lines_of("DuckDB", "sql")),
        pytest.param(lines_of("pandas", "python"), marks=pytest.mark.deep),
        pytest.param(lines_of("polars", "python"), marks=pytest.mark.deep),
    ],
    ids=["duckdb", "pandas", "polars"],
)
def test_the_lines_of_the_guide_give_the_current_rows(code, tmp_path):
    mirrors = two_mirrors(tmp_path / "titan")
    outside = subprocess.run(
        [sys.executable, "-I", "-c", code + AFTER], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert outside.returncode == 0, outside.stderr
    check(mirrors, pd.read_parquet(tmp_path / "current.parquet"))
