"""Statuses of rows at a moment before they were read, from a status log.

The frame of a log (`mirror.status_log("leads")`) has `id`, `status`, `first_seen` and `last_seen` of each run of one
status, in UTC. `first_seen` is the sync that first read it. At `last_seen` the row certainly had it; since feeds show
changes late, that can be before `first_seen`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.provenance import Moment, attrs_of, known_until, moment, zone
from stcrm_pandas.errors import UsageError

__all__ = ["as_known_at", "known_at", "statuses_at"]

_COLUMNS = ("id", "status", "first_seen", "last_seen")


def statuses_at(status_log: pd.DataFrame, as_of: Moment) -> pd.DataFrame:
    """Return the status of each row at a moment, if known.

    It is known if the log shows the row in the same status before and after, and no other status in between.

    Parameters
    ----------
    status_log : DataFrame
        A log from `mirror.status_log`.
    as_of : str, date or Timestamp
        The moment, with a time zone.

    Returns
    -------
    DataFrame
        `id`, `status`, and `first_seen` of that status, ordered by `id`.

    Raises
    ------
    UsageError
        The log lacks a column, or `as_of` has no zone.

    Examples
    --------
    >>> log = pd.DataFrame({"id": [1, 1], "status": ["Open", "Converted"],
    ...                     "first_seen": pd.to_datetime(["2026-03-02", "2026-03-09"], utc=True),
    ...                     "last_seen": pd.to_datetime(["2026-03-05", "2026-03-20"], utc=True)})
    >>> [statuses_at(log, day)["status"].tolist() for day in ("2026-03-04T00Z", "2026-03-07T00Z", "2026-03-09T00Z")]
    [['Open'], [], ['Converted']]
    """
    at = moment(as_of, None, name="as_of")
    log = _checked(status_log)
    # a feed shows a status late, so a row may have had another one since it was last seen as of then
    begun = log["first_seen"].where(log["first_seen"] < log["last_seen"], log["last_seen"])
    then = log[(begun <= at) & (log["last_seen"] >= at)]
    return then[["id", "status", "first_seen"]].sort_values("id", ignore_index=True)


def as_known_at(frame: pd.DataFrame, as_of: Moment, status_log: pd.DataFrame) -> pd.DataFrame:
    """Return leads or bookings as they were known at a moment before they were read.

    Rows created later are left out, and statuses come from the log. A later change is dated no later than that moment.
    Everything else is as it was read.

    Parameters
    ----------
    frame : DataFrame
        A frame from a read, with `id`, `status`, `created_on` and `modified_on`.
    as_of : str, date or Timestamp
        The moment; without a time zone, it is in the frame's time zone.
    status_log : DataFrame
        The log of the same tenant and resource.

    Returns
    -------
    DataFrame
        A new frame, read at `as_of` by its `attrs`.

    Raises
    ------
    UsageError
        The log does not cover the moment for every row.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2026-03-01", "2026-03-08"], utc=True))
    >>> leads = pd.DataFrame({"id": [1, 2], "status": "Converted", "created_on": times, "modified_on": times[1]})
    >>> log = pd.DataFrame({"id": [1], "status": "Open", "first_seen": times[0], "last_seen": times[1]})
    >>> as_known_at(leads, "2026-03-04T00Z", log)[["id", "status"]].values.tolist()
    [[1, 'Open']]
    """
    at = moment(as_of, zone(frame, None), name="as_of")
    then = frame[~(frame["created_on"] > at)].reset_index(drop=True)
    known = statuses_at(status_log, at).set_index("id")["status"]
    unknown = ~then["id"].isin(known.index)
    if unknown.any():
        raise UsageError(_NOT_COVERED.format(at=at, unknown=int(unknown.sum()), rows=len(then)))
    latest = then["modified_on"].where(~(then["modified_on"] > at), pd.Timestamp(at))
    known_then = then.assign(status=then["id"].map(known).astype(then["status"].dtype), modified_on=latest)
    noted = attrs_of(frame)
    read = at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    known_then.attrs["stcrm"] = {**noted, "fetched_at": read} | ({"rows": len(known_then)} if "rows" in noted else {})
    return known_then


def known_at(
    frame: Any, as_of: Moment | None, local: dt.tzinfo | None, status_log: Any = None
) -> tuple[Any, dt.datetime]:
    """Return a frame and the moment up to which it is known: as it was read, or as it was at an earlier `as_of`.

    Parameters
    ----------
    frame : object
        Leads or bookings; of pandas, where the log is needed.
    as_of : str, date or Timestamp or None
        The requested moment; None is the time of the read.
    local : dt.tzinfo or None
        The zone of a moment without one.
    status_log : object, optional
        What makes an `as_of` before the read possible.

    Raises
    ------
    UsageError
        As `provenance.known_until`; or the log does not cover an earlier moment.

    Examples
    --------
    >>> known_at(pd.DataFrame(), "2026-03-01T00:00Z", None)[1].isoformat()
    '2026-03-01T00:00:00+00:00'
    """
    noted = attrs_of(frame).get("fetched_at")
    if as_of is None or noted is None or status_log is None:
        return frame, known_until(frame, as_of, local)
    asked = moment(as_of, local, name="as_of")
    if asked >= moment(noted, dt.UTC, name="fetched_at"):
        return frame, known_until(frame, as_of, local)
    return as_known_at(frame, asked, status_log), asked


_NOT_COVERED = (
    "as_of {at:%Y-%m-%d %H:%M %Z} is before the read, and the status log lacks the status of {unknown:,} of {rows:,} "
    "rows then. Give a moment since the first sync of the mirror, or leave as_of out."
)


def _checked(status_log: Any) -> pd.DataFrame:
    missing = [name for name in _COLUMNS if name not in status_log]
    if missing:
        raise UsageError(f"status_log: the DataFrame has no columns {', '.join(missing)}")
    return pd.DataFrame(status_log)
