"""`stcrm audit`: what is wrong in the data, and what repairs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stcrm_pandas.commands.connecting import Sandbox, State, connect_to
from stcrm_pandas.commands.refusing import refusals
from stcrm_pandas.commands.saying import say
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import plural

if TYPE_CHECKING:
    from stcrm_pandas.cleaning.audit.result import Audit


@refusals
def audit(
    mirror: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Read this mirror (stcrm sync) instead of the service, and compare with it earlier."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="With --mirror: the time to compare with. Default: 30 days ago."),
    ] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help="Leave out the ids of examples.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Also save the findings as CSV.")] = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Print what is wrong in the data, worst first, with what repairs it. Nothing is changed.

    A page for people without Python: stcrm report audit.
    """
    from stcrm_pandas.cleaning.audit.audit import audit as run
    from stcrm_pandas.mirror.many import mirrors

    if out is not None and out.suffix.lower() != ".csv":
        raise UsageError(f"{out.name}: the findings are saved as CSV. For a page, use: stcrm report audit --out FILE.")
    if out is not None and not out.expanduser().parent.is_dir():
        raise UsageError(f"The folder {str(out.parent)!r} does not exist, so {out.name} was not written.")
    if mirror is not None and (sandbox or state):
        raise UsageError("--mirror reads the files of a mirror, and --sandbox a service: choose one.")
    if mirror is not None:
        found = run(mirror=mirrors(mirror), since=since, anonymous=anonymous)
    else:
        with connect_to(sandbox, state) as crm:
            found = run(crm, since=since, anonymous=anonymous)
    _say(found)
    if out is not None:
        _save(found, out)
        say(f"{plural(len(found.checked), 'finding')} in {out}")


def _say(found: Audit) -> None:
    say(found.summary())
    repairs = [one for one in found.checked if len(one.found.rows)]
    if repairs:
        say("\nWhat to do (in Python, with crm = stcrm.connect() and audit = stcrm.audit(crm), or by hand):")
    for one in repairs:
        say(f"  {one.finding.key}: {one.finding.words}\n    {one.finding.code.format(key=one.finding.key)}")


def _save(found: Audit, path: Path) -> None:
    """Write the table to a CSV file that only its owner can read."""
    from stcrm_pandas.sheets.private_file import write_private
    from stcrm_pandas.sheets.text import to_cell_text

    table = found.table
    table["examples"] = table["examples"].map(lambda ids: " ".join(map(str, ids)))
    texts = table.astype(object).map(lambda cell: to_cell_text(str(cell)), na_action="ignore")
    write_private(path, texts.to_csv(index=False))
