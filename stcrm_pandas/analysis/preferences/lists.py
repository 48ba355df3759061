"""Lists of contacts whose records contradict each other or are incomplete.

They only opt out: in a contradiction, the opt-out counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.call_lists import DO_NOT_CALL, contact_columns, explain_marks
from stcrm_pandas.analysis.preferences.consent import compare_with_records
from stcrm_pandas.analysis.preferences.owners import (
    OPTED_OUT,
    TYPE_UNKNOWN,
    UNKNOWN,
    blocked_by,
    locations_of,
    places_of,
)
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult

MARKETING = "preferences_marketing_updates_enabled"
_TO_ASK = ("ask-for-marketing", "ask-whether-mobile", "preference-without-valid")
"""The keys of lists of people to call with a question."""

_SWITCH_OFF = "Switch off marketing on these in ServiceTitan, one by one or, in a notebook, all at once."


class _Records:
    """The contact records of customers or locations with their owners, and the lists of them."""

    def __init__(self, result: ContactPreferencesResult, store: str) -> None:
        self.result, self.store = result, store
        self.who = store.removesuffix("s")
        self.rows = with_owners(result, store)

    def work_list(
        self, key: str, title: str, what_to_do: str, rows: Any, *, by_hand: bool = False, **more: Any
    ) -> WorkList:
        """Return a call list or cleanup list of these rows; `more` adds columns."""
        if self.store != "customers":
            key = f"{key}-{self.store}"
        return WorkList(key, f"{title} ({self.store})", what_to_do, self.shown(rows).assign(**more), by_hand=by_hand)

    def to_switch_off(self, key: str, title: str, rows: Any) -> WorkList:
        """Return a list of rows to opt out of marketing, with the frame for the bulk edit."""
        return replace(self.work_list(key, title, _SWITCH_OFF, rows), after=self.after(rows))

    def shown(self, rows: Any) -> pd.DataFrame:
        """Return these rows, chosen by a mask or by their places, with columns named for readers."""
        titles = {TENANT: "Tenant id"} if (self.rows[TENANT] != 0).any() else {}
        titles |= {"owner": f"{self.who.capitalize()} id", "name": self.who.capitalize(), "type": "Type"}
        return _titled(self.rows.iloc[rows], titles | {"value": "Number or address"})

    def after(self, rows: Any) -> pd.DataFrame | None:
        """Return the contacts as read, with marketing switched off; None for frames that cannot be planned."""
        name = "contacts" if self.store == "customers" else "location_contacts"
        mine = _as_read(self.result.read[name], [f"{self.who}_id", "id"], self.rows.iloc[rows])
        return None if mine is None else mine.assign(**{MARKETING: pd.array([False] * len(mine), dtype="boolean")})


def _titled(rows: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """Return these columns, named for readers."""
    return rows[[*titles]].rename(columns=titles).reset_index(drop=True)


def _as_read(frame: Any, key: list[str], rows: pd.DataFrame) -> pd.DataFrame | None:
    """Return the rows of a frame for the owners and ids of these; None for frames that cannot be planned."""
    if not isinstance(frame, pd.DataFrame) or TENANT in frame:
        return None
    return frame[pd.MultiIndex.from_frame(frame[key]).isin(pd.MultiIndex.from_frame(rows[["owner", "id"]]))]


def work_lists(result: ContactPreferencesResult) -> list[WorkList]:
    """Return all lists: first those to opt out, then those to ask, then those to correct."""
    stores = [_Records(result, store) for store in ("customers", "locations") if store in result.stores]
    lists = [
        *(listed for store in stores for listed in _to_stop(store)),
        *_of_newer(result),
        *_of_consent(stores[0]),
        *_to_ask(stores[0]),
        *(listed for store in stores for listed in _to_correct(store)),
        _shared(stores[0]),
    ]
    return _without_refusals(_with_phones(result, lists))


def _with_phones(result: ContactPreferencesResult, lists: list[WorkList]) -> list[WorkList]:
    """Add the number by which to reach each customer or location; ids of several tenants are not unique."""
    if (result.owners.frame[TENANT] != 0).any():
        return lists
    owners, contacts = result.owners.unmerged, _contacts(result)
    served = owners[["id"]].assign(do_not_service=owners["do_not_service"] == 1)
    for who, columns in (("Customer", ["customer_id"]), ("Location", ["location_id", "customer_id"])):
        title = f"{who} id"
        ids = pd.concat(
            [pd.Series(dtype="Int64"), *(listed.frame[title] for listed in lists if title in listed.frame)]
        ).unique()
        owned = pd.DataFrame({columns[0]: ids}, index=ids)
        if who == "Location" and len(ids):  # its customer's number is better than none
            locations = collected(nw.from_native(result.read["locations"]).lazy().select("id", "customer_id"))
            owned["customer_id"] = locations.set_index("id")["customer_id"].reindex(ids)
        phones = contact_columns(owned, contacts, owners=columns, customers=served)["Phone"]
        for place, listed in enumerate(lists):
            if title in listed.frame:
                frame = listed.frame.copy()
                frame.insert(list(frame).index(who) + 1, "Phone", frame[title].map(phones).astype("str"))
                lists[place] = replace(listed, frame=frame, notes=explain_marks(frame))
    return lists


def _without_refusals(lists: list[WorkList]) -> list[WorkList]:
    """Take customers who must not be called off the lists of those to ask, and list them apart."""
    kept, refused = [], []
    for listed in lists:
        if not listed.key.startswith(_TO_ASK) or "Phone" not in listed.frame:
            kept.append(listed)
            continue
        no = listed.frame["Phone"].eq(DO_NOT_CALL)
        refused.append(listed.frame[no].assign(Why=pd.Series(listed.title, index=listed.frame.index[no], dtype="str")))
        frame = listed.frame[~no].reset_index(drop=True)
        kept.append(replace(listed, frame=frame, notes=explain_marks(frame)))
    frame = pd.concat(refused, ignore_index=True) if refused else pd.DataFrame()
    apart = WorkList(
        "preferences-not-to-call",
        "Customers to ask, who must not be called",
        "Do not call them to ask. Ask when they get in touch.",
        frame,
        notes=explain_marks(frame),
    )
    return [*kept, apart]


def _contacts(result: ContactPreferencesResult) -> pd.DataFrame:
    """Return the contacts of customers and locations with the flags of opt-outs, as call lists need them."""
    flags = {
        "phone_settings_do_not_text": "do_not_text",
        "preferences_marketing_updates_enabled": "marketing",
        "preferences_job_reminders_enabled": "reminders",
    }
    parts = [
        result.stores[store][["type", "value"]].assign(
            **{f"{store.removesuffix('s')}_id": result.stores[store]["owner"]},
            **{name: result.stores[store][column].map({1: True, 0: False}) for name, column in flags.items()},
        )
        for store in ("customers", "locations")
        if store in result.stores
    ]
    return pd.concat(parts, ignore_index=True)


def shared_numbers(result: ContactPreferencesResult) -> pd.DataFrame:
    """Return numbers and addresses of `many` customers or more: `tenant`, `numbers`, `customers`, the largest first."""
    records = result.stores["customers"]
    each = records.loc[records["valid"], [TENANT, "numbers", "owner"]].explode("numbers")
    counts = each.groupby([TENANT, "numbers"])["owner"].nunique().rename("customers").reset_index()
    many = counts[counts["customers"] >= result.many]
    return many.sort_values(["customers", "numbers"], ascending=[False, True], ignore_index=True)


def _usable(rows: pd.DataFrame) -> pd.Series:
    return rows["valid"] & rows["active_owner"]


def marketing_off_elsewhere(rows: pd.DataFrame) -> pd.Series:
    """Return which records of `with_owners` allow marketing although another record of the same number does not."""
    return _usable(rows) & (rows["marketing"] == 1) & rows["marketing_off_elsewhere"]


def texts_off_elsewhere(rows: pd.DataFrame) -> pd.Series:
    """Return which records of `with_owners` allow texts although another record of the same number does not."""
    numbers = _usable(rows) & rows["kind"].isin(["mobile", "phone"])
    return numbers & (rows["do_not_text"] != 1) & rows["do_not_text_elsewhere"]


def _to_stop(records: _Records) -> Iterator[WorkList]:
    rows, who = records.rows, records.who
    elsewhere = marketing_off_elsewhere(rows)
    yield records.to_switch_off(
        "marketing-off-elsewhere", "Marketing is on here, and off on another record of the same number", elsewhere
    )
    yield records.to_switch_off(
        "marketing-at-do-not-service",
        "Marketing is on for a customer marked 'do not service'",
        _usable(rows) & (rows["marketing"] == 1) & (rows["do_not_service"] == 1) & ~elsewhere,
    )
    yield records.work_list(
        "do-not-text-elsewhere",
        "Texts are allowed here, and opted out on another record of the same number",
        f"Open the {who} and set 'do not text' on the number.",
        texts_off_elsewhere(rows),
        by_hand=True,
    )


def _of_newer(result: ContactPreferencesResult) -> Iterator[WorkList]:
    if "newer" not in result.stores or not result.marketing_known:
        return
    records = result.stores["newer"]
    rows = records[records["valid"] & (records["marketing"] == 1) & records["marketing_off_elsewhere"]]
    titles = {"owner": "Contact id", "id": "Method id", "type": "Type", "value": "Number or address"}
    after = _as_read(result.read["method_preferences"], ["contact_id", "contact_method_id"], rows)
    if after is not None:
        names = {name.casefold() for name in result.marketing_names}
        after = after[after["name"].str.casefold().isin(names).to_numpy()]
        after = after.assign(value=pd.array(["false"] * len(after), dtype="str"))
    yield WorkList(
        "marketing-off-elsewhere-newer",
        "Marketing is on here, and off on another record of the same number (newer contacts)",
        "Switch off marketing on these: crm.contact_preferences.plan_changes takes `after` of this list.",
        _titled(rows, titles),
        after=after,
    )


def _of_consent(records: _Records) -> Iterator[WorkList]:
    entries = records.result.consent_entries
    if entries is None:
        return
    beside = compare_with_records(records.rows, entries).sort_values(["row", "purpose", "channel"])
    beside = beside[records.rows["active_owner"].to_numpy(dtype=bool)[beside["row"].to_numpy(dtype=np.int64)]]
    allowed = beside["allowed"].astype(bool)
    yes = beside[allowed & beside["state"].isin(range(OPTED_OUT, UNKNOWN))]
    no = beside[~allowed & (beside["state"] == 0)]

    def shown(rows: pd.DataFrame) -> pd.DataFrame:
        of = {"For": rows["purpose"], "By": rows["channel"]}
        of["Your list of"] = rows["date"].dt.strftime("%Y-%m-%d")
        return records.shown(rows["row"]).assign(**{title: cells.to_numpy() for title, cells in of.items()})

    yield WorkList(
        "list-says-yes",
        "Opted in on your list, opted out in ServiceTitan",
        "Leave them blocked unless they opted in after they opted out: ask. Correct your list if the opt-out is newer.",
        shown(yes),
    )
    yield WorkList(
        "list-says-no",
        "Opted out on your list, not blocked in ServiceTitan",
        f"{_SWITCH_OFF.format('customers')} Change what is for service by hand.",
        shown(no),
        after=records.after(no.loc[no["purpose"] == "marketing", "row"]),
    )


def _to_ask(records: _Records) -> Iterator[WorkList]:
    rows = records.rows
    state = blocked_by(rows, "marketing", "text")
    of_owner = np.append(records.result.states["marketing", "text"].to_numpy(), np.int8(-1))[rows["place"].to_numpy()]
    unknown = rows[(state == UNKNOWN) & (of_owner == UNKNOWN) & (rows["marketing"] == -1)]
    yield WorkList(
        "ask-for-marketing",
        "Customers with a mobile number whose marketing preference is unknown",
        "Ask at the next visit or call whether they want offers by text, and note it in ServiceTitan. "
        "Do not ask by a marketing message.",
        records.shown(rows.index.isin(unknown.drop_duplicates([TENANT, "owner"]).index)),
    )
    landline = (state == TYPE_UNKNOWN) & (of_owner == TYPE_UNKNOWN) & (rows["marketing"] == 1)
    yield WorkList(
        "ask-whether-mobile",
        "Numbers of type Phone that may be mobile, of customers without another number to text",
        "Ask whether the number takes texts. If it does, set its type to mobile in ServiceTitan. Its note may help.",
        records.shown(landline).assign(Note=rows.loc[landline, "memo"].to_numpy()),
    )


def _to_correct(records: _Records) -> Iterator[WorkList]:
    rows = records.rows
    wanted = (rows["marketing"] == 1) | (rows["reminders"] == 1)
    yield records.work_list(
        "preference-without-valid",
        "Preferences are on, and the number or address cannot be right",
        "Ask for the right one, and correct it in ServiceTitan or in a spreadsheet.",
        wanted & rows["kind"].isin(["mobile", "phone", "e-mail"]) & ~rows["valid"] & rows["active_owner"],
    )
    flags = {"Older flag": "older", "Invoices": "invoice", "Statements": "statement"}
    known = (rows[[*flags.values()]] >= 0).all(axis=1)
    unlike = known & ((rows["older"] == 1) != ((rows["invoice"] == 1) & (rows["statement"] == 1)))
    yield records.work_list(
        "older-flag",
        "The older flag for invoices and statements contradicts the two that replaced it",
        "Find out which one is meant, and save the contact again. The API cannot set the older flag alone.",
        unlike,
        by_hand=True,
        **{title: rows.loc[unlike, name].map({1: "on", 0: "off"}).to_numpy() for title, name in flags.items()},
    )


def _shared(records: _Records) -> WorkList:
    many = shared_numbers(records.result).rename_axis("rank").reset_index()
    each = records.rows[records.rows["valid"]].explode("numbers").merge(many, on=[TENANT, "numbers"])
    titles = {"numbers": "Number or address", "customers": "Customers with it", "owner": "Customer id"}
    return WorkList(
        "shared-numbers",
        f"Numbers and addresses of {records.result.many} customers or more",
        "These belong to a property manager or to the office: find the customers' own.",
        _titled(each.sort_values(["rank", "owner"], kind="stable"), titles | {"name": "Customer"}),
    )


def with_owners(result: ContactPreferencesResult, store: str) -> pd.DataFrame:
    """Add the owner's `name`, `do_not_service` and `active_owner`: only contacts of active owners can be changed."""
    owners = result.owners if store == "customers" else locations_of(result.read["locations"], result.owners)
    records, listed = result.stores[store], owners.unmerged
    place = places_of(listed, records)
    beside = listed[["name", "active", "do_not_service"]].reindex(place).set_axis(records.index)  # missing for no place
    return records.assign(
        place=np.where(place < len(owners.frame), place, -1),
        name=beside["name"],
        active_owner=beside["active"].fillna(0) != 0,
        do_not_service=beside["do_not_service"].fillna(-1).astype(np.int8),
    )
