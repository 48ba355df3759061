"""What the classes of helpers share."""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import pandas as pd

from stcrm_pandas.contract.operations import Operation, by_helper
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import UsageError
from stcrm_pandas.http.paths import path_of
from stcrm_pandas.reads.feed import Feed
from stcrm_pandas.reads.options import MaxAge, Options
from stcrm_pandas.reads.reading import Reader, below
from stcrm_pandas.reads.writing import Writer

__all__ = ["Feed", "Guids", "Ids", "MaxAge", "Resource", "When", "WritableResource", "helper", "options_of"]

Ids = int | Sequence[int] | pd.Series
"""One id, or many: more than the service takes at once are sent in several calls."""

Guids = str | Sequence[str] | pd.Series
"""One GUID, or many."""

When = str | dt.date | pd.Timestamp
"""A date or a time; one without a zone is meant in the tenant's (`STCRM_TIME_ZONE`)."""

_P = ParamSpec("_P")
_R = TypeVar("_R")
_OPTIONS = ("max_age", "refresh", "allow_incomplete")


def helper(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Turn an unknown keyword, or a value that is missing, into an error that says what there is and what is needed."""
    signature = inspect.signature(method)
    names = [name for name in signature.parameters if name != "self"]

    @functools.wraps(method)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for name in kwargs:
            if name not in names:
                raise UsageError(_unknown_keyword(_name_of(method, args[0]), name, names))
        given = signature.bind_partial(*args, **kwargs).arguments
        missing = [name for name, one in signature.parameters.items() if one.default is one.empty and name not in given]
        for name in missing:
            if signature.parameters[name].kind is not inspect.Parameter.KEYWORD_ONLY:
                raise UsageError(f"{_name_of(method, args[0])} needs {name}.")
        # A field that is missing is told together with all else that is wrong.
        return method(*args, **dict.fromkeys(missing), **kwargs)  # type: ignore[arg-type]

    return checked


def _name_of(method: Callable[..., Any], resource: object) -> str:
    assert isinstance(resource, Resource)
    return f"{resource.name}.{method.__name__}"


def _unknown_keyword(helper: str, name: str, names: Sequence[str]) -> str:
    """What to say about a keyword that a helper does not have."""
    own = [one for one in names if one not in _OPTIONS]
    options = [one for one in names if one in _OPTIONS]
    near = difflib.get_close_matches(name, names, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    has = f" It has: {', '.join(own)}." if own else ""
    also = f" Options of every read: {', '.join(options)}." if options else ""
    return f"{helper} has no {'filter' if options else 'parameter'} {name!r}.{hint}{has}{also}"


class Resource:
    """A family of helpers over one connection.

    Every read takes three options: `max_age` (how old a stored answer may be, as `"1h"` or `0`), `refresh=True` (ask
    the service anew) and `allow_incomplete=True` (a warning instead of an error where pages do not add up).
    """

    name: str
    """How the client calls it, as `leads` or `lookups.campaigns`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def _operation(self, method: str) -> Operation:
        return by_helper(f"{self.name}.{method}")

    def _list(self, method: str, arguments: Mapping[str, Any], **fixed: Any) -> pd.DataFrame:
        """Read the list behind a method: its arguments are filters, but for the options; `fixed` are filters, too.

        Arguments that stand in the path may be many: then it is read below each of them.
        """
        operation = self._operation(method)
        filters, options = _split(arguments)
        parents = below(operation, filters)
        filters.update({name: value for name, value in fixed.items() if filters.get(name) is None})
        return self._reader.list(operation, filters, options, below=parents)

    def _get(
        self, ids: Any, arguments: Mapping[str, Any], one: str = "get", many: str = "list", **path: Any
    ) -> pd.DataFrame:
        """Read rows by id: one by one method, many by another; `path` is what else stands in the path."""
        single, several = self._operation(one), self._operation(many)
        return self._reader.get(single, several, ids, _split(arguments)[1], path=path_of(several, path))

    def _each(self, method: str, arguments: Mapping[str, Any]) -> pd.DataFrame:
        """Read rows that can only be had one by one."""
        operation = self._operation(method)
        values, options = _split(arguments)
        return self._reader.each(operation, below(operation, values), options)

    def _export(self, method: str, arguments: Mapping[str, Any]) -> Feed:
        filters, options = _split(arguments)
        since, continue_from = filters.pop("since"), filters.pop("continue_from")
        return self._reader.export(self._operation(method), since, continue_from, filters, options)

    def __repr__(self) -> str:
        methods = [name for name in dir(self) if not name.startswith("_") and callable(getattr(self, name))]
        return f"{self.name}: {', '.join(methods)}"


class WritableResource(Resource):
    """A family with helpers that write.

    Of every write: None is not sent, `CLEAR` is sent as null where the contract takes one. All that is wrong is told
    in one error, before anything is sent. A call that creates something is never sent twice: where its answer was lost,
    the error says how to find out what became of it.
    """

    def __init__(self, reader: Reader, writer: Writer, port: Port) -> None:
        super().__init__(reader)
        self._writer = writer
        self._port = port

    def _write(self, method: str, arguments: Mapping[str, Any]) -> pd.DataFrame:
        """Make the call behind a method and return the row that it is answered with."""
        answer = self._writer.write(self._operation(method), _without_self(arguments))
        assert answer is not None
        return answer

    def _send(self, method: str, arguments: Mapping[str, Any]) -> None:
        """Make the call behind a method, which is answered with nothing."""
        self._writer.write(self._operation(method), _without_self(arguments))


def options_of(arguments: Mapping[str, Any]) -> Options:
    """The options among a helper's arguments."""
    return Options(**{name: arguments[name] for name in _OPTIONS if name in arguments})


def _without_self(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name != "self"}


def _split(arguments: Mapping[str, Any]) -> tuple[dict[str, Any], Options]:
    filters = {name: value for name, value in _without_self(arguments).items() if name not in _OPTIONS}
    return filters, options_of(arguments)
