"""Where the records of contacts contradict each other or lack what is needed: lists to work through.

They only ever narrow whom one reaches: a contradiction is settled by taking the no.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.preferences.consent import read_beside
from stcrm_pandas.analysis.preferences.owners import locations_of
from stcrm_pandas.analysis.preferences.reach import OPTED_OUT, TYPE_UNKNOWN, UNKNOWN, blocked_by
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult

__all__ = ["MARKETING", "shared_numbers", "work_lists"]

MARKETING = "preferences_marketing_updates_enabled"
Mask = npt.NDArray[np.bool_]

_OF = {
    "customers": ("customer", "customer_id", "contacts"),
    "locations": ("location", "location_id", "location_contacts"),
}
"""By store: who it is of, the column that says so, and the frame that it was read as."""

_EDIT = "one by one in ServiceTitan, or all at once: crm.{0}.plan_contact_changes takes `after` of this list"


def work_lists(result: ContactPreferencesResult) -> dict[str, WorkList]:
    """All lists, by key: first what is to be stopped, then what is to be asked, then what is to be mended."""
    lists = [*_to_stop(result), *_to_ask(result), *_to_mend(result)]
    return {one.key: one for one in lists}


def shared_numbers(result: ContactPreferencesResult) -> pd.DataFrame:
    """Return numbers and addresses of `many` customers or more: `tenant`, `numbers`, `customers`, the largest first."""
    records = result.stores["customers"]
    each = records.loc[records["valid"], [TENANT, "numbers", "owner"]].explode("numbers")
    counts = each.groupby([TENANT, "numbers"])["owner"].nunique().rename("customers").reset_index()
    many = counts[counts["customers"] >= result.many]
    return many.sort_values(["customers", "numbers"], ascending=[False, True], ignore_index=True)


def _to_stop(result: ContactPreferencesResult) -> Iterator[WorkList]:
    for store in _in_use(result):
        records, suffix, (who, _, _) = _with_owners(result, store), _suffix(store), _OF[store]
        on = (records["valid"] & (records["marketing"] == 1) & records["active_owner"]).to_numpy(dtype=bool)
        elsewhere = on & records["marketing_off_elsewhere"].to_numpy(dtype=bool)
        how = _EDIT.format(f"{who}s")
        yield WorkList(
            f"marketing-off-elsewhere{suffix}",
            f"Marketing is on here, and off on another record of the same number or address ({who}s)",
            f"Switch marketing off on these, too, {how}.",
            _shown(records, elsewhere, who),
            after=_after(result, store, records, elsewhere),
        )
        gone = on & (records["do_not_service"] == 1).to_numpy() & ~elsewhere
        yield WorkList(
            f"marketing-at-do-not-service{suffix}",
            f"Marketing is on at a customer who is not to be served ({who}s)",
            f"Switch marketing off, {how}.",
            _shown(records, gone, who),
            after=_after(result, store, records, gone),
        )
        dialled = records["valid"] & records["kind"].isin(["mobile", "phone"]) & records["active_owner"]
        texts = (dialled & (records["do_not_text"] != 1) & records["do_not_text_elsewhere"]).to_numpy(dtype=bool)
        yield WorkList(
            f"do-not-text-elsewhere{suffix}",
            f"Texts are allowed here, and stopped on another record of the same number ({who}s)",
            f"Open the {who} and set 'do not text' on the number.",
            _shown(records, texts, who),
            by_hand=True,
        )
    yield from _of_newer(result)
    if result.consent_told is not None:
        yield from _of_consent(result, result.consent_told)


def _of_newer(result: ContactPreferencesResult) -> Iterator[WorkList]:
    if "newer" not in result.stores or not result.marketing_known:
        return
    records = result.stores["newer"]
    mask = (records["valid"] & (records["marketing"] == 1) & records["marketing_off_elsewhere"]).to_numpy(dtype=bool)
    rows = records[mask]
    shown = rows[["owner", "id", "type", "value"]].reset_index(drop=True)
    shown.columns = pd.Index(["Contact id", "Method id", "Type", "Number or address"])
    preferences, after = result.read["method_preferences"], None
    if isinstance(preferences, pd.DataFrame) and TENANT not in preferences:
        keys = pd.MultiIndex.from_arrays([rows["owner"], rows["id"]])
        mine = pd.MultiIndex.from_frame(preferences[["contact_id", "contact_method_id"]]).isin(keys)
        names = {name.casefold() for name in result.marketing_names}
        mine &= preferences["name"].str.casefold().isin(names).to_numpy()
        after = preferences[mine].assign(value=pd.array(["false"] * int(mine.sum()), dtype="str"))
    yield WorkList(
        "marketing-off-elsewhere-newer",
        "Marketing is on here, and off on another record of the same number or address (newer store)",
        "Switch marketing off on these, too: crm.contact_preferences.plan_changes takes `after` of this list.",
        shown,
        after=after,
    )


def _of_consent(result: ContactPreferencesResult, told: pd.DataFrame) -> Iterator[WorkList]:
    records = _with_owners(result, "customers")
    beside = read_beside(records, told)
    beside = beside[records["active_owner"].to_numpy(dtype=bool)[beside["row"].to_numpy(dtype=np.int64)]]
    yes = beside[beside["allowed"].astype(bool) & beside["state"].isin(range(OPTED_OUT, UNKNOWN))]
    yield WorkList(
        "list-says-yes",
        "Your list says yes, and ServiceTitan says no",
        "Leave them blocked, unless they agreed after they said no: ask. Correct your list where the no is newer.",
        _beside(records, yes),
    )
    no = beside[~beside["allowed"].astype(bool) & (beside["state"] == 0)]
    mask = np.zeros(len(records), dtype=bool)
    mask[no.loc[no["purpose"] == "marketing", "row"].to_numpy(dtype=np.int64)] = True
    yield WorkList(
        "list-says-no",
        "Your list says no, and ServiceTitan does not block them",
        f"Switch marketing off, {_EDIT.format('customers')}. What is said of service only is changed by hand.",
        _beside(records, no),
        after=_after(result, "customers", records, mask),
    )


def _beside(records: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.sort_values(["row", "purpose", "channel"])
    shown = _shown(records, ordered["row"].to_numpy(dtype=np.int64), "customer")
    told = {
        "For": ordered["purpose"],
        "By": ordered["channel"],
        "Your list of": ordered["date"].dt.strftime("%Y-%m-%d"),
    }
    return shown.assign(**{name: column.to_numpy() for name, column in told.items()})


def _to_ask(result: ContactPreferencesResult) -> Iterator[WorkList]:
    records = _with_owners(result, "customers")
    whole = _state_of_owner(result, records)
    unknown = (blocked_by(records, "marketing", "text") == UNKNOWN) & (whole == UNKNOWN)
    unknown &= (records["marketing"] == -1).to_numpy()
    yield WorkList(
        "ask-for-marketing",
        "Customers with a mobile number whose marketing preference is unknown",
        "Ask at the next visit or call whether they want offers by text, and note the answer in ServiceTitan. "
        "Do not ask by a marketing message.",
        _shown(records, _first_of_owner(records, unknown), "customer"),
    )
    landline = (blocked_by(records, "marketing", "text") == TYPE_UNKNOWN) & (whole == TYPE_UNKNOWN)
    landline &= (records["marketing"] == 1).to_numpy()
    yield WorkList(
        "ask-whether-mobile",
        "Numbers of type Phone that may be mobile, at customers without another number to text",
        "Ask whether the number takes texts, and set its type to mobile in ServiceTitan if it does. "
        "A note beside it may tell.",
        _shown(records, landline, "customer", memo=True),
    )


def _to_mend(result: ContactPreferencesResult) -> Iterator[WorkList]:
    for store in _in_use(result):
        records, suffix, (who, _, _) = _with_owners(result, store), _suffix(store), _OF[store]
        wanted = ((records["marketing"] == 1) | (records["reminders"] == 1)) & records["kind"].isin(
            ["mobile", "phone", "e-mail"]
        )
        bad = (wanted & ~records["valid"] & records["active_owner"]).to_numpy(dtype=bool)
        yield WorkList(
            f"preference-without-valid{suffix}",
            f"Somebody wants to hear from you, and the number or address cannot be right ({who}s)",
            "Ask for the right one, and correct it in ServiceTitan or in a sheet.",
            _shown(records, bad, who),
        )
        known = (records[["older", "invoice", "statement"]] >= 0).all(axis=1)
        both = (records["invoice"] == 1) & (records["statement"] == 1)
        unlike = (known & ((records["older"] == 1) != both)).to_numpy(dtype=bool)
        yield WorkList(
            f"older-flag{suffix}",
            f"The older flag for invoices and statements contradicts the two that took its place ({who}s)",
            "Find out which of them is meant, and save the contact anew. No call of the service sets the older flag "
            "alone.",
            _shown(records, unlike, who).assign(
                **{
                    name: records.loc[unlike, column].map({1: "on", 0: "off"}).to_numpy()
                    for name, column in (("Older flag", "older"), ("Invoices", "invoice"), ("Statements", "statement"))
                }
            ),
            by_hand=True,
        )
    yield _shared(result)


def _shared(result: ContactPreferencesResult) -> WorkList:
    records = _with_owners(result, "customers")
    many = shared_numbers(result).rename_axis("rank").reset_index()
    each = records[records["valid"]].explode("numbers").merge(many, on=[TENANT, "numbers"])
    each = each.sort_values(["rank", "owner"], kind="stable", ignore_index=True)
    titles = {
        "numbers": "Number or address",
        "customers": "Customers with it",
        "owner": "Customer id",
        "name": "Customer",
    }
    frame = each[[*titles]].rename(columns=titles)
    return WorkList(
        "shared-numbers",
        f"Numbers and addresses that stand with {result.many} customers or more",
        "These are of a property manager or of the office, not of each customer: find the customers' own.",
        frame,
    )


def _in_use(result: ContactPreferencesResult) -> list[str]:
    return [store for store in _OF if store in result.stores]


def _suffix(store: str) -> str:
    return "" if store == "customers" else f"-{store}"


def _with_owners(result: ContactPreferencesResult, store: str) -> pd.DataFrame:
    """The records with `name`, `do_not_service` and `active_owner`; the service changes no contact of others."""
    owners = result.owners if store == "customers" else locations_of(result.read["locations"], result.owners)
    records, listed = result.stores[store], owners.unmerged
    keys = pd.MultiIndex.from_arrays([listed[TENANT], listed["id"]])
    place = keys.get_indexer(pd.MultiIndex.from_arrays([records[TENANT], records["owner"]]))

    def beside(column: str, otherwise: Any) -> npt.NDArray[Any]:
        return np.append(listed[column].to_numpy(dtype=object), otherwise)[place]  # the last for no place

    return records.assign(
        place=np.where(place < len(owners.frame), place, -1),
        name=pd.Series(beside("name", None), index=records.index, dtype="str"),
        active_owner=(place >= 0) & (beside("active", 0) != 0),
        do_not_service=beside("do_not_service", -1).astype(np.int8),
    )


def _state_of_owner(result: ContactPreferencesResult, records: pd.DataFrame) -> npt.NDArray[Any]:
    states: npt.NDArray[Any] = np.append(result.states["marketing", "text"].to_numpy(), np.int8(-1))
    return np.asarray(states[records["place"].to_numpy()])


def _first_of_owner(records: pd.DataFrame, mask: Mask) -> Mask:
    rows = np.flatnonzero(mask)
    first = ~records.iloc[rows].duplicated([TENANT, "owner"]).to_numpy()
    kept = np.zeros(len(records), dtype=bool)
    kept[rows[first]] = True
    return kept


def _shown(records: pd.DataFrame, rows: npt.NDArray[Any], who: str, *, memo: bool = False) -> pd.DataFrame:
    some = records[rows] if rows.dtype == bool else records.iloc[rows]
    columns = {
        f"{who.capitalize()} id": some["owner"],
        who.capitalize(): some["name"],
        "Type": some["type"],
        "Number or address": some["value"],
    }
    if memo:
        columns["Note"] = some["memo"]
    if len(records) and (records[TENANT] != 0).any():
        columns = {"Tenant id": some[TENANT]} | columns
    return pd.DataFrame(columns).reset_index(drop=True)


def _after(result: ContactPreferencesResult, store: str, records: pd.DataFrame, mask: Mask) -> pd.DataFrame | None:
    """The rows as they were read with marketing switched off; None for frames that no plan takes."""
    _, owner, name = _OF[store]
    frame = result.read[name]
    if not isinstance(frame, pd.DataFrame) or TENANT in frame:
        return None
    keys = pd.MultiIndex.from_arrays([records.loc[mask, "owner"], records.loc[mask, "id"]])
    mine = pd.MultiIndex.from_frame(frame[[owner, "id"]]).isin(keys)
    return frame[mine].assign(**{MARKETING: pd.array([False] * int(mine.sum()), dtype="boolean")})
