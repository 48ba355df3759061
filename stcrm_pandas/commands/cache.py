"""`stcrm cache`: find, and clear, what reads have stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stcrm_pandas.cache import Cache, caches_in
from stcrm_pandas.errors import UsageError
from stcrm_pandas.settings import duration, read_cache_folder, read_status_folder
from stcrm_pandas.status_log import logs_in

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
        cache = Cache(path)
        oldest = "empty" if cache.oldest is None else f"oldest read {cache.oldest:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"{path}: {cache.size / 1e6:.1f} MB, {cache.entries} pages, {oldest}")
        cache.close()
    if not paths:
        typer.echo(f"Nothing is stored in {folder}.")


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
    if resource is None and older_than is None:
        for damaged in folder.glob("*.damaged-*.sqlite"):
            damaged.unlink()
    typer.echo(f"{pages} pages forgotten.")
    logs = logs_in(read_status_folder(state_dir))
    if status_logs:
        for log in logs:
            log.unlink()
        typer.echo(f"{len(logs)} status logs removed.")
    elif logs:
        typer.echo(f"{len(logs)} status logs are kept; --status-logs removes them, too.")
