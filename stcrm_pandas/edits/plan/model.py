"""A plan as data: changed cells, requests, and refusals. Pure.

Values are JSON values (`values.to_json`), so a plan is the same in memory, in its file and in its digest. A cell names
a column of the frame or a part of one: `custom_fields.91` is the custom field of type 91 (its text, or None),
`tag_type_ids.71` a tag (True if the row has it), `external_data.door` the value of a key.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import orjson

from stcrm_pandas.errors import UsageError

VERSION = 1
"""Version of plans and journals. Files of other versions are rejected."""

BEFORE_READ_AT = "before_read_at"
"""Option of a plan with opt-ins: when `before` was read, by the service's clock."""

UNDO_OF = "undo_of"
"""Option of an undo: the names of the journals that it undoes."""

Key = tuple[int | str, ...]
"""The key values that identify a row."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One change of one cell.

    Parameters
    ----------
    column : str
        A column of the frame, or a part of one (`tag_type_ids.71`).
    old : object
        The value as read; None if it was missing.
    new : object
        The new value; None to clear it.
    one_way : bool, default False
        The API cannot restore `old`, so an undo omits the cell.
    consent : bool, default False
        The change is an opt-in: it requires `allow_opt_in`, and an undo never makes it.
    """

    column: str
    old: Any
    new: Any
    one_way: bool = False
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A request of a plan.

    Parameters
    ----------
    keys : tuple of Key
        The rows to change: one row, or several for bulk tags. All `cells` apply to each row.
    operation : str
        The operationId.
    path : dict
        The path parameters, with the API's names as keys.
    set : dict
        The fixed part of the body, with the API's names as keys. Lists that must be sent in full (tags, custom fields)
        have only added and changed items here; `cells` contains the removals.
    cells : tuple of Cell
        The changed cells.
    fill : dict
        The other values that the API requires, as of when the plan was created. `apply` copies them from the current
        row (`fill.body_of`).
    expects : dict
        Columns that must still have these values when the request is sent (`modified_on`, if the request cannot be
        undone); otherwise the row is a conflict.
    opt_out : bool, default False
        The request is an opt-out. It is sent before all others and is never skipped.
    irreversible : bool, default False
        The request cannot be undone.
    """

    keys: tuple[Key, ...]
    operation: str
    path: dict[str, Any]
    set: dict[str, Any]
    cells: tuple[Cell, ...]
    fill: dict[str, Any] = field(default_factory=dict)
    expects: dict[str, Any] = field(default_factory=dict)
    opt_out: bool = False
    irreversible: bool = False

    @property
    def key(self) -> Key:
        """The key of the first row."""
        return self.keys[0]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that is not in the plan, with the reason and what to do instead.

    `key` is empty if a whole column is refused, and `column` is empty if a whole row is refused.
    """

    key: Key
    column: str
    reason: str
    instead: str = ""


