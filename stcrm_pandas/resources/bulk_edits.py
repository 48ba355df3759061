"""Bulk edits that belong to no single family: opt-outs, plans from files, undo, resume."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from stcrm_pandas.edits.port import Port

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan, Result


class BulkEdits:
    """The methods for bulk edits that a client has itself."""

    _port: Port

    def plan_opt_out(
        self, phones_or_emails: Iterable[str] | str, names: Iterable[str] = (), *, reason: str | None = None
    ) -> Plan:
        """The plan that stops marketing to numbers and addresses, wherever they stand; it reads all contacts and leads.

        Parameters
        ----------
        phones_or_emails : iterable of str or str
            As people write them; numbers are compared in E.164, addresses in small letters.
        names : iterable of str, default ()
            The preferences of the newer store that mean marketing (`crm.contact_preferences.list_types()` has all).
            Without them, what is found there is listed and stays.
        reason : str, optional
            Why the change is made. The journal keeps it.

        Returns
        -------
        Plan
            A plan over the contacts of customers and locations, and the preferences of the newer store. Its `unmatched`
            lists what nobody has, and what is done by hand: no operation stops texts, changes a contact of an inactive
            or merged customer or location, or switches a lead off. Contacts of bookings are not searched.

        Raises
        ------
        UsageError
            An empty list, or something that is no text.

        Examples
        --------
        >>> plan = crm.plan_opt_out(["(512) 555-0101", "nobody@example.org"], names=["Marketing"])
        >>> "nobody@example.org" in plan.unmatched["what"].tolist()
        True
        """
        from stcrm_pandas.edits import planning

        return planning.opt_outs(self._port, phones_or_emails, names, reason=reason)

    def load_plan(self, path: str | Path) -> Plan:
        """A plan out of its file (`plan.save(path)`).

        Parameters
        ----------
        path : str or Path
            The file that `plan.save(path)` wrote.

        Raises
        ------
        UsageError
            It is no plan, was altered, is of another version, or is for another tenant or environment.
        """
        from stcrm_pandas.edits.plans import load

        return load(path, self._port)

    def undo(self, journal: str | Path | Result, *, reason: str | None = None) -> Plan:
        """A plan that undoes what an apply changed, made from its journal; nothing is changed.

        Rows that the apply could not read back are read now, since they may have been changed.

        What cannot be taken back is in `plan.refused`, with the reason: a cell that was missing and cannot be cleared,
        consent that was withdrawn, what the service has no call for. Rows that somebody changed since are conflicts
        when the plan is applied.

        Parameters
        ----------
        journal : str, Path or Result
            The journal's file, or the result of the apply.
        reason : str, optional
            Why; the journal of the undo keeps it.

        Raises
        ------
        UsageError
            It is no journal, or one of another tenant or environment; some of its rows were under way when the apply
            ended (resume it first), or it is being applied right now.
        """
        from stcrm_pandas.edits.plans import undone

        return undone(journal, self._port, reason=reason)

    def resume(
        self, journal: str | Path | Result, *, limit: int | None = None, stop_after: int | None = None
    ) -> Result:
        """Go on with an apply that was interrupted, as applying its plan again would.

        What became of a call that was under way is learned by reading.

        Parameters
        ----------
        journal : str, Path or Result
            The journal's file, or the result of the apply.
        limit : int, optional
            As `Plan.apply` has them; `limit=0` only finds out what became of the calls under way.
        stop_after : int, optional
            As `Plan.apply` has them; `limit=0` only finds out what became of the calls under way.

        Raises
        ------
        UsageError
            It is no journal, one of another tenant or environment, or not the latest of its plan.
        """
        from stcrm_pandas.edits.plans import resumed

        return resumed(journal, self._port, limit=limit, stop_after=stop_after)
