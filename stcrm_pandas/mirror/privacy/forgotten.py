"""Who was erased from a mirror: keyed hashes of ids, so that no sync brings them back, and what is yet to be erased."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.errors import MirrorError
from stcrm_pandas.files.private import make_private_folder, open_new
from stcrm_pandas.mirror.privacy.mentions import CONTACT_COLUMNS, Mentions, columns_of, contacts_in
from stcrm_pandas.mirror.privacy.people import OF, Person, Rows
from stcrm_pandas.mirror.resources import EVERY

Listed = dict[str, list[list[Any]]]
"""Rows to erase by resource: the parts of a key, then the last commit to erase or None."""


class Forgotten:
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
        self.pending: Listed | None = None if kept is None else kept["pending"]
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
            copy = Forgotten(folder)
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
        found = own.copy()
        for column in OF.keys() & set(frame.columns):
            if column != "merged_to_id" or resource == "customers":
                found |= self.has(OF[column], frame[column])
        if "customer_id" in frame.columns:
            others = np.asarray(frame["customer_id"].notna(), bool) & ~self.has("customers", frame["customer_id"])
            if (own & others).any():
                self._hashes -= {self._hash(resource, id) for id in frame.loc[own & others, "id"].tolist()}
                self._save()
            found &= ~others
        return found

    def without_texts(self, resource: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return rows as read, without the numbers and addresses that were erased in their texts."""
        rows = np.flatnonzero(self.has(f"text of {resource}", frame[key_of(resource)[-1]]))
        if not len(rows):
            return frame
        found = frame.copy()
        for name in set(columns_of(resource)) - CONTACT_COLUMNS:
            cells = found[name].astype(object).to_numpy(copy=True)
            for row in rows:
                contacts = set(contacts_in(name, cells[row]))
                mentions = Mentions([value for value in contacts if self._hash("contact", value) in self._hashes])
                if mentions.values:
                    cells[row] = mentions.erased(name, cells[row])
            found[name] = pd.Series(cells, index=found.index).astype(found[name].dtype)
        return found

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


def listed(rows: Mapping[str, Rows]) -> Listed:
    return {name: [[*key, until] for key, until in found.items()] for name, found in rows.items()}


def _merged(one: Listed, other: Listed) -> Listed:
    return {name: [*one.get(name, []), *other.get(name, [])] for name in dict.fromkeys([*one, *other])}
