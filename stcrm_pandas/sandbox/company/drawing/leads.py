"""Draw leads: their times, campaigns, creators and reasons; `outcomes` draws how they end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company.catalogue import (
    CAMPAIGNS,
    DEFAULT_CAMPAIGN,
    OFFICE,
    PARTNERS,
    SOURCES,
    TRADE,
    UNIT_WEIGHTS,
    WEBSITE,
)
from stcrm_pandas.sandbox.company.chance import Chance, Flags, Floats, Ints, pick, some
from stcrm_pandas.sandbox.company.drawing.bookings import Bookings
from stcrm_pandas.sandbox.company.ordering import by_creation
from stcrm_pandas.sandbox.company.planted import MATURE_DAYS, REPEAT_DAYS, PlantedTruths
from stcrm_pandas.sandbox.company.seasons import WINDOW_DAYS, Seasons
from stcrm_pandas.sandbox.company.sizes import Sizes
from stcrm_pandas.sandbox.company.times import DAY, HOUR

REPEATS, NOT_LEADS, DELETED = 0.08, 0.09, 0.008
RETIRED = np.array([not active for _, _, active in CAMPAIGNS])
PLANTED, RECENT, BORN, ORDINARY, REPEAT = range(5)


@dataclass(frozen=True, slots=True)
class Leads:
    """Leads in order of creation; other columns refer to them by index."""

    created: Ints
    campaign: Ints
    unit: Ints
    creator: Ints
    group: Ints
    """Planted, recent (of a planted cell, but not mature), from a booking, ordinary, or repeat."""
    cell: Ints
    """Index of its planted cell, or -1."""
    booking: Ints
    """The booking that became this lead, or -1."""
    repeat_of: Ints
    """The earlier lead of the same customer, less than 14 days before, or -1."""
    not_lead: Flags
    deleted: Flags

    @property
    def size(self) -> int:
        return self.created.size

    def clean(self) -> Flags:
        """Return which leads are not deleted, of a non-lead reason or repeats."""
        return ~self.deleted & ~self.not_lead & (self.repeat_of < 0)

    def mature(self, as_of: int) -> Flags:
        """Return which leads are old enough to have their final outcome."""
        return self.created <= as_of - MATURE_DAYS * DAY


def retired_on(seasons: Seasons) -> Ints:
    """Return the time after which each campaign has no more leads: `as_of` for active ones."""
    index = np.arange(RETIRED.size)
    return np.where(RETIRED, seasons.as_of - (MATURE_DAYS + 10 + index % 12 * 15) * DAY, seasons.as_of)


def draw_leads(chance: Chance, seasons: Seasons, sizes: Sizes, planted: PlantedTruths, bookings: Bookings) -> Leads:
    rng = chance.of("leads")
    repeats = round(sizes.leads * REPEATS)
    born = np.flatnonzero(bookings.became_lead)
    cell, group, not_lead = _planted(planted)
    spare = sizes.leads - repeats - cell.size - born.size
    cell = np.concatenate([cell, np.full(born.size + spare, -1)])
    group = np.concatenate([group, np.full(born.size, BORN), np.full(spare, ORDINARY)])
    size = cell.size

    ordinary = group == ORDINARY
    not_lead = np.concatenate([not_lead, np.zeros(size - not_lead.size, dtype=np.bool_)])
    missing = max(round(sizes.leads * NOT_LEADS) - int(not_lead.sum()), 0)
    not_lead[ordinary] = some(rng, spare, min(missing, spare))
    deleted = np.zeros(size, dtype=np.bool_)
    deleted[ordinary] = some(rng, spare, round(sizes.leads * DELETED))

    booking = np.where(group == BORN, 0, -1)
    booking[group == BORN] = born
    unit = _of_cell([c.unit for c in planted.cells], cell, pick(rng, UNIT_WEIGHTS, size))
    unit[group == BORN] = bookings.unit[born]
    weights = _campaign_weights(chance, planted)
    running = pick(rng, np.where(RETIRED, 0.0, weights), size)
    campaign = np.where(group == RECENT, running, pick(rng, weights, size))
    campaign = _of_cell([c.campaign for c in planted.cells], cell, campaign)
    of_source = np.array([s.campaign for s in SOURCES])[bookings.source[born]]
    campaign[group == BORN] = np.where(bookings.campaign[born] >= 0, bookings.campaign[born], of_source)
    creator = _of_cell([c.creator for c in planted.cells], cell, _creators(rng, planted, group))

    first = np.where(group == RECENT, seasons.as_of - MATURE_DAYS * DAY, seasons.start)
    last = np.where(group == PLANTED, seasons.as_of - MATURE_DAYS * DAY - HOUR, seasons.as_of)
    last = np.minimum(last, retired_on(seasons)[campaign])
    form = creator == WEBSITE
    created = seasons.arrivals(rng, TRADE[unit], web=form | (creator == PARTNERS), form=form, first=first, last=last)
    created[group == BORN] = bookings.decided[born]

    original = _originals(rng, np.flatnonzero(~not_lead & ~deleted), created, seasons, repeats)
    fresh = pick(rng, weights, repeats)
    own = np.isin(campaign[original], list(planted.campaigns)) | (rng.random(repeats) < 0.7)
    again = created[original] + rng.integers(HOUR // 2, REPEAT_DAYS * DAY - DAY, repeats)
    none = np.full(repeats, -1)
    drawn = Leads(
        np.concatenate([created, again]),
        np.concatenate([campaign, np.where(own, campaign[original], fresh)]),
        np.concatenate([unit, unit[original]]),
        np.concatenate([creator, pick(rng, np.ones(5), repeats)]),
        np.concatenate([group, np.full(repeats, REPEAT)]),
        np.concatenate([cell, none]),
        np.concatenate([booking, none]),
        np.concatenate([np.full(size, -1), original]),
        np.concatenate([not_lead, np.zeros(repeats, dtype=np.bool_)]),
        np.concatenate([deleted, np.zeros(repeats, dtype=np.bool_)]),
    )
    return by_creation(drawn, "repeat_of")


def _planted(planted: PlantedTruths) -> tuple[Ints, Ints, Flags]:
    """Return cell, group and non-lead flag of the leads whose numbers are fixed in advance.

    A cell's mature leads are accompanied by recent ones, if its campaign is active, and some of a non-lead reason.
    """
    cells, groups, others = [], [], []
    for index, cell in enumerate(planted.cells):
        runs = cell.campaign < 0 or not RETIRED[cell.campaign]
        recent = round(cell.size * MATURE_DAYS / (WINDOW_DAYS - MATURE_DAYS)) if runs else 0
        noise = round(cell.size * NOT_LEADS / (1 - NOT_LEADS - REPEATS))
        cells += [index] * (cell.size + recent + noise)
        groups += [PLANTED] * cell.size + [RECENT] * recent + [PLANTED] * noise
        others += [False] * (cell.size + recent) + [True] * noise
    return np.array(cells, dtype=np.int64), np.array(groups, dtype=np.int64), np.array(others, dtype=np.bool_)


def _of_cell(wanted: list[int], cell: Ints, drawn: Ints) -> Ints:
    """Return the fixed value of the cell, or else the drawn one."""
    fixed = np.array([*wanted, -1])[cell]
    return np.where(fixed >= 0, fixed, drawn)


def _campaign_weights(chance: Chance, planted: PlantedTruths) -> Floats:
    weights = chance.of("catalogue").uniform(0.7, 1.4, len(CAMPAIGNS)) * np.where(RETIRED, 0.75, 1.0)
    weights[DEFAULT_CAMPAIGN] = weights.sum() * 0.22
    weights[list(planted.campaigns)] = 0.0
    return weights


def _creators(rng: np.random.Generator, planted: PlantedTruths, group: Ints) -> Ints:
    """Draw creators: integrations create 30% of all leads, but none from a booking."""
    free = [index for index in OFFICE if index not in planted.creators]
    office = np.array(free)[rng.integers(0, len(free), group.size)]
    robots = np.where(rng.random(group.size) < 0.6, WEBSITE, PARTNERS)
    able = group != BORN
    share = min(0.30 / (1 - REPEATS) * group.size / max(int(able.sum()), 1), 0.9)
    share *= 1 / (1 - 0.08) if planted.creators else 1.0
    return np.where(able & (rng.random(group.size) < share), robots, office)


def _originals(rng: np.random.Generator, able: Ints, created: Ints, seasons: Seasons, count: int) -> Ints:
    """Draw the leads that are repeated, each once."""
    able = able[created[able] < seasons.as_of - REPEAT_DAYS * DAY]
    return rng.permutation(able)[:count]
