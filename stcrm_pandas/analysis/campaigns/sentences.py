"""What opportunities say in words, computed from their numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.format import has_or_have, is_or_are, plural, span, whole_percent
from stcrm_pandas.analysis.base.money import money
from stcrm_pandas.analysis.base.names import DIMENSION_WORDS
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.analysis.campaigns.table import of_hundred
from stcrm_pandas.analysis.statistics.comparison import SURE
from stcrm_pandas.analysis.statistics.estimates import wilson

__all__ = ["definitions", "likeness", "points", "summary"]

_MOST_NAMED = 3


def summary(result: OpportunitiesResult) -> list[str]:
    """The sentences of `Opportunities.summary`."""
    overall: Any = next(result.overall.itertuples(index=False))
    sentences = [_headline(result, overall)]
    if not result.complete:
        sentences.append("Part of the rows is missing: a read that gave them was not complete.")
    if not result.bookings_known:
        sentences.append(
            "Bookings were not read: those that became no lead and no job are missing, and so is their part."
        )
    if overall.mature >= result.min_group:
        if overall.booked_lower:
            sentences.append(_became(overall))
        if result.by == ("campaign",):
            sentences += _rescues(result)
        if result.by:
            sentences += _differences(result)
            sentences += _unseen(result, overall)
    if {"campaign", "category"} & {*result.by}:
        sentences += result.attribution.sentences()
    if result.costs is not None:
        sentences += _costs(result)
    return sentences + _left_out(result, overall)


def _headline(result: OpportunitiesResult, overall: Any) -> str:
    if not overall.mature:
        return f"No opportunity is {result.mature_days} days old yet: nothing can be said about what becomes of them."
    sentence = (
        f"Of {plural(overall.mature, 'opportunity', 'opportunities')} at least {result.mature_days} days old, "
        f"{of_hundred(overall)} {'was' if overall.mature == 1 else 'were'} booked."
    )
    return sentence if overall.mature >= result.min_group else f"{sentence} These are too few to tell."


def _became(overall: Any) -> str:
    return (
        f"{span(overall.completed_share_lower, overall.completed_share_upper)} of 100 have a completed job, and "
        f"{span(overall.above_zero_share_lower, overall.above_zero_share_upper)} of 100 one with a total above zero."
    )


def _differences(result: OpportunitiesResult) -> list[str]:
    one, many = _words(result)
    verdicts = result.comparisons["verdict"]
    if not result.ranked:
        return []
    sentences = []
    this: Any
    for verdict, more in (("higher", "more"), ("lower", "fewer")):
        clear = result.comparisons[verdicts == verdict].sort_values("difference", key=abs, ascending=False)
        for this in list(clear.itertuples())[:_MOST_NAMED]:
            row = result.table.loc[this.Index]
            if this.id in result.disagreements:
                sentences.append(result.disagreements[this.id].sentence(one))
                continue
            sentences.append(
                f"{one.capitalize()} {this.name} goes with {more} bookings: {of_hundred(row)}, against "
                f"{span(this.others_lower, this.others_upper)} of 100 for all others together; "
                f"{points(this)} {more} among opportunities of the same {likeness(result)}."
            )
        if len(clear) > _MOST_NAMED:
            sentences.append(f"{len(clear) - _MOST_NAMED} more {many} go with {more} bookings: see the table.")
    mixed = int((verdicts == "explained by the mix").sum())
    if mixed:
        sentences.append(
            f"{plural(mixed, one, many)} would stand out, but not clearly once like is compared with "
            f"like: the same {likeness(result)}."
        )
    if not verdicts.isin(["higher", "lower"]).any() and (verdicts == "not clear").any():
        sentences.append(f"No {one} is clearly different from all others together.")
    few = int((verdicts == "too few").sum())
    if few:
        sentences.append(
            f"{plural(few, one, many)} {has_or_have(few)} fewer than {result.min_group} "
            "opportunities that are old enough: too few to tell."
        )
    for this in result.comparisons[verdicts == "others too few"].itertuples():
        others = plural(this.others_n, "opportunity", "opportunities")
        sentences.append(
            f"All other {many} together have {others} that {is_or_are(this.others_n)} old enough, fewer than "
            f"{result.min_group}: too few to compare {one} {this.name} with."
            if this.others_n
            else f"There is no other {one} to compare {one} {this.name} with."
        )
    return sentences


def likeness(result: OpportunitiesResult) -> str:
    """In what opportunities are alike that are compared: what `counts.strata_of` cuts by."""
    finer = [words for name, words in (("business_unit", "business unit"), ("month", "month")) if name not in result.by]
    return f"{', '.join(finer)} and channel" if finer else "channel"


def points(this: Any) -> str:
    """How far apart a group and the others are within strata: '3 points (2 to 4)', without a sign."""
    middle, half = abs(float(this.standardised)), SURE * float(this.error)
    low, high = (whole_percent(max(edge, 0.0)) for edge in (middle - half, middle + half))
    return f"{whole_percent(middle)} {'point' if whole_percent(middle) == 1 else 'points'} ({low} to {high})"


def _rescues(result: OpportunitiesResult) -> list[str]:
    """The campaign that does well by opportunities and worst by its leads, if there is one."""
    overall: Any = next(result.overall.itertuples(index=False))
    ranked: list[tuple[float, str]] = []
    higher = (result.comparisons["verdict"] == "higher").to_numpy()
    row: Any
    for row in result.table[higher].itertuples(index=False):
        others = overall.leads_mature - row.leads_mature
        if row.leads_mature < result.min_group or others < result.min_group or row.id in result.disagreements:
            continue
        _, high = wilson(row.leads_booked, row.leads_mature)
        rest = (overall.leads_booked - row.leads_booked) / others
        own = row.leads_booked / row.leads_mature
        if float(high) < rest:
            sentence = (
                f"{row.name} looks poor by its leads alone ({_share(own)} of 100 booked, against {_share(rest)} of 100 "
                f"for all others together), but of all its opportunities {of_hundred(row)} are booked: most of its "
                "customers are booked at once and never become leads."
            )
            ranked.append((own - rest, sentence))
    return [sentence for _, sentence in sorted(ranked)[:1]]


def _unseen(result: OpportunitiesResult, overall: Any) -> list[str]:
    """That shares of campaigns of calls and of web forms are not of one kind, where there are both."""
    calls, all_of = int(overall.phone), int(overall.opportunities)
    if not 0 < calls < all_of or not result.ranked:
        return []
    return [
        f"{span(calls / all_of, calls / all_of)} of 100 opportunities began by phone. A call that was neither booked "
        "nor entered as a lead left no record, an online request always does: compare the shares of two groups only if "
        "about as many of theirs began by phone."
    ]


def _costs(result: OpportunitiesResult) -> list[str]:
    costs = result.costs
    assert costs is not None
    sentences = []
    overall: Any = next(costs.overall.itertuples(index=False))
    if costs.first_month is None:
        sentences.append(
            "No month is covered both by the spend and by opportunities that are old enough: no cost is told."
        )
    elif overall.enough and overall.booked:
        sentences.append(
            f"From {costs.first_month} to {costs.last_month}, {money(overall.spend, result.currency)} was spent on "
            f"campaigns with {overall.opportunities:,} opportunities: "
            f"{money(overall.cost_per_opportunity, result.currency)} for each, "
            f"{money(overall.cost_per_booked, result.currency)} for each booked job."
        )
        if not pd.isna(overall.revenue_per_unit):
            sentences.append(f"For each 1 spent there was a revenue of {overall.revenue_per_unit:,.2f}.")
    else:
        sentences.append("The opportunities of months with spend are too few to tell what they cost.")
    for rows, why in (
        (costs.unknown, "name a campaign that is not known"),
        (costs.uncovered, "are of a month that is not covered or not old enough"),
    ):
        if len(rows):
            sentences.append(
                f"Rows of the spend that {why}: {len(rows):,} "
                f"({money(rows['amount'].sum(), result.currency)} in all), left out."
            )
    if costs.without:
        sentences.append(
            f"{_opportunities(costs.without)} of these months {is_or_are(costs.without)} of "
            "campaigns without spend there, and in no cost."
        )
    return sentences


def _left_out(result: OpportunitiesResult, overall: Any) -> list[str]:
    sentences = []
    young = int(overall.opportunities - overall.mature) - result.undated
    if young:
        sentences.append(
            f"{_opportunities(young)} {is_or_are(young)} younger than {result.mature_days} days and in no share yet."
        )
    untraced = int(result.untraced["opportunities"].iloc[0])
    if untraced:
        sentences.append(
            f"{untraced:,} {'job names' if untraced == 1 else 'jobs name'} neither a call nor a booking: they are a "
            "row of their own, and in no share."
        )
    if not result.call_reasons_known:
        sentences.append("Call reasons were not read: inquiries whose reason says that they are no leads are still in.")
    if result.undated:
        sentences.append(
            f"{_opportunities(result.undated)} without a date of creation {is_or_are(result.undated)} in no share."
        )
    return sentences


def definitions(result: OpportunitiesResult) -> dict[str, str]:
    """What each number means, by its name."""
    listed = {
        "Opportunity": "A chain of records that belong to one inquiry, counted once: a booking that became a lead "
        "that became a job is one. Records belong together if they name the same call, booking or job; leads also "
        f"if they are of one customer or phone and less than {result.repeat_days} days apart. A job that names "
        "neither a call nor a booking belongs to a converted lead if the two fit each other alone: the job is of "
        "the lead's customer, is no follow-on job, and was created after the lead and not after its latest change; "
        "the lead has no other job and fits no other such job, and the job no other such lead.",
        "Credited": "To the campaign, business unit and month of its first record, whatever later ones say.",
        "Channel": "How the first contact was made. By phone: a job that names a call, or a lead that does (its "
        "callId or manualCallId). Online: a booking, what names one, and any other lead. It is not the kind of the "
        "first record: a job that was booked at once is always booked.",
        "What is not seen": "A call that was neither booked nor entered as a lead left no record here; an online "
        "request always does. So the share booked of those who called is above that of all callers, and a campaign "
        "that is called has a higher share than one of web forms. Therefore like is compared with like by channel. "
        "What stays incomparable: campaigns whose calls are entered as leads with more or less care, and bookings of a "
        "marketplace beside the leads of a web form.",
        "Jobs that begin an opportunity": "Jobs booked at first contact: no recall, no warranty work, not made from an "
        "estimate, not sold during another job. Jobs that name neither a call nor a booking may be anything, also "
        "planned maintenance: they are a row of their own.",
        "Follow-on job": "A job that names the job during which it was sold, the job that it mends or the job whose "
        "warranty it is (the first of these that is there is its earlier job), or the estimate from which it was "
        "made. It begins no opportunity and fits no lead. If it names the call or booking of an opportunity, it "
        "counts there as a job that is booked and maybe completed. Its money is always apart: with the opportunity "
        "of its earlier job, also over several follow-on jobs; if its earlier job was not read, or it names none, "
        "with the opportunity whose call or booking it names; else with none.",
        "Booked": "There is a job, or the record says so (a lead that is Converted, a booking with a job).",
        "Completed": "A job of it is completed. Canceled jobs are not.",
        "Above zero": "The completed jobs that are no follow-on jobs have a total above zero together.",
        "1,682 to 1,692": "From those that surely are to those that possibly are: a record says that there is a job, "
        "but the job itself was not found.",
        "Old enough": f"Begun at least {result.mature_days} days of 24 hours before the records were read "
        f"({result.as_of:%Y-%m-%d %H:%M %Z}). Younger ones are counted, and enter no share.",
        "Revenue": f"The totals of the completed jobs of opportunities at least {result.revenue_days} days old, as "
        "the jobs say them, without follow-on jobs. With follow-on jobs: and the totals of the completed ones of "
        "these. Median above zero: half of the opportunities that brought anything brought more.",
        "(27 to 35)": "The 95 % Wilson interval: what chance alone could make of the number.",
        "Clearly different": "The share booked, compared with all others together: 5 points or more apart, "
        f"{result.min_group} opportunities or more on both sides, and a p-value below 0.05 after Benjamini-Hochberg "
        "over all that could be named, both as they are and when like is compared with like: opportunities of the same "
        f"{likeness(result)}. The difference among these, in points, is the one to go by.",
        "Goes with": "The two occur together. Season, kind of work and kind of customer may be the reason.",
        "How far campaigns can be trusted": "Opportunities on the default campaign, without one, or with one that is "
        "not listed say nothing of what brought them. Above 15 of 100, campaigns are not ranked.",
    }
    if result.costs is not None:
        listed["Cost"] = (
            "What was spent on a campaign by its opportunities, or its booked ones, over whole months that the spend "
            "names and whose opportunities are old enough. Its interval is that of the share booked. Revenue per 1 "
            f"spent: over those of the months that ended {result.revenue_days} days ago or earlier, without follow-on "
            "jobs. Jobs that name neither call nor booking are in none of these."
        )
    if result.time_zone is not None:
        listed["Month"] = f"The month in {result.time_zone} in which the first record was created."
    return listed


def _words(result: OpportunitiesResult) -> tuple[str, str]:
    if len(result.by) == 1:
        return DIMENSION_WORDS[result.by[0]]
    return "group", "groups"


def _opportunities(count: int) -> str:
    return plural(count, "opportunity", "opportunities")


def _share(share: float) -> str:
    return span(share, share)
