"""Which campaigns bring in jobs: opportunities, and how many of them become booked, completed and paid jobs.

An opportunity is a chain of records that belong to one inquiry (a booking that became a lead that became a job),
counted once, at its first record. If a campaign's calls are booked right away, only the difficult cases become leads;
opportunities include all of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.conversion import table_of
from stcrm_pandas.analysis.base.engine import TENANT, collected, month_number, prepare_rows, refuse_mixed_tenants
from stcrm_pandas.analysis.base.headline import COUNTED
from stcrm_pandas.analysis.base.inputs import Inputs, MirrorLike, lacking, not_read
from stcrm_pandas.analysis.base.money import currencies_of, in_use, of_units, several
from stcrm_pandas.analysis.base.names import dimensions
from stcrm_pandas.analysis.base.periods import Limits, Period, checked_period
from stcrm_pandas.analysis.base.provenance import (
    Moment,
    attrs_of,
    bounds_of_creation,
    known_until,
    refuse_one_status,
)
from stcrm_pandas.analysis.base.result import Analysis
from stcrm_pandas.analysis.both_measures import disagreements, of_same_groups
from stcrm_pandas.analysis.campaigns import findings, text
from stcrm_pandas.analysis.campaigns.attribution import attribution, default_campaigns
from stcrm_pandas.analysis.campaigns.chains import opportunities_of
from stcrm_pandas.analysis.campaigns.costs import costs_of
from stcrm_pandas.analysis.campaigns.counts import (
    BY,
    aged,
    apart,
    began_in,
    by_week,
    grouped,
    paces_of,
    revenues_of,
    strata_of,
    total,
    without_rates,
)
from stcrm_pandas.analysis.campaigns.records import JOB, gather, statuses
from stcrm_pandas.analysis.campaigns.result import BOOKED, OpportunitiesResult
from stcrm_pandas.analysis.leads.keys import Names, categories_of, category_names, lead_lookups
from stcrm_pandas.analysis.leads.reduction import not_leads
from stcrm_pandas.analysis.leads.result import LeadConversionResult
from stcrm_pandas.analysis.statistics.comparison import compare
from stcrm_pandas.errors import UsageError, require

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


_HARMLESS = ("created_on_or_after", "created_before", "gen_perm_url", "external_data_application_guid")
"""Filters that select rows by creation only."""


@dataclass(frozen=True, repr=False)
class Opportunities(OpportunitiesResult, Analysis):
    """The result of `opportunities`: numbers, sentences, tables, figures, actions and lists.

    See `OpportunitiesResult` for the numbers. `leads` is the result of `lead_conversion` for the same groups, if
    both results were passed to `analysis.together`.
    """

    _findings: ClassVar[ModuleType] = findings
    _lists: ClassVar[ModuleType] = findings
    _text: ClassVar[ModuleType] = text

    leads: LeadConversionResult | None = field(default=None, compare=False)

    def beside(self, results: Sequence[Any]) -> Opportunities:
        """Return this result with the lead conversion of the same groups.

        `together` calls this method with all results of a report.

        Parameters
        ----------
        results : sequence
            The results of all analyses in the report.

        Returns
        -------
        Opportunities
            A copy in which `leads` and `disagreements` are set.
        """
        leads = of_same_groups(self.by, LeadConversionResult, results)
        return replace(self, leads=leads, disagreements=disagreements(leads, self))

    def figure(self, kind: Literal["booked", "steps", "cost"] = "booked") -> Figure:
        """Return a plotly figure.

        - `booked`: the booked rate of each group, with its 95% confidence interval
        - `steps`: how many opportunities are booked, completed and above zero
        - `cost`: the cost of a booked job, by campaign

        Parameters
        ----------
        kind : {"booked", "steps", "cost"}, default "booked"
            The kind of figure to draw.

        Returns
        -------
        Figure
            The plotly figure, which notebooks display.

        Raises
        ------
        UsageError
            The kind is unknown, or it is `cost` and there is no `spend`, or bookings were not given.
        """
        require("figure")
        if missing := self.lacks("opportunities: rates"):
            raise UsageError(f"figure: {not_read(missing)}, and without them shares of opportunities are unknown")
        from stcrm_pandas.analysis.campaigns import figures
        from stcrm_pandas.charts.base import draw

        return draw(figures, kind, self)


def opportunities(
    leads: Any = None,
    bookings: Any = None,
    jobs: Any = None,
    *,
    mirror: MirrorLike | None = None,
    campaigns: pd.DataFrame | None = None,
    call_reasons: pd.DataFrame | None = None,
    business_units: pd.DataFrame | None = None,
    spend: pd.DataFrame | None = None,
    by: str | Sequence[str] | None = "campaign",
    names: Names = None,
    as_of: Moment | None = None,
    time_zone: str | None = None,
    mature_days: int = 30,
    revenue_days: int = 60,
    repeat_days: int = 14,
    min_group: int = 30,
    period: Period | str | None = None,
) -> Opportunities:
    """Count opportunities and their outcomes, each chain of records once.

    Leads, bookings and jobs that refer to the same call, booking or job form one chain. The same is true of leads of
    one customer or phone number less than 14 days apart, and of a converted lead and the only matching job of its
    customer. A chain is dated at its earliest record and credited to that record's campaign. Recalls, warranty work,
    and jobs created from an estimate or sold during another job do not start a chain. A job without a call or booking
    can be anything, including planned maintenance, so these jobs have a separate row.

    The channel is phone if the first record has a call (a job's lead call, a lead's `call_id` or `manual_call_id`) and
    no booking; otherwise it is online. An unbooked call that was not entered as a lead leaves no record, but an
    unbooked online request does, so groups are compared within each channel. Groups that differ in how carefully they
    enter calls as leads are still hard to compare.

    An opportunity is booked if a job exists or a record is marked as booked. It is completed if at least one of its
    jobs is completed and not canceled. It is above zero if its completed jobs, without follow-on jobs, have a total
    above 0. If a record is marked as booked but its job is not known, the last two are uncertain, so they have a lower
    and an upper bound. A status that the API does not document counts as possibly booked.

    Parameters
    ----------
    leads : object
        A frame from pandas, polars, DuckDB or Spark with all leads created in a span of time and the columns of
        `stcrm.schemas.Leads`. Optional with a `mirror`.
    bookings : object or None
        All bookings created in the same span (`stcrm.schemas.Bookings`); None if they were not read.
    jobs : object
        All jobs created in the same span, with or without a lead (`stcrm.schemas.Jobs`). Optional with a `mirror`.
    mirror : Mirror or Mirrors, optional
        A mirror (`crm.mirror(folder)`, or `stcrm.mirrors(folder)` for all its tenants), for every input that is not
        given, except `spend`: the rows as of `as_of`, the names of groups and the time zone. By default, the rows are
        those of the last sync.
    campaigns : DataFrame, optional
        All campaigns, including inactive ones, for names, categories and the default campaign.
    call_reasons : DataFrame, optional
        All call reasons. Leads whose call reason has `is_lead` false are left out.
    business_units : DataFrame, optional
        Business units, for the currency of amounts. By default, those in `names`. Without them, amounts have no
        currency.
    spend : DataFrame, optional
        Campaign spend, to calculate costs: `campaign` (id or name), `month` ("2026-03"), `amount`
        (`analysis.read_spend`).
    by : str, sequence of str or None, default "campaign"
        One or two of "campaign", "category", "business_unit", "month" and "tenant"; None for the total only.
    names : mapping or DataFrame, optional
        The names of the groups, by dimension ({"business_unit": units}), or a single lookup if `by` has one dimension.
        A lookup is a mapping from id to name, or a frame with `id`, `name` and `active`.
    as_of : str, date or Timestamp, optional
        The time for which the rows are current. The default time zone is the company's. By default, the time at which
        the oldest frame was read. With a `mirror`, any time that it covers.
    time_zone : str, optional
        The company's time zone, for months, weeks and times without a time zone. By default, the one that the frames
        record.
    mature_days : int, default 30
        Opportunities newer than this many days are counted but not included in shares.
    revenue_days : int, default 60
        Opportunities newer than this many days are not included in revenue.
    repeat_days : int, default 14
        Leads of one person that are less than this many days apart are one inquiry.
    min_group : int, default 30
        The minimum number of opportunities, old enough to be measured, for a group to be compared.
    period : Period or str, optional
        Count only opportunities whose first record was created on these days: `analysis.period`, or a month such as
        "2026-10". By default, all. Also pass earlier and later records: earlier ones show which chains began before the
        period, later ones show their outcomes. Tiles and the list of differing campaigns are always as of the time of
        the read. If fewer than `min_group` opportunities of the period are old enough, the latest period of the same
        length that has enough is counted.

    Returns
    -------
    Opportunities
        The result: tables, and the sentences, lists and figures computed from them. Times are in UTC, months and weeks
        in the company's time zone.

    Raises
    ------
    UsageError
        An argument is invalid; a frame lacks a column, has only part of the rows or repeats an id; or the time zone is
        missing for months or spend.
    MirrorError
        The mirror does not have the leads or the jobs, or does not cover `as_of`.

    Notes
    -----
    The confidence intervals are Wilson score intervals (E. B. Wilson, 1927); see
    `analysis.statistics.estimates.wilson`.

    Examples
    --------
    >>> moments = pd.Series(pd.to_datetime(["2026-01-05T12:00Z", "2026-01-06T12:00Z"], utc=True))
    >>> nothing = {"campaign_id": 7, "business_unit_id": 1, "booking_id": pd.NA, "call_id": [1, 2]}
    >>> leads = pd.DataFrame({"id": [1, 2], "status": "Open", "call_reason_id": pd.NA, **nothing})
    >>> jobs = pd.DataFrame({"id": [9, 10], "job_status": "Completed", "total": [120.0, 80.0], **nothing})
    >>> dated = {"created_on": moments, "modified_on": moments}
    >>> jobs = jobs.rename(columns={"call_id": "lead_call_id"}).assign(lead_call_id=[1, 3])
    >>> found = opportunities(leads.assign(**dated), None, jobs.assign(**dated), as_of="2026-05-01T00:00Z",
    ...                       names={7: "Radio"})
    >>> found.table[["name", "opportunities", "leads", "direct_jobs", "booked_lower", "revenue"]].values.tolist()
    [['Radio', 3, 2, 1, 2, 200.0]]
    """
    if min(mature_days, revenue_days, repeat_days, min_group) < 1:
        raise UsageError("mature_days, revenue_days, repeat_days and min_group must be 1 or more")
    by = dimensions(by, BY)
    inputs = Inputs(mirror, by, as_of=as_of, time_zone=time_zone)
    as_of, leads, jobs = inputs.as_of, inputs.required("leads", leads), inputs.required("jobs", jobs)
    bookings, campaigns = inputs.optional("bookings", bookings), inputs.optional("campaigns", campaigns)
    call_reasons = inputs.optional("call_reasons", call_reasons)
    names = inputs.names(names, "business_unit", *by)
    leads, bookings, jobs = inputs.admit(leads=leads, bookings=bookings, jobs=jobs)
    local, frames = inputs.zone, {name: frame for name, frame in inputs.frames.items() if frame is not None}
    for name, frame in frames.items():
        _refuse_part(name, frame)
        refuse_one_status(name, frame, "job_status" if name == "jobs" else "status")
    campaigns = None if campaigns is None else table_of(campaigns, "campaigns", ["id"])
    if local is None and ("month" in by or spend is not None):
        raise UsageError("months need a time zone: pass time_zone='America/Chicago', or connect with one")
    limits = Limits(
        _known_until(frames, as_of, local),
        dt.timedelta(days=mature_days),
        local,
        _period(frames, local),
        dt.timedelta(days=revenue_days),
    )
    asked_for = checked_period(period, limits.as_of, local)
    records = gather(leads, bookings, jobs, not_leads=not_leads(call_reasons))
    refuse_mixed_tenants(nw.from_native(records).lazy(), by)
    if spend is not None and TENANT in records and records[TENANT].nunique() > 1:
        raise UsageError("spend is for the campaigns of one tenant: analyze each tenant on its own")
    repeat = dt.timedelta(days=repeat_days)
    chains = opportunities_of(records, repeat, limits, requested=asked_for, min_group=min_group)
    counted = chains.period
    covered = limits.within(counted)
    every = aged(chains.rows, limits)
    lookup = lead_lookups(names, by)
    units = lookup.get("business_unit") if business_units is None else business_units
    of_record = of_units(records["business_unit"], currencies_of(units), records.get(TENANT))
    paying = (records["kind"] == JOB) & records["completed"] & (records["total"].fillna(0) != 0)
    currencies = in_use(of_record[paying])
    if campaigns is not None:
        lookup = {"campaign": campaigns, **lookup}
    if "category" in by:
        lookup = {**lookup, "category": category_names(lookup.get("campaign"))}
        every["category"] = categories_of(every["campaign"], every.get(TENANT), lookup["campaign"])
    rows = began_in(every, counted)
    traced = rows[~rows["untraced"]]
    overall = total(traced, "All opportunities", min_group=min_group)
    health = attribution(
        traced[[*([TENANT] if TENANT in traced else []), "campaign"]].value_counts(dropna=False),
        campaigns,
        what="opportunities",
        chains=int((traced["campaigns"] > 1).sum()),
        differing=int(traced["differing"].sum()),
    )
    ranked = health.ranked or not {"campaign", "category"} & {*by}
    silent = default_campaigns(campaigns) if by == ("campaign",) else ()
    table = grouped(traced, by, lookup, min_group=min_group) if by else overall
    if local is not None and "month" in by:
        months = table["id"] if len(by) == 1 else table["month_id"]
        whole_months = [not pd.isna(month) and covered.is_complete(month_number(month)) for month in months]
        table["whole"] = pd.array(whole_months, dtype="boolean")
    have = inputs.present(call_reasons=call_reasons if _has_reasons(leads) else ())
    comparable = ranked and bool(by) and not lacking("opportunities: groups", have)
    compared = _compared(traced, table, by, silent=silent, ranked=comparable, min_group=min_group)
    untraced = total(rows[rows["untraced"]], "Jobs without call or booking", min_group=min_group)
    if lacking("opportunities: rates", have):
        table, overall, untraced = (without_rates(frame) for frame in (table, overall, untraced))
    order = _order(table, by, ranked=ranked)
    currency, begun = currencies[0] if len(currencies) == 1 else None, every[~every["untraced"]]
    revenues, moved = revenues_of(begun, by[0], currency, min_group=min_group) if by else ({}, {})
    costs = None
    if spend is not None and not lacking("opportunities: costs", have):
        known = lookup.get("campaign")
        four_weeks = paces_of(begun, "campaign", limits, known)
        costs = costs_of(traced, spend, known, covered, min_group=min_group, currency=currency, paces=four_weeks)
    result = Opportunities(
        table=table.iloc[order].reset_index(drop=True),
        overall=overall,
        untraced=untraced,
        comparisons=compared.iloc[order].reset_index(drop=True),
        weeks=None if local is None else by_week(begun),
        differing=findings.differing(begun, lookup.get("campaign"), local),
        attribution=health,
        costs=costs,
        left_out=chains.left_out,
        read={
            name: statuses(frame, "job_status" if name == "jobs" else "status", counted)
            for name, frame in frames.items()
        },
        by=by,
        as_of=limits.as_of,
        time_zone=limits.time_zone,
        began=limits.read[0],
        mature_days=mature_days,
        revenue_days=revenue_days,
        repeat_days=repeat_days,
        min_group=min_group,
        complete=inputs.complete(),
        undated=int(traced["created"].isna().sum()),
        cautions=(*inputs.cautions, *several(currencies)),
        currencies=currencies,
        revenues=revenues,
        unusual=moved,
        paces=paces_of(begun, by[0], limits, lookup.get(by[0])) if len(by) == 1 else {},
        period=counted,
        requested=asked_for,
        inputs=have,
        spend_given=spend is not None,
    )
    if len(currencies) < 2:
        return result

    def paid_in(currency: str) -> pd.DataFrame:
        mine = records.assign(total=records["total"].where(of_record == currency, 0.0))
        each = aged(opportunities_of(mine, repeat, limits).rows, limits)
        return each if "category" not in every else each.assign(category=every["category"])

    return apart(result, {currency: paid_in(currency) for currency in currencies}, by, lookup)


def _has_reasons(leads: Any) -> bool:
    last = prepare_rows(leads, "leads", ("call_reason_id",)).select(nw.col("call_reason_id").max().alias("last"))
    return bool(collected(last)["last"].notna().any())


def _refuse_part(name: str, frame: Any) -> None:
    """Raise if a frame was not read by creation only: chains would lack records."""
    filters = attrs_of(frame).get("filters") or {}
    if used := [key for key, value in filters.items() if value is not None and key not in _HARMLESS]:
        raise UsageError(
            f"{name} were read with {', '.join(used)}: this is only part of them. Filter by creation instead "
            "(created_on_or_after, created_before)"
        )


def _known_until(frames: Mapping[str, Any], as_of: Moment | None, local: Any) -> dt.datetime:
    """Return the moment up to which all frames are known: the time of the earliest read."""
    dated = [frame for frame in frames.values() if attrs_of(frame).get("fetched_at") is not None]
    return min(known_until(frame, as_of, local) for frame in dated or [frames["leads"]])


def _period(frames: Mapping[str, Any], local: Any) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the first and last moment that all frames cover; None for no bound."""
    bounds = [bounds_of_creation(frame, local or dt.UTC) for frame in frames.values()]
    return (
        max((first for first, _ in bounds if first is not None), default=None),
        min((end for _, end in bounds if end is not None), default=None),
    )


def _compared(
    rows: pd.DataFrame, table: pd.DataFrame, by: Sequence[str], *, silent: Collection[int], ranked: bool, min_group: int
) -> pd.DataFrame:
    """Compare booked rates; the default campaign counts among the others."""
    groups = BOOKED.counts(table)[["id", "name", *COUNTED]].assign(
        id=table["id"].mask(table["id"].isin(list(silent))),
        whole=table.get("whole", True) if ranked else False,
    )
    compared = compare(groups, strata_of(rows, by, groups["id"]) if by else None, min_group=min_group)
    return compared.assign(id=table["id"])


def _order(table: pd.DataFrame, by: Sequence[str], *, ranked: bool) -> list[int]:
    """Return the order of groups: months by time, others by lower limit; small groups and those without an id last."""
    # as text: a part of a pair may be missing
    table = table.assign(named=table["id"].notna(), id=table["id"].map(str, na_action="ignore"))
    columns = {"id": True}
    if "month" not in by:
        first = "booked_interval_low" if ranked else "opportunities"
        columns = {"enough": False, "named": False, first: False, "mature": False, "name": True}
    ordered = table.sort_values(list(columns), ascending=list(columns.values()), na_position="last")
    return [int(place) for place in ordered.index]
