"""`stcrm edit`: plan a bulk edit from two sheets, apply it, and undo it.

Exit codes: 0 all rows done; 3 some rows failed, conflicted or were not sent; 2 refused, nothing sent.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stcrm_pandas.commands.terminal import Sandbox, State, connect_to, say, with_exit_codes
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import plural

if TYPE_CHECKING:
    import pandas as pd

    from stcrm_pandas.client import Client
    from stcrm_pandas.edits.plan.model import PlanData
    from stcrm_pandas.edits.plans import Plan, Result

INCOMPLETE = 3

app = typer.Typer(help="Edit rows in bulk: plan, review, apply, undo.", no_args_is_help=True)

PlanFile = Annotated[Path, typer.Argument(metavar="PLAN", help="The plan file.")]
JournalFile = Annotated[
    Path, typer.Argument(metavar="JOURNAL", help="The journal file; stcrm journal list shows them.")
]
Out = Annotated[Path, typer.Option("--out", metavar="PLAN", help="The plan file to write.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
Limit = Annotated[int | None, typer.Option(min=0, help="Send at most this many rows now.")]
StopAfter = Annotated[int | None, typer.Option(min=1, help="Stop after this many failures.")]
Save = Annotated[
    Path | None, typer.Option("--save", metavar="FOLDER", help="Save the outcome of each row there, as CSV.")
]


@app.command()
@with_exit_codes
def plan(
    resource: Annotated[str, typer.Argument(help="What the sheets contain, such as customers or customer_contacts.")],
    before: Annotated[Path, typer.Option(metavar="FILE", help="The sheet as it was read.")],
    after: Annotated[Path, typer.Option(metavar="FILE", help="The edited sheet.")],
    out: Out,
    reason: Annotated[str | None, typer.Option(help="The reason, for the journal.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Also check what needs fresh rows.")] = False,
    keep_coordinates: Annotated[
        bool, typer.Option("--keep-coordinates", help="Only the spelling of addresses changes.")
    ] = False,
    allow_inactive: Annotated[bool, typer.Option("--allow-inactive", help="Change inactive and merged rows.")] = False,
    allow_deactivate: Annotated[
        bool, typer.Option("--allow-deactivate", help="Deactivate customers with a balance or active locations.")
    ] = False,
    allow_move: Annotated[bool, typer.Option("--allow-move", help="Move locations to other customers.")] = False,
    allow_opt_in: Annotated[bool, typer.Option("--allow-opt-in", help="Allow changes that opt people in.")] = False,
    consent_source: Annotated[str | None, typer.Option(help="Who consented, when and how, for --allow-opt-in.")] = None,
    application_guid: Annotated[str | None, typer.Option(help="The application that owns the external data.")] = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Compare two sheets and write a plan of the changes. Nothing is sent."""
    from stcrm_pandas.edits import plans
    from stcrm_pandas.edits.columns import TARGETS
    from stcrm_pandas.sheets.files import read_sheet

    name = resource.replace("-", "_")
    if name not in TARGETS:
        raise UsageError(f"{resource!r} cannot be edited. Choose from {', '.join(TARGETS)}.")
    old = read_sheet(before, TARGETS[name].row).frame
    new = read_sheet(after, TARGETS[name].row)
    suspects = new.suspects_over(old)
    if len(suspects):
        say(f"{plural(len(suspects), 'cell')} may have been altered by a spreadsheet and will not be changed:")
        say(suspects.head(20).to_string(index=False))
    with connect_to(sandbox, state) as crm:
        made = plans.changes(
            crm._port,
            name,
            old,
            new,
            reason=reason,
            check=check,
            keep_coordinates=keep_coordinates,
            allow_inactive=allow_inactive,
            allow_deactivate=allow_deactivate,
            allow_move=allow_move,
            allow_opt_in=allow_opt_in,
            consent_source=consent_source,
            application_guid=application_guid,
        )
        _write(made, out)


@app.command()
@with_exit_codes
def show(plan: PlanFile) -> None:
    """Show the changes in a plan."""
    from stcrm_pandas.edits.plan.plan_file import read
    from stcrm_pandas.edits.preview import as_text

    say(as_text(read(plan)))


