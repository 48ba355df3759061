"""Erase people from a mirror, for good: the list of what to erase is written down first, so a kill loses none of it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from stcrm_pandas.errors import MirrorError
from stcrm_pandas.files.private import make_private_folder, open_new
from stcrm_pandas.mirror.commits import without_rows
from stcrm_pandas.mirror.privacy import people
from stcrm_pandas.mirror.privacy.mentions import CONTACT_COLUMNS, Mentions, columns_of, contacts_in
from stcrm_pandas.mirror.privacy.people import OF, Person, Rows
from stcrm_pandas.mirror.resources import EVERY
from stcrm_pandas.mirror.status_log import ImportedStatuses
from stcrm_pandas.mirror.store import SEQ, Store

RowsToErase = dict[str, list[list[Any]]]
"""Rows to erase by resource: the parts of a key, then the last commit to erase or None."""


def forget(
    stores: Mapping[str, Store], person: Person, forgotten: ErasureRegister, *, dry_run: bool = False
) -> list[list[object]]:
    """Erase a person from all files; return resource, rows and versions erased, and texts. The lock must be held."""
    if dry_run:
        return _counted(stores, person)
    forgotten.note(person)
    return finish(stores, forgotten)


def finish(stores: Mapping[str, Store], forgotten: ErasureRegister) -> list[list[object]]:
    """Erase what is written down, also what an interrupted `forget` left; return the same."""
    if forgotten.pending is None:
        forgotten.seal()
        return []
    statuses = ImportedStatuses(forgotten.folder)
    counted: list[list[object]] = []
    gone: dict[str, set[Any]] = {}
    for name, rows in forgotten.pending.items():
        gone[name] = {row[-2] for row in rows if row[-1] is None}
        statuses.forget(name, gone[name])
    mentions = Mentions(forgotten.values)
    for name, store in stores.items():
        erased = _erase(store, name, forgotten.pending.get(name, []), gone, mentions)
        if erased is not None:
            counted.append([name, *erased])
    forgotten.done()
    return counted


def forget_merged(stores: Mapping[str, Store], customers: pd.DataFrame, forgotten: ErasureRegister) -> None:
    """Erase the customers that a read shows as merged into somebody who was erased, as `forget` does.

    They are the same person, and no longer shown once the sync has gone on; so this comes before its commit.

    Parameters
    ----------
    customers : DataFrame
        Rows of customers as read.
    """
    while True:  # one of them may be merged into another
        new = ~forgotten.has("customers", customers["id"]) & forgotten.has("customers", customers["merged_to_id"])
        if not new.any():
            break
        forgotten.note(people.find(stores, customers.loc[new, "id"].tolist()))
    finish(stores, forgotten)


def _counted(stores: Mapping[str, Store], person: Person) -> list[list[object]]:
    """Return what `forget` would erase: resource, rows, versions, and other rows with a text."""
    rows, mentions = listed(person.rows), Mentions(person.erased_values)
    counted = ((name, _left(store, name, rows.get(name, []), mentions)) for name, store in stores.items())
    return [[name, *left.counts] for name, left in counted if left is not None and any(left.counts)]


@dataclass(frozen=True)
class _Left:
    """The versions that are left of a resource, and the numbers of rows and versions erased and of texts changed."""

    table: pa.Table
    counts: tuple[int, int, int]


def _left(store: Store, name: str, rows: list[list[Any]], mentions: Mentions) -> _Left | None:
    """Return what is left of a resource without some rows, and without mentions in the texts of others."""
    table = store.read() if store.files() else None
    if table is None:
        return None
    erased = _matching(table, name, rows)
    left, texts = mentions.erase_in_table(table.filter(pa.array(~erased)) if erased.any() else table, name)
    return _Left(left, (_distinct(table, name, erased), int(erased.sum()), texts))


def _erase(
    store: Store, name: str, rows: list[list[Any]], gone: Mapping[str, set[Any]], mentions: Mentions
) -> tuple[int, int, int] | None:
    parent = EVERY[name].parent
    left = _left(store, name, rows, mentions)
    if left is None:
        store.drop_leftovers()
        return None
    commits = store.commits()
    parents, keys = gone.get(OF.get(parent or "", ""), set()), {tuple(key) for *key, until in rows if until is None}
    kept = [without_rows(commit, parents, keys) for commit in commits]
    if any(left.counts) or kept != commits:
        store.replace(left.table, kept)
    store.drop_leftovers()
    return left.counts if any(left.counts) else None


def _matching(table: pa.Table, name: str, rows: list[list[Any]]) -> npt.NDArray[np.bool_]:
    """Return which versions are to be erased."""
    if not rows:
        return np.zeros(table.num_rows, bool)
    until = {tuple(row[:-1]): row[-1] for row in rows}
    keys = zip(*(table.column(column).to_pylist() for column in key_of(name)), strict=True)
    none = -1
    last = np.array([np.inf if (at := until.get(key, none)) is None else at for key in keys])
    return np.asarray(table.column(SEQ).to_numpy() <= last)


def _distinct(table: pa.Table, name: str, where: npt.NDArray[np.bool_]) -> int:
    chosen = table.select(list(key_of(name))).filter(pa.array(where))
    return int(chosen.group_by(chosen.column_names).aggregate([]).num_rows)


def stores_of(folder: Path, names: Iterable[str] = EVERY) -> dict[str, Store]:
    """Return the stores of a tenant's folder by resource."""
    return {name: Store(folder, name) for name in names}


