"""What contact preferences say in words, computed from their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.display import table
from stcrm_pandas.analysis.engine import micros
from stcrm_pandas.analysis.findings import Action, Check, Count, Step, Tile
from stcrm_pandas.analysis.periods import Period, four_weeks
from stcrm_pandas.analysis.preference_groups import REASON_COLUMNS
from stcrm_pandas.analysis.preference_lists import shared_numbers
from stcrm_pandas.analysis.preference_reach import CHANNELS, PURPOSES, REASONS, UNKNOWN
from stcrm_pandas.analysis.provenance import zone
from stcrm_pandas.analysis.sentences import per_hundred, span
from stcrm_pandas.analysis.statistics import wilson

if TYPE_CHECKING:
    from stcrm_pandas.analysis.contact_preferences import ContactPreferences

__all__ = ["BY_WHAT", "actions", "check", "definitions", "shown", "summary", "tiles"]

BY_WHAT = {"call": "calls", "text": "texts", "e-mail": "e-mail", "post": "post"}
WHAT = {"service": "their own jobs", "marketing": "marketing"}
GROUP_WORDS = {
    "customer_type": ("customer type", "customer types"),
    "tag": ("tag", "tags"),
    "age": ("age of the record", "ages of the record"),
    "tenant": ("tenant", "tenants"),
}
_MOST_NAMED = 6


def summary(found: ContactPreferences) -> list[str]:
    """The sentences of `ContactPreferences.summary`."""
    overall = found.overall
    n = int(overall["customers"].iloc[0]) if len(overall) else 0
    if n == 0:
        return ["There is no customer to look at."]
    said = []
    for purpose in reversed(PURPOSES):
        parts = [
            f"{per_hundred(row)} for {BY_WHAT[row.channel]}" for row in _rows(overall[overall["purpose"] == purpose])
        ]
        said.append(
            f"Of {_customers(n)}, these are not blocked in ServiceTitan for {WHAT[purpose]}: {', '.join(parts[:-1])}, "
            f"and {parts[-1]}."
        )
    if n < found.min_group:
        said.append("These are too few to tell.")
    said.append("That nothing blocks somebody does not say that you may contact them: the law asks for more.")
    if not found.complete:
        said.append("Part of the rows is missing: the read that gave them was not complete.")
    said += _why_not(found)
    said += _differences(found)
    said += _of_consent(found)
    said += _of_numbers(found)
    said += _of_stores(found)
    said += _left_out(found)
    return said


def _why_not(found: ContactPreferences) -> list[str]:
    said = []
    for row in _rows(found.overall[found.overall["purpose"] == "marketing"]):
        if row.channel not in ("text", "e-mail"):
            continue
        counts = {reason: int(getattr(row, name)) for reason, name in zip(REASONS, REASON_COLUMNS, strict=True)}
        top = [
            (reason, counts[reason]) for reason in sorted(counts, key=lambda one: -counts[one])[:3] if counts[reason]
        ]
        if top:
            listed = ", ".join(f"{name} ({count:,})" for name, count in top)
            said.append(f"What most often blocks marketing by {BY_WHAT[row.channel]}: {listed}.")
    return said


def _differences(found: ContactPreferences) -> list[str]:
    if not found.comparisons:
        return []
    by = (found.by,) if isinstance(found.by, str) else tuple(found.by or ())
    one, many = GROUP_WORDS[by[0]] if len(by) == 1 else ("group", "groups")
    frames = [frame.assign(channel=channel) for (_, channel), frame in found.comparisons.items()]
    frame = pd.concat(frames, ignore_index=True)
    clear = frame[frame["verdict"].isin(["higher", "lower"])]
    clear = clear.loc[clear["difference"].abs().sort_values(ascending=False, kind="stable").index]
    said = [
        f"The {one} {row.name} goes with {'more' if row.verdict == 'higher' else 'fewer'} customers not blocked for "
        f"marketing by {BY_WHAT[row.channel]}: {span(row.share_lower, row.share_upper)} of 100, against "
        f"{span(row.others_lower, row.others_upper)} of 100 of all others together."
        for row in _rows(clear.head(_MOST_NAMED))
    ]
    if len(clear) > _MOST_NAMED:
        said.append(f"{len(clear) - _MOST_NAMED} more differences are clear: see the table.")
    if frame["p_value"].notna().any() and clear.empty:
        said.append(f"No {one} is clearly different from all others together.")
    mix = frame.loc[frame["verdict"] == "explained by the mix", "name"].nunique()
    if mix:
        said.append(f"{mix} {one if mix == 1 else many} differ only by the kinds of customers in them.")
    few = frame.loc[frame["verdict"] == "too few", "name"].nunique()
    if few:
        said.append(f"{few} {one if few == 1 else many} {'has' if few == 1 else 'have'} too few customers to tell.")
    return said


def _of_consent(found: ContactPreferences) -> list[str]:
    if found.consent is None:
        return []
    said = []
    for row in _rows(found.consent[found.consent["purpose"] == "marketing"]):
        if row.allowed or row.refused_not_blocked:
            said.append(
                f"Your own list allows marketing by {BY_WHAT[row.channel]} for {_customers(row.allowed)}: "
                f"{row.not_blocked:,} of them are not blocked, of {row.unknown:,} ServiceTitan knows nothing, "
                f"{row.blocked:,} are blocked. It refuses {_customers(row.refused_not_blocked)} whom ServiceTitan does "
                "not block."
            )
    return said or ["Your own list says nothing of marketing to these customers."]


def _of_numbers(found: ContactPreferences) -> list[str]:
    many = shared_numbers(found)
    said = []
    if len(many):
        what = "number or address stands" if len(many) == 1 else "numbers or addresses stand"
        said.append(
            f"{len(many):,} {what} with {found.many} customers or more, the most frequent with "
            f"{int(many['customers'].iloc[0]):,}: that of a property manager, perhaps."
        )
    if found.by_length:
        said.append("Numbers were checked by their length only: those of a made-up company are of no plan.")
    return said


def _of_stores(found: ContactPreferences) -> list[str]:
    said = []
    for name, frame, what in (
        ("locations", found.locations, "locations"),
        ("newer", found.newer, "contacts of the newer store"),
    ):
        if frame is None:
            continue
        marketing = frame[frame["purpose"] == "marketing"].set_index("channel")
        n = int(marketing["customers"].iloc[0])
        if name == "newer" and not found.marketing_known:
            said.append(
                f"Of {n:,} {what} it is not known which want marketing: their preferences were not read, or it was not "
                "said which of them mean marketing."
            )
        elif n:
            parts = [f"{per_hundred(marketing.loc[one])} for {BY_WHAT[one]}" for one in ("text", "e-mail")]
            said.append(f"Of {n:,} {what}, {' and '.join(parts)} are not blocked for marketing.")
    return said


def _left_out(found: ContactPreferences) -> list[str]:
    said = []
    merged = found.left_out["merged customers"]
    if merged:
        said.append(f"{_customers(merged)} {'is' if merged == 1 else 'are'} left out as merged into others.")
    deleted = found.left_out["deleted contacts"]
    if deleted:
        said.append(f"{deleted:,} contact{'' if deleted == 1 else 's'} left out as deleted.")
    return said


def _rows(frame: pd.DataFrame) -> Any:
    return frame.itertuples(index=False)


def _customers(count: int) -> str:
    return f"{count:,} customer" if count == 1 else f"{count:,} customers"


def actions(found: ContactPreferences) -> list[Action]:
    """The actions of `ContactPreferences.actions`: what is to be stopped comes first."""
    lists = found.work_lists
    done = []
    stop = lists["marketing-off-elsewhere"]
    if len(stop):
        records = len(stop)
        done.append(
            Action(
                f"Switch off marketing for the {records:,} contact{'' if records == 1 else 's'} whose number or "
                "address is opted out on another record.",
                size=_customers(stop.frame["Customer id"].nunique()),
                work_list=stop.key,
            )
        )
    texts = lists["do-not-text-elsewhere"]
    if len(texts):
        done.append(
            Action(
                f"Set 'do not text' on the {len(texts):,} number{'' if len(texts) == 1 else 's'} that stopped texts on "
                "another record.",
                size=_customers(texts.frame["Customer id"].nunique()),
                work_list=texts.key,
            )
        )
    gone = lists["marketing-at-do-not-service"]
    if len(gone):
        done.append(
            Action(
                f"Switch off marketing for {_customers(gone.frame['Customer id'].nunique())} not to be served.",
                work_list=gone.key,
            )
        )
    ask = lists["ask-for-marketing"]
    if len(ask):
        n = int(found.overall["customers"].iloc[0])
        done.append(
            Action(
                f"Ask {_customers(len(ask))} with a mobile number whose marketing preference is unknown.",
                number=f"{_share(len(ask), n)} of all customers",
                size=_customers(len(ask)),
                work_list=ask.key,
            )
        )
    return done


def tiles(found: ContactPreferences) -> list[Tile]:
    """The tiles of `ContactPreferences.tiles`."""
    local = zone(None, found.time_zone)
    if local is None:
        return []
    weeks = four_weeks(found.as_of, local)
    states, created = found.states, found.owners.frame["created_on"]
    reached = {channel: (states["marketing", channel] == 0).to_numpy() for channel in CHANNELS}
    measures = {
        "Marketing is not blocked by at least one channel": np.logical_or.reduce([*reached.values()]),
        "Marketing by text is not blocked": reached["text"],
        "Marketing by e-mail is not blocked": reached["e-mail"],
        "Marketing preference is unknown": _unknown(found),
    }

    def told(period: Period, hits: Any) -> str:
        mine = ((created >= micros(period.starts)) & (created < micros(period.ends))).fillna(False).to_numpy(dtype=bool)
        n = int(mine.sum())
        return _share(int(hits[mine].sum()), n) if n >= found.min_group else "too few to tell" if n else ""

    return [
        Tile(
            title,
            told(weeks.now, hits) or "no new customers",
            str(weeks.now),
            told(weeks.before, hits),
            told(weeks.year_ago, hits),
            note=f"Of customers created in these weeks, as their records are today. All customers: "
            f"{_share(int(hits.sum()), len(hits))}.",
        )
        for title, hits in measures.items()
    ]


def _unknown(found: ContactPreferences) -> Any:
    """Customers of whom no record tells whether they want marketing, and who could be asked."""
    electronic = [found.states["marketing", channel].to_numpy() for channel in CHANNELS[:3]]
    answered = np.logical_or.reduce([(state == 0) | ((state > 4) & (state < UNKNOWN)) for state in electronic])
    return np.logical_or.reduce([state == UNKNOWN for state in electronic]) & ~answered


def _share(hits: int, n: int) -> str:
    if n == 0:
        return "none"
    low, high = wilson(hits, n)
    row = {"share_lower": hits / n, "share_upper": hits / n, "interval_low": float(low), "interval_high": float(high)}
    return per_hundred(pd.Series(row))


def check(found: ContactPreferences) -> Check:
    """The counts and steps of `ContactPreferences.check`."""
    statuses = found.owners.statuses
    counts = []
    for active, word, screen in ((1, "active", "Active"), (0, "inactive", "Inactive"), (-1, "of unknown status", "")):
        mine = statuses[statuses["active"] == active]
        if len(mine):
            merged = int(mine.loc[mine["merged"], "rows"].sum())
            part = f", {merged:,} of them merged into others" if merged else ""
            where = "Search > Customers" if screen else ""
            counts.append(Count(f"Customers {word}{part}", int(mine["rows"].sum()), where, screen))
    counts += [
        Count(
            f"Contacts of {row.store if row.store != 'newer' else 'the newer store'}, type {row.type}", int(row.records)
        )
        for row in _rows(found.kinds)
    ]
    rows, merged = found.owners.rows, found.left_out["merged customers"]
    records, others = len(found.stores["customers"]), found.left_out["contacts of other customers"]
    deleted = found.left_out["deleted contacts"]
    steps = [
        Step("Customers read", 0, rows),
        Step("Merged into others", merged, rows - merged),
        Step("Contacts of customers, deleted rows of a feed left out", deleted, records),
        Step("Contacts of customers that are merged or were not read", others, records - others),
    ]
    notes = {
        "Merged customers.": "Their records still count as other records of a number: a no on them stands.",
        "Contacts.": "ServiceTitan's screens show contacts one customer at a time, and count none.",
    }
    return Check(counts, steps, notes)


def definitions(found: ContactPreferences) -> dict[str, str]:
    """What each word means, by it."""
    return {
        "Not blocked": "ServiceTitan holds nothing that speaks against it, as of "
        f"{found.as_of:%Y-%m-%d %H:%M %Z}. It keeps no record of consent, so this is not a permission.",
        "Customer": "Active and inactive ones; those merged into others are left out. A customer with several numbers "
        "is not blocked where one of them is not.",
        "Marketing": "The preference 'marketing updates' of the number or address must be known to be on. Unknown "
        "counts as blocked.",
        "Service": "News of the customer's own job, by the preference 'job reminders'. Where it is unknown, the "
        "customer is possibly not blocked: hence '75 to 96 of 100'.",
        "Call, text, e-mail, post": "Calls go to valid numbers of type phone or mobile; texts to those of type mobile, "
        "if no record of the number says 'do not text'; e-mail to valid addresses; post to a whole address. Fax "
        "numbers are of no channel.",
        "Valid": "A number that its country's plan knows (phonenumbers, region US), an address that is written as one "
        "(email-validator; no server is asked) and no stand-in such as none@none.com."
        + (" Here numbers were checked by their length only." if found.by_length else ""),
        "Why not": "The first that fits, in this order: " + ", ".join(REASONS) + ". A customer with several numbers "
        "has the first reason that fits any of the valid ones; 'invalid' where none is valid.",
        "Opted out on another record": "The same number or address, in any spelling, stands with another customer, a "
        "location or in the newer store, and that record says no: to texts, or to marketing.",
        "Preference unknown": "The flag is empty. For texts also where 'do not text' is empty.",
        "Type unknown": "A number of type phone. Some of these are mobile: ask.",
        "Age of the record": "Whole years from the local day on which the customer was created"
        + (f" ({found.time_zone})." if found.time_zone else "."),
        "(27 to 35)": "The 95 % Wilson interval: what chance alone could make of the lower and of the upper number.",
        "Clearly different": "Compared with all others together: 5 points or more apart, "
        f"{found.min_group} customers or more on both sides, a p-value below 0.05 after Benjamini-Hochberg over all "
        "that could be named, and still so among customers of the same type and age.",
        "Goes with": "The two occur together. Other things may be the reason.",
    }


def shown(found: ContactPreferences) -> str:
    """The table as HTML: the largest reasons beside each share."""
    grouped = found.by is not None
    header = {"Group": False} if grouped else {}
    header |= {"For": False, "By": False, "Not blocked of 100 (95 % interval)": True, "": False, "Not blocked": True}
    header |= {"Customers": True} | {reason.capitalize(): True for reason in REASONS}
    verdicts = {
        (channel, row.name): row.verdict for (_, channel), frame in found.comparisons.items() for row in _rows(frame)
    }
    rows, dim = [], []
    for row in _rows(found.table):
        verdict = verdicts.get((row.channel, row.name), "") if row.purpose == "marketing" else ""
        mark = {"higher": "▲\u00a0higher", "lower": "▼\u00a0lower"}.get(verdict, "")
        lower, upper = int(row.lower), int(row.upper)
        rows.append(
            [
                *([str(row.name)] if grouped else []),
                row.purpose,
                row.channel,
                per_hundred(row) if row.customers else "",
                mark if row.enough else "too few",
                f"{lower:,}" if lower == upper else f"{lower:,} to {upper:,}",
                f"{row.customers:,}",
                *(f"{getattr(row, name):,}" for name in REASON_COLUMNS),
            ]
        )
        dim.append(not row.enough)
    return table(header, rows, dim=dim)
