"""The tables of contact preferences in a notebook and in a report."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.display import Columns, Shown, rows_shown, verdict_note
from stcrm_pandas.analysis.base.format import count_range, format_share
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.preferences.groups import REASON_COLUMNS
from stcrm_pandas.analysis.preferences.reach import REASONS
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult

__all__ = ["consent_shown", "kinds_shown", "main_table", "reach_shown"]

_STORES = {"customers": "Customers", "locations": "Locations", "newer": "Newer contacts"}


def main_table(result: ContactPreferencesResult) -> Shown:
    """Return the main table."""
    return reach_shown(result, result.table, "customers", grouped=bool(result.by))


def reach_shown(result: ContactPreferencesResult, frame: pd.DataFrame, store: str, *, grouped: bool) -> Shown:
    """Return a table like that of `ContactPreferences`; reasons that block nobody are left out."""
    reasons = {name: reason for reason, name in zip(REASONS, REASON_COLUMNS, strict=True) if frame[name].sum() > 0}
    verdicts = {
        (*key, row.name): row.verdict
        for key, compared in (result.comparisons if grouped else {}).items()
        for row in rows_of(compared)
    }
    of_rows = [verdicts.get((row.purpose, row.channel, row.name), "") for row in rows_of(frame)]

    def note(row: Any) -> str:
        at_most = row.channel == "text" or (row.purpose, row.channel) == ("marketing", "e-mail")
        return ", ".join(filter(None, (verdict_note(row), "upper bound" if at_most else "")))

    columns: Columns = {"Group": "name"} if grouped else {}
    columns |= {
        "For": "purpose",
        "By": _channel,
        "Not blocked (95% CI)": lambda row: format_share(row) if row.customers else "",
        "": note,
        "Not blocked": lambda row: count_range(row.lower, row.upper),
        "Contacts" if store == "newer" else store.capitalize(): "customers",
        **{reason.capitalize(): name for name, reason in reasons.items()},
    }
    main = rows_shown(rows_of(frame.assign(verdict=of_rows)), columns, left=("For", "By"), total=False)
    others = [
        [other.name, *[""] * (1 + grouped), "", "not included", "", f"{other.customers:,}", *[""] * len(reasons)]
        for other in rows_of(result.others[result.others["store"] == store])
    ]
    return Shown(main.header, [*main.rows, *others], [*(main.dim or ()), *[True] * len(others)])


def kinds_shown(result: ContactPreferencesResult) -> Shown:
    """Return the contact records of customers, locations and the newer API by type."""
    columns: Columns = {"Of": lambda row: _STORES[row.store], "Type": "type", "Records": "records", "Valid": "valid"}
    columns |= {"Marketing on": "marketing_on", "Off": "marketing_off", "Unknown": "marketing_unknown"}
    columns |= {"Do not text": "do_not_text"}
    return rows_shown(rows_of(result.kinds), columns, left=("Type",), total=False)


def consent_shown(result: ContactPreferencesResult) -> Shown:
    """Return the company's own list compared with ServiceTitan; empty if there is no list."""
    columns: Columns = {"For": "purpose", "By": _channel, "Customers": "customers", "Your list allows": "allowed"}
    columns |= {"of these not blocked": "not_blocked", "not known": "unknown", "blocked": "blocked"}
    columns |= {"Your list refuses, not blocked": "refused_not_blocked", "Not on your list": "not_listed"}
    rows = () if result.consent is None else rows_of(result.consent)
    return rows_shown(rows, columns, left=("By",), total=False)


def _channel(row: Any) -> str:
    return str(row.channel)
