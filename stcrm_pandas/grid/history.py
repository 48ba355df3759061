"""The edits that are in force: what the events of a log amount to. Pure.

Every kernel derives the same history from the same events.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from stcrm_pandas.grid.log import CellEdit, Event

Cell = tuple[str, str]
"""A key and a column."""


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a cell, its position in the log, and when the rows were read that were edited."""

    event: int
    place: int
    cell: CellEdit
    read_at: str


@dataclass
class _Group:
    name: str
    edits: list[Edit] = field(default_factory=list)


class History:
    """The edits in force, and what undo and redo would do."""

    def __init__(self) -> None:
        self.sequence = 0
        self.lost: dict[Cell, tuple[str, CellEdit]] = {}
        """Edits that lost against another client, with their own client, until it edits the cell again."""
        self._edits: dict[Cell, list[Edit]] = {}
        self._done: list[_Group] = []
        self._undone: list[_Group] = []
        self._trails: dict[Cell, tuple[str, set[str | None]]] = {}

    @property
    def cells(self) -> Iterable[Cell]:
        """The cells with an edit in force."""
        return self._edits.keys()

    @property
    def undo_count(self) -> int:
        """How many groups can be undone."""
        return len(self._done)

    @property
    def redo_count(self) -> int:
        """How many groups can be redone."""
        return len(self._undone)

    def latest(self, cell: Cell) -> CellEdit | None:
        """Return the last edit in force of a cell."""
        edits = self._edits.get(cell)
        return edits[-1].cell if edits else None

    def read_at(self, cell: Cell) -> str:
        """Return when the rows were read in which a cell was edited last."""
        return self._edits[cell][-1].read_at

    def is_known(self, cell: Cell, client: str, value: str | None) -> bool:
        """Return whether a client may have seen a value of a cell last: since then only it changed the cell."""
        author, values = self._trails.get(cell, ("", set()))
        return author == client and value in values

    def add(self, event: Event) -> list[Cell]:
        """Add an event, and return the cells whose value may be another now."""
        self.sequence = event.id
        match event.action:
            case "discard":
                touched = list({**self._edits, **self.lost})
                sequence = self.sequence
                self.__init__()  # type: ignore[misc]
                self.sequence = sequence
                return touched
            case "undo":
                return self._undo(event)
            case "redo":
                return self._redo(event)
            case _:
                return self._edit(event)

    def _edit(self, event: Event) -> list[Cell]:
        edits = []
        for place, edited in enumerate(event.cells):
            cell = (edited.key, edited.column)
            if edited.verdict == "accepted":
                self._note(cell, event.client, edited.old)
                edits.append(Edit(event.id, place, edited, event.read_at))
                self._edits.setdefault(cell, []).append(edits[-1])
            if edited.verdict == "conflict":
                self.lost[cell] = (event.client, edited)
            elif edited.verdict != "rejected" and (event.action == "resolve" or self._lost_by(cell) == event.client):
                self.lost.pop(cell, None)
        if edits:
            group = next((done for done in self._done if done.name == event.group), None)
            if group is None:
                group = _Group(event.group)
            else:
                self._done.remove(group)
            group.edits += edits
            self._done.append(group)
            self._undone.clear()
        return list(dict.fromkeys((edited.key, edited.column) for edited in event.cells))

    def _lost_by(self, cell: Cell) -> str | None:
        return self.lost[cell][0] if cell in self.lost else None

    def _undo(self, event: Event) -> list[Cell]:
        if not self._done:
            return []
        group = self._done.pop()
        self._undone.append(group)
        for edit in reversed(group.edits):
            cell = (edit.cell.key, edit.cell.column)
            self._note(cell, event.client, edit.cell.new)
            edits = self._edits[cell]
            edits.remove(edit)
            if not edits:
                del self._edits[cell]
        return _cells_of(group)

    def _redo(self, event: Event) -> list[Cell]:
        if not self._undone:
            return []
        group = self._undone.pop()
        self._done.append(group)
        for edit in group.edits:
            cell = (edit.cell.key, edit.cell.column)
            self._note(cell, event.client, edit.cell.old)
            edits = self._edits.setdefault(cell, [])
            edits.append(edit)
            edits.sort(key=lambda edit: (edit.event, edit.place))
        return _cells_of(group)

    def _note(self, cell: Cell, client: str, before: str | None) -> None:
        """Remember the value that a client's change replaces."""
        author, values = self._trails.get(cell, ("", set()))
        self._trails[cell] = (client, {before, *(values if author == client else ())})


def _cells_of(group: _Group) -> list[Cell]:
    return list(dict.fromkeys((edit.cell.key, edit.cell.column) for edit in group.edits))
