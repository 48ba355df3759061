"""A plan as data: what changes, by which calls, and what was refused. Pure.

Values are as JSON has them (`values.to_json`), so that a plan is the same in memory, in its file and in its digest.
A cell names a column of the frame, or a part of one: `custom_fields.91` is the custom field of type 91 (its text, or
None), `tag_type_ids.71` a tag (True where the row has it), `external_data.door` the value of a key.
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
"""Of plans and their files. Another version is refused."""

BEFORE_READ_AT = "before_read_at"
"""The option of a plan with opt-ins that has when `before` was read, by the service's clock."""

Key = tuple[int | str, ...]
"""What tells a row from others: the values of `row.key`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One change of one cell.

    Parameters
    ----------
    column : str
        A column of the frame, or a part of one (`tag_type_ids.71`).
    old : object
        What was read; None where it was missing.
    new : object
        What it becomes; None where it is cleared.
    one_way : bool, default False
        The contract cannot bring `old` back, so undo leaves it out.
    consent : bool, default False
        It widens whom one may reach, so it needed `allow_opt_in`, and undo of the opposite leaves it out.
    """

    column: str
    old: Any
    new: Any
    one_way: bool = False
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One call.

    Parameters
    ----------
    keys : tuple of Key
        The rows that it changes: one, or many for the bulk operations of tags. `cells` hold for each of them.
    operation : str
        The operationId.
    path : dict
        What stands in the path, by the contract's names.
    set : dict
        The part of the body that is fixed, by the contract's names, nested as the body. Of a list that has to be sent
        whole (tags, custom fields) only what is added or set; what is removed follows from the cells.
    fill : dict
        The rest that the contract wants, with its value at planning. Apply takes it from the row as it is then:
        `fill.body_of`.
    expects : dict
        Columns that must still have these values when the call is sent (`modified_on` of what cannot be undone); the
        row is a conflict otherwise.
    opt_out : bool, default False
        It narrows whom one may reach: sent before all others, and nothing stops it.
    irreversible : bool, default False
        Undo cannot take it back.
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
        """The row, where it is one."""
        return self.keys[0]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that is not in the plan, why, and what does it instead.

    `key` is empty where a whole column is meant, `column` where a whole row is.
    """

    key: Key
    column: str
    reason: str
    instead: str = ""


@dataclass(frozen=True, repr=False)
class PlanData:
    """Changes, and the requests that make them, for one tenant of one environment: the data of a `Plan`.

    Parameters
    ----------
    resource : str
        What it changes: `customers`, `customer_contacts` …, or `opt_out` and others over several of them.
    environment, tenant : str
        Where it may be applied, and nowhere else.
    made_at : str
        When, in UTC, as ISO 8601 text.
    steps : tuple of Step
        The calls, opt-outs first.
    refusals : tuple of Refusal, default ()
        What is left out, and why.
    total_rows : int, default 0
        Of how many rows it changes some.
    warnings : tuple of str, default ()
        What to look at before it is applied, in words.
    reason : str, optional
        Why it is done, in the words of who made it; the journal keeps it.
    options : dict
        What was allowed when it was made (`allow_opt_in`, `consent_source` …).
    listed : tuple[dict[str, Any], ...], default ()
        What was looked for and is not there (numbers of `plan_opt_out`), or can only be done by hand: `what`, `why` and
        `instead` of each.
    checked : bool, default False
        Whether refusals that need a read were made; where not, apply makes them before its first write.
    sample_of : str, optional
        The digest of the plan of which this is a part.
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
        """SHA-256 over all that is fixed: everything but what is filled in, warnings and the connection."""
        fixed = self.as_json()
        for name in ("warnings", "listed", "checked"):
            del fixed[name]
        for step in fixed["steps"]:
            del step["fill"]
        return hashlib.sha256(orjson.dumps(fixed, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The plan in lists and dictionaries, as its file holds it."""
        plain = {name: getattr(self, name) for name in PlanData.__dataclass_fields__}
        plain["steps"] = [_plain(step) for step in self.steps]
        plain["refusals"] = [_plain(refusal) for refusal in self.refusals]
        return {**plain, "warnings": list(self.warnings), "listed": list(self.listed)}

    @cached_property
    def keys(self) -> tuple[tuple[str, Key], ...]:
        """The rows that it changes: operation and key of each, in the order of the calls."""
        return tuple((step.operation, key) for step in self.steps for key in step.keys)

    def subset(self, keys: Iterable[Any]) -> Self:
        """The part of the plan that changes some rows.

        Parameters
        ----------
        keys : iterable of object
            Of the rows; of a key that is one column its value will do.

        Raises
        ------
        UsageError
            The plan does not change one of them.

        Notes
        -----
        The part knows the plan it is of (`sample_of`): on production, more than 500 rows want such a part applied
        before the whole.
        """
        wanted = {key if isinstance(key, tuple) else (key,) for key in map(_plain_key, keys)}
        unknown = wanted.difference(key for _, key in self.keys)
        if unknown:
            told = ", ".join("/".join(map(str, key)) for key in sorted(unknown, key=str)[:10])
            raise UsageError(f"The plan does not change {told}: plan.changes has the rows that it does.")
        steps = []
        for step in self.steps:
            kept = tuple(key for key in step.keys if key in wanted)
            if kept:
                steps.append(narrowed(step, kept))
        return replace(self, steps=tuple(steps), sample_of=self.sample_of or self.digest)

    def sample(self, n: int, *, seed: int = 0) -> Self:
        """A part of the plan: `n` rows drawn by chance, the same ones for the same `seed`.

        Parameters
        ----------
        n : int
            How many rows, 1 or more.
        seed : int, default 0
            The same number draws the same rows.

        Raises
        ------
        UsageError
            `n` is no positive number.
        """
        if n < 1:
            raise UsageError("A sample has one row or more.")
        rows = sorted({key for _, key in self.keys}, key=str)
        drawn = random.Random(seed).sample(rows, min(n, len(rows)))
        return self.subset(drawn)


def narrowed(step: Step, keys: tuple[Key, ...]) -> Step:
    """A call for some of its rows only; one for a single row stays as it is."""
    if keys == step.keys:
        return step
    return replace(step, keys=keys, set={**step.set, "customerIds": [key[0] for key in keys]})


def from_json(plain: Mapping[str, Any]) -> PlanData:
    """The plan that `as_json` told."""
    given = dict(plain)
    given["steps"] = tuple(_step(one) for one in plain["steps"])
    given["refusals"] = tuple(Refusal(**{**one, "key": tuple(one["key"])}) for one in plain["refusals"])
    given["warnings"], given["listed"] = tuple(plain["warnings"]), tuple(plain["listed"])
    return PlanData(**given)


def _step(plain: Mapping[str, Any]) -> Step:
    cells = tuple(Cell(**one) for one in plain["cells"])
    return Step(**{**plain, "keys": tuple(tuple(key) for key in plain["keys"]), "cells": cells})


def _plain(record: Step | Refusal | Cell) -> dict[str, Any]:
    """A record in dictionaries and lists."""
    plain = {name: getattr(record, name) for name in record.__dataclass_fields__}
    if isinstance(record, Step):
        plain["keys"] = [list(key) for key in record.keys]
        plain["cells"] = [_plain(cell) for cell in record.cells]
    elif isinstance(record, Refusal):
        plain["key"] = list(record.key)
    return plain


def _plain_key(key: Any) -> Any:
    """A key as a plan has it, out of what pandas or numpy hand over."""
    if isinstance(key, (tuple, list)):
        return tuple(_plain_key(one) for one in key)
    return key.item() if hasattr(key, "item") else key
