"""How far the headline numbers of the reports move if a finding is repaired: the analysis runs on the repaired rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from stcrm_pandas.cleaning.audit.customers import survivors
from stcrm_pandas.cleaning.audit.finding import Effect
from stcrm_pandas.cleaning.audit.rows import Rows

__all__ = ["EFFECTS", "with_suggestions"]

_BOOKED = "leads booked within 30 days"


def booked_rate(rows: Rows, leads: pd.DataFrame) -> float:
    """Return the share of leads that were booked within 30 days: the middle of its bounds."""
    from stcrm_pandas.analysis import lead_conversion

    overall = lead_conversion(
        leads,
        jobs=rows.frames.get("jobs"),
        bookings=rows.frames.get("bookings"),
        call_reasons=rows.frames.get("call_reasons"),
        dismissing_reasons=rows.settings.dismissing_reasons,
        time_zone=rows.settings.time_zone,
    ).overall.iloc[0]
    return (float(overall["share_lower"]) + float(overall["share_upper"])) / 2


def not_blocked(rows: Rows, customers: pd.DataFrame, contacts: pd.DataFrame) -> float:
    """Return the share of customers not blocked for marketing by e-mail."""
    from stcrm_pandas.analysis import contact_preferences

    overall = contact_preferences(customers, contacts, time_zone=rows.settings.time_zone).overall
    chosen = overall[overall["purpose"].eq("marketing") & overall["channel"].eq("e-mail")]
    return float(chosen["share_lower"].iloc[0])


def merged_leads(rows: Rows, kind: str) -> Effect | None:
    """Return the effect of merging duplicates on the share of leads that were booked."""
    if "leads" not in rows.frames:
        return None
    pairs = rows.pairs
    stays = survivors(pairs[pairs["tier"].eq("sure") & pairs["kind"].eq(kind)])
    leads = rows["leads"]
    merged = leads.assign(customer_id=leads["customer_id"].replace(stays))
    merged.attrs = leads.attrs
    return Effect(_BOOKED, booked_rate(rows, leads), booked_rate(rows, merged))


def corrected_emails(rows: Rows) -> Effect | None:
    """Return the effect of correcting misspelled domains on the share of customers that can get e-mail.

    A misspelled address looks valid, so the report counts it: the number that is right is the lower one.
    """
    contacts = rows["customer_contacts"]
    cells = rows.emails.skipped
    wrong = cells[cells["reason"].str.contains("the domain may be misspelled")]
    keys = pd.MultiIndex.from_frame(wrong[["customer_id", "id"]])
    without = contacts[~pd.MultiIndex.from_frame(contacts[["customer_id", "id"]]).isin(keys)]
    without.attrs = contacts.attrs
    repaired = not_blocked(rows, rows["customers"], contacts)
    return Effect("customers whom marketing e-mail reaches", not_blocked(rows, rows["customers"], without), repaired)


EFFECTS: Mapping[str, Callable[[Rows], Effect | None]] = {
    "duplicates_same_person": lambda rows: merged_leads(rows, "same person"),
    "emails_misspelled": corrected_emails,
}
"""The effects for which an analysis runs, by the key of the finding."""


def with_suggestions(frame: pd.DataFrame, skipped: Any) -> pd.DataFrame:
    """Return these contacts with the values that a recipe suggests."""
    keys = ["customer_id", "id"]
    suggested = skipped.dropna(subset="suggestion").drop_duplicates(keys).set_index(keys)["suggestion"]
    found = suggested.reindex(pd.MultiIndex.from_frame(frame[keys])).to_numpy()
    after = frame.assign(value=frame["value"].where(pd.isna(found), found).astype("str"))
    after.attrs = frame.attrs
    return after
