"""Reference data from other modules of the API: names for ids. It is read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stcrm_pandas.reads.reading import Reader
from stcrm_pandas.resources.base.resource import no_attribute
from stcrm_pandas.resources.lookups.jobs import CallReasons, Jobs, JobTypes
from stcrm_pandas.resources.lookups.marketing import CampaignCategories, Campaigns
from stcrm_pandas.resources.lookups.settings import BusinessUnits, Employees, TagTypes, Technicians

__all__ = [
    "BusinessUnits",
    "CallReasons",
    "CampaignCategories",
    "Campaigns",
    "Employees",
    "JobTypes",
    "Jobs",
    "Lookups",
    "TagTypes",
    "Technicians",
]


class Lookups:
    """The reference data of a tenant: `campaigns`, `job_types`, `jobs` and so on, each with `list`. It is read-only."""

    def __init__(self, reader: Reader) -> None:
        self.campaigns = Campaigns(reader)
        self.campaign_categories = CampaignCategories(reader)
        self.business_units = BusinessUnits(reader)
        self.tag_types = TagTypes(reader)
        self.employees = Employees(reader)
        self.technicians = Technicians(reader)
        self.job_types = JobTypes(reader)
        self.jobs = Jobs(reader)
        self.call_reasons = CallReasons(reader)

    if not TYPE_CHECKING:  # type checkers would take any name

        def __getattr__(self, name: str) -> Any:
            raise no_attribute("crm.lookups", self, name)

    def __repr__(self) -> str:
        return f"lookups: {', '.join(vars(self))}"
