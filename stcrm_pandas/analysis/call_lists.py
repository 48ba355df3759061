"""Call lists: who may be called and how, whose need may be gone, and the calls that are worth most first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, micros, prepare_rows, true
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.worth import JobValues
from stcrm_pandas.frame.contact_values import (
    best_contacts,
    find_contacts,
    first_contact,
    format_phone,
    is_valid_address,
    is_valid_number,
    opt_outs,
)

_NEWEST, _WORTH = "The newest come first: they are booked most often.", "The calls that are worth most come first."


@dataclass(frozen=True)
class Calls:
    """Leads or bookings to call, with what each is worth.

    Parameters
    ----------
    table : DataFrame
        The columns that readers see, among them `Why`.
    rows : DataFrame
        The same rows with `id`, `created`, and the columns by which `values` are known.
    chances : Series
        The chance of each to be booked; missing if unknown.
    values : JobValues, optional
        The average revenue of jobs.
    of_age : str
        Whose share the chance is: "of leads of the same age were still booked within 30 days".
    since : Series
        What happened after each came in so that a call may not be needed: "Job on Nov 3, 2026"; mostly empty.
    """

    table: pd.DataFrame = field(repr=False)
    rows: pd.DataFrame = field(repr=False)
    chances: pd.Series = field(repr=False)
    values: JobValues | None
    of_age: str
    since: pd.Series = field(repr=False)

    @property
    def refused(self) -> pd.Series:
        """Which rows are of people who must not be called."""
        return self.table["Phone"].eq(DO_NOT_CALL) if "Phone" in self.table else self.since.ne(self.since)

    def work_list(self, key: str, title: str, what_to_do: str, chosen: pd.Series) -> WorkList:
        """Return the list of the chosen rows, without people who must not be called or may have been booked since."""
        chosen = chosen & ~self.refused & self.since.eq("")
        table, rows, values = self.table[chosen], self.rows[chosen], self.values
        stake = pd.Series(pd.NA, index=rows.index, dtype="Float64") if values is None else values.of(rows)
        expected = stake * self.chances[chosen].astype("Float64")
        if values is not None and not values.comparable:
            expected[:] = pd.NA
        by_worth = bool(expected.notna().any())
        notes = []
        if by_worth:
            notes.append(f"A call is worth the amount at stake times the share {self.of_age}.")
        if values is not None and stake.notna().any():
            table = table.copy()
            table.insert(list(table).index("Why"), "At stake", values.shown(rows, stake))
            notes.append(values.basis)
        order = rows.assign(expected=expected).sort_values(
            ["expected", "created", "id"], ascending=False, na_position="last"
        )
        words = f"{what_to_do} {_WORTH if by_worth else _NEWEST}"
        known = by_worth and bool(expected.notna().all())
        shown = without_empty(table.loc[order.index])
        revenue = float(expected.sum()) if known else None
        moved = [] if values is None else values.moved(rows[(expected != 0).fillna(value=False).to_numpy(dtype=bool)])
        notes += explain_marks(table)
        return WorkList(key, title, words, shown, expected=revenue, unusual=moved, notes=notes)

    def apart(self, chosen: pd.Series, *, of: str, close: str) -> list[WorkList]:
        """Return two lists of chosen rows that are on no call list: may have been booked since, must not be called.

        Parameters
        ----------
        chosen : Series
            Which rows would be on a call list.
        of : str
            What the rows are: "leads".
        close : str
            How to close one, as an instruction.
        """
        return [
            self._apart(
                f"{of}-booked-since",
                f"Open {of} of people who may have been booked since",
                "A job was created for the customer, or another record of the same request was booked. If that was "
                f"this request, {close}. If not, call.",
                chosen & ~self.refused & self.since.ne(""),
                self.since,
            ),
            self._apart(
                f"{of}-not-to-call",
                f"Open {of} of people who must not be called",
                f"Do not call them. If they do not get in touch, {close}.",
                chosen & self.refused,
                self.table["Why"],
            ),
        ]

    def _apart(self, key: str, title: str, what_to_do: str, chosen: pd.Series, why: pd.Series) -> WorkList:
        order = self.rows[chosen].sort_values(["created", "id"], ascending=False, na_position="last").index
        table = self.table.assign(Why=why).loc[order]
        return WorkList(key, title, what_to_do, without_empty(table), notes=explain_marks(table))


def rows_of_list(rows: pd.DataFrame, listed: pd.DataFrame, title: str) -> pd.DataFrame:
    """Return the rows that are in a list, by their id, whose title in the list is given, and tenant if there are some.

    >>> rows_of_list(pd.DataFrame({"id": [7, 8]}), pd.DataFrame({"Lead id": [8]}), "Lead id")["id"].tolist()
    [8]
    """
    titles = {name: shown for name, shown in {"id": title, TENANT: "Tenant"}.items() if name in rows}
    of_list = pd.MultiIndex.from_frame(listed[[*titles.values()]])
    return rows[pd.MultiIndex.from_frame(rows[[*titles]]).isin(of_list)]


def jobs_since(
    rows: pd.DataFrame, jobs: Any, links: Mapping[str, str], *, as_of: dt.datetime, zone: dt.tzinfo
) -> pd.Series:
    """Return the first job that was created after each row, as text: 'Job on Nov 3, 2026 (Completed)'; or empty.

    Parameters
    ----------
    rows : DataFrame
        Rows with `created`, a time in UTC, and `tenant` if there are several.
    jobs : object
        Jobs of any engine; None if they were not read.
    links : mapping
        From a column of the rows to the column of the jobs with the same id, such as their customer's.
    as_of, zone : datetime, tzinfo
        The time until which jobs count, and the time zone of their days.
    """
    texts = pd.Series("", index=rows.index, dtype="str")
    ids_of = {own: rows[own].dropna().unique().tolist() for own in links if own in rows}
    ids_of = {own: ids for own, ids in ids_of.items() if ids}
    if jobs is None or not ids_of:
        return texts
    made = prepare_rows(
        jobs,
        "jobs",
        ("id",),
        times=("created_on",),
        optional=("job_status",),
        filled=sorted({links[own] for own in ids_of} - {"id"}),
    )
    named = reduce(or_, (true(nw.col(links[own]).is_in(ids)) for own, ids in ids_of.items()))
    later_jobs = collected(made.filter(named, true(nw.col("created_on") <= micros(as_of))))
    later_jobs["since"] = pd.to_datetime(later_jobs["created_on"], unit="us", utc=True)
    tenant = [TENANT] if TENANT in rows and TENANT in later_jobs else []
    shown = [*tenant, "since", *(["job_status"] if "job_status" in later_jobs else [])]
    pairs = [
        rows[[*tenant, own, "created"]]
        .rename_axis("row")
        .reset_index()
        .dropna(subset=[own])
        .merge(later_jobs[shown].assign(**{own: later_jobs[links[own]]}), on=[*tenant, own])
        for own in ids_of
    ]
    later = pd.concat([pair[pair["since"] >= pair["created"]] for pair in pairs])
    first = later.sort_values("since", kind="stable").drop_duplicates("row").set_index("row")
    status = (
        first["job_status"].map(" ({})".format, na_action="ignore").astype("str").fillna("")
        if "job_status" in first
        else ""
    )
    described: pd.Series = "Job on " + day_of(first["since"].dt.tz_convert(zone)) + status
    texts.update(described)
    return texts


def only_customers(values: pd.DataFrame, contacts: pd.DataFrame | None) -> pd.Series:
    """Return by row the only customer with one of its numbers or addresses; rows without one, or with several, lack.

    Placeholders such as 000-000-0000 lead to nobody.

    Parameters
    ----------
    values : DataFrame
        `row`, `value` (a number or an address as typed) and `tenant` if there are several.
    contacts : DataFrame or None
        The contacts of customers, with `customer_id` and `value`.
    """
    if contacts is None or "customer_id" not in contacts or values.empty:
        return pd.Series(dtype="Int64")
    tenant = [TENANT] if TENANT in values and TENANT in contacts else []
    wanted = _spelt(values[[*tenant, "row", "value"]])
    wanted = wanted[[is_valid_number(value) or is_valid_address(value) for value in wanted["value"]]]
    held = _spelt(contacts[[*tenant, "customer_id", "value"]].dropna(subset=["customer_id"]))
    held = held[held["value"].isin(set(wanted["value"]))].drop_duplicates()
    alone = held[~held.duplicated([*tenant, "value"], keep=False)]
    linked = wanted.merge(alone, on=[*tenant, "value"])[["row", "customer_id"]].drop_duplicates()
    only = linked[~linked.duplicated("row", keep=False)]
    customers: pd.Series = only.set_index("row")["customer_id"].astype("Int64")
    return customers


def day_of(moments: pd.Series) -> pd.Series:
    """Return days as 'Nov 3, 2026'."""
    number = moments.dt.day.astype("Int64").astype("str")
    days: pd.Series = moments.dt.strftime("%b ") + number + moments.dt.strftime(", %Y")
    return days.astype("str")


def _spelt(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row per number or address, in its normal form."""
    spelt = rows["value"].map(find_contacts, na_action="ignore")
    return rows.assign(value=spelt).explode("value").dropna(subset=["value"])


