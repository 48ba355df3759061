"""The result of an apply, read from its journal."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from stcrm_pandas.contract.schemas.fields import Column
from stcrm_pandas.edits.apply.journal import UNFINISHED, Entry, Journal
from stcrm_pandas.edits.columns import target_of
from stcrm_pandas.edits.plan.model import Key, PlanData, with_keys
from stcrm_pandas.edits.preview import key_names
from stcrm_pandas.errors import UsageError
from stcrm_pandas.files.private import create_private, make_private_folder
from stcrm_pandas.output.printable import plural
from stcrm_pandas.sheets.text import is_formula

FRAMES = ("succeeded", "failed", "conflicts", "already", "untried", "filled")


@dataclass(frozen=True)
class WrittenCell:
    """A cell that an apply wrote, with its old and its new JSON value, and when it was sent (ISO 8601, UTC)."""

    resource: str
    key: Key
    column: str
    old: Any
    new: Any
    sent_at: str


class ResultData:
    """The outcome of each row of a plan: the data of a `Result`.

    Each frame starts with `resource` and the columns of the key. Times are in UTC.

    - `succeeded`: rows that were written and read back as planned
    - `failed`: rows that failed, with the API's message
    - `conflicts`: one row per cell that somebody else changed
    - `already`: rows that already had the planned values
    - `untried`: rows that were not sent
    - `filled`: copied values that differ from those in the plan
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        journal = Journal.open(path)
        try:
            self._plan, self._entries, self._about = journal.plan, journal.entries(), journal.about
        finally:
            journal.close()

    @cached_property
    def succeeded(self) -> pd.DataFrame:
        """Rows that were written and read back as planned: `operation`, `columns` (a tuple) and `sent_at`."""
        return self._frame(
            ["succeeded"],
            operation=("str", lambda entry: self._plan.steps[entry.step].operation),
            columns=("object", lambda entry: tuple(cell.column for cell in self._plan.steps[entry.step].cells)),
            sent_at=("datetime64[us, UTC]", lambda entry: entry.sent_at),
        )

    @cached_property
    def failed(self) -> pd.DataFrame:
        """Rows that failed: `operation`, `status`, `why`, `fields` (JSON), `trace_id` and `worth_retrying`."""
        return self._frame(
            ["failed"],
            operation=("str", lambda entry: self._plan.steps[entry.step].operation),
            status=("Int64", lambda entry: entry.status),
            why=("str", lambda entry: entry.why),
            fields=("str", lambda entry: json.dumps(entry.fields, ensure_ascii=False) if entry.fields else None),
            trace_id=("str", lambda entry: entry.trace_id),
            worth_retrying=("boolean", lambda entry: entry.worth_retrying),
        )

    @cached_property
    def conflicts(self) -> pd.DataFrame:
        """One row per cell that has neither its old nor its planned value: `column`, `old`, `now`, `new` and `why`."""
        conflicts = [(entry, column) for entry in self._entries if entry.state == "conflict" for column in entry.now]
        table = self._keys([entry for entry, _ in conflicts])
        table["column"] = pd.Series([column for _, column in conflicts], dtype="str")
        cells = [self._cell(entry, column) for entry, column in conflicts]
        table["old"] = pd.Series([old for old, _ in cells], dtype="object")
        table["now"] = pd.Series([entry.now[column] for entry, column in conflicts], dtype="object")
        table["new"] = pd.Series([new for _, new in cells], dtype="object")
        table["why"] = pd.Series([entry.why or "somebody else changed it" for entry, _ in conflicts], dtype="str")
        return table

    @cached_property
    def already(self) -> pd.DataFrame:
        """Rows that already had the planned values, so nothing was sent."""
        return self._frame(["already"])

    @cached_property
    def untried(self) -> pd.DataFrame:
        """Rows that were not sent in this apply: `state`, and `why` they were not sent."""
        return self._frame(
            UNFINISHED, state=("str", lambda entry: entry.state), why=("str", lambda entry: entry.why or None)
        )

    @cached_property
    def filled(self) -> pd.DataFrame:
        """Copied values that differ from those in the plan: `field`, and `planned` and `sent` as JSON values."""
        differences = [(entry, *of) for entry in self._entries if entry.sent_at for of in entry.differing]
        table = self._keys([entry for entry, *_ in differences])
        table["field"] = pd.Series([name for _, name, _, _ in differences], dtype="str")
        table["planned"] = pd.Series([planned for _, _, planned, _ in differences], dtype="object")
        table["sent"] = pd.Series([sent for *_, sent in differences], dtype="object")
        return table

    @property
    def ok(self) -> bool:
        """Whether every row has its planned values."""
        return all(entry.state in ("succeeded", "already") for entry in self._entries)

    def save(self, folder: str | Path) -> list[Path]:
        """Write each frame that has rows to a CSV file that only its owner can read.

        Parameters
        ----------
        folder : str or Path
            The folder; it is created if it does not exist. Text that a spreadsheet would run as a formula gets a
            leading `'`.

        Returns
        -------
        list[Path]
            The paths of the files that were written.
        """
        place = Path(folder).expanduser()
        make_private_folder(place)
        written = []
        for name in FRAMES:
            frame: pd.DataFrame = getattr(self, name)
            path = place / f"{name}.csv"
            path.unlink(missing_ok=True)
            if len(frame):
                create_private(path)
                frame.astype(object).map(_cell_text).to_csv(path, index=False)
                written.append(path)
        return written

    def worth_retrying(self) -> PlanData:
        """Return a plan of the failed rows that may succeed now, without those that can never succeed.

        Returns
        -------
        PlanData
            The plan.

        Raises
        ------
        UsageError
            No failed row is worth retrying.
        """
        keys = [entry.key for entry in self._entries if entry.state == "failed" and entry.worth_retrying]
        if not keys:
            raise UsageError("No failed row is worth retrying. result.failed has the reason for each.")
        return _part(self._plan, self._entries)

    def still_holds(self, mirror: Any) -> pd.DataFrame:
        """Return whether each written cell still has its new value, and if not, when it was changed.

        Parameters
        ----------
        mirror : Mirror
            A mirror of the same tenant and environment (`crm.mirror(folder)`), synced after the apply.

        Returns
        -------
        DataFrame
            One row per written cell: `resource`, `key`, `column`, `old`, `new`, `now`, `state` and `changed_at` (UTC).
            `state` is "holds" if the cell has its new value, "changed back" if it has the old value, "changed" if it
            has another value, "deleted" if the row was deleted, and "not yet known" if the mirror was not synced after
            the apply or did not see the write.

        Raises
        ------
        UsageError
            The mirror is of another tenant or environment.
        MirrorError
            The resource was never synced.
        """
        if (mirror.tenant, mirror.environment) != (self._plan.tenant, self._plan.environment):
            raise UsageError(
                f"The plan was applied to tenant {self._plan.tenant} ({self._plan.environment}), but {mirror.folder} "
                f"mirrors tenant {mirror.tenant} ({mirror.environment}). Open the mirror of the plan's tenant."
            )
        held: pd.DataFrame = mirror.still_holds(self._written())
        return held

    def _written(self) -> list[WrittenCell]:
        return [
            WrittenCell(
                target_of(self._plan.steps[entry.step].operation).resource,
                entry.key,
                cell.column,
                cell.old,
                cell.new,
                entry.sent_at or self._about["applied_at"],
            )
            for entry in self._entries
            if entry.state == "succeeded"
            for cell in self._plan.steps[entry.step].cells
        ]

    def _cell(self, entry: Entry, column: str) -> tuple[Any, Any]:
        step = self._plan.steps[entry.step]
        for cell in step.cells:
            if cell.column == column:
                return cell.old, cell.new
        return step.expects.get(column), None

    def _frame(self, states: Iterable[str], **columns: tuple[str, Callable[[Entry], Any]]) -> pd.DataFrame:
        some = [entry for entry in self._entries if entry.state in states]
        table = self._keys(some)
        for name, (dtype, value) in columns.items():
            values = [value(entry) for entry in some]
            if dtype.startswith("datetime"):
                table[name] = pd.to_datetime(pd.Series(values, dtype="object"), utc=True, format="ISO8601").astype(
                    "datetime64[us, UTC]"
                )
            else:
                table[name] = pd.Series(values, dtype=dtype)
        return table

    def _keys(self, entries: list[Entry]) -> pd.DataFrame:
        targets = [target_of(self._plan.steps[entry.step].operation) for entry in entries]
        table = pd.DataFrame({"resource": pd.Series([target.resource for target in targets], dtype="str")})
        names = key_names(self._plan)
        if names == ("key",):
            table["key"] = pd.Series(["/".join(map(str, entry.key)) for entry in entries], dtype="str")
            return table
        columns: dict[str, Column] = {}
        for step in self._plan.steps[:1]:
            columns = dict(target_of(step.operation).columns)
        for place, name in enumerate(names):
            dtype = columns[name].dtype if name in columns else "object"
            table[name] = pd.Series([entry.key[place] for entry in entries], dtype=dtype)
        return table

    def _counts(self) -> list[tuple[str, int]]:
        return [(name, len(getattr(self, name))) for name in FRAMES]

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {name}" for name, count in self._counts() if count)
        return f"<Result of {self._about['applied_at']}: {counts or 'nothing to do'}; journal {self.path}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td>{count:,}</td></tr>" for name, count in self._counts()
        )
        why = self.failed["why"].value_counts().head(5)
        reasons = "".join(
            f"<li>{plural(count, 'row')}: {html.escape(str(reason))}</li>" for reason, count in why.items()
        )
        return (
            f"<table><caption style='text-align:left'>Result</caption>{rows}</table><ul>{reasons}</ul>"
            f"<p>Journal: <code>{html.escape(str(self.path))}</code></p>"
        )


def _part(plan: PlanData, entries: Iterable[Entry]) -> PlanData:
    """Return the steps and rows that may succeed now."""
    wanted: dict[int, list[Any]] = {}
    for entry in entries:
        if entry.state == "failed" and entry.worth_retrying:
            wanted.setdefault(entry.step, []).append(entry.key)
    steps = tuple(with_keys(plan.steps[step], tuple(keys)) for step, keys in wanted.items())
    return replace(plan, steps=steps, sample_of=plan.sample_of or plan.digest)


def _cell_text(value: Any) -> Any:
    if isinstance(value, (list, dict, tuple)):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and is_formula(value):
        return f"'{value}"
    return value
