"""Analyses: functions of frames that give a small table, pictures of it, and sentences computed from it.

They need no connection: any frame with the columns and dtypes of its schema will do.
"""

from stcrm_pandas.analysis.lead_conversion import LeadConversion, lead_conversion
from stcrm_pandas.analysis.provenance import origin, sources

__all__ = ["LeadConversion", "lead_conversion", "origin", "sources"]
