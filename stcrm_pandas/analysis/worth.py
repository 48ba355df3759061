"""What an action may bring: jobs and their revenue. What is shown, added up and sorted is the same number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stcrm_pandas.analysis.base.money import money
from stcrm_pandas.analysis.statistics.prediction import Prediction

__all__ = ["Worth", "about"]


@dataclass(frozen=True)
class Worth:
    """Predicted jobs and their revenue.

    Parameters
    ----------
    jobs : Prediction
        The predicted jobs.
    revenue : float, default 0.0
        Their revenue, from the average revenue of earlier jobs; 0 if it is unknown.
    currency : str, optional
        The currency of the revenue, if it is known.
    unusual : sequence of str, default ()
        The jobs that move the average: `base.money.unusual`.
    """

    jobs: Prediction
    revenue: float = 0.0
    currency: str | None = None
    unusual: Sequence[str] = ()

    @property
    def amount(self) -> float:
        """The revenue; 0 below one job, which nobody may expect, and where the average is not positive."""
        return self.revenue if self.jobs.expected >= 1 and self.revenue > 0 else 0.0

    @property
    def money(self) -> str:
        """The revenue as text: '$1,900'; empty if there is none to show."""
        return about(self.amount, self.currency) if self.amount else ""

    @property
    def note(self) -> str:
        """The jobs that move the revenue, or due to which there is none; empty if there are none."""
        moved = self.unusual if self.amount or (self.revenue < 0 and self.jobs.expected >= 1) else ()
        return "".join(f"; {one}" for one in moved)

    def in_brief(self, one: str = "job", many: str = "jobs") -> str:
        """Return 'about 13–15 jobs', or that it is less than one."""
        return self.jobs.in_brief(one, many) if self.jobs.expected >= 1 else f"less than 1 {one}"


def about(amount: float, currency: str | None) -> str:
    """Return an estimated amount with two significant digits.

    >>> about(74321.0, "USD"), about(469.2, None)
    ('$74,000', '470 in revenue')
    """
    digits = len(str(int(abs(amount)))) - 2
    words = money(float(round(amount, -digits)) if digits > 0 else amount, currency)
    return words if currency else f"{words} in revenue"
