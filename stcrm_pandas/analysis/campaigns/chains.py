"""From records to opportunities: each chain of records counts once, at its first record, with its outcome.

Records that refer to the same call, booking or job belong to one inquiry and form one chain. A booking that becomes a
lead that becomes a job is one chain of three records. Two jobs booked in one call are also one chain.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import EPOCH, TENANT, created_within, micros
from stcrm_pandas.analysis.base.periods import Limits, Period, measurable
from stcrm_pandas.analysis.campaigns.records import DELETED, JOB, LEAD, NO_LEAD, topmost

Labels = npt.NDArray[np.int64]

_TIES = ("booking", "call", "job", "inquiry")
STEPS = ("booked", "completed", "above_zero")
"""The steps of an opportunity, in order."""


@dataclass(frozen=True)
class Chains:
    """Opportunities, one row each, the counts of records that were left out, and the period that is counted.

    The columns of `rows`: `first` (kind of the first record), `id` (of it), `created` (a time in UTC), `campaign`,
    `business_unit`, `phone` (it names a call and no booking) and, where there is one, `tenant`, all of the first
    record; `untraced`, it is a job that names
    neither call nor booking; `records`; of booked, completed and above zero the bounds (`booked_lower`,
    `booked_upper` …); `inferred`, its job is known only as the one that fits; `cents` and `follow_on_cents`, the
    totals of its completed jobs that are no follow-on jobs, and of those that are; `campaigns`, how
    many records name one, the lowest and the highest id of these, and `differing`, they name different ones.
    """

    rows: pd.DataFrame
    left_out: dict[str, int]
    period: Period | None = None


def opportunities_of(
    records: pd.DataFrame,
    repeat: dt.timedelta,
    limits: Limits,
    *,
    requested: Period | None = None,
    min_group: int = 1,
) -> Chains:
    """Link records into chains, and reduce chains to opportunities.

    Parameters
    ----------
    records : DataFrame
        As `records.gather` gives them.
    repeat : dt.timedelta
        Leads of one person that came less than this after the one before are one inquiry.
    limits : Limits
        Until when the rows are known; chains that did not begin within what was read are left out.
    requested : Period, optional
        Count the records that were left out only of this period, or of the latest one before it in which `min_group`
        opportunities are old enough. `rows` has all chains.
    min_group : int, default 1
        See `requested`.

    Returns
    -------
    Chains
        The opportunities, and counts of what was left out: records by reason, chains by reason.
    """
    kept = records[records["left_out"] == 0]
    kept = kept.assign(inquiry=_inquiries(kept, repeat))
    within = TENANT if TENANT in kept else None
    kept = kept.assign(chain=chain_of(kept, _TIES, within=within))
    kept["inferred"] = _fitting(kept, limits.as_of)
    # chains that begin with a first contact, and those of follow-on jobs only
    begun = (~kept["follow_on"]).groupby(kept["chain"]).transform("any").to_numpy(dtype=bool)
    kept, follow_on = kept[begun], kept[~begun]
    rows = _reduced(kept)
    period = None if requested is None else _measurable(requested, rows[~rows["untraced"]], limits, min_group)
    counted = records if period is None else records[_known(created_within(records["created"], period))]
    left_out = {
        "deleted": int((counted["left_out"] == DELETED).sum()),
        "not a lead": int((counted["left_out"] == NO_LEAD).sum()),
        "after another job": int(follow_on.index.isin(counted.index).sum()),
    }
    rows["follow_on_cents"] = _follow_on_cents(rows, kept, follow_on)
    created, (first, end) = rows["created"], limits.read
    early = _known(created < micros(first)) if first else np.zeros(len(rows), dtype=bool)
    late = _known(created >= micros(end)) if end else np.zeros(len(rows), dtype=bool)
    if period is None:
        left_out["began before the period"], left_out["began after the period"] = int(early.sum()), int(late.sum())
    rows = rows[~early & ~late].reset_index(drop=True)
    rows["created"] = pd.to_datetime(rows["created"].astype("Int64"), unit="us", utc=True).astype("datetime64[us, UTC]")
    return Chains(rows, left_out, period)


def _measurable(period: Period, rows: pd.DataFrame, limits: Limits, min_group: int) -> Period:
    created = rows["created"].dropna()
    if created.empty:
        return period
    ripe = created[created <= micros(limits.as_of - limits.mature)]
    begins = (EPOCH + dt.timedelta(microseconds=int(created.min()))).astimezone(period.zone).date()
    return measurable(period, lambda months: int(created_within(ripe, months).sum()) >= min_group, begins)


def _inquiries(records: pd.DataFrame, repeat: dt.timedelta) -> pd.Series:
    """Return a number for each inquiry with more than one lead; missing for all others."""
    leads = records[(records["kind"] == LEAD) & records["person"].notna() & records["created"].notna()]
    who = pairs(leads, ["person", "person_kind", *([TENANT] if TENANT in leads else [])])[0]
    order = np.lexsort((leads["id"].to_numpy(np.int64), leads["created"].to_numpy(np.int64), who))
    when, who = leads["created"].to_numpy(np.int64)[order], who[order]
    begins = np.ones(len(leads), dtype=bool)
    begins[1:] = (who[1:] != who[:-1]) | (when[1:] - when[:-1] >= micros(repeat))
    number = np.cumsum(begins)
    inquiry = pd.Series(number, index=leads.index[order], dtype="Int64")
    return inquiry.reindex(records.index)


def _fitting(records: pd.DataFrame, as_of: dt.datetime) -> pd.Series:
    """Link each job without a call or booking to the only converted lead that fits; return which jobs were linked.

    A job fits if it has the lead's customer and was created after the lead, but not after the lead's last change. The
    chain of the lead must have no job, and each must fit only the other. Changes `chain` of that job.
    """
    on = ["customer", *([TENANT] if TENANT in records else [])]
    tied = records.groupby("chain")["kind"].transform("max").to_numpy() == JOB
    lead = records[(records["kind"] == LEAD) & records["booked"] & ~tied & records["customer"].notna()]
    lone = records["call"].isna() & records["booking"].isna() & ~records["chain"].duplicated(keep=False)
    job = records[(records["kind"] == JOB) & lone & ~records["follow_on"] & records["customer"].notna()]
    latest = lead["modified"].where(lead["modified"].between(lead["created"], micros(as_of)), micros(as_of))
    met = lead.assign(latest=latest)[[*on, "chain", "created", "latest"]].merge(
        job.assign(row=job.index)[[*on, "row", "created"]], on=on, suffixes=("", "_of_job")
    )
    met = met[_known(met["created_of_job"].between(met["created"], met["latest"]))].drop_duplicates(["chain", "row"])
    alone = met[~met["chain"].duplicated(keep=False) & ~met["row"].duplicated(keep=False)]
    records.loc[alone["row"], "chain"] = alone["chain"].to_numpy()
    return pd.Series(records.index.isin(alone["row"]), index=records.index)


def _reduced(records: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each chain."""
    order = ["chain", "follow_on", "created", "kind", "id"]
    begin = records.sort_values(order, na_position="last").drop_duplicates("chain").set_index("chain")
    chain = records["chain"]
    paying = records["completed"] & ~records["follow_on"]  # the money of follow-on jobs is separate
    cents = _cents(records).where(paying, 0).groupby(chain).sum()
    some = (
        records[["booked", "unknown", "completed", "inferred"]]
        .assign(job=records["kind"] == JOB, no_total=paying & records["total"].isna())
        .groupby(chain)
        .any()
    )
    named, size = records["campaign"].groupby(chain), chain.groupby(chain).size()
    possibly = some["booked"] | some["unknown"]
    done = some["completed"] | (possibly & ~some["job"])
    begins_as_job = begin["kind"] == JOB
    keep = ["id", "created", "campaign", "business_unit", "phone", *([TENANT] if TENANT in records else [])]
    return (
        begin[keep]
        .assign(
            first=begin["kind"],
            untraced=begins_as_job & begin["call"].isna() & begin["booking"].isna() & (size == 1),
            records=size,
            booked_lower=some["booked"],
            booked_upper=possibly,
            completed_lower=some["completed"],
            completed_upper=done,
            above_zero_lower=cents > 0,
            above_zero_upper=(cents > 0) | (done & ~some["completed"]) | some["no_total"],
            inferred=some["inferred"],
            cents=cents,
            campaigns=named.count(),
            lowest_campaign=named.min(),
            highest_campaign=named.max(),
            differing=_known(named.min() != named.max()),
        )
        .reset_index()
    )


