"""The tables of contact preferences in a notebook and in a report."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.analysis.base.display import Shown, verdict_note
from stcrm_pandas.analysis.base.format import count_range, format_share
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.preferences.groups import REASON_COLUMNS
from stcrm_pandas.analysis.preferences.reach import CHANNEL_NAMES, REASONS
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult

__all__ = ["consent_shown", "kinds_shown", "main_table", "reach_shown"]

_STORES = {"customers": "Customers", "locations": "Locations", "newer": "Newer contacts"}


def main_table(result: ContactPreferencesResult) -> str:
    """Return the table as HTML."""
    return reach_shown(result, result.table, "customers", grouped=bool(result.by))._repr_html_()


def reach_shown(result: ContactPreferencesResult, frame: pd.DataFrame, store: str, *, grouped: bool) -> Shown:
    """Return a table like that of `ContactPreferences`; reasons that block nobody are left out."""
    reasons = {name: reason for reason, name in zip(REASONS, REASON_COLUMNS, strict=True) if frame[name].sum() > 0}
    titles = ("Not blocked (95% CI)", "", "Not blocked", "Contacts" if store == "newer" else store.capitalize())
    header = {"Group": False} if grouped else {}
    header |= {"For": False, "By": False, **dict.fromkeys((*titles, *map(str.capitalize, reasons.values())), True)}
    header[""] = False
    verdicts = {
        (*key, row.name): row.verdict
        for key, compared in (result.comparisons if grouped else {}).items()
        for row in rows_of(compared)
    }
    of_rows = [verdicts.get((row.purpose, row.channel, row.name), "") for row in rows_of(frame)]
    rows, dim = [], []
    for row in rows_of(frame.assign(verdict=of_rows)):
        notes = (verdict_note(row), "upper bound" if row.channel == "text" else "")
        rows.append(
            [
                *([str(row.name)] if grouped else []),
                row.purpose,
                CHANNEL_NAMES[row.channel],
                format_share(row) if row.customers else "",
                ", ".join(filter(None, notes)),
                count_range(row.lower, row.upper),
                f"{row.customers:,}",
                *(f"{getattr(row, name):,}" for name in reasons),
            ]
        )
        dim.append(not row.enough)
    for other in rows_of(result.others[result.others["store"] == store]):
        cells = [other.name, *([""] if grouped else []), "", "", "not included", "", f"{other.customers:,}"]
        rows.append([*cells, *[""] * len(reasons)])
        dim.append(True)
    return Shown(header, rows, dim)


def kinds_shown(result: ContactPreferencesResult) -> Shown:
    """Return the records of each store by type."""
    titles = ("Records", "Valid", "Marketing on", "Off", "Unknown", "Do not text")
    rows = [[_STORES[row[0]], row[1], *(f"{cell:,}" for cell in row[2:])] for row in rows_of(result.kinds)]
    return Shown({"Of": False, "Type": False, **dict.fromkeys(titles, True)}, rows)


def consent_shown(result: ContactPreferencesResult) -> Shown:
    """Return the company's own list compared with ServiceTitan; empty if there is no list."""
    titles = ("Customers", "Your list allows", "of these not blocked", "not known", "blocked")
    more = ("Your list refuses, not blocked", "Not on your list")
    frame = result.consent if result.consent is not None else pd.DataFrame()
    rows = [[row[0], CHANNEL_NAMES[row[1]], *(f"{cell:,}" for cell in row[2:])] for row in rows_of(frame)]
    return Shown({"For": False, "By": False, **dict.fromkeys((*titles, *more), True)}, rows)
