"""Outcomes of bookings by source: how many become jobs, how quickly, and their revenue.

A booking is a request from a web form, a portal or a marketplace. Turning it into a lead dismisses it, so a dismissed
booking is not necessarily lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.conversion import table_of
from stcrm_pandas.analysis.base.display import Sentences, Shown
from stcrm_pandas.analysis.base.engine import EPOCH, TENANT, created_within, prepare_rows, refuse_mixed_tenants
from stcrm_pandas.analysis.base.headline import Headline
from stcrm_pandas.analysis.base.inputs import AllContacts, Inputs, MirrorLike, all_contacts, tell_opt_outs
from stcrm_pandas.analysis.base.money import currencies_of, in_use, several
from stcrm_pandas.analysis.base.names import dimensions, lookups
from stcrm_pandas.analysis.base.periods import Limits, Period, checked_period
from stcrm_pandas.analysis.base.provenance import (
    Moment,
    bounds_of_creation,
    known_until,
    refuse_selections,
)
from stcrm_pandas.analysis.base.result import Analysis
from stcrm_pandas.analysis.base.worth import inactive_ids, paces
from stcrm_pandas.analysis.bookings import findings, lists, text
from stcrm_pandas.analysis.bookings import table as tables
from stcrm_pandas.analysis.bookings.counts import DIMENSIONS, Counted, count_bookings, measurable_period, one_number
from stcrm_pandas.analysis.bookings.hours import Clock, silences
from stcrm_pandas.analysis.bookings.outcomes import booking_rows, follow_on_jobs
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.analysis.bookings.table import Groups, spellings
from stcrm_pandas.analysis.campaigns.attribution import Attribution, attribution
from stcrm_pandas.analysis.statistics.comparison import together
from stcrm_pandas.errors import UsageError, require

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


Kind = Literal["outcomes", "speed", "hours", "weeks", "leakage"]


class BookingSources(BookingSourcesResult, Analysis):
    """The result of `booking_sources`: numbers, sentences, tables, figures, actions and call lists.

    See `BookingSourcesResult` for the numbers.
    """

    _findings: ClassVar[ModuleType] = findings
    _lists: ClassVar[ModuleType] = lists
    _text: ClassVar[ModuleType] = text

    def headline(self) -> Headline:
        """Return the share of bookings that became jobs, in the period or the last twelve months, and by month.

        Returns
        -------
        Headline
            The headline, its evidence in one or two sentences, and the chart by month.
        """
        return findings.headline(self)

    @property
    def health(self) -> Sentences:
        """Sentences about how reliably bookings are credited to campaigns."""
        return Sentences(self.attribution.sentences())

    def shown(self, kind: str) -> Shown:
        """Return one of the other tables, formatted for display.

        - `after_hours`: the share still new after an hour, during the day and after hours
        - `leakage`: the numbers of bookings that became jobs, were not canceled, were completed, and had revenue
        - `revenue`: the revenue of the jobs in each group
        - `first_time`: the share of first-time customers in each group
        - `spellings`: how each source is spelled

        Parameters
        ----------
        kind : {"after_hours", "leakage", "revenue", "first_time", "spellings"}
            The table to return.

        Returns
        -------
        Table
            The table for display.

        Raises
        ------
        UsageError
            The kind is unknown.
        """
        return self._defined(text.shown(self, kind))

    def figure(self, kind: Kind = "outcomes") -> Figure:
        """Return a plotly figure.

        - `outcomes`: what happened to the bookings in each group
        - `speed`: the share of bookings still new after 15 minutes, an hour and a day
        - `hours`: bookings by weekday and hour
        - `weeks`: bookings by week and source
        - `leakage`: the shares of bookings that became jobs, were not canceled, were completed, and had revenue

        Parameters
        ----------
        kind : {"outcomes", "speed", "hours", "weeks", "leakage"}, default "outcomes"
            The kind of figure to draw.

        Returns
        -------
        Figure
            The plotly figure, which notebooks display.

        Raises
        ------
        UsageError
            The kind is unknown.
        """
        require("figure")
        from stcrm_pandas.analysis.bookings import figures
        from stcrm_pandas.charts.base import draw

        return draw(figures, kind, self)


def booking_sources(
    bookings: Any = None,
    *,
    leads: Any = None,
    jobs: Any = None,
    mirror: MirrorLike | None = None,
    customers: Any = None,
    status_log: Any = None,
    by: str | Sequence[str] | None = "source",
    groups: Groups = None,
    names: Any = None,
    business_units: Any = None,
    as_of: Moment | None = None,
    time_zone: str | None = None,
    mature_days: int = 30,
    revenue_days: int = 60,
    min_group: int = 30,
    contacts: AllContacts = None,
    period: Period | str | None = None,
) -> BookingSources:
    """Analyze the outcomes, response times and revenue of bookings, by source or another dimension.

    A booking became a job if it refers to one, is Converted, or became a lead that is Converted. The job or lead
    created from a booking dates the first action. Without one, the first action lies between the booking's creation and
    its last change, or between two entries of the status log, so a response time may have only a lower and an upper
    bound.

    Parameters
    ----------
    bookings, leads, jobs : object
        Frames from pandas, polars, DuckDB or Spark with the columns of their schemas, each with all rows created in the
        same span of time. Leads and jobs are optional. Without them, some results are unknown; the summary lists them.
        Bookings are optional with a `mirror`.
    mirror : Mirror or Mirrors, optional
        A mirror (`crm.mirror(folder)`, or `stcrm.mirrors(folder)` for all its tenants), for every input that is not
        given, except `contacts`: the rows as of `as_of`, the status log, the names of groups and the time zone. By
        default, the rows are those of the last sync.
    customers : object, optional
        Customers with `id` and `created_on`. A customer created before the booking is not a first-time customer. With
        `do_not_service`, call lists show who must not be called.
    status_log : object, optional
        The statuses of bookings in earlier reads (`id`, `status`, `first_seen`, `last_seen`), such as those that
        `mirror.status_log("bookings")` returns.
    by : str or sequence of str, default 'source'
        One or two of "source", "provider", "campaign", "business_unit", "month", "weekday", "hour" (in local time) and
        "tenant"; None for the total only.
    groups : Groups, optional
        The source for each spelling: a mapping, or the edited frame `spellings` of an earlier result.
    names : object, optional
        The names of the groups, by dimension ({"campaign": campaigns, "business_unit": units}), or a single lookup if
        `by` has one dimension. A lookup is a mapping from id to name, or a frame with `id`, `name` and `active`.
    business_units : object, optional
        Business units, for the currency of amounts. By default, those in `names`. Without them, amounts have no
        currency.
    as_of : str, date or Timestamp, optional
        The time for which the bookings are current. The default time zone is the company's. By default, the time of
        the read. With a `mirror`, any time that it covers.
    time_zone : str, optional
        The company's time zone. By default, the one that the frame records.
    mature_days : int, default 30
        The minimum age of a booking for its outcome to count, in days.
    revenue_days : int, default 60
        The minimum age of a booking and its job for cancellation and revenue to count, in days.
    min_group : int, default 30
        The minimum number of bookings for a group to be compared.
    contacts : AllContacts, optional
        The contacts of bookings (`crm.bookings.list_contacts`), for the phone numbers and e-mail addresses on call
        lists. To find opt-outs on other records of a number, pass a list that also contains the contacts of customers
        and locations.
    period : Period or str, optional
        Count only bookings created on these days: `analysis.period`, or a month such as "2026-10". By default, all.
        Also pass bookings from the year before the period, for comparison, and later leads and jobs. Call lists, tiles
        and gaps in a source's bookings are always as of the time of the read. If fewer than `min_group` bookings of the
        period are old enough, the latest period of the same length that has enough is counted.

    Returns
    -------
    BookingSources
        The result: tables, and the sentences, lists and figures computed from them.

    Raises
    ------
    UsageError
        A column, the time zone or `as_of` is missing, an id appears twice, or the bookings were filtered by
        modification date or are part of a feed.
    MirrorError
        The mirror does not have the bookings, or does not cover `as_of`.

    Examples
    --------
    >>> import pandas as pd
    >>> moments = pd.Series(pd.to_datetime(["2026-01-05T15:00Z", "2026-01-06T16:00Z"], utc=True))
    >>> bookings = pd.DataFrame({"id": [1, 2], "source": ["Web Form", "web-form"], "status": ["Converted", "New"],
    ...     "created_on": moments, "modified_on": moments, "start": moments, "job_id": pd.array([7, None], "Int64"),
    ...     "campaign_id": 3, "business_unit_id": 4, "booking_provider_id": 5})
    >>> found = booking_sources(bookings, as_of="2026-03-01T00:00Z", time_zone="America/Chicago")
    >>> found.table[["name", "bookings", "job", "new"]].values.tolist()
    [['Web Form', 2, 1, 1]]
    """
    by = dimensions(by, [*DIMENSIONS])
    if mature_days < 1 or revenue_days < 1 or min_group < 1:
        raise UsageError("mature_days, revenue_days and min_group must be 1 or more")
    inputs = Inputs(mirror, by, as_of=as_of, time_zone=time_zone)
    as_of, bookings = inputs.as_of, inputs.required("bookings", bookings)
    leads, jobs = inputs.optional("leads", leads), inputs.optional("jobs", jobs)
    customers = inputs.optional("customers", customers)
    status_log = inputs.status_log("bookings", status_log)
    names = inputs.names(names, "campaign", "business_unit", *by)
    bookings, leads, jobs, customers, status_log = inputs.admit(
        bookings=bookings, leads=leads, jobs=jobs, customers=customers, status_log=status_log
    )
    refuse_selections(bookings, "bookings")
    local = inputs.zone
    if local is None:
        raise UsageError("hours and weeks need a time zone: pass time_zone='America/Chicago', or connect with one")
    known = known_until(bookings, as_of, local)
    limits = Limits(known, dt.timedelta(days=mature_days), local, old=dt.timedelta(days=revenue_days))
    rows = booking_rows(bookings, limits, leads=leads, jobs=jobs, customers=customers, status_log=status_log)
    refuse_mixed_tenants(rows, by)
    asked_for = checked_period(period, known, local)
    shown = None if asked_for is None else measurable_period(rows, asked_for, limits, min_group)
    named = lookups(names, by, [*DIMENSIONS])
    of_unit = currencies_of(named.get("business_unit") if business_units is None else business_units)
    have = inputs.present(contacts=contacts if tell_opt_outs(contacts) else None)
    counted = count_bookings(rows, by, limits, follow_on_jobs(jobs), of_unit, have, shown)
    currencies = in_use(counted.amounts.loc[counted.amounts["total"] != 0, "currency"])
    spelt = spellings(counted.spellings, groups)
    sources = dict(zip(spelt["source"], spelt["group"], strict=True))
    every_hour = Clock.of(counted.clock, sources, bounds_of_creation(bookings, local), known, local)
    clock, gaps = every_hour.within(shown), silences(every_hour)
    health = _health(counted, named.get("campaign"))
    grouped = partial(tables.grouped, by=by, named=named, sources=sources)
    cells = grouped(counted.cells)
    ordered = bool(by) and by[0] in ("month", "weekday", "hour")
    ranked = "campaign" not in by or health.ranked
    amounts = grouped(counted.amounts)
    table = tables.measured(cells, min_group=min_group, ordered=ordered, ranked=ranked)
    for column, spans in counted.spans.items():
        table[column] = table["name"].map(tables.medians(grouped(spans))).astype("Float64")
    complete = tables.complete_groups(table, by, clock, known - limits.mature)
    result = BookingSources(
        table=table,
        overall=tables.overall(cells, min_group=min_group),
        speed=tables.speed(table, min_group),
        leakage=tables.leakage(table),
        first_time=tables.first_time(table),
        spellings=spelt,
        silences=gaps if shown is None else gaps[_ongoing_in(gaps, shown)].reset_index(drop=True),
        attribution=health,
        comparisons=tables.comparisons(cells, table, by, complete, min_group, have) if ranked else {},
        left_out={"deleted": counted.deleted},
        by=by,
        as_of=known,
        time_zone=local.key,
        mature_days=mature_days,
        revenue_days=revenue_days,
        min_group=min_group,
        contacts=all_contacts(contacts),
        log_known=status_log is not None,
        jobs_from=_jobs_known_from(jobs),
        complete=inputs.complete("bookings", "leads", "jobs"),
        clock=clock,
        every_hour=every_hour,
        amounts=amounts if shown is None else amounts[created_within(amounts["created"], shown)],
        every_amount=amounts,
        paces=_paces(grouped(counted.recent), by, named, limits) if by else {},
        rows=rows,
        jobs=jobs,
        currency_of_units=of_unit,
        names=named,
        customers=customers if isinstance(customers, pd.DataFrame) else None,
        bookings=bookings,
        cautions=(*inputs.cautions, *several(currencies)),
        currencies=currencies,
        period=shown,
        requested=asked_for,
        inputs=have,
    )
    return together(result)[0]


def _paces(recent: pd.DataFrame, by: Sequence[str], named: Mapping[str, Any], limits: Limits) -> dict[str, float]:
    """Return the bookings with a job of each group in four weeks, by its name."""
    gone = inactive_ids(named.get(by[0])) if len(by) == 1 else set()
    inactive = set(recent.loc[recent["id"].isin(gone), "name"])
    return paces(recent, "name", as_of=limits.as_of, mature=limits.old, inactive=inactive)


def _ongoing_in(gaps: pd.DataFrame, period: Period) -> pd.Series:
    """Return which silences touch a period, or last until now."""
    touching: pd.Series = (gaps["since"] < pd.Timestamp(period.end)) & (gaps["until"] > pd.Timestamp(period.first))
    return touching | gaps["ongoing"]


def _jobs_known_from(jobs: Any) -> dt.datetime | None:
    """The time since which jobs are known."""
    if jobs is None:
        return None
    first = one_number(prepare_rows(jobs, "jobs", (), times=("created_on",)).select(nw.col("created_on").min()))
    return None if first is None else EPOCH + dt.timedelta(microseconds=first)


def _health(counted: Counted, campaigns: Any) -> Attribution:
    chains = counted.chains.set_index([name for name in (TENANT, "campaign_id") if name in counted.chains])
    return attribution(
        chains["bookings"],
        None if campaigns is None or isinstance(campaigns, Mapping) else table_of(campaigns, "names", ["id"]),
        what="bookings",
        chains=int(chains["chains"].sum()),
        differing=int(chains["differ"].sum()),
    )
