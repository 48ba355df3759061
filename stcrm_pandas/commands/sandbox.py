"""`stcrm sandbox`: the double of the service, for any client."""

from __future__ import annotations

import datetime as dt
import json
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from stcrm_pandas.commands.saying import say
from stcrm_pandas.errors import StcrmError

app = typer.Typer(help="A local copy of the service's API, with a demo company in it.", no_args_is_help=True)


@app.callback()
def sandbox() -> None:
    """A local copy of the service's API, with a demo company in it."""


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Where to listen; 0 takes a free port.")] = 0,
    leads: Annotated[int, typer.Option(min=0, help="How large the company is.")] = 12_000,
    customers: Annotated[int | None, typer.Option(min=0, help="How many customers instead of as many as fit.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed and date make the same company.")] = 1,
    as_of: Annotated[str | None, typer.Option(help="Where its data ends and its clock starts, in UTC; now.")] = None,
    latency_ms: Annotated[float, typer.Option(min=0, help="How long each answer takes at least.")] = 0,
    rate_limit: Annotated[int, typer.Option(min=0, help="Calls per second; 0 is no limit.")] = 60,
    state: Annotated[Path | None, typer.Option(help="A file that keeps the company and all changes.")] = None,
    faults: Annotated[Path | None, typer.Option(help="A file that says what should go wrong.")] = None,
    by_the_book: Annotated[bool, typer.Option("--by-the-book", help="Without the oddities of the service.")] = False,
    feed_delay: Annotated[
        float, typer.Option(min=0, help="Seconds until feeds show a change, unless asked for recent ones; 0: at once.")
    ] = 900,
    no_effects: Annotated[bool, typer.Option("--no-effects", help="All outcomes drawn alike.")] = False,
) -> None:
    """Serve until SIGINT or SIGTERM. One line of JSON says where it is and how to come in, once it listens."""
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
            as_of=_moment(as_of),
            latency_ms=latency_ms,
            rate_limit=rate_limit or None,
            state=state,
            faults=faults,
            by_the_book=by_the_book,
            effects=not no_effects,
            feed_delay=feed_delay,
            port=port,
        )
        with Progress(None).bar("demo company") as bar:
            double.start(bar.made)
        with double:
            if not ended.is_set():
                print(json.dumps(double.connection()), flush=True)
                wait_for(ended)
    except StcrmError as error:
        say(f"stcrm sandbox: {error}", err=True)
        raise typer.Exit(2) from None


def _moment(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-07-01", param_hint="--as-of") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
