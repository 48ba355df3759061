"""The company's own list of opt-ins and opt-outs, compared with ServiceTitan's preferences."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.conversion import condition, table_of
from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.preferences.owners import INVALID, OPTED_OUT, TYPE_UNKNOWN, UNKNOWN, blocked_by, places_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts
from stcrm_pandas.frame.customers import CHANNELS, PURPOSES

_WORDS = {"email": "e-mail", "phone": "call", "sms": "text"}
_COLUMNS = ("contact", "channel", "purpose", "allowed", "date")


def consent_list(frame: pd.DataFrame, as_of: dt.datetime) -> pd.DataFrame:
    """Return the latest entry of the list for each number or address, channel and purpose.

    Parameters
    ----------
    frame : DataFrame
        `contact` (phone numbers or e-mail addresses in any format), `channel` ("call", "text", "e-mail"), `purpose`
        ("service", "marketing"), `allowed` (yes or no), `date`.
    as_of : dt.datetime
        Entries after this time are left out.

    Returns
    -------
    DataFrame
        One row per number or address (`numbers`), `channel` and `purpose`, with `allowed` and `date`. If the list has
        an opt-in and an opt-out on the same day, the opt-out counts. Rows without a number, `allowed` or date are left
        out.

    Raises
    ------
    UsageError
        A column is missing, or a channel or purpose is unknown.

    Examples
    --------
    >>> entries = {"contact": ["(512) 555-0101", "+15125550101"], "channel": "text", "purpose": "marketing"}
    >>> entries |= {"allowed": [True, False], "date": ["2026-01-01", "2026-02-01"]}
    >>> consent_list(pd.DataFrame(entries), dt.datetime(2026, 3, 1, tzinfo=dt.UTC))["allowed"].tolist()
    [False]
    """
    frame = table_of(frame, "consent", _COLUMNS)
    entries = frame[[*_COLUMNS, *([TENANT] if TENANT in frame else [])]].copy()
    for name, known in (("channel", CHANNELS[:3]), ("purpose", PURPOSES)):
        words = entries[name].astype("str").str.strip().str.casefold()
        entries[name] = words.replace(_WORDS) if name == "channel" else words
        if strange := sorted(set(entries[name].dropna()) - set(known)) + ["nothing"] * bool(entries[name].isna().any()):
            raise UsageError(f"consent: the {name} {strange[0]!r} is not one of {', '.join(known)}")
    entries["numbers"] = pd.Series(
        [find_contacts(value) for value in entries["contact"]], index=entries.index, dtype=object
    )
    entries = entries.explode("numbers", ignore_index=True).astype({"numbers": "str"})
    entries["allowed"] = condition(entries["allowed"], "consent", "allowed")
    try:
        entries["date"] = pd.to_datetime(entries["date"], utc=True, format="ISO8601")
    except (ValueError, TypeError) as cause:
        raise UsageError("consent: date must contain dates, like 2026-02-01") from cause
    if TENANT not in entries:
        entries[TENANT] = pd.array([0] * len(entries), dtype="Int64")
    known_rows = entries[["numbers", "allowed", "date"]].notna().all(axis=1) & (entries["date"] <= pd.Timestamp(as_of))
    entries = entries[known_rows].assign(allowed=lambda rows: rows["allowed"].astype(bool))
    entries = entries.sort_values(["date", "allowed"], ascending=[True, False], kind="stable")
    key = [TENANT, "numbers", "channel", "purpose"]
    return entries.drop_duplicates(key, keep="last")[[*key, "allowed", "date"]].reset_index(drop=True)


def with_refusals(records: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Return the records with a column for each purpose and channel: the list refuses one of its numbers or addresses.

    Only opt-outs of the list count: an opt-in does not unblock anybody whom ServiceTitan blocks.
    """
    listed = _listed(records, entries[~entries["allowed"]])
    rows = listed.groupby(["purpose", "channel"])["row"].agg(set)
    return records.assign(
        **{
            f"refused_{purpose}_{channel}": np.isin(np.arange(len(records)), [*rows.get((purpose, channel), ())])
            for purpose in PURPOSES
            for channel in CHANNELS[:3]
        }
    )


def _listed(records: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Return the list's entries for each record (`row` is its position) by number or address, opt-outs first."""
    each = records[[TENANT, "numbers"]].assign(row=np.arange(len(records))).explode("numbers")
    listed = each.astype({"numbers": "str"}).merge(entries, on=[TENANT, "numbers"])
    return listed.sort_values(["row", "allowed"], kind="stable", ignore_index=True)


def compare_with_records(records: pd.DataFrame, entries: pd.DataFrame) -> pd.DataFrame:
    """Return the records on the list with its entry and their state.

    Returns
    -------
    DataFrame
        `row` (its place among the records), `purpose`, `channel`, `allowed`, `date`, `state` (`owners.blocked_by`).
    """
    listed = _listed(records, entries).drop_duplicates(["row", "purpose", "channel"])
    state = pd.Series(-1, index=listed.index)
    for (purpose, channel), part in listed.groupby(["purpose", "channel"]):
        state[part.index] = blocked_by(records, str(purpose), str(channel))[part["row"].to_numpy()]
    return listed.assign(state=state)[["row", "purpose", "channel", "allowed", "date", "state"]][state >= 0]


def by_consent(
    owners: pd.DataFrame, states: pd.DataFrame, records: pd.DataFrame, entries: pd.DataFrame
) -> pd.DataFrame:
    """Return how many customers the list allows, and whether ServiceTitan blocks them.

    Returns
    -------
    DataFrame
        One row per purpose and channel, with numbers of customers: `customers` (all of them); `allowed` (those with a
        number or address that the list allows), which are either `not_blocked` on that number or address, `unknown` (no
        preference is known, or it is not known whether the number takes texts) or `blocked`; `refused_not_blocked`
        (those with one that the list refuses and ServiceTitan does not block); `not_listed` (those not on the list).
    """
    beside = compare_with_records(records, entries)
    beside["place"] = places_of(owners, records)[beside["row"].to_numpy(dtype=np.int64)]
    beside = beside[beside["place"] >= 0]
    rows = []
    for purpose in PURPOSES:
        for channel in CHANNELS[:3]:
            mine = beside[(beside["purpose"] == purpose) & (beside["channel"] == channel)]
            # what blocks a customer as a whole blocks each of its numbers
            of_owner = states[purpose, channel].to_numpy()[mine["place"].to_numpy(dtype=np.int64)]
            state = mine["state"].to_numpy()
            state = np.where(((of_owner > 0) & (of_owner < OPTED_OUT)) | (state == 0), of_owner, state)
            yes = mine["allowed"].to_numpy(dtype=bool)
            kinds = (state != INVALID, state == 0, np.isin(state, (UNKNOWN, TYPE_UNKNOWN)))
            allowed, free, unknown = (set(mine["place"][yes & kind]) for kind in kinds)
            refused, listed = mine["place"][~yes & (state == 0)].nunique(), mine["place"].nunique()
            unknown -= free
            parts = (allowed, free, unknown, allowed - free - unknown)
            rows.append((purpose, channel, len(owners), *map(len, parts), refused, len(owners) - listed))
    counts = ["customers", "allowed", "not_blocked", "unknown", "blocked", "refused_not_blocked", "not_listed"]
    table = pd.DataFrame(rows, columns=["purpose", "channel", *counts])
    return table.astype({"purpose": "str", "channel": "str"} | dict.fromkeys(counts, "Int64"))
