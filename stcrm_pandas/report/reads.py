"""The reads of a report's notebook; what a missing scope forbids is left out and listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from stcrm_pandas.analysis.base.display import missing
from stcrm_pandas.errors import MirrorError, PermissionDenied

__all__ = ["Reads"]

P = ParamSpec("P")
T = TypeVar("T")


class Reads:
    """Reads of a report; one that a missing scope forbids, or that a mirror does not have, is left out and listed.

    `missing` has what was left out, and the scope that it needs. In a notebook the object shows it, or nothing.

    Examples
    --------
    >>> reads = Reads()
    >>> reads.optional("jobs", lambda **filters: "a frame", created_on_or_after=None)
    'a frame'
    >>> reads.missing
    {}
    """

    def __init__(self) -> None:
        self.missing: dict[str, str] = {}

    def optional(self, what: str, read: Callable[P, T], *args: P.args, **filters: P.kwargs) -> T | None:
        """What the read gives, or None where the application may not read it; every other error is raised."""
        try:
            return read(*args, **filters)
        except PermissionDenied as denied:
            self.missing[what] = denied.scope or "a scope"
        except MirrorError:
            self.missing[what] = ""
        return None

    def _repr_html_(self) -> str:
        return missing(self.missing)
