"""What the classes of helpers share."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import pandas as pd

from stcrm_pandas.errors import UsageError
from stcrm_pandas.operations import by_helper
from stcrm_pandas.query import unknown_filter
from stcrm_pandas.reading import Feed, MaxAge, Options, Reader

__all__ = ["Feed", "Ids", "MaxAge", "Resource", "When", "helper"]

Ids = int | Sequence[int] | pd.Series
"""One id, or many: more than the service takes at once are sent in several calls."""

When = str | dt.date | pd.Timestamp
"""A date or a time; one without a zone is meant in the tenant's (`STCRM_TIME_ZONE`)."""

_P = ParamSpec("_P")
_R = TypeVar("_R")
_OPTIONS = ("max_age", "refresh", "allow_incomplete")


def helper(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Turn an unknown keyword into an error that names the keywords there are."""
    signature = inspect.signature(method)
    names = [name for name in signature.parameters if name != "self"]

    @functools.wraps(method)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for name in kwargs:
            if name not in names:
                resource = args[0]
                assert isinstance(resource, Resource)
                operation = by_helper(f"{resource.name}.{method.__name__}")
                raise UsageError(unknown_filter(operation, name, names))
        return method(*args, **kwargs)

    return checked


class Resource:
    """A family of helpers over one connection.

    Every read takes three options: `max_age` (how old a stored answer may be, as `"1h"` or `0`), `refresh=True` (ask
    the service anew) and `allow_incomplete=True` (a warning instead of an error where pages do not add up).
    """

    name: str
    """How the client calls it, as `leads` or `lookups.campaigns`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def _list(self, method: str, arguments: Mapping[str, Any], **fixed: Any) -> pd.DataFrame:
        """Read the list behind a method: its arguments are filters, but for the options; `fixed` are filters, too."""
        filters, options = _split(arguments)
        filters.update({name: value for name, value in fixed.items() if filters.get(name) is None})
        return self._reader.list(by_helper(f"{self.name}.{method}"), filters, options)

    def _get(self, ids: Any, arguments: Mapping[str, Any]) -> pd.DataFrame:
        one, many = by_helper(f"{self.name}.get"), by_helper(f"{self.name}.list")
        return self._reader.get(one, many, ids, _split(arguments)[1])

    def _sub_list(
        self,
        method: str,
        parents: Sequence[tuple[Mapping[str, object], Mapping[str, object]]],
        arguments: Mapping[str, Any],
    ) -> pd.DataFrame:
        """Read the list behind a method below each parent: what stands in the path, and the columns that come of it."""
        return self._reader.sub_list(by_helper(f"{self.name}.{method}"), parents, _split(arguments)[1])

    def _export(self, method: str, arguments: Mapping[str, Any]) -> Feed:
        filters, options = _split(arguments)
        since, continue_from = filters.pop("since"), filters.pop("continue_from")
        return self._reader.export(by_helper(f"{self.name}.{method}"), since, continue_from, filters, options)

    def __repr__(self) -> str:
        methods = [name for name in dir(self) if not name.startswith("_") and callable(getattr(self, name))]
        return f"{self.name}: {', '.join(methods)}"


def _split(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], Options]:
    filters = {name: value for name, value in arguments.items() if name != "self" and name not in _OPTIONS}
    return filters, Options(**{name: arguments[name] for name in _OPTIONS if name in arguments})
