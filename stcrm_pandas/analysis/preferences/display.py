"""The tables of contact preferences as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import table
from stcrm_pandas.analysis.base.format import per_hundred
from stcrm_pandas.analysis.preferences.groups import REASON_COLUMNS
from stcrm_pandas.analysis.preferences.reach import REASONS
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult

__all__ = ["Shown", "consent_shown", "kinds_shown", "reach_shown"]

_VERDICTS = {
    "higher": "▲\u00a0higher",
    "lower": "▼\u00a0lower",
    "explained by the mix": "explained by the mix",
}
_STORES = {"customers": "Customers", "locations": "Locations", "newer": "Newer store"}


@dataclass(frozen=True)
class Shown:
    """A table that a notebook shows."""

    page: str

    def _repr_html_(self) -> str:
        return self.page


def reach_shown(result: ContactPreferencesResult, frame: pd.DataFrame, store: str, *, grouped: bool) -> str:
    """Return a table like that of `ContactPreferences`; reasons that stop nobody are left out.

    Parameters: the result; the frame; whose it is ("customers", "locations", "newer"); whether there is more than one
    group.
    """
    what = "contacts" if store == "newer" else store
    reasons = [
        (reason, name) for reason, name in zip(REASONS, REASON_COLUMNS, strict=True) if frame[name].fillna(0).sum()
    ]
    header = {"Group": False} if grouped else {}
    header |= {"For": False, "By": False, "Not blocked of 100 (95 % interval)": True, "": False, "Not blocked": True}
    header |= {what.capitalize(): True} | {reason.capitalize(): True for reason, _ in reasons}
    verdicts = {
        (*key, row.name): row.verdict
        for key, compared in (result.comparisons if grouped else {}).items()
        for row in _rows(compared)
    }
    rows, dim = [], []
    for row in _rows(frame):
        mark = _VERDICTS.get(verdicts.get((row.purpose, row.channel, row.name), ""), "")
        marks = [mark if row.enough else "too few", "upper bound" if row.channel == "text" else ""]
        lower, upper = int(row.lower), int(row.upper)
        rows.append(
            [
                *([str(row.name)] if grouped else []),
                row.purpose,
                row.channel,
                per_hundred(row) if row.customers else "",
                ", ".join(filter(None, marks)),
                f"{lower:,}" if lower == upper else f"{lower:,} to {upper:,}",
                f"{row.customers:,}",
                *(f"{getattr(row, name):,}" for _, name in reasons),
            ]
        )
        dim.append(not row.enough)
    for other in _rows(result.others[result.others["store"] == store]):
        # those of no share, in a row of their own
        cells = [other.name, *([""] if grouped else []), "", "", "in no share", "", f"{other.customers:,}"]
        rows.append([*cells, *[""] * len(reasons)])
        dim.append(True)
    return table(header, rows, dim=dim)


def kinds_shown(result: ContactPreferencesResult) -> Shown:
    """The records of each store by type."""
    header = {"Of": False, "Type": False, "Records": True, "Valid": True, "Marketing on": True, "Off": True}
    header |= {"Unknown": True, "Do not text": True}
    rows = [[_STORES[row[0]], row[1], *(f"{cell:,}" for cell in row[2:])] for row in _rows(result.kinds)]
    return Shown(table(header, rows))


def consent_shown(result: ContactPreferencesResult) -> Shown:
    """The company's own list beside ServiceTitan."""
    header = {"For": False, "By": False, "Customers": True, "Your list allows": True, "of these not blocked": True}
    header |= {"not known": True, "blocked": True, "Your list refuses, not blocked": True, "Not on your list": True}
    frame = result.consent if result.consent is not None else pd.DataFrame()
    return Shown(table(header, [[row[0], row[1], *(f"{cell:,}" for cell in row[2:])] for row in _rows(frame)]))


def _rows(frame: pd.DataFrame) -> Any:
    return frame.itertuples(index=False)