class ErasureRegister:
    """Who was erased from a mirror, as keyed hashes of ids, and what is still to be erased.

    The lock of the tenant must be held to change it.

    Parameters
    ----------
    folder : Path
        The folder of the tenant.

    Attributes
    ----------
    pending : dict or None
        The rows to erase; None if nothing is.
    values : set of str
        The numbers and addresses to erase in texts of other rows.

    Raises
    ------
    MirrorError
        The file is damaged or cannot be read: without it, a sync could bring somebody back.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "forgotten.json"
        kept = _read(self._path)
        self._key = secrets.token_bytes(32) if kept is None else bytes.fromhex(kept["key"])
        self._hashes: set[str] = set() if kept is None else set(kept["hashes"])
        self.pending: RowsToErase | None = None if kept is None else kept["pending"]
        self.values: set[str] = set() if kept is None else set(kept.get("values", ()))
        self._sealed = kept is None or "digest" in kept

    def note(self, person: Person) -> None:
        """Write down what to erase, and whose rows a sync must leave out from now on."""
        self.pending = _merged(self.pending or {}, listed(person.rows))
        self._hashes |= {self._hash("customers", id) for id in person.customers}
        alone = [name for name in person.rows if len(key_of(name)) == 1]  # ids of contact rows are not unique
        self._hashes |= {self._hash(name, id) for name in alone for id in person.ids(name)}
        self.values |= person.erased_values
        self._hashes |= {self._hash("contact", value) for value in person.erased_values}
        erased = person.mentions[person.mentions["erased"].astype(bool)]
        pairs = zip(erased["resource"], erased["key"], strict=True)
        self._hashes |= {self._hash(f"text of {resource}", key[-1]) for resource, key in pairs}
        self._save()

    def copy_to(self, folder: Path) -> None:
        """Write the same for a copy of the mirror, so that no sync of the copy brings anybody back."""
        if self._path.exists():
            copy = ErasureRegister(folder)
            copy._key, copy._hashes, copy.pending = self._key, self._hashes, self.pending
            copy.values = self.values
            copy._save()

    def seal(self) -> None:
        """Add the digest to a file of an earlier version, which has none."""
        if not self._sealed:
            self._save()

    def done(self) -> None:
        """Remove the list and the values: everything was erased."""
        self.pending, self.values = None, set()
        self._save()

    def has(self, resource: str, ids: pd.Series) -> npt.NDArray[np.bool_]:
        """Return which ids of a resource belong to somebody who was erased."""
        if not self._hashes:
            return np.zeros(len(ids), bool)
        hit = {id for id in ids.dropna().unique().tolist() if self._hash(resource, id) in self._hashes}
        return np.asarray(ids.isin(hit).fillna(False), bool)

    def of_forgotten(self, resource: str, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Return which rows are of somebody who was erased.

        A house may be sold: a row that belongs to another customer now is that customer's, and so is all below it.
        """
        if not self._hashes or frame.empty:
            return np.zeros(len(frame), bool)
        own = self.has(resource, frame["id"]) if len(key_of(resource)) == 1 else np.zeros(len(frame), bool)
        erased = own.copy()
        for column in OF.keys() & set(frame.columns):
            if column != "merged_to_id" or resource == "customers":
                erased |= self.has(OF[column], frame[column])
        if "customer_id" in frame.columns:
            others = np.asarray(frame["customer_id"].notna(), bool) & ~self.has("customers", frame["customer_id"])
            if (own & others).any():
                self._hashes -= {self._hash(resource, id) for id in frame.loc[own & others, "id"].tolist()}
                self._save()
            erased &= ~others
        return erased

    def without_erased_contacts(self, resource: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows as read, without the numbers and addresses that were erased in their texts."""
        rows = np.flatnonzero(self.has(f"text of {resource}", frame[key_of(resource)[-1]]))
        if not len(rows):
            return frame
        cleaned = frame.copy()
        for name in set(columns_of(resource)) - CONTACT_COLUMNS:
            cells = cleaned[name].astype(object).to_numpy(copy=True)
            for row in rows:
                contacts = set(contacts_in(name, cells[row]))
                mentions = Mentions([value for value in contacts if self._hash("contact", value) in self._hashes])
                if mentions.values:
                    cells[row] = mentions.erased(name, cells[row])
            cleaned[name] = pd.Series(cells, index=cleaned.index).astype(cleaned[name].dtype)
        return cleaned

    def _hash(self, resource: str, id: Any) -> str:
        return hashlib.blake2b(f"{resource} {id}".encode(), key=self._key, digest_size=16).hexdigest()

    def _save(self) -> None:
        make_private_folder(self.folder)
        part = self._path.with_suffix(".part")
        part.unlink(missing_ok=True)
        content: dict[str, Any] = {"key": self._key.hex(), "hashes": sorted(self._hashes), "pending": self.pending}
        if self.values:
            content["values"] = sorted(self.values)
        content["digest"] = _digest(content)
        with open_new(part) as file:
            file.write(json.dumps(content).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self._path)
        self._sealed = True


def _read(path: Path) -> dict[str, Any] | None:
    """Return the content of the file; None if nobody was erased yet. A file of an earlier version has no digest."""
    reason = "is damaged"
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        sealed = kept.get("digest") == _digest(kept) or kept.keys() == {"key", "hashes", "pending"}
        if sealed and bytes.fromhex(kept["key"]):
            return kept
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        pass
    raise MirrorError(
        f"{path} {reason}, so nothing was synced or erased: without it, a sync brings back people who were erased. "
        "Restore it from a backup. If there is none, delete it, sync, and erase these people again."
    )


def _digest(content: Mapping[str, Any]) -> str:
    """Return the digest of all that the file has besides it."""
    rest = {name: value for name, value in content.items() if name != "digest"}
    return hashlib.blake2b(json.dumps(rest, sort_keys=True).encode(), digest_size=16).hexdigest()


def key_of(name: str) -> tuple[str, ...]:
    return tuple(EVERY[name].row.key)


def listed(rows: Mapping[str, Rows]) -> RowsToErase:
    return {name: [[*key, until] for key, until in by_key.items()] for name, by_key in rows.items()}


def _merged(first: RowsToErase, second: RowsToErase) -> RowsToErase:
    return {name: [*first.get(name, []), *second.get(name, [])] for name in dict.fromkeys([*first, *second])}