@app.command()
@with_exit_codes
def apply(
    plan: PlanFile,
    yes: Yes = False,
    limit: Limit = None,
    stop_after: StopAfter = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Only this many randomly chosen rows, as a test.")] = None,
    save: Save = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Apply a plan. A second run continues where the first stopped and skips rows that already have the new values."""
    from stcrm_pandas.edits.plans import load

    with connect_to(sandbox, state) as crm:
        loaded = load(plan, crm._port)
        chosen = loaded if sample is None else loaded.sample(sample)
        say(repr(chosen))
        _ask(chosen, crm, yes)
        _tell(chosen.apply(limit=limit, stop_after=stop_after), save)


@app.command()
@with_exit_codes
def resume(
    journal: JournalFile,
    yes: Yes = False,
    limit: Limit = None,
    stop_after: StopAfter = None,
    save: Save = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Continue an apply that was interrupted."""
    from stcrm_pandas.edits.apply.journal import Journal

    opened = Journal.open(journal)
    plan, counts = opened.plan, opened.counts()
    opened.close()
    with connect_to(sandbox, state) as crm:
        say(", ".join(f"{count:,} {name}" for name, count in counts.items()))
        _ask(plan, crm, yes)
        _tell(crm.resume(journal, limit=limit, stop_after=stop_after), save)


@app.command()
@with_exit_codes
def undo(
    journal: JournalFile,
    out: Out,
    rows: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only the rows of this sheet, such as the succeeded.csv of --save."),
    ] = None,
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Write the plan that undoes an apply. Nothing is sent: `stcrm edit apply` does that."""
    with connect_to(sandbox, state) as crm:
        _write(crm.undo(journal, rows=None if rows is None else _rows_of(rows, journal)), out)


def _rows_of(path: Path, journal: Path) -> pd.DataFrame:
    """Return the rows of a sheet, with the columns that identify rows of a journal's plan."""
    from stcrm_pandas.edits.apply.journal import Journal
    from stcrm_pandas.edits.columns import target_of
    from stcrm_pandas.edits.preview import key_names
    from stcrm_pandas.sheets.files import read_sheet

    with closing(Journal.open(journal)) as opened:
        plan = opened.plan
    if key_names(plan) == ("key",):
        import pandas as pd

        try:
            return pd.read_csv(path, dtype="str")
        except (OSError, ValueError) as error:
            raise UsageError(f"{str(path)!r} cannot be read: {error}.") from None
    sheet = read_sheet(path, target_of(plan.steps[0].operation).row)
    changed = sheet.suspects[sheet.suspects["column"].isin(key_names(plan))]
    if len(changed):
        raise UsageError(f"{path.name}: a spreadsheet may have changed {plural(len(changed), 'id')}. Write it again.")
    return sheet.as_read


def _write(plan: Plan, out: Path) -> None:
    plan.save(out)
    say(repr(plan))
    send = f"To send it: `stcrm edit apply {out}`." if plan.steps else "It changes nothing."
    say(f"The plan is in {out}; nothing was sent. {send}")


def _ask(plan: PlanData, crm: Client, yes: bool) -> None:
    from stcrm_pandas.edits.apply.start import admit

    admit(plan, crm._port)
    if yes or not plan.steps:
        return
    where = f"tenant {plan.tenant} of {plan.environment}"
    try:
        if crm._port.in_production:
            answer = typer.prompt(f"This changes {where}. Type the tenant number to continue")
            agreed = answer.strip() == str(plan.tenant)
        else:
            agreed = typer.confirm(f"Change {where}?")
    except typer.Abort:
        agreed = False
    if not agreed:
        raise UsageError("Nothing was sent.")


def _tell(result: Result, save: Path | None) -> None:
    say(repr(result))
    for name, columns in (("failed", ["why"]), ("conflicts", ["column", "old", "now", "new"])):
        frame = getattr(result, name)
        if len(frame):
            shown = [column for column in frame.columns if column in columns or column not in _LONG]
            say(f"{name}:\n{frame[shown].head(20).to_string(index=False)}")
    if save is not None:
        say(f"The outcome of each row is in {', '.join(str(path) for path in result.save(save)) or save}")
    say(f"The journal is {result.path}")
    raise typer.Exit(0 if result.ok else INCOMPLETE)


_LONG = ("fields", "trace_id", "worth_retrying", "operation")
