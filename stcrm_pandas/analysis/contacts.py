"""The columns of a call list that say how to reach somebody, and what that person opted out of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.inputs import table_of
from stcrm_pandas.frame.contact_values import best_contacts, first_contact, format_phone, opt_outs

__all__ = ["DO_NOT_CALL", "AllContacts", "all_contacts", "contact_columns", "explain_marks", "without_empty"]

_OPT_OUTS = (
    "Do not call: the customer is marked 'do not service', or turned off both marketing and job reminders. Opt-outs "
    "count on any record of a number."
)

AllContacts = pd.DataFrame | Sequence[pd.DataFrame | None] | None

_COLUMNS = ("Phone", "Opt-outs", "E-mail")

_NO_PHONE, DO_NOT_CALL = "No phone on file", "Do not call"
_NO_TEXTS, _NO_MARKETING = "Do not text", "No marketing"


def all_contacts(given: AllContacts) -> pd.DataFrame | None:
    """Return contacts from one or more frames as one frame; None if there are none.

    >>> all_contacts([pd.DataFrame({"customer_id": [7], "type": ["Phone"], "value": ["512-555-0101"]}), None]).shape
    (1, 3)
    """
    frames = [given] if isinstance(given, pd.DataFrame) else [frame for frame in given or () if frame is not None]
    checked = [table_of(frame, "contacts", ["type", "value"]) for frame in frames]
    return pd.concat(checked, ignore_index=True) if checked else None


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
    number = _first(phones, lambda one: one.ne("") & ~one.isin(opted_out.calls))
    refused = number.isin(opted_out.calls)
    if "customer_id" in rows:
        refused |= rows["customer_id"].isin(not_to_serve)
    marks = {_NO_TEXTS: opted_out.texts, _NO_MARKETING: opted_out.marketing}
    marked = number.map(lambda one: ", ".join(mark for mark, numbers in marks.items() if one in numbers))
    shown = number.map(format_phone).mask(number == "", _NO_PHONE).mask(refused, DO_NOT_CALL)
    columns = (shown, marked.mask(refused, ""), _first(emails, lambda one: one.ne("")))
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
    for condition in (usable, lambda one: one.ne("")):
        for column in columns:
            chosen = chosen.mask(chosen.eq("") & condition(column), column)
    return chosen
