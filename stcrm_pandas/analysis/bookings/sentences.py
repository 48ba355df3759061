"""What booking sources says in words, computed from its numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.format import count_range, is_or_are, per_hundred, plural, span
from stcrm_pandas.analysis.bookings.hours import DAY_BEGINS, DAY_ENDS
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.analysis.bookings.table import each

__all__ = ["DIMENSION_WORDS", "counted", "definitions", "difference", "format_missing", "summary"]

DIMENSION_WORDS = {
    "source": ("source", "sources"),
    "provider": ("provider", "providers"),
    "campaign": ("campaign", "campaigns"),
    "business_unit": ("business unit", "business units"),
    "month": ("month", "months"),
    "weekday": ("weekday", "weekdays"),
    "hour": ("hour", "hours"),
    "tenant": ("tenant", "tenants"),
}
_MOST_NAMED = 5

_MORE = {
    "work": ("more bookings that become work", "fewer bookings that become work"),
    "dismissed_leads": ("more dismissed bookings that were worked as leads", "fewer of them worked as leads"),
    "new_hour": ("more bookings still new after an hour", "fewer bookings still new after an hour"),
    "canceled": ("more canceled jobs", "fewer canceled jobs"),
}


def words(result: BookingSourcesResult) -> tuple[str, str]:
    """What one group and many groups are called."""
    known = [DIMENSION_WORDS[name] for name in result.by]
    return (" and ".join(one for one, _ in known) or "group", " and ".join(many for _, many in known) or "groups")


def counted(count: int, one: str = "booking") -> str:
    """'1 booking', '1,200 bookings'."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def summary(result: BookingSourcesResult) -> list[str]:
    """The sentences of `BookingSourcesResult.summary`."""
    every = result.overall.iloc[0]
    lines = [_headline(result, every)]
    if not result.complete:
        lines.append("Part of the rows is missing: the read that gave them was not complete.")
    lines += _dismissals(result, every)
    lines += _speed(result)
    lines += _differences(result)
    lines += [format_silence(row) for row in each(result.silences.head(3))]
    lines += _jobs(result, every)
    lines += _clients(result, every)
    lines += result.attribution.sentences() if "campaign" in result.by else []
    lines += _spelling(result)
    lines += _odd(result, every)
    return lines


def _headline(result: BookingSourcesResult, every: pd.Series) -> str:
    mature, days = int(every["mature"]), result.mature_days
    if not mature:
        return f"No booking is {days} days old yet: nothing can be said about what becomes of them."
    text = f"Of {counted(mature)} at least {days} days old, {per_hundred(every)} became work"
    direct = int(every["direct"])
    if result.leads_known:
        won = int(every["work_lower"]) - direct
        text += f": {direct:,} directly, {won:,} through a lead that was won"
    return f"{text}." if mature >= result.min_group else f"{text}. These are too few to tell."


def _dismissals(result: BookingSourcesResult, every: pd.Series) -> list[str]:
    dismissed, led = int(every["dismissed_status"]), int(every["dismissed_leads"])
    if not result.leads_known:
        return ["Leads were not read: which of the dismissed bookings were worked as leads is not known."]
    if not dismissed:
        return []
    return [
        f"Of {dismissed:,} dismissed {'one' if dismissed == 1 else 'ones'}, {led:,} were worked as leads, of which "
        f"{int(every['dismissed_won']):,} are won: their dismissal says nothing about the source."
    ]


def _speed(result: BookingSourcesResult) -> list[str]:
    rows = result.clock.after_hours()
    every = result.overall.iloc[0]
    aged, lower, upper = (int(every[f"{name}_hour"]) for name in ("aged", "new_lower", "new_upper"))
    if aged < result.min_group:
        return []
    lines = [
        f"After an hour, {span(lower / aged, upper / aged)} of 100 bookings were still new; of "
        f"{_share(upper - lower, aged)} of 100 it is not known."
    ]
    day, night = each(rows)
    if min(day.n, night.n) >= result.min_group:
        lines.append(
            f"Of those that came in from {DAY_ENDS} to {DAY_BEGINS} h it were "
            f"{span(night.share_lower, night.share_upper)} of 100, of the others "
            f"{span(day.share_lower, day.share_upper)}."
        )
    return lines


