"""What is decided before anything is drawn: numbers of rows, and which truths are planted in how many leads."""

from __future__ import annotations

from dataclasses import dataclass

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox.company.base.catalogue import DRAIN_SERVICE, HVAC_INSTALL, HVAC_SERVICE, PLUMBING_SERVICE

NEW_CUSTOMERS = 0.55
"""Share of the customers who are new within the 24 months."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of rows, which follow from those of leads and customers."""

    leads: int
    customers: int

    @classmethod
    def of(cls, leads: int, customers: int | None) -> Sizes:
        """Return the sizes for a number of leads, and of customers (3.5 per lead by default).

        >>> Sizes.of(12_000, None).jobs
        50000
        """
        if leads < 100:
            raise UsageError(f"A company needs at least 100 leads, not {leads}: less has no seasons or campaigns.")
        if customers is None:
            customers = round(leads * 3.5)
        if customers < 100:
            raise UsageError(f"A company needs at least 100 customers, not {customers}.")
        return cls(leads, customers)

    @property
    def bookings(self) -> int:
        return round(self.customers * 15 / 42)

    @property
    def jobs(self) -> int:
        return round(self.customers * 50 / 42)

    @property
    def locations(self) -> int:
        return round(self.customers * 48 / 42)

    @property
    def rows(self) -> int:
        """The approximate number of rows in all tables."""
        own = self.leads * 1.13 + self.bookings * 2.97 + self.jobs
        return round(own + self.customers * 3.6 + self.locations * 2.1)

    @property
    def new_customers(self) -> int:
        return round(self.customers * NEW_CUSTOMERS)


MATURE_DAYS = 120
"""Days after which the outcome of a lead is final."""
REPEAT_DAYS = 14

BEST_HAS_LOWEST_RESCUE = "best_by_opportunities_has_lowest_rescue_rate"
POOLED_REVERSAL = "better_in_each_business_unit_worse_pooled"
EQUAL_PAIR = "equal_rates_not_different"
CROSSING_CURVES = "fast_converts_few_slow_converts_many"
COMPETING_DISMISSAL = "one_minus_kaplan_meier_ranks_wrongly"
LEADS_BEHIND_DISMISSALS = "dismissals_of_source_are_mostly_leads"
SMALL_NOT_BEST = "five_of_six_not_best"
CASE_MIX = "difference_between_creators_is_case_mix"
STANDS_OUT = "twelve_points_above_all_others"

KINDS = {
    1: BEST_HAS_LOWEST_RESCUE,
    2: POOLED_REVERSAL,
    3: EQUAL_PAIR,
    4: CROSSING_CURVES,
    5: COMPETING_DISMISSAL,
    6: LEADS_BEHIND_DISMISSALS,
    7: SMALL_NOT_BEST,
    8: CASE_MIX,
    9: STANDS_OUT,
}
USUAL, FAST, SLOW, QUICKLY_DISMISSED = range(4)
"""The time until the leads of a cell have their outcome."""
FIRST_CONTACT_JOBS = 4_000
"""Jobs booked at first contact through the campaign of truth 1."""
POINTS_ABOVE = 0.12
LEADS_OF_DISMISSED = 0.18
"""Share of the dismissed bookings that became leads."""
LEADS_OF_VOICE_DISMISSED = 0.75
"""The same for the source of truth 6."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of mature leads (no repeats, no non-lead call reasons), and how many of them converted.

    `converted` of -1 follows from all other leads. A campaign, business unit or creator of -1 is drawn at random.
    """

    truth: int
    campaign: int
    size: int
    converted: int
    speed: int = USUAL
    unit: int = -1
    creator: int = -1


CELLS = (
    Cell(1, 7, 300, 42),
    Cell(2, 8, 80, 44, unit=HVAC_SERVICE),
    Cell(2, 8, 320, 77, unit=PLUMBING_SERVICE),
    Cell(2, 9, 320, 138, unit=HVAC_SERVICE),
    Cell(2, 9, 80, 11, unit=PLUMBING_SERVICE),
    Cell(3, 10, 300, 93),
    Cell(3, 11, 300, 93),
    Cell(4, 12, 300, 81, speed=FAST),
    Cell(4, 13, 300, 111, speed=SLOW),
    Cell(5, 14, 300, 72, speed=QUICKLY_DISMISSED),
    Cell(7, 15, 6, 5),
    Cell(8, -1, 240, 48, unit=HVAC_INSTALL, creator=5),
    Cell(8, -1, 60, 27, unit=DRAIN_SERVICE, creator=5),
    Cell(8, -1, 60, 12, unit=HVAC_INSTALL, creator=6),
    Cell(8, -1, 240, 108, unit=DRAIN_SERVICE, creator=6),
    Cell(9, 16, 400, -1),
)
_BY_SIZE = (7, 6, 9, 1, 3, 5, 4, 2, 8)
_MOST_PLANTED = 0.43
"""Largest share of leads in cells: their campaigns have half as many more, and other leads must outnumber both."""


@dataclass(frozen=True, slots=True)
class PlantedTruths:
    """The truths planted in one company.

    Without `effects`, cells keep their sizes and mixes but have ordinary outcomes. `left_out` has the reasons by truth.
    """

    effects: bool
    cells: tuple[Cell, ...]
    left_out: dict[int, str]

    @classmethod
    def of(cls, sizes: Sizes, *, effects: bool) -> PlantedTruths:
        left_out: dict[int, str] = {}
        kept: list[Cell] = []
        room = int(sizes.leads * _MOST_PLANTED)
        for truth in _BY_SIZE:
            cells = [cell for cell in CELLS if cell.truth == truth]
            need = sum(cell.size for cell in cells)
            if cells and crowded(sizes):
                left_out[truth] = "too few customers: nearly every lead would be a repeat of another"
            elif need > room:
                left_out[truth] = f"too few leads: it needs {need} mature ones, and {room} are left for planted truths"
            elif truth == 1 and sizes.jobs < 8 * FIRST_CONTACT_JOBS:
                left_out[truth] = f"too few jobs: it needs {FIRST_CONTACT_JOBS} of one campaign among {sizes.jobs}"
            elif truth == 6 and (voice := sizes.bookings * 0.08 * 0.30) < 30:
                left_out[truth] = f"too few bookings: its source would have {voice:.0f} dismissals"
            elif truth == 6 and sizes.leads < sizes.bookings * 0.4:
                left_out[truth] = "too few leads for the dismissals that would become leads"
            else:
                kept += cells
                room -= need
        if not effects:
            left_out = dict.fromkeys(KINDS, "nothing is planted: the company is drawn without effects")
        return cls(effects, tuple(kept), dict(sorted(left_out.items())))

    def holds(self, truth: int) -> bool:
        return truth not in self.left_out

    @property
    def campaigns(self) -> set[int]:
        """Campaigns whose numbers of leads are fixed in advance."""
        return {cell.campaign for cell in self.cells if cell.campaign >= 0}

    @property
    def creators(self) -> set[int]:
        """Creators whose numbers of leads are fixed in advance."""
        return {cell.creator for cell in self.cells if cell.creator >= 0}


def crowded(sizes: Sizes) -> bool:
    """Return whether there are so few customers that they have several leads by chance."""
    return sizes.leads * 0.85 > sizes.customers * 0.6
