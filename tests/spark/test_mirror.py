"""Spark reads a mirror by the lines of the guide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ..mirror.outside import check, lines_of, two_mirrors


def test_the_lines_of_the_guide_give_the_current_rows(spark: Any, tmp_path: Path) -> None:
    mirrors = two_mirrors(tmp_path / "titan")
    code = lines_of("Spark", "text").replace('"titan', f'"{tmp_path}/titan')
    names: dict[str, Any] = {"spark": spark}
    exec(code, names)
    current = names["current"].select("tenant", "id", "summary", "status", "modified_on")
    current.write.parquet(str(tmp_path / "current"))
    check(mirrors, pd.read_parquet(tmp_path / "current"))
