"""Bulk edits across resources: opt-outs, plans from files, undo, resume."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from stcrm_pandas.edits.port import Port

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan, Result


class BulkEdits:
    """The bulk edit methods of a connection."""

    _port: Port

    def plan_opt_out(
        self, phones_or_emails: Iterable[str] | str, names: Iterable[str] = (), *, reason: str | None = None
    ) -> Plan:
        """Plan opt-outs from marketing for phone numbers and e-mail addresses. This reads all contacts and leads.

        Parameters
        ----------
        phones_or_emails : iterable of str or str
            Phone numbers and e-mail addresses in any format. Numbers are compared in E.164 format, and addresses in
            lowercase.
        names : iterable of str, default ()
            The names of the marketing preferences to turn off in the newer contacts API.
            `crm.contact_preferences.list_types()` lists all preferences. Without names, matches in that API are listed
            in `unmatched` and not changed.
        reason : str, optional
            Why the change is made. It is stored in the journal.

        Returns
        -------
        Plan
            A plan for the contacts of customers and locations, and for preferences of the newer contacts API. Its
            `unmatched` lists values that match no record, and what you have to do by hand: the API cannot stop text
            messages, change a contact of an inactive or merged customer or location, or opt out a lead. Contacts of
            bookings are not searched.

        Raises
        ------
        UsageError
            The list is empty, or a value is not text.

        Examples
        --------
        >>> plan = crm.plan_opt_out(["(512) 555-0101", "nobody@example.org"], names=["Marketing"])
        >>> "nobody@example.org" in plan.unmatched["what"].tolist()
        True
        """
        from stcrm_pandas.edits import planning

        return planning.opt_outs(self._port, phones_or_emails, names, reason=reason)

    def load_plan(self, path: str | Path) -> Plan:
        """Load a plan from its file.

        Parameters
        ----------
        path : str or Path
            The file that `plan.save(path)` wrote.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            The file is not a plan, was edited, has a different version, or belongs to another tenant or environment.

        Examples
        --------
        >>> from tempfile import mkdtemp
        >>> file = Path(mkdtemp()) / "titles.json"
        >>> before = crm.contacts.list()
        >>> crm.contacts.plan_changes(before, before.assign(title="Owner")).save(file)
        >>> crm.load_plan(file).changes["column"].unique().tolist()
        ['title']
        """
        from stcrm_pandas.edits.plans import load

        return load(path, self._port)

    def journals(self) -> pd.DataFrame:
        """Return the journals of this tenant's bulk edits on this machine, newest first.

        Returns
        -------
        DataFrame
            One row per apply: `journal` (the file, for `crm.undo` and `crm.resume`), `applied_at` (UTC), `resource`,
            `reason`, `rows` and how many of them are in `succeeded`, `already`, `conflicts`, `failed` and `untried` of
            the result, and `state`:

            - `finished`
            - `unfinished`: some rows were not sent
            - `interrupted`: requests were running when the apply ended; resume it
            - `running`
            - `undone` or `partly undone`
            - `cannot be read`: the file is damaged, or of another version

        Examples
        --------
        >>> before = crm.contacts.list()
        >>> result = crm.contacts.plan_changes(before, before.assign(title="Agent"), reason="titles").apply()
        >>> crm.journals()[["resource", "reason", "state"]].iloc[0].tolist()
        ['contacts', 'titles', 'finished']
        """
        from stcrm_pandas.edits.journals import journals

        return journals(self._port)

    def undo(
        self, journal: str | Path | Result, *, rows: pd.DataFrame | None = None, reason: str | None = None
    ) -> Plan:
        """Return a plan that undoes an apply, from its journal. Nothing is sent.

        If a sample of the plan was applied before, its rows had the planned values already, and are undone, too. Rows
        that could not be read back are read now, because they may have been changed. `plan.warnings` names applies of
        the same plan that are not included.

        `plan.refused` lists what cannot be undone, with the reason: a cell that was empty and cannot be cleared, an
        opt-out, or a change that the API cannot make. Rows that were changed since then are conflicts when the plan is
        applied.

        Parameters
        ----------
        journal : str, Path or Result
            The journal file, or the result of the apply. `crm.journals()` lists the files.
        rows : DataFrame, optional
            Undo only these rows, by the columns that identify them: `customer_id` and `id` for contacts of customers,
            because an id of a contact may appear under several customers. For a plan that changes several resources,
            pass rows of `result.succeeded`.
        reason : str, optional
            Why the change is undone. It is stored in the journal of the undo.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            The file is not a journal, or belongs to another tenant or environment; some of its rows were in progress
            when the apply ended (resume it first); the apply is still running; or it has no such row.

        Examples
        --------
        >>> before = crm.contacts.list()
        >>> result = crm.contacts.plan_changes(before, before.assign(title="Owner")).apply()
        >>> crm.undo(result.path).apply().ok
        True
        """
        from stcrm_pandas.edits.plans import undone

        return undone(journal, self._port, rows=rows, reason=reason)

    def resume(
        self, journal: str | Path | Result, *, limit: int | None = None, stop_after: int | None = None
    ) -> Result:
        """Continue an interrupted apply. Applying its plan again does the same.

        Rows whose request was in progress are read to find out whether it was carried out.

        Parameters
        ----------
        journal : str, Path or Result
            The journal file, or the result of the apply.
        limit : int, optional
            Maximum number of rows to send now, not counting opt-outs. With 0, only opt-outs are sent, and the outcome
            of requests that were in progress is checked.
        stop_after : int, optional
            Number of failures after which only opt-outs are sent.

        Returns
        -------
        Result
            The outcome of each row, including the rows that the interrupted apply finished.

        Raises
        ------
        UsageError
            The file is not a journal, belongs to another tenant or environment, or is not the latest journal of its
            plan.

        Examples
        --------
        >>> before = crm.contacts.list()
        >>> result = crm.contacts.plan_changes(before, before.assign(title="Manager")).apply(limit=1)
        >>> crm.resume(result.path).ok
        True
        """
        from stcrm_pandas.edits.plans import resumed

        return resumed(journal, self._port, limit=limit, stop_after=stop_after)
