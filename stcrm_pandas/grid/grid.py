"""`Grid`: what `crm.customers.edit(frame)` and `stcrm.edit(frame)` return."""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import array
from stcrm_pandas.grid.columns import Rejected
from stcrm_pandas.grid.judge import with_suspects
from stcrm_pandas.grid.messages import Messages
from stcrm_pandas.grid.session import Answer, Session, key_parts
from stcrm_pandas.output.notebook import current_cell, is_watched, publish
from stcrm_pandas.output.printable import plural

if TYPE_CHECKING:
    from stcrm_pandas.grid.widget import GridWidget

Planning = Callable[[pd.DataFrame, pd.DataFrame], Plan]
"""Plans the change from one frame to another."""

_shown: dict[str, list[tuple[str, Grid]]] = {}
"""The grids that the last run of each cell showed, with the id of that run."""


class Grid:
    """A DataFrame that is edited in JupyterLab.

    `crm.customers.edit(frame)` and similar methods open a grid of rows that the API can change, and `stcrm.edit(frame)`
    opens one of any frame. The last line of a cell shows it. Every edit is in a log on this machine before the grid
    shows it as saved, so the same call brings back all edits after a restart.

    Parameters
    ----------
    session : Session
        The frame, its log and the state of each cell.
    title : str
        What the frame has, without customer data.
    about : dict
        What a view shows of the tenant.
    planning : callable, optional
        Plans the change from one frame to another; None for a frame that no operation changes.
    """

    def __init__(self, session: Session, title: str, about: dict[str, Any], planning: Planning | None = None) -> None:
        self._session = session
        self._title = title
        self._planning = planning
        self._client = f"python-{secrets.token_hex(8)}"
        self._number = 0
        self._widget: GridWidget | None = None
        self._output: str | None = None
        self._messages = Messages(session, {"title": title, **about}, self._send, self._show_plan)

    # Frames

    @property
    def before(self) -> pd.DataFrame:
        """The DataFrame without edits."""
        return self._session.frame.copy(deep=False)

    @property
    def after(self) -> pd.DataFrame:
        """The DataFrame with all edits. Dtypes, attributes and cells that nobody edited are as in the original."""
        self._catch_up()
        return self._session.after()

    @property
    def changes(self) -> pd.DataFrame:
        """One row per changed cell: the key, `column`, `old`, `new`, `status` (accepted or refused) and `reason`."""
        self._catch_up()
        session = self._session
        with session.lock:
            cells = [
                (
                    key,
                    name,
                    self._value(name, state.original),
                    self._value(name, state.value),
                    session.refused.get(cell),
                )
                for cell, state in session.replay.applied.items()
                for key, name in [cell]
            ]
        table = self._keys([key for key, *_ in cells])
        table["column"] = _text([name for _, name, *_ in cells])
        table["old"] = _objects([old for _, _, old, _, _ in cells])
        table["new"] = _objects([new for *_, new, _ in cells])
        table["status"] = _text(["refused" if reason else "accepted" for *_, reason in cells])
        table["reason"] = _text([reason for *_, reason in cells])
        return table

    @property
    def conflicts(self) -> pd.DataFrame:
        """One row per edit that is not applied, with the reason.

        The value of its cell changed, or the edit is an opt-in and the rows were read again.

        `old` is the value when the cell was edited, `mine` the edit, and `theirs` the present value, which is also in
        `after`. Choose between both in the grid: "Keep mine" or "Keep theirs".
        """
        self._catch_up()
        with self._session.lock:
            edits = list(self._session.replay.conflicts.values())
        table = self._keys([edit.key for edit in edits])
        table["column"] = _text([edit.column for edit in edits])
        for name in ("old", "mine", "theirs"):
            table[name] = _objects([self._value(edit.column, getattr(edit, name)) for edit in edits])
        table["reason"] = _text([edit.reason for edit in edits])
        return table

    @property
    def absent(self) -> pd.DataFrame:
        """One row per edit that has no editable cell in the DataFrame, with the reason. Values are text.

        These edits stay in the log.
        """
        self._catch_up()
        with self._session.lock:
            edits = list(self._session.replay.absent.values())
        table = self._keys([edit.key for edit in edits])
        for name in ("column", "old", "new", "reason"):
            table[name] = _text([getattr(edit, name) for edit in edits])
        return table

    @property
    def log(self) -> pd.DataFrame:
        """One row per edit, undo, redo and discard since the log was made, oldest first. Values are text.

        `at` is in UTC, `client` is a browser tab or a kernel, and `verdict` is `accepted`, `same` (the cell had
        that value already), `rejected` or `conflict`.
        """
        rows: list[tuple[Any, ...]] = []
        with self._session.lock:
            events = self._session.log.after(0)
        for event in events:
            head = (pd.Timestamp(event.at), event.client, event.number, event.action)
            rows += [
                (*head, cell.key, cell.column, cell.old, cell.new, cell.verdict, cell.reason or None)
                for cell in event.cells
            ] or [(*head, *[None] * 6)]
        names = ["at", "client", "number", "action", "key", "column", "old", "new", "verdict", "reason"]
        table = pd.DataFrame(rows, columns=names)
        texts = dict.fromkeys(names[1:2] + names[3:], "str")
        return table.astype({"at": "datetime64[us, UTC]", "number": "Int64", **texts})

    @property
    def widget(self) -> GridWidget:
        """The widget of the grid, to place it beside other widgets, as in `ipywidgets.VBox([grid.widget])`."""
        with self._session.lock:
            if self._widget is None:
                from stcrm_pandas.grid.widget import GridWidget

                self._widget = GridWidget(self._messages.receive)
                self._messages.about["model"] = self._widget.model_id
            return self._widget

    # Actions

    def plan(self) -> Plan:
        """Return the changes as a plan, with the options that the grid was opened with. Nothing is sent.

        Returns
        -------
        Plan
            The plan. `plan.apply()` sends the requests. Values that a spreadsheet may have altered are refused.

        Raises
        ------
        UsageError
            The grid has no plan: it was opened with `stcrm.edit`.

        Examples
        --------
        >>> grid = crm.customers.edit(crm.customers.list(active=True))
        >>> len(grid.plan().requests)
        0
        """
        if self._planning is None:
            raise UsageError(
                "This grid has no plan: no operation of the API changes its rows. Use `grid.after`. For customers and "
                "other rows of the API, open the grid with crm.customers.edit(frame)."
            )
        self._catch_up()
        plan = with_suspects(self._planning(*self._session.planned_frames()), self._session.suspects())
        assert isinstance(plan, Plan)
        return plan

    def undo(self) -> None:
        """Undo the latest edit, or all cells of the latest paste.

        Raises
        ------
        UsageError
            There is nothing to undo.
        StcrmError
            The log cannot be written, for example because the disk is full. Nothing changed.

        Examples
        --------
        >>> grid = crm.customers.edit(crm.customers.list(active=True))
        >>> grid.undo()
        Traceback (most recent call last):
            ...
        stcrm_pandas.errors.UsageError: There is no edit to undo.
        """
        self._catch_up()
        if not self._session.history.undo_count:
            raise UsageError("There is no edit to undo.")
        self._do(self._session.undo)

    def redo(self) -> None:
        """Redo what was undone last.

        Raises
        ------
        UsageError
            There is nothing to redo.
        StcrmError
            The log cannot be written, for example because the disk is full. Nothing changed.

        Examples
        --------
        >>> grid = crm.customers.edit(crm.customers.list(active=True))
        >>> grid.redo()
        Traceback (most recent call last):
            ...
        stcrm_pandas.errors.UsageError: There is no edit to redo.
        """
        self._catch_up()
        if not self._session.history.redo_count:
            raise UsageError("There is no edit to redo.")
        self._do(self._session.redo)

    def discard(self) -> None:
        """Delete all edits from the log. This cannot be undone.

        Raises
        ------
        StcrmError
            The log cannot be written. Nothing changed.

        Examples
        --------
        >>> grid = crm.customers.edit(crm.customers.list(active=True))
        >>> grid.discard()
        >>> len(grid.changes)
        0
        """
        self._do(self._session.discard)

    def close(self) -> None:
        """Close the views and the log. The edits stay in the log.

        Examples
        --------
        >>> crm.customers.edit(crm.customers.list(active=True)).close()
        """
        with self._session.lock:
            self._close_widget()
            self._session.log.close()

    def _do(self, act: Callable[[str, int], list[Answer]]) -> None:
        with self._session.lock:
            self._number += 1
            self._messages.report(act(self._client, self._number))

    def _catch_up(self) -> None:
        with self._session.lock:
            self._messages.report(self._session.catch_up())

    # Display

    def __repr__(self) -> str:
        return f"<Grid of {self._title}: {self._summary()}>"

    def _repr_html_(self) -> str:
        return f"<div><b>{html.escape(self._title)}</b>: {html.escape(self._summary())}</div>"

    def _summary(self) -> str:
        session = self._session
        with session.lock:
            counts = self._messages.counts()
        parts = [plural(counts["rows"], "row"), plural(counts["changed_cells"], "changed cell")]
        parts += [f"{counts['refused']:,} refused"] if counts["refused"] else []
        parts += [plural(counts["conflicts"], "conflict")] if counts["conflicts"] else []
        parts += [f"{plural(counts['absent'], 'edit')} without a cell"] if counts["absent"] else []
        return ", ".join(parts)

    def _ipython_display_(self) -> None:
        """Show the widget, and an empty output below it for the plan, if a person can use them."""
        if not is_watched():
            raise NotImplementedError  # IPython shows the summary
        self._replace_in_cell()
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        publish({**bundle, "application/vnd.jupyter.widget-view+json": view})
        self._output = f"plan-{secrets.token_hex(8)}"
        publish({"text/html": ""}, display_id=self._output)

    def _replace_in_cell(self) -> None:
        """Close the widgets that earlier runs of this cell showed: each holds a frame and its columns as text."""
        cell, run = current_cell()
        earlier = [shown for shown in _shown.get(cell, ()) if shown[0] != run] if cell else []
        for _, grid in earlier:
            if grid is not self:
                grid._close_widget()
        if cell:
            _shown[cell] = [*(shown for shown in _shown.get(cell, ()) if shown[0] == run), (run, self)]

    def _close_widget(self) -> None:
        with self._session.lock:
            if self._widget is not None:
                self._messages.say(type="gone")
                self._widget.close()
                self._widget = None

    def _show_plan(self) -> None:
        if self._output is not None and self._planning is not None:
            plan = self.plan()
            publish({"text/plain": repr(plan), "text/html": plan._repr_html_()}, display_id=self._output, update=True)

    def _send(self, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        if self._widget is not None:
            self._widget.send(content, list(buffers))

    # Tables

    def _keys(self, texts: list[str]) -> pd.DataFrame:
        names = self._session.row.key
        parts = [key_parts(text, names) for text in texts]
        columns = {}
        for place, name in enumerate(names):
            column = self._session.columns[name].column
            values = [self._value(name, part[place]) for part in parts]
            columns[name] = pd.Series(array(column, values), dtype=column.dtype)
        return pd.DataFrame(columns)

    def _value(self, name: str, text: str | None) -> Any:
        try:
            return self._session.columns[name].parse(text)[0]
        except (KeyError, Rejected):
            return text


def _text(values: list[str | None]) -> Any:
    return pd.Series(values, dtype="str")


def _objects(values: list[Any]) -> Any:
    cells = pd.Series([None] * len(values), dtype=object)
    for place, value in enumerate(values):
        cells.iat[place] = value
    return cells
