"""Draw bookings: their times, sources and outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stcrm_pandas.sandbox.company.catalogue import SOURCES, TRADE, UNIT_WEIGHTS, VOICE_AGENT, WEB_FORM
from stcrm_pandas.sandbox.company.chance import Chance, Flags, Ints, pick, shared_out, some
from stcrm_pandas.sandbox.company.ordering import by_creation
from stcrm_pandas.sandbox.company.planted import LEADS_OF_DISMISSED, LEADS_OF_VOICE_DISMISSED, PlantedTruths
from stcrm_pandas.sandbox.company.seasons import Seasons
from stcrm_pandas.sandbox.company.sizes import Sizes
from stcrm_pandas.sandbox.company.times import DAY, HOUR

UNDECIDED, TO_JOB, DISMISSED = range(3)
TWINS = 0.03
"""Share of the bookings that are the second request of a person, through another source."""
BOOKED_ALIKE = 0.33
"""Without effects, the share of bookings that lead to a job, directly or through a lead: that of other web leads."""


@dataclass(frozen=True, slots=True)
class Bookings:
    """Bookings in order of creation; other columns refer to them by index."""

    created: Ints
    decided: Ints
    """Time of the outcome; of creation for undecided ones."""
    source: Ints
    unit: Ints
    campaign: Ints
    """-1 without a campaign."""
    outcome: Ints
    became_lead: Flags
    twin_of: Ints
    """The earlier booking of the same person, or -1."""

    @property
    def size(self) -> int:
        return self.created.size


def draw_bookings(chance: Chance, seasons: Seasons, sizes: Sizes, planted: PlantedTruths) -> Bookings:
    rng = chance.of("bookings")
    size = sizes.bookings
    source = rng.permutation(np.repeat(np.arange(len(SOURCES)), shared_out(size, [s.share for s in SOURCES])))
    unit = pick(rng, UNIT_WEIGHTS, size)
    always = np.ones(size, dtype=np.bool_)
    first, last = np.full(size, seasons.start), np.full(size, seasons.as_of)
    created = seasons.arrivals(rng, TRADE[unit], web=always, form=source == WEB_FORM, first=first, last=last)
    outcome = _outcomes(rng, source, effects=planted.effects)
    wait = np.minimum(np.exp(rng.normal(np.log(3 * HOUR), 1.3, size)), 6 * DAY).astype(np.int64) + 20

    twin_of = _twins(rng, seasons, source, created, outcome)
    again = created[twin_of] + rng.integers(HOUR, 7 * DAY, size)
    twin_of[(source == WEB_FORM) & seasons.broken(again)] = -1
    created = np.where(twin_of >= 0, again, created)

    late = created + wait >= seasons.as_of
    outcome[late] = UNDECIDED
    decided = np.where(outcome == UNDECIDED, created, created + wait)
    became_lead = _became_lead(rng, source, outcome == DISMISSED, twin_of < 0, sizes, planted)
    campaign = np.where(rng.random(size) < 0.92, np.array([s.campaign for s in SOURCES])[source], -1)

    drawn = Bookings(created, decided, source, unit, campaign, outcome, became_lead, twin_of)
    return by_creation(drawn, "twin_of")


def _outcomes(rng: np.random.Generator, source: Ints, *, effects: bool) -> Ints:
    shares = np.array([(100 - s.to_job - s.dismissed, s.to_job, s.dismissed) for s in SOURCES])
    if not effects:
        undecided, _, dismissed = np.array([s.share for s in SOURCES]) @ shares / sum(s.share for s in SOURCES) / 100
        to_job = BOOKED_ALIKE * (1 - dismissed * LEADS_OF_DISMISSED)
        return pick(rng, (undecided, to_job, 1 - undecided - to_job), source.size)
    outcome = np.zeros(source.size, dtype=np.int64)
    for index, row in enumerate(shares):
        mine = np.flatnonzero(source == index)
        outcome[mine] = rng.permutation(np.repeat(np.arange(3), shared_out(mine.size, row)))
    return outcome


def _twins(rng: np.random.Generator, seasons: Seasons, source: Ints, created: Ints, outcome: Ints) -> Ints:
    """Return the earlier booking of the same person, or -1; a second request is never the one that is booked."""
    twin_of = np.full(source.size, -1)
    indexes = rng.permutation(source.size)
    firsts = indexes[created[indexes] < seasons.as_of - 9 * DAY]
    seconds = indexes[outcome[indexes] != TO_JOB][: round(source.size * TWINS)]
    firsts = firsts[~np.isin(firsts, seconds)][: seconds.size]
    seconds = seconds[: firsts.size]
    unlike = source[firsts] != source[seconds]
    twin_of[seconds[unlike]] = firsts[unlike]
    return twin_of


def _became_lead(
    rng: np.random.Generator, source: Ints, dismissed: Flags, able: Flags, sizes: Sizes, planted: PlantedTruths
) -> Flags:
    """Draw exact shares of the dismissed, from those that are able."""
    count = dismissed.sum()
    if not planted.effects:  # more are dismissed, but as many leads come of them
        count = round(source.size * sum(s.share * s.dismissed for s in SOURCES) / 10_000)
    total = min(round(count * LEADS_OF_DISMISSED), sizes.leads // 5)
    flags = np.zeros(source.size, dtype=np.bool_)
    voice = source == VOICE_AGENT
    shares = [(np.ones_like(voice), total)]
    if planted.holds(6):
        mine = round((dismissed & voice).sum() * LEADS_OF_VOICE_DISMISSED)
        shares = [(voice, mine), (~voice, max(total - mine, 0))]
    for group, count in shares:
        indexes = np.flatnonzero(group & dismissed & able)
        flags[indexes] = some(rng, indexes.size, count)
    return flags
