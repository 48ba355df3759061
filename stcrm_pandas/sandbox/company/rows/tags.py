"""Tags of rows: none, one or two."""

from __future__ import annotations

import numpy as np

from stcrm_pandas.sandbox.company.catalogue import TAG_IDS
from stcrm_pandas.sandbox.company.cells import from_codes
from stcrm_pandas.sandbox.company.chance import Ints
from stcrm_pandas.sandbox.store.columns import Cells

_COMBINATIONS = [[], *([int(a)] for a in TAG_IDS), *([int(a), int(b)] for a in TAG_IDS for b in TAG_IDS if a < b)]


def drawn_tags(rng: np.random.Generator, size: int, none: float) -> Ints:
    """Draw codes of combinations of tags; a share of `none` has no tag."""
    some = np.where(rng.random(size) < 0.8, rng.integers(1, 11, size), rng.integers(11, len(_COMBINATIONS), size))
    return np.where(rng.random(size) < none, 0, some)


def tag_lists(indexes: Ints) -> Cells:
    """Return lists of tag ids for codes."""
    return from_codes(_COMBINATIONS, indexes)