_OPT_OUTS = (
    "Do not call: the customer is marked 'do not service', or turned off both marketing and job reminders. Opt-outs "
    "count on any record of a number."
)

_COLUMNS = ("Phone", "Opt-outs", "E-mail")

_NO_PHONE, DO_NOT_CALL = "No phone on file", "Do not call"
_NO_TEXTS, _NO_MARKETING = "Do not text", "No marketing"


def contact_columns(
    rows: pd.DataFrame,
    contacts: pd.DataFrame | None,
    *,
    phone: str | None = None,
    email: str | None = None,
    owners: Sequence[str] = (),
    customers: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the columns `Phone`, `Opt-outs` and `E-mail` of a call list.

    A row's own number comes first, then the best ones of its owners, in order: the first that may be called. If rows
    have a column tenant, contacts and customers are those of the row's tenant.

    Parameters
    ----------
    rows : DataFrame
        The rows of the list.
    contacts : DataFrame or None
        All contacts that are known. Each owner's are those with its id.
    phone, email : str, optional
        The columns of the rows' own number and address.
    owners : sequence of str, default ()
        Columns of ids that rows and contacts have: "customer_id", "location_id", "booking_id".
    customers : DataFrame, optional
        Customers with `id` and `do_not_service`.
    """
    if TENANT in rows:
        parts = [
            contact_columns(
                own.drop(columns=TENANT),
                _of_tenant(contacts, tenant),
                phone=phone,
                email=email,
                owners=owners,
                customers=_of_tenant(customers, tenant),
            )
            for tenant, own in rows.groupby(TENANT, dropna=False)
        ]
        return pd.concat(parts).reindex(rows.index) if parts else pd.DataFrame(columns=_COLUMNS, dtype="str")
    not_to_serve = _not_to_serve(customers)
    opted_out = opt_outs(contacts, not_to_serve=not_to_serve)
    phones, emails = [_own(rows, phone)], [_own(rows, email)]
    for owner in owners:
        if contacts is not None and owner in rows and owner in contacts:
            best = best_contacts(contacts, rows[owner].dropna().unique(), owner=owner, opted_out=opted_out)
            theirs = best.reindex(rows[owner]).set_axis(rows.index)
            phones.append(theirs["phone"].fillna(""))
            emails.append(theirs["email"].fillna(""))
    number = _first(phones, lambda column: column.ne("") & ~column.isin(opted_out.calls))
    refused = number.isin(opted_out.calls)
    if "customer_id" in rows:
        refused |= rows["customer_id"].isin(not_to_serve)
    marks = {_NO_TEXTS: opted_out.texts, _NO_MARKETING: opted_out.marketing}
    marked = number.map(lambda column: ", ".join(mark for mark, numbers in marks.items() if column in numbers))
    shown = number.map(format_phone).mask(number == "", _NO_PHONE).mask(refused, DO_NOT_CALL)
    columns = (shown, marked.mask(refused, ""), _first(emails, lambda column: column.ne("")))
    return pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)), index=rows.index).astype("str")


def explain_marks(table: pd.DataFrame) -> list[str]:
    """Return what the marks in a list mean; nothing if it has none."""
    opted_out = "Opt-outs" in table and table["Opt-outs"].ne("").any()
    refused = "Phone" in table and table["Phone"].eq(DO_NOT_CALL).any()
    return [_OPT_OUTS] if opted_out or refused else []


def without_empty(table: pd.DataFrame) -> pd.DataFrame:
    """Return a list without those of its optional columns that are empty."""
    empty = [name for name in ("Opt-outs", "Link") if name in table and not table[name].ne("").any()]
    return table.drop(columns=empty).reset_index(drop=True)


def _of_tenant(frame: pd.DataFrame | None, tenant: Any) -> pd.DataFrame | None:
    """Return the rows of a tenant; all of them if the frame has no column tenant."""
    return frame if frame is None or TENANT not in frame else frame[frame[TENANT].eq(tenant)]


def _not_to_serve(customers: pd.DataFrame | None) -> pd.Series:
    """Return the ids of customers marked 'do not service'."""
    if customers is None or "do_not_service" not in customers:
        return pd.Series([], dtype="Int64")
    marked: pd.Series = customers.loc[customers["do_not_service"].astype("boolean").fillna(value=False), "id"]
    return marked


def _own(rows: pd.DataFrame, column: str | None) -> pd.Series:
    """Return the number or address in a row's own column, in its normal form if it has one; empty if there is none."""
    if column is None or column not in rows:
        return pd.Series("", index=rows.index, dtype="str")
    return rows[column].fillna("").astype("str").map(first_contact).astype("str")


def _first(columns: Sequence[pd.Series], usable: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return of each row the first usable value, else the first one."""
    chosen = pd.Series("", index=columns[0].index, dtype="str")
    for condition in (usable, lambda column: column.ne("")):
        for column in columns:
            chosen = chosen.mask(chosen.eq("") & condition(column), column)
    return chosen
