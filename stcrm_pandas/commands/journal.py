"""`stcrm journal`: list and delete the journals of bulk edits, and the logs of grids."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from stcrm_pandas.commands.refusing import REFUSED, refusals
from stcrm_pandas.commands.saying import say
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import plural
from stcrm_pandas.settings.connection import duration, read_journal_folder

app = typer.Typer(
    help="The journals of bulk edits and the logs of grids on this machine. They contain customer data.",
    no_args_is_help=True,
)

Folder = Annotated[
    Path | None, typer.Option("--state-dir", help="Use this folder, not STCRM_STATE_DIR or the default.")
]


@app.command("list")
@refusals
def list_journals(state_dir: Folder = None) -> None:
    """List the journals, newest first, with tenant, time, outcome, state and reason; then the logs of grids."""
    from stcrm_pandas.edits.journals import summaries
    from stcrm_pandas.grid.log import folder_of, logs_in

    folder = read_journal_folder(state_dir)
    there = list(summaries(folder))
    for one in there:
        if one.problem:
            say(f"{one.path}: {one.problem}")
            continue
        about, outcome = one.about, ", ".join(f"{count:,} {name}" for name, count in one.counts.items() if count)
        reason = f"; {about['reason']}" if about.get("reason") else ""
        place = f"tenant {about['tenant']} of {about['environment']}"
        what = f"{about['resource']} of {place}, {about['applied_at']}"
        say(f"{one.path}: {what}: {outcome or 'no rows'}; {one.state}{reason}")
    if not there:
        say(f"There are no journals in {folder}.")
    for log in logs_in(folder_of(folder)):
        say(f"{log.path}: grid of {log.title}, last edited {log.latest}: {plural(log.edits, 'edit')}")


@app.command()
@refusals
def purge(
    older_than: Annotated[str | None, typer.Option(help="Only journals older than this, such as 90d.")] = None,
    opt_ins: Annotated[
        bool, typer.Option("--opt-ins", help="Also journals with opt-ins. A plan may then send these a second time.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    state_dir: Folder = None,
) -> None:
    """Delete journals and logs of grids, unless an apply is running. Their edits can no longer be resumed or undone.

    Journals that show that somebody was opted in are kept: without them, a plan may opt in again a person who has opted
    out since.
    """
    from stcrm_pandas.edits.apply.opt_ins import opt_ins_in
    from stcrm_pandas.edits.journals import delete
    from stcrm_pandas.grid.log import folder_of, logs_in
    from stcrm_pandas.grid.log import purge as purge_log

    try:
        age = None if older_than is None else duration(older_than)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}.") from None
    folder = read_journal_folder(state_dir)
    latest = None if age is None else dt.datetime.now(dt.UTC) - age
    paths = [
        path for path in sorted(folder.glob("*.sqlite")) if latest is None or path.name < f"{latest:%Y%m%dT%H%M%S%f}"
    ]
    records = {path: opt_ins_in(path) for path in paths}
    consent = {path: opt_in for path, opt_in in records.items() if opt_in != frozenset()}
    chosen = records if opt_ins else {path: records[path] for path in paths if path not in consent}
    logs = [
        log for log in logs_in(folder_of(folder)) if latest is None or dt.datetime.fromisoformat(log.latest) < latest
    ]
    of_grids = f" and {plural(len(logs), 'log')} of grids" if logs else ""
    found = plural(len(chosen), "journal") + of_grids
    if consent:
        unread = sum(opt_in is None for opt_in in consent.values())
        held = plural(sum(len(opt_in or ()) for opt_in in consent.values()), "record") + " of opt-ins"
        held += f" and {plural(unread, 'journal')} that cannot be read and may have more" if unread else ""
        say(
            f"This deletes {held}: a plan may then opt in again somebody who has opted out since."
            if opt_ins
            else f"{plural(len(consent), 'journal')} kept, with {held}. Without them, a plan may opt in again somebody "
            "who has opted out since; --opt-ins deletes them, too."
        )
    if (chosen or logs) and not yes and not typer.confirm(f"Delete {found}? Their edits can no longer be undone."):
        raise typer.Exit(REFUSED)
    deleted = delete(folder, chosen)
    for log in logs:
        purge_log(log.path)
    if kept := len(chosen) - len(deleted):
        say(f"{plural(kept, 'journal')} kept: an apply has sent other opt-ins since they were counted. Purge again.")
    say(f"{plural(len(deleted), 'journal')}{of_grids} deleted.")


@app.command()
@refusals
def acknowledge(
    journal: Annotated[Path, typer.Argument(metavar="JOURNAL", help="The journal file that cannot be read.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Allow opt-ins although a journal cannot be read, until its file changes. Nothing is deleted."""
    from stcrm_pandas.edits.apply.opt_ins import acknowledge as accept

    path = journal.expanduser()
    warning = "An opt-in that is only in this journal may be sent again for a person who has opted out since. Continue?"
    if not yes and not typer.confirm(warning):
        raise typer.Exit(REFUSED)
    accept(path)
    say(f"Acknowledged: opt-ins no longer wait for {path}.")
