"""Reference data from other modules of the API: names for ids. It is read-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from stcrm_pandas.reads.reading import Reader
from stcrm_pandas.resources.resource import Ids, MaxAge, Resource, When, no_attribute, operation


class Campaigns(Resource):
    """Marketing campaigns, including inactive ones."""

    name = "lookups.campaigns"

    @operation
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
        """Return all marketing campaigns, including inactive ones.

        Parameters
        ----------
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        campaign_phone_number : str, optional
            Only the campaign with this phone number.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per campaign, with the columns of `stcrm.schemas.Campaigns`. Times are in UTC.

        Notes
        -----
        Operation: Campaigns_GetList

        Examples
        --------
        >>> crm.lookups.campaigns.list()["id"].is_unique
        True
        """


class CampaignCategories(Resource):
    """Campaign categories."""

    name = "lookups.campaign_categories"

    @operation
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
        """Return all campaign categories.

        Parameters
        ----------
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per category, with the columns of `stcrm.schemas.CampaignCategories`. Times are in UTC.

        Notes
        -----
        Operation: CampaignCategories_GetList

        Examples
        --------
        >>> crm.lookups.campaign_categories.list()["id"].is_unique
        True
        """


class JobTypes(Resource):
    """Job types, including inactive ones."""

    name = "lookups.job_types"

    @operation
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
        """Return all job types, including inactive ones.

        Parameters
        ----------
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        min_duration : int, optional
            Only job types with at least this duration, in seconds.
        max_duration : int, optional
            Only job types with at most this duration, in seconds.
        priority : str, optional
            Only rows with this priority.
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        external_data_application_guid : str, optional
            The GUID of the application whose data is returned in `external_data`.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per job type, with the columns of `stcrm.schemas.JobTypes`. Times are in UTC.

        Notes
        -----
        Operation: JobTypes_GetList

        Examples
        --------
        >>> crm.lookups.job_types.list()["id"].is_unique
        True
        """


class Jobs(Resource):
    """Jobs: work that is scheduled, in progress or done."""

    name = "lookups.jobs"

    @operation
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
        names: bool = False,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the jobs that match the filters.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        number : str, optional
            Only the job with this number.
        project_id : int, optional
            Only jobs of this project.
        booking_id : int, optional
            Only rows created from this booking.
        job_status : {"Scheduled", "Dispatched", "InProgress", "Hold", "Completed", "Canceled"}, optional
            Only jobs with this status.
        appointment_status : {"Scheduled", "Dispatched", "Working", "Hold", "Done", "Canceled"}, optional
            Only jobs with an appointment of this status.
        priority : str, optional
            Only rows with this priority.
        first_appointment_starts_on_or_after : str, date or Timestamp, optional
            Only jobs whose first appointment starts at or after this time. The default time zone is the tenant's.
        first_appointment_starts_before : str, date or Timestamp, optional
            Only jobs whose first appointment starts before this time. The default time zone is the tenant's.
        appointment_starts_on_or_after : str, date or Timestamp, optional
            Only jobs with an appointment that starts at or after this time. The default time zone is the tenant's.
        appointment_starts_before : str, date or Timestamp, optional
            Only jobs with an appointment that starts before this time. The default time zone is the tenant's.
        technician_id : int, optional
            Only jobs to which this technician is assigned.
        customer_id : int, optional
            Only rows of this customer.
        location_id : int, optional
            Only rows of this location.
        sold_by_id : int, optional
            Only jobs sold by this technician or employee.
        job_type_id : int, optional
            Only rows of this job type.
        campaign_id : int, optional
            Only rows of this campaign.
        business_unit_id : int, optional
            Only rows of this business unit.
        invoice_id : int, optional
            Only the job with this invoice.
        created_from_estimate_id : int, optional
            Only jobs created from this estimate.
        estimate_ids : int, sequence of int or Series, optional
            Only jobs with one of these estimates.
        completed_on_or_after : str, date or Timestamp, optional
            Only jobs completed at or after this time. The default time zone is the tenant's.
        completed_before : str, date or Timestamp, optional
            Only jobs completed before this time. The default time zone is the tenant's.
        tag_type_ids : int, sequence of int or Series, optional
            Only rows with one of these tags.
        equipment_ids : int, sequence of int or Series, optional
            Only jobs with one of these pieces of equipment.
        has_unused_appointments : bool, optional
            True returns only jobs with an appointment that no technician was sent to.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        external_data_application_guid : str, optional
            The GUID of the application whose data is returned in `external_data`.
        external_data_key : str, optional
            Only rows with this key in an application's data. Requires `external_data_values`.
        external_data_values : str or sequence of str, optional
            Only rows in which `external_data_key` has one of these values, at most 50.
        names : bool, default False
            True adds names for ids, customers' phone numbers and addresses, and local times, as `crm.named` does.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per job, with the columns of `stcrm.schemas.Jobs`. Times are in UTC.

        Notes
        -----
        Operation: Jobs_GetList

        Examples
        --------
        >>> crm.lookups.jobs.list()["id"].is_unique
        True
        """


