"""`leads.list()` over HTTP at 150 ms per page, compared with the latency alone and with another client."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import Result, Times, seconds, short
from bench.served import served, settings
from stcrm_pandas import connect
from stcrm_pandas.errors import DriftWarning

LATENCY = 0.150
PAGES = 20  # of the other client, at most, from which its total is projected


def cold(place: dict[str, Any], folder: Path, run: int, **filters: Any) -> tuple[float, int]:
    with connect(**settings(place, cache_dir=folder / f"cold-{run}")) as crm:
        rows = 0

        def read() -> None:
            nonlocal rows
            rows = len(crm.leads.list(**filters))

        return seconds(read), rows


def run(rows: int, rounds: int, folder: Path) -> Iterator[Result]:
    """Measure a read of three times as many leads, and compare one of that many with another client."""
    warnings.simplefilter("ignore", DriftWarning)
    rounds = min(rounds, 5)
    with served(leads=3 * rows, latency_ms=int(LATENCY * 1000)) as place:
        cold(place, folder, 0)
        runs = [cold(place, folder, run) for run in range(1, rounds + 1)]
        ours = Times(tuple(spent for spent, _ in runs))
        pages = -(-runs[0][1] // 5_000)
        floor = -(-pages // 8) * LATENCY
        yield Result(
            f"cold leads.list() of {runs[0][1]:,}, 150 ms per page", str(ours), f"latency alone: {short(floor)}",
            f"{ours.middle / floor:.2f} x", "1.6 x", "1.2 x",
        )  # fmt: skip
    with served(leads=rows, latency_ms=int(LATENCY * 1000)) as place:
        runs = [cold(place, folder, 100 + run) for run in range(rounds)]
        ours, rows = Times(tuple(spent for spent, _ in runs)), runs[0][1]
        pages = min(PAGES, rows // 100)
        rival = rival_page(place, pages) * rows / 100
        yield Result(
            f"cold leads.list() of {rows:,}, 150 ms per page", str(ours),
            f"servicepytan, projected from {pages} pages: {short(rival)}",
            f"{rival / ours.middle:.0f} x faster", "150 x", "400 x",
        )  # fmt: skip


def rival_page(place: dict[str, Any], pages: int) -> float:
    """Return seconds per page of servicepytan with its defaults: 100 rows per page, sequentially."""
    import servicepytan

    connection = servicepytan.auth.servicepytan_connect(
        app_key=place["app_key"],
        tenant_id=str(place["tenant"]),
        client_id=place["client_id"],
        client_secret=place["client_secret"],
    )
    connection["api_root"] = place["api_url"]
    connection["auth_root"] = place["auth_url"].removesuffix("/connect/token")
    endpoint = servicepytan.Endpoint("crm", "leads", connection)
    start = time.perf_counter()
    for page in range(1, pages + 1):
        answer = endpoint.get_many(query={"page": str(page), "pageSize": "100"})
        assert len(answer["data"]) == 100
    return (time.perf_counter() - start) / pages
