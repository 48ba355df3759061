"""One call of an operation, as what answers it gets to see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stcrm_pandas.operations import Operation
from stcrm_pandas.sandbox.answers import Found
from stcrm_pandas.sandbox.parameters import Pairs
from stcrm_pandas.sandbox.store import Store

LARGEST_PAGE = 5_000
"""Rows in a page at most, and in a feed's answer."""


@dataclass(frozen=True)
class Call:
    """What an operation gets to know: the parts of the path and the query."""

    operation: Operation
    path: dict[str, str]
    query: Pairs
    store: Store
    now: int
    feed_size: int = LARGEST_PAGE


Handler = Callable[[Call], Found]
