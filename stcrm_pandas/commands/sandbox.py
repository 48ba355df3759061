"""`stcrm sandbox`: run the sandbox as a server, for any client."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from stcrm_pandas.commands.saying import say
from stcrm_pandas.errors import StcrmError

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
    from stcrm_pandas.client import start_sandbox
    from stcrm_pandas.http.waiting import wait_for
    from stcrm_pandas.reads.progress import Progress
    from stcrm_pandas.sandbox import Sandbox

    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    try:
        double = Sandbox(
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
        start_sandbox(double, Progress(None))
        with double:
            if not ended.is_set():
                print(json.dumps(double.connection()), flush=True)
                wait_for(ended)
    except StcrmError as error:
        say(f"stcrm sandbox: {error}", err=True)
        raise typer.Exit(2) from None
