"""What the results of all analyses have in common: the numbers, and what is made from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import ClassVar, TypeVar

import pandas as pd

from stcrm_pandas.analysis.base.display import Definitions, Sentences, Shown, Table
from stcrm_pandas.analysis.base.findings import Action, Check, WorkList
from stcrm_pandas.analysis.base.headline import Tile
from stcrm_pandas.analysis.base.inputs import lacking
from stcrm_pandas.analysis.base.periods import Period
from stcrm_pandas.output.printable import plural

_Shown = TypeVar("_Shown", Shown, Table)


@dataclass(frozen=True, repr=False, kw_only=True)
class Result:
    """The numbers that the results of all analyses have. The result of each analysis adds more.

    - `table`: the numbers of each group; `overall`: those of all groups together
    - `left_out`: how many rows were not analyzed, by reason
    - `by`: the dimensions of the groups; empty if there is only a total
    - `as_of`: the time for which the rows are current; `time_zone`: the company's time zone, None if it is unknown
    - `min_group`: the minimum size of a group to be compared
    - `complete`: whether all frames were read completely
    - `cautions`: sentences to read before the numbers
    - `inputs`: the data sets that the analysis had; `lacks` returns those that something needs and that were not
    - `period`: the days that the numbers cover; None if they cover everything that was read
    - `requested`: the period that was passed. If too few of its rows are old enough, `period` is the latest one of the
      same length that has enough
    """

    table: pd.DataFrame
    overall: pd.DataFrame
    left_out: Mapping[str, int]
    by: tuple[str, ...]
    as_of: dt.datetime
    time_zone: str | None
    min_group: int
    complete: bool
    cautions: tuple[str, ...] = ()
    period: Period | None = None
    requested: Period | None = None
    inputs: frozenset[str] = frozenset()

    def lacks(self, what: str) -> tuple[str, ...]:
        """Return the data sets that a comparison, sentence or action needs and that were not given.

        Parameters
        ----------
        what : str
            A key of `analysis.base.inputs.NEEDS`: "bookings: jobs".

        Returns
        -------
        tuple of str
            The names of the data sets; empty if there is all that it needs.
        """
        return lacking(what, self.inputs)


def of_period(result: Result) -> str:
    """Return ' of October 2026', to be put after what is counted; empty without a period."""
    return "" if result.period is None else f" {result.period.of}"


def read_in(result: Result, what: str) -> str:
    """Return what is counted before any exclusion: 'Leads created in October 2026', or 'Leads read'."""
    return f"{what} read" if result.period is None else f"{what} created {result.period.when}"


def measured_of(result: Result, unit: tuple[str, str], *, measured: int, counted: int, days: int) -> str:
    """Return how many were measured, and of how many, if only part of a period is old enough."""
    if result.period is None or measured == counted:
        return f"{plural(measured, *unit)}, "
    return f"{measured:,} of {plural(counted, *unit)} are {days} days old, "


def another_period(result: Result, lacking: str) -> str:
    """Return why another period than the chosen one is shown, to be followed by its numbers; mostly empty.

    `lacking` says what the chosen period has too few of: "leads of June 2026 are 30 days old".
    """
    if result.requested is None or result.period is None or result.period == result.requested:
        return ""
    few = f"Fewer than {result.min_group} {lacking}"
    return f"{few}, so this is {result.period}, the latest {result.period.length} with as many. "


def too_few_in(result: Result, unit: tuple[str, str], *, measured: int, counted: int, old: str = "") -> str:
    """Return why there is no number for the chosen period, nor for an earlier one; empty without a period.

    `old` says what is measured of them: "are 30 days old".
    """
    if result.period is None:
        return ""
    rows = f"{measured:,} of {plural(counted, *unit)} {old}" if old else plural(counted, *unit)
    earlier = "" if result.requested is None else f", and no earlier {result.requested.length} has as many"
    return f"{rows}: fewer than {result.min_group}{earlier}."


class Analysis(Result):
    """A result with sentences, tiles, actions, lists, checks and figures: the base class of all public results.

    Each subclass names the modules that make these from its numbers: `_findings` has the functions `actions`, `check`
    and `tiles`, `_lists` has `work_lists`, and `_text` has `definitions`, `main_table` and `summary`.
    """

    _findings: ClassVar[ModuleType]
    _lists: ClassVar[ModuleType]
    _text: ClassVar[ModuleType]

    @property
    def definitions(self) -> Definitions:
        """The terms used in the result, and their definitions."""
        definitions: Definitions = self._text.definitions(self)
        return definitions

    def summary(self) -> Sentences:
        """Return the results in sentences.

        Returns
        -------
        Sentences
            The cautions, then the results, each as a string.
        """
        return Sentences([*self.cautions, *self._text.summary(self)])

    def tiles(self) -> list[Tile]:
        """Return key figures, such as those of the last 4 complete weeks whose rows are old enough.

        Returns
        -------
        list of Tile
            Four tiles; none without a time zone.
        """
        return [*self._findings.tiles(self, self.work_lists)]

    def actions(self) -> list[Action]:
        """Return what to do this week.

        Returns
        -------
        list of Action
            The actions; empty if the numbers do not clearly call for any.
        """
        return [*self._findings.actions(self, self.work_lists)]

    @cached_property
    def work_lists(self) -> dict[str, WorkList]:
        """The call lists and cleanup lists, by key. They contain personal data, and are created on first use."""
        return {listed.key: listed for listed in self._lists.work_lists(self)}

    @property
    def check(self) -> Check:
        """Counts to compare with ServiceTitan's screens, and the steps from the rows read to the rows analyzed."""
        check: Check = self._findings.check(self)
        return check

    def __repr__(self) -> str:
        by = " and ".join(self.by) or "nothing"
        return f"<{type(self).__name__} by {by}: {len(self.table)} rows, as of {self.as_of:%Y-%m-%d}>"

    def _repr_html_(self) -> str:
        main: Shown = self._text.main_table(self)
        return self._defined(main)._repr_html_()

    def _defined(self, table: _Shown) -> _Shown:
        """Return a table whose titles lead to the definitions of what they name."""
        return replace(table, terms=self.definitions.terms)
