"""`stcrm cache`: show and clear the cache of reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stcrm_pandas.commands.saying import say
from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.http.cache import Cache, caches_in, damaged_in, stored_in
from stcrm_pandas.output.printable import plural
from stcrm_pandas.settings.connection import duration, read_cache_folder

app = typer.Typer(help="Show and clear the cache of reads on this machine.", no_args_is_help=True)

Folder = Annotated[
    Path | None, typer.Option("--cache-dir", help="Use this folder, not STCRM_CACHE_DIR or the default.")
]


@app.command()
def info(cache_dir: Folder = None) -> None:
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


@app.command()
def clear(
    resource: Annotated[
        str | None, typer.Option(help="Only reads of this resource, such as leads or lookups.jobs.")
    ] = None,
    older_than: Annotated[str | None, typer.Option(help="Only reads older than this, such as 12h or 7d.")] = None,
    cache_dir: Folder = None,
) -> None:
    """Clear the caches of all connections. Without options, damaged caches are deleted as well.

    Other files in the folder, and links, are kept.
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
    say(f"{plural(pages, 'page')} deleted.")
    if resource is None and older_than is None:
        damaged, unclear = damaged_in(folder)
        for path in damaged:
            path.unlink()
        for path in unclear:
            say(f"{path} is kept because it may not be a cache. If it is one, delete it yourself.")
