"""`stcrm sandbox` and `stcrm demo`: the sandbox as a server for any client, and a tour of this package on it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import pandas as pd
import typer

from stcrm_pandas.client import Client, connect
from stcrm_pandas.commands.terminal import say
from stcrm_pandas.errors import DriftWarning, StcrmError
from stcrm_pandas.reads.progress import Progress
from stcrm_pandas.sandboxes import start_sandbox

app = typer.Typer(help="A local imitation of ServiceTitan's CRM API, with a demo company.", no_args_is_help=True)


@app.callback()
def sandbox() -> None:
    """A local imitation of ServiceTitan's CRM API, with a demo company."""


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="The port to listen on; 0 uses a free one.")] = 0,
    leads: Annotated[int, typer.Option(min=0, help="Number of leads of the demo company.")] = 12_000,
    customers: Annotated[
        int | None, typer.Option(min=0, help="Number of customers. Default: in proportion to the leads.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed and date give the same company.")] = 1,
    as_of: Annotated[
        str | None, typer.Option(help="When its data ends and its clock starts, in UTC. Default: now.")
    ] = None,
    latency_ms: Annotated[float, typer.Option(min=0, help="Minimum time of each response.")] = 0,
    rate_limit: Annotated[int, typer.Option(min=0, help="Requests per second; 0 is no limit.")] = 60,
    state: Annotated[Path | None, typer.Option(help="A file that stores the company and all changes.")] = None,
    faults: Annotated[Path | None, typer.Option(help="A JSON file with the faults to inject.")] = None,
    by_the_book: Annotated[
        bool, typer.Option("--by-the-book", help="Follow the API documentation, without the quirks of the real API.")
    ] = False,
    feed_delay: Annotated[float, typer.Option(min=0, help="Seconds until feeds show a change; 0: immediately.")] = 900,
    no_effects: Annotated[
        bool, typer.Option("--no-effects", help="Same outcomes for all campaigns and sources.")
    ] = False,
    clean: Annotated[
        bool, typer.Option("--clean", help="Without duplicate customers and badly written values.")
    ] = False,
) -> None:
    """Run the sandbox until SIGINT or SIGTERM. Prints a line of JSON with its address and credentials."""
    from stcrm_pandas.http.session import wait_for
    from stcrm_pandas.reads.progress import Progress
    from stcrm_pandas.sandbox import Sandbox

    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        server = Sandbox(
            leads=leads,
            customers=customers,
            seed=seed,
            as_of=as_of,
            latency_ms=latency_ms,
            rate_limit=rate_limit or None,
            state=state,
            faults=faults,
            by_the_book=by_the_book,
            effects=not no_effects,
            dirt=not clean,
            feed_delay=feed_delay,
            port=port,
        )
        start_sandbox(server, Progress(None))
        with server:
            if not ended.is_set():
                print(json.dumps(server.connection()), flush=True)
                wait_for(ended)
    except StcrmError as error:
        say(f"stcrm sandbox: {error}", err=True)
        raise typer.Exit(2) from None


T = TypeVar("T")

EDITED = 60
"""How many customers the demo edits."""
_NEXT_STEPS = """Next: open the report above in a browser. `make lab` opens the notebooks in JupyterLab:
start_here.ipynb reads the demo company, and clean_up.ipynb finds and repairs what is wrong.
`stcrm init` connects your own tenant."""


def demo(
    out: Annotated[Path, typer.Option(help="The folder for the sandbox, its cache and the report.")] = Path("data"),
    leads: Annotated[int, typer.Option(min=1000, help="Number of leads of the demo company.")] = 12_000,
) -> None:
    """Read a demo company's CRM over HTTP, twice; write its reports; edit in bulk, and undo it."""
    from stcrm_pandas.report import REPORTS, make_all
    from stcrm_pandas.sandbox import Sandbox

    state, cache = out / "sandbox.sqlite", out / "cache"
    _remove(state, cache, out / "state")
    out.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    sandbox = Sandbox(leads=leads, state=state)
    start_sandbox(sandbox, Progress(None))
    with sandbox:
        say(f"A company with {leads:,} leads, served at {sandbox.api_url} ({time.perf_counter() - began:.1f} s)")
        with connect(sandbox=sandbox, cache_dir=cache) as crm:
            say(f"{'read':<32}{'rows':>9}{'requests':>10}{'cold':>9}{'warm':>9}")
            rows = requests = 0
            cold = warm = 0.0
            for name, read in _reads(crm).items():
                before = crm.calls
                frame, first = _timed(read)
                sent = crm.calls - before
                _, again = _timed(read)
                say(f"{name:<32}{len(frame):>9,}{sent:>10}{first:>8.2f}s{again:>8.2f}s")
                rows, requests, cold, warm = rows + len(frame), requests + sent, cold + first, warm + again
            drift = crm.drift().drop_duplicates(["resource", "column", "kind"])
            say(f"Values the API does not document: {len(drift)} columns; crm.drift() has the table.")
    os.environ["STCRM_CACHE_DIR"] = str(cache.resolve())  # for the notebooks' own processes
    say("Writing the reports: this is the longest step.")
    report, seconds = _timed(lambda: make_all(out / "reports", sandbox=state))
    _edit(state, cache, out / "state")
    size = sum(file.stat().st_size for file in report.parent.glob("*.html")) / 1e6
    say(f"report: {report.resolve()} ({len(REPORTS)} reports and their index, {size:.1f} MB, in {seconds:.1f} s)")
    say(f"rows: {rows:,} in {requests} requests; cold {cold:.1f} s, warm {warm:.1f} s (from the cache, no requests)")
    say(f"\n{_NEXT_STEPS}")


def _reads(crm: Client) -> dict[str, Callable[[], pd.DataFrame]]:
    lookups = vars(crm.lookups)
    return {
        "leads.list": crm.leads.list,
        "bookings.list": crm.bookings.list,
        "customers.list": crm.customers.list,
        "customers.list_contacts": crm.customers.list_contacts,
        "locations.list": crm.locations.list,
        "locations.list_contacts": crm.locations.list_contacts,
        **{f"lookups.{name}.list": lookup.list for name, lookup in lookups.items()},
    }


def _timed(job: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)  # reported once, below the table
        result = job()
    return result, time.perf_counter() - began


def _edit(state: Path, cache: Path, journals: Path) -> None:
    """Repair names in capitals, and undo it."""
    from stcrm_pandas.sandbox import Sandbox

    with Sandbox(state=state) as sandbox, connect(sandbox=sandbox, cache_dir=cache, state_dir=journals) as crm:
        before, _ = _timed(lambda: crm.customers.list(active=True))
        in_capitals = before["name"].str.isupper()
        after = before[in_capitals].head(EDITED)
        plan = crm.customers.plan_changes(before, after.assign(name=after["name"].str.title()), reason="demo")
        say(f"\n{plan!r}\n")
        before_apply = crm.calls
        result, seconds = _timed(plan.apply)
        say(f"applied in {seconds:.1f} s and {crm.calls - before_apply} requests: {result!r}")
        back, seconds = _timed(result.undo().apply)
        say(f"undone in {seconds:.1f} s: {back!r}\n")


def _remove(state: Path, cache: Path, journals: Path) -> None:
    for path in state.parent.glob(state.name + "*"):
        path.unlink()
    for folder in (cache, journals):
        shutil.rmtree(folder, ignore_errors=True)
