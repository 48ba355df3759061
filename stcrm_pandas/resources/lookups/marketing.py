"""Campaigns and their categories, from the API's marketing module."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.resources.base.resource import Ids, MaxAge, Resource, When, operation


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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
