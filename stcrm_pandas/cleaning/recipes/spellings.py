"""Spellings that mean the same, as a map to confirm: booking sources, tags, custom fields."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.cleaning.recipes.fix import (
    Changed,
    ColumnCheck,
    Fix,
    Recipe,
    Skipped,
    Verdict,
    apply_to,
    require_columns,
)
from stcrm_pandas.cleaning.recipes.words import letters_apart
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing

CONFIRM = "may mean the same as another one: confirm the map"
_LONG_WORD = 5
"""From so many letters on, a word with one more of them may be the same word."""
_LONGER_WORD = 8
"""From so many letters on, a word with another one of them may be the same word."""
_WORDS = re.compile(r"[^\W_]+")
_FEW_VALUES = 30
"""Most different values of a custom field whose spellings are compared: other fields hold free text."""

SOURCES = Recipe(
    "sources",
    1,
    "Write booking sources that mean the same in one spelling, by a confirmed map.",
    ("booking source", "booking sources"),
    "renamed",
)
TAGS = Recipe(
    "tags",
    1,
    "Replace tags that mean the same with one of them, by a confirmed map.",
    ("row with tags", "rows with tags"),
    "retagged",
)
CUSTOM_FIELDS = Recipe(
    "custom_fields",
    1,
    "Write values of custom fields that mean the same in one spelling, by a confirmed map.",
    ("row with custom fields", "rows with custom fields"),
    "corrected",
)


@dataclass(frozen=True, repr=False)
class MappedFix(Fix):
    """A `Fix` by a map of spellings. Without a confirmed map nothing is changed, and `map` is the proposal.

    The other parameters are those of `Fix`.

    Parameters
    ----------
    map : DataFrame
        One row per spelling that may mean the same as another: `value`, `rows`, `means` (the spelling to use),
        `reason`, and the columns that the recipe adds. Delete the rows that are wrong, and pass it as `confirmed`.
    """

    map: pd.DataFrame = field(default_factory=pd.DataFrame)


def sources(bookings: pd.DataFrame, *, confirmed: Any = None) -> MappedFix:
    """Write booking sources that mean the same in one spelling, by a map that you confirm.

    Parameters
    ----------
    bookings : DataFrame
        Bookings.
    confirmed : DataFrame or mapping, optional
        The map from spelling to spelling: `fix.map` without its wrong rows, or a dictionary. Without it, nothing is
        changed: `fix.map` is a proposal.

    Returns
    -------
    MappedFix
        The rows before and after, the changes, the map, and the rows that a confirmed map would change.

    Raises
    ------
    UsageError
        The column `source` is missing, or the map goes in a circle.

    Notes
    -----
    The map proposes spellings that differ only in case, spaces, punctuation and accents, or in a letter within a word:
    one more in a word of at least five letters, or another one in a word of at least eight. It proposes the most
    frequent spelling as the one to use.

    Examples
    --------
    >>> bookings = pd.DataFrame({"id": [1, 2, 3], "source": ["Web Form", "Web Form", "web-form"]})
    >>> fix = stcrm.cleaning.sources(bookings)
    >>> fix.map[["value", "means", "rows"]].values.tolist()
    [['web-form', 'Web Form', 1]]
    >>> stcrm.cleaning.sources(bookings, confirmed=fix.map)
    1 of 3 booking sources renamed, 0 skipped
      changed:
        1  web-form → Web Form
    """
    require_columns(bookings, "sources", ("source",), "crm.bookings.list()")
    counts = Counter(source for source in bookings["source"].tolist() if isinstance(source, str) and source)
    proposed = pd.DataFrame(propose(counts), columns=["value", "rows", "means", "reason"])
    known = {} if confirmed is None else resolved(_as_mapping(confirmed, "sources", str))
    meant = dict(zip(proposed["value"], proposed["means"], strict=True))

    def decide(value: str) -> Verdict:
        if value in known:
            return Changed(known[value], f"{value} → {known[value]}")
        return Skipped(CONFIRM, meant[value]) if confirmed is None and value in meant else None

    fix = apply_to(SOURCES, bookings, [ColumnCheck("source", decide)], {"confirmed": known})
    return _mapped(fix, proposed)


def tags(rows: pd.DataFrame, tag_types: pd.DataFrame, *, confirmed: Any = None) -> MappedFix:
    """Replace tags that mean the same with one of them, by a map that you confirm.

    Parameters
    ----------
    rows : DataFrame
        Customers or locations.
    tag_types : DataFrame
        The names of the tags: `crm.lookups.tag_types.list(active=None)`.
    confirmed : DataFrame or mapping, optional
        The map from id to id: `fix.map` without its wrong rows, or a dictionary. Without it, nothing is changed:
        `fix.map` is a proposal.

    Returns
    -------
    MappedFix
        The rows before and after, the changes, the map (with `value_name` and `means_name`), and the rows that a
        confirmed map would change.

    Raises
    ------
    UsageError
        A column is missing, an id is unknown, or the map goes in a circle.

    Notes
    -----
    The map proposes names that differ only in case, spaces, punctuation and accents, or in a letter within a word: one
    more in a word of at least five letters, or another one in a word of at least eight. An active tag comes before an
    inactive one, then the tag with the most rows. The other tags of a row stay.

    Examples
    --------
    >>> types = pd.DataFrame({"id": [7, 8], "name": ["Member", "member "], "active": [True, True]})
    >>> rows = pd.DataFrame({"id": [1, 2, 3], "tag_type_ids": [(7,), (8, 7), (8,)]})
    >>> stcrm.cleaning.tags(rows, types, confirmed={8: 7}).after["tag_type_ids"].tolist()
    [(7,), (7,), (7,)]
    """
    require_columns(rows, "tags", ("tag_type_ids",), "crm.customers.list()")
    require_columns(tag_types, "tags", ("id", "name"), "crm.lookups.tag_types.list(active=None)")
    used = Counter(int(tag) for cell in _lists(rows, "tags", "tag_type_ids") for tag in cell)
    ids = [int(id) for id in tag_types["id"].tolist()]
    names = dict(zip(ids, map(str, tag_types["name"].tolist()), strict=True))
    active = dict(zip(ids, tag_types["active"].tolist(), strict=True)) if "active" in tag_types else {}
    proposed = _twin_tags(names, used, active)
    known = {} if confirmed is None else resolved(_as_mapping(confirmed, "tags", int))
    if unknown := [tag for tag in (*known, *known.values()) if tag not in names]:
        raise UsageError(f"tags: no tag has the id {unknown[0]}. The ids are in `tag_types`.")
    meant = dict(zip(proposed["value"], proposed["means"], strict=True))

    def decide(cell: tuple[int, ...]) -> Verdict:
        new = tuple(dict.fromkeys(known.get(int(tag), tag) for tag in cell))
        if replaced := [int(tag) for tag in cell if int(tag) in known]:
            pairs = "; ".join(f"{names[tag]} → {names[known[tag]]}" for tag in sorted(set(replaced)))
            return Changed(new, pairs)
        twin = next((int(tag) for tag in cell if int(tag) in meant), None)
        return Skipped(CONFIRM, names[meant[twin]]) if confirmed is None and twin is not None else None

    fix = apply_to(TAGS, rows, [ColumnCheck("tag_type_ids", decide)], {"confirmed": known})
    return _mapped(fix, proposed)


def _twin_tags(names: Mapping[int, str], used: Mapping[int, int], active: Mapping[int, Any]) -> pd.DataFrame:
    twins = []
    for tag, other, reason in _alike(names):
        keep, drop = sorted(
            (tag, other), key=lambda number: (active.get(number) is False, -used.get(number, 0), number)
        )
        twins.append((drop, used.get(drop, 0), keep, reason, names[drop], names[keep]))
    columns = ["value", "rows", "means", "reason", "value_name", "means_name"]
    return pd.DataFrame(twins, columns=columns).drop_duplicates("value", ignore_index=True)


def custom_fields(rows: pd.DataFrame, *, confirmed: Any = None) -> MappedFix:
    """Write values of custom fields that mean the same in one spelling, by a map that you confirm.

    Parameters
    ----------
    rows : DataFrame
        Customers or locations.
    confirmed : DataFrame or mapping, optional
        `fix.map` without its wrong rows, or a dictionary from the id of a field to its map of spellings. Without it,
        nothing is changed: `fix.map` is a proposal.

    Returns
    -------
    MappedFix
        The rows before and after, the changes, the map (with `type_id` and `field`, the name), and the rows that a
        confirmed map would change.

    Raises
    ------
    UsageError
        The column `custom_fields` is missing, or the map goes in a circle.

    Notes
    -----
    Fields with more than 30 different values hold free text, and values with digits are codes: neither is compared.

    Examples
    --------
    >>> fix = stcrm.cleaning.custom_fields(crm.customers.list())
    >>> fix.map.columns.tolist(), len(fix.changes)
    (['value', 'rows', 'means', 'reason', 'type_id', 'field'], 0)
    """
    require_columns(rows, "custom_fields", ("custom_fields",), "crm.customers.list()")
    counts: dict[int, Counter[str]] = {}
    names: dict[int, str] = {}
    for cell in _lists(rows, "custom_fields", "custom_fields"):
        for custom_field in cell:
            if not hasattr(custom_field, "type_id"):
                raise UsageError("custom_fields: a cell does not contain custom fields. Pass crm.customers.list().")
            if not is_missing(custom_field.type_id) and isinstance(custom_field.value, str) and custom_field.value:
                counts.setdefault(int(custom_field.type_id), Counter())[custom_field.value] += 1
                names[int(custom_field.type_id)] = str(custom_field.name)
    proposed = _proposed_fields(counts, names)
    maps = {} if confirmed is None else _by_field(confirmed)
    known: dict[tuple[int | None, Any], str] = {
        (number, old): new for number, some in maps.items() for old, new in resolved(some).items()
    }
    named = zip(proposed["type_id"].tolist(), proposed["value"].tolist(), proposed["means"].tolist(), strict=True)
    meant: dict[tuple[int | None, Any], str] = {(number, value): means for number, value, means in named}

    def decide(cell: tuple[Any, ...]) -> Verdict:
        new = tuple(
            custom_field._replace(
                value=known.get((_number(custom_field.type_id), custom_field.value), custom_field.value)
            )
            for custom_field in cell
        )
        if new != cell:
            changed = sorted(
                {str(custom_field.name) for custom_field, other in zip(cell, new, strict=True) if custom_field != other}
            )
            return Changed(new, f"a confirmed spelling of {', '.join(changed)}")
        spelling = next(
            (
                meant[key]
                for custom_field in cell
                if (key := (_number(custom_field.type_id), custom_field.value)) in meant
            ),
            None,
        )
        return Skipped(CONFIRM, spelling) if confirmed is None and spelling is not None else None

    options = {str(number): resolved(some) for number, some in maps.items()}
    fix = apply_to(CUSTOM_FIELDS, rows, [ColumnCheck("custom_fields", decide)], {"confirmed": options})
    return _mapped(fix, proposed)


def _proposed_fields(counts: Mapping[int, Counter[str]], names: Mapping[int, str]) -> pd.DataFrame:
    rows = [
        (*proposal, number, names[number])
        for number, values in counts.items()
        if len(values) <= _FEW_VALUES
        for proposal in propose({value: rows for value, rows in values.items() if not re.search(r"\d", value)})
    ]
    return pd.DataFrame(rows, columns=["value", "rows", "means", "reason", "type_id", "field"])


def propose(counts: Mapping[str, int]) -> list[tuple[str, int, str, str]]:
    """Return spellings that may mean the same as a more frequent one: the value, its rows, the other, the reason.

    >>> propose({"Web Form": 9, "web-form": 2, "Market A": 3, "Market B": 3})
    [('web-form', 2, 'Web Form', 'only case, spaces or punctuation differ')]
    >>> propose({"Referral": 5, "Referal": 1})
    [('Referal', 1, 'Referral', 'one letter differs')]
    """
    means_of: dict[str, tuple[str, str]] = {}
    order = sorted(counts, key=lambda value: (-counts[value], value))
    for value, other, reason in _alike({value: value for value in order}):
        if other not in means_of:
            means_of[other] = (means_of.get(value, (value, ""))[0], reason)
    return [(value, counts[value], means, reason) for value, (means, reason) in means_of.items()]


def _alike(names: Mapping[Any, str]) -> Iterable[tuple[Any, Any, str]]:
    """Yield pairs of keys whose names may mean the same, in the order of `names`, and the reason."""
    keys = list(names)
    folded = [_folded(name) for name in names.values()]
    letters = ["".join(words) for words in folded]
    known: dict[str, int] = {}
    shared: defaultdict[str, list[int]] = defaultdict(list)
    for place, words in enumerate(folded):
        for bucket in {letters[place], *_buckets(words)} if words else ():
            if known.setdefault(bucket, place) != place:
                shared[bucket].append(place)
    pairs = {pair for bucket, places in shared.items() for pair in combinations([known[bucket], *places], 2)}
    for first, second in sorted(pairs):
        if letters[first] == letters[second]:
            yield keys[first], keys[second], "only case, spaces or punctuation differ"
        elif _one_letter_apart(folded[first], folded[second]):
            yield keys[first], keys[second], "one letter differs"


def _buckets(words: list[str]) -> list[str]:
    """Return what two names share if a word is misspelled: the name, or all but the letters within that word.

    A letter within a word of at least five leaves its first three and its last, or its first and its last three.
    """
    name = " ".join(words)
    buckets, start = [name], 0
    for word in words:
        end = start + len(word)
        if len(word) >= _LONG_WORD:
            buckets += (f"{name[: start + 3]}+{name[end - 1 :]}", f"{name[: start + 1]}-{name[end - 3 :]}")
        start = end + 1
    return buckets


def _folded(name: str) -> list[str]:
    plain = name.casefold()
    if not plain.isascii():
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    return _WORDS.findall(plain)


def _one_letter_apart(words: list[str], other: list[str]) -> bool:
    """Return whether one word has a misspelled letter: `Market A` and `Market B` are two names.

    The first and the last letter must be the same, because words that differ there mean different things: Solar and
    Polar, Renter and Rented, MarketplaceA and MarketplaceB. So do short words with another letter, such as Leased and
    Leaked.
    """
    if len(words) != len(other):
        return False
    differing = [(a, b) for a, b in zip(words, other, strict=True) if a != b]
    if len(differing) != 1:
        return False
    a, b = differing[0]
    least = _LONG_WORD if len(a) != len(b) else _LONGER_WORD
    same_ends = (a[0], a[-1]) == (b[0], b[-1])
    return min(len(a), len(b)) >= least and same_ends and a.isalpha() and b.isalpha() and letters_apart(a, b) == 1


def resolved(means: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a map whose values are final: `{a: b, b: c}` becomes `{a: c, b: c}`.

    Raises
    ------
    UsageError
        The map goes in a circle.
    """
    final = {}
    for start in means:
        seen, now = {start}, means[start]
        while now in means and means[now] != now:
            if now in seen:
                raise UsageError(
                    f"The map goes in a circle: it leads from {start!r} back to {start!r}. Delete one of the entries."
                )
            seen.add(now)
            now = means[now]
        if now != start:
            final[start] = now
    return final


