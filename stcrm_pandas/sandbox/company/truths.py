"""The truth about a company: what was planted, counted in the drawn data, and what was left out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from stcrm_pandas.sandbox.company.base import catalogue
from stcrm_pandas.sandbox.company.base.catalogue import BUSINESS_UNITS, CAMPAIGN_IDS, CAMPAIGNS, SOURCES, VOICE_AGENT
from stcrm_pandas.sandbox.company.base.chance import Flags, Ints
from stcrm_pandas.sandbox.company.base.design import KINDS, MATURE_DAYS, REPEAT_DAYS
from stcrm_pandas.sandbox.company.base.times import DAY, TIME_ZONE
from stcrm_pandas.sandbox.company.base.world import CONVERTED, DISMISSED, OPEN, World
from stcrm_pandas.sandbox.company.bookings import DISMISSED as BOOKING_DISMISSED
from stcrm_pandas.sandbox.company.bookings import TO_JOB
from stcrm_pandas.sandbox.company.dirt import DEFINITIONS as OF_DIRT
from stcrm_pandas.sandbox.company.dirt import id_pairs

DEFINITIONS = {
    "counted": "leads with active true whose call reason, if any, has isLead true, and that are no repeats",
    "repeat": f"a lead of the same customer less than {REPEAT_DAYS} days after another one",
    "mature": f"counted leads created at least {MATURE_DAYS} days before as_of",
    "rescue_rate": "mature leads that are Converted, of all mature leads",
    "opportunity": "a counted lead; a booking that is no second one of its person and became no counted lead; "
    "a first-contact job: one without booking, without a lead behind it and without a job before it",
    "won": "an opportunity that led to a job or is a Converted lead",
    "days": "local days from a lead's creation to what became of it, as drawn; rows show it only within bounds",
}


def truth_of(world: World) -> dict[str, Any]:
    """Return everything that was planted, ready for JSON."""
    count = _Count(world)
    planted = [
        {"number": number, "kind": KINDS[number], **describe(count)}
        for number, describe in _DESCRIPTIONS.items()
        if world.planted.holds(number)
    ]
    return {
        "as_of": _utc(world.seasons.as_of),
        "seed": world.chance.seed,
        "time_zone": TIME_ZONE,
        "effects": world.planted.effects,
        "by_the_book": world.by_the_book,
        "definitions": DEFINITIONS | OF_DIRT | {"mature_days": MATURE_DAYS, "repeat_days": REPEAT_DAYS},
        "dismissing_reasons": {
            str(id): name
            for id, name in zip(catalogue.DISMISSING_REASON_IDS.tolist(), catalogue.DISMISSING_REASONS, strict=True)
        },
        "planted": planted,
        "left_out": [{"number": n, "kind": KINDS[n], "why": why} for n, why in world.planted.left_out.items()],
        "events": _events(world),
        **_dirt(world),
    }


def _dirt(world: World) -> dict[str, Any]:
    """Return which records are the same, which are not, and which values are wrong, ready for JSON."""
    dirt, merged_to = world.dirt, world.customers.merged_to
    ids, contact_ids = world.customer_ids, world.customer_contact_ids
    merged = np.flatnonzero(merged_to >= 0)
    of_contacts = {
        kind: id_pairs(ids[rows[:, 0]], contact_ids[rows[:, 1]]) for kind, rows in dirt.contacts.defects.items()
    }
    return {
        "duplicates": [group for part in dirt.duplicates for group in part.ids(ids)],
        "differences": {kind: ids[rows].tolist() for kind, rows in dirt.differences.items()},
        "traps": {kind: [group for part in parts for group in part.ids(ids)] for kind, parts in dirt.traps.items()},
        "tombstones": id_pairs(ids[merged], ids[merged_to[merged]]),
        "defects": {kind: ids[rows].tolist() for kind, rows in dirt.defects.items()} | of_contacts | dirt.tags,
        "not_defects": {"names_of_couples": ids[dirt.couples].tolist()},
    }


class _Count:
    """Counts for several truths."""

    def __init__(self, world: World) -> None:
        self.world = world
        leads = world.leads
        self.mature = leads.clean() & leads.mature(world.seasons.as_of)
        self.converted = world.outcomes.status == CONVERTED

    def of(self, chosen: Flags) -> dict[str, Any]:
        """Return the number of mature leads among those chosen, how many converted, and the rate."""
        mine = chosen & self.mature
        n, won = int(mine.sum()), int((mine & self.converted).sum())
        return {"leads": n, "converted": won, "rate": round(won / n, 6) if n else None}

    def campaign(self, index: int) -> Flags:
        chosen: Flags = self.world.leads.campaign == index
        return chosen

    def of_campaign(self, index: int) -> dict[str, Any]:
        return _campaign(index) | self.of(self.campaign(index))

    def campaigns(self, truth: int) -> list[int]:
        """Return the campaigns of a truth in order."""
        return sorted({cell.campaign for cell in self.world.planted.cells if cell.truth == truth})

    def opportunities(self) -> tuple[Ints, Ints]:
        """Return opportunities and those won by campaign; each chain counts once, at its first record."""
        world = self.world
        leads, bookings, jobs = world.leads, world.bookings, world.jobs
        clean = leads.clean()
        began = leads.campaign.copy()
        born = leads.booking >= 0
        named = bookings.campaign[leads.booking[born]]
        began[born] = np.where(named >= 0, named, len(CAMPAIGNS))
        free = (bookings.twin_of < 0) & ~np.isin(np.arange(bookings.size), leads.booking[born & clean])
        of_booking = np.where(bookings.campaign >= 0, bookings.campaign, len(CAMPAIGNS))
        campaign = np.concatenate([began[clean], of_booking[free], jobs.campaign[jobs.first_contact]])
        won = np.concatenate(
            [
                self.converted[clean],
                bookings.outcome[free] == TO_JOB,
                np.ones(int(jobs.first_contact.sum()), dtype=np.bool_),
            ]
        )
        size = len(CAMPAIGNS) + 1
        return np.bincount(campaign, minlength=size)[:-1], np.bincount(campaign[won], minlength=size)[:-1]


def _campaign(index: int) -> dict[str, Any]:
    return {"campaign_id": int(CAMPAIGN_IDS[index]), "campaign": CAMPAIGNS[index][0]}


def _best_has_lowest_rescue(count: _Count) -> dict[str, Any]:
    (index,) = count.campaigns(1)
    total, won = count.opportunities()
    rates = np.where(total >= 100, won / np.maximum(total, 1), 0.0)
    second = int(np.argsort(rates)[-2])
    large = [other for other in range(len(CAMPAIGNS)) if count.of(count.campaign(other))["leads"] >= 100]
    by_rescue = sorted(large, key=lambda other: float(count.of(count.campaign(other))["rate"]))
    return {
        "campaign_ids": [int(CAMPAIGN_IDS[index])],
        **count.of_campaign(index),
        "opportunities": int(total[index]),
        "won": int(won[index]),
        "share_won": round(float(rates[index]), 6),
        "rank_by_share_won": int((rates > rates[index]).sum()) + 1,
        "second_by_share_won": _campaign(second) | {"share_won": round(float(rates[second]), 6)},
        "rank_by_rescue_rate_from_below": by_rescue.index(index) + 1,
        "least_leads_ranked": 100,
        "least_opportunities_ranked": 100,
    }


def _pooled_reversal(count: _Count) -> dict[str, Any]:
    units = sorted({cell.unit for cell in count.world.planted.cells if cell.truth == 2})
    better, worse = count.campaigns(2)
    return {
        "campaign_ids": [int(CAMPAIGN_IDS[better]), int(CAMPAIGN_IDS[worse])],
        "better_in_each_unit": count.of_campaign(better),
        "better_pooled": count.of_campaign(worse),
        "units": [
            {
                "business_unit_id": int(catalogue.BUSINESS_UNIT_IDS[unit]),
                "business_unit": BUSINESS_UNITS[unit],
                "of_better_in_each_unit": count.of(count.campaign(better) & (count.world.leads.unit == unit)),
                "of_better_pooled": count.of(count.campaign(worse) & (count.world.leads.unit == unit)),
            }
            for unit in units
        ],
    }


def _equal_pair(count: _Count) -> dict[str, Any]:
    pair = count.campaigns(3)
    return {
        "campaign_ids": [int(CAMPAIGN_IDS[index]) for index in pair],
        "campaigns": [count.of_campaign(index) for index in pair],
    }


def _crossing_curves(count: _Count) -> dict[str, Any]:
    fast, slow = count.campaigns(4)
    horizons = (1, 3, 7, 14, 30, 60, 90)

    def describe(index: int) -> dict[str, Any]:
        return count.of_campaign(index) | {
            "converted_by_day": {str(day): _incidence(count, index, day) for day in horizons}
        }

    return {
        "campaign_ids": [int(CAMPAIGN_IDS[fast]), int(CAMPAIGN_IDS[slow])],
        "fast": describe(fast),
        "slow": describe(slow),
        "crosses_between_days": _crossing_days(
            [_incidence(count, index, day) for day in range(91)] for index in (fast, slow)
        ),
    }


def _competing_dismissal(count: _Count) -> dict[str, Any]:
    (index,) = count.campaigns(5)
    large = [other for other in range(len(CAMPAIGNS)) if count.of(count.campaign(other))["leads"] >= 100]
    naive = {other: _one_minus_kaplan_meier(count, other, 90) for other in large}
    true = {other: _incidence(count, other, 90) for other in large}
    return {
        "campaign_ids": [int(CAMPAIGN_IDS[index])],
        **count.of_campaign(index),
        "dismissed": int((count.campaign(index) & count.mature & (count.world.outcomes.status == DISMISSED)).sum()),
        "day": 90,
        "one_minus_kaplan_meier": naive[index],
        "cumulative_incidence": true[index],
        "rank_by_one_minus_kaplan_meier": 1 + sum(value > naive[index] for value in naive.values()),
        "rank_by_cumulative_incidence": 1 + sum(value > true[index] for value in true.values()),
        "campaigns_ranked": len(large),
        "least_leads_ranked": 100,
    }


def _leads_behind_dismissals(count: _Count) -> dict[str, Any]:
    bookings = count.world.bookings
    dismissed = bookings.outcome == BOOKING_DISMISSED
    mine = dismissed & (bookings.source == VOICE_AGENT)
    others = dismissed & (bookings.source != VOICE_AGENT)
    source = SOURCES[VOICE_AGENT]
    return {
        "sources": sorted({source.name, source.respelled}),
        "booking_provider_id": int(catalogue.PROVIDER_IDS[VOICE_AGENT]),
        "dismissed": int(mine.sum()),
        "became_leads": int((mine & bookings.became_lead).sum()),
        "share": round(float(bookings.became_lead[mine].mean()), 6),
        "share_of_other_sources": round(float(bookings.became_lead[others].mean()), 6),
    }


def _small_not_best(count: _Count) -> dict[str, Any]:
    (index,) = count.campaigns(7)
    return {"campaign_ids": [int(CAMPAIGN_IDS[index])], **count.of_campaign(index)}


def _case_mix(count: _Count) -> dict[str, Any]:
    leads = count.world.leads
    units = sorted({cell.unit for cell in count.world.planted.cells if cell.truth == 8})

    def describe(creator: int) -> dict[str, Any]:
        mine = leads.creator == creator
        return {
            "user_id": int(catalogue.USER_IDS[creator]),
            **count.of(mine),
            "by_business_unit": {
                str(catalogue.BUSINESS_UNIT_IDS[unit]): count.of(mine & (leads.unit == unit)) for unit in units
            },
        }

    creators = sorted(cell.creator for cell in count.world.planted.cells if cell.truth == 8)
    people = list(dict.fromkeys(creators))
    return {
        "user_ids": [int(catalogue.USER_IDS[creator]) for creator in people],
        "creators": [describe(creator) for creator in people],
    }


def _outlier(count: _Count) -> dict[str, Any]:
    (index,) = count.campaigns(9)
    mine, others = count.of_campaign(index), count.of(~count.campaign(index))
    return {
        "campaign_ids": [int(CAMPAIGN_IDS[index])],
        **mine,
        "all_others": others,
        "points_above": round(100 * (mine["rate"] - others["rate"]), 3),
    }


_DESCRIPTIONS = {
    1: _best_has_lowest_rescue,
    2: _pooled_reversal,
    3: _equal_pair,
    4: _crossing_curves,
    5: _competing_dismissal,
    6: _leads_behind_dismissals,
    7: _small_not_best,
    8: _case_mix,
    9: _outlier,
}


def _days(count: _Count, index: int) -> tuple[Ints, Ints]:
    """Return the local days until the outcome of a campaign's mature leads, and the outcome; open ones sort last."""
    world = count.world
    mine = count.campaign(index) & count.mature
    seasons, outcomes = world.seasons, world.outcomes
    since = seasons.local(world.leads.created[mine]) // DAY
    status = outcomes.status[mine]
    days = np.where(status == OPEN, 10 * MATURE_DAYS, seasons.local(outcomes.time[mine]) // DAY - since)
    return days, status


def _incidence(count: _Count, index: int, day: int) -> float:
    """Return the share converted by a day: without censoring, the Aalen-Johansen estimate is a plain count."""
    days, status = _days(count, index)
    return round(float(((status == CONVERTED) & (days <= day)).mean()), 6)


def _one_minus_kaplan_meier(count: _Count, index: int, until: int) -> float:
    """Return the share converted by a day if dismissals were, wrongly, treated as censoring."""
    days, status = _days(count, index)
    left = 1.0
    for day in range(until + 1):
        at_risk = int((days >= day).sum())
        if at_risk:
            left *= 1 - int(((days == day) & (status == CONVERTED)).sum()) / at_risk
    return round(1 - left, 6)


def _crossing_days(curves: Any) -> list[int]:
    """Return the last day on which the first curve is higher, and the day after."""
    fast, slow = curves
    ahead = max(day for day, (a, b) in enumerate(zip(fast, slow, strict=True)) if a > b)
    return [ahead, ahead + 1]


def _events(world: World) -> dict[str, Any]:
    seasons = world.seasons
    changes = [int(at) for at in seasons.changes[0] if seasons.start <= at <= seasons.as_of]
    respelled = {s.name: s.respelled for s in SOURCES if s.respelled != s.name}
    return {
        "window": [_utc(seasons.start), _utc(seasons.as_of)],
        "freeze": [_day(seasons.freeze[0]), _day(seasons.freeze[1] - 1)],
        "form_outage": [_day(seasons.outage[0]), _day(seasons.outage[1] - 1)],
        "bulk_edit": _day(seasons.bulk_edit),
        "clock_changes": [_utc(at) for at in changes],
        "sources_respelt": {"from": _day(seasons.respelling), "spellings": respelled},
        "default_campaign_id": int(CAMPAIGN_IDS[catalogue.DEFAULT_CAMPAIGN]),
    }


def _utc(time: int) -> str:
    return dt.datetime.fromtimestamp(time, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(day: int) -> str:
    return (dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat()
