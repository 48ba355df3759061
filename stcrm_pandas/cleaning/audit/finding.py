"""What a check of the audit is, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import pandas as pd

if TYPE_CHECKING:
    from stcrm_pandas.cleaning.audit.rows import Rows


@dataclass(frozen=True)
class Effect:
    """How far a number of a report moves if a finding is repaired.

    Parameters
    ----------
    number : str
        The name of the number, such as "jobs with a campaign".
    now, repaired : float
        Its value as the rows are, and after the repair. A share is between 0 and 1.
    share : bool, default True
        Whether it is a share, not a count.
    """

    number: str
    now: float
    repaired: float
    share: bool = True

    @property
    def cost(self) -> float:
        """How far the number is off: the difference of a share, the relative difference of a count."""
        moved = abs(self.repaired - self.now)
        return moved if self.share else moved / max(abs(self.now), 1.0)

    @property
    def texts(self) -> tuple[str, str]:
        """The value now and after the repair, for people."""
        form = "{:.1%}" if self.share else "{:,.0f}"
        return form.format(self.now), form.format(self.repaired)


@dataclass(frozen=True)
class Faults:
    """What a check found.

    Parameters
    ----------
    rows : DataFrame
        The rows with the finding.
    of : int
        How many rows were checked.
    effects : tuple of Effect, default ()
        The numbers that a repair moves, as far as they can be computed from the rows alone.
    created : Series, optional
        When each checked row was created, for a chart by month.
    """

    rows: pd.DataFrame = field(repr=False)
    of: int
    effects: tuple[Effect, ...] = ()
    created: pd.Series | None = field(default=None, repr=False)

    @classmethod
    def among(cls, checked: pd.DataFrame, faulty: pd.Series, without: str) -> Self:
        """Return the faulty rows of those that were checked; a repair brings the share of the others to 100%.

        Parameters
        ----------
        checked : DataFrame
            The checked rows, with `created_on`.
        faulty : Series
            Which of them have the finding; a missing value counts as no.
        without : str
            The rows without the finding, such as "jobs with a campaign".
        """
        rows = checked[faulty.fillna(value=False).astype(bool)]
        share = 1 - len(rows) / len(checked) if len(checked) else 1.0
        return cls(rows, len(checked), (Effect(without, share, 1.0),), checked["created_on"])

    @property
    def share(self) -> float:
        """The share of the checked rows; 0 if there are none."""
        return len(self.rows) / self.of if self.of else 0.0


@dataclass(frozen=True)
class Finding:
    """A check of the audit.

    Parameters
    ----------
    key : str
        Its name, such as "phones_format".
    of : str
        What is checked, in the plural: "leads".
    problem : str
        What is wrong, as the end of a sentence: "have no campaign, or only the default one".
    needs : tuple of str
        The frames of `Rows` that it reads.
    check : callable
        A function of the rows that returns what was found.
    code : str
        The line of Python that repairs it, or opens the rows for people who decide; it confirms nothing itself. `{key}`
        is the name of the finding, `{jobs}` the argument with the jobs if they were read.
    words : str
        What to do in ServiceTitan, without Python.
    do : str, default ""
        What to do, in at most 40 characters, for the first screen of a report.
    example : str, default "id"
        The column with the ids of the examples.
    personal : bool, default False
        Whether it reads names, numbers or addresses, which an anonymous copy does not have.
    """

    key: str
    of: str
    problem: str
    needs: tuple[str, ...]
    check: Callable[[Rows], Faults]
    code: str
    words: str
    do: str = ""
    example: str = "id"
    personal: bool = False


EXAMPLES = 5
"""The number of ids shown for a finding."""


@dataclass(frozen=True)
class Checked:
    """A finding with what was found, now and on the day to compare with; if anonymous, without ids and names."""

    finding: Finding
    faults: Faults
    before: Faults | None
    day: str = ""
    anonymous: bool = False

    @property
    def effect(self) -> Effect | None:
        """The effect on the number that moves most."""
        return max(self.faults.effects, key=lambda effect: effect.cost, default=None)

    @property
    def cost(self) -> float:
        """By how much the worst number is off; 0 if nothing was found."""
        return 0.0 if self.effect is None or self.faults.rows.empty else self.effect.cost

    @property
    def sentence(self) -> str:
        """What was found: '342 of 1,606 open leads have no follow-up date'."""
        return f"{len(self.faults.rows):,} of {self.faults.of:,} {self.finding.of} {self.finding.problem}"

    @property
    def examples(self) -> tuple[int, ...]:
        """The first ids."""
        if self.anonymous:
            return ()
        return tuple(self.faults.rows[self.finding.example].drop_duplicates().head(EXAMPLES).astype(int))

    @property
    def trend(self) -> str:
        """How the count differs from the earlier one: ', 12 more than on 2026-10-27'."""
        if self.before is None:
            return ""
        change = len(self.faults.rows) - len(self.before.rows)
        more = f"{abs(change):,} {'more' if change > 0 else 'fewer'} than"
        return f", {more if change else 'as'} on {self.day}"

    def named(self, effect: Effect) -> str:
        """Return the name of a number; if anonymous, without that of a source."""
        what, named, _ = effect.number.partition("of “")
        return f"{what}of one source" if named and self.anonymous else effect.number

    def described(self, effect: Effect) -> str:
        """Return a number with its values: 'jobs with a campaign: 87.7% → 100.0%'."""
        return f"{self.named(effect)}: {' → '.join(effect.texts)}"
