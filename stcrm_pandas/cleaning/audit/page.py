"""What a report shows of an audit: first screen, table of findings, and what to do about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from stcrm_pandas.analysis.base.display import Definitions, table
from stcrm_pandas.analysis.base.findings import Action
from stcrm_pandas.analysis.base.headline import Headline, Tile, year_of
from stcrm_pandas.charts.svg import Trend
from stcrm_pandas.cleaning.audit.finding import Checked

LONGEST_HEADLINE = 60
_TILES_TITLE = "Numbers that are off"

_DEFINITIONS = {
    "Active customers": "Customers and their contacts count if the customer is active and was not merged into another "
    "one. Opt-outs count on any record.",
    "If repaired": "The number as it would be if every row of the finding were repaired. It is computed from the "
    "repaired rows, and is empty where that is not possible.",
    "Order": "The finding that moves a number most comes first: by percentage points for a share, by percent for a "
    "count. Findings that move no number follow, by their share.",
    "Usable contact": "A phone number or e-mail address that is complete, valid and not a placeholder.",
    "Default campaign": "The campaign that ServiceTitan uses if nobody chooses one.",
    "Duplicates": "Customers that are surely entered more than once: same person or company, or renamed. Pairs that a "
    "person has to look at are counted apart.",
}


@dataclass(frozen=True, repr=False)
class FindingsShown:
    """The findings for display: a table, then for each finding what to do and examples, folded."""

    checked: Sequence[Checked]
    compared: bool
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        bad = [checked for checked in self.checked if len(checked.faults.rows)]
        if not bad:
            return "<p>No check found anything.</p>"
        header = {"Finding": False, "Rows": True, "Share": True}
        header |= {"Change": True} if self.compared else {}
        header |= {"Number it moves": False, "Now": True, "If repaired": True}
        rows = [self._row(checked) for checked in bad]
        folded = "".join(map(self._details, bad))
        return f'{table(header, rows, caption="Findings, worst first")}<div class="stcrm-findings">{folded}</div>'

    def _row(self, checked: Checked) -> list[str]:
        change = (
            ""
            if checked.before is None
            else f"{len(checked.faults.rows) - len(checked.before.rows):+,}".replace("+0", "0")
        )
        effect = ["", "", ""] if checked.effect is None else [checked.named(checked.effect), *checked.effect.texts]
        cells = [_title(checked), f"{len(checked.faults.rows):,}", f"{checked.faults.share:.1%}"]
        return [*cells, *([change] if self.compared else []), *effect]

    def _details(self, checked: Checked) -> str:
        ids = checked.examples
        listed = f"<p>Examples, by id of {_noun(checked)}: {', '.join(map(str, ids))}</p>" if ids else ""
        effects = "".join(
            f"<li>{escape(checked.described(effect))} if repaired</li>" for effect in checked.faults.effects
        )
        title = f"{escape(_title(checked))} ({len(checked.faults.rows):,})"
        return (
            f'<details id="{escape(checked.finding.key)}"><summary>{title}</summary>'
            f"<p>{escape(checked.sentence)}{escape(checked.trend)}.</p><p>{escape(checked.finding.words)}</p>"
            f"{f'<ul>{effects}</ul>' if effects else ''}{listed}</details>"
        )


def _noun(checked: Checked) -> str:
    if checked.finding.example == "customer_id":
        return "customer"
    return checked.finding.of.removeprefix("open ").removeprefix("active ").partition(" ")[0].removesuffix("s")


def _title(checked: Checked) -> str:
    text = f"{checked.finding.of} {checked.finding.problem}"
    return text[0].upper() + text[1:]


def headline(checks: Sequence[Checked], time_zone: str) -> Headline:
    """Return the worst finding as a headline, with its share by month of creation."""
    bad = [checked for checked in checks if len(checked.faults.rows)]
    count = f"{len(bad)} of {len(checks)} checks found something"
    if not bad:
        return Headline("No check found anything", evidence=f"{len(checks)} checks were made.")
    worst = bad[0]
    text = f"{worst.faults.share:.0%} of {worst.finding.of} {worst.finding.problem}"
    return Headline(
        text if len(text) <= LONGEST_HEADLINE else count,
        evidence=f"{len(worst.faults.rows):,} of {worst.faults.of:,} {worst.finding.of}. {count}.",
        trend=_trend(worst, time_zone),
        latest=_TILES_TITLE,
    )


def _trend(checked: Checked, zone: str) -> Trend | None:
    """Return the share of a finding by month of creation; None if too few rows have one."""
    created = checked.faults.created
    if created is None:
        return None
    local = created[created > pd.Timestamp("1990-01-01", tz="UTC")].dt.tz_convert(zone).dt.tz_localize(None)
    counted = local.dt.to_period("M")
    bad = counted.reindex(checked.faults.rows.index).dropna().value_counts()
    volume = counted.value_counts()
    if volume.empty:
        return None
    span = pd.period_range(volume.index.min(), volume.index.max(), freq="M")
    n = volume.reindex(span, fill_value=0).to_numpy()
    lower = bad.reindex(span, fill_value=0).to_numpy()
    months = {"name": [f"{month:%b %Y}" for month in span], "volume": n, "n": n, "lower": lower, "upper": lower}
    year = year_of(pd.DataFrame(months).assign(whole=True), min_group=1)
    if year is None:
        return None
    of = checked.finding.of
    title = checked.finding.problem
    unit = (of.removesuffix("s"), of)
    return Trend(title[0].upper() + title[1:], f"of {of}", unit, year.months, year.now.share)


def actions(checks: Sequence[Checked]) -> Sequence[Action]:
    """Return what to correct first: the worst findings."""
    return [
        Action(
            checked.finding.do,
            number=checked.sentence,
            worth=checked.cost,
            work_list=checked.finding.key,
            brief=f"{len(checked.faults.rows):,} of {checked.faults.of:,} {checked.finding.of}",
        )
        for checked in checks
        if checked.cost > 0
    ]


def tiles(checks: Sequence[Checked], day: str) -> Sequence[Tile]:
    """Return the numbers that are off most, each once."""
    shown: dict[str, Tile] = {}
    for checked in checks:
        if checked.effect is not None and checked.cost > 0:
            name = checked.named(checked.effect)
            now, repaired = checked.effect.texts
            details = [("If repaired", repaired), ("Rows to repair", f"{len(checked.faults.rows):,}")]
            shown.setdefault(
                name, Tile(_capitalized(name), now, day, note="Today, and after a repair.", details=details)
            )
    return list(shown.values())


def definitions() -> Definitions:
    """Return the terms of the report."""
    return Definitions(_DEFINITIONS, "audit", {name: (name.lower(),) for name in _DEFINITIONS if name != "Order"})


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