def _differences(result: BookingSourcesResult) -> list[str]:
    if not result.by:
        return []
    one, many = words(result)
    lines: list[str] = []
    named = 0
    for measure, frame in result.comparisons.items():
        worth = ["higher", "lower"] if measure == "work" else ["higher"]  # fewer than one that stands out is no news
        clear = frame[frame["verdict"].isin(worth)].sort_values("difference", key=abs, ascending=False)
        lines += [difference(result, measure, row) for row in list(each(clear))[:_MOST_NAMED]]
        named += len(clear)
        if len(clear) > _MOST_NAMED:
            lines.append(f"{len(clear) - _MOST_NAMED} more {many} differ in this: see the table.")
    if result.comparisons and not named:
        lines.append(f"No {one} is clearly different from all others together.")
    few = int((~result.table["enough"]).sum())
    if few:
        lines.append(f"{counted(few, one) if few == 1 else f'{few:,} {many}'} with too few bookings to tell.")
    return lines


def difference(result: BookingSourcesResult, measure: str, row: Any) -> str:
    """A clear difference: the group, its share, that of all others."""
    more, fewer = _MORE[measure]
    one = words(result)[0]
    return (
        f"{one.capitalize()} {row.name} goes with {more if row.verdict == 'higher' else fewer}: "
        f"{span(row.share_lower, row.share_upper)} of 100, against {span(row.others_lower, row.others_upper)} of 100 "
        "for all others together."
    )


def format_silence(row: Any) -> str:
    """Return the sentence of a gap that is too long for chance."""
    when = f"has sent nothing since {row.since:%a %d %b %Y, %H:%M}"
    if not row.ongoing:
        when = f"sent nothing from {row.since:%a %d %b %Y, %H:%M} to {row.until:%a %d %b, %H:%M}"
    return f"Source {row.source} {when}: {format_missing(row)}."


def format_missing(row: Any) -> str:
    """Return how many bookings a gap lacks: 'about 12 bookings are missing (95% prediction interval 6–20)'."""
    count = max(round(float(row.expected)), 1)
    interval = count_range(row.expected_low, row.expected_high)
    return f"about {plural(count, 'booking')} {is_or_are(count)} missing (95% prediction interval {interval})"


def _jobs(result: BookingSourcesResult, every: pd.Series) -> list[str]:
    if not result.jobs_known:
        return ["Jobs were not read: cancellations, revenue and the time to the job are not known."]
    booked = int(every["old_booked"])
    if not booked:
        return []
    canceled, paid = int(every["old_canceled"]), int(every["old_paid"])
    lines = [
        f"Of {counted(booked, 'job')} of bookings at least {result.revenue_days} days old, {canceled:,} were canceled "
        f"({_share(canceled, booked)} of 100) and {paid:,} brought something ({_share(paid, booked)} of 100)."
    ]
    unseen = int(every["old_unseen"])
    if unseen:
        lines.append(f"{counted(unseen)} of that age {'names' if unseen == 1 else 'name'} a job that was not read.")
    return lines


def _clients(result: BookingSourcesResult, every: pd.Series) -> list[str]:
    known, claims, right = (int(every[name]) for name in ("client_known", "claim_known", "claim_right"))
    if known < result.min_group:
        return []
    since = f" among the jobs since {result.jobs_from:%b %Y}" if result.jobs_from is not None else ""
    since += ", and no record of the customer" if result.customers_known else ""
    lines = [
        f"Of {known:,} bookings whose customer is known, {_share(int(every['client_first']), known)} of 100 are of "
        f"first-time clients: no job before{since}."
    ]
    if claims >= result.min_group:
        lines.append(
            f"The senders' word on that is wrong for {_share(claims - right, claims)} of 100 of {claims:,} that they "
            "gave it for."
        )
    return lines


def _spelling(result: BookingSourcesResult) -> list[str]:
    many = result.spellings.groupby("group")["source"].size()
    names = many.index[many > 1].tolist()
    if not names:
        return []
    return [f"More than one spelling was counted as one source for {', '.join(names)}: see the table of spellings."]


