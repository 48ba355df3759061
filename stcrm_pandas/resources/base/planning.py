"""Bulk edits of a family of rows: the differences between two DataFrames, as a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.resources.base.resource import WritableResource, checked

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan

WARN_ABOVE = 0.25
"""A plan that changes more than this share of all rows has a warning."""


class Plannable(WritableResource):
    """A family of rows that can be changed in bulk."""

    @checked
    def plan_changes(
        self,
        before: pd.DataFrame,
        after: pd.DataFrame,
        *,
        reason: str | None = None,
        allow_opt_in: bool = False,
        consent_source: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """Plan the changes from one DataFrame of these rows to another. Nothing is sent.

        Parameters
        ----------
        before : DataFrame
            The rows as they were read.
        after : DataFrame
            The same rows, edited. Omitted rows and columns do not change; a missing value clears the cell.
        reason : str, optional
            Why the change is made. The journal keeps it.
        allow_opt_in : bool, default False
            True allows opt-ins. They need `consent_source`, and other records are read first.
        consent_source : str, optional
            Who agreed, when and how. The journal keeps it.
        check : bool, default False
            True runs the checks that need a read now instead of when the plan is applied.
        warn_above : float, default WARN_ABOVE
            The share of all rows, from 0 to 1, above which a plan for 20 rows or more warns.

        Returns
        -------
        Plan
            The plan. `changes`, `requests` and `refused` are DataFrames; `apply()` sends the requests.

        Raises
        ------
        UsageError
            The DataFrames hold other rows, or come from another tenant or environment; a key is missing, duplicate, or
            not in `before`.

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

    def _plan(self, resource: str, before: pd.DataFrame, after: pd.DataFrame, **options: Any) -> Plan:
        from stcrm_pandas.edits import planning

        return planning.changes(self._port, resource, before, after, **options)
