"""Opt-outs during an apply: how many are lost, how long the window is, and what the second read costs.

A plan switches off the job reminders of contacts, so the other flags are copied from the current row. Meanwhile each
contact opts out of marketing, in random order. A recorder is between all of them and the sandbox.

    python -m bench.opt_outs --rows 300
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import re
import statistics
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import requests

from bench.measure import Result
from bench.recorder import recorded
from bench.served import served, settings
from stcrm_pandas import connect
from stcrm_pandas.errors import DriftWarning

LATENCY_MS = 20
PERSON = "somebody who opts out"
REMINDERS, MARKETING = "preferences_job_reminders_enabled", "preferences_marketing_updates_enabled"
_READ = re.compile(r"/customers/contacts\?(?:.*&)?customerIds=([0-9,]+)")
_WRITE = re.compile(r"/customers/(\d+)/contacts/(\d+)")


@dataclass(frozen=True)
class Race:
    """The result of one race, from the recorded requests.

    Parameters
    ----------
    rows : int
        Contacts that the plan changed.
    opted_out : int
        Opt-outs during the apply.
    lost_outside, lost_inside : int
        Opt-outs that our request overwrote, outside and inside of the window between the last read of the row and the
        request.
    window_ms, longest_ms : float
        The median and the maximum of the window.
    rows_a_second : float
        The speed of the apply.
    """

    rows: int
    opted_out: int
    lost_outside: int
    lost_inside: int
    window_ms: float
    longest_ms: float
    rows_a_second: float


def run(rows: int, folder: Path) -> Iterator[Result]:
    """Run the race, and measure rows per second with and without the second read."""
    warnings.simplefilter("ignore", DriftWarning)
    found = race(rows, folder, rate_limit=55)
    yield Result(
        f"{found.opted_out} opt-outs during an apply of {found.rows} rows, latency {LATENCY_MS} ms",
        f"{found.lost_outside} lost, plus {found.lost_inside} within the window", "0 lost",
        str(found.lost_outside), "0", "0",
    )  # fmt: skip
    yield Result(
        "median time from the last read of a row to its request", f"{found.window_ms:.0f} ms",
        f"latency {LATENCY_MS} ms", f"{found.window_ms:.0f} ms (longest {found.longest_ms:.0f})", "30 ms", "25 ms",
    )  # fmt: skip
    plain = memos(rows, folder, rate_limit=55)
    yield Result(
        "rows/s with such a read, at 55 requests/s", f"{found.rows_a_second:.0f}",
        f"{plain:.0f} rows/s without", f"{found.rows_a_second / plain:.0%}", "50%", "60%",
    )  # fmt: skip


def race(rows: int, folder: Path, *, rate_limit: int) -> Race:
    """Apply a plan while each of its contacts opts out of marketing."""
    with served(leads=100, customers=2 * rows + 200) as place:
        with (
            recorded(place["api_url"], latency_ms=LATENCY_MS) as recorder,
            connect(**_settings(place, recorder.address, folder, rate_limit)) as crm,
        ):
            before = contacts(crm, rows)
            plan = crm.customers.plan_contact_changes(before, before.assign(**{REMINDERS: False}))
            assert len(plan.steps) == rows, "each of them needs a request"
            people = threading.Thread(target=opt_out, args=(recorder.address, place, before, 2 * rows / rate_limit))
            started = time.monotonic()
            people.start()
            plan.apply()
            ended = time.monotonic()
            people.join()
        return judge(recorder.requests, rows, started, ended)


def memos(rows: int, folder: Path, *, rate_limit: int) -> float:
    """Return the rows per second that are changed without a second read."""
    with (
        served(leads=100, customers=2 * rows + 200) as place,
        recorded(place["api_url"], latency_ms=LATENCY_MS) as recorder,
        connect(**_settings(place, recorder.address, folder, rate_limit)) as crm,
    ):
        before = contacts(crm, rows)
        started = time.monotonic()
        result = crm.customers.plan_contact_changes(before, before.assign(memo="mended")).apply()
        spent = time.monotonic() - started
        assert len(result.succeeded) == rows
    return rows / spent


def contacts(crm: Any, rows: int) -> pd.DataFrame:
    """Return one contact each of some active customers without an opt-out."""
    active = set(crm.customers.list(active=True)["id"])
    found: pd.DataFrame = crm.customers.list_contacts()
    on = found[found["customer_id"].isin(active) & found[REMINDERS].eq(True) & found[MARKETING].eq(True)]
    on = on.dropna(subset=[name for name in on.columns if name.startswith("preferences_")])
    on = on.drop_duplicates("customer_id").head(rows)
    assert len(on) == rows
    on.attrs = found.attrs
    return on


def opt_out(address: str, place: dict[str, Any], frame: pd.DataFrame, seconds: float) -> None:
    """Opt each contact out of marketing, in random order, over a few seconds."""
    chance = random.Random(5)
    form = {
        "grant_type": "client_credentials",
        "client_id": place["client_id"],
        "client_secret": place["client_secret"],
    }
    token = requests.post(f"{address}/connect/token", data=form, timeout=10).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "ST-App-Key": place["app_key"], "User-Agent": PERSON}
    keys = list(zip(frame["customer_id"].tolist(), frame["id"].tolist(), strict=True))
    chance.shuffle(keys)
    moments = sorted(chance.uniform(0, seconds) for _ in keys)
    whole = dict.fromkeys(("jobRemindersEnabled", "invoiceNotification", "statementNotification"), True)
    body = {"preferences": {**whole, "invoiceStatementNotification": True, "marketingUpdatesEnabled": False}}
    began = time.monotonic()

    def some(part: Sequence[tuple[tuple[int, int], float]]) -> None:
        with requests.Session() as session:
            for (customer, contact), moment in part:
                time.sleep(max(0.0, began + moment - time.monotonic()))
                url = f"{address}/crm/v2/tenant/{place['tenant']}/customers/{customer}/contacts/{contact}"
                session.patch(url, json=body, headers=headers, timeout=10).raise_for_status()

    due = list(zip(keys, moments, strict=True))
    threads = [threading.Thread(target=some, args=(due[number::6],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def judge(seen: Sequence[dict[str, Any]], rows: int, started: float, ended: float) -> Race:
    """Count the opt-outs that were lost, from the order of the requests."""
    last_read: dict[int, float] = {}
    said: dict[int, float] = {}
    windows, outside, inside, during = [], 0, 0, 0
    for one in seen:
        if (read := _READ.search(one["target"])) and one["by"] != PERSON:
            last_read.update(dict.fromkeys(map(int, read[1].split(",")), one["at"]))
        write = _WRITE.search(one["target"]) if one["method"] == "PATCH" and one["status"] == 200 else None
        if write is None:
            continue
        customer = int(write[1])
        if one["by"] == PERSON:
            said[customer] = one["at"]
            during += started <= one["at"] <= ended
            continue
        windows.append(one["at"] - last_read[customer])
        if customer in said and one["body"]["preferences"]["marketingUpdatesEnabled"]:
            if said[customer] < last_read[customer]:
                outside += 1
            else:
                inside += 1
    middle, longest = 1000 * statistics.median(windows), 1000 * max(windows)
    return Race(rows, during, outside, inside, round(middle, 1), round(longest, 1), round(rows / (ended - started), 1))


def _settings(place: dict[str, Any], address: str, folder: Path, rate_limit: int) -> dict[str, Any]:
    folders = {name: tempfile.mkdtemp(dir=folder) for name in ("cache_dir", "state_dir")}
    there = {**place, "api_url": address, "auth_url": f"{address}/connect/token"}
    return settings(there, **folders, allow_writes=True, progress=False) | {"rate_limit": rate_limit}


def main() -> None:
    """Run one race and print its result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--rate-limit", type=int, default=55)
    options = parser.parse_args()
    warnings.simplefilter("ignore", DriftWarning)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = race(options.rows, Path(folder), rate_limit=options.rate_limit)
    json.dump(dataclasses.asdict(found), sys.stdout)


if __name__ == "__main__":
    main()
