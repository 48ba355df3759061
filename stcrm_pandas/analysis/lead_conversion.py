"""How many leads become work within 30 days: by campaign, by business unit, by month.

Leads are inquiries that were *not* booked at first contact, so this is a rescue rate. A lead has no date of its
conversion: it is known where a job names the lead's call or booking, and otherwise only bounded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis import sentences
from stcrm_pandas.analysis.comparison import compare
from stcrm_pandas.analysis.display import Definitions, Sentences, conversion_table
from stcrm_pandas.analysis.lead_counts import COUNTS, NO_MONTH, count_leads
from stcrm_pandas.analysis.names import NONE, named
from stcrm_pandas.analysis.provenance import (
    Moment,
    attrs_of,
    bounds_of_creation,
    known_until,
    refuse_selections,
    zone,
)
from stcrm_pandas.analysis.statistics import wilson
from stcrm_pandas.errors import UsageError

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["By", "LeadConversion", "lead_conversion"]

By = Literal["campaign", "business_unit", "month"]

_KEYS: dict[By | None, str | None] = {
    "campaign": "campaign_id",
    "business_unit": "business_unit_id",
    "month": None,
    None: None,
}


@dataclass(frozen=True, repr=False)
class LeadConversion:
    """What `lead_conversion` found.

    `table` has a row per group, `overall` one row of all of them together, `months` a row per local month of creation
    (None without a time zone). Their columns:

    - `id`, `name`: of the group; `id` is missing for leads that have none
    - `leads`; `mature`, those of them that are old enough to be measured
    - `open`, `dismissed`, `converted`, `unknown_status`: how the leads stand; these four add up to `leads`
    - `exact`, `bounded`: how the dates of `converted` are known
    - `within_lower`, `within_upper`: of `mature`, surely and possibly converted within the window
    - `share_lower`, `share_upper`: the same as shares of `mature`, from 0 to 1; missing where that is 0
    - `interval_low`, `interval_high`: 95 % Wilson limits, the lower one of `share_lower`, the upper of `share_upper`
    - `enough`: `mature` reaches `min_group`
    - `whole` (months only): the month was read from its first to its last moment, and all of it is old enough

    `comparisons` holds each group against all others together (see `analysis.comparison.compare`); `left_out` counts
    the leads that were not analysed, by reason.
    """

    table: pd.DataFrame
    overall: pd.DataFrame
    months: pd.DataFrame | None
    comparisons: pd.DataFrame
    left_out: Mapping[str, int]
    by: By | None
    as_of: dt.datetime
    time_zone: str | None
    window_days: int
    min_group: int
    dated_by_jobs: bool
    call_reasons_known: bool
    complete: bool
    linked_not_converted: int
    undated: int

    @property
    def definitions(self) -> Definitions:
        """What each number means, by its name."""
        return Definitions(sentences.definitions(self))

    def summary(self) -> Sentences:
        """What the numbers say, in plain sentences; that they are too few, where they are."""
        return Sentences(sentences.summary(self))

    def figure(self, kind: Literal["rates", "months"] = "rates") -> Figure:
        """A plotly figure.

        `rates` shows the groups with their bounds and intervals, `months` the months of creation.

        Raises: UsageError for `months` where no time zone was known, and for another kind.
        """
        from stcrm_pandas.charts.lead_conversion import conversion_months, conversion_rates

        if kind == "rates":
            return conversion_rates(self)
        if kind == "months":
            if self.months is None:
                raise UsageError("months need a time zone: lead_conversion(..., time_zone='America/Chicago')")
            return conversion_months(self)
        raise UsageError(f"no figure {kind!r}: there are 'rates' and 'months'")

    def __repr__(self) -> str:
        return f"<LeadConversion by {self.by or 'nothing'}: {len(self.table)} rows, as of {self.as_of:%Y-%m-%d}>"

    def _repr_html_(self) -> str:
        return conversion_table(self)


def lead_conversion(
    leads: Any,
    *,
    jobs: Any = None,
    bookings: Any = None,
    call_reasons: pd.DataFrame | None = None,
    by: By | None = None,
    names: Mapping[int, str] | pd.DataFrame | None = None,
    as_of: Moment | None = None,
    time_zone: str | None = None,
    window_days: int = 30,
    min_group: int = 30,
) -> LeadConversion:
    """Of leads at least 30 days old, the share that was converted within 30 days.

    A conversion is dated exactly by the first job that names the lead's call (`lead_call_id`), its booking
    (`booking_id`), or that the booking names (`job_id`), if that job is not older than the lead. Any other conversion
    happened between creation and the latest change of its lead: it is counted as within the window if all of that
    span is, and otherwise as possibly within. So the share has a lower and an upper bound. A status that the contract
    does not know counts as possibly converted.

    Parameters
    ----------
    leads, jobs, bookings
        Frames with the columns of their schemas (times in UTC), whole: of all leads created in a period. Without jobs
        every conversion is only bounded.
    call_reasons
        Leads whose call reason has `is_lead` false are left out; those whose reason is unknown are kept.
    by
        "campaign", "business_unit", "month" (local month of creation), or None for all together.
    names
        Names of the groups: a mapping from id, or a frame with `id`, `name`, `active`.
    as_of
        Until when the leads are known; by default when they were read (`leads.attrs["stcrm"]`). A later moment is of
        no use, since what became of the leads since they were read is not known: then the moment of reading is taken.
    time_zone
        The company's zone, for months and naive times; by default the one noted on the frame.
    window_days, min_group
        How long after its creation a conversion counts, in days of 24 hours; how many leads make a group large enough.

    Raises
    ------
    UsageError
        For a missing column, time zone or `as_of`, an id that stands twice, leads read by modification or status.

    Examples
    --------
    >>> moments = pd.Series(pd.to_datetime(["2026-01-05", "2026-01-06"], utc=True))
    >>> leads = pd.DataFrame({"id": [1, 2], "status": ["Converted", "Open"], "created_on": moments,
    ...                       "modified_on": moments, "campaign_id": 7, "call_reason_id": pd.NA, "call_id": pd.NA,
    ...                       "booking_id": pd.NA})
    >>> found = lead_conversion(leads, by="campaign", names={7: "Radio"}, as_of="2026-03-01T00:00Z")
    >>> found.table[["name", "mature", "within_lower", "within_upper"]].values.tolist()
    [['Radio', 2, 1, 1]]
    """
    if by not in _KEYS:
        raise UsageError(f"by={by!r}: there are 'campaign', 'business_unit', 'month' and None")
    if window_days < 1 or min_group < 1:
        raise UsageError("window_days and min_group must be 1 or more")
    refuse_selections(leads)
    local = zone(leads, time_zone)
    if by == "month" and local is None:
        raise UsageError("months need a time zone: give time_zone='America/Chicago', or connect with one")
    known = known_until(leads, as_of, local)
    window = dt.timedelta(days=window_days)
    cells = count_leads(
        leads,
        jobs=jobs,
        bookings=bookings,
        not_leads=_not_leads(call_reasons),
        key=_KEYS[by],
        as_of=known,
        window=window,
        time_zone=None if local is None else local.key,
    )
    kept = cells[cells["left_out"] == ""]
    months = (
        None if local is None else _months(kept, known - window, local, bounds_of_creation(leads, local), min_group)
    )
    overall = _measured(_sums(kept, None), [None], ["All leads"], min_group)
    if by == "month" and months is not None:
        table = months
    elif by is None:
        table = overall
    else:
        table = _groups(kept, names, min_group)
    return LeadConversion(
        table=table,
        overall=overall,
        months=months,
        comparisons=compare(
            table.rename(columns={"mature": "n", "within_lower": "lower", "within_upper": "upper"}), min_group=min_group
        ),
        left_out={
            reason: int(cells.loc[cells["left_out"] == reason, "leads"].sum()) for reason in ("not a lead", "deleted")
        },
        by=by,
        as_of=known,
        time_zone=None if local is None else local.key,
        window_days=window_days,
        min_group=min_group,
        dated_by_jobs=jobs is not None,
        call_reasons_known=call_reasons is not None,
        complete=all(attrs_of(frame).get("complete", True) for frame in (leads, jobs, bookings) if frame is not None),
        linked_not_converted=int(kept["linked_not_converted"].sum()),
        undated=int(kept["undated"].sum()),
    )


def _not_leads(call_reasons: pd.DataFrame | None) -> list[int]:
    if call_reasons is None:
        return []
    lacking = {"id", "is_lead"} - set(call_reasons.columns)
    if lacking:
        raise UsageError(f"call_reasons: the frame lacks the columns {', '.join(sorted(lacking))}")
    no_lead = call_reasons["is_lead"].astype("boolean").eq(False).fillna(False)
    return [int(id) for id in call_reasons.loc[no_lead, "id"]]


def _sums(cells: pd.DataFrame, column: str | None) -> pd.DataFrame:
    counts = cells[list(COUNTS)]
    if column is None:
        return counts.sum().to_frame().T
    return counts.groupby(cells[column], dropna=False).sum()


def _groups(cells: pd.DataFrame, names: Mapping[int, str] | pd.DataFrame | None, min_group: int) -> pd.DataFrame:
    sums = _sums(cells, "key")
    ids = [None if pd.isna(id) else int(id) for id in sums.index]
    table = _measured(sums, ids, named(ids, names), min_group)
    # By what is sure of them; groups that are too small, and leads without a group, come last.
    table["named"] = table["name"] != NONE
    order = ["enough", "named", "interval_low", "mature", "name"]
    table = table.sort_values(order, ascending=[False, False, False, False, True], na_position="last")
    return table.drop(columns="named").reset_index(drop=True)


def _months(
    cells: pd.DataFrame,
    mature_until: dt.datetime,
    local: dt.tzinfo,
    read: tuple[dt.datetime | None, dt.datetime | None],
    min_group: int,
) -> pd.DataFrame:
    """A row for each month, without gaps, from the first lead to the last."""
    sums = _sums(cells[cells["month"] != NO_MONTH], "month")
    numbers = list(range(int(sums.index.min()), int(sums.index.max()) + 1)) if len(sums) else []
    sums = sums.reindex(numbers, fill_value=0)
    starts = [dt.datetime(number // 12, number % 12 + 1, 1, tzinfo=local) for number in numbers]
    ends = [dt.datetime((number + 1) // 12, (number + 1) % 12 + 1, 1, tzinfo=local) for number in numbers]
    table = _measured(sums, [f"{start:%Y-%m}" for start in starts], [f"{start:%b %Y}" for start in starts], min_group)
    first, last = read
    table["whole"] = pd.array(
        [
            end <= mature_until and (first is None or first <= start) and (last is None or last >= end)
            for start, end in zip(starts, ends, strict=True)
        ],
        dtype="boolean",
    )
    return table


def _measured(
    sums: pd.DataFrame, ids: list[int | None] | list[str] | list[None], names: list[str], min_group: int
) -> pd.DataFrame:
    counts = {name: sums[name].to_numpy(dtype=np.int64) for name in COUNTS}
    mature, lower, upper = counts["mature"], counts["lower"], counts["upper"]
    low, _ = wilson(lower, mature)
    _, high = wilson(upper, mature)
    some = np.where(mature > 0, mature, 1)
    texts = any(isinstance(id, str) for id in ids)
    return pd.DataFrame(
        {
            "id": pd.Series(ids, dtype="str" if texts else "Int64"),
            "name": pd.array(names, dtype="str"),
            **{
                name: pd.array(counts[name], dtype="Int64")
                for name in (
                    "leads",
                    "mature",
                    "open",
                    "dismissed",
                    "converted",
                    "unknown_status",
                    "exact",
                    "bounded",
                )
            },
            "within_lower": pd.array(lower, dtype="Int64"),
            "within_upper": pd.array(upper, dtype="Int64"),
            "share_lower": _shares(np.where(mature > 0, lower / some, np.nan)),
            "share_upper": _shares(np.where(mature > 0, upper / some, np.nan)),
            "interval_low": _shares(low),
            "interval_high": _shares(high),
            "enough": pd.array(mature >= min_group, dtype="boolean"),
        }
    )


def _shares(values: npt.NDArray[np.float64]) -> pd.arrays.FloatingArray:
    return pd.arrays.FloatingArray(np.nan_to_num(values), np.isnan(values))
