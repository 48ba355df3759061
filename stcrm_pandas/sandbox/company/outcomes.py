"""Draw the outcome of each lead, its time, and the records that date it."""

from __future__ import annotations

import numpy as np

from stcrm_pandas.sandbox.company.base.catalogue import PARTNERS, WEBSITE
from stcrm_pandas.sandbox.company.base.chance import Chance, Flags, Floats, Ints, pick_by_row, shared_out
from stcrm_pandas.sandbox.company.base.design import (
    FAST,
    MATURE_DAYS,
    POINTS_ABOVE,
    QUICKLY_DISMISSED,
    SLOW,
    USUAL,
    PlantedTruths,
    Sizes,
)
from stcrm_pandas.sandbox.company.base.times import DAY, HOUR, Seasons
from stcrm_pandas.sandbox.company.base.world import (
    BORN,
    BY_BOOKING,
    BY_CALL,
    BY_JOBS,
    BY_NOTHING,
    CONVERTED,
    DISMISSED,
    OPEN,
    PLANTED,
    RECENT,
    REPEAT,
    Bookings,
    Leads,
    Outcomes,
)

RATE = 0.31
OPEN_OF_REST = 12 / 69
"""Share of open ones among the mature leads that did not convert."""
RATE_OF_UNIT = np.array([0.33, 0.26, 0.33, 0.37])
RATE_OF_BORN, RATE_OF_REPEAT, RATE_OF_NOT_LEAD = 0.25, 0.22, 0.06


def draw_outcomes(
    chance: Chance, seasons: Seasons, sizes: Sizes, planted: PlantedTruths, leads: Leads, bookings: Bookings
) -> Outcomes:
    rng = chance.of("lead outcomes")
    speed = np.array([*(cell.speed for cell in planted.cells), USUAL])[leads.cell]
    if not planted.effects:
        speed = np.full(leads.size, USUAL)
    final = _final(rng, seasons, planted, leads)
    time = _times(rng, seasons, leads, final, speed)
    status = np.where(time >= seasons.as_of, OPEN, final)
    time = np.where(status == OPEN, leads.created, time)
    has_call = (leads.creator != WEBSITE) & (leads.creator != PARTNERS) & (leads.booking < 0)
    has_call &= rng.random(leads.size) < 0.92
    days = (time - leads.created) // DAY
    has_customer = _known(rng, leads, has_call)
    lost = np.array([0.07, 0.14, 0.31])[np.searchsorted([2, 14], days, side="right")]
    if not planted.effects:
        # A lead without a customer has no job, so no record may date it; or else it would show which leads converted.
        lost = np.where(has_customer, lost / 10, 1.0)
    dated_by = _dated_by(rng, status, leads, lost, has_call, limit=int(sizes.jobs * 0.4))
    if planted.effects:
        has_customer |= (dated_by != BY_NOTHING) | ((status == CONVERTED) & (rng.random(leads.size) < 0.5))
    return Outcomes(status, time, dated_by, has_call, has_customer)


def _known(rng: np.random.Generator, leads: Leads, has_call: Flags) -> Flags:
    """Draw the leads that have a customer whatever their outcome: most, and all repeated ones."""
    known = rng.random(leads.size) < np.where(has_call, 0.92, 0.62)
    known[leads.repeat_of[leads.repeat_of >= 0]] = True
    known[leads.repeat_of >= 0] = True
    return known


def _final(rng: np.random.Generator, seasons: Seasons, planted: PlantedTruths, leads: Leads) -> Ints:
    """Draw the outcome of each lead once it is mature."""
    if not planted.effects:
        return _by_rate(rng, np.full(leads.size, RATE))
    rate = RATE_OF_UNIT[leads.unit] * rng.normal(1.0, 0.04, 64)[leads.campaign]
    rate[leads.group == BORN] = RATE_OF_BORN
    rate[leads.group == REPEAT] = RATE_OF_REPEAT
    # A converted repeat would convert the whole chain, and make the planted number of its first lead wrong.
    rate[(leads.repeat_of >= 0) & (leads.cell[leads.repeat_of] >= 0)] = 0.0
    rate[leads.not_lead] = RATE_OF_NOT_LEAD
    final = _by_rate(rng, rate)
    counted = leads.clean() & leads.mature(seasons.as_of)
    for index, cell in sorted(enumerate(planted.cells), key=lambda indexed: indexed[1].converted < 0):
        others = counted & (leads.campaign != cell.campaign)
        share = (
            cell.converted / cell.size
            if cell.converted >= 0
            else float((final[others] == CONVERTED).mean()) + POINTS_ABOVE
        )
        for group in (PLANTED, RECENT):
            mine = np.flatnonzero((leads.cell == index) & (leads.group == group) & ~leads.not_lead)
            converted = round(mine.size * share)
            share_open = 0.05 if cell.speed == QUICKLY_DISMISSED else OPEN_OF_REST
            still_open, dismissed = shared_out(mine.size - converted, (share_open, 1 - share_open)).tolist()
            final[mine] = rng.permutation(np.repeat([OPEN, CONVERTED, DISMISSED], [still_open, converted, dismissed]))
    return final


