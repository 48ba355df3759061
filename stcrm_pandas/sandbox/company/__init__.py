"""A made-up company that the sandbox serves: credible, reproducible, and with known truths to find."""

from stcrm_pandas.sandbox.company.company import Company, make_company

__all__ = ["Company", "make_company"]
