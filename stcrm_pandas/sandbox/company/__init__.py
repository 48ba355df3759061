"""The demo company: credible, reproducible, and with planted truths to find."""

from stcrm_pandas.sandbox.company.company import Company, make_company

__all__ = ["Company", "make_company"]
