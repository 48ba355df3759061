"""`stcrm report`: analyses as HTML files for people who have never seen Python."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stcrm_pandas.commands.connecting import Sandbox, State
from stcrm_pandas.commands.saying import say

app = typer.Typer(help="Make a report: one HTML file that opens without a network.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="The HTML file to write.")]
Folder = Annotated[
    Path, typer.Option("--out", metavar="DIR", help="The folder to write index.html and the reports into.")
]
Since = Annotated[str | None, typer.Option(help="The first day to take in, as 2026-01-01; from the first row.")]
Until = Annotated[str | None, typer.Option(help="The first day that is left out; up to now.")]
By = Annotated[
    list[str] | None,
    typer.Option("--by", metavar="NAME", help="Group by this, once or twice; what the report has of itself otherwise."),
]
Spend = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A CSV or XLSX file with campaign, month and amount, for what a job costs."),
]
Anonymous = Annotated[bool, typer.Option("--anonymous", help="Leave the rows of the work lists out.")]
Company = Annotated[str | None, typer.Option(metavar="NAME", help="What the company is called in the report.")]
Zone = Annotated[str | None, typer.Option(help="The company's zone, if STCRM_TIME_ZONE does not say it.")]


@app.callback()
def report() -> None:
    """Make a report: one HTML file that opens without a network."""


@app.command("lead-conversion")
def lead_conversion(
    out: Out,
    since: Since = None,
    until: Until = None,
    by: By = None,
    spend: Spend = None,
    anonymous: Anonymous = False,
    company: Company = None,
    time_zone: Zone = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Which leads became work, how fast, and which campaigns bring the work."""
    from stcrm_pandas.report import Choices, make_report

    chosen = Choices(
        sandbox=state or sandbox,
        anonymous=anonymous,
        since=since,
        until=until,
        by=by,
        company=company,
        time_zone=time_zone,
        spend=spend,
    )
    _say(make_report("lead-conversion", out, **chosen))


@app.command("contact-preferences")
def contact_preferences(
    out: Out,
    since: Since = None,
    until: Until = None,
    by: By = None,
    anonymous: Anonymous = False,
    company: Company = None,
    time_zone: Zone = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Who is not blocked for calls, texts, e-mails and letters, and why the others are."""
    from stcrm_pandas.report import Choices, make_report

    chosen = Choices(
        sandbox=state or sandbox,
        anonymous=anonymous,
        since=since,
        until=until,
        by=by,
        company=company,
        time_zone=time_zone,
    )
    _say(make_report("contact-preferences", out, **chosen))


@app.command("booking-sources")
def booking_sources(
    out: Out,
    since: Since = None,
    until: Until = None,
    by: By = None,
    anonymous: Anonymous = False,
    company: Company = None,
    time_zone: Zone = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """What became of the bookings of each source, and how fast somebody acted on them."""
    from stcrm_pandas.report import Choices, make_report

    chosen = Choices(
        sandbox=state or sandbox,
        anonymous=anonymous,
        since=since,
        until=until,
        by=by,
        company=company,
        time_zone=time_zone,
    )
    _say(make_report("booking-sources", out, **chosen))


@app.command("all")
def all_reports(
    out: Folder,
    since: Since = None,
    until: Until = None,
    by: By = None,
    spend: Spend = None,
    anonymous: Anonymous = False,
    company: Company = None,
    time_zone: Zone = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """All three reports, and an index of them."""
    from stcrm_pandas.report import Choices, make_all

    chosen = Choices(
        sandbox=state or sandbox,
        anonymous=anonymous,
        since=since,
        until=until,
        by=by,
        company=company,
        time_zone=time_zone,
        spend=spend,
    )
    _say(make_all(out, **chosen))


def _say(path: Path) -> None:
    say(f"The report is in {path}")
