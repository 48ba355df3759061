"""`stcrm clean`: apply saved recipes to the company's rows, and write plans of the changes."""

from __future__ import annotations

import operator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from stcrm_pandas.commands.connecting import Sandbox, State, connect_to
from stcrm_pandas.commands.read import operation_of
from stcrm_pandas.commands.refusing import refusals
from stcrm_pandas.commands.saying import say
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import plural

if TYPE_CHECKING:
    from stcrm_pandas.cleaning.recipes.fix import Fix
    from stcrm_pandas.cleaning.recipes.pipeline import Pipeline
    from stcrm_pandas.client import Client

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


@refusals
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
    from stcrm_pandas.edits import planning

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
            made = planning.changes(
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
    from stcrm_pandas.sheets.private_file import write_private
    from stcrm_pandas.sheets.text import to_cell_text

    frames = [fix.skipped.assign(resource=name) for fix, name in zip(fixes, resources, strict=True)]
    frame = pd.concat(frames, ignore_index=True)
    last = ["column", "value", "reason", "suggestion", "recipe"]
    frame = frame[["resource", *frame.columns.difference(["resource", *last], sort=False), *last]]
    texts = frame.astype(object).map(lambda cell: to_cell_text(str(cell)), na_action="ignore")
    write_private(path, texts.to_csv(index=False))
    return len(frame)
