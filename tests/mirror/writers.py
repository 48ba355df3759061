"""Processes that write and read one mirror at the same time, to be killed at any moment.

The service is a function of the time since the start, so all processes have the same one: at each tick, a minute of the
service, one lead changes.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from pathlib import Path
from typing import Any

import duckdb

from stcrm_pandas.errors import MirrorBusy
from stcrm_pandas.mirror.mirror import Mirror

from .service import START, Service

ROWS, TICKS_PER_SECOND = 40, 50
TICK = dt.timedelta(minutes=1)
CURRENT = """
select id, summary from (
    select * from read_parquet('{folder}/*/history/leads/*.parquet', union_by_name = true, hive_partitioning = true)
    qualify row_number() over (partition by tenant, id order by _seq desc) = 1
) where not _deleted
"""
"""The query of the guide."""


class EveryToken:
    """The service knows the tokens that any process got."""

    def __contains__(self, token: object) -> bool:
        return True

    def add(self, token: str) -> None: ...


def service_at(tick: int) -> Service:
    """Return the service as it is after a number of ticks."""
    service = Service()
    service.known_tokens = EveryToken()  # type: ignore[assignment]
    for number in range(tick):
        service.put("leads", number % ROWS + 1, summary=str(number))
        service.now += TICK
    return service


def mirror_at(folder: Path, start: float) -> Mirror:
    tick = 2 * ROWS + int((time.time() - start) * TICKS_PER_SECOND)
    return Mirror(folder, tenant=7, crm=service_at(tick), time_zone="America/Chicago")


def write(folder: Path, start: float, seed: int) -> None:
    """Sync and sometimes compact, until killed."""
    chance = random.Random(seed)
    while True:
        mirror = mirror_at(folder, start)
        try:
            mirror.sync(only=["leads"])
            if chance.random() < 0.3:
                mirror.compact()
        except MirrorBusy:
            time.sleep(0.005)


def read(folder: Path, stop: Path, result: Path) -> None:
    """Read current rows without the package until a file exists, and write how often, and what was wrong."""
    reads, wrong = 0, []
    before: dict[int, int] = {}
    while not stop.exists():
        try:
            found = duckdb.sql(CURRENT.format(folder=folder)).fetchall()
        except Exception as error:  # whatever it is, a reader must not see it
            wrong.append(repr(error))
            continue
        now = {id: int(summary) for id, summary in found}
        if len(found) != ROWS or any(now.get(id, -1) < value for id, value in before.items()):
            wrong.append(f"{len(found)} rows, or older ones than before")
        before, reads = now, reads + 1
    result.write_text(json.dumps({"reads": reads, "wrong": wrong[:5]}))


def expected_history(commits: list[Any]) -> list[tuple[int, int, str]]:
    """Return (commit, id, summary) of each version that the feed showed between the commits."""
    found, known = [], {}
    for commit in commits:
        ticks = int((dt.datetime.fromisoformat(commit.complete_to) - START) / TICK)  # states up to and with this tick
        for id in range(1, ROWS + 1):
            last = ticks - (ticks - (id - 1)) % ROWS
            if known.get(id) != last:
                known[id] = last
                found.append((commit.number, id, str(last)))
    return found
