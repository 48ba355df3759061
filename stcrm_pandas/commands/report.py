"""`stcrm report`: analyses as HTML files for people who have never seen Python."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stcrm_pandas.commands.connecting import Sandbox, State

app = typer.Typer(help="Make a report: one HTML file that opens without a network.", no_args_is_help=True)


@app.callback()
def report() -> None:
    """Make a report: one HTML file that opens without a network."""


@app.command("lead-conversion")
def lead_conversion(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The HTML file to write.")],
    since: Annotated[
        str | None, typer.Option(help="The first day of leads, as 2026-01-01; from the first lead.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="The first day that is left out; up to now.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The company's zone, if STCRM_TIME_ZONE does not say it.")
    ] = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """How many leads became work within 30 days, by campaign, business unit and month."""
    from stcrm_pandas.report import lead_conversion_report

    path = lead_conversion_report(out, sandbox=state or sandbox, since=since, until=until, time_zone=time_zone)
    typer.echo(f"The report is in {path}")
