"""Many small requests at a limit of 60 per second: how many succeed, and whether one gets a 429."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result
from bench.served import served, settings
from stcrm_pandas import connect
from stcrm_pandas.errors import DriftWarning

ALLOWED = 60


def run(calls: int, folder: Path) -> Iterator[Result]:
    warnings.simplefilter("ignore", DriftWarning)
    with served(leads=calls * 60, rate_limit=ALLOWED, latency_ms=20) as place:
        ids = []
        with connect(**settings(place, cache_dir=folder / "ids")) as crm:
            ids = crm.leads.list()["id"].head(calls * 50).tolist()
        time.sleep(1.5)  # so that the requests above no longer count
        for rate in (55, 57):
            with connect(**settings(place, cache_dir=folder / f"limit-{rate}") | {"rate_limit": rate}) as crm:
                refused = 0

                def count(seconds: float, why: str) -> None:
                    nonlocal refused
                    refused += 1

                crm._session.on_wait = count
                start = time.perf_counter()
                crm.leads.list(ids=ids)
                spent = time.perf_counter() - start
                yield Result(
                    f"{crm.calls} small requests, rate_limit={rate}", f"{spent:.1f} s", f"{ALLOWED} requests/s allowed",
                    f"{crm.calls / spent:.1f} requests/s, {refused} refused", "52, none", "57",
                )  # fmt: skip
            time.sleep(1.5)
