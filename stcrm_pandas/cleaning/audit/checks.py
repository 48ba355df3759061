"""The checks of an audit: functions of the rows, and the numbers of reports after a repair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.cleaning.audit.finding import Effect, Faults
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.cleaning.recipes.addresses import addresses
from stcrm_pandas.cleaning.recipes.cities import cities
from stcrm_pandas.cleaning.recipes.fix import Fix
from stcrm_pandas.cleaning.recipes.names import names
from stcrm_pandas.cleaning.recipes.spellings import tags
from stcrm_pandas.cleaning.recipes.zips import zips
from stcrm_pandas.contract.schemas.bookings import BOOKINGS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.plan.consent import consent_change

if TYPE_CHECKING:
    from stcrm_pandas.analysis import ContactPreferences, LeadConversion


def without_campaign(rows: Rows, frame: pd.DataFrame, what: str) -> Faults:
    """Return rows whose campaign is missing or a default one."""
    lacking = frame["campaign_id"].isna() | frame["campaign_id"].isin(list(rows.default_campaigns))
    return Faults.among(frame, lacking, f"{what} with a campaign")


def unknown_status(frame: pd.DataFrame, documented: Row, what: str) -> Faults:
    """Return rows with a status that the API does not document."""
    statuses = next(column.field.values for column in documented.columns if column.name == "status")
    return Faults.among(frame, ~frame["status"].isin(list(statuses)), f"{what} with a known status")


def still_open(opened: pd.DataFrame, stale: pd.Series, every: int, number: str) -> Faults:
    """Return stale rows of those that are open; a repair closes them.

    Parameters
    ----------
    every : int
        How many rows there are, open or not.
    number : str
        The name of the share of those that are open.
    """
    old = opened[stale.fillna(value=False).astype(bool)]
    now, left = (count / max(every, 1) for count in (len(opened), len(opened) - len(old)))
    effect = Effect(number, now, left)
    return Faults(old, len(opened), (effect,), opened["created_on"])


def leads_campaign(rows: Rows) -> Faults:
    """Return leads without a campaign that somebody chose."""
    return without_campaign(rows, rows["leads"], "leads")


def jobs_campaign(rows: Rows) -> Faults:
    """Return jobs without a campaign that somebody chose."""
    return without_campaign(rows, rows["jobs"], "jobs")


def leads_follow_up(rows: Rows) -> Faults:
    """Return open leads without a follow-up date."""
    opened = rows.open_leads
    return Faults.among(opened, opened["follow_up_date"].isna(), "open leads with a follow-up date")


def leads_stale(rows: Rows) -> Faults:
    """Return open leads that nobody changed for 30 days and for which no follow-up is to come."""
    from stcrm_pandas.analysis.leads.lists import number_of_leads, open_leads, without_next_step

    report, opened = rows.reports.leads, rows.open_leads
    leads = open_leads(report)
    stale = opened["id"].isin(leads.loc[without_next_step(report, leads), "id"])
    return still_open(opened, stale, number_of_leads(report), "leads of the report that are still open")


def leads_status(rows: Rows) -> Faults:
    """Return leads with a status that the API does not document."""
    return unknown_status(rows["leads"], LEADS, "leads")


def bookings_campaign(rows: Rows) -> Faults:
    """Return bookings without a campaign that somebody chose."""
    return without_campaign(rows, rows["bookings"], "bookings")


def bookings_start(rows: Rows) -> Faults:
    """Return bookings without a start, or that would start before they were created; the year 1 stands for none."""
    bookings = rows["bookings"]
    odd = bookings["start"].isna() | bookings["start"].lt(bookings["created_on"])
    return Faults.among(bookings, odd, "bookings with a possible start")


def bookings_stale(rows: Rows) -> Faults:
    """Return new bookings that nobody answered for more than 30 days."""
    from stcrm_pandas.analysis.bookings.lists import unanswered

    bookings = rows["bookings"]
    new, long = unanswered(rows.reports.bookings)
    waiting = bookings[bookings["id"].isin(new)]
    return still_open(waiting, waiting["id"].isin(long), len(bookings), "bookings that nobody answered yet")


def bookings_status(rows: Rows) -> Faults:
    """Return bookings with a status that the API does not document."""
    return unknown_status(rows["bookings"], BOOKINGS, "bookings")


def bookings_source(rows: Rows) -> Faults:
    """Return bookings whose source is another spelling of a more frequent one, which reports count as one source."""
    from stcrm_pandas.analysis.bookings.table import other_spellings

    bookings = rows["bookings"]
    meant = other_spellings(rows.reports.bookings.spellings)
    misspelled = bookings[bookings["source"].isin([*meant])]
    before = bookings["source"].value_counts()
    after = bookings["source"].replace(meant).value_counts()
    every = max(len(bookings), 1)
    number = "bookings in ServiceTitan's own reports, of “{}”"
    names = dict.fromkeys(meant.values())
    effects = [Effect(number.format(name), before[name] / every, after[name] / every) for name in names]
    return Faults(misspelled, len(bookings), tuple(effects), bookings["created_on"])


MARKETING = "preferences_marketing_updates_enabled"
_KEY = ["customer_id", "id"]
_USABLE = r"a remark beside the number|do not text|the domain may be misspelled"
"""Reasons for which a recipe leaves a value alone although people can use it."""


def cells_of(frame: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the contacts that these cells of a fix belong to, or that these records of a report are."""
    keys = pd.MultiIndex.from_frame(cells[_KEY])
    return frame[pd.MultiIndex.from_frame(frame[_KEY]).isin(keys)]


