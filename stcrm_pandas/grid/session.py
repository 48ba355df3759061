"""One frame that is being edited: its columns, the log, and the state of each cell.

All methods hold one lock: JupyterLab runs message handlers in the main thread and in a subshell.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.edits.plan.consent import consent_change
from stcrm_pandas.edits.plan.model import Key, PlanData
from stcrm_pandas.frame.matching import key_columns, match, with_key
from stcrm_pandas.grid.columns import GridColumn, Rejected
from stcrm_pandas.grid.history import Cell, History
from stcrm_pandas.grid.judge import SUSPECT, Planner, refused_cells, with_suspects
from stcrm_pandas.grid.log import Action, CellEdit, Event, GridLog, LogNotWritten
from stcrm_pandas.grid.replay import NO_COLUMN, NO_ROW, CellState, EditStates

EditText = tuple[str, str, str | None, str | None]
"""An edit as a view sends it: key, column, the value that it saw last, and what was typed."""
_ABOUT = ("tenant", "environment", "operation", "fetched_at")
BOTH = "another tab or notebook changed the cell first, and its value is kept"


class VerdictOnCell(NamedTuple):
    """What a view shows of a cell after a message."""

    key: str
    column: str
    verdict: str
    value: str | None
    reason: str | None
    original: str | None


@dataclass(frozen=True)
class Answer:
    """What an event of the log did."""

    client: str
    number: int
    action: Action
    group: str
    verdicts: list[VerdictOnCell] = field(default_factory=list)


class Session:
    """A frame, its log, and what the edits in force mean for its cells.

    Parameters
    ----------
    frame : DataFrame
        The frame as it is; it is never changed.
    row : Row
        The kind of row, with its key.
    columns : list of GridColumn
        The columns of the grid.
    log : GridLog
        The log.
    planner : Planner, optional
        Plans changed rows; None for frames that no operation changes.
    """

    def __init__(
        self, frame: pd.DataFrame, row: Row, columns: Sequence[GridColumn], log: GridLog, planner: Planner | None
    ) -> None:
        self.lock = threading.RLock()
        self.frame = frame.copy(deep=False)
        self.row, self.log, self.planner = row, log, planner
        self.columns = {column.name: column for column in columns}
        self.history, self.replay = History(), EditStates()
        self.refused: dict[Cell, str] = {}
        # Rows of an unknown time may have been read after any edit of an earlier session.
        self._read_at = str((self.frame.attrs.get("stcrm") or {}).get("fetched_at") or f"unknown, {uuid.uuid4()}")
        self._keyed = with_key(row, self.frame, "the frame")
        match(row, self._keyed, self._keyed)
        parts = key_columns(row, self._keyed, "the frame")
        self.keys: list[Key] = list(zip(*(np.asarray(part, dtype=object).tolist() for part in parts), strict=True))
        named = [self.columns[name] for name in row.key]
        self._key_parts = [
            [str(column.text(part)) for column, part in zip(named, key, strict=True)] for key in self.keys
        ]
        self.key_texts = [key_text(parts) for parts in self._key_parts]
        self._positions = {text: position for position, text in enumerate(self.key_texts)}
        self._texts: dict[str, Any] = {}
        self._rows: dict[int, dict[str, str | None]] = {}
        self._unreported: list[Answer] = []
        self.catch_up()

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def changed_rows(self) -> int:
        """How many rows have a changed cell."""
        return len(self._rows)

    # Cells

    def about_columns(self) -> list[dict[str, Any]]:
        """Return what a view shows of each column."""
        return [column.as_json(self._keyed[name]) for name, column in self.columns.items()]

    def texts(self, name: str) -> Any:
        """Return the cells of a column of the frame as Arrow texts."""
        if name in self.row.key and name not in self._texts:
            # As in `key_texts`, whatever the dtype: views make keys of these texts.
            place = self.row.key.index(name)
            self._texts[name] = pa.array([parts[place] for parts in self._key_parts], pa.string())
        elif name not in self._texts:
            self._texts[name] = self.columns[name].texts(self._keyed[name])
        return self._texts[name]

    def current_texts(self, name: str) -> Any:
        """Return the cells of a column with all edits."""
        texts = self.texts(name)
        edits = {position: cells[name] for position, cells in self._rows.items() if name in cells}
        if not edits:
            return texts
        values = np.asarray(texts.to_pandas(), dtype=object)
        values[list(edits)] = [*edits.values()]
        return pa.array(values, pa.string(), from_pandas=True)

    def marks(self, name: str) -> list[list[Any]]:
        """Return the changed cells of a column: position, value in the frame, status and reason."""
        marks: list[list[Any]] = []
        for position, cells in self._rows.items():
            if name in cells:
                reason = self.refused.get((self.key_texts[position], name))
                marks.append([position, self._original(position, name), "refused" if reason else "accepted", reason])
        return marks

    def state(self, cell: Cell) -> CellState:
        """Return the state of a cell."""
        edited = self.replay.applied.get(cell)
        if edited is not None:
            return edited
        position = self._positions.get(cell[0])
        there = None if position is None or cell[1] not in self.columns else self._original(position, cell[1])
        return CellState("conflict" if cell in self.replay.conflicts else "unchanged", there, there)

    def _original(self, position: int, name: str) -> str | None:
        text: str | None = self.texts(name)[position].as_py()
        return text

    # Frames

    def after(self) -> pd.DataFrame:
        """Return the frame with all edits: equal dtypes and attributes, and all other cells as they were."""
        with self.lock:
            return self._edited(self.frame, self._rows)

    def _edited(self, frame: pd.DataFrame, rows: Mapping[int, Mapping[str, str | None]]) -> pd.DataFrame:
        after = frame.copy(deep=False)
        by_column: dict[str, tuple[list[int], list[Any]]] = {}
        for position, cells in rows.items():
            for name, text in cells.items():
                positions, values = by_column.setdefault(name, ([], []))
                positions.append(position)
                values.append(self.columns[name].parse(text)[0])
        for name, (positions, values) in by_column.items():
            after[name] = self.columns[name].put(frame[name], positions, values)
        return after

    def _without_suspects(self, rows: Iterable[int]) -> dict[int, dict[str, str | None]]:
        kept = {}
        for position in rows:
            suspects = self._suspects_of(position)
            kept[position] = {name: text for name, text in self._rows[position].items() if name not in suspects}
        return kept

    def _suspects_of(self, position: int) -> dict[str, str]:
        """Return the columns of a row that the plan leaves out, with the reasons: suspect values."""
        reasons = {}
        for name in self._rows[position]:
            edit = self.history.latest((self.key_texts[position], name))
            if edit is not None and edit.reason:
                reasons[name] = f"the text {edit.reason}"
        address = next((name for name in reasons if name.startswith("address_")), None)
        if address is not None:  # the parts of an address are sent together
            parts = {name for name in self._rows[position] if name.startswith("address_")}
            reasons |= dict.fromkeys(parts - reasons.keys(), f"another part of the address is suspect: {address}")
        return reasons

    def suspects(self) -> list[tuple[Key, str, str]]:
        """Return the changed cells that the plan leaves out: key, column, and why."""
        with self.lock:
            return [
                (self.keys[position], name, why)
                for position in self._rows
                for name, why in self._suspects_of(position).items()
            ]

    def planned_frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the frame before and after, with suspect values as they were."""
        with self.lock:
            return self.frame, self._edited(self.frame, self._without_suspects(self._rows))

    def plan(self) -> PlanData | None:
        """Return the plan of the changed rows, without checks that need requests; None if there is no planner."""
        with self.lock:
            if self.planner is None:
                return None
            return with_suspects(self._plan(self.planner, sorted(self._rows)), self.suspects())

    def _plan(self, planner: Planner, positions: list[int]) -> PlanData:
        before = self.frame.iloc[positions]
        # pandas copies the attributes with each column, so only what a plan reads is kept; and columns that `after`
        # lacks are unchanged.
        about = before.attrs.get("stcrm") or {}
        before.attrs = {"stcrm": {name: about[name] for name in _ABOUT if name in about}}
        kept = self._without_suspects(positions)
        changed = {name for cells in kept.values() for name in cells}
        after = self._edited(before, {place: kept[position] for place, position in enumerate(positions)})
        after = after[[name for name in after.columns if name in changed or name in self.row.key]]
        return planner.plan(before, after, len(self.frame))

    # Events

    def catch_up(self) -> list[Answer]:
        """Add the events that other kernels wrote to the log, and return what they did."""
        with self.lock:
            answers = [*self._unreported, *self._add(*map(self._localized, self.log.after(self.history.sequence)))]
            self._unreported = []
            return answers

    def edit(
        self, client: str, number: int, group: str, edits: Sequence[EditText], *, action: Action = "edit"
    ) -> list[Answer]:
        """Judge edits, log them, and return what happened: events of other kernels first, then this one.

        A message that is in the log already is answered again, and not applied twice.

        Raises
        ------
        LogNotWritten
            Nothing was accepted.
        """

        def judged() -> list[CellEdit]:
            pending: dict[Cell, str | None] = {}
            return [self._judge(client, edit, pending, force=action == "resolve") for edit in edits]

        return self._write(client, number, action, group, judged)

    def resolve(self, client: str, number: int, cell: Cell, take: str) -> list[Answer]:
        """Settle a conflict: `mine` applies the edit, `theirs` drops it."""
        with self.lock:
            answers = self.catch_up()
            conflict = self.replay.conflicts.get(cell)
            edits: list[EditText] = []
            if conflict is not None:
                value = self.state(cell).value
                edits = [(*cell, value, conflict.mine if take == "mine" else value)]
            return [*answers, *self.edit(client, number, f"resolve {client} {number}", edits, action="resolve")]

    def undo(self, client: str, number: int) -> list[Answer]:
        """Undo the latest group of edits."""
        return self._write(client, number, "undo", "", list)

    def redo(self, client: str, number: int) -> list[Answer]:
        """Redo the group that was undone last."""
        return self._write(client, number, "redo", "", list)

    def discard(self, client: str, number: int) -> list[Answer]:
        """Delete all edits from the log."""
        return self._write(client, number, "discard", "", list)

    def _write(self, client: str, number: int, action: Action, group: str, judged: Any) -> list[Answer]:
        with self.lock:
            answers: list[Answer] = []
            try:
                with self.log.writing():
                    answers = self.catch_up()
                    event = self.log.find(client, number)
                    if event is not None:
                        cells = [(edit.key, edit.column) for edit in event.cells]
                        return [*answers, self._answer(event, cells, ())]
                    group = group or f"{client} {number}"
                    event = self.log.add(client, number, action, group, self._read_at, judged())
            except LogNotWritten:
                self._unreported = answers  # what other kernels did is reported after the next message
                raise
            return [*answers, *self._add(event)]

    def _judge(self, client: str, edit: EditText, pending: dict[Cell, str | None], *, force: bool) -> CellEdit:
        key, name, old, typed = edit
        cell = (key, name)
        position, column = self._positions.get(key), self.columns.get(name)
        if position is None or column is None or column.locked:
            reason = NO_ROW if position is None else NO_COLUMN if column is None else column.locked
            return CellEdit(key, name, None, None, _storable(typed), "rejected", reason)
        base = self._original(position, name)
        now = pending.get(cell, self.state(cell).value)
        new, why = typed, ""
        if typed not in (now, base):  # what the frame has needs no check
            try:
                value, why = column.parse(typed)
            except Rejected as error:
                return CellEdit(key, name, base, now, _storable(typed), "rejected", str(error))
            new = column.text(value)
        edited = self.history.latest(cell)
        if new == now and not (force and edited is not None and edited.new != now):
            return CellEdit(key, name, base, now, new, "same")
        if old != now and cell not in pending and not self.history.is_known(cell, client, old):
            return CellEdit(key, name, base, now, new, "conflict", BOTH)
        pending[cell] = new
        return CellEdit(key, name, base, now, new, "accepted", why)

    def _add(self, *events: Event) -> list[Answer]:
        """Add events of the log, and return what they did; the last answer has the cells that were judged again."""
        refused = dict(self.refused)
        touched = [self.history.add(event) for event in events]
        rows: set[int] = set()
        for cell in dict.fromkeys(chain.from_iterable(touched)):
            state = self.replay.update(self.history, cell, self._original_of, self._missing(cell), self._is_old_opt_in)
            position = self._positions.get(cell[0])
            if position is None:
                continue
            rows.add(position)
            cells = self._rows.setdefault(position, {})
            if state.state == "applied":
                cells[cell[1]] = state.value
            else:
                cells.pop(cell[1], None)
            if not cells:
                del self._rows[position]
        self._judge_rows(rows)
        changed = [cell for cell in {**refused, **self.refused} if refused.get(cell) != self.refused.get(cell)]
        last = len(events) - 1
        return [
            self._answer(event, cells, changed if place == last else ())
            for place, (event, cells) in enumerate(zip(events, touched, strict=True))
        ]

    def _judge_rows(self, rows: Iterable[int]) -> None:
        """Plan changed rows again, and note what is refused."""
        rows = sorted(rows)
        for position in rows:
            text = self.key_texts[position]
            for name in self.columns:
                self.refused.pop((text, name), None)
        changed = [position for position in rows if position in self._rows]
        if not changed:
            return
        if self.planner is not None:
            columns = {self.keys[position]: self._rows[position] for position in changed}
            texts = {self.keys[position]: self.key_texts[position] for position in changed}
            for (key, name), reason in refused_cells(self._plan(self.planner, changed), columns).items():
                self.refused[texts[key], name] = reason
        for position in changed:
            for name, why in self._suspects_of(position).items():
                self.refused[self.key_texts[position], name] = f"{why}: {SUSPECT}"

    def _answer(self, event: Event, touched: Iterable[Cell], changed: Iterable[Cell]) -> Answer:
        verdicts = []
        if event.action in ("edit", "resolve"):
            verdicts = [self._verdict((edit.key, edit.column), edit) for edit in event.cells]
            touched = ()
        there = {(verdict.key, verdict.column) for verdict in verdicts}
        others = [cell for cell in dict.fromkeys([*touched, *changed]) if cell not in there]
        verdicts += [self._verdict(cell) for cell in others if cell[0] in self._positions and cell[1] in self.columns]
        return Answer(event.client, event.number, event.action, event.group, verdicts)

    def _verdict(self, cell: Cell, edit: CellEdit | None = None) -> VerdictOnCell:
        state = self.state(cell)
        if edit is not None and edit.verdict in ("rejected", "conflict"):
            return VerdictOnCell(*cell, edit.verdict, state.value, edit.reason, state.original)
        if state.state == "conflict":
            return VerdictOnCell(*cell, "conflict", state.value, self.replay.conflicts[cell].reason, state.original)
        reason = self.refused.get(cell)
        return VerdictOnCell(*cell, "refused" if reason else "accepted", state.value, reason, state.original)

    def _original_of(self, cell: Cell) -> str | None:
        return self._original(self._positions[cell[0]], cell[1])

    def _missing(self, cell: Cell) -> str:
        """Return why the frame has no cell for an edit of the log; empty if it has."""
        column = self.columns.get(cell[1])
        if cell[0] not in self._positions:
            return NO_ROW
        if column is None:
            return NO_COLUMN
        edit = self.history.latest(cell)
        if edit is None:
            return ""
        if column.locked:
            return f"the column cannot be edited: {column.locked}"
        try:
            column.parse(edit.new)
        except Rejected as error:
            return str(error)
        return ""

    def _is_old_opt_in(self, cell: Cell) -> bool:
        """Return whether the edit of a cell is an opt-in that was entered before the rows were read."""
        edit = self.history.latest(cell)
        if self.planner is None or edit is None or self.history.read_at(cell) == self._read_at:
            return False
        old, new = (self.columns[cell[1]].parse(text)[0] for text in (edit.base, edit.new))
        row = dict(self._keyed.iloc[self._positions[cell[0]]])
        return consent_change(self.planner.target, cell[1], old, new, row) == "opt in"

    def _localized(self, event: Event) -> Event:
        """Return an event with times in today's time zone, which may be another than when it was logged."""
        if not any(edit.column in self.columns and self.columns[edit.column].kind == "time" for edit in event.cells):
            return event
        return replace(event, cells=tuple(map(self._localized_cell, event.cells)))

    def _localized_cell(self, cell: CellEdit) -> CellEdit:
        column = self.columns.get(cell.column)
        if column is None or column.kind != "time":
            return cell

        def text(value: str | None) -> str | None:
            try:
                return column.text(column.parse(value)[0])
            except Rejected:
                return value

        return replace(cell, base=text(cell.base), old=text(cell.old), new=text(cell.new))


def key_text(parts: Sequence[str]) -> str:
    """Return a key as text: its only part, or its parts as a JSON list."""
    return parts[0] if len(parts) == 1 else json.dumps(list(parts), ensure_ascii=False, separators=(",", ":"))


def key_parts(text: str, names: Sequence[str]) -> list[str]:
    """Return the parts of a key from its text."""
    return [text] if len(names) == 1 else list(map(str, json.loads(text)))


def _storable(typed: str | None) -> str | None:
    """Return what was typed, without halves of characters, which SQLite cannot store."""
    return None if typed is None else typed.encode("utf-8", "replace").decode()
