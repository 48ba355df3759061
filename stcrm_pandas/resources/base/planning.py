"""Bulk edits of a resource: the differences between two DataFrames, as a plan."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import closest
from stcrm_pandas.resources.base.resource import WritableResource, checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from stcrm_pandas.edits.plans import Plan
    from stcrm_pandas.grid.grid import Grid
    from stcrm_pandas.sheets.sheet import Sheet

WARN_ABOVE = 0.25
"""A plan that changes more than this share of all rows has a warning."""


class Plannable(WritableResource):
    """A resource with bulk edits."""

    @checked
    def plan_changes(
        self,
        before: pd.DataFrame,
        after: pd.DataFrame | Sheet,
        *,
        reason: str | None = None,
        allow_opt_in: bool = False,
        consent_source: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """Compare two DataFrames of these rows and return the changes as a plan. Nothing is sent.

        Parameters
        ----------
        before : DataFrame
            The rows as they were read.
        after : DataFrame or Sheet
            The same rows after editing, or a sheet from `read_sheet`. Omitted rows and columns do not change; a missing
            value clears the cell.
        reason : str, optional
            Why the change is made. It is stored in the journal.
        allow_opt_in : bool, default False
            True allows opt-ins. They require `consent_source`, and other records are checked for opt-outs.
        consent_source : str, optional
            Who consented, when and how. It is stored in the journal.
        check : bool, default False
            True runs the checks that require a read immediately, instead of when the plan is applied.
        warn_above : float, default WARN_ABOVE
            A share of the rows in `before`, from 0 to 1 (25% by default). If the plan changes a larger share, it
            contains a warning, unless there are fewer than 20 rows.

        Returns
        -------
        Plan
            The plan. `changes`, `requests` and `refused` are DataFrames; `apply()` sends the requests.

        Raises
        ------
        UsageError
            The DataFrames are of another resource, tenant or environment; or a key is missing, appears twice, or is not
            in `before`.

        Examples
        --------
        >>> before = crm.contacts.list()
        >>> plan = crm.contacts.plan_changes(before, before.assign(title=before["title"].str.upper()))
        >>> plan.changes["column"].unique().tolist()
        ['title']
        """
        return self._plan(
            self.name,
            before,
            after,
            reason=reason,
            allow_opt_in=allow_opt_in,
            consent_source=consent_source,
            check=check,
            warn_above=warn_above,
        )

    def _plan(self, resource: str, before: pd.DataFrame, after: pd.DataFrame | Sheet, **options: Any) -> Plan:
        from stcrm_pandas.edits import planning

        return planning.changes(self._port, resource, before, after, **options)

    def edit(self, frame: pd.DataFrame, **options: Any) -> Grid:
        """Open a grid in JupyterLab to edit these rows, with the options of `plan_changes`. Nothing is sent.

        Every edit is checked and is in a log on this machine before the grid shows it as saved. The same call brings
        back all edits, also with rows that were read again: an edit is listed as a conflict if the value of its cell
        changed since.

        Parameters
        ----------
        frame : DataFrame
            The rows as they were read. The DataFrame itself does not change; `grid.after` is the edited copy.

        Returns
        -------
        Grid
            The grid. The last line of a cell shows it; `plan()` returns its changes as a plan.

        Raises
        ------
        UsageError
            The DataFrame is of another resource, tenant or environment; a key is missing or appears twice; or
            `plan_changes` has no such option.
        SettingsError
            The log cannot be written.
        MissingExtra
            anywidget is not installed.

        Examples
        --------
        >>> grid = crm.contacts.edit(crm.contacts.list(), reason="titles")
        >>> len(grid.changes), len(grid.plan().requests)
        (0, 0)
        """
        return self._edit(self.name, frame, options, self.plan_changes)

    def _edit(self, resource: str, frame: pd.DataFrame, options: dict[str, Any], plans: Callable[..., Plan]) -> Grid:
        known = [one.name for one in inspect.signature(plans).parameters.values() if one.kind is one.KEYWORD_ONLY]
        for name in options:
            if name not in known:
                near = closest(name, known)
                hint = f" Did you mean {near!r}?" if near else ""
                raise UsageError(f"A grid of {resource} has no option {name!r}.{hint} It has: {', '.join(known)}.")
        from stcrm_pandas.grid.edit import edit_rows

        return edit_rows(self._port, resource, frame, options)