def _lists(rows: pd.DataFrame, recipe: str, column: str) -> Iterable[Iterable[Any]]:
    """Yield the cells of a column of lists that are not missing.

    Raises
    ------
    UsageError
        A cell is no list, such as its text in a CSV file.
    """
    for place, cell in enumerate(rows[column].tolist(), 1):
        if isinstance(cell, tuple | list | set | frozenset | np.ndarray):
            yield cell
        elif not is_missing(cell):
            raise UsageError(
                f"{recipe}: row {place} (counted from 1) has {type(cell).__name__} instead of a list in {column}. "
                "Pass the rows as crm.customers.list() returns them."
            )


def as_mapping(confirmed: pd.DataFrame, recipe: str) -> dict[Any, Any]:
    """Return a confirmed map of a recipe as a dictionary, which a file can hold."""
    if recipe == CUSTOM_FIELDS.name:
        return {str(number): some for number, some in _by_field(confirmed).items()}
    return _as_mapping(confirmed, recipe, int if recipe == TAGS.name else str)


def _as_mapping(confirmed: Any, recipe: str, kind: type) -> dict[Any, Any]:
    """Return a confirmed map as a dictionary."""
    pairs: Iterable[tuple[Any, Any]]
    if isinstance(confirmed, pd.DataFrame):
        require_columns(confirmed, recipe, ("value", "means"), "fix.map")
        pairs = zip(confirmed["value"].tolist(), confirmed["means"].tolist(), strict=True)
    elif isinstance(confirmed, Mapping):
        pairs = confirmed.items()
    else:
        raise UsageError(f"{recipe}: confirmed must be fix.map or a dictionary, not {type(confirmed).__name__}.")
    try:
        return {kind(old): kind(new) for old, new in pairs}
    except (TypeError, ValueError):
        raise UsageError(f"{recipe}: confirmed must map {kind.__name__} to {kind.__name__}.") from None


def _by_field(confirmed: Any) -> dict[int, dict[str, str]]:
    if isinstance(confirmed, pd.DataFrame):
        require_columns(confirmed, "custom_fields", ("type_id", "value", "means"), "fix.map")
        groups = confirmed.groupby("type_id", sort=False)
        return {int(str(number)): _as_mapping(some, "custom_fields", str) for number, some in groups}
    if not isinstance(confirmed, Mapping):
        raise UsageError(f"custom_fields: confirmed must be fix.map or a dictionary, not {type(confirmed).__name__}.")
    try:
        return {int(number): _as_mapping(some, "custom_fields", str) for number, some in confirmed.items()}
    except (TypeError, ValueError):
        raise UsageError("custom_fields: confirmed must map the id of a field to its map of spellings.") from None


def _number(value: Any) -> int | None:
    return None if is_missing(value) else int(value)


def _mapped(fix: Fix, proposed: pd.DataFrame) -> MappedFix:
    ordered = proposed.sort_values("rows", ascending=False, kind="stable", ignore_index=True)
    return MappedFix(**{name: getattr(fix, name) for name in Fix.__dataclass_fields__}, map=ordered)
