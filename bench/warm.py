"""`leads.list()` from the cache, compared with simple ways to read the same rows; and its peak memory."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from bench.measure import Result, faster, in_turn, of_floor
from bench.served import served, settings
from stcrm_pandas import connect
from stcrm_pandas.client import Client
from stcrm_pandas.errors import DriftWarning

TIMES = ["createdOn", "modifiedOn", "followUpDate"]


def bodies_of(crm: Client) -> list[bytes]:
    """Return the response bodies of the newest read, as stored in the cache."""
    pages = crm.cache.backend.responses
    keys = sorted(pages.keys(), key=lambda key: int(key.rpartition("/")[2]))
    return [pages[key].content for key in keys]


def read_plain(path: Path) -> None:
    connection = sqlite3.connect(path)
    for (body,) in connection.execute("SELECT body FROM pages ORDER BY page"):
        orjson.loads(body)
    connection.close()


def normalize(bodies: list[bytes]) -> pd.DataFrame:
    frame = pd.concat([pd.json_normalize(json.loads(body)["data"]) for body in bodies], ignore_index=True)
    for name in TIMES:
        frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=True)
    return frame


def run(rows: int, rounds: int, folder: Path) -> Iterator[Result]:
    warnings.simplefilter("ignore", DriftWarning)
    with served(leads=rows) as place:
        options = settings(place, cache_dir=folder / "cache")
        with connect(**options) as crm:
            crm.leads.list()
        with connect(**options, max_age="1d") as crm:
            bodies = bodies_of(crm)
            plain = folder / "plain.sqlite"
            with sqlite3.connect(plain) as connection:
                connection.execute("CREATE TABLE pages (page INTEGER PRIMARY KEY, body BLOB)")
                connection.executemany("INSERT INTO pages VALUES (?, ?)", enumerate(bodies))
            connection.close()
            ours, floor = in_turn(crm.leads.list, lambda: read_plain(plain), rounds=rounds, collector=False)
            yield of_floor(
                f"warm leads.list() of {rows:,}",
                ours,
                floor,
                target="1.2 x",
                stretch="0.6 x",
                floor_name="plain SQLite, orjson.loads",
            )
            if rows <= 100_000:
                ours, rival = in_turn(crm.leads.list, lambda: normalize(bodies), rounds=max(2, rounds // 2))
                yield faster(
                    f"warm leads.list() of {rows:,}",
                    ours,
                    rival,
                    target="5 x",
                    stretch="10 x",
                    rival_name="json.loads, json_normalize, to_datetime",
                )
            assert crm.calls == 0, "a warm read sent something"
    yield memory(rows, options)


def memory(rows: int, options: dict[str, Any]) -> Result:
    """Measure the peak memory of a warm read in a separate process, minus that of the import."""
    given = {**options, "cache_dir": str(options["cache_dir"]), "offline": True}
    script = """
import json, re, sys, warnings
import stcrm_pandas
from stcrm_pandas import connect
from stcrm_pandas.contract.schemas import Leads
Leads.validate(Leads.empty())
import pyarrow.json
warnings.simplefilter("ignore")
memory = lambda what: int(re.search(what + r":\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
crm = connect(**json.loads(sys.argv[1]))
open("/proc/self/clear_refs", "w").write("5")  # the peak starts again from here
before = memory("VmRSS")
frame = crm.leads.list()
print(memory("VmHWM") - before, int(frame.memory_usage(deep=True).sum()))
"""
    ratios = []
    for _ in range(3):
        out = subprocess.run(
            [sys.executable, "-c", script, json.dumps(given)], capture_output=True, text=True, check=True
        )
        peak, frame = map(int, out.stdout.split())
        ratios.append(peak / frame)
    ratio = sorted(ratios)[1]
    return Result(
        f"peak memory of a warm read of {rows:,} leads", f"{peak / 1e6:.0f} MB", f"the DataFrame: {frame / 1e6:.0f} MB",
        f"{ratio:.2f} x", "2.5 x", "1.7 x",
    )  # fmt: skip
