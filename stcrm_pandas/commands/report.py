"""`stcrm report`: analyses as HTML files for people who have never seen Python."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Literal

import typer

from stcrm_pandas.commands.terminal import Sandbox, State, say, with_exit_codes


@with_exit_codes
def report(
    name: Annotated[
        Literal["lead-conversion", "contact-preferences", "booking-sources", "audit", "all"],
        typer.Argument(metavar="REPORT", help="lead-conversion, contact-preferences, booking-sources, audit or all."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PATH", help="The HTML file to write; for all, also a folder.")
    ] = None,
    summary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the first screens, for the body of an e-mail.")
    ] = None,
    month: Annotated[str | None, typer.Option(metavar="MONTH", help="The month to show, such as 2026-10.")] = None,
    weeks: Annotated[int | None, typer.Option(metavar="N", help="Show the last N complete weeks.")] = None,
    since: Annotated[str | None, typer.Option(help="The first day to show, such as 2026-01-01. Default: all.")] = None,
    until: Annotated[str | None, typer.Option(help="The first day to leave out. Default: up to now.")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by", metavar="NAME", help="Group by this dimension; can be given twice. Default: depends on the report."
        ),
    ] = None,
    spend: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV or XLSX with campaign, month and amount, for the cost per job."),
    ] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Leave out call lists, even in a folder; of an audit, the examples.")
    ] = False,
    with_lists: Annotated[
        bool, typer.Option("--with-lists", help="Include call lists in a file. By default, only a folder has them.")
    ] = False,
    company: Annotated[str | None, typer.Option(metavar="NAME", help="Company name to show in the report.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="The company's time zone, if STCRM_TIME_ZONE is unset.")] = None,
    mirror: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Read this mirror (stcrm sync) instead of the service.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="With --mirror: as the rows were then, such as 2026-10-01.")
    ] = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Create a report: one HTML file that opens offline.

    lead-conversion: which leads were booked, how fast, and which campaigns bring in jobs.

    contact-preferences: who can be called, texted, e-mailed or sent letters, and why the others cannot.

    booking-sources: what happened to the bookings of each source, and how fast they were handled.

    audit: what is wrong in the data, what it costs the numbers, and what to do.

    all: the first three, in one file (a name that ends in .html), or in a folder with an index.
    """
    from stcrm_pandas.report import Choices, make_all, make_report

    choices = Choices(
        sandbox=state or sandbox,
        mirror=mirror,
        as_of=as_of,
        anonymous=anonymous,
        with_lists=with_lists,
        month=month,
        weeks=weeks,
        since=since,
        until=until,
        by=by,
        company=company,
        time_zone=time_zone,
        spend=spend,
    )
    make = make_all if name == "all" else functools.partial(make_report, name)
    path = make(out, summary=summary, **choices)
    if out is not None:
        say(f"The report is in {path}")
    if summary is not None:
        say(f"The summary is in {summary.absolute()}")
