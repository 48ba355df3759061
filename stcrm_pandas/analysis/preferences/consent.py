"""The company's own list of who agreed to what, beside what ServiceTitan says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.inputs import condition, table_of
from stcrm_pandas.analysis.preferences.reach import (
    CHANNELS,
    INVALID,
    OPTED_OUT,
    PURPOSES,
    TYPE_UNKNOWN,
    UNKNOWN,
    blocked_by,
    places_of,
)
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import spellings

__all__ = ["by_consent", "consent_list", "read_beside", "with_refusals"]

_WORDS = {"email": "e-mail", "mail": "e-mail", "phone": "call", "sms": "text"}
_COLUMNS = ("contact", "channel", "purpose", "allowed", "date")


def consent_list(frame: pd.DataFrame, as_of: dt.datetime) -> pd.DataFrame:
    """What the list says last of each number or address, channel and purpose.

    Parameters
    ----------
    frame : DataFrame
        `contact` (a phone number or an e-mail address, in any spelling), `channel` ("call", "text", "e-mail"),
        `purpose` ("service", "marketing"), `allowed` (yes or no), `date` (of what was said).
    as_of : dt.datetime
        What is dated after it is not taken.

    Returns
    -------
    DataFrame
        `numbers` (one of them), `channel`, `purpose`, `allowed`, `date`, one row for each; where the list has both an
        opt-in and an opt-out of one day, the opt-out. Rows without a number, `allowed` or date are left out.

    Raises
    ------
    UsageError
        A column is missing, or a channel or purpose is none of those.

    Examples
    --------
    >>> told = {"contact": ["(512) 555-0101", "+15125550101"], "channel": "text", "purpose": "marketing"}
    >>> told |= {"allowed": [True, False], "date": ["2026-01-01", "2026-02-01"]}
    >>> consent_list(pd.DataFrame(told), dt.datetime(2026, 3, 1, tzinfo=dt.UTC))["allowed"].tolist()
    [False]
    """
    frame = table_of(frame, "consent", _COLUMNS)
    told = frame[[*_COLUMNS, *([TENANT] if TENANT in frame else [])]].copy()
    for name, known in (("channel", CHANNELS[:3]), ("purpose", PURPOSES)):
        words = told[name].astype("str").str.strip().str.casefold()
        told[name] = words.replace(_WORDS) if name == "channel" else words
        if strange := sorted(set(told[name].dropna()) - set(known)) + ["nothing"] * bool(told[name].isna().any()):
            raise UsageError(f"consent: the {name} {strange[0]!r} is none of {', '.join(known)}")
    told["numbers"] = pd.Series([spellings(value) for value in told["contact"]], index=told.index, dtype=object)
    told = told.explode("numbers", ignore_index=True).astype({"numbers": "str"})
    told["allowed"] = condition(told["allowed"], "consent", "allowed")
    try:
        told["date"] = pd.to_datetime(told["date"], utc=True, format="ISO8601")
    except (ValueError, TypeError) as cause:
        raise UsageError("consent: date must hold dates, like 2026-02-01") from cause
    if TENANT not in told:
        told[TENANT] = pd.array([0] * len(told), dtype="Int64")
    known_rows = told[["numbers", "allowed", "date"]].notna().all(axis=1) & (told["date"] <= pd.Timestamp(as_of))
    told = told[known_rows].assign(allowed=lambda rows: rows["allowed"].astype(bool))
    told = told.sort_values(["date", "allowed"], ascending=[True, False], kind="stable")
    key = [TENANT, "numbers", "channel", "purpose"]
    return told.drop_duplicates(key, keep="last")[[*key, "allowed", "date"]].reset_index(drop=True)


def with_refusals(records: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Return the records with a column for each purpose and channel: the list refuses one of its numbers or addresses.

    Only what the list refuses counts: that it allows somebody opens nothing that ServiceTitan blocks.
    """
    listed = _listed(records, told[~told["allowed"]])
    rows = listed.groupby(["purpose", "channel"])["row"].agg(set)
    return records.assign(
        **{
            f"refused_{purpose}_{channel}": np.isin(np.arange(len(records)), [*rows.get((purpose, channel), ())])
            for purpose in PURPOSES
            for channel in CHANNELS[:3]
        }
    )


