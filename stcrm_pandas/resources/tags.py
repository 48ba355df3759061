"""Methods for adding and removing tags in bulk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.errors import ServiceError, StcrmWarning, notify
from stcrm_pandas.http.query import split_ids
from stcrm_pandas.resources.resource import Ids, IdsOrNames, WritableResource, checked

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan


CUSTOMERS_PER_REQUEST = 1_000


class Tags(WritableResource):
    """Bulk tags: methods that add or remove tags of many customers, 1,000 customers per request."""

    name = "tags"

    @checked
    def add(self, *, customer_ids: Iterable[int], tag_type_ids: Iterable[int]) -> pd.DataFrame:
        """Add tags to many customers, 1,000 per request. Other tags do not change.

        Parameters
        ----------
        customer_ids : iterable of int
            The ids of any number of customers.
        tag_type_ids : iterable of int
            The ids of the tag types to add.

        Returns
        -------
        DataFrame
            One row per request: `customer_ids` (a tuple), `ok` (whether the request succeeded) and `error` (missing if
            it did). If a request fails, the others are still sent, and a warning is issued.

        Raises
        ------
        ServiceError
            All requests failed.

        Notes
        -----
        Operation: BulkTags_AddTags

        Examples
        --------
        >>> ids = crm.customers.list(active=True)["id"].head(3)
        >>> tag = crm.lookups.tag_types.list()["id"].iloc[0]
        >>> crm.tags.add(customer_ids=ids, tag_type_ids=[tag])["ok"].tolist()
        [True]
        """
        return self._in_parts("add", customer_ids, tag_type_ids)

    @checked
    def remove(self, *, customer_ids: Iterable[int], tag_type_ids: Iterable[int]) -> pd.DataFrame:
        """Remove tags from many customers, 1,000 per request. Other tags do not change.

        Parameters
        ----------
        customer_ids : iterable of int
            The ids of any number of customers.
        tag_type_ids : iterable of int
            The ids of the tag types to remove.

        Returns
        -------
        DataFrame
            One row per request, with the columns `customer_ids`, `ok` and `error`, as in `add`.

        Raises
        ------
        ServiceError
            All requests failed.

        Notes
        -----
        Operation: BulkTags_RemoveTags

        Examples
        --------
        >>> ids = crm.customers.list(active=True)["id"].head(3)
        >>> tag = crm.lookups.tag_types.list()["id"].iloc[0]
        >>> crm.tags.remove(customer_ids=ids, tag_type_ids=[tag])["ok"].tolist()
        [True]
        """
        return self._in_parts("remove", customer_ids, tag_type_ids)

    @checked
    def plan(
        self,
        customers: pd.DataFrame | Ids,
        *,
        add: IdsOrNames | None = None,
        remove: IdsOrNames | None = None,
        reason: str | None = None,
    ) -> Plan:
        """Plan adding tags to many customers and removing tags from them, 1,000 per request.

        Parameters
        ----------
        customers : DataFrame or int, sequence of int or Series
            A frame of customers, or their ids. In a frame, customers that already have the tag (or lack the one to
            remove) are left out, and merged and inactive ones are refused.
        add : int, str, sequence of int or str or Series, optional
            The tag types to add, by id or by name as spelled in ServiceTitan. Names are looked up with a read of all
            tag types.
        remove : int, str, sequence of int or str or Series, optional
            The tag types to remove, by id or by name as spelled in ServiceTitan. Names are looked up with a read of all
            tag types.
        reason : str, optional
            Why the change is made. It is stored in the journal.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            No tag is given, a tag is in both lists, a name belongs to no tag type or to several, or the customers come
            from another tenant.

        Examples
        --------
        >>> len(crm.tags.plan(crm.customers.list(active=True), add="VIP").requests)
        1
        """
        from stcrm_pandas.edits import plans

        return plans.tags(self._port, customers, add, remove, reason=reason)

    def _in_parts(self, method: str, customer_ids: Any, tag_type_ids: Any) -> pd.DataFrame:
        operation = self._operation(method)
        self._writer.allow(operation)
        # Everything is checked before the first request is sent.
        body = self._writer.body(operation, {"customer_ids": customer_ids, "tag_type_ids": tag_type_ids})
        assert body is not None
        parts = split_ids(body["customerIds"], CUSTOMERS_PER_REQUEST)
        failures: list[ServiceError | None] = []
        for part in parts:
            try:
                self._writer.write(operation, {"customer_ids": part, "tag_type_ids": body["tagTypeIds"]})
                failures.append(None)
            except ServiceError as error:
                failures.append(error)
        failed = [error for error in failures if error is not None]
        if len(failed) == len(parts):
            raise failed[0]
        if failed:
            notify(
                f"{operation.name}: {len(failed)} of {len(parts)} requests failed. The column `error` has the reasons.",
                StcrmWarning,
            )
        return pd.DataFrame(
            {
                "customer_ids": pd.Series([tuple(part) for part in parts], dtype=object),
                "ok": pd.Series([error is None for error in failures], dtype="boolean"),
                "error": pd.Series([None if error is None else str(error) for error in failures], dtype="str"),
            }
        )
