"""Reads in the notebook of a report, which leave out and list what the application may not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from stcrm_pandas.analysis.base.display import missing
from stcrm_pandas.errors import MirrorError, PermissionDenied

__all__ = ["Reads"]

P = ParamSpec("P")
T = TypeVar("T")


class Reads:
    """Reads of a report, which list what could not be read.

    A read is left out if the application lacks the scope for it, or if the mirror does not have the resource. `missing`
    maps the name of each such read to the missing scope (to an empty text for a mirror). A notebook displays them as a
    note.

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
        """Return the result of a read, or None if its scope is missing or the mirror does not have it.

        Parameters
        ----------
        what : str
            What is read, for the note: "jobs".
        read : callable
            The method that reads it, such as `crm.lookups.jobs.list`.
        *args, **filters
            The arguments of the method.

        Returns
        -------
        object
            What the method returned, or None. Other errors are raised.
        """
        try:
            return read(*args, **filters)
        except PermissionDenied as denied:
            self.missing[what] = denied.scope or "a scope"
        except MirrorError:
            self.missing[what] = ""
        return None

    def _repr_html_(self) -> str:
        return missing(self.missing)