def unusable(fix: Fix) -> pd.DataFrame:
    """Return the skipped cells that nobody can call or write to as they are."""
    return fix.skipped[~fix.skipped["reason"].str.contains(_USABLE, regex=True)]


def phones_format(rows: Rows) -> Faults:
    """Return phone numbers that the recipe would write in another format."""
    fix = rows.phones
    return Faults(cells_of(rows.contacts, fix.changes), fix.checked)


def phones_invalid(rows: Rows) -> Faults:
    """Return phone numbers that are not one valid number."""
    fix = rows.phones
    return Faults(cells_of(rows.contacts, unusable(fix)), fix.checked)


def phones_shared(rows: Rows) -> Faults:
    """Return phone numbers that ten customers or more have; a placeholder is invalid instead."""
    return Faults(_shared(rows, addresses=False), rows.phones.checked)


def emails_shared(rows: Rows) -> Faults:
    """Return e-mail addresses that ten customers or more have; a placeholder is invalid instead."""
    return Faults(_shared(rows, addresses=True), rows.emails.checked)


def _shared(rows: Rows, *, addresses: bool) -> pd.DataFrame:
    from stcrm_pandas.analysis.preferences.lists import shared_numbers

    numbers = shared_numbers(rows.reports.preferences)["numbers"]
    many = set(numbers[numbers.str.contains("@") == addresses])
    records = rows.reports.records
    has = records["numbers"].map(lambda numbers: not many.isdisjoint(numbers)).astype(bool)
    return cells_of(rows.contacts, records[has & records["valid"]])


def emails_format(rows: Rows) -> Faults:
    """Return e-mail addresses that the recipe would correct."""
    fix = rows.emails
    return Faults(cells_of(rows.contacts, fix.changes), fix.checked)


def emails_invalid(rows: Rows) -> Faults:
    """Return e-mail addresses that are not real, or that are two in one cell."""
    fix = rows.emails
    return Faults(cells_of(rows.contacts, unusable(fix)), fix.checked)


def emails_misspelled(rows: Rows) -> Faults:
    """Return e-mail addresses whose domain looks misspelled."""
    fix = rows.emails
    cells = fix.skipped[fix.skipped["reason"].str.contains("the domain may be misspelled")]
    return Faults(cells_of(rows.contacts, cells), fix.checked)


def customers_unreachable(rows: Rows) -> Faults:
    """Return customers without a valid phone number or e-mail address, as in the report on preferences."""
    records, customers = rows.reports.records, rows.customers
    usable = records.loc[records["valid"] & records["kind"].isin(["mobile", "phone", "e-mail"]), "customer_id"]
    return Faults.among(customers, ~customers["id"].isin(usable), "customers with a usable contact")


def consent_marketing(rows: Rows) -> Faults:
    """Return contacts with marketing turned on whose number or address has it turned off on another record."""
    from stcrm_pandas.analysis.preferences.lists import marketing_off_elsewhere

    records = rows.reports.records
    faulty = cells_of(rows.contacts, records[marketing_off_elsewhere(records)])
    return Faults(faulty, int(rows.contacts[MARKETING].notna().sum()))


def consent_text(rows: Rows) -> Faults:
    """Return phone numbers that may be texted here, and that another record marks as 'do not text'."""
    from stcrm_pandas.analysis.preferences.lists import texts_off_elsewhere

    records = rows.reports.records
    faulty = cells_of(rows.contacts, records[texts_off_elsewhere(records)])
    return Faults(faulty, int(rows.contacts["type"].isin(["Phone", "MobilePhone"]).sum()))


