"""`stcrm sync` and `stcrm mirror`: keep a mirror up to date, and look after it.

Exit codes: 0 done; 4 another process is syncing; 5 a resource or tenant is not up to date, or differs from the service;
2 refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from stcrm_pandas.client import connect
from stcrm_pandas.commands.tenants import read_tenants, with_secrets
from stcrm_pandas.commands.terminal import BUSY, Sandbox, State, connect_to, say, with_exit_codes
from stcrm_pandas.errors import MirrorBusy, StcrmError, UsageError
from stcrm_pandas.output.printable import plural

BEHIND = 5
TENANTS_AT_ONCE = 4

app = typer.Typer(
    help="The mirrors in a folder: status, comparison with the service, compaction.", no_args_is_help=True
)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of the mirror.")]
Only = Annotated[str | None, typer.Option("--only", help="Only these resources, such as leads,customers.")]


@with_exit_codes
def sync(
    folder: Folder,
    only: Only = None,
    full: Annotated[bool, typer.Option("--full", help="Read the complete lists now, to find deletions.")] = False,
    allow_deletions: Annotated[
        bool, typer.Option("--allow-deletions", help="Accept lists that lack more than 10% of the rows, or all.")
    ] = False,
    tenants: Annotated[
        Path | None, typer.Option("--tenants", metavar="FILE", help="Sync all tenants that this TOML file lists.")
    ] = None,
    allow_address: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-address", metavar="URL", help="With --tenants: secrets may also be sent to this address."
        ),
    ] = None,
    secrets_in: Annotated[
        list[Path] | None,
        typer.Option("--secrets-in", metavar="FOLDER", help="With --tenants: secrets may also be in this folder."),
    ] = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Bring a mirror up to date. Exit code 4 if another sync is running, 5 if a resource failed.

    With --tenants, tenants are synced side by side, and one that fails stops no other.
    """
    options: dict[str, Any] = {"only": _names(only), "full": full, "allow_deletions": allow_deletions}
    if tenants is None:
        if allow_address or secrets_in:
            raise UsageError("--allow-address and --secrets-in belong to --tenants.")
        with connect_to(sandbox, state) as crm:
            done = crm.mirror(folder).sync(**options)
        code = BEHIND if (done["problem"] != "").any() else 0
    elif sandbox or state:
        raise UsageError("--tenants and --sandbox exclude each other.")
    else:
        listed = read_tenants(tenants, addresses=allow_address or (), folders=secrets_in or ())
        done, code = _sync_all(folder, listed, options)
    say(_as_text(done))
    if code:
        raise typer.Exit(code)


def _sync_all(folder: Path, tenants: Mapping[str, Mapping[str, Any]], options: Mapping[str, Any]) -> Any:
    """Sync tenants side by side; return what was done for each, and the exit code."""

    def sync_tenant(name: str) -> tuple[pd.DataFrame, int]:
        try:
            with connect(**with_secrets(tenants[name]), progress=False) as crm:
                done = crm.mirror(folder).sync(**options)
        except StcrmError as error:
            say(f"stcrm: {name}: {error}", err=True)
            code = BUSY if isinstance(error, MirrorBusy) else BEHIND
            done = pd.DataFrame({"problem": [str(error)]})
        else:
            code = BEHIND if (done["problem"] != "").any() else 0
        done.insert(0, "tenant", name)
        return done, code

    with ThreadPoolExecutor(TENANTS_AT_ONCE) as pool:
        synced = list(pool.map(sync_tenant, tenants))
    columns = ["tenant", "resource", "read", "written", "deleted", "problem"]
    together = pd.concat([done for done, _ in synced], ignore_index=True).reindex(columns=columns)
    return together.astype(dict.fromkeys(columns[2:5], "Int64")), max(code for _, code in synced)


@app.command()
@with_exit_codes
def status(folder: Folder) -> None:
    """Show the rows of each resource, and up to when it is complete. Times are in UTC."""
    from stcrm_pandas.mirror.many import mirrors

    say(_as_text(mirrors(folder).status()))


@app.command()
@with_exit_codes
def verify(
    folder: Folder,
    only: Only = None,
    sample: Annotated[int, typer.Option(min=1, help="How many rows of each resource to compare.")] = 100,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Compare a mirror with the service: row counts, and a random sample of rows. Exit code 5 if they differ.

    What changed since the last sync, and what feeds do not show yet, does not count as a difference.
    """
    with connect_to(sandbox, state) as crm:
        compared = crm.mirror(folder).verify(only=_names(only), sample=sample)
    say(_as_text(compared))
    problems = int((compared["problem"] != "").sum())
    say(f"{plural(problems, 'resource')} with problems." if problems else "No differences found.")
    if problems:
        raise typer.Exit(BEHIND)


@app.command()
@with_exit_codes
def compact(folder: Folder) -> None:
    """Merge the files of many syncs, which makes reads of the history faster. Replaced files stay for a day."""
    from stcrm_pandas.mirror.many import mirrors

    there = mirrors(folder)
    for mirror in there.each:
        mirror.compact()
    say(f"{plural(len(there.each), 'mirror')} compacted.")


@app.command()
@with_exit_codes
def export(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Another folder, for the copy.")],
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Leave out personal data.")] = False,
) -> None:
    """Write a copy of the mirrors in a folder, for example without personal data for colleagues."""
    from stcrm_pandas.mirror.many import mirrors

    for mirror in mirrors(folder).each:
        say(f"Copied to {mirror.export(out, anonymous=anonymous)}")


def _names(only: str | None) -> list[str] | None:
    return None if only is None else [name.strip() for name in only.split(",") if name.strip()]


def _as_text(table: pd.DataFrame) -> str:
    """Return a table as text, with times to the minute."""
    shown = table.copy()
    for name in shown.select_dtypes("datetimetz"):
        shown[name] = shown[name].dt.strftime("%Y-%m-%d %H:%M").fillna("")
    return shown.to_string(index=False, na_rep="")
