"""Apply a plan to an API with a latency of 100 ms."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result
from bench.served import served, settings
from stcrm_pandas import connect
from stcrm_pandas.errors import DriftWarning

LATENCY = 0.1


def run(rows: int, folder: Path) -> Iterator[Result]:
    """Compare requests per second with the maximum for the threads, latency and rate limit, for two settings."""
    warnings.simplefilter("ignore", DriftWarning)
    for concurrency, limit in ((8, 55), (4, 55)):
        with served(leads=1_000, customers=rows + 500, latency_ms=int(LATENCY * 1000)) as place:
            options = settings(place, cache_dir=folder / f"apply-{concurrency}", state_dir=folder / "state")
            options |= {"rate_limit": limit, "concurrency": concurrency, "allow_writes": True, "progress": False}
            with connect(**options) as crm:
                before = crm.customers.list(active=True)
                after = before[before["merged_to_id"].fillna(0) == 0].head(rows).assign(name="Another name")
                plan = crm.customers.plan_changes(before, after)
                calls, start = crm.calls, time.perf_counter()
                result = plan.apply()
                spent = time.perf_counter() - start
                calls = crm.calls - calls
                assert len(result.succeeded) == len(after)
        allowed = min(limit, concurrency / LATENCY)
        yield Result(
            f"apply of {len(after):,} rows, {concurrency} threads, at most {limit} requests/s",
            f"{calls} requests in {spent:.1f} s",
            f"{allowed:.0f} requests/s possible", f"{calls / spent / allowed:.0%}", "85%", "95%",
        )  # fmt: skip