def _follow_on_cents(rows: pd.DataFrame, records: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    """Sum the completed follow-on jobs of each chain.

    Each counts for its earlier job, also through other follow-on jobs. If that job was not read, it counts for the
    chain with its call or booking. `others` are the follow-on jobs that belong to no chain.
    """
    within = [TENANT] if TENANT in records else []
    later = pd.concat([records[records["follow_on"]], others])
    first = records[(records["kind"] == JOB) & ~records["follow_on"]]
    parents = _keys(later, [*within, "parent"])
    top = topmost(_keys(later, [*within, "job"]), parents)
    at = _keys(first, [*within, "job"]).get_indexer(parents)
    named = np.append(first["chain"].to_numpy(np.int64), -1)[at]
    tied = np.where(later["chain"].isin(records["chain"]), later["chain"].to_numpy(np.int64), -1)
    chain = np.append(np.where(at >= 0, named, tied), -1)[top]
    done = (later["completed"] & (chain >= 0)).to_numpy(dtype=bool)
    return rows["chain"].map(_cents(later)[done].groupby(chain[done]).sum()).fillna(0).astype("int64")


def _keys(rows: pd.DataFrame, columns: list[str]) -> pd.MultiIndex:
    """Return keys for a lookup; a missing key matches nothing."""
    codes = [rows[column].fillna(-1 - place).astype("int64") for place, column in enumerate(columns)]
    return pd.MultiIndex.from_arrays(codes)


def _cents(records: pd.DataFrame) -> pd.Series:
    cents: pd.Series = (records["total"].fillna(0.0) * 100).round().astype("int64")
    return cents


def _known(condition: pd.Series) -> npt.NDArray[np.bool_]:
    return condition.fillna(value=False).to_numpy(dtype=bool)


def chain_of(records: pd.DataFrame, ties: Sequence[str], *, within: str | None = None) -> Labels:
    """Number the chains: two records are in one chain if a path of shared values connects them.

    Records with the same value in one of the columns `ties`, and `within` (the tenant), belong together. Chains are
    the connected components of the graph of records and values.

    >>> records = pd.DataFrame({"call": [1, 1, None, 7], "booking": [None, 5, 5, None]}, dtype="Int64")
    >>> chain_of(records, ["call", "booking"]).tolist()
    [0, 0, 0, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = nodes = len(records)
    starts, ends = [], []
    for tie in ties:
        some = np.flatnonzero(records[tie].notna().to_numpy())
        values, count = pairs(records.iloc[some], [tie, *([within] if within else [])])
        starts.append(some)
        ends.append(nodes + values)
        nodes += count
    start, end = np.concatenate([*starts, []]).astype(np.int64), np.concatenate([*ends, []]).astype(np.int64)
    graph = coo_array((np.ones(start.size, dtype=np.int8), (start, end)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    return pd.factorize(labels[:size])[0].astype(np.int64)


def pairs(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[Labels, int]:
    """Return a number for each combination of values, and how many combinations there are.

    Examples
    --------
    >>> pairs(pd.DataFrame({"tenant": [1, 2, 1], "id": [9, 9, 9]}), ["id", "tenant"])
    (array([0, 1, 0]), 2)
    """
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        values, different = pd.factorize(frame[column], use_na_sentinel=False)
        codes, _ = pd.factorize(codes * len(different) + values)
    return codes.astype(np.int64), int(codes.max(initial=-1)) + 1
