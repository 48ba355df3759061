"""A check of the audit with what it found, now and at an earlier time."""

from __future__ import annotations

from dataclasses import dataclass

from stcrm_pandas.cleaning.audit.finding import Effect, Finding, Found

EXAMPLES = 5
"""The number of ids shown for a finding."""


@dataclass(frozen=True)
class Checked:
    """A finding with what was found, now and on the day to compare with; if anonymous, without ids and names."""

    finding: Finding
    found: Found
    before: Found | None
    day: str = ""
    anonymous: bool = False

    @property
    def effect(self) -> Effect | None:
        """The effect on the number that moves most."""
        return max(self.found.effects, key=lambda one: one.cost, default=None)

    @property
    def cost(self) -> float:
        """By how much the worst number is off; 0 if nothing was found."""
        return 0.0 if self.effect is None or self.found.rows.empty else self.effect.cost

    @property
    def sentence(self) -> str:
        """What was found: '342 of 1,606 open leads have no follow-up date'."""
        return f"{len(self.found.rows):,} of {self.found.of:,} {self.finding.of} {self.finding.problem}"

    @property
    def examples(self) -> tuple[int, ...]:
        """The first ids."""
        if self.anonymous:
            return ()
        return tuple(self.found.rows[self.finding.example].drop_duplicates().head(EXAMPLES).astype(int))

    @property
    def trend(self) -> str:
        """How the count differs from the earlier one: ', 12 more than on 2026-10-27'."""
        if self.before is None:
            return ""
        change = len(self.found.rows) - len(self.before.rows)
        more = f"{abs(change):,} {'more' if change > 0 else 'fewer'} than"
        return f", {more if change else 'as'} on {self.day}"

    def named(self, effect: Effect) -> str:
        """Return the name of a number; if anonymous, without that of a source."""
        what, named, _ = effect.number.partition("of “")
        return f"{what}of one source" if named and self.anonymous else effect.number

    def described(self, effect: Effect) -> str:
        """Return a number with its values: 'jobs with a campaign: 87.7% → 100.0%'."""
        return f"{self.named(effect)}: {' → '.join(effect.texts)}"
