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

__all__ = ["FindingsShown", "actions", "definitions", "headline", "tiles"]

LONGEST_HEADLINE = 60
_TILES = "Numbers that are off"

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
        bad = [one for one in self.checked if len(one.found.rows)]
        if not bad:
            return "<p>No check found anything.</p>"
        header = {"Finding": False, "Rows": True, "Share": True}
        header |= {"Change": True} if self.compared else {}
        header |= {"Number it moves": False, "Now": True, "If repaired": True}
        rows = [self._row(one) for one in bad]
        folded = "".join(map(self._details, bad))
        return f'{table(header, rows, caption="Findings, worst first")}<div class="stcrm-findings">{folded}</div>'

    def _row(self, one: Checked) -> list[str]:
        change = "" if one.before is None else f"{len(one.found.rows) - len(one.before.rows):+,}".replace("+0", "0")
        effect = ["", "", ""] if one.effect is None else [one.named(one.effect), *one.effect.texts]
        cells = [_title(one), f"{len(one.found.rows):,}", f"{one.found.share:.1%}"]
        return [*cells, *([change] if self.compared else []), *effect]

    def _details(self, one: Checked) -> str:
        ids = one.examples
        listed = f"<p>Examples, by id of {_noun(one)}: {', '.join(map(str, ids))}</p>" if ids else ""
        effects = "".join(f"<li>{escape(one.described(effect))} if repaired</li>" for effect in one.found.effects)
        title = f"{escape(_title(one))} ({len(one.found.rows):,})"
        return (
            f'<details id="{escape(one.finding.key)}"><summary>{title}</summary>'
            f"<p>{escape(one.sentence)}{escape(one.trend)}.</p><p>{escape(one.finding.words)}</p>"
            f"{f'<ul>{effects}</ul>' if effects else ''}{listed}</details>"
        )


def _noun(one: Checked) -> str:
    if one.finding.example == "customer_id":
        return "customer"
    return one.finding.of.removeprefix("open ").removeprefix("active ").partition(" ")[0].removesuffix("s")


def _title(one: Checked) -> str:
    text = f"{one.finding.of} {one.finding.problem}"
    return text[0].upper() + text[1:]


def headline(checked: Sequence[Checked], time_zone: str) -> Headline:
    """Return the worst finding as a headline, with its share by month of creation."""
    bad = [one for one in checked if len(one.found.rows)]
    count = f"{len(bad)} of {len(checked)} checks found something"
    if not bad:
        return Headline("No check found anything", evidence=f"{len(checked)} checks were made.")
    worst = bad[0]
    text = f"{worst.found.share:.0%} of {worst.finding.of} {worst.finding.problem}"
    return Headline(
        text if len(text) <= LONGEST_HEADLINE else count,
        evidence=f"{len(worst.found.rows):,} of {worst.found.of:,} {worst.finding.of}. {count}.",
        trend=_trend(worst, time_zone),
        latest=_TILES,
    )


def _trend(one: Checked, zone: str) -> Trend | None:
    """Return the share of a finding by month of creation; None if too few rows have one."""
    created = one.found.created
    if created is None:
        return None
    local = created[created > pd.Timestamp("1990-01-01", tz="UTC")].dt.tz_convert(zone).dt.tz_localize(None)
    counted = local.dt.to_period("M")
    bad = counted.reindex(one.found.rows.index).dropna().value_counts()
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
    of = one.finding.of
    title = one.finding.problem
    unit = (of.removesuffix("s"), of)
    return Trend(title[0].upper() + title[1:], f"of {of}", unit, year.months, year.now.share)


def actions(checked: Sequence[Checked]) -> Sequence[Action]:
    """Return what to correct first: the worst findings."""
    return [
        Action(
            one.finding.do,
            number=one.sentence,
            worth=one.cost,
            work_list=one.finding.key,
            brief=f"{len(one.found.rows):,} of {one.found.of:,} {one.finding.of}",
        )
        for one in checked
        if one.cost > 0
    ]


def tiles(checked: Sequence[Checked], day: str) -> Sequence[Tile]:
    """Return the numbers that are off most, each once."""
    shown: dict[str, Tile] = {}
    for one in checked:
        if one.effect is not None and one.cost > 0:
            name = one.named(one.effect)
            now, repaired = one.effect.texts
            details = [("If repaired", repaired), ("Rows to repair", f"{len(one.found.rows):,}")]
            shown.setdefault(name, Tile(_sentence(name), now, day, note="Today, and after a repair.", details=details))
    return list(shown.values())


def definitions() -> Definitions:
    """Return the terms of the report."""
    return Definitions(_DEFINITIONS, "audit", {name: (name.lower(),) for name in _DEFINITIONS if name != "Order"})


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
