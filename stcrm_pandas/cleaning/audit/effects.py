"""How far the headline numbers of the reports move if a finding is repaired: the analysis runs on the repaired rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.cleaning.audit.finding import Effect
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.edits.diff.columns import TARGETS
from stcrm_pandas.edits.plan.consent import consent_change

if TYPE_CHECKING:
    from stcrm_pandas.analysis import ContactPreferences

__all__ = ["EFFECTS", "with_suggestions"]

_BOOKED = "leads booked within 30 days"


def booked_rate(rows: Rows, leads: pd.DataFrame, jobs: pd.DataFrame | None) -> float:
    """Return the share of leads that were booked within 30 days: the middle of its bounds."""
    overall = rows.reports.leads_of(leads, jobs).overall.iloc[0]
    return (float(overall["share_lower"]) + float(overall["share_upper"])) / 2


def not_blocked(found: ContactPreferences) -> float:
    """Return the share of customers not blocked for marketing by e-mail."""
    overall = found.overall
    chosen = overall[overall["purpose"].eq("marketing") & overall["channel"].eq("e-mail")]
    return float(chosen["share_lower"].iloc[0])


def merged_leads(rows: Rows) -> Effect | None:
    """Return the effect of merging duplicates, whose leads and jobs then belong to one customer, on booked leads."""
    if "leads" not in rows.frames:
        return None
    kept = rows.desk.survivor_of.to_dict()
    leads, jobs = rows["leads"], rows.frames.get("jobs")
    repaired = booked_rate(rows, _moved(leads, kept), None if jobs is None else _moved(jobs, kept))
    return Effect(_BOOKED, booked_rate(rows, leads, jobs), repaired)


def _moved(frame: pd.DataFrame, kept: Mapping[Any, Any]) -> pd.DataFrame:
    """Return rows with the customers that are kept in place of those that are merged into them."""
    ids = frame["customer_id"]
    moved = frame.assign(customer_id=ids.map(kept).astype(ids.dtype).fillna(ids))
    moved.attrs = frame.attrs
    return moved


def corrected_emails(rows: Rows) -> Effect | None:
    """Return the effect of correcting misspelled domains on the share of customers that can get e-mail.

    An address in use is only corrected after the person agreed, so the plan refuses it, and it stays as it is here.
    """
    contacts = rows["customer_contacts"]
    target = TARGETS["customer_contacts"]
    suggested = with_suggestions(contacts, rows.emails.skipped)["value"]
    wrong = rows.emails.skipped
    wrong = wrong[wrong["reason"].str.contains("the domain may be misspelled")]
    keys = pd.MultiIndex.from_frame(wrong[["customer_id", "id"]])
    may = pd.Series(False, index=contacts.index)
    for place in contacts.index[pd.MultiIndex.from_frame(contacts[["customer_id", "id"]]).isin(keys)]:
        row = contacts.loc[place].to_dict()
        may[place] = consent_change(target, "value", row["value"], suggested[place], row) != "opt in"
    repaired = contacts.assign(value=contacts["value"].mask(may, suggested))
    repaired.attrs = contacts.attrs
    now = not_blocked(rows.reports.preferences)
    return Effect("customers not blocked for marketing e-mail", now, not_blocked(rows.reports.preferences_of(repaired)))


EFFECTS: Mapping[str, Callable[[Rows], Effect | None]] = {
    "duplicates": merged_leads,
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
