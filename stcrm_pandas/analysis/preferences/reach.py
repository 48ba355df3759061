"""Whether somebody is blocked, by purpose and channel, and by what: the first reason that applies.

Each customer, location or contact has one state for each purpose and channel: 0 is not blocked, else the place of
its reason in `REASONS`, counted from 1.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.frame.customers import CHANNELS, FORBIDS, MESSAGES, PURPOSES

__all__ = [
    "CHANNELS",
    "COMBINATIONS",
    "PURPOSES",
    "REASONS",
    "UNKNOWN",
    "blocked_by",
    "places_of",
    "states_of",
]

COMBINATIONS = MESSAGES

REASONS = (
    "do not service",
    "do not mail",
    "email dormant",
    "not opted in",
    "opted out on this record",
    "refused on your own list",
    "preference off",
    "opted out on another record",
    "preference unknown",
    "type unknown",
    "invalid",
    "none on file",
)
"""In order of precedence: the first that applies counts, and opt-outs come before missing preferences.

A customer with several numbers is not blocked if one of them is not. Otherwise the first reason that fits any of them
counts, so that an opt-out on one number is never hidden by a second number with an unknown preference. For service, an
unknown preference does not block: there a number with an unknown preference makes the customer possible, whatever the
preferences of other numbers are.
"""

(
    DO_NOT_SERVICE,
    DO_NOT_MAIL,
    EMAIL_DORMANT,
    NOT_OPTED_IN,
    OPTED_OUT,
    LISTED,
    OFF,
    ELSEWHERE,
    UNKNOWN,
    TYPE_UNKNOWN,
    INVALID,
    NONE,
) = range(1, len(REASONS) + 1)

_STATES = {
    "do_not_service": DO_NOT_SERVICE,
    "do_not_mail": DO_NOT_MAIL,
    "email_dormant": EMAIL_DORMANT,
    "not_opted_in": NOT_OPTED_IN,
}

States = npt.NDArray[np.int8]
_KINDS = {"call": ("mobile", "phone"), "text": ("mobile", "phone"), "e-mail": ("e-mail",)}


def blocked_by(records: pd.DataFrame, purpose: str, channel: str) -> States:
    """Return the state of each record of the channel, -1 for the others; `consent.with_refusals` comes before it."""
    of_channel = records["kind"].isin(_KINDS[channel]).to_numpy()
    wanted = records["marketing" if purpose == "marketing" else "reminders"].to_numpy()
    elsewhere = np.zeros(len(records), dtype=bool)
    unknown = wanted == -1
    conditions = [(~of_channel, -1), (~records["valid"].to_numpy(dtype=bool), INVALID)]
    if channel == "text":
        texts = records["do_not_text"].to_numpy()
        conditions.append((texts == 1, OPTED_OUT))
        elsewhere |= records["do_not_text_elsewhere"].to_numpy(dtype=bool)
        unknown = unknown | (texts == -1)
    if (refused := f"refused_{purpose}_{channel}") in records:
        conditions.append((records[refused].to_numpy(dtype=bool), LISTED))
    if purpose == "marketing":
        elsewhere |= records["marketing_off_elsewhere"].to_numpy(dtype=bool)
    conditions += [(wanted == 0, OFF), (elsewhere, ELSEWHERE)]
    if channel == "text":
        conditions.append(((records["kind"] != "mobile").to_numpy(), TYPE_UNKNOWN))
    conditions.append((unknown, UNKNOWN))
    return np.select([where for where, _ in conditions], [state for _, state in conditions], 0).astype(np.int8)


def states_of(owners: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Return the state of each owner for each purpose and channel.

    Parameters
    ----------
    owners : DataFrame
        `tenant`, `id`, the flags `active`, `archived` and the marks of `FORBIDS` (1, 0, -1), and `mail`: 0 for an
        address to which mail can go, `INVALID` or `NONE`. None of them is inactive or archived.
    records : DataFrame
        What `records.linked` gave.

    Returns
    -------
    DataFrame
        A frame with a row for each owner, in order, and a column for each of `COMBINATIONS`.
    """
    place = places_of(owners, records)
    states = {}
    for purpose, channel in COMBINATIONS:
        marks = [mark for mark, forbidden in FORBIDS.items() if (purpose, channel) in forbidden]
        marked = np.select([owners[mark] == 1 for mark in marks], [_STATES[mark] for mark in marks], 0)
        unsure = (owners[["active", "archived", *marks]] == -1).any(axis=1).to_numpy()
        if channel == "mail":
            reached = owners["mail"].to_numpy(dtype=np.int64)
        else:
            state = blocked_by(records, purpose, channel)
            mine = (place >= 0) & (state >= 0)
            reached = np.full(len(owners), NONE, dtype=np.int64)
            np.minimum.at(reached, place[mine], state[mine])
            if purpose == "service":
                possible = np.zeros(len(owners), dtype=bool)
                possible[place[mine & (state == UNKNOWN)]] = True
                reached = np.where(possible & (reached > 0), UNKNOWN, reached)
        reached = np.where((reached == 0) & unsure, UNKNOWN, reached)
        states[purpose, channel] = np.where(marked > 0, marked, reached).astype(np.int8)
    return pd.DataFrame(states, index=owners.index)


def places_of(owners: pd.DataFrame, records: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the place of each record's owner; -1 where it is not among them."""
    keys = pd.MultiIndex.from_arrays([owners[TENANT], owners["id"]])
    return keys.get_indexer(pd.MultiIndex.from_arrays([records[TENANT], records["owner"]]))
