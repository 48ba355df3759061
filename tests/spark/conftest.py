"""A Spark on this machine. Run by `make test-spark`, in an environment of its own; skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

AsSpark = Callable[[pd.DataFrame], Any]


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not in this environment: make test-spark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17")
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.session.timeZone": "Asia/Tokyo",  # neither the machine's nor the company's
    }
    builder = sql.SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def as_spark(spark: Any, tmp_path: Path) -> AsSpark:
    """A frame by way of Parquet: Spark's own conversion does not know the dtypes of pandas 3."""
    made = 0

    def convert(frame: pd.DataFrame) -> Any:
        nonlocal made
        made += 1
        path = tmp_path / f"{made}.parquet"
        pl.from_pandas(frame).write_parquet(path)
        return spark.read.parquet(str(path))

    return convert