class CallReasons(Resource):
    """Call reasons, including inactive ones. Calls with a reason whose `is_lead` is false are not leads."""

    name = "lookups.call_reasons"

    @operation
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
        """Return all call reasons, including inactive ones.

        Calls with a reason whose `is_lead` is false are not leads.

        Parameters
        ----------
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per call reason, with the columns of `stcrm.schemas.CallReasons`. Times are in UTC.

        Notes
        -----
        Operation: CallReasons_Get

        Examples
        --------
        >>> crm.lookups.call_reasons.list()["is_lead"].dtype
        BooleanDtype
        """


class BusinessUnits(Resource):
    """Business units, including inactive ones."""

    name = "lookups.business_units"

    @operation
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
        """Return all business units, including inactive ones.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        external_data_application_guid : str, optional
            The GUID of the application whose data is returned in `external_data`.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per business unit, with the columns of `stcrm.schemas.BusinessUnits`. Times are in UTC.

        Notes
        -----
        Operation: BusinessUnits_GetList

        Examples
        --------
        >>> crm.lookups.business_units.list()["id"].is_unique
        True
        """


class TagTypes(Resource):
    """Tag types, including inactive ones."""

    name = "lookups.tag_types"

    @operation
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
        """Return all tag types, including inactive ones.

        Parameters
        ----------
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per tag type, with the columns of `stcrm.schemas.TagTypes`. Times are in UTC.

        Notes
        -----
        Operation: TagTypes_GetList

        Examples
        --------
        >>> crm.lookups.tag_types.list()["id"].is_unique
        True
        """


class Employees(Resource):
    """Office employees, including inactive ones. `created_by_id` of other rows refers to `user_id`."""

    name = "lookups.employees"

    @operation
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
        """Return all office employees, including inactive ones; `created_by_id` of other rows refers to `user_id`.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        user_ids : int, sequence of int or Series, optional
            Only rows with these user ids, which are the ids in `created_by_id` of other rows.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        email : str, optional
            Only rows with this e-mail address.
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per employee, with the columns of `stcrm.schemas.Employees`. Times are in UTC.

        Notes
        -----
        Operation: Employees_GetList

        Examples
        --------
        >>> crm.lookups.employees.list()["id"].is_unique
        True
        """


class Technicians(Resource):
    """Technicians, including inactive ones. `created_by_id` of other rows refers to `user_id`."""

    name = "lookups.technicians"

    @operation
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
        """Return all technicians, including inactive ones; `created_by_id` of other rows refers to `user_id`.

        Parameters
        ----------
        ids : int, sequence of int or Series, optional
            Only rows with these ids. Unknown ids are ignored.
        user_ids : int, sequence of int or Series, optional
            Only rows with these user ids, which are the ids in `created_by_id` of other rows.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        active : bool, optional
            True returns only active rows, and False returns only inactive rows. By default, both are returned.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per technician, with the columns of `stcrm.schemas.Technicians`. Times are in UTC.

        Notes
        -----
        Operation: Technicians_GetList

        Examples
        --------
        >>> crm.lookups.technicians.list()["id"].is_unique
        True
        """


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
