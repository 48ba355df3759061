"""What users hold of bulk edits: a plan, and the result of applying it. Each returns the other.

Both are data (`plan.model`, `apply.result`) with a connection, and with methods that hand the work on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pandas as pd

from stcrm_pandas.edits.apply.result import ResultData
from stcrm_pandas.edits.apply.start import apply, resume
from stcrm_pandas.edits.apply.undo import undo
from stcrm_pandas.edits.plan.model import PlanData
from stcrm_pandas.edits.plan.plan_file import read_for, write
from stcrm_pandas.edits.plan.tables import changes_of, refused_of, requests_of
from stcrm_pandas.edits.port import Port
from stcrm_pandas.edits.preview import as_html, as_text
from stcrm_pandas.errors import UsageError


@dataclass(frozen=True, repr=False)
class Plan(PlanData):
    """Changes, and the requests that make them, for one tenant of one environment.

    `crm.customers.plan_changes(before, after)` and the like make one. It shows itself; `changes`, `requests`, `refused`
    and `unmatched` are frames; `apply()` sends it.

    Parameters
    ----------
    resource : str
        What it changes: `customers`, `customer_contacts` …, or `opt_out` and others over several of them.
    environment, tenant : str
        Where it may be applied, and nowhere else.
    made_at : str
        When, in UTC, as ISO 8601 text.
    steps : tuple of Step
        The calls, opt-outs first.
    refusals : tuple of Refusal, default ()
        What is left out, and why.
    total_rows : int, default 0
        Of how many rows it changes some.
    warnings : tuple of str, default ()
        What to look at before it is applied, in words.
    reason : str, optional
        Why it is done, in the words of who made it; the journal keeps it.
    options : dict
        What was allowed when it was made (`allow_opt_in`, `consent_source` …).
    listed : tuple[dict[str, Any], ...], default ()
        What was looked for and is not there (numbers of `plan_opt_out`), or can only be done by hand: `what`, `why` and
        `instead` of each.
    checked : bool, default False
        Whether refusals that need a read were made; where not, apply makes them before its first write.
    sample_of : str, optional
        The digest of the plan of which this is a part.
    port : Port, optional
        The connection that made or loaded it, which applies it. Not part of the plan.
    """

    port: Port | None = field(default=None, compare=False)

    @classmethod
    def of(cls, data: PlanData, port: Port | None = None) -> Self:
        """Return a plan of its data, over a connection.

        Parameters
        ----------
        data : PlanData
            What it changes.
        port : Port, optional
            The connection that applies it.
        """
        return cls(**{name: getattr(data, name) for name in PlanData.__dataclass_fields__}, port=port)

    @property
    def changes(self) -> pd.DataFrame:
        """A row for each changed cell: the key, `column`, `old`, `new`, `one_way`, `consent`, `opt_out`."""
        return changes_of(self)

    @property
    def requests(self) -> pd.DataFrame:
        """A row for each call: `operation`, `method`, `path`, `set` and `fill` as JSON text, `rows`, `cells`."""
        return requests_of(self)

    @property
    def refused(self) -> pd.DataFrame:
        """A row for each refusal: the key, `column`, `reason`, `instead`."""
        return refused_of(self)

    @property
    def unmatched(self) -> pd.DataFrame:
        """A row for what was looked for and is not in the plan: `what`, `why`, `instead`."""
        return pd.DataFrame(list(self.listed), columns=["what", "why", "instead"], dtype="str")

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def apply(self, *, limit: int | None = None, stop_after: int | None = None) -> Result:
        """Carry out the plan: read each row afresh, send, read back; side by side, with a journal written ahead.

        A row that somebody else changed in the same cell is a conflict and is not sent; one that is as planned already
        needs no call. An apply that was interrupted goes on where it stopped, when the plan is applied again.

        Parameters
        ----------
        limit : int, optional
            Send at most so many rows now; opt-outs do not count. 0 only finds out what became of calls that were under
            way when an earlier apply ended.
        stop_after : int, optional
            Begin nothing more after so many failures, but for opt-outs.

        Raises
        ------
        UsageError
            The plan is of another tenant, environment or version, or was altered; it is being applied by somebody else
            right now; its journal or its lock was removed meanwhile; more than 500 rows of production want a sample
            first.
        WritesNotAllowed
            The connection may only read.
        SettingsError
            The journal cannot be written.
        """
        if self.port is None:
            raise UsageError("The plan has no connection: crm.load_plan(path) gives it one.")
        return Result(apply(self, self.port, limit=limit, stop_after=stop_after), self.port)

    def save(self, path: Any) -> None:
        """Write the plan to a file, readable and for nobody else; `crm.load_plan` reads it.

        Parameters
        ----------
        path : object
            Where to; the file is JSON, with mode 0600.
        """
        write(self, path)


class Result(ResultData):
    """What became of each row of a plan.

    Each frame begins with `resource` and the columns of the key; times are in UTC.

    `succeeded` has the rows that were written and read back as planned, `failed` those that were not, with the
    service's words, `conflicts` a row for each cell that somebody else had changed, `already` the rows that needed no
    call, `untried` those that are left, `filled` what was sent along otherwise than the plan showed.

    Parameters
    ----------
    path : Path
        The journal of the apply.
    port : Port
        The connection that sent it.
    """

    def __init__(self, path: Path, port: Port) -> None:
        super().__init__(path)
        self._port = port

    @property
    def plan(self) -> Plan:
        """The plan that was applied."""
        return Plan.of(self._plan)

    def retry(self) -> Plan:
        """A plan of what failed and may well succeed now; what the service refused for good is not in it.

        Raises
        ------
        UsageError
            There is nothing of the kind.
        """
        return Plan.of(self.worth_retrying(), self._port)

    def undo(self, *, reason: str | None = None) -> Plan:
        """A plan that brings back what this apply changed; see `Client.undo`.

        Parameters
        ----------
        reason : str, optional
            Why it is undone; the journal of the undo keeps it.
        """
        return undone(self.path, self._port, reason=reason)


def load(path: str | Path, port: Port) -> Plan:
    """Return the plan in a file. See `Client.load_plan`."""
    return Plan.of(read_for(path, port), port)


def undone(journal: str | Path | Result, port: Port, *, reason: str | None = None) -> Plan:
    """Return the plan that undoes an apply. See `Client.undo`."""
    return Plan.of(undo(getattr(journal, "path", journal), port, reason=reason), port)


def resumed(
    journal: str | Path | Result, port: Port, *, limit: int | None = None, stop_after: int | None = None
) -> Result:
    """Go on with an apply that was interrupted. See `Client.resume`."""
    return Result(resume(getattr(journal, "path", journal), port, limit=limit, stop_after=stop_after), port)