def _odd(result: BookingSourcesResult, every: pd.Series) -> list[str]:
    lines = []
    no_start, early = int(every["no_start"]), int(every["early_start"])
    if no_start + early:
        lines.append(
            f"{counted(no_start + early)} asked for a start that cannot be: {no_start:,} for none or the year 1, "
            f"{early:,} for one before the booking; they do not count in the time asked for."
        )
    deleted = result.left_out["deleted"]
    if deleted:
        lines.append(f"{counted(deleted)} {'is' if deleted == 1 else 'are'} left out as deleted.")
    unknown = int(every["unknown"])
    if unknown:
        lines.append(
            f"{counted(unknown)} {'has' if unknown == 1 else 'have'} a status that the contract does not know: "
            "counted as possibly become work."
        )
    undated = int(every["undated"])
    if undated:
        lines.append(f"{counted(undated)} without a moment of creation {'is' if undated == 1 else 'are'} not measured.")
    return lines


def _share(part: int, n: int) -> str:
    return span(part / n, part / n) if n else "none"


def definitions(result: BookingSourcesResult) -> dict[str, str]:
    """What each number means, by its name."""
    log = ", or what the status log saw" if result.log_known else ""
    listed = {
        "Booking": "A request from outside: a form, a portal, a marketplace, an agent. Its source is free text; "
        "spellings alike but for capitals, spaces and punctuation are counted as one.",
        "What became of it": "The first that fits: it names a job; it is converted without naming one; a lead names "
        "it (won, open or lost); it was dismissed, accepted, or is new. A booking that is worked as a lead is "
        "dismissed by that, so it is counted with the leads.",
        "Became work": f"Of bookings at least {result.mature_days} days of 24 hours old: those with a job, those "
        "converted, and those whose lead is won. Leads may take longer than that, so late months can still gain.",
        "Still new after an hour": "Nothing was done about it: no job and no lead was made of it, and its status was "
        f"New. Known by the creation of its job or lead; else only that it lies before its latest change{log}. An "
        "acceptance before the job leaves no trace. Only bookings that old are counted.",
        "After hours": f"Came in from {DAY_ENDS} to {DAY_BEGINS} h, in {result.time_zone}.",
        "Canceled, completed, above zero": f"Of bookings at least {result.revenue_days} days old, by their job: the "
        "one that the booking names, else the first that names the booking, is no follow-on job and is not older "
        "than the booking.",
        "Revenue per job": f"Of jobs at least {result.revenue_days} days old: their totals, canceled jobs as zero. The "
        "median is of those above zero. A mean is given from 100 jobs up, with a 95 % bias-corrected and accelerated "
        "bootstrap interval. With follow-on jobs: and the totals of the completed follow-on jobs of each.",
        "Follow-on job": "A job that names the job during which it was sold, the job that it mends or the job whose "
        "warranty it is (the first of these that is there is its earlier job), or the estimate from which it was "
        "made. If it names a booking, that does not make it the booking's job; a job that a booking names is that "
        "booking's job in any case. Its money goes with its earlier job, also over several follow-on jobs; if it "
        "names no earlier job, with the job of the booking that it names.",
        "First-time client": "No job of the customer is older than the booking, as far as jobs were read"
        f"{', nor is the record of the customer' if result.customers_known else ''}. The customer is known by "
        "the job or the lead.",
        "Bookings per hour": "Those that came in in such hours of the week, over the number of such hours that there "
        f"were in {result.time_zone}, also where the clock changed.",
        "Sent nothing": "A gap between two bookings of a source that is too long for chance, held against its four "
        "weeks before and after, with p below 0.05 after Bonferroni over all gaps.",
        "(27 to 35)": "The 95 % Wilson interval: what chance alone could make of the number.",
        "Clearly different": f"Compared with all others together: 5 points or more apart, {result.min_group} or more "
        "on both sides, a p-value below 0.05 after Benjamini-Hochberg over all that could be named, and of the same "
        "sign within business unit and month.",
        "Goes with": "The two occur together. Season, kind of work and kind of customer may be the reason.",
    }
    return listed
