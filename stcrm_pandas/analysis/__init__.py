"""Analyses of frames: each returns small tables, and sentences, call lists and figures made from them.

They need no connection: any frame with the columns and dtypes of its schema works, of pandas, polars, DuckDB or Spark.

The walk of an analysis, such as `leads/lead_conversion.py`: `base/inputs.py` takes the frames, `leads/reduction.py`
counts with narwhals, `leads/tables.py` computes shares with `statistics/`, and `leads/result.py` holds the numbers.
`text.py`, `findings.py`, `lists.py` and `figures.py` read a result and compute no number of their own; only lists have
personal data. What all analyses share is in `base/`. `overview.py` makes the first screen of a report.

A change of a number needs its test against SQL, and its definition in `definitions.toml`. `cleaning/`, `report/` and
`commands/` import from here; nothing here imports a connection. Each analysis is imported on first use.
Tests: `make test ROOM=analysis`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stcrm_pandas.errors import require

require("analysis")

if TYPE_CHECKING:
    from stcrm_pandas.analysis.base.findings import work_lists
    from stcrm_pandas.analysis.base.periods import Period, period
    from stcrm_pandas.analysis.base.provenance import cautions, origin, sources
    from stcrm_pandas.analysis.bookings.booking_sources import BookingSources, booking_sources
    from stcrm_pandas.analysis.bookings.people import SamePerson, same_person
    from stcrm_pandas.analysis.campaigns.costs import read_spend
    from stcrm_pandas.analysis.campaigns.opportunities import Opportunities, opportunities
    from stcrm_pandas.analysis.leads.lead_conversion import LeadConversion, lead_conversion
    from stcrm_pandas.analysis.overview import first_screen
    from stcrm_pandas.analysis.preferences.contact_preferences import ContactPreferences, contact_preferences
    from stcrm_pandas.analysis.statistics.comparison import together

_MODULES = {
    "BookingSources": "bookings.booking_sources",
    "ContactPreferences": "preferences.contact_preferences",
    "LeadConversion": "leads.lead_conversion",
    "Opportunities": "campaigns.opportunities",
    "Period": "base.periods",
    "SamePerson": "bookings.people",
    "booking_sources": "bookings.booking_sources",
    "cautions": "base.provenance",
    "contact_preferences": "preferences.contact_preferences",
    "first_screen": "overview",
    "lead_conversion": "leads.lead_conversion",
    "opportunities": "campaigns.opportunities",
    "origin": "base.provenance",
    "period": "base.periods",
    "read_spend": "campaigns.costs",
    "same_person": "bookings.people",
    "sources": "base.provenance",
    "together": "statistics.comparison",
    "work_lists": "base.findings",
}

__all__ = [
    "BookingSources",
    "ContactPreferences",
    "LeadConversion",
    "Opportunities",
    "Period",
    "SamePerson",
    "booking_sources",
    "cautions",
    "contact_preferences",
    "first_screen",
    "lead_conversion",
    "opportunities",
    "origin",
    "period",
    "read_spend",
    "same_person",
    "sources",
    "together",
    "work_lists",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
