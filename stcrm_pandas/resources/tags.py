"""Helpers for bulk tags: many tags on many customers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.errors import ServiceError, StcrmWarning, notify
from stcrm_pandas.http.query import split_ids
from stcrm_pandas.resources.base.resource import Ids, WritableResource, checked

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan

CUSTOMERS_PER_CALL = 1_000


class Tags(WritableResource):
    """Bulk tags: tags added to many customers, or taken from them, 1,000 customers a call."""

    name = "tags"

    @checked
    def add(self, *, customer_ids: Iterable[int], tag_type_ids: Iterable[int]) -> pd.DataFrame:
        """Add tags to many customers, 1,000 of them a call; other tags stay.

        Parameters
        ----------
        customer_ids : iterable of int
            The customers, at most as many as one request takes.
        tag_type_ids : iterable of int
            The tags to add.

        Returns
        -------
        DataFrame
            What became of each call: a frame with `customer_ids` (a tuple), `ok`, and `error` where it failed. A call
            that fails does not keep the others back; where calls failed, a warning says so.

        Raises
        ------
        ServiceError
            Not one call succeeded.

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
        """Take tags from many customers, 1,000 of them a call; other tags stay.

        Parameters
        ----------
        customer_ids : iterable of int
            The customers, at most as many as one request takes.
        tag_type_ids : iterable of int
            The tags to remove.

        Returns
        -------
        DataFrame
            What became of each call, as `add` tells it.

        Raises
        ------
        ServiceError
            Not one call succeeded.

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
        add: Ids | None = None,
        remove: Ids | None = None,
        reason: str | None = None,
    ) -> Plan:
        """The plan that adds tags to many customers and takes others away, 1,000 of them a call.

        Parameters
        ----------
        customers : DataFrame or int, sequence of int or Series
            A frame of customers, or their ids. Of a frame, those that have a tag already (or lack it) are left out, and
            merged and inactive ones are refused.
        add : int, sequence of int or Series, optional
            Tag types.
        remove : int, sequence of int or Series, optional
            Tag types.
        reason : str, optional
            Why the change is made. The journal keeps it.

        Raises
        ------
        UsageError
            No tag, the same tag in both, or customers of another tenant.

        Examples
        --------
        >>> tag = crm.lookups.tag_types.list()["id"].iloc[0]
        >>> len(crm.tags.plan(crm.customers.list(active=True), add=tag).requests)
        1
        """
        from stcrm_pandas.edits import planning

        return planning.tags(self._port, customers, add, remove, reason=reason)

    def _in_parts(self, method: str, customer_ids: Any, tag_type_ids: Any) -> pd.DataFrame:
        operation = self._operation(method)
        self._writer.allow(operation)
        # The whole is checked first: a fault in the last part must not be found after the first was sent.
        body = self._writer.body(operation, {"customer_ids": customer_ids, "tag_type_ids": tag_type_ids})
        assert body is not None
        parts = split_ids(body["customerIds"], CUSTOMERS_PER_CALL)
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
                f"{operation.name}: {len(failed)} of {len(parts)} calls failed; `error` of the frame says why.",
                StcrmWarning,
            )
        return pd.DataFrame(
            {
                "customer_ids": pd.Series([tuple(part) for part in parts], dtype=object),
                "ok": pd.Series([error is None for error in failures], dtype="boolean"),
                "error": pd.Series([None if error is None else str(error) for error in failures], dtype="str"),
            }
        )
