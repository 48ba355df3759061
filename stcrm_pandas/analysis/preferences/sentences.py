"""What contact preferences say in words, computed from their numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.format import per_hundred, span
from stcrm_pandas.analysis.preferences.groups import REASON_COLUMNS
from stcrm_pandas.analysis.preferences.lists import shared_numbers
from stcrm_pandas.analysis.preferences.reach import PURPOSES, REASONS
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult

__all__ = ["customers_in_words", "definitions", "summary"]

BY_WHAT = {"call": "calls", "text": "texts", "e-mail": "e-mail", "post": "post"}
WHAT = {"service": "their own jobs", "marketing": "marketing"}
GROUP_WORDS = {
    "customer_type": ("customer type", "customer types"),
    "tag": ("tag", "tags"),
    "age": ("age of the record", "ages of the record"),
    "tenant": ("tenant", "tenants"),
}
_MOST_NAMED = 6


def summary(result: ContactPreferencesResult) -> list[str]:
    """The sentences of `ContactPreferences.summary`."""
    overall = result.overall
    n = int(overall["customers"].iloc[0]) if len(overall) else 0
    if n == 0:
        return ["There is no active customer to look at."]
    lines = []
    for purpose in reversed(PURPOSES):
        parts = [
            f"{per_hundred(row)} for {BY_WHAT[row.channel]}" for row in _rows(overall[overall["purpose"] == purpose])
        ]
        lines.append(
            f"Of {customers_in_words(n, 'active')}, these are not blocked in ServiceTitan for {WHAT[purpose]}: "
            f"{', '.join(parts[:-1])}, and {parts[-1]}."
        )
    if n < result.min_group:
        lines.append("These are too few to tell.")
    lines.append(_of_texts(result))
    lines.append("That nothing blocks somebody does not say that you may contact them: the law asks for more.")
    if not result.complete:
        lines.append("Part of the rows is missing: the read that gave them was not complete.")
    lines += _why_not(result)
    lines += _differences(result)
    lines += _of_consent(result)
    lines += _of_numbers(result)
    lines += _of_stores(result)
    lines += _left_out(result)
    return lines


def _of_texts(result: ContactPreferencesResult) -> str:
    register = "A register of text opt-outs may exist outside the CRM"
    if result.consent_told is None:
        return f"{register}, so the shares for texts are upper bounds."
    texts = result.overall[(result.overall["purpose"] == "marketing") & (result.overall["channel"] == "text")]
    refused = int(texts["refused_on_your_own_list"].sum())
    return (
        f"Your own list counts: what it refuses is blocked, and blocks {customers_in_words(refused)} for marketing by "
        f"text. {register}: as far as your list lacks its opt-outs, the shares for texts are upper bounds."
    )


def _why_not(result: ContactPreferencesResult) -> list[str]:
    lines = []
    for row in _rows(result.overall[result.overall["purpose"] == "marketing"]):
        if row.channel not in ("text", "e-mail"):
            continue
        counts = {reason: int(getattr(row, name)) for reason, name in zip(REASONS, REASON_COLUMNS, strict=True)}
        top = [
            (reason, counts[reason]) for reason in sorted(counts, key=lambda one: -counts[one])[:3] if counts[reason]
        ]
        if top:
            listed = ", ".join(f"{name} ({count:,})" for name, count in top)
            lines.append(f"What most often blocks marketing by {BY_WHAT[row.channel]}: {listed}.")
    return lines


def _differences(result: ContactPreferencesResult) -> list[str]:
    if not result.comparisons:
        return []
    by = (result.by,) if isinstance(result.by, str) else tuple(result.by or ())
    one, many = GROUP_WORDS[by[0]] if len(by) == 1 else ("group", "groups")
    frames = [frame.assign(channel=channel) for (_, channel), frame in result.comparisons.items()]
    frame = pd.concat(frames, ignore_index=True)
    clear = frame[frame["verdict"].isin(["higher", "lower"])]
    clear = clear.loc[clear["difference"].abs().sort_values(ascending=False, kind="stable").index]
    lines = [
        f"The {one} {row.name} goes with {'more' if row.verdict == 'higher' else 'fewer'} customers not blocked for "
        f"marketing by {BY_WHAT[row.channel]}: {span(row.share_lower, row.share_upper)} of 100, against "
        f"{span(row.others_lower, row.others_upper)} of 100 of all others together."
        for row in _rows(clear.head(_MOST_NAMED))
    ]
    if len(clear) > _MOST_NAMED:
        lines.append(f"{len(clear) - _MOST_NAMED} more differences are clear: see the table.")
    if frame["p_value"].notna().any() and clear.empty:
        lines.append(f"No {one} is clearly different from all others together.")
    mix = frame.loc[frame["verdict"] == "explained by the mix", "name"].nunique()
    if mix:
        lines.append(f"{mix} {one if mix == 1 else many} differ only by the kinds of customers in them.")
    few = frame.loc[frame["verdict"] == "too few", "name"].nunique()
    if few:
        lines.append(f"{few} {one if few == 1 else many} {'has' if few == 1 else 'have'} too few customers to tell.")
    return lines


def _of_consent(result: ContactPreferencesResult) -> list[str]:
    if result.consent is None:
        return []
    lines = []
    for row in _rows(result.consent[result.consent["purpose"] == "marketing"]):
        if row.allowed or row.refused_not_blocked:
            lines.append(
                f"Your own list allows marketing by {BY_WHAT[row.channel]} for {customers_in_words(row.allowed)}: "
                f"{row.not_blocked:,} of them are not blocked, of {row.unknown:,} ServiceTitan knows nothing, "
                f"{row.blocked:,} are blocked. It refuses {customers_in_words(row.refused_not_blocked)} whom "
                "ServiceTitan does not block."
            )
    return lines or ["Your own list says nothing of marketing to these customers."]


def _of_numbers(result: ContactPreferencesResult) -> list[str]:
    many = shared_numbers(result)
    lines = []
    if len(many):
        what = "number or address stands" if len(many) == 1 else "numbers or addresses stand"
        lines.append(
            f"{len(many):,} {what} with {result.many} customers or more, the most frequent with "
            f"{int(many['customers'].iloc[0]):,}: that of a property manager, perhaps."
        )
    if result.by_length:
        lines.append("Numbers were checked by their length only, as was asked for.")
    return lines


def _of_stores(result: ContactPreferencesResult) -> list[str]:
    lines = []
    for name, frame, what in (
        ("locations", result.locations, "locations"),
        ("newer", result.newer, "contacts of the newer store"),
    ):
        if frame is None:
            continue
        marketing = frame[frame["purpose"] == "marketing"].set_index("channel")
        n = int(marketing["customers"].iloc[0])
        if name == "newer" and not result.marketing_known:
            methods = len(result.stores["newer"])
            why = (
                f"their preferences were not read, which takes a call for each of {methods:,} methods"
                if result.read["method_preferences"] is None
                else "it was not said which of their preferences mean marketing"
            )
            lines.append(f"Of {n:,} {what} it is not known who wants marketing: {why}.")
        elif n:
            parts = [f"{per_hundred(marketing.loc[one])} for {BY_WHAT[one]}" for one in ("text", "e-mail")]
            lines.append(f"Of {n:,} {what}, {' and '.join(parts)} are not blocked for marketing.")
    return lines


def _left_out(result: ContactPreferencesResult) -> list[str]:
    lines = []
    for count, what in (
        (result.left_out["inactive customers"], "inactive"),
        (result.left_out["merged customers"], "merged into others"),
    ):
        if count:
            lines.append(
                f"{customers_in_words(count)} {'is' if count == 1 else 'are'} {what}: in a row of their own, and in "
                "no share."
            )
    deleted = result.left_out["deleted contacts"]
    if deleted:
        lines.append(f"{deleted:,} contact{'' if deleted == 1 else 's'} left out as deleted.")
    return lines


def _rows(frame: pd.DataFrame) -> Any:
    return frame.itertuples(index=False)


def customers_in_words(count: int, which: str = "") -> str:
    """Return a count of customers in words, with an adjective where one is given.

    Examples
    --------
    >>> customers_in_words(1), customers_in_words(1234, "active")
    ('1 customer', '1,234 active customers')
    """
    words = f"{which} customer".strip()
    return f"{count:,} {words}" if count == 1 else f"{count:,} {words}s"


def definitions(result: ContactPreferencesResult) -> dict[str, str]:
    """What each word means, by it."""
    return {
        "Not blocked": "ServiceTitan holds nothing that speaks against it, as of "
        f"{result.as_of:%Y-%m-%d %H:%M %Z}. It keeps no record of consent, so this is not a permission.",
        "Customer": "Every share is of the active customers that are not merged into others (a merged-to id of 0 means "
        "not merged). Inactive and merged customers are in a row of their own. The same holds for locations, where one "
        "counts as inactive if its customer is, and for archived contacts of the newer store. A customer whose status "
        "is missing counts as active, and as unknown at best. A customer with several numbers is not blocked if one of "
        "them is not.",
        "Marketing": "The preference 'marketing updates' of the number or address must be known to be on. Unknown "
        "counts as blocked.",
        "Service": "News of the customer's own job, by the preference 'job reminders'. A customer who has no number or "
        "address that is surely not blocked, but one whose preference is unknown and whom nothing else blocks, is "
        "possibly not blocked, even if another number is off: hence '75 to 96 of 100'.",
        "Call, text, e-mail, post": "Calls go to valid numbers of type phone or mobile; texts to those of type mobile, "
        "if no record of the number says 'do not text'; e-mail to valid addresses; post to a whole address. Fax "
        "numbers are of no channel.",
        "Valid": "A number that its country's plan knows (phonenumbers, region US), an address that is written as one "
        "(email-validator; no server is asked) and no stand-in such as none@none.com."
        + (" Here numbers were checked by their length only." if result.by_length else ""),
        "Why not": "The first that fits, in this order: " + ", ".join(REASONS) + ". A customer with several numbers "
        "has the first reason that fits any of the valid ones; 'invalid' where none is valid. For service, "
        "'preference unknown' comes before all reasons of single numbers, since it makes the customer possible.",
        "Opted out on another record": "The same number or address, in any spelling, stands with another customer, a "
        "location or in the newer store, and that record says no: to texts, or to marketing.",
        "Refused on your own list": "Your own list, where one is given, says no last for this number or address, "
        "channel and purpose. What it allows opens nothing that ServiceTitan blocks.",
        "Texts": "A register of text opt-outs may exist outside the CRM (in the phone system). ServiceTitan's "
        "contacts do not show it, so the shares for texts are upper bounds, unless your own list holds its "
        "opt-outs.",
        "Preference unknown": "The flag is empty. For texts also where 'do not text' is empty.",
        "Type unknown": "A number of type phone. Some of these are mobile: ask.",
        "Age of the record": "Whole years from the local day on which the customer was created"
        + (f" ({result.time_zone})." if result.time_zone else "."),
        "(27 to 35)": "The 95 % Wilson interval: what chance alone could make of the lower and of the upper number.",
        "Clearly different": "Compared with all others together: 5 points or more apart, "
        f"{result.min_group} customers or more on both sides, a p-value below 0.05 after Benjamini-Hochberg over all "
        "that could be named, and still so among customers of the same type and age.",
        "Goes with": "The two occur together. Other things may be the reason.",
    }
