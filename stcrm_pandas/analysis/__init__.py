"""Analyses: functions of frames that give a small table, pictures of it, and sentences computed from it.

They need no connection: any frame with the columns and dtypes of its schema will do.
"""

from stcrm_pandas.analysis.booking_sources import BookingSources, booking_sources
from stcrm_pandas.analysis.cautions import cautions
from stcrm_pandas.analysis.contact_preferences import ContactPreferences, contact_preferences
from stcrm_pandas.analysis.first_screen import first_screen
from stcrm_pandas.analysis.lead_conversion import LeadConversion, lead_conversion
from stcrm_pandas.analysis.provenance import origin, sources
from stcrm_pandas.analysis.shown import work_lists

__all__ = [
    "BookingSources",
    "ContactPreferences",
    "LeadConversion",
    "booking_sources",
    "cautions",
    "contact_preferences",
    "first_screen",
    "lead_conversion",
    "origin",
    "sources",
    "work_lists",
]
