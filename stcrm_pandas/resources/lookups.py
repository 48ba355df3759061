"""Look-ups: what turns ids into names, from the sibling modules. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from stcrm_pandas.reads.reading import Reader
from stcrm_pandas.resources.resource import Ids, MaxAge, Resource, When, helper


class Campaigns(Resource):
    """Marketing campaigns, retired ones too."""

    name = "lookups.campaigns"

    @helper
    def list(
        self,
        *,
        active: bool | None = None,
        ids: Ids | None = None,
        name: str | None = None,
        campaign_phone_number: str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All marketing campaigns, retired ones too.

        Returns:
            A frame with the columns of `stcrm.schemas.Campaigns`; times are in UTC.

        Operation: Campaigns_GetList

        >>> crm.lookups.campaigns.list()["id"].is_unique
        True
        """
        return self._list("list", locals())


class CampaignCategories(Resource):
    """Categories of campaigns."""

    name = "lookups.campaign_categories"

    @helper
    def list(
        self,
        *,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All categories of campaigns.

        Returns:
            A frame with the columns of `stcrm.schemas.CampaignCategories`; times are in UTC.

        Operation: CampaignCategories_GetList

        >>> crm.lookups.campaign_categories.list()["id"].is_unique
        True
        """
        return self._list("list", locals())


class BusinessUnits(Resource):
    """Business units, inactive ones too."""

    name = "lookups.business_units"

    @helper
    def list(
        self,
        *,
        ids: Ids | None = None,
        name: str | None = None,
        active: bool | None = None,
        external_data_application_guid: str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All business units, inactive ones too.

        Returns:
            A frame with the columns of `stcrm.schemas.BusinessUnits`; times are in UTC.

        Operation: BusinessUnits_GetList

        >>> crm.lookups.business_units.list()["id"].is_unique
        True
        """
        return self._list("list", locals())


class TagTypes(Resource):
    """Kinds of tags, inactive ones too."""

    name = "lookups.tag_types"

    @helper
    def list(
        self,
        *,
        active: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All kinds of tags, inactive ones too.

        Returns:
            A frame with the columns of `stcrm.schemas.TagTypes`; times are in UTC.

        Operation: TagTypes_GetList

        >>> crm.lookups.tag_types.list()["id"].is_unique
        True
        """
        return self._list("list", locals())


class Employees(Resource):
    """Office staff, departed ones too; `user_id` is what `created_by_id` refers to."""

    name = "lookups.employees"

    @helper
    def list(
        self,
        *,
        ids: Ids | None = None,
        user_ids: Ids | None = None,
        name: str | None = None,
        email: str | None = None,
        active: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All office staff, departed ones too; `user_id` is what `created_by_id` refers to.

        Returns:
            A frame with the columns of `stcrm.schemas.Employees`; times are in UTC.

        Operation: Employees_GetList

        >>> crm.lookups.employees.list()["id"].is_unique
        True
        """
        return self._list("list", locals())


class Technicians(Resource):
    """Technicians, departed ones too; `user_id` is what `created_by_id` refers to."""

    name = "lookups.technicians"

    @helper
    def list(
        self,
        *,
        ids: Ids | None = None,
        user_ids: Ids | None = None,
        name: str | None = None,
        active: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All technicians, departed ones too; `user_id` is what `created_by_id` refers to.

        Returns:
            A frame with the columns of `stcrm.schemas.Technicians`; times are in UTC.

        Operation: Technicians_GetList

        >>> crm.lookups.technicians.list()["id"].is_unique
        True
        """
        return self._list("list", locals())


class JobTypes(Resource):
    """Kinds of jobs, inactive ones too."""

    name = "lookups.job_types"

    @helper
    def list(
        self,
        *,
        name: str | None = None,
        min_duration: int | None = None,
        max_duration: int | None = None,
        priority: str | None = None,
        ids: Ids | None = None,
        active: bool | None = None,
        external_data_application_guid: str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All kinds of jobs, inactive ones too.

        Returns:
            A frame with the columns of `stcrm.schemas.JobTypes`; times are in UTC.

        Operation: JobTypes_GetList

        >>> crm.lookups.job_types.list()["id"].is_unique
        True
        """
        return self._list("list", locals())


class Jobs(Resource):
    """Jobs: the work itself."""

    name = "lookups.jobs"

    @helper
    def list(
        self,
        *,
        ids: Ids | None = None,
        number: str | None = None,
        project_id: int | None = None,
        booking_id: int | None = None,
        job_status: Literal["Scheduled", "Dispatched", "InProgress", "Hold", "Completed", "Canceled"] | None = None,
        appointment_status: Literal["Scheduled", "Dispatched", "Working", "Hold", "Done", "Canceled"] | None = None,
        priority: str | None = None,
        first_appointment_starts_on_or_after: When | None = None,
        first_appointment_starts_before: When | None = None,
        appointment_starts_on_or_after: When | None = None,
        appointment_starts_before: When | None = None,
        technician_id: int | None = None,
        customer_id: int | None = None,
        location_id: int | None = None,
        sold_by_id: int | None = None,
        job_type_id: int | None = None,
        campaign_id: int | None = None,
        business_unit_id: int | None = None,
        invoice_id: int | None = None,
        created_from_estimate_id: int | None = None,
        estimate_ids: Ids | None = None,
        completed_on_or_after: When | None = None,
        completed_before: When | None = None,
        tag_type_ids: Ids | None = None,
        equipment_ids: Ids | None = None,
        has_unused_appointments: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        external_data_application_guid: str | None = None,
        external_data_key: str | None = None,
        external_data_values: str | Sequence[str] | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All jobs: the work itself.

        Returns:
            A frame with the columns of `stcrm.schemas.Jobs`; times are in UTC.

        Operation: Jobs_GetList

        >>> crm.lookups.jobs.list()["id"].is_unique
        True
        """
        return self._list("list", locals())


class CallReasons(Resource):
    """Reasons of calls, inactive ones too; those with `is_lead` false are no leads."""

    name = "lookups.call_reasons"

    @helper
    def list(
        self,
        *,
        active: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All reasons of calls, inactive ones too; those with `is_lead` false are no leads.

        Returns:
            A frame with the columns of `stcrm.schemas.CallReasons`; times are in UTC.

        Operation: CallReasons_Get

        >>> crm.lookups.call_reasons.list()["is_lead"].dtype
        BooleanDtype
        """
        return self._list("list", locals())


class Lookups:
    """All look-ups of a connection."""

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

    def __repr__(self) -> str:
        return f"lookups: {', '.join(vars(self))}"
