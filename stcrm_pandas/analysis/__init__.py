"""Analyses of frames. Each returns small tables, and sentences, lists and figures computed from them.

They need no connection: any frame with the columns and dtypes of its schema works.
"""

from stcrm_pandas.errors import require

require("analysis")

from stcrm_pandas.analysis.base.chosen_period import period
from stcrm_pandas.analysis.base.findings import work_lists
from stcrm_pandas.analysis.base.periods import Period
from stcrm_pandas.analysis.base.provenance import cautions, origin, sources
from stcrm_pandas.analysis.bookings.booking_sources import BookingSources, booking_sources
from stcrm_pandas.analysis.bookings.people import SamePerson, same_person
from stcrm_pandas.analysis.campaigns.costs import read_spend
from stcrm_pandas.analysis.campaigns.opportunities import Opportunities, opportunities
from stcrm_pandas.analysis.leads.lead_conversion import LeadConversion, lead_conversion
from stcrm_pandas.analysis.overview import first_screen
from stcrm_pandas.analysis.preferences.contact_preferences import ContactPreferences, contact_preferences
from stcrm_pandas.analysis.statistics.comparison import together

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
