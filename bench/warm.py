"""`leads.list()` from the cache, compared with simple ways to read the same rows; and its peak memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from bench.measure import Result, Times, faster, in_turn, of_floor, seconds
from bench.served import served, settings
from stcrm_pandas import connect
from stcrm_pandas.client import Client
from stcrm_pandas.errors import DriftWarning
from stcrm_pandas.reads import decoded

TIMES = ["createdOn", "modifiedOn", "followUpDate"]


def bodies_of(crm: Client) -> list[bytes]:
    """Return the response bodies of the newest read, as stored in the cache."""
    pages = crm.cache.backend.responses
    keys = sorted(pages.keys(), key=lambda key: int(key.rpartition("/")[2]))
    return [pages[key].content for key in keys]


def parse(bodies: list[bytes]) -> None:
    for body in bodies:
        orjson.loads(body)


def normalize(bodies: list[bytes]) -> pd.DataFrame:
    frame = pd.concat([pd.json_normalize(json.loads(body)["data"]) for body in bodies], ignore_index=True)
    for name in TIMES:
        frame[name] = pd.to_datetime(frame[name], format="ISO8601", utc=True)
    return frame


def run(rows: int, rounds: int, folder: Path) -> Iterator[Result]:
    warnings.simplefilter("ignore", DriftWarning)
    with served(leads=rows, customers=rows // 2) as place:
        for name in ("leads", "customers"):
            yield first_read(name, place, folder / f"first-{name}", rounds)
            options = settings(place, cache_dir=folder / name)
            with connect(**options) as crm:
                first = getattr(crm, name).list()
            with connect(**options, max_age="1d") as crm:
                bodies, read = bodies_of(crm), getattr(crm, name).list
                pd.testing.assert_frame_equal(read(), first)
                rows_read = len(first)
                del first
                ours, floor = in_turn(read, lambda bodies=bodies: parse(bodies), rounds=rounds, collector=False)
                yield of_floor(
                    f"warm {name}.list() of {rows_read:,}",
                    ours,
                    floor,
                    target="0.10 x",
                    stretch="0.05 x",
                    floor_name="orjson.loads of the bodies",
                )
                if name == "leads" and rows <= 100_000:
                    ours, rival = in_turn(read, lambda bodies=bodies: normalize(bodies), rounds=max(2, rounds // 2))
                    yield faster(
                        f"warm leads.list() of {rows_read:,}",
                        ours,
                        rival,
                        target="50 x",
                        stretch="100 x",
                        rival_name="json.loads, json_normalize, to_datetime",
                    )
                assert crm.calls == 0, "a warm read sent something"
            if name == "leads":
                yield memory(rows, options)


def first_read(name: str, place: dict[str, Any], folder: Path, rounds: int) -> Result:
    """Measure a first read, after which the decoded copy is written, and one without that copy."""
    usual = decoded.SMALLEST

    def first(smallest: int) -> float:
        decoded.SMALLEST = smallest
        with connect(**settings(place, cache_dir=folder)) as crm:
            spent = seconds(getattr(crm, name).list)
        shutil.rmtree(folder)
        return spent

    try:
        runs = [(first(usual), first(sys.maxsize)) for _ in range(rounds + 1)][1:]
    finally:
        decoded.SMALLEST = usual
    ours, without = (Times(times) for times in zip(*runs, strict=True))
    what = f"first {name}.list()"
    return of_floor(what, ours, without, target="1.1 x", stretch="1.02 x", floor_name="without the decoded copy")


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
