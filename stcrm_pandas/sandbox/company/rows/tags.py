"""Tags of rows: none, one or two."""

from __future__ import annotations

import numpy as np

from stcrm_pandas.sandbox.company.catalogue import TAG_IDS, TWIN_IDS, TWINS_OF
from stcrm_pandas.sandbox.company.cells import from_codes
from stcrm_pandas.sandbox.company.chance import Ints
from stcrm_pandas.sandbox.store.columns import Cells

_COMBINATIONS = [[], *([int(a)] for a in TAG_IDS), *([int(a), int(b)] for a in TAG_IDS for b in TAG_IDS if a < b)]

_TWINS = dict(zip(TAG_IDS[TWINS_OF].tolist(), TWIN_IDS.tolist(), strict=True))
_ALL = [*_COMBINATIONS, *([_TWINS.get(tag, tag) for tag in tags] for tags in _COMBINATIONS)]
RESPELLED = 0.08


def drawn_tags(rng: np.random.Generator, size: int, none: float) -> Ints:
    """Draw codes of combinations of tags; a share of `none` has no tag."""
    some = np.where(rng.random(size) < 0.8, rng.integers(1, 11, size), rng.integers(11, len(_COMBINATIONS), size))
    return np.where(rng.random(size) < none, 0, some)


def respelled(rng: np.random.Generator, tags: Ints) -> Ints:
    """Return codes, some of them of the same tags under another spelling."""
    return np.where(rng.random(tags.size) < RESPELLED, tags + len(_COMBINATIONS), tags)


def tag_lists(indexes: Ints) -> Cells:
    """Return lists of tag ids for codes."""
    return from_codes(_ALL, indexes)
