"""Compare the edits in force with the frame of today: which apply, which are in conflict, and which have no row.

An edit applies if its cell still has the value that it had in the frame in which it was edited. Otherwise it is listed,
and never applied unseen. An opt-in applies only to the rows in which it was entered: when they are read again, the
customer may have opted out again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from stcrm_pandas.grid.history import Cell, History

State = Literal["unchanged", "applied", "conflict", "absent"]

CHANGED = "the value of the cell changed after it was edited"
LOST = "another tab or notebook changed the cell at the same time"
OPT_IN = "the rows were read again since this opt-in was entered: keep it only if the consent still holds"
NO_ROW = "the row is not in the frame"
NO_COLUMN = "the column is not in the frame"


@dataclass(frozen=True, slots=True)
class CellState:
    """What the log means for one cell of a frame.

    Parameters
    ----------
    state : State
        `applied` if the cell has an edited value.
    value : str, optional
        The value to show.
    original : str, optional
        The value in the frame.
    """

    state: State
    value: str | None
    original: str | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """An edit that is not applied, because the cell has another value than it had."""

    key: str
    column: str
    old: str | None
    mine: str | None
    theirs: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Absent:
    """An edit whose row or column is not in the frame."""

    key: str
    column: str
    old: str | None
    new: str | None
    reason: str


@dataclass
class EditStates:
    """The edits of a log by what becomes of them: applied to a frame, in conflict with it, or about an absent cell."""

    applied: dict[Cell, CellState] = field(default_factory=dict)
    conflicts: dict[Cell, Conflict] = field(default_factory=dict)
    absent: dict[Cell, Absent] = field(default_factory=dict)

    def update(
        self,
        history: History,
        cell: Cell,
        original: Callable[[Cell], str | None],
        missing: str,
        is_old_opt_in: Callable[[Cell], bool],
    ) -> CellState:
        """Compare one cell again, and return its state.

        Parameters
        ----------
        original : callable
            Returns the value of a cell in the frame.
        missing : str
            Why the frame has no such cell; empty if it has.
        is_old_opt_in : callable
            Returns whether the edit of a cell is an opt-in that was entered before the rows were read.
        """
        for part in (self.applied, self.conflicts, self.absent):
            part.pop(cell, None)
        edit = history.latest(cell)
        if missing:
            if edit is not None and edit.base != edit.new:
                self.absent[cell] = Absent(*cell, edit.base, edit.new, missing)
                return CellState("absent", None, None)
            return CellState("unchanged", None, None)
        there = original(cell)
        state = CellState("unchanged", there, there)
        if edit is not None and edit.new not in (edit.base, there):
            if edit.base != there:
                self.conflicts[cell] = Conflict(*cell, edit.base, edit.new, there, CHANGED)
                return CellState("conflict", there, there)
            if is_old_opt_in(cell):
                self.conflicts[cell] = Conflict(*cell, edit.base, edit.new, there, OPT_IN)
                return CellState("conflict", there, there)
            state = self.applied[cell] = CellState("applied", edit.new, there)
        _, lost = history.lost.get(cell, ("", None))
        if lost is not None and lost.new != state.value:
            self.conflicts[cell] = Conflict(*cell, lost.old, lost.new, state.value, LOST)
        return state
