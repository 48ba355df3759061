"""A mirror, compared with the least that each step needs: decoding, a plain read of Parquet, a plain query."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.measure import Result, in_turn, of_floor
from bench.rows import bodies, customer, lead
from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.frame import assemble, decode
from stcrm_pandas.mirror.commits import Commit
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.resources import FEED_DELAY
from stcrm_pandas.mirror.store import MOST_EMPTY, SEQ, Store
from stcrm_pandas.mirror.versions import DELETED, SEEN_AT, UNDOCUMENTED, VALID_FROM, to_table
from stcrm_pandas.reads.reading import Feed

NOW = pd.Timestamp("2027-01-01", tz="UTC")
VERSIONS, CHANGES = 10, 1_000
HOURS, SMALL = 8_760, 10_000
"""The syncs of a year if there is one every hour, and the rows of a mirror so small that notes on each would show."""
HALF_DAYS, EDITS = 730, 3
"""The syncs of a year if there is one every 12 hours, and the leads that change before each."""
QUERY = "select campaign_id, count(*) from {leads} group by 1"


class Service:
    """A service whose feed returns one frame after another."""

    def __init__(self) -> None:
        self.settings = SimpleNamespace(
            name="bench",
            time_zone="UTC",
            dismissing_reasons=None,
            double_opt_in=False,
            service_url=None,
            progress=False,
        )
        self.leads = self.customers = SimpleNamespace(export=self._export)
        self.now = NOW
        self.next: Any = None

    def _export(self, **_: Any) -> Feed:
        frame = self.next()
        if "active" not in frame:
            frame["active"] = pd.array([True] * len(frame), dtype="boolean")
        self.now += pd.Timedelta(hours=1)
        frame.attrs["stcrm"] = {"fetched_at": self.now.isoformat()}
        return Feed(frame, self.now.isoformat())


def run(rows: int, rounds: int, folder: Path) -> Iterator[Result]:
    yield first_sync("customers", CUSTOMERS, bodies(customer, rows // 2), rounds, folder)
    pages = bodies(lead, rows)
    yield first_sync("leads", LEADS, pages, rounds, folder)
    leads = decoded(LEADS, pages)
    del pages
    yield from after_a_year(leads.head(SMALL), rounds, folder)
    yield from later(leads, rounds, folder)


def decoded(row: Row, pages: list[bytes]) -> pd.DataFrame:
    return assemble(row, [decode(row, "page", body) for body in pages], order=("id",)).frame


def first_sync(name: str, row: Row, pages: list[bytes], rounds: int, folder: Path) -> Result:
    target = folder / f"first-{name}"

    def first() -> None:
        service = Service()
        service.next = lambda: decoded(row, pages)
        Mirror(target, tenant=1, crm=service).sync(only=[name])
        shutil.rmtree(target)

    mine, floor = in_turn(first, lambda: decoded(row, pages), rounds=rounds)
    what = f"first sync of {sum(page.count(b'modifiedOn') for page in pages):,} {name}"
    return of_floor(what, mine, floor, target="1.4 x", stretch="1.2 x", floor_name="decoding")


def after_a_year(leads: pd.DataFrame, rounds: int, folder: Path) -> Iterator[Result]:
    """Compare reads of a mirror that was synced every hour for a year with those of a fresh one with the same rows."""
    service = Service()
    service.next = leads.copy
    fresh, year = (Mirror(folder / name, tenant=1, crm=service) for name in ("fresh", "year"))
    fresh.sync(only=["leads"])
    store, old = Store(year.folder, "leads"), Store(fresh.folder, "leads")
    table, first = old.read(), old.last()
    assert table is not None
    assert first is not None

    def commit(number: int) -> Commit:
        at = pd.Timestamp(first.seen_at) + (number - 1) * pd.Timedelta(hours=1)
        done = pd.Timestamp(at - FEED_DELAY).isoformat()
        return replace(first, number=number, seen_at=at.isoformat(), complete_to=done, full=number == 1, rows=0)

    merged = HOURS - MOST_EMPTY  # the others are still in files of their own
    store.create(table, [commit(number) for number in range(1, merged + 1)])
    for number in range(merged + 1, HOURS + 1):
        store.append(table.slice(0, 0).drop_columns([SEQ]), commit(number))
    assert len(store.files()) == MOST_EMPTY + 1
    yield from beside_fresh(year, fresh, f"after {HOURS:,} syncs", rounds)
    changed, at = Mirror(folder / "changed", tenant=1, crm=service), pd.Timestamp(first.seen_at)
    store, rng = Store(changed.folder, "leads"), np.random.default_rng(11)
    store.create(table, [first])
    for number in range(2, HALF_DAYS + 2):
        at += pd.Timedelta(hours=12)
        some = table.take(np.sort(rng.choice(len(leads), EDITS, replace=False))).drop_columns([SEQ])
        for name in (SEEN_AT, VALID_FROM, "modified_on"):
            place = some.column_names.index(name)
            some = some.set_column(place, name, pa.array([at] * EDITS, some.schema.field(name).type))
        done = pd.Timestamp(at - FEED_DELAY).isoformat()
        store.append(
            some, replace(first, number=number, seen_at=at.isoformat(), complete_to=done, full=False, rows=EDITS)
        )
        store.compact_newest(LEADS.key)
        store.sweep(at.timestamp())
    yield from beside_fresh(changed, fresh, f"after {HALF_DAYS:,} syncs with {EDITS} changes", rounds)


def beside_fresh(old: Mirror, fresh: Mirror, when: str, rounds: int) -> Iterator[Result]:
    """Compare reads of a mirror with those of a fresh one."""
    leads = fresh.leads()
    moment, lead_id = leads.attrs["stcrm"]["fetched_at"], int(leads["id"].iloc[-1])
    for what, read in {
        "current frame": lambda mirror: mirror.leads(),
        "as-of frame": lambda mirror: mirror.leads(as_of=moment, by="seen"),
        "one row's history": lambda mirror: mirror.history("leads", lead_id),
        "status log": lambda mirror: mirror.status_log("leads"),
        "changes": lambda mirror: mirror.changes("leads"),
    }.items():
        mine, floor = in_turn(partial(read, old), partial(read, fresh), rounds=rounds)
        yield of_floor(
            f"{what}, {len(leads):,} rows, {when}",
            *(mine, floor),
            target="1.5 x",
            stretch="1 x",
            floor_name="a fresh mirror",
        )


def later(leads: pd.DataFrame, rounds: int, folder: Path) -> Iterator[Result]:
    """Measure what comes after the first sync."""
    rows, service, rng = len(leads), Service(), np.random.default_rng(5)
    mirror = Mirror(folder / "bench", tenant=1, crm=service)
    store = Store(mirror.folder, "leads")

    def changed(count: int) -> pd.DataFrame:
        some = leads.iloc[np.sort(rng.choice(rows, count, replace=False))].reset_index(drop=True)
        some["modified_on"] = service.now
        return some

    def sync(frame: Any) -> None:
        service.next = frame
        mirror.sync(only=["leads"])

    sync(leads.copy)
    for _ in range(VERSIONS):
        sync(lambda: changed(rows // 10))
    moment = service.now - pd.Timedelta(hours=VERSIONS // 2)

    def current() -> Path:
        return mirror.current_files()["leads"]

    def rewrite() -> None:
        pq.write_table(pq.read_table(current(), partitioning=None), folder / "rewritten.parquet", compression="zstd")

    mine, floor = in_turn(lambda: sync(lambda: changed(CHANGES)), rewrite, rounds=rounds)
    yield of_floor(
        f"sync of {CHANGES:,} changes", mine, floor, target="2 s", stretch="1 s", floor_name="rewrite current rows"
    )
    yield one_commit(changed(CHANGES), rounds, folder)
    mine, floor = in_turn(mirror.leads, lambda: pd.read_parquet(current()), rounds=rounds)
    yield of_floor("current frame", mine, floor, target="1.3 x", stretch="1 x", floor_name="pd.read_parquet")

    def history() -> pd.DataFrame:
        return pd.concat([pd.read_parquet(file.path) for file in store.files()])

    mine, floor = in_turn(lambda: mirror.leads(as_of=moment), history, rounds=rounds)
    yield of_floor(
        f"as-of frame, {VERSIONS} versions of a tenth",
        *(mine, floor),
        target="1.5 s",
        stretch="1 s",
        floor_name="pd.read_parquet of the history",
    )
    yield memory(mirror, moment)
    one = int(leads["id"].iloc[rows // 2])
    for when in ("before", "after"):  # compaction
        yield one_history(mirror, store, one, when, rounds)
        mirror.compact()
    files = [file.path for file in store.files()]
    assert len(files) == 1

    def direct() -> pd.DataFrame:
        with duckdb.connect(":memory:") as db:
            return db.sql(QUERY.format(leads=f"read_parquet('{current()}')")).df()

    mine, floor = in_turn(lambda: mirror.sql(QUERY.format(leads="leads")), direct, rounds=rounds)
    yield of_floor("aggregate by SQL", mine, floor, target="0.1 s", stretch="1.2 x", floor_name="plain DuckDB")


def one_commit(some: pd.DataFrame, rounds: int, folder: Path) -> Result:
    """Measure the commit of changed rows alone, beside a plain write of the same rows to the disk."""
    stamped = some.assign(**{SEEN_AT: NOW, VALID_FROM: NOW, DELETED: False, UNDOCUMENTED: None})
    store, numbers = Store(folder / "commits", "leads"), count(1)

    def commit() -> None:
        about = Commit(next(numbers), NOW.isoformat(), NOW.isoformat(), None, False, len(some), "bench")
        store.append(to_table(LEADS, stamped), about)

    def write() -> None:
        with (folder / "plain.parquet").open("wb") as file:
            pq.write_table(to_table(LEADS, stamped), file, compression="zstd")
            os.fsync(file.fileno())

    mine, floor = in_turn(commit, write, rounds=rounds)
    what = f"commit of {len(some):,} changes"
    return of_floor(what, mine, floor, target="0.1 s", stretch="1.5 x", floor_name="write and fsync")


def one_history(mirror: Mirror, store: Store, one: int, when: str, rounds: int) -> Result:
    files = [file.path for file in store.files()]

    def filtered() -> int:
        wanted = [("id", "=", one)]
        return sum(pq.read_table(path, filters=wanted, partitioning=None).num_rows for path in files)

    assert len(mirror.history("leads", one)) == filtered()
    mine, floor = in_turn(lambda: mirror.history("leads", one), filtered, rounds=rounds)
    what = f"one row's history, {when} compaction"
    target = "0.2 s" if when == "after" else "2 s"
    return of_floor(what, mine, floor, target=target, stretch="1 x", floor_name="filtered read")


def memory(mirror: Mirror, moment: pd.Timestamp) -> Result:
    """Return the peak of memory of an as-of frame in a process of its own, beside the size of the frame."""
    command = [sys.executable, "-m", "bench.mirror", str(mirror.folder.parent), moment.isoformat()]
    used, size = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    return Result(
        "as-of frame, peak memory",
        f"{used / 1e6:.0f} MB",
        f"the frame: {size / 1e6:.0f} MB",
        f"{used / size:.2f} x",
        "2.5 x",
        "2 x",
    )


def main() -> None:
    """Print the peak of memory that an as-of frame adds, and the size of the frame, in bytes."""
    folder, moment = sys.argv[1:]
    mirror = Mirror(folder, tenant=1)
    mirror.history("leads", 0)  # imports what is needed, and reads no rows
    before = resident("VmRSS")
    frame = mirror.leads(as_of=moment)
    print(resident("VmHWM") - before, int(frame.memory_usage(deep=True).sum()))


def resident(name: str) -> int:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[name].split()[0]) * 1024


if __name__ == "__main__":
    main()
