"""What a report is made of, besides tables and pictures: actions, tiles, work lists, and what lets a reader check it.

Every analysis gives these from its numbers; a notebook and a report show them in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Action", "Check", "Count", "Step", "Tile", "WorkList"]


@dataclass(frozen=True)
class Action:
    """Something to do this week.

    Parameters
    ----------
    do : str
        The action in one sentence, with whom or which list: "Call the 48 open leads whose follow-up is overdue.".
    number : str, default ''
        The number behind it with its interval: "31 of 100 (27 to 35)"; empty where it is a plain count.
    size : str, default ''
        What it may bring, in jobs or money, where it can be computed: "about 15 jobs"; else empty.
    worth : float, default 0.0
        The same as a number of jobs, by which actions are ranked; 0 where it cannot be computed.
    work_list : str, optional
        The `key` of the list to work through, if there is one.
    """

    do: str
    number: str = ""
    size: str = ""
    worth: float = 0.0
    work_list: str | None = None


@dataclass(frozen=True)
class Tile:
    """One number over the latest four whole weeks that are old enough for it, beside two earlier spans.

    Parameters
    ----------
    title : str
        What is measured: "Leads converted within 30 days".
    now : str
        The number in plain words: "31 of 100 (27 to 35)"; "too few to tell" where it is so.
    dates : str
        The span it covers, in the company's zone: "29 Jun to 26 Jul 2026".
    before : str, default ''
        The same over the four weeks before; empty where nothing is known of them.
    year_ago : str, default ''
        The same over the same weeks a year earlier; empty likewise.
    note : str, default ''
        What a reader must know beside it, in one short sentence; mostly empty.
    """

    title: str
    now: str
    dates: str
    before: str = ""
    year_ago: str = ""
    note: str = ""


@dataclass(frozen=True)
class WorkList:
    """Rows that somebody works through: the only place of a report that may hold personal data.

    Parameters
    ----------
    key : str
        Its name in the page and in a file's name: "overdue-follow-up".
    title : str
        "Open leads whose follow-up is overdue".
    what_to_do : str
        One or two sentences: what to do with each row, and where.
    frame : DataFrame
        The rows, in the order in which to work; columns named as a reader says them ("Overdue since").
    after : DataFrame or None
        Where the contract can change them: the frame to give to the bulk edit as `after`; else None.
    by_hand : bool, default False
        They can be changed only on ServiceTitan's own screen.
    """

    key: str
    title: str
    what_to_do: str
    frame: pd.DataFrame = field(repr=False)
    after: pd.DataFrame | None = field(default=None, repr=False)
    by_hand: bool = False

    def __len__(self) -> int:
        return len(self.frame)

    def _repr_html_(self) -> str:
        from stcrm_pandas.analysis.base.shown import work_list

        return work_list(self)


@dataclass(frozen=True)
class Count:
    """A count before any exclusion, and where ServiceTitan itself shows the same.

    Parameters: what is counted ("Leads, status Open"); how many; the screen ("Follow Up > Leads"); its filter.
    """

    what: str
    rows: int
    screen: str = ""
    filter: str = ""


@dataclass(frozen=True)
class Step:
    """One step from the raw rows to those analysed: what was left out or joined, and how many rows remain."""

    what: str
    left_out: int
    remain: int


@dataclass(frozen=True)
class Check:
    """What lets a reader check the numbers: counts before exclusions, and the steps from raw rows to analysed ones."""

    counts: Sequence[Count]
    steps: Sequence[Step]
    notes: Mapping[str, str] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        from stcrm_pandas.analysis.base.shown import check

        return check(self)
