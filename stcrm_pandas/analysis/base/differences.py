"""Sentences on how groups differ, from the comparisons of an analysis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.format import format_range, with_count

CLEARLY_DIFFERENT = (
    "Compared with all others together: at least 5 points apart, at least {min_group} {units} on both sides, and a "
    "p-value below 0.05 (Benjamini-Hochberg), both overall and among {units} of the same {strata}. It is a "
    "correlation: season, kind of work or kind of customer may be the reason. An action names a group only if the "
    "p-value is below 0.001 after Holm's correction (1979) over all comparisons in the report."
)
"""The definition of a clear difference."""


@dataclass(frozen=True)
class Wording:
    """The words of a comparison, singular and plural: `group` ('campaign'), `unit` ('inquiry'), verbs and strata."""

    group: tuple[str, str]
    unit: tuple[str, str]
    higher: tuple[str, str]
    lower: tuple[str, str]
    strata: str = ""


def versus(row: Any, share: str = "") -> str:
    """Return the share of a group and that of the others: '39% vs 28%'."""
    own = share or format_range(row.share_lower, row.share_upper)
    return f"{own} vs {format_range(row.others_lower, row.others_upper)}"


def beside(row: Any, does: str) -> str:
    """Return both shares for one short line: '47% booked, others 80%'."""
    others = format_range(row.others_lower, row.others_upper)
    return f"{format_range(row.share_lower, row.share_upper)} {does}, others {others}"


def not_compared(comparisons: pd.DataFrame, group: str, units: str) -> str:
    """Return why no group can be compared: most rows have no group, or there are too few rows.

    >>> comparisons = pd.DataFrame({"id": [None, 7], "n": [40, 2]})
    >>> not_compared(comparisons, "campaign", "leads that are old enough")
    'No campaign can be compared with the others: 40 of 42 leads that are old enough have no campaign.'
    >>> not_compared(comparisons[1:], "campaign", "leads that are old enough")
    'No campaign can be compared with the others: too few leads that are old enough.'
    """
    every, without = int(comparisons["n"].sum()), int(comparisons.loc[comparisons["id"].isna(), "n"].sum())
    why = f"{without:,} of {every:,} {units} have no {group}" if 2 * without > every else f"too few {units}"
    return f"No {group} can be compared with the others: {why}."


def differences(
    comparisons: pd.DataFrame,
    words: Wording,
    *,
    evidence: Callable[[Any], str] = versus,
    instead: Mapping[Any, str] | None = None,
    most: int = 5,
    min_group: int = 30,
) -> list[str]:
    """Return sentences on how groups differ, at most `most` per direction, and on groups too small to compare."""
    (group, many), (unit, units) = words.group, words.unit
    verdicts = comparisons["verdict"]
    count = verdicts.value_counts().to_dict()
    alone = comparisons[verdicts == "others too few"]
    sentences = []
    if comparisons["p_value"].isna().all() and alone.empty:
        sentences.append(not_compared(comparisons, group, f"{units} that are old enough"))
    for verdict, (does, do) in (("higher", words.higher), ("lower", words.lower)):
        clear = comparisons[verdicts == verdict].sort_values("difference", key=abs, ascending=False)
        for row in clear.head(most).itertuples():
            written = f"{group.capitalize()} {row.name} {does} than the others: {evidence(row)}."
            sentences.append((instead or {}).get(row.id) or written)
        if len(clear) > most:
            sentences.append(f"{len(clear) - most} more {many} {do} than the others: see the table.")
    sentences.append(
        with_count(
            count.get("explained by the mix", 0),
            f"[{group} differs|{many} differ] from the others, but not clearly among {units} of the same "
            f"{words.strata}: the mix may explain it.",
        )
    )
    if comparisons["p_value"].notna().any() and not {"higher", "lower"} & {*count}:
        sentences.append(f"No {group} is clearly different from the others.")
    too_few = f"[{group} has|{many} have] fewer than {min_group} {units} that are old enough: too few to compare."
    sentences.append(with_count(count.get("too few", 0), too_few))
    for row in alone.itertuples():
        others: Any = row.others_n
        counted = with_count(others, f"[{unit} that is|{units} that are] old enough")
        sentences.append(
            f"All other {many} together have {counted}, fewer than {min_group}: too few to compare {group} {row.name} "
            "with."
            if others
            else f"There is no other {group} to compare {group} {row.name} with."
        )
    return [*filter(None, sentences)]