@dataclass(frozen=True, repr=False)
class PlanData:
    """The data of a `Plan`: changes to one tenant's records, and the requests that make them.

    Parameters
    ----------
    resource : str
        The resource to change: `customers`, `customer_contacts` …, or `opt_out` and similar names for several
        resources.
    environment, tenant : str
        The only environment and tenant in which the plan can be applied.
    made_at : str
        When the plan was created, in UTC, as ISO 8601 text.
    steps : tuple of Step
        The requests, opt-outs first.
    refusals : tuple of Refusal, default ()
        Changes that are not in the plan, with reasons.
    total_rows : int, default 0
        Number of rows in the original frame.
    warnings : tuple of str, default ()
        What to check before applying the plan.
    reason : str, optional
        Why the change is made. It is stored in the journal.
    options : dict
        The options of the plan (`allow_opt_in`, `consent_source` …).
    listed : tuple[dict[str, Any], ...], default ()
        Values that match no record (such as numbers passed to `plan_opt_out`) or that can only be changed by hand, each
        with `what`, `why` and `instead`.
    checked : bool, default False
        Whether the checks that require a read were run. If not, `apply` runs them before its first write.
    sample_of : str, optional
        The digest of the complete plan, if this plan is a part of one.
    version : int, default 1
        The version of the file format.
    """

    resource: str
    environment: str
    tenant: int
    made_at: str
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...] = ()
    total_rows: int = 0
    warnings: tuple[str, ...] = ()
    reason: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    listed: tuple[dict[str, Any], ...] = ()
    checked: bool = False
    sample_of: str | None = None
    version: int = VERSION

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that is fixed: all data except `fill`, warnings and the connection."""
        fixed = self.as_json()
        for name in ("warnings", "listed", "checked"):
            del fixed[name]
        for step in fixed["steps"]:
            del step["fill"]
        return hashlib.sha256(orjson.dumps(fixed, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """Return the plan as its JSON file stores it.

        Returns
        -------
        dict
            The data of the plan as JSON values: dictionaries, lists, text, numbers and so on.
        """
        plain = {name: getattr(self, name) for name in PlanData.__dataclass_fields__}
        plain["steps"] = [_plain(step) for step in self.steps]
        plain["refusals"] = [_plain(refusal) for refusal in self.refusals]
        return {**plain, "warnings": list(self.warnings), "listed": list(self.listed)}

    @cached_property
    def keys(self) -> tuple[tuple[str, Key], ...]:
        """The operation and key of each row to change, in the order of the requests."""
        return tuple((step.operation, key) for step in self.steps for key in step.keys)

    def subset(self, keys: Iterable[Any]) -> Self:
        """Return the part of the plan that changes the given rows.

        Parameters
        ----------
        keys : iterable of object
            The keys of the rows, as tuples. If the key is one column, its values are enough.

        Returns
        -------
        Plan
            A plan with the requests for these rows.

        Raises
        ------
        UsageError
            One of the rows is not in the plan.

        Notes
        -----
        `sample_of` of the part is the digest of the complete plan. In production, a plan of more than 500 rows can be
        applied only after a part of it was applied.
        """
        wanted = {key if isinstance(key, tuple) else (key,) for key in map(_plain_key, keys)}
        unknown = wanted.difference(key for _, key in self.keys)
        if unknown:
            names = ", ".join("/".join(map(str, key)) for key in sorted(unknown, key=str)[:10])
            raise UsageError(f"The plan does not change {names}. plan.changes has the rows that it changes.")
        steps = []
        for step in self.steps:
            kept = tuple(key for key in step.keys if key in wanted)
            if kept:
                steps.append(with_keys(step, kept))
        return replace(self, steps=tuple(steps), sample_of=self.sample_of or self.digest)

    def sample(self, n: int, *, seed: int = 0) -> Self:
        """Return `n` random rows of the plan, as a plan.

        Parameters
        ----------
        n : int
            Number of rows, 1 or more.
        seed : int, default 0
            The random seed. The same seed returns the same rows.

        Returns
        -------
        Plan
            A plan with the requests for these rows.

        Raises
        ------
        UsageError
            `n` is less than 1.
        """
        if n < 1:
            raise UsageError(f"A sample must have at least 1 row, not {n}.")
        rows = sorted({key for _, key in self.keys}, key=str)
        drawn = random.Random(seed).sample(rows, min(n, len(rows)))
        return self.subset(drawn)


def with_keys(step: Step, keys: tuple[Key, ...]) -> Step:
    """Return the step with only some of its rows."""
    if keys == step.keys:
        return step
    return replace(step, keys=keys, set={**step.set, "customerIds": [key[0] for key in keys]})


def from_json(plain: Mapping[str, Any]) -> PlanData:
    """Return the plan that `as_json` wrote."""
    content = dict(plain)
    content["steps"] = tuple(_step(part) for part in plain["steps"])
    content["refusals"] = tuple(Refusal(**{**part, "key": tuple(part["key"])}) for part in plain["refusals"])
    content["warnings"], content["listed"] = tuple(plain["warnings"]), tuple(plain["listed"])
    return PlanData(**content)


def _step(plain: Mapping[str, Any]) -> Step:
    cells = tuple(Cell(**cell) for cell in plain["cells"])
    return Step(**{**plain, "keys": tuple(tuple(key) for key in plain["keys"]), "cells": cells})


def _plain(record: Step | Refusal | Cell) -> dict[str, Any]:
    """Return a record as dictionaries and lists."""
    plain = {name: getattr(record, name) for name in record.__dataclass_fields__}
    if isinstance(record, Step):
        plain["keys"] = [list(key) for key in record.keys]
        plain["cells"] = [_plain(cell) for cell in record.cells]
    elif isinstance(record, Refusal):
        plain["key"] = list(record.key)
    return plain


def _plain_key(key: Any) -> Any:
    """Return a key with plain Python values, from values of pandas or numpy."""
    if isinstance(key, (tuple, list)):
        return tuple(_plain_key(part) for part in key)
    return key.item() if hasattr(key, "item") else key
