"""`stcrm cache`: find, and clear, what reads have stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stcrm_pandas.commands.saying import say
from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.http.cache import Cache, caches_in, damaged_in, stored_in
from stcrm_pandas.reads.status_log import logs_in
from stcrm_pandas.settings.connection import duration, read_cache_folder, read_status_folder

app = typer.Typer(help="What reads have stored on this machine.", no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Option("--cache-dir", help="Look here, not in STCRM_CACHE_DIR or the user's cache folder.")
]


@app.command()
def info(cache_dir: Folder = None) -> None:
    """Show the cache of each connection: where it lies, how large and how old it is."""
    folder = read_cache_folder(cache_dir)
    paths = caches_in(folder)
    for path in paths:
        try:
            say(f"{path}: {stored_in(path)}")
        except SettingsError as error:
            say(str(error))
    if not paths:
        say(f"Nothing is stored in {folder}.")


@app.command()
def clear(
    resource: Annotated[str | None, typer.Option(help="Only reads of this resource, as leads or lookups.jobs.")] = None,
    older_than: Annotated[str | None, typer.Option(help="Only reads older than this, as 12h or 7d.")] = None,
    status_logs: Annotated[
        bool, typer.Option("--status-logs", help="The status logs, too, which no read can bring back.")
    ] = False,
    cache_dir: Folder = None,
    state_dir: Annotated[
        Path | None, typer.Option("--state-dir", help="Of the status logs, if not STCRM_STATE_DIR or the user's.")
    ] = None,
) -> None:
    """Forget what is stored, for every connection; set-aside damaged files go too when everything does.

    Files in the folder that are not caches of this program, and links, are left alone.

    Status logs (`connect(status_log=True)`) stay, unless --status-logs names them.
    """
    try:
        age = None if older_than is None else duration(older_than)
    except ValueError as error:
        raise UsageError(f"--older-than: {error}.") from None
    folder = read_cache_folder(cache_dir)
    pages = 0
    for path in caches_in(folder):
        cache = Cache(path)
        pages += cache.clear(resource, older_than=age)
        cache.close()
    say(f"{pages} pages forgotten.")
    if resource is None and older_than is None:
        damaged, unclear = damaged_in(folder)
        for path in damaged:
            path.unlink()
        for path in unclear:
            say(f"{path} is kept: it cannot be recognized as a cache. Remove it if you know that it is one.")
    logs = logs_in(read_status_folder(state_dir))
    if status_logs:
        for log in logs:
            log.unlink()
        say(f"{len(logs)} status logs removed.")
    elif logs:
        say(f"{len(logs)} status logs are kept; --status-logs removes them, too.")