def _listed(records: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Return what the list holds of each record (its place is `row`) by its numbers or addresses, opt-outs first."""
    each = records[[TENANT, "numbers"]].assign(row=np.arange(len(records))).explode("numbers")
    listed = each.astype({"numbers": "str"}).merge(told, on=[TENANT, "numbers"])
    return listed.sort_values(["row", "allowed"], kind="stable", ignore_index=True)


def read_beside(records: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Each record of a channel that the list knows, with what both say.

    Returns
    -------
    DataFrame
        `row` (its place among the records), `purpose`, `channel`, `allowed`, `date`, `state` (`reach.blocked_by`).
    """
    listed = _listed(records, told).drop_duplicates(["row", "purpose", "channel"])
    state = pd.Series(-1, index=listed.index)
    for (purpose, channel), part in listed.groupby(["purpose", "channel"]):
        state[part.index] = blocked_by(records, str(purpose), str(channel))[part["row"].to_numpy()]
    return listed.assign(state=state)[["row", "purpose", "channel", "allowed", "date", "state"]][state >= 0]


def by_consent(owners: pd.DataFrame, states: pd.DataFrame, records: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """How many customers the list allows, and how these stand in ServiceTitan.

    Returns
    -------
    DataFrame
        For each purpose and channel of a number or address: `customers`; `allowed`, those with a number or address that
        the list allows, of which by that same one `not_blocked`, else `unknown` (no preference is known, or it is not
        known whether the number takes texts), else `blocked`; `refused_not_blocked`, those with one that the list
        refuses and ServiceTitan does not block; `not_listed`, those of whom the list says nothing.
    """
    beside = read_beside(records, told)
    beside["place"] = places_of(owners, records)[beside["row"].to_numpy(dtype=np.int64)]
    beside = beside[beside["place"] >= 0]
    rows: list[dict[str, Any]] = []
    for purpose in PURPOSES:
        for channel in CHANNELS[:3]:
            mine = beside[(beside["purpose"] == purpose) & (beside["channel"] == channel)]
            # What stops a customer as a whole stops each of its numbers.
            whole = states[purpose, channel].to_numpy()[mine["place"].to_numpy(dtype=np.int64)]
            state = mine["state"].to_numpy()
            state = np.where(((whole > 0) & (whole < OPTED_OUT)) | (state == 0), whole, state)
            yes, no = mine["allowed"].to_numpy(dtype=bool), ~mine["allowed"].to_numpy(dtype=bool)
            unknown = np.isin(state, (UNKNOWN, TYPE_UNKNOWN))
            sets = {
                "allowed": yes & (state != INVALID),
                "open": yes & (state == 0),
                "unsure": yes & unknown,
                "refused": no & (state == 0),
            }
            ids = {name: set(mine["place"][where]) for name, where in sets.items()}
            allowed, free = ids["allowed"], ids["open"]
            rows.append(
                {
                    "purpose": purpose,
                    "channel": channel,
                    "customers": len(owners),
                    "allowed": len(allowed),
                    "not_blocked": len(free),
                    "unknown": len(ids["unsure"] - free),
                    "blocked": len(allowed - free - ids["unsure"]),
                    "refused_not_blocked": len(ids["refused"]),
                    "not_listed": len(owners) - mine["place"].nunique(),
                }
            )
    counts = ["customers", "allowed", "not_blocked", "unknown", "blocked", "refused_not_blocked", "not_listed"]
    return pd.DataFrame(rows).astype({"purpose": "str", "channel": "str"} | dict.fromkeys(counts, "Int64"))
