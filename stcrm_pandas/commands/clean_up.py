"""`stcrm audit` and `stcrm clean`: what is wrong in the data, and plans of the repairs."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from stcrm_pandas.commands.read import operation_of
from stcrm_pandas.commands.terminal import Sandbox, State, connect_to, say, with_exit_codes
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import plural

if TYPE_CHECKING:
    from stcrm_pandas.cleaning.audit.result import Audit
    from stcrm_pandas.cleaning.recipes.fix import Fix
    from stcrm_pandas.cleaning.recipes.pipeline import Pipeline
    from stcrm_pandas.client import Client


@with_exit_codes
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
        result = run(mirror=mirrors(mirror), since=since, anonymous=anonymous)
    else:
        with connect_to(sandbox, state) as crm:
            result = run(crm, since=since, anonymous=anonymous)
    _say(result)
    if out is not None:
        _save(result, out)
        say(f"{plural(len(result.checked), 'finding')} in {out}")


def _say(result: Audit) -> None:
    say(result.summary())
    repairs = [checked for checked in result.checked if len(checked.faults.rows)]
    if repairs:
        say("\nWhat to do (in Python, with crm = stcrm.connect() and audit = stcrm.audit(crm), or by hand):")
    for checked in repairs:
        finding = checked.finding
        say(f"  {finding.key}: {finding.words}\n    {finding.code.format(key=finding.key)}")


def _save(result: Audit, path: Path) -> None:
    """Write the table to a CSV file that only its owner can read."""
    from stcrm_pandas.files.private import write_private
    from stcrm_pandas.sheets.text import to_cell_text

    table = result.table
    table["examples"] = table["examples"].map(lambda ids: " ".join(map(str, ids)))
    texts = table.astype(object).map(lambda cell: to_cell_text(str(cell)), na_action="ignore")
    write_private(path, texts.to_csv(index=False))


_OWNERS = {
    "customer_contacts": ("customers", "customer_id"),
    "location_contacts": ("locations", "location_id"),
}
"""The rows that contacts belong to, and the column of their id."""

RecipeFile = Annotated[
    Path, typer.Option("--recipe", metavar="FILE", help="The TOML file that Pipeline.save(…) wrote.")
]
PlanFile = Annotated[
    Path,
    typer.Option(
        "--plan",
        metavar="PLAN",
        help="The plan file to write. With several kinds of rows, each gets a file: out-customers.json and so on.",
    ),
]
SkippedFile = Annotated[
    Path | None,
    typer.Option("--skipped", metavar="FILE", help="Also save what was not changed, with the reasons, as CSV."),
]


@with_exit_codes
def clean(
    recipe: RecipeFile,
    plan: PlanFile,
    skipped: SkippedFile = None,
    reason: Annotated[str | None, typer.Option(help="The reason, for the journal.")] = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Apply recipes to the company's rows and write a plan of the changes. Nothing is sent."""
    from stcrm_pandas.cleaning.recipes.pipeline import load_pipeline
    from stcrm_pandas.edits import plans

    pipe = load_pipeline(recipe)
    if "booking_contacts" in pipe.resources:
        raise UsageError(
            "booking_contacts cannot be read as a whole. Take it out of `resources` in the file, and apply the recipe "
            "in Python."
        )
    files = _plan_files(plan, pipe.resources)
    for path in (plan, skipped):
        if path is not None and not path.expanduser().parent.is_dir():
            raise UsageError(f"The folder {str(path.parent)!r} does not exist, so {path.name} was not written.")
    fixes: list[Fix] = []
    with connect_to(sandbox, state) as crm:
        for resource, file in files.items():
            fix = _fixed(crm, pipe, resource)
            fixes.append(fix)
            made = plans.changes(
                crm._port,
                resource,
                fix.before,
                fix.after,
                reason=reason or f"recipes of {recipe.name}",
                keep_coordinates=True,  # recipes change the spelling of a place, not the place
            )
            made.save(file)
            say(f"{resource}:\n{fix!r}\n")
            say(repr(made))
            send = f"To send it: `stcrm edit apply {file}`." if made.steps else "It changes nothing."
            say(f"The plan is in {file}; nothing was sent. {send}")
    if skipped is not None:
        rows = _save_skipped(fixes, list(files), skipped)
        say(f"{plural(rows, 'skipped cell')} in {skipped}")


def _plan_files(plan: Path, resources: tuple[str, ...]) -> dict[str, Path]:
    """Return the plan file of each resource."""
    if len(resources) == 1:
        return {resources[0]: plan}
    return {resource: plan.with_name(f"{plan.stem}-{resource}{plan.suffix}") for resource in resources}


def _fixed(crm: Client, pipe: Pipeline, resource: str) -> Fix:
    """Read all rows of a resource and apply the recipes that are for it."""
    operation = operation_of(resource)
    active = {"active": None} if operation.hides_inactive else {}
    rows = operator.attrgetter(operation.name)(crm)(**active)
    if resource in _OWNERS:
        owners, owner = _OWNERS[resource]
        kept = rows[owner].isin(getattr(crm, owners).list(active=True)["id"])
        if not kept.all():
            say(f"{plural(int((~kept).sum()), 'contact')} of inactive {owners} left out: the API cannot change them.")
        rows = rows[kept].reset_index(drop=True)
    tag_types = None
    if any(step.recipe == "tags" and resource in step.resources for step in pipe.steps):
        tag_types = crm.lookups.tag_types.list(active=None)
    return pipe(rows, tag_types=tag_types)


def _save_skipped(fixes: list[Fix], resources: list[str], path: Path) -> int:
    """Write what was skipped to a CSV file that only its owner can read; return the number of rows."""
    from stcrm_pandas.files.private import write_private
    from stcrm_pandas.sheets.text import to_cell_text

    frames = [fix.skipped.assign(resource=name) for fix, name in zip(fixes, resources, strict=True)]
    frame = pd.concat(frames, ignore_index=True)
    last = ["column", "value", "reason", "suggestion", "recipe"]
    frame = frame[["resource", *frame.columns.difference(["resource", *last], sort=False), *last]]
    texts = frame.astype(object).map(lambda cell: to_cell_text(str(cell)), na_action="ignore")
    write_private(path, texts.to_csv(index=False))
    return len(frame)
