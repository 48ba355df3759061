"""Read rows as they are now: with few requests, without the cache, and including inactive rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stcrm_pandas import frame as frames
from stcrm_pandas.contract.operations import IDS_PER_REQUEST, OPERATIONS
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.edits.columns import Target
from stcrm_pandas.edits.diff import python_values
from stcrm_pandas.edits.plan.fill import ROUTES
from stcrm_pandas.edits.plan.model import Key
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import IncompleteRead, NotFound, ResponseError
from stcrm_pandas.http import wire
from stcrm_pandas.reads.pagination import paginate, problem_of, shortfall

FreshRow = Mapping[str, Any]
"""Column to value, as in a frame; None if missing."""


def group_keys(target: Target, keys: Iterable[Key], *, most: int = IDS_PER_REQUEST) -> list[list[Key]]:
    """Return keys in groups that one request can read, in their order."""
    route = ROUTES[target.resource]
    groups: dict[tuple[object, ...], list[Key]] = {}
    for key in keys:
        groups.setdefault(key[: route.shared] if route.ids is None else key[:1], []).append(key)
    if route.ids is None:
        return list(groups.values())
    parts: list[list[Key]] = []
    parents = list(groups.values())
    for start in range(0, len(parents), most):
        parts.append([key for same in parents[start : start + most] for key in same])
    return parts


class RowReader:
    """Reads current rows over one connection.

    Parameters
    ----------
    port : Port
        The connection.
    """

    def __init__(self, port: Port) -> None:
        self._port = port

    def read(
        self, target: Target, keys: Sequence[Key], *, unread: dict[Key, ResponseError] | None = None
    ) -> dict[Key, FreshRow]:
        """Return the rows with these keys, without those that do not exist.

        Parameters
        ----------
        unread : dict, optional
            Collects rows whose response cannot be read, with the error, so that the others can still be used.

        Raises
        ------
        ServiceError
            The service refused the request, or failed on every retry.
        ResponseError
            A response cannot be read, and `unread` is not given.
        """
        rows: dict[Key, FreshRow] = {}
        for group in group_keys(target, keys):
            rows.update(self._read_or_split(target, group, unread))
        wanted = set(keys)
        return {key: row for key, row in rows.items() if key in wanted}

    def _read_or_split(
        self, target: Target, keys: Sequence[Key], unread: dict[Key, ResponseError] | None
    ) -> dict[Key, FreshRow]:
        try:
            return self._read_group(target, keys)
        except NotFound:
            return {}
        except ResponseError as error:
            if unread is None:
                raise
            if isinstance(error, IncompleteRead):  # smaller groups would not help
                unread.update(dict.fromkeys(keys, error))
                return {}
            requests = len({key[:1] for key in keys}) if ROUTES[target.resource].ids is not None else 1
            if requests == 1:
                unread.update(dict.fromkeys(keys, error))
                return {}
            # One unreadable row must not hide the others.
            rows = {}
            for part in group_keys(target, keys, most=(requests + 1) // 2):
                rows.update(self._read_or_split(target, part, unread))
            return rows

    def _read_group(self, target: Target, keys: Sequence[Key]) -> dict[Key, FreshRow]:
        route = ROUTES[target.resource]
        operation = OPERATIONS[route.operation]
        names = target.row.key
        above = {column: keys[0][names.index(column)] for _, column in route.path}
        path = {name: above[column] for name, column in route.path}
        row = operation.row
        assert row is not None
        # Some responses lack the values of the path; a value that they have is taken from them.
        parents = {name: above[name] for parent in row.parents if (name := snake(parent.name)) in above}
        query = list(route.query)
        if route.ids is not None:
            ids = dict.fromkeys(str(key[0]) for key in keys)
            query.insert(0, (route.ids, ",".join(ids)))

        def ask(number: int) -> frames.DecodedPage:
            filters = wire.page_query(operation, query, number) if operation.returns == "page" else query
            response = self._port.ask(operation, path, filters)
            return frames.decode(row, operation.returns, response.content, parents=parents)

        for last in (False, True):
            pages = paginate(ask, row)
            total, problem = pages[0].total, problem_of(pages, row)
            frame = frames.assemble(row, pages).frame  # empties the list
            problem = problem or shortfall(len(frame), total)
            if problem is None:
                return _rows(target, frame, above)
            if last:
                message = f"{operation.name}: {problem}, and again on the second read. Try again later."
                raise IncompleteRead(message, rows=len(frame), total=total)
        raise AssertionError("unreachable")


def _rows(target: Target, frame: Any, above: Mapping[str, Any]) -> dict[Key, FreshRow]:
    count = len(frame)
    if count == 0:  # an Arrow array of texts rejects an empty list of positions
        return {}
    columns = {
        name: python_values(frame[name].array, range(count)).tolist() for name in target.columns if name in frame
    }
    for name, value in above.items():
        columns.setdefault(name, [value] * count)
    for name in ("active", "merged_to_id"):  # not in every row type's API description, but used if present
        if name in frame and name not in columns:
            columns[name] = frame[name].astype(object).tolist()
    rows: dict[Key, FreshRow] = {}
    for values in zip(*columns.values(), strict=True):
        row = dict(zip(columns, values, strict=True))
        rows[tuple(row[name] for name in target.row.key)] = row
    return rows
