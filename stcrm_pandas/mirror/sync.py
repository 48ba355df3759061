"""Bring one resource of a mirror up to date: read what changed, and commit the versions that differ."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract.schemas.fields import Row, snake
from stcrm_pandas.errors import MirrorError, PermissionDenied, RequestError, StcrmError, UsageError
from stcrm_pandas.mirror import versions
from stcrm_pandas.mirror.commits import Commit, Parents, packed_parents, parents_of
from stcrm_pandas.mirror.derived import Known, current_rows, current_table
from stcrm_pandas.mirror.privacy.forgetting import ErasureRegister, forget_merged, stores_of
from stcrm_pandas.mirror.privacy.people import OF
from stcrm_pandas.mirror.resources import FEED_DELAY, OVERLAP, Mirrored
from stcrm_pandas.mirror.store import Store
from stcrm_pandas.output.printable import plural
from stcrm_pandas.reads.reading import Feed

MOST_VANISHED = 0.10
"""The largest share of rows that may be missing from a complete list; more looks like a list that hides rows.
Of 20 rows or fewer any may be missing, but not all."""
PARENTS_AT_ONCE = 500
"""The number of parents after which what was read on demand is committed."""
_FEW = 20
_BY_ID = {"customer_contacts": "customer_id", "location_contacts": "location_id"}
"""The column whose values the list of a resource takes as ids, if it is not `id`."""


@dataclass(frozen=True)
class Synced:
    """What a sync of one resource did: the numbers of rows read, of versions written, and of deletions among them."""

    read: int = 0
    written: int = 0
    deleted: int = 0


class Sync:
    """A sync of one resource; `synced` counts what it did. The lock of the tenant must be held.

    `known` has the current rows from before the last commit, unless that was a complete list, so that the rows after it
    are derived without reading them again.
    """

    known: Known | None = None

    def __init__(self, crm: Any, store: Store, mirrored: Mirrored) -> None:
        self._crm, self._store, self._mirrored = crm, store, mirrored
        self._row = mirrored.row
        self.synced = Synced()
        self._chosen: list[Any] | None = None  # only rows of these parents are compared
        self._parents: Parents = {}

    def run(self, *, full: bool, allow_deletions: bool) -> None:
        """Read the changes since the last commit, and the complete list if that is due.

        Raises
        ------
        MirrorError
            The complete list lacks more rows than can have been deleted; nothing of it was committed.
        """
        last = self._store.last()
        if self._mirrored.feed is not None:
            last = self._feed(self._mirrored.feed, last)
        elif last is not None and not full:
            last = self._modified(last)
        if full or self._relist_due(last):
            self._complete(allow_deletions)

    def read_parents(self, parents: Sequence[Any] | None, *, allow_deletions: bool) -> None:
        """Read all rows of some parents, or of those that were read before, and commit after each few hundred.

        Raises
        ------
        UsageError
            No parents are given, and none were read before.
        MirrorError
            The rows of these parents lack more than can have been deleted.
        """
        assert self._mirrored.parent is not None
        self._parents = parents_of(self._store.last())
        wanted = list(dict.fromkeys(self._parents if parents is None else parents))
        forgotten = ErasureRegister(self._store.folder)
        gone = forgotten.has(OF[self._mirrored.parent], pd.Series(wanted, dtype=object))
        wanted = [id for id, erased in zip(wanted, gone, strict=True) if not erased]
        if parents is None and not wanted:
            raise UsageError(
                f"{self._mirrored.name} needs a request for each {self._mirrored.parent}. Give those that you want: "
                f'mirror.sync(only="{self._mirrored.name}", parents=ids). Later syncs of it read the same ones again.'
            )
        for start in range(0, len(wanted), PARENTS_AT_ONCE):
            self._read_some(self._mirrored.parent, wanted[start : start + PARENTS_AT_ONCE], allow_deletions)

    def _read_some(self, column: str, parents: list[Any], allow_deletions: bool) -> None:
        if self._mirrored.name == "contact_preferences":  # one request for each of the contacts' methods
            methods = self._read("contact_methods.list", parents)
            frames = [self._read(self._mirrored.list, methods["contact_id"], methods["id"]), methods]
        else:
            frames = [self._read(self._mirrored.list, parents)]
        abouts = [frame.attrs["stcrm"] for frame in frames]
        withheld = {parent[column] for about in abouts for parent in about["withheld_parents"]}
        missing = {parent[column] for parent in abouts[-1]["missing_parents"]}
        self._chosen = [parent for parent in parents if parent not in withheld]
        seen_at = _seen_at(frames[-1])
        for parent in self._chosen:
            first, _ = self._parents.get(parent, (seen_at, seen_at))
            self._parents[parent] = (first, seen_at)
        for parent in missing:  # it was deleted, and so are its rows
            self._parents.pop(parent, None)
        read = versions.incoming(self._row, frames[0], np.zeros(len(frames[0]), bool), authoritative=True)
        last = self._store.last()
        doubted = [] if last is None else last.missing
        lacking = self._check(read, allow_deletions, doubted, all=False)
        lacking = lacking[~lacking[column].isin(missing)]  # only what two reads of its parent in a row lack is deleted
        place = self._row.key.index(column)
        kept = [key for key in _keys(self._row, lacking) if key not in doubted]
        kept += [key for key in doubted if key[place] not in self._chosen]
        self._commit(read, seen_at, seen_at, None, full=False, missing=kept)

    def _read(self, method: str, *arguments: Any) -> pd.DataFrame:
        frame: pd.DataFrame = operator.attrgetter(method)(self._crm)(*arguments, refresh=True)
        return frame

    def _relist_due(self, last: Commit | None) -> bool:
        if last is None:
            return True
        full = self._store.last_full()
        return full is None or bool(full.missing) or _at(last.seen_at) - _at(full.seen_at) >= self._mirrored.relist

    def _feed(self, name: str, last: Commit | None) -> Commit:
        export: Callable[..., Feed] = operator.attrgetter(name)(self._crm)
        token = None if last is None else last.token
        try:
            feed = export(continue_from=token, refresh=True)
        except RequestError:
            if token is None:
                raise
            feed = export(refresh=True)  # the service no longer knows the token: read everything, write what differs
        gone = (
            feed.frame["active"].eq(False).to_numpy(bool, na_value=False) if "active" not in self._row.dtypes else None
        )
        deleted = np.zeros(len(feed.frame), bool) if gone is None else gone
        rows = feed.frame if gone is None else feed.frame.drop(columns="active")
        seen_at = _seen_at(feed.frame)
        read = versions.incoming(self._row, rows, deleted)
        return self._commit(read, seen_at, seen_at - FEED_DELAY, feed.continue_from, full=last is None)

    def _modified(self, last: Commit) -> Commit:
        frame = self._list(modified_on_or_after=pd.Timestamp(last.complete_to) - OVERLAP)
        seen_at = _seen_at(frame)
        read = versions.incoming(self._row, frame, np.zeros(len(frame), bool))
        return self._commit(read, seen_at, seen_at, None, full=False)

    def _complete(self, allow_deletions: bool) -> None:
        frame = self._list()
        seen_at = _seen_at(frame)
        read = versions.incoming(self._row, frame, np.zeros(len(frame), bool), authoritative=True)
        last, full = self._store.last(), self._store.last_full()
        doubted = [] if full is None else full.missing
        lacking = self._check(read, allow_deletions, doubted)
        missing: list[Any] = []
        if len(lacking) and (by_id := self._listed_by_id(lacking)) is not None:
            read = versions.together(self._row, read, by_id)
        elif len(lacking):  # only what two complete lists in a row lack is deleted
            missing = [key for key in _keys(self._row, lacking) if key not in doubted]
        self._commit(read, seen_at, seen_at, None if last is None else last.token, full=True, missing=missing)

    def _check(
        self, read: versions.Incoming, allow_deletions: bool, doubted: Sequence[Any] = (), *, all: bool = True
    ) -> pd.DataFrame:
        """Return the rows that a complete list lacks; raise if there are so many that it probably hides them.

        Parameters
        ----------
        doubted : sequence
            The keys of rows that an earlier list lacked; these are not counted again.
        all : bool, default True
            Whether a list that lacks all rows is refused, however few they are.
        """
        current = self._of_chosen(current_rows(self._row, current_table(self._store, self._row)))
        lacking = versions.vanished(self._row, current, read, pd.Timestamp(0, tz="UTC"))
        known = sum(key in doubted for key in _keys(self._row, lacking)) if doubted else 0
        gone, live = len(lacking) - known, int((~current[versions.DELETED].astype(bool)).sum()) - known
        all_gone = all and 0 < gone == live
        if not allow_deletions and (all_gone or (live > _FEW and gone > MOST_VANISHED * live)):
            raise MirrorError(
                f"{self._mirrored.name}: the complete list lacks {plural(gone, 'row')} of {live:,} that the mirror "
                "has, so it was not used: they may be hidden rather than deleted, for example by a missing permission. "
                "If they are deleted, sync with allow_deletions=True."
            )
        return lacking

    def _listed_by_id(self, lacking: pd.DataFrame) -> versions.Incoming | None:
        """Return those of some rows that the service has, asked for by id; None if it cannot be asked."""
        column = _BY_ID.get(self._mirrored.name, "id")
        name = f"{column}s"
        if not any(snake(field.name) == name for field in self._mirrored.operation.filters):
            return None
        frame = self._list(**{name: lacking[column].drop_duplicates().tolist()})
        return versions.incoming(self._row, frame, np.zeros(len(frame), bool), authoritative=True)

    def _of_chosen(self, current: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the parents that were read, or all rows."""
        if self._chosen is None:
            return current
        return current[current[self._mirrored.parent].isin(self._chosen)].reset_index(drop=True)

    def _without_forgotten(self, read: versions.Incoming) -> versions.Incoming:
        """Return a read without the rows of people who were erased, and what was erased in texts of other rows."""
        forgotten = ErasureRegister(self._store.folder)
        if self._mirrored.name == "customers":
            forget_merged(stores_of(self._store.folder), read.frame, forgotten)
        gone = forgotten.of_forgotten(self._mirrored.name, read.frame)
        read = replace(read, frame=read.frame[~gone].reset_index(drop=True)) if gone.any() else read
        return replace(read, frame=forgotten.without_erased_contacts(self._mirrored.name, read.frame))

    def _list(self, **filters: Any) -> pd.DataFrame:
        frame: pd.DataFrame = operator.attrgetter(self._mirrored.list)(self._crm)(refresh=True, **filters)
        return frame

    def _commit(
        self,
        read: versions.Incoming,
        seen_at: pd.Timestamp,
        complete_to: pd.Timestamp,
        token: str | None,
        *,
        full: bool,
        missing: Sequence[Any] = (),
    ) -> Commit:
        """Commit the versions that differ from the current ones; a read without any is committed, too.

        Rows with the keys in `missing` stay, though the list lacks them.
        """
        read = self._without_forgotten(read)
        last = self._store.last()
        if last is not None:
            seen_at = max(seen_at, pd.Timestamp(last.seen_at))
            complete_to = max(complete_to, pd.Timestamp(last.complete_to))
        if self._parents:
            complete_to = min(last_read for _, last_read in self._parents.values())
        table = current_table(self._store, self._row)
        self.known = None if last is None or table is None or read.authoritative else (last.number, table)
        current = self._of_chosen(current_rows(self._row, table, None if read.authoritative else read.frame))
        written = versions.new_versions(self._row, current, read, seen_at)
        if read.authoritative:
            gone = versions.vanished(self._row, current, read, seen_at)
            gone = gone[[key not in missing for key in _keys(self._row, gone)]] if missing else gone
            written = pd.concat([written, gone], ignore_index=True) if len(gone) else written
        commit = Commit(
            number=1 if last is None else last.number + 1,
            seen_at=seen_at.isoformat(),
            complete_to=complete_to.isoformat(),
            token=token,
            full=full,
            rows=len(written),
            environment=self._crm.settings.name,
            settings=_kept_settings(self._crm.settings),
            parents=packed_parents(self._parents),
            missing=list(missing),
        )
        self._store.append(versions.to_table(self._row, written), commit)
        self.synced = Synced(
            self.synced.read + len(read.frame),
            self.synced.written + len(written),
            self.synced.deleted + int(written[versions.DELETED].astype(bool).sum()),
        )
        return commit


def _keys(row: Row, frame: pd.DataFrame) -> list[list[Any]]:
    """Return the keys of rows, as JSON has them."""
    cells: list[list[Any]] = frame[list(row.key)].astype(object).to_numpy().tolist()
    return cells


def describe_problem(error: StcrmError) -> str:
    """Return why a resource could not be read."""
    if isinstance(error, PermissionDenied):
        return f"no permission ({error.scope})" if getattr(error, "scope", None) else "no permission"
    return str(error)


def _kept_settings(settings: Any) -> dict[str, Any]:
    """Return the settings that readers of the mirror need: no address of the API, no secret."""
    reasons = {str(id): name for id, name in dict(settings.dismissing_reasons or {}).items()}
    url = None if settings.service_url is None else str(settings.service_url)
    kept = {"time_zone": settings.time_zone, "service_url": url, "dismissing_reasons": reasons}
    return {**kept, "double_opt_in": settings.double_opt_in}


def _seen_at(frame: pd.DataFrame) -> pd.Timestamp:
    """Return when the service began to answer, by its clock."""
    return pd.Timestamp(frame.attrs["stcrm"]["fetched_at"])


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
