"""Sentences, definitions and tables of contact preferences, computed from the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.differences import CLEARLY_DIFFERENT, not_compared, versus
from stcrm_pandas.analysis.base.display import Columns, Definitions, Shown, load_definitions, rows_shown, verdict_note
from stcrm_pandas.analysis.base.format import count_range, format_share, listed, with_count
from stcrm_pandas.analysis.base.inputs import not_read
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.preferences.groups import REASON_COLUMNS
from stcrm_pandas.analysis.preferences.lists import shared_numbers
from stcrm_pandas.analysis.preferences.owners import REASONS
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult
from stcrm_pandas.frame.customers import PURPOSES
from stcrm_pandas.output.printable import plural

_FOR = {"service": "their own jobs", "marketing": "marketing"}
_MOST_NAMED = 6
_REGISTER = "A register of text opt-outs may exist outside the CRM"
_SUPPRESSED = (
    "ServiceTitan's own list of addresses that get no marketing e-mail is not in the CRM API, so the shares for "
    "marketing by e-mail are upper bounds."
)


def summary(result: ContactPreferencesResult) -> list[str]:
    """Return the sentences of `ContactPreferences.summary`."""
    overall, n = result.overall, int(result.overall["customers"].iloc[0])
    created = "" if result.period is None else f" created {result.period.when}"
    if n == 0:
        return [f"There are no active customers{created}."]
    lines = []
    label = "95% CI"
    for purpose in reversed(PURPOSES):
        parts = []
        for row in rows_of(overall[overall["purpose"] == purpose]):
            parts.append(f"{format_share(row, label=label)} by {row.channel}")
            label = ""
        lines.append(
            f"Of {plural(n, 'active customer')}{created}, these are not blocked in ServiceTitan for {_FOR[purpose]}: "
            f"{listed(parts)}."
        )
    if n < result.min_group:
        lines.append("These are too few to tell.")
    lines += [_texts(result), _SUPPRESSED]
    lines.append("Not being blocked is not a permission: the law asks for more.")
    if not result.complete:
        lines.append("Some rows are missing because a read was not complete.")
    parts_of = (_reasons, _differences, _consent, _numbers, _stores, _left_out)
    return [*lines, *(sentence for part in parts_of for sentence in part(result))]


def _texts(result: ContactPreferencesResult) -> str:
    if result.consent_entries is None:
        return f"{_REGISTER}, so the shares for texts are upper bounds."
    texts = result.overall[(result.overall["purpose"] == "marketing") & (result.overall["channel"] == "text")]
    refused = int(texts["refused_on_your_own_list"].sum())
    return (
        f"Opt-outs on your own list count as blocked: they block {plural(refused, 'customer')} for marketing by text. "
        f"{_REGISTER}: if your list lacks some of them, the shares for texts are upper bounds."
    )


def _reasons(result: ContactPreferencesResult) -> Iterator[str]:
    rows = result.overall[
        (result.overall["purpose"] == "marketing") & result.overall["channel"].isin(["text", "e-mail"])
    ]
    for row in rows_of(rows):
        counts = {reason: int(getattr(row, name)) for reason, name in zip(REASONS, REASON_COLUMNS, strict=True)}
        top = [f"{reason} ({n:,})" for reason, n in sorted(counts.items(), key=lambda count: -count[1])[:3] if n]
        if top:
            yield f"Marketing by {row.channel} is most often blocked by: {', '.join(top)}."


def _differences(result: ContactPreferencesResult) -> Iterator[str]:
    if result.by and (missing := result.lacks("preferences: groups")):
        yield f"{group_word(result.by, many=True).capitalize()} are not compared: {not_read(missing)}."
    if not result.comparisons:
        return
    group, many = group_word(result.by), group_word(result.by, many=True)
    frames = [frame.assign(channel=channel) for (_, channel), frame in result.comparisons.items()]
    frame = pd.concat(frames, ignore_index=True)
    clear = frame[frame["verdict"].isin(["higher", "lower"])]
    clear = clear.sort_values("difference", key=abs, ascending=False, kind="stable")
    for row in rows_of(clear.head(_MOST_NAMED)):
        does = f"has a {row.verdict} share of customers not blocked for marketing by {row.channel}"
        yield f"{group.capitalize()} {row.name} {does} than the others: {versus(row)}."
    if len(clear) > _MOST_NAMED:
        yield f"{len(clear) - _MOST_NAMED} more differences are clear: see the table."
    if frame["p_value"].isna().all() and not (frame["verdict"] == "others too few").any():
        yield not_compared(next(iter(result.comparisons.values())), group, "customers")
    elif clear.empty and frame["p_value"].notna().any():
        yield f"No {group} is clearly different from the others."
    if mix := frame.loc[frame["verdict"] == "explained by the mix", "name"].nunique():
        yield with_count(
            mix,
            f"[{group} differs|{many} differ] from the others, but not clearly among customers of the same type and "
            "age: the mix may explain it.",
        )
    if few := frame.loc[frame["verdict"] == "too few", "name"].nunique():
        yield with_count(few, f"[{group} has|{many} have] too few customers to tell.")


def _consent(result: ContactPreferencesResult) -> Iterator[str]:
    if result.consent is None:
        return
    marketing = result.consent[result.consent["purpose"] == "marketing"]
    named = marketing[(marketing["allowed"] > 0) | (marketing["refused_not_blocked"] > 0)]
    for row in rows_of(named):
        yield (
            f"Your own list allows marketing by {row.channel} for {plural(row.allowed, 'customer')}: "
            f"{row.not_blocked:,} not blocked, {row.blocked:,} blocked, {row.unknown:,} without a preference in "
            f"ServiceTitan. It refuses {plural(row.refused_not_blocked, 'customer')} not blocked in ServiceTitan."
        )
    if named.empty:
        yield "Your own list has nothing about marketing to these customers."


def _numbers(result: ContactPreferencesResult) -> Iterator[str]:
    many = shared_numbers(result)
    if len(many):
        yield with_count(
            len(many),
            f"[number or address has|numbers or addresses have] {result.many} customers or more, up to "
            f"{int(many['customers'].iloc[0]):,}: probably property managers.",
        )
    if result.by_length:
        yield "Numbers were checked by their length only, as requested."


def _stores(result: ContactPreferencesResult) -> Iterator[str]:
    for frame, what in ((result.locations, "locations"), (result.newer, "newer contacts")):
        if frame is None:
            continue
        marketing = frame[frame["purpose"] == "marketing"].set_index("channel")
        n = int(marketing["customers"].iloc[0])
        if frame is result.newer and not result.marketing_known:
            why = "you have not named the preferences that mean marketing"
            if result.read["method_preferences"] is None:
                methods = plural(len(result.stores["newer"]), "contact method")
                why = f"their preferences were not read, which takes a request for each of {methods}"
            yield f"For {n:,} {what} the marketing preference is unknown: {why}."
        elif n:
            parts = [f"{format_share(marketing.loc[channel])} by {channel}" for channel in ("text", "e-mail")]
            yield f"Of {n:,} {what}, {' and '.join(parts)} are not blocked for marketing."


def _left_out(result: ContactPreferencesResult) -> Iterator[str]:
    own_row = "in a row of their own, not included in any share."
    left_out = {
        "inactive customers": f"[customer is|customers are] inactive: {own_row}",
        "merged customers": f"[customer is|customers are] merged into others: {own_row}",
        "deleted contacts": "deleted [contact is|contacts are] left out.",
    }
    return filter(None, (with_count(result.left_out[key], text) for key, text in left_out.items()))


def definitions(result: ContactPreferencesResult) -> Definitions:
    """Return what each term means."""
    values = {
        **vars(result),
        "register": _REGISTER,
        "suppressed": _SUPPRESSED,
        "opted_in": "must" if result.double_opt_in else "need not",
        "reasons": ", ".join(REASONS),
        "by_length": " Here numbers were checked by their length only." if result.by_length else "",
        "zone": f" ({result.time_zone})" if result.time_zone else "",
        "clearly_different": CLEARLY_DIFFERENT.format(
            min_group=result.min_group, units="customers", strata="type and age"
        ),
    }
    return load_definitions(__package__, {"period"} if result.period else (), values)


_STORES = {"customers": "Customers", "locations": "Locations", "newer": "Newer contacts"}


def main_table(result: ContactPreferencesResult) -> Shown:
    """Return the main table."""
    return reach_shown(result, result.table, "customers", grouped=bool(result.by))


def reach_shown(result: ContactPreferencesResult, frame: pd.DataFrame, store: str, *, grouped: bool) -> Shown:
    """Return a table like that of `ContactPreferences`; reasons that block nobody are left out."""
    reasons = {name: reason for reason, name in zip(REASONS, REASON_COLUMNS, strict=True) if frame[name].sum() > 0}
    verdicts = {
        (*key, row.name): row.verdict
        for key, compared in (result.comparisons if grouped else {}).items()
        for row in rows_of(compared)
    }
    of_rows = [verdicts.get((row.purpose, row.channel, row.name), "") for row in rows_of(frame)]

    def note(row: Any) -> str:
        at_most = row.channel == "text" or (row.purpose, row.channel) == ("marketing", "e-mail")
        return ", ".join(filter(None, (verdict_note(row), "upper bound" if at_most else "")))

    columns: Columns = {"Group": "name"} if grouped else {}
    columns |= {
        "For": "purpose",
        "By": _channel,
        "Not blocked (95% CI)": lambda row: format_share(row) if row.customers else "",
        "": note,
        "Not blocked": lambda row: count_range(row.lower, row.upper),
        "Contacts" if store == "newer" else store.capitalize(): "customers",
        **{reason.capitalize(): name for name, reason in reasons.items()},
    }
    main = rows_shown(rows_of(frame.assign(verdict=of_rows)), columns, left=("For", "By"), total=False)
    others = [
        [other.name, *[""] * (1 + grouped), "", "not included", "", f"{other.customers:,}", *[""] * len(reasons)]
        for other in rows_of(result.others[result.others["store"] == store])
    ]
    return Shown(main.header, [*main.rows, *others], [*(main.dim or ()), *[True] * len(others)])


def kinds_shown(result: ContactPreferencesResult) -> Shown:
    """Return the contact records of customers, locations and the newer API by type."""
    columns: Columns = {"Of": lambda row: _STORES[row.store], "Type": "type", "Records": "records", "Valid": "valid"}
    columns |= {"Marketing on": "marketing_on", "Off": "marketing_off", "Unknown": "marketing_unknown"}
    columns |= {"Do not text": "do_not_text"}
    return rows_shown(rows_of(result.kinds), columns, left=("Type",), total=False)


def consent_shown(result: ContactPreferencesResult) -> Shown:
    """Return the company's own list compared with ServiceTitan; empty if there is no list."""
    columns: Columns = {"For": "purpose", "By": _channel, "Customers": "customers", "Your list allows": "allowed"}
    columns |= {"of these not blocked": "not_blocked", "not known": "unknown", "blocked": "blocked"}
    columns |= {"Your list refuses, not blocked": "refused_not_blocked", "Not on your list": "not_listed"}
    rows = () if result.consent is None else rows_of(result.consent)
    return rows_shown(rows, columns, left=("By",), total=False)


def _channel(row: Any) -> str:
    return str(row.channel)
