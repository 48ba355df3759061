"""`stcrm cache` and `stcrm journal`: the cache of reads, the journals of bulk edits, and the logs of grids."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from stcrm_pandas.commands.terminal import REFUSED, say, with_exit_codes
from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.files.sqlite_files import delete_database
from stcrm_pandas.http.cache import Cache, caches_in, damaged_in, stored_in
from stcrm_pandas.output.printable import plural
from stcrm_pandas.settings.connection import duration, read_cache_folder, read_journal_folder

cache_app = typer.Typer(help="Show and clear the cache of reads on this machine.", no_args_is_help=True)

CacheFolder = Annotated[
    Path | None, typer.Option("--cache-dir", help="Use this folder, not STCRM_CACHE_DIR or the default.")
]


@cache_app.command()
def info(cache_dir: CacheFolder = None) -> None:
    """Show the cache of each connection: its path, size and age."""
    folder = read_cache_folder(cache_dir)
    paths = caches_in(folder)
    for path in paths:
        try:
            say(f"{path}: {stored_in(path)}")
        except SettingsError as error:
            say(str(error))
    if not paths:
        say(f"Nothing is stored in {folder}.")


@cache_app.command()
def clear(
    resource: Annotated[
        str | None, typer.Option(help="Only reads of this resource, such as leads or lookups.jobs.")
    ] = None,
    older_than: Annotated[str | None, typer.Option(help="Only reads older than this, such as 12h or 7d.")] = None,
    cache_dir: CacheFolder = None,
) -> None:
    """Clear the caches of all connections. Without options, damaged caches are deleted as well.

    Other files in the folder, and links, are kept.
    """
    age = _age(older_than)
    folder = read_cache_folder(cache_dir)
    pages = 0
    for path in caches_in(folder):
        cache = Cache(path)
        pages += cache.clear(resource, older_than=age)
        cache.close()
    say(f"{plural(pages, 'page')} deleted.")
    if resource is None and older_than is None:
        damaged, unclear = damaged_in(folder)
        for path in damaged:
            delete_database(path)
        for path in unclear:
            say(f"{path} is kept because it may not be a cache. If it is one, delete it yourself.")


journal_app = typer.Typer(
    help="The journals of bulk edits and the logs of grids on this machine. They contain customer data.",
    no_args_is_help=True,
)

StateFolder = Annotated[
    Path | None, typer.Option("--state-dir", help="Use this folder, not STCRM_STATE_DIR or the default.")
]


@journal_app.command("list")
@with_exit_codes
def list_journals(state_dir: StateFolder = None) -> None:
    """List the journals, newest first, with tenant, time, outcome, state and reason; then the logs of grids."""
    from stcrm_pandas.edits.journals import summaries
    from stcrm_pandas.grid.log import folder_of, logs_in

    folder = read_journal_folder(state_dir)
    journals = list(summaries(folder))
    for entry in journals:
        if entry.problem:
            say(f"{entry.path}: {entry.problem}")
            continue
        about, outcome = entry.about, ", ".join(f"{count:,} {name}" for name, count in entry.counts.items() if count)
        reason = f"; {about['reason']}" if about.get("reason") else ""
        place = f"tenant {about['tenant']} of {about['environment']}"
        what = f"{about['resource']} of {place}, {about['applied_at']}"
        say(f"{entry.path}: {what}: {outcome or 'no rows'}; {entry.state}{reason}")
    if not journals:
        say(f"There are no journals in {folder}.")
    for log in logs_in(folder_of(folder)):
        say(f"{log.path}: grid of {log.title}, last edited {log.latest}: {plural(log.edits, 'edit')}")


@journal_app.command()
@with_exit_codes
def purge(
    older_than: Annotated[str | None, typer.Option(help="Only journals older than this, such as 90d.")] = None,
    opt_ins: Annotated[
        bool, typer.Option("--opt-ins", help="Also journals with opt-ins. A plan may then send these a second time.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    state_dir: StateFolder = None,
) -> None:
    """Delete journals and logs of grids, unless an apply is running. Their edits can no longer be resumed or undone.

    Journals that show that somebody was opted in are kept: without them, a plan may opt in again a person who has opted
    out since.
    """
    from stcrm_pandas.edits.apply.opt_ins import opt_ins_in
    from stcrm_pandas.edits.journals import delete
    from stcrm_pandas.grid.log import folder_of, logs_in
    from stcrm_pandas.grid.log import purge as purge_log

    age = _age(older_than)
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
    what = plural(len(chosen), "journal") + of_grids
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
    if (chosen or logs) and not yes and not typer.confirm(f"Delete {what}? Their edits can no longer be undone."):
        raise typer.Exit(REFUSED)
    deleted = delete(folder, chosen)
    for log in logs:
        purge_log(log.path)
    if kept := len(chosen) - len(deleted):
        say(f"{plural(kept, 'journal')} kept: an apply has sent other opt-ins since they were counted. Purge again.")
    say(f"{plural(len(deleted), 'journal')}{of_grids} deleted.")


@journal_app.command()
@with_exit_codes
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


def _age(older_than: str | None) -> dt.timedelta | None:
    try:
        return None if older_than is None else duration(older_than)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}.") from None
