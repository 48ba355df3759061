"""What a reader must know before the first number: old rows, undocumented values, uncertain dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from stcrm_pandas.analysis.base.display import Cautions
from stcrm_pandas.analysis.base.format import format_percent
from stcrm_pandas.analysis.base.provenance import attrs_of, moment, selections

__all__ = ["cautions"]

OLD = dt.timedelta(days=1)
"""The age of the oldest page from which on there is a caution."""

EXACT = 0.7
"""The share of exact dates below which there is a caution."""


def cautions(
    *,
    used: Mapping[str, Iterable[str]] | None = None,
    exact: tuple[int, int] | None = None,
    now: dt.datetime | None = None,
    found: Iterable[str] = (),
    **frames: Any,
) -> Cautions:
    """Return the sentences of the banner on top of a report; none where all is well.

    Parameters
    ----------
    frames
        The frames that were read, by name; None for what was not read.
    used : mapping, optional
        For a frame's name the columns that the analysis takes; without it every column counts as used.
    exact : tuple[int, int], optional
        How many of the dates are exact, and how many dates there are.
    now : dt.datetime, optional
        The current time, by which the age of stored responses is measured.
    found : iterable of str, default ()
        What the analyses themselves caution about (`LeadConversion.cautions` …).

    Returns
    -------
    Cautions
        A few sentences, those on rows that were left out first.

    Examples
    --------
    >>> cautions(exact=(60, 100))
    ['Only 60% of the dates (60 of 100) are known exactly. Numbers that depend on dates are shown as ranges.']
    """
    read = {name.replace("_", " "): frame for name, frame in frames.items() if frame is not None}
    columns = {name.replace("_", " "): set(taken) for name, taken in (used or {}).items()}
    sentences = list(dict.fromkeys([*selections(read), *found]))
    sentences += _age(read, now or dt.datetime.now(dt.UTC)) + _drift(read, columns if used is not None else None)
    if exact is not None and exact[1] and exact[0] < EXACT * exact[1]:
        share = format_percent(exact[0] / exact[1])
        sentences.append(
            f"Only {share} of the dates ({exact[0]:,} of {exact[1]:,}) are known exactly. Numbers that depend on dates "
            "are shown as ranges."
        )
    return Cautions(sentences)


def _age(read: Mapping[str, Any], now: dt.datetime) -> list[str]:
    stored = {
        name: moment(when, dt.UTC, name="stored_at")
        for name, frame in read.items()
        if (when := attrs_of(frame).get("stored_at")) is not None
    }
    if not stored:
        return []
    name = min(stored, key=lambda one: stored[one])
    age = now - stored[name]
    if age <= OLD:
        return []
    days = age / dt.timedelta(days=1)
    text = f"{days:.0f} days" if days >= 2 else f"{age / dt.timedelta(hours=1):.0f} hours"
    return [f"The stored {name} are {text} old. Changes since then are not in this report."]


def _drift(read: Mapping[str, Any], used: Mapping[str, set[str]] | None) -> list[str]:
    listed = []
    for name, frame in read.items():
        drifted = attrs_of(frame).get("drifted")
        for column, count in (drifted if isinstance(drifted, Mapping) else {}).items():
            if used is None or column in used.get(name, set()):
                listed.append((int(count), f"{column} of {name} ({int(count):,})"))
    if not listed:
        return []
    listed.sort(key=lambda one: -one[0])
    named = ", ".join(text for _, text in listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
    return [f"ServiceTitan sent values that it does not document: {named}. They were kept, and may count as unknown."]
