"""Provenance: where the rows of a frame come from, which parents are left out of it, and `origin`. Pure."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract.operations import IDS_PER_REQUEST, Operation
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.errors import IncompleteReadWarning, MissingParentsWarning, StcrmWarning, UsageError
from stcrm_pandas.frame import Assembled
from stcrm_pandas.reads.fetching import FetchedRead, Part
from stcrm_pandas.settings.connection import Settings

_SHOWN = 5


def origin(frame: pd.DataFrame | pd.Series) -> dict[str, Any]:
    """Return where a frame comes from: resource, environment, tenant, filters, time of the read, and so on.

    The result is a copy of `frame.attrs["stcrm"]`. pandas keeps `attrs` in selections, copies and most other steps, and
    drops it in a merge with another frame, in `concat` of different reads, and in most aggregations.

    Parameters
    ----------
    frame : DataFrame or Series
        A frame that a method returned, a frame derived from one, or a column of either.

    Returns
    -------
    dict
        `resource`, `operation`, `environment`, `tenant`, `filters`, `fetched_at`, `rows` (the number in the read, not
        in the frame), `complete`, `time_zone` and so on.

    Raises
    ------
    UsageError
        pandas dropped the information, or the frame does not come from a method. The message explains what to do.

    Examples
    --------
    >>> leads = crm.leads.list(status="Open")
    >>> origin(leads.head(3))["filters"]
    {'status': 'Open'}
    >>> origin(leads.merge(crm.customers.list(), left_on="customer_id", right_on="id"))
    Traceback (most recent call last):
    stcrm_pandas.errors.UsageError: pandas has not kept where this frame comes from...
    """
    about = getattr(frame, "attrs", {}).get("stcrm")
    if isinstance(about, dict):
        return copy.deepcopy(about)
    if not isinstance(frame, pd.DataFrame | pd.Series):
        raise UsageError(f"origin takes a DataFrame, not {type(frame).__name__}. That of a feed is feed.frame.")
    raise UsageError(
        "pandas has not kept where this frame comes from: it drops that in a merge with another frame, in concat of "
        "different reads, and in most aggregations. Call stcrm.origin before, or keep it yourself: "
        "merged.attrs = leads.attrs."
    )


@dataclass(frozen=True)
class LeftOut:
    """Parents that do not exist (404), and parents whose rows are withheld (409), as columns and values."""

    missing: list[dict[str, object]] = field(default_factory=list)
    withheld: list[dict[str, object]] = field(default_factory=list)

    @classmethod
    def of(cls, parts: Sequence[Part], counts: Sequence[int], missing: Sequence[Mapping[str, object]] = ()) -> LeftOut:
        """Return the parents without rows, from the counts of pages: a negative count is the HTTP status.

        Parameters
        ----------
        parts : sequence of Part
            The parts of the read.
        counts : sequence of int
            The number of pages of each part.
        missing : Sequence[Mapping[str, object]], default ()
            Other parents that do not exist.
        """
        by_status: dict[int, list[dict[str, object]]] = {-404: [dict(parent) for parent in missing], -409: []}
        for part, count in zip(parts, counts, strict=False):
            if count < 0:
                columns = part.parents or {snake(name): value for name, value in part.path.items()}
                if columns not in by_status[count]:
                    by_status[count].append(dict(columns))
        return cls(by_status[-404], by_status[-409])

    def warnings(self) -> Iterator[tuple[str, type[StcrmWarning]]]:
        """Yield each warning with its category."""
        if self.missing:
            yield (
                f"nothing exists below {_describe_parents(self.missing)} (404). The others are there; "
                "attrs['stcrm']['missing_parents'] has all that are missing.",
                MissingParentsWarning,
            )
        if self.withheld:
            yield (
                f"the service withholds the rows of {_describe_parents(self.withheld)} (409: inactive). The others "
                "are there; attrs['stcrm']['withheld_parents'] has all that are withheld, and complete is False.",
                IncompleteReadWarning,
            )


def provenance(
    settings: Settings, operation: Operation, assembled: Assembled, fetched_at: dt.datetime | None
) -> dict[str, Any]:
    """Return what `attrs` has for the rows of one response."""
    drifted: dict[str, int] = {}
    for drift in assembled.drift:
        drifted[drift.column] = drifted.get(drift.column, 0) + drift.count
    return {
        "resource": operation.resource,
        "operation": operation.id,
        "environment": settings.name,
        "tenant": settings.tenant,
        "filters": {},
        "fetched_at": _utc(fetched_at),
        "pages": 1,
        "pages_from_cache": 0,
        "rows": len(assembled.frame),
        "repeats": assembled.repeats,
        "complete": True,
        "drift": sum(drifted.values()),
        "drifted": drifted,
        "time_zone": settings.time_zone,
    }


def provenance_of_read(
    fetched: FetchedRead, filters: Mapping[str, Any], left_out: LeftOut, *, complete: bool
) -> dict[str, Any]:
    """Return what `attrs` has for a read, besides the `provenance` of its rows."""
    return {
        "filters": {name: _plain(value) for name, value in filters.items() if value is not None},
        "stored_at": _utc(fetched.stored_at),
        "pages": sum(fetched.counts),
        "pages_from_cache": fetched.from_cache,
        "complete": complete and not left_out.withheld,
        "missing_parents": left_out.missing,
        "withheld_parents": left_out.withheld,
    }


def _describe_parents(parents: Sequence[Mapping[str, object]]) -> str:
    described = (", ".join(f"{name} {value}" for name, value in parent.items()) for parent in parents[:_SHOWN])
    return "; ".join(described) + (f" and {len(parents) - _SHOWN} more" if len(parents) > _SHOWN else "")


def _plain(value: Any) -> Any:
    """Return a filter's value as JSON, so that a frame can be saved with its `attrs`."""
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Iterable):
        values = [_plain(item) for item in value]
        return values if len(values) <= IDS_PER_REQUEST else [*values[:3], f"… {len(values)} in all"]
    return str(value)


def _utc(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if moment else None
