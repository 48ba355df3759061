"""Matching with one customer of many locations, and sources with many spellings, beside the same rows without them.

python -m bench.scale
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from random import Random

import pandas as pd

from bench.duplicates import make
from bench.measure import Result
from stcrm_pandas.cleaning import duplicates, sources

CUSTOMERS, LOCATIONS, SPELLINGS, BOOKINGS = 20_000, 15_000, 5_000, 100_000


def run(rounds: int) -> Iterator[Result]:
    for what, work in (("one customer with 15,000 locations", matching), ("5,000 spellings of sources", spellings)):
        runs = [(measured(work, False), measured(work, True)) for _ in range(rounds)]
        (plain, less), (ours, more) = (min(one) for one in zip(*runs, strict=True))
        for name, one, other, unit in (("CPU time", ours, plain, "s"), ("memory", more, less, "GB")):
            against = f"the same rows without: {other:.2f} {unit}"
            yield Result(f"{what}, {name}", f"{one:.2f} {unit}", against, f"{one / other:.2f} x", "1.5 x", "1.2 x")


def measured(work: Callable[[bool], Callable[[], object]], extreme: bool) -> tuple[float, float]:
    """Return CPU time in seconds and peak memory in GB of one run in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, extreme))


def _measured(work: Callable[[bool], Callable[[], object]], extreme: bool) -> tuple[float, float]:
    ready = work(extreme)
    start = time.process_time()
    ready()
    return time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def matching(extreme: bool) -> Callable[[], object]:
    """Return the search for duplicates; one customer may have the houses of many others, too."""
    known = make(CUSTOMERS, "scale")
    customers, locations = known.customers, known.locations
    if extreme:
        houses = locations.sample(LOCATIONS, random_state=7)
        houses = houses.assign(id=range(1, LOCATIONS + 1), customer_id=int(customers["id"].iloc[0]))
        locations = pd.concat([locations, houses.astype(locations.dtypes)], ignore_index=True)
    return lambda: duplicates(customers, known.contacts, locations)


def spellings(extreme: bool) -> Callable[[], object]:
    """Return the recipe for sources with many spellings, or with ten."""
    rng = Random("scale")
    words = ["".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randrange(4, 10))) for _ in range(900)]
    names = [f"{rng.choice(words)} {rng.choice(words)}" for _ in range(SPELLINGS if extreme else 10)]
    bookings = pd.DataFrame({"id": range(BOOKINGS), "source": rng.choices(names, k=BOOKINGS)})
    return lambda: sources(bookings)


def main() -> None:
    for result in run(2):
        print(f"{result.what}: {result.ours}, {result.against}: {result.ratio}", flush=True)


if __name__ == "__main__":
    main()
