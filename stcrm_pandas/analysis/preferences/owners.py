"""The owners of contacts in one format: customers, locations, and the contacts of the newer store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, keys, lazy
from stcrm_pandas.analysis.preferences.reach import INVALID, NONE
from stcrm_pandas.analysis.preferences.records import ADDRESS, flag
from stcrm_pandas.errors import UsageError

__all__ = ["Owners", "age_in_years", "customers_of", "locations_of", "newer_contacts_of"]

_ZIP = r"\d{5}(?:-?\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d"
"""ZIP and postal codes of the United States and Canada."""


@dataclass(frozen=True, repr=False)
class Owners:
    """The active owners, one row each (the denominator of every share), the others, and how many were merged.

    `frame` and `others` (inactive or archived) have `tenant`, `id`, `name`, the flags `active`, `archived`,
    `do_not_service` and `do_not_mail` (1, 0, -1 for unknown) and `post` (0, or why no post arrives); customers `type`,
    `created_on` (microseconds since 1970), `created_on_local` and, where asked for, `tag_type_ids`.
    """

    frame: pd.DataFrame
    others: pd.DataFrame
    rows: int
    merged: int
    statuses: pd.DataFrame
    """`active`, `merged`, `rows`: all rows counted before anything was left out."""

    @property
    def unmerged(self) -> pd.DataFrame:
        """The active ones, in their order, and after them the others."""
        return pd.concat([self.frame, self.others], ignore_index=True)


def customers_of(frame: Any, *, tags: bool, time_zone: str | None) -> Owners:
    """Return the customers that are not merged into others, active and inactive ones apart.

    Parameters
    ----------
    frame : object
        With the columns of `stcrm.schemas.Customers`, of any engine.
    tags : bool
        Take their tags, too.
    time_zone : str or None
        The zone of `created_on_local`.

    Raises
    ------
    UsageError
        A column is missing, or a customer appears twice.
    """
    return _owners(
        frame,
        "customers",
        ["type", "do_not_mail", "do_not_service", *(["tag_type_ids"] if tags else [])],
        lambda table: {name: flag(table[name]) for name in ("do_not_mail", "do_not_service")},
        time_zone,
    )


def locations_of(frame: Any, customers: Owners) -> Owners:
    """Return the locations that are not merged; do not mail and do not service are those of their customers.

    A location is inactive if it or its customer is.

    Raises
    ------
    UsageError
        As `customers_of`.
    """
    listed = customers.unmerged
    known = pd.MultiIndex.from_frame(listed[[TENANT, "id"]])

    def of_customer(table: pd.DataFrame) -> dict[str, Any]:
        tenant = table[TENANT] if TENANT in table else pd.Series(0, index=table.index, dtype="Int64")
        place = known.get_indexer(pd.MultiIndex.from_arrays([tenant, table["customer_id"]]))
        columns: dict[str, Any] = {}
        for name in ("do_not_mail", "do_not_service", "active"):
            flags = np.append(listed[name].to_numpy(), np.int8(-1))[place]
            # Only customers known to be inactive count; otherwise the location's own flag does.
            columns[name] = np.where(flags == 0, 0, flag(table["active"])) if name == "active" else flags
        return columns

    return _owners(frame, "locations", ["customer_id"], of_customer, None)


def newer_contacts_of(contacts: Any, records: pd.DataFrame) -> Owners:
    """Return the contacts that have a method in the newer store, or are in the frame of contacts.

    Parameters
    ----------
    contacts : object
        With the columns of `stcrm.schemas.Contacts`; None: none counts as archived.
    records : DataFrame
        What `newer_records` gave.
    """
    ids = {"id": "str", "name": "str", "is_archived": "boolean"}
    if contacts is None:
        table = records[[TENANT, "owner"]].drop_duplicates().rename(columns={"owner": "id"}).reset_index(drop=True)
        table["name"] = pd.array([None] * len(table), dtype="str")
        archived = np.zeros(len(table), dtype=np.int8)
    else:
        table = _tenanted(collected(lazy(contacts, "newer_contacts", [*ids]), ids))
        archived = flag(table["is_archived"])
    flags = {"active": np.int8(1), "do_not_service": np.int8(0), "do_not_mail": np.int8(0), "post": np.int8(NONE)}
    done = table[[TENANT, "id", "name"]].assign(archived=archived, **flags)
    return _parted(done, len(done), 0, pd.DataFrame())


def _owners(
    frame: Any,
    name: str,
    columns: Sequence[str],
    flags: Callable[[pd.DataFrame], dict[str, Any]],
    time_zone: str | None,
) -> Owners:
    wanted = ["id", "active", "merged_to_id", *ADDRESS, *columns]
    times = ["created_on"] if name == "customers" else []
    rows = lazy(frame, name, wanted, times=times, optional=["name"], local=times, time_zone=time_zone)
    kinds = dict.fromkeys(("id", "merged_to_id", "customer_id", "created_on"), "Int64")
    kinds |= dict.fromkeys((*ADDRESS, "name", "type"), "str")
    kinds |= dict.fromkeys(("active", "do_not_mail", "do_not_service"), "boolean")
    names = rows.collect_schema().names()
    table = _tenanted(collected(rows, {column: kind for column, kind in kinds.items() if column in names}))
    if repeats := int(table.duplicated(keys(rows, "id")).sum()):
        raise UsageError(f"{name}: {repeats} rows repeat an id; keep the latest row of each (drop_duplicates on id)")
    if "name" not in table:
        table["name"] = pd.array([None] * len(table), dtype="str")
    merged = (table["merged_to_id"].fillna(0) != 0).to_numpy(dtype=bool)  # 0 stands for not merged
    statuses = (
        pd.DataFrame({"active": flag(table["active"]), "merged": merged})
        .value_counts()
        .rename("rows")
        .reset_index()
        .sort_values(["merged", "active"], ascending=[True, False], ignore_index=True)
    )
    derived = {"active": flag(table["active"]), "archived": np.int8(0), "post": _post(table), **flags(table)}
    kept = table.assign(**derived).drop(columns=[*ADDRESS, "merged_to_id"])
    return _parted(kept[~merged], len(table), int(merged.sum()), statuses)


def _parted(table: pd.DataFrame, rows: int, merged: int, statuses: pd.DataFrame) -> Owners:
    """Separate owners that are certainly inactive or archived: nobody contacts them, so shares exclude them."""
    gone = ((table["active"] == 0) | (table["archived"] == 1)).to_numpy(dtype=bool)
    parts = (table[~gone].reset_index(drop=True), table[gone].reset_index(drop=True))
    return Owners(*parts, rows, merged, statuses)


def _tenanted(table: pd.DataFrame) -> pd.DataFrame:
    return table if TENANT in table else table.assign(**{TENANT: pd.array([0] * len(table), dtype="Int64")})


def _post(table: pd.DataFrame) -> npt.NDArray[np.int8]:
    """Return whether mail can arrive: the address is complete, and its ZIP code is valid."""
    parts = pd.DataFrame({name: table[name].fillna("").str.strip() for name in ADDRESS})
    there = parts != ""
    good = there.all(axis=1) & parts["address_zip"].str.upper().str.fullmatch(_ZIP)
    none = ~(there["address_street"] | there["address_zip"])
    return np.select([none, ~good], [NONE, INVALID], 0).astype(np.int8)


def age_in_years(created: pd.Series, today: int) -> pd.Series:
    """Return full years between a local time and a local day, like a person's age; missing if the time is.

    Parameters
    ----------
    created : Series
        Local times without a zone.
    today : int
        The local day as 10000 x year + 100 x month + day.

    Examples
    --------
    >>> created = pd.Series(pd.to_datetime(["2024-02-29", "2025-03-01", None]))
    >>> age_in_years(created, 20250228).tolist(), age_in_years(created, 20250301).tolist()
    ([0, -1, <NA>], [1, 0, <NA>])
    """
    day = created.dt.year * 10_000 + created.dt.month * 100 + created.dt.day
    years: pd.Series = ((today - day) // 10_000).astype("Int64")
    return years
