"""Time two functions alternately, and format the results as a table."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One row of the table: our time, what it is compared with, the ratio, and two targets.

    A ratio is "1.20 x" of a floor (the least that is possible), or "5.0 x faster" than another library.
    """

    what: str
    ours: str
    against: str
    ratio: str
    target: str
    stretch: str


@dataclass(frozen=True)
class Times:
    """The times of several runs, in seconds."""

    runs: tuple[float, ...]

    @property
    def middle(self) -> float:
        return statistics.median(self.runs)

    def __str__(self) -> str:
        return f"{short(self.middle)} ({short(min(self.runs))}–{short(max(self.runs))})"


def short(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def seconds(work: Callable[[], object], *, collector: bool = True) -> float:
    """Return the time of one run; for a floor the garbage collector can be off."""
    gc.collect()
    if not collector:
        gc.disable()
    try:
        start = time.perf_counter()
        result = work()
        spent = time.perf_counter() - start
    finally:
        gc.enable()
    del result
    return spent


def in_turn(
    ours: Callable[[], object], other: Callable[[], object], *, rounds: int, collector: bool = True
) -> tuple[Times, Times]:
    """Time both alternately, after a warm-up round; `collector` turns garbage collection on for the other."""
    seconds(ours)
    seconds(other, collector=collector)
    runs = [(seconds(ours), seconds(other, collector=collector)) for _ in range(rounds)]
    mine, theirs = zip(*runs, strict=True)
    return Times(mine), Times(theirs)


def of_floor(what: str, ours: Times, floor: Times, *, target: str, stretch: str, floor_name: str) -> Result:
    """Return a row with the ratio of our time to the floor."""
    return Result(what, str(ours), f"{floor_name}: {floor}", f"{ours.middle / floor.middle:.2f} x", target, stretch)


def faster(what: str, ours: Times, rival: Times, *, target: str, stretch: str, rival_name: str) -> Result:
    """Return a row with the speed-up over another library."""
    ratio = rival.middle / ours.middle
    return Result(what, str(ours), f"{rival_name}: {rival}", f"{ratio:.1f} x faster", target, stretch)


def table(results: list[Result]) -> str:
    head = ("benchmark", "ours: median (range)", "compared with", "ratio", "target", "stretch target")
    lines = [head, *((r.what, r.ours, r.against, r.ratio, r.target, r.stretch) for r in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
