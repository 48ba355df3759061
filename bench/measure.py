"""Two things timed in turn, several times, and the table of what came out."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One line of the table: ours, what it is held against, their ratio, and what was hoped for.

    `ratio` is written as it is judged: `x` times the floor, or times faster than a rival.
    """

    what: str
    ours: str
    against: str
    ratio: str
    reach: str
    dream: str


@dataclass(frozen=True)
class Times:
    """How long the runs of one thing took, in seconds."""

    runs: tuple[float, ...]

    @property
    def middle(self) -> float:
        return statistics.median(self.runs)

    def __str__(self) -> str:
        return f"{short(self.middle)} ({short(min(self.runs))} to {short(max(self.runs))})"


def short(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def seconds(work: Callable[[], object], *, collector: bool = True) -> float:
    """The time of one run; the garbage collector may be put to sleep for a floor."""
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
    """Both, one after the other, several times, after one round that does not count.

    Parameters:
        collector: whether the other one has the garbage collector on; ours always has it.
    """
    seconds(ours)
    seconds(other, collector=collector)
    runs = [(seconds(ours), seconds(other, collector=collector)) for _ in range(rounds)]
    mine, theirs = zip(*runs, strict=True)
    return Times(mine), Times(theirs)


def of_floor(what: str, ours: Times, floor: Times, *, reach: str, dream: str, floor_name: str) -> Result:
    """A line whose ratio is ours over the floor."""
    return Result(what, str(ours), f"{floor_name}: {floor}", f"{ours.middle / floor.middle:.2f} x", reach, dream)


def faster(what: str, ours: Times, rival: Times, *, reach: str, dream: str, rival_name: str) -> Result:
    """A line whose ratio is how often ours fits into the rival."""
    ratio = rival.middle / ours.middle
    return Result(what, str(ours), f"{rival_name}: {rival}", f"{ratio:.1f} x faster", reach, dream)


def table(results: list[Result]) -> str:
    head = ("what", "ours: median (low to high)", "against", "ratio", "reach", "dream")
    lines = [head, *((r.what, r.ours, r.against, r.ratio, r.reach, r.dream) for r in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