def spelled(recipe: Callable[[pd.DataFrame], Fix]) -> Callable[[Rows], Faults]:
    """Return the check that counts the customers that a recipe changes or lists."""

    def check(rows: Rows) -> Faults:
        fix = recipe(rows.customers)
        ids = pd.concat([fix.changes["id"], fix.skipped["id"]]).unique()
        return Faults(rows.customers[rows.customers["id"].isin(ids)], fix.checked)

    return check


customers_names = spelled(names)
customers_addresses = spelled(addresses)
customers_zips = spelled(zips)
customers_cities = spelled(cities)


def customers_location(rows: Rows) -> Faults:
    """Return customers without an active location."""
    customers = rows.customers
    return Faults.among(customers, ~customers["id"].isin(rows.locations["customer_id"]), "customers with a location")


def duplicates(rows: Rows) -> Faults:
    """Return the customers that are surely entered more than once, as the desk for merges has them."""
    customers, desk = rows.customers, rows.desk
    duplicates = customers[customers["id"].isin(desk.survivor_of.index)]
    effect = Effect("customers", len(customers), len(customers) - len(desk), share=False)
    return Faults(duplicates, len(customers), (effect,), customers["created_on"])


def duplicates_to_check(rows: Rows) -> Faults:
    """Return the customers in a pair that a person has to look at."""
    pairs = rows.duplicates.open_pairs("look")
    ids = pd.concat([pairs["id_1"], pairs["id_2"]])
    # nobody knows yet which of them are the same
    return Faults(rows.customers[rows.customers["id"].isin(ids)], len(rows.customers))


_TAGGED = ("customers", "locations", "leads", "jobs")


def tags_unused(rows: Rows) -> Faults:
    """Return active tags that no customer, location, lead or job has."""
    used = {tag for name in _TAGGED for tags in rows[name]["tag_type_ids"].dropna() for tag in tags}
    active = rows["tag_types"][rows["tag_types"]["active"].fillna(value=False).astype(bool)]
    return Faults(active[~active["id"].isin(list(used))], len(active))


def tags_twins(rows: Rows) -> Faults:
    """Return customers with a tag that is another spelling of a more frequent one."""
    customers = rows.customers
    twins = set(tags(customers, rows["tag_types"]).map["value"].tolist())
    held = customers["tag_type_ids"].map(lambda ids: not twins.isdisjoint(ids or ()), na_action="ignore")
    tagged = customers["tag_type_ids"].map(bool, na_action="ignore")
    return Faults(customers[held.fillna(value=False).astype(bool)], int(tagged.fillna(value=False).astype(bool).sum()))


_BOOKED = "leads booked within 30 days"


def booked_rate(result: LeadConversion) -> float:
    """Return the share of leads that were booked within 30 days: the middle of its bounds."""
    overall = result.overall.iloc[0]
    return (float(overall["share_lower"]) + float(overall["share_upper"])) / 2


def not_blocked(result: ContactPreferences) -> float:
    """Return the share of customers not blocked for marketing by e-mail."""
    overall = result.overall
    chosen = overall[overall["purpose"].eq("marketing") & overall["channel"].eq("e-mail")]
    return float(chosen["share_lower"].iloc[0])


def merged_leads(rows: Rows) -> Effect | None:
    """Return the effect of merging duplicates, whose leads and jobs then belong to one customer, on booked leads."""
    if "leads" not in rows.frames:
        return None
    kept = rows.desk.survivor_of.to_dict()
    leads, jobs = rows["leads"], rows.frames.get("jobs")
    repaired = rows.reports.leads_of(_moved(leads, kept), None if jobs is None else _moved(jobs, kept))
    return Effect(_BOOKED, booked_rate(rows.reports.leads), booked_rate(repaired))


def _moved(frame: pd.DataFrame, kept: Mapping[Any, Any]) -> pd.DataFrame:
    """Return rows with the customers that are kept in place of those that are merged into them."""
    ids = frame["customer_id"]
    moved = frame.assign(customer_id=ids.map(kept).astype(ids.dtype).fillna(ids))
    moved.attrs = frame.attrs
    return moved


def corrected_emails(rows: Rows) -> Effect | None:
    """Return the effect of correcting misspelled domains on the share of customers not blocked for e-mail.

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
    corrected = suggested.reindex(pd.MultiIndex.from_frame(frame[keys])).to_numpy()
    after = frame.assign(value=frame["value"].where(pd.isna(corrected), corrected).astype("str"))
    after.attrs = frame.attrs
    return after
