"""Tags and custom fields that the kept customer of a cluster lacks and another one has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.edits.values import parts_of
from stcrm_pandas.frame.foreign_cells import is_missing


def carry_over(customers: pd.DataFrame, ranked: Mapping[int, Sequence[int]], addable: Collection[int]) -> pd.DataFrame:
    """Return customers with the tags and custom fields of their clusters on the first customer of each.

    A custom field that the first one has keeps its value; of several others, the first value counts.

    Parameters
    ----------
    customers : DataFrame
        The customers.
    ranked : mapping
        Number of a cluster to the ids of its customers, the one to keep first.
    addable : collection of int
        The tags that may be added to a customer.
    """
    after = customers.copy(deep=False)
    position = {int(id): place for place, id in enumerate(customers["id"])}
    for name, added in (("tag_type_ids", partial(_tags, addable=addable)), ("custom_fields", _custom_fields)):
        if name in after:
            cells = after[name].to_numpy(dtype=object, copy=True)
            for ids in ranked.values():
                places = [position[id] for id in ids if id in position]
                if ids[0] in position and len(places) > 1:
                    cells[places[0]] = added([customers[name].iloc[place] for place in places])
            after[name] = pd.Series(cells, after.index, dtype=customers[name].dtype)
    return after


def tags_not_added(
    customers: pd.DataFrame, ranked: Mapping[int, Sequence[int]], addable: Collection[int]
) -> Iterator[tuple[int, int, int]]:
    """Yield tags that `carry_over` does not add: the tag, the customer that has it, and the kept customer.

    Parameters
    ----------
    customers, ranked, addable
        As for `carry_over`.
    """
    tags = {int(id): cell for id, cell in zip(customers["id"], customers["tag_type_ids"], strict=True)}
    for kept, *others in ranked.values():
        for other in others:
            for tag in map(int, missing_parts("tag_type_ids", tags.get(kept), tags.get(other))):
                if tag not in addable:
                    yield tag, other, kept


def missing_parts(column: str, kept: Any, other: Any) -> dict[str, Any]:
    """Return the tags or custom fields of another customer that the kept one lacks, by name."""
    there = parts_of(column, kept)
    return {
        name: value
        for name, value in parts_of(column, other).items()
        if not _is_blank(value) and _is_blank(there.get(name))
    }


def _tags(cells: Sequence[Any], *, addable: Collection[int]) -> Any:
    kept = cells[0] if not is_missing(cells[0]) else ()
    others = dict.fromkeys(int(tag) for cell in cells[1:] for tag in missing_parts("tag_type_ids", kept, cell))
    more = [tag for tag in others if tag in addable]
    return (*kept, *more) if more else cells[0]


def _custom_fields(cells: Sequence[Any]) -> Any:
    kept = cells[0] if not is_missing(cells[0]) else ()
    more: dict[str, Any] = {}
    for cell in cells[1:]:
        more = missing_parts("custom_fields", kept, cell) | more
    if not more:
        return cells[0]
    names = {
        str(int(field.type_id)): field.name
        for cell in cells[1:]
        for field in (() if is_missing(cell) else cell)
        if not is_missing(field.type_id)
    }
    filled = [
        field if is_missing(field.type_id) else field._replace(value=more.pop(str(int(field.type_id)), field.value))
        for field in kept
    ]
    return (*filled, *(CustomField(int(type_id), names[type_id], value) for type_id, value in more.items()))


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
