"""Versions of rows: which ones are new, which is current, and which was valid at a moment. Pure: no files, no clock.

A history is an Arrow table with the columns of a kind of row and those of `VERSION_COLUMNS`, in which the versions of
each row are ordered by commit. A row occurs at most once in a commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.contract.schemas.arrow import arrow_type, to_arrow
from stcrm_pandas.contract.schemas.fields import Column, Row
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.frame.assemble import cells_of, frozen
from stcrm_pandas.frame.foreign_cells import as_utc

SEEN_AT, VALID_FROM, DELETED, UNDOCUMENTED = "_seen_at", "_valid_from", "_deleted", "_undocumented"
TIME = pa.timestamp("us", "UTC")
VERSION_COLUMNS: Mapping[str, pa.DataType] = {
    SEEN_AT: TIME,
    VALID_FROM: TIME,
    DELETED: pa.bool_(),
    UNDOCUMENTED: pa.string(),
}
"""The columns beside those of the API: when a version was read (by the service's clock), from when on it was valid,
whether the row is deleted, and fields that the API does not document as JSON text."""

OF_STATUSES = ("id", "status", "modified_on", SEEN_AT, DELETED)
"""The columns that tell when a row had which status."""

_LONG_RUN = 256
"""The average number of rows that must follow each other to be sliced, not copied: copies of lists are slow."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Incoming:
    """Rows as read: documented columns, `_deleted` and `_undocumented`; one row for each key.

    `authoritative` rows were in a complete list, so they exist now, even if a feed showed them as deleted.
    """

    frame: pd.DataFrame
    authoritative: bool = False


def incoming(row: Row, frame: pd.DataFrame, deleted: Mask, *, authoritative: bool = False) -> Incoming:
    """Return the rows of a read, ready to be compared with those of a mirror."""
    documented = list(row.dtypes)
    extra = [name for name in frame.columns if name not in documented]
    known = frame[documented].copy(deep=False)
    known[DELETED] = deleted
    known[UNDOCUMENTED] = _as_json(frame, extra)
    known.attrs = {}
    return Incoming(known, authoritative)


def new_versions(row: Row, current: pd.DataFrame, read: Incoming, seen_at: pd.Timestamp) -> pd.DataFrame:
    """Return those rows of a read that differ from the current versions, with their times.

    A row that was modified earlier than the current version is an old one that a feed repeats, so it is left out; so is
    one that was modified before its deletion, unless the list that has it is complete.

    Parameters
    ----------
    current : DataFrame
        The last version of every row, including deleted ones, with the columns of `VERSION_COLUMNS`.
    seen_at : Timestamp
        The time of the response, by the service's clock, in whole seconds.
    """
    frame = read.frame
    places = _places(row, current, frame)
    there = places >= 0
    before = current.iloc[np.where(there, places, 0)] if len(current) else current.reindex([-1] * len(frame))
    differs = ~there | (before[DELETED].to_numpy(bool, na_value=False) != frame[DELETED].to_numpy(bool))
    for name in [*row.dtypes, UNDOCUMENTED] if there.any() else ():
        differs |= _unequal(before[name], frame[name])
    modified, was = _times(frame, "modified_on"), _times(before, "modified_on")
    was_valid = _times(before, VALID_FROM)
    stale = there & (modified < was)  # comparisons with a missing time are False
    if not read.authoritative:
        was_deleted = before[DELETED].to_numpy(bool, na_value=False) & ~frame[DELETED].to_numpy(bool)
        stale |= there & was_deleted & (modified <= was_valid)
    fresh = differs & ~stale
    moved = ~np.isnat(modified) & (~there | np.isnat(was) | (modified > was))
    seen = np.fmax(np.full(len(frame), np.datetime64(seen_at.tz_convert(None), "us")), modified)
    valid = np.where(moved, modified, seen)
    valid = np.where(there, np.fmax(valid, was_valid), valid)
    dated = frame.copy(deep=False)
    dated[SEEN_AT] = as_utc(seen)
    dated[VALID_FROM] = as_utc(valid)
    new: pd.DataFrame = dated.loc[fresh].reset_index(drop=True)
    return new


def vanished(row: Row, current: pd.DataFrame, read: Incoming, seen_at: pd.Timestamp) -> pd.DataFrame:
    """Return deletions of the rows that a complete list no longer has, valid from when this was seen."""
    live = current[~current[DELETED].astype(bool)]
    gone = live[absent(row, read.frame, live)].reset_index(drop=True)
    gone[DELETED] = True
    gone[SEEN_AT] = seen_at
    gone[VALID_FROM] = gone[VALID_FROM].where(gone[VALID_FROM] > seen_at, seen_at)
    return gone


def together(row: Row, read: Incoming, by_id: Incoming) -> Incoming:
    """Return the rows of a complete list, and rows that it lacks but the service has."""
    more = by_id.frame[absent(row, read.frame, by_id.frame)]
    return replace(read, frame=pd.concat([read.frame, more], ignore_index=True)) if len(more) else read


def absent(row: Row, among: pd.DataFrame, rows: pd.DataFrame) -> Mask:
    """Return which rows have a key that another frame lacks."""
    return _places(row, among, rows) < 0


def to_table(row: Row, versions: pd.DataFrame) -> pa.Table:
    """Return versions as an Arrow table with the types of the API."""
    arrays: dict[str, Any] = {}
    for column in row.columns:
        cells = versions[column.name]
        if column.field.many:
            arrays[column.name] = to_arrow(column.field, cells.tolist())
        else:
            arrays[column.name] = pa.array(cells, arrow_type(column.field), from_pandas=True)
    for name, kind in VERSION_COLUMNS.items():
        arrays[name] = pa.array(versions[name], kind, from_pandas=True)
    return pa.table(arrays)


def to_frame(row: Row, table: pa.Table, *, own: Sequence[str] = ()) -> pd.DataFrame:
    """Return versions as a frame like that of a read, with some of the columns of `VERSION_COLUMNS`."""
    return parts_to_frame(row, [table], own=own)


def parts_to_frame(row: Row, parts: Iterable[pa.Table], *, own: Sequence[str] = ()) -> pd.DataFrame:
    """Return versions as a frame, from tables that have some of their columns each; columns without one are missing."""
    dtypes = dtypes_of(row)
    cells: dict[str, Any] = {}
    length = 0
    for part in parts:
        length = part.num_rows
        cells |= {column.name: _cells(column, part) for column in row.columns if column.name in part.column_names}
        cells |= {name: _own_cells(name, part) for name in own if name in part.column_names}
        del part  # before the next one is made
    index = pd.RangeIndex(length)
    for column in row.columns:
        if column.name not in cells:
            cells[column.name] = cells_of(column, [pa.nulls(length, arrow_type(column.field))], length)
    columns = {
        name: pd.Series(cells.pop(name), index=index, dtype=dtypes.get(name), name=name, copy=False)
        for name in (*dtypes, *own)
    }
    return pd.DataFrame(columns, index=index, copy=False)


def with_undocumented(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with the undocumented fields as columns, in place of their JSON text."""
    texts = frame[UNDOCUMENTED].dropna()
    rest = frame.drop(columns=UNDOCUMENTED)
    parsed = {place: orjson.loads(text) for place, text in zip(texts.index, texts, strict=True)}
    for name in dict.fromkeys(name for fields in parsed.values() for name in fields):
        cells = np.full(len(rest), None, dtype=object)
        for place, fields in parsed.items():
            cells[place] = frozen(fields.get(name))
        rest[name] = pd.Series(cells, index=rest.index, dtype=object)
    return rest


def undocumented_names(table: pa.Table) -> set[str]:
    """Return the names of the undocumented fields that any version has."""
    if UNDOCUMENTED not in table.column_names:
        return set()
    return {name for text in pc.unique(table.column(UNDOCUMENTED)).to_pylist() if text for name in orjson.loads(text)}


def last_positions(row: Row, table: pa.Table, known: Mask | None = None) -> npt.NDArray[np.intp]:
    """Return the positions of the last version of each key, in the order of the keys.

    Parameters
    ----------
    known : ndarray, optional
        Only these versions count.
    """
    keys = pd.DataFrame({name: _cells(_column(row, name), table) for name in row.key}, copy=False)
    if known is not None:
        keys = keys[known]
    last = keys.drop_duplicates(keep="last").sort_values(list(row.key))
    return last.index.to_numpy()


def positions(row: Row, table: pa.Table, like: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the positions of the rows that have a key of a frame; each key occurs once in the table."""
    keys = pd.DataFrame({name: _cells(_column(row, name), table) for name in row.key}, copy=False)
    places = _places(row, keys, like)
    return np.sort(places[places >= 0])


def id_filter(row: Row, ids: Sequence[int | str]) -> tuple[str, pa.Array]:
    """Return the last column of the key, and ids as its values."""
    column = _column(row, row.key[-1])
    kind = arrow_type(column.field)
    of_kind = [id if isinstance(id, str) else int(id) for id in ids if isinstance(id, str) == (kind != pa.int64())]
    return column.name, pa.array(of_kind, kind)


def known_at(table: pa.Table, at: pd.Timestamp, by: str) -> Mask:
    """Return which versions count at a moment: those valid (`by="valid"`) or seen (`by="seen"`) by then."""
    times = table.column(VALID_FROM if by == "valid" else SEEN_AT).to_numpy()
    return np.asarray(times.astype("M8[us]") <= np.datetime64(at.tz_convert(None), "us"))


def changes(row: Row, history: pa.Table, *, first: int) -> pd.DataFrame:
    """Return each value that differs from the version before it, and rows that were created, deleted or restored.

    Parameters
    ----------
    first : int
        The number of the first commit, whose rows are not changes.
    """
    frame = with_undocumented(to_frame(row, history, own=[VALID_FROM, SEEN_AT, DELETED, UNDOCUMENTED]))
    extra = [name for name in frame.columns if name not in row.dtypes and name not in VERSION_COLUMNS]
    frame["_seq"] = history.column("_seq").to_numpy()
    ordered = frame.sort_values(list(row.key), kind="stable", ignore_index=True)
    same_row = ordered.duplicated(list(row.key)).to_numpy()
    before = ordered.shift(1)
    about = [*row.key, VALID_FROM, SEEN_AT]
    parts = []

    def note(where: Mask, column: str, old: Any = None, new: Any = None) -> None:
        part = ordered.loc[where, about].assign(column=column)
        part["before"] = None if old is None else old[where].astype(object)
        part["after"] = None if new is None else new[where].astype(object)
        parts.append(part)

    was_deleted = same_row & before[DELETED].eq(True).to_numpy(bool)
    deleted = ordered[DELETED].to_numpy(bool)
    note(~same_row & ~deleted & (ordered["_seq"] > first).to_numpy(), "(created)")
    note(same_row & deleted & ~was_deleted, "(deleted)")
    note(was_deleted & ~deleted, "(restored)")
    for name in row.dtypes:
        if name not in row.key and name != "modified_on":
            note(
                same_row & ~deleted & _unequal(before[name].astype(ordered[name].dtype), ordered[name]),
                name,
                before[name],
                ordered[name],
            )
    for name in extra:
        pairs = zip(before[name], ordered[name], strict=True)
        note(same_row & ~deleted & [old != new for old, new in pairs], name, before[name], ordered[name])
    listed = pd.concat(parts, ignore_index=True).rename(columns={VALID_FROM: "valid_from", SEEN_AT: "seen_at"})
    listed = listed[[*row.key, "column", "before", "after", "valid_from", "seen_at"]].astype({"column": "str"})
    return listed.sort_values(["valid_from", *row.key], kind="stable", ignore_index=True)


def status_runs(row: Row, history: pa.Table, times: pd.DataFrame) -> pd.DataFrame:
    """Return the periods in which rows had one status, as a status log.

    A status was first seen by the sync that read its version. It was last seen at the time up to which the last sync
    before the version with another status was complete, since a feed shows a change late, but never before its own
    version was modified.

    Parameters
    ----------
    history : Table
        All versions, with the columns of `OF_STATUSES` and `_seq`.
    times : DataFrame
        The `seen_at` and `complete_to` of each commit, by its number.
    """
    cells = {name: _cells(_column(row, name), history) for name in ("id", "status", "modified_on")}
    frame = pd.DataFrame(
        {
            **cells,
            "deleted": history.column(DELETED).to_numpy().astype(bool),
            "seen": as_utc(history.column(SEEN_AT).to_numpy()),
            # Versions of commits that were dropped were seen by the first one that is left.
            "number": np.maximum(history.column("_seq").to_numpy(), times.index[0]),
        },
    ).sort_values("id", kind="stable", ignore_index=True)
    before = frame.shift()
    same = (frame["id"] == before["id"]) & (frame["status"].fillna("") == before["status"].fillna(""))
    same &= ~frame["deleted"] & before["deleted"].eq(False)
    run = (~same.fillna(False)).cumsum()
    runs = frame.groupby(run).agg(
        id=("id", "first"),
        status=("status", "first"),
        first_seen=("seen", "first"),
        modified=("modified_on", "max"),
        number=("number", "first"),
        deleted=("deleted", "first"),
    )
    follows = (runs["id"].shift(-1) == runs["id"]).fillna(False)
    until = (runs["number"].shift(-1) - 1).where(follows, times.index[-1]).astype("int64").clip(times.index[0])
    complete_to = pd.Series(times["complete_to"].loc[until].array, index=runs.index)
    runs["last_seen"] = complete_to.where(~(runs["modified"] > complete_to), runs["modified"])
    runs["first_seen"] = runs["first_seen"].clip(lower=times["seen_at"].iloc[0])
    log = runs.loc[~runs["deleted"], ["id", "status", "first_seen", "last_seen"]]
    return log.reset_index(drop=True)


def take(table: pa.Table, positions: npt.NDArray[np.intp]) -> pa.Table:
    """Return rows of a table, without copying them if many of them follow each other there."""
    starts = np.flatnonzero(np.diff(positions, prepend=-2) != 1)
    if len(starts) * _LONG_RUN >= len(positions):
        return table.take(pa.array(positions))
    if len(starts) == 1 and len(positions) == table.num_rows:
        return table
    lengths = np.diff(starts, append=len(positions)).tolist()
    return pa.concat_tables(map(table.slice, positions[starts].tolist(), lengths))


def _own_cells(name: str, table: pa.Table) -> Any:
    cells = table.column(name).to_pandas()
    return cells.astype("str").array if name == UNDOCUMENTED else cells.array


def _cells(column: Column, table: pa.Table) -> Any:
    wanted = arrow_type(column.field)
    return cells_of(column, [chunk.cast(wanted) for chunk in table.column(column.name).chunks], table.num_rows)


def _column(row: Row, name: str) -> Column:
    return next(column for column in row.columns if column.name == name)


def _places(row: Row, among: pd.DataFrame, rows: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return where the keys of rows are in another frame, -1 if they are not."""
    if len(row.key) == 1:
        (name,) = row.key
        return np.asarray(pd.Index(among[name]).get_indexer(pd.Index(rows[name])))
    keys = list(row.key)
    return pd.MultiIndex.from_frame(among[keys]).get_indexer(pd.MultiIndex.from_frame(rows[keys]))


def _unequal(before: pd.Series, after: pd.Series) -> Mask:
    left, right = before.array, after.array
    same = np.asarray(pd.array(left == right, dtype="boolean").fillna(False), bool)
    return np.asarray(~(same | (np.asarray(before.isna()) & np.asarray(after.isna()))))


def _times(frame: pd.DataFrame, name: str) -> npt.NDArray[np.datetime64]:
    if name not in frame:
        return np.full(len(frame), np.datetime64("NaT", "us"))
    return np.asarray(frame[name].dt.tz_convert(None).to_numpy("M8[us]"))


def _as_json(frame: pd.DataFrame, names: Sequence[str]) -> Any:
    """Return the undocumented fields of each row as JSON text, missing where a row has none."""
    texts: list[str | None] = []
    for cells in zip(*(frame[name] for name in names), strict=True):
        there = {name: cell for name, cell in zip(names, cells, strict=True) if cell is not None}
        texts.append(orjson.dumps(there, option=orjson.OPT_SORT_KEYS).decode() if there else None)
    return pd.array(texts if names else [None] * len(frame), dtype="str")