def _by_rate(rng: np.random.Generator, rate: Floats) -> Ints:
    chance = rng.random(rate.size)
    still_open = rate + (1 - rate) * OPEN_OF_REST
    return np.where(chance < rate, CONVERTED, np.where(chance < still_open, OPEN, DISMISSED))


def _times(rng: np.random.Generator, seasons: Seasons, leads: Leads, final: Ints, speed: Ints) -> Ints:
    """Draw times of outcomes: during office hours, or within hours on the day of the lead."""
    today = seasons.local(leads.created) // DAY
    to_conversion = _days_to_conversion(rng, speed)
    to_dismissal = _days_to_dismissal(rng, speed)
    # Many leads are dismissed at the end of the month.
    to_end = seasons.month_end(today + to_dismissal) - today
    waves = (rng.random(leads.size) < 0.3) & (to_end < MATURE_DAYS - 2) & (speed != QUICKLY_DISMISSED)
    to_dismissal = np.where(waves, to_end, to_dismissal)
    days = np.minimum(np.where(final == CONVERTED, to_conversion, to_dismissal), MATURE_DAYS - 2)
    midnight = seasons.utc((today + 1) * DAY) - 60
    soon = leads.created + 60 + rng.exponential(1.5 * HOUR, leads.size).astype(np.int64)
    soon = np.where(soon < midnight, soon, leads.created + np.maximum(midnight - leads.created, 60) // 2 + 30)
    return np.where(days > 0, seasons.at_work(rng, today + days), soon)


def _days_to_conversion(rng: np.random.Generator, speed: Ints) -> Ints:
    """Draw days to conversion: usually 35% on the same day, 50% by day 2, 90% by day 21, all by day 120."""
    chance = rng.random(speed.size)
    usual = np.exp(np.interp(chance, [0.43, 0.53, 0.90, 1.0], np.log([1, 2, 21, MATURE_DAYS])))
    usual = np.where(chance < 0.35, 0.0, np.ceil(usual - 1e-9))
    fast = np.where(chance < 0.85, 0.0, np.where(chance < 0.97, 1.0, 2.0))
    slow = np.ceil(np.exp(np.interp(chance, [0.0, 0.5, 0.95, 1.0], np.log([3, 14, 60, 100]))))
    after = np.ceil(5 + 25 * chance)
    return np.select([speed == FAST, speed == SLOW, speed == QUICKLY_DISMISSED], [fast, slow, after], usual).astype(
        np.int64
    )


def _days_to_dismissal(rng: np.random.Generator, speed: Ints) -> Ints:
    usual = np.ceil(np.exp(rng.normal(np.log(9.0), 1.0, speed.size)))
    quick = rng.integers(0, 4, speed.size)
    return np.where(speed == QUICKLY_DISMISSED, quick, usual).astype(np.int64)


def _dated_by(
    rng: np.random.Generator, status: Ints, leads: Leads, lost: Floats, has_call: Flags, *, limit: int
) -> Ints:
    """Draw what dates a conversion: nothing for 13%, more often for slow ones; usually the call, if there is one."""
    nothing = rng.random(lost.size) < lost
    by_call = pick_by_row(rng, np.array([[0.0, 1.0], [0.84, 0.16]]), has_call.astype(np.int64)) == 0
    by_booking = (leads.booking >= 0) & (lost < 1)
    dated_by = np.select([by_booking, nothing, by_call], [BY_BOOKING, BY_NOTHING, BY_CALL], BY_JOBS)
    dated_by[status != CONVERTED] = BY_NOTHING
    dated = rng.permutation(np.flatnonzero(dated_by != BY_NOTHING))
    dated_by[dated[limit:]] = BY_NOTHING  # a small company does not have enough jobs for a million leads
    return dated_by
