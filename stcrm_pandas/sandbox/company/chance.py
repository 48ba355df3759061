"""Chance, in streams: one per purpose, so that a further draw in one table does not shift another.

>>> float(Chance(7).of("leads").random()) == float(Chance(7).of("leads").random())
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# A stream is known by its place: add at the end, or every company changes.
STREAMS = (
    "catalogue",
    "bookings",
    "leads",
    "lead outcomes",
    "jobs",
    "customers",
    "locations",
    "people",
    "lead rows",
    "booking rows",
    "job rows",
    "customer rows",
    "location rows",
    "contacts",
    "location contacts",
    "booking contacts",
    "newer contacts",
    "first contacts",
    "lead notes",
    "customer notes",
    "location notes",
    "customers not merged",
    "locations not merged",
)


@dataclass(frozen=True, slots=True)
class Chance:
    """All chance of one company; `of` gives a stream afresh."""

    seed: int

    def of(self, stream: str) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(STREAMS.index(stream),)))


def pick(rng: np.random.Generator, weights: ArrayLike, size: int) -> Ints:
    """Places 0, 1, 2 ..., each as often as its weight says."""
    cumulated = np.cumsum(np.asarray(weights, dtype=np.float64))
    places: Ints = np.searchsorted(cumulated, rng.random(size) * cumulated[-1], side="right").astype(np.int64)
    return places


def pick_by_row(rng: np.random.Generator, weights: Floats, rows: Ints) -> Ints:
    """For each element, a place drawn by the weights in its own row of a table."""
    picked = np.zeros(rows.size, dtype=np.int64)
    for row in range(weights.shape[0]):
        mine = rows == row
        picked[mine] = pick(rng, weights[row], int(mine.sum()))
    return picked


def some(rng: np.random.Generator, size: int, count: int) -> Flags:
    """Exactly `count` of `size` are true."""
    flags = np.zeros(size, dtype=np.bool_)
    flags[rng.permutation(size)[:count]] = True
    return flags


def shared_out(total: int, weights: Sequence[float] | Floats) -> Ints:
    """A total in whole parts by weight, that add up to it.

    Examples
    --------
    >>> shared_out(10, [1, 1, 2]).tolist()
    [2, 3, 5]
    """
    edges = np.rint(np.cumsum(np.asarray(weights, dtype=np.float64)) / np.sum(weights) * total).astype(np.int64)
    parts: Ints = np.diff(edges, prepend=0)
    return parts
