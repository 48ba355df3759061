"""How many inquiries are booked within 30 days, how fast, and how groups differ: by campaign, month and more.

Leads are inquiries that were *not* booked at first contact, so this is a rescue rate. A lead has no conversion date: it
is known if a job refers to the lead's call or booking, inferred if only one job of the customer matches, and otherwise
only bounded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.display import Table
from stcrm_pandas.analysis.base.engine import collected, true
from stcrm_pandas.analysis.base.headline import Headline
from stcrm_pandas.analysis.base.inputs import (
    AllContacts,
    Inputs,
    MirrorLike,
    all_contacts,
    lacking,
    tell_opt_outs,
    tells_marks,
)
from stcrm_pandas.analysis.base.names import dimensions
from stcrm_pandas.analysis.base.periods import Limits, Period, began_too_late, checked_period
from stcrm_pandas.analysis.base.provenance import (
    Moment,
    bounds_of_creation,
    refuse_selections,
)
from stcrm_pandas.analysis.base.result import Analysis
from stcrm_pandas.analysis.both_measures import disagreements, of_same_groups
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.analysis.leads import findings, lists, text
from stcrm_pandas.analysis.leads import tables as lead_tables
from stcrm_pandas.analysis.leads.dates import known_at
from stcrm_pandas.analysis.leads.keys import BY, CUSTOMER, Names, lead_lookups
from stcrm_pandas.analysis.leads.reduction import LEFT_OUT, not_leads, reduce_leads, split_reasons
from stcrm_pandas.analysis.leads.result import LeadConversionResult, comparing, measure
from stcrm_pandas.analysis.statistics.comparison import compare
from stcrm_pandas.errors import UsageError, require

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


_NAMED = ("campaign", "business_unit")
"""The dimensions whose names are on call lists."""

Kind = Literal["rates", "months", "curve", "cohorts", "reasons"]


@dataclass(frozen=True, repr=False)
class LeadConversion(LeadConversionResult, Analysis):
    """The result of `lead_conversion`: numbers, sentences, tables, figures, actions and call lists.

    See `LeadConversionResult` for the numbers. `booked` is the result of `opportunities` for the same groups, if both
    results were passed to `analysis.together`.
    """

    _findings: ClassVar[ModuleType] = findings
    _lists: ClassVar[ModuleType] = lists
    _text: ClassVar[ModuleType] = text

    booked: OpportunitiesResult | None = field(default=None, compare=False)

    def beside(self, results: Sequence[Any]) -> LeadConversion:
        """Return this result with the opportunities of the same groups.

        `together` calls this method with all results of a report.

        Parameters
        ----------
        results : sequence
            The results of all analyses in the report.

        Returns
        -------
        LeadConversion
            A copy in which `booked` and `disagreements` are set.
        """
        booked = of_same_groups(self.by, OpportunitiesResult, results)
        return replace(self, booked=booked, disagreements=disagreements(self, booked))

    def speed_table(self) -> Table:
        """Return the shares booked within 1, 7, 30 and 90 days as a table for display.

        Returns
        -------
        Table
            The table for display, with one row per group.
        """
        return self._defined(Table(text.format_speed(self)))

    def reasons_table(self) -> Table:
        """Return the reasons for dismissal as a table for display.

        Returns
        -------
        Table
            The table for display, with one row per reason.
        """
        return self._defined(Table(text.format_reasons(self)))

    def headline(self) -> Headline:
        """Return the share of inquiries booked, in the period or the last twelve months, and by month.

        Returns
        -------
        Headline
            The headline, its evidence in one or two sentences, and the chart by month.
        """
        return findings.headline(self, self.booked)

    def figure(self, kind: Kind = "rates", *, groups: Sequence[Any] | None = None) -> Figure:
        """Return a plotly figure.

        - `rates`: the share of each group, with its bounds and its 95% confidence interval
        - `months`: the same by month of creation
        - `curve`: the share converted by each day since the inquiry
        - `cohorts`: the share converted, by month and days since the inquiry
        - `reasons`: why leads were dismissed

        Parameters
        ----------
        kind : {"rates", "months", "curve", "cohorts", "reasons"}, default "rates"
            The kind of figure to draw.
        groups : sequence, optional
            For `curve`, the ids of at most five groups. By default, all inquiries together.

        Returns
        -------
        Figure
            The plotly figure, which notebooks display.

        Raises
        ------
        UsageError
            The kind is unknown, a group has no curve, or `months` or `cohorts` have no time zone.
        """
        require("figure")
        from stcrm_pandas.analysis.leads import figures
        from stcrm_pandas.charts.base import draw

        if kind in ("months", "cohorts") and self.months is None:
            raise UsageError(f"{kind} need a time zone: lead_conversion(..., time_zone='America/Chicago')")
        return figures.curve(self, groups or ()) if kind == "curve" else draw(figures, kind, self)


def lead_conversion(
    leads: Any = None,
    *,
    jobs: Any = None,
    bookings: Any = None,
    mirror: MirrorLike | None = None,
    call_reasons: pd.DataFrame | None = None,
    status_log: Any = None,
    by: str | Sequence[str] | None = None,
    names: Names = None,
    as_of: Moment | None = None,
    time_zone: str | None = None,
    unit: Literal["inquiry", "lead"] = "inquiry",
    within_days: int = 14,
    window_days: int = 30,
    min_group: int = 30,
    stale_days: int = 30,
    dismissing_reasons: Mapping[int, str] | None = None,
    contacts: AllContacts = None,
    period: Period | str | None = None,
) -> LeadConversion:
    """Analyze how many inquiries are converted, and how fast, among those at least 30 days old.

    An inquiry consists of all leads of one customer or phone number, each less than 14 days after the previous one. It
    is dated and credited at its first lead, and its outcome is the best of its leads: converted, then open, then
    dismissed.

    A conversion is dated exactly by the first job that refers to the lead's call (`lead_call_id`) or booking
    (`booking_id`), or that the booking refers to (`job_id`), if that job was not created before the lead. It is
    inferred if exactly one job of the lead's customer, linked to no lead, was created between the lead's creation and
    its last change, and matches no other lead. Any other conversion happened between the lead's creation and its last
    change; a `status_log` narrows that span. So the share has a lower and an upper bound. A status that the API does
    not document counts as possibly converted.

    Parameters
    ----------
    leads, jobs, bookings : object
        Frames with the columns of their schemas (times in UTC), each with all rows created in the same span of time.
        They can come from pandas, polars, DuckDB or Spark, but all must come from the same library. Jobs and bookings
        are optional. Without jobs, no conversion date is exact. Leads are optional with a `mirror`.
    mirror : Mirror or Mirrors, optional
        A mirror (`crm.mirror(folder)`, or `stcrm.mirrors(folder)` for all its tenants), for every input that is not
        given: the rows as of `as_of`, the status log, the names of groups, the time zone, the dismissing reasons and,
        for one tenant, the contacts on call lists. By default, the rows are those of the last sync.
    call_reasons : DataFrame, optional
        All call reasons. Leads whose call reason has `is_lead` false are left out; leads with an unknown reason are
        kept.
    status_log : object, optional
        The statuses of leads in earlier reads (`id`, `status`, `first_seen`, `last_seen`), such as those that
        `mirror.status_log("leads")` returns.
    by : str or sequence of str, optional
        One or two of "campaign", "category", "business_unit", "job_type", "call_reason", "capture_source", "priority",
        "creator", "tag", "tenant", "month", "weekday", "hour" (local time of creation); None for the total only. A lead
        counts in each of its tags.
    names : Names, optional
        The names of the groups, by dimension ({"campaign": campaigns, "business_unit": units}), or a single lookup if
        `by` has one dimension. A lookup is a mapping from id to name, or a frame with `id`, `name` and `active` (for
        creators, the employees, also with `user_id` and `role`). With customers under "customer", call lists show the
        customer's name for leads without a name, and do not show the numbers of customers marked `do_not_service`.
    as_of : str, date or Timestamp, optional
        The time for which the leads are current. The default time zone is the company's. By default, the time of the
        read (`leads.attrs["stcrm"]`). A later time is replaced by the time of the read, because later outcomes are
        unknown. An earlier time needs a `status_log` that covers it. With a `mirror`, any time that it covers.
    time_zone : str, optional
        The company's time zone, for months, tiles and naive times. By default, the one that the frame records.
    unit : {"inquiry", "lead"}, default 'inquiry'
        "inquiry" counts repeat leads of the same person once, "lead" counts each lead.
    within_days : int, default 14
        Leads of one person that are less than this many days apart are one inquiry.
    window_days : int, default 30
        Conversions count if they happen within this many days of creation.
    min_group : int, default 30
        The minimum number of inquiries for a group to be compared.
    stale_days : int, default 30
        The number of days without a change after which an open lead is stale.
    dismissing_reasons : mapping, optional
        The meaning of each dismissing reason's id, which the API does not return. Leads dismissed as "duplicate",
        "spam", "wrong number" or "out of area" are left out; any other text is displayed as the name.
    contacts : AllContacts, optional
        The contacts of customers (`crm.customers.list_contacts`), or a list that also contains those of locations, for
        the phone numbers and e-mail addresses on call lists. Pass all contacts, so that an opt-out on any record of a
        number is found.
    period : Period or str, optional
        Count only inquiries whose first lead came in on these days: `analysis.period`, or a month such as "2026-10". By
        default, all. Also pass earlier leads: those of the 14 days before the period, to find repeat leads, and those
        of the year before, for comparison. Open leads, call lists and tiles are always as of the time of the read. If
        fewer than `min_group` inquiries of the period are old enough, the latest period of the same length that has
        enough is counted.

    Returns
    -------
    LeadConversion
        The result: tables, and the sentences, lists and figures computed from them.

    Raises
    ------
    UsageError
        A column, the time zone or `as_of` is missing, an id appears twice, or the leads were filtered by modification
        date or status.
    MirrorError
        The mirror does not have the leads, or does not cover `as_of`.

    Examples
    --------
    >>> moments = pd.Series(pd.to_datetime(["2026-01-05", "2026-01-06"], utc=True))
    >>> leads = pd.DataFrame({"id": [1, 2], "status": ["Converted", "Open"], "created_on": moments,
    ...                       "modified_on": moments, "campaign_id": 7, "call_reason_id": pd.NA, "call_id": pd.NA,
    ...                       "booking_id": pd.NA})
    >>> result = lead_conversion(leads, by="campaign", names={7: "Radio"}, as_of="2026-03-01T00:00Z")
    >>> result.table[["name", "mature", "within_lower", "within_upper"]].values.tolist()
    [['Radio', 2, 1, 1]]
    """
    chosen = dimensions(by, BY)
    if set(chosen) == {"campaign", "category"}:
        raise UsageError("each campaign has one category: group by only one of the two")
    if min(window_days, min_group, within_days, stale_days) < 1:
        raise UsageError("window_days, min_group, within_days and stale_days must be 1 or more")
    if unit not in ("inquiry", "lead"):
        raise UsageError(f"unit={unit!r}: choose 'inquiry' or 'lead'")
    inputs = Inputs(mirror, chosen, as_of=as_of, time_zone=time_zone)
    as_of, leads = inputs.as_of, inputs.required("leads", leads)
    jobs, bookings = inputs.optional("jobs", jobs), inputs.optional("bookings", bookings)
    call_reasons = inputs.optional("call_reasons", call_reasons)
    status_log = inputs.status_log("leads", status_log)
    names = inputs.names(names, *_NAMED, *chosen, *(() if inputs.many else (CUSTOMER,)))
    contacts = inputs.contacts(contacts)
    dismissing_reasons = inputs.dismissing_reasons(dismissing_reasons)
    leads, jobs, bookings, status_log = inputs.admit(leads=leads, jobs=jobs, bookings=bookings, status_log=status_log)
    refuse_selections(leads)
    local, warned = inputs.zone, inputs.cautions
    if local is None and {"month", "weekday", "hour"} & set(chosen):
        raise UsageError(
            "a month, a weekday and an hour need a time zone: pass time_zone='America/Chicago', or connect with one"
        )
    leads, known = known_at(leads, as_of, local, status_log)
    asked_for = checked_period(period, known, local)
    read = (None, None) if local is None else bounds_of_creation(leads, local)
    limits = Limits(known, dt.timedelta(days=window_days), local, read)
    ids_of_no_leads = not_leads(call_reasons)
    reasons, reason_names = split_reasons(dismissing_reasons)
    reduced = reduce_leads(
        leads,
        limits,
        jobs=jobs,
        bookings=bookings,
        status_log=status_log,
        not_leads=ids_of_no_leads,
        reasons=reasons,
        by=chosen,
        within=dt.timedelta(days=within_days) if unit == "inquiry" else None,
        requested=asked_for,
        min_group=min_group,
    )
    counted = reduced.period
    if counted is not None and unit == "inquiry":
        warned += began_too_late("leads", read[0], counted, dt.timedelta(days=within_days))
    leads_left_out = reduced.read.groupby("left_out")["leads"].sum()
    known_reasons = call_reasons is not None or not reduced.has_reasons
    lookup = lead_lookups(names, chosen)
    people = _people_known(leads, lookup.get(CUSTOMER), contacts)
    have = inputs.present(call_reasons=known_reasons or None) | people
    if "category" in chosen:
        reduced, lookup["category"] = lead_tables.by_category(reduced, chosen, lookup.get("category"))
    overall = lead_tables.overall(reduced.days, min_group)
    months = None if local is None else lead_tables.months(lead_tables.trend(reduced), limits, min_group)
    table = overall if not chosen else lead_tables.groups(reduced.cells, chosen, lookup, min_group)
    if chosen == ("month",):
        table = lead_tables.months(reduced.days, limits.within(counted), min_group)
    return LeadConversion(
        table=table,
        overall=overall,
        months=months,
        comparisons=compare(
            measure(window_days)
            .counts(table)
            .assign(whole=False if lacking(comparing(chosen), have) else table.get("whole", True)),
            lead_tables.strata(reduced.cells, chosen, lookup),
            min_group=min_group,
        ),
        left_out={reason: int(leads_left_out.get(reason, 0)) for reason in ("deleted", "not a lead", *LEFT_OUT)},
        by=chosen,
        as_of=known,
        time_zone=limits.time_zone,
        window_days=window_days,
        min_group=min_group,
        unit=unit,
        within_days=within_days,
        stale_days=stale_days,
        dismissing_reasons=reason_names,
        not_leads=ids_of_no_leads,
        dated_by_jobs=jobs is not None,
        complete=inputs.complete("leads", "jobs", "bookings"),
        linked_not_converted=reduced.linked_not_converted,
        undated=int(reduced.days["undated"].sum()),
        limits=limits,
        reduced=reduced,
        source=leads,
        names=lookup,
        jobs=jobs,
        bookings=bookings,
        contacts=all_contacts(contacts),
        cautions=tuple(warned),
        period=counted,
        requested=asked_for,
        inputs=have,
    )


def _people_known(leads: Any, customers: Any, contacts: AllContacts) -> frozenset[str]:
    """Return which of customers and contacts are given; what no open lead refers to counts as given."""
    rows = nw.from_native(leads).lazy()
    names = [name for name in ("customer_id", "lead_phone") if name in rows.collect_schema()]
    asking = collected(rows.filter(true(nw.col("status") == "Open")).select(*names)) if names else pd.DataFrame()
    named = {name for name in names if asking[name].notna().any()}
    known = {
        "customers": tells_marks(customers) or not named,
        "contacts": tell_opt_outs(contacts) or not named,
    }
    return frozenset(name for name, there in known.items() if there)
