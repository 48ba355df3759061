"""Erase people from a mirror, for good: the list of what to erase is written down first, so a kill loses none of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from stcrm_pandas.mirror.commits import without_rows
from stcrm_pandas.mirror.privacy import people
from stcrm_pandas.mirror.privacy.forgotten import Forgotten, key_of, listed
from stcrm_pandas.mirror.privacy.mentions import Mentions
from stcrm_pandas.mirror.privacy.people import OF, Person
from stcrm_pandas.mirror.resources import EVERY
from stcrm_pandas.mirror.status_log import ImportedStatuses
from stcrm_pandas.mirror.store import SEQ, Store


def forget(
    stores: Mapping[str, Store], person: Person, forgotten: Forgotten, *, dry_run: bool = False
) -> list[list[object]]:
    """Erase a person from all files; return resource, rows and versions erased, and texts. The lock must be held."""
    if dry_run:
        return _counted(stores, person)
    forgotten.note(person)
    return finish(stores, forgotten)


def finish(stores: Mapping[str, Store], forgotten: Forgotten) -> list[list[object]]:
    """Erase what is written down, also what an interrupted `forget` left; return the same."""
    if forgotten.pending is None:
        forgotten.seal()
        return []
    statuses = ImportedStatuses(forgotten.folder)
    found: list[list[object]] = []
    gone: dict[str, set[Any]] = {}
    for name, rows in forgotten.pending.items():
        gone[name] = {row[-2] for row in rows if row[-1] is None}
        statuses.forget(name, gone[name])
    mentions = Mentions(forgotten.values)
    for name, store in stores.items():
        erased = _erase(store, name, forgotten.pending.get(name, []), gone, mentions)
        if erased is not None:
            found.append([name, *erased])
    forgotten.done()
    return found


def forget_merged(stores: Mapping[str, Store], customers: pd.DataFrame, forgotten: Forgotten) -> None:
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
