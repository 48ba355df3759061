"""Which level of `levels.py` each pair of records has for name, phone, e-mail and address."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from stcrm_pandas.cleaning.matching.levels import (
    ADDRESS,
    AREAS,
    EMAIL,
    LEVELS,
    NAME,
    PART,
    PERSON_AND_COMPANY,
    PHONE,
    RANKS,
    STREETS,
    Level,
)

_COLUMNS = {"first": "f", "middle": "m", "last": "l", "others": "o", "groups": "g", "rare": "rare", "scarce": "scarce"}
_PERSON = re.compile(rf"\b([ab])\.({'|'.join(_COLUMNS)})\b")
_ADDRESS_RANKS = {level.name: rank for rank, level in enumerate(reversed(ADDRESS))}
"""Levels of addresses by strength."""


def _case(levels: Iterable[tuple[str, Any]], otherwise: str = "") -> str:
    """Return the expression for the first level whose condition holds."""
    cases = "\n    ".join(f"WHEN {condition} THEN {level!r}" for condition, level in levels)
    return f"CASE {cases} {otherwise} END"


def _named(levels: Iterable[Level]) -> str:
    return _case((level.condition, level.name) for level in levels)


def _people(first: int, second: int) -> str:
    """Return the level of one of the people of record a and one of record b."""
    numbers = {"a": first, "b": second}

    def column(match: re.Match[str]) -> str:
        return f"{match[1]}.{_COLUMNS[match[2]]}{numbers[match[1]]}"

    return _case(
        ((_PERSON.sub(column, level.condition), RANKS[level.name]) for level in NAME if level.condition), "ELSE 0"
    )


_COMPANIES = _case(((level.companies, RANKS[level.name]) for level in NAME if level.companies), "ELSE 0")
_SAME = RANKS["same"]
_COMPARED_NAMES = f"""CASE
    WHEN a.nobody OR b.nobody THEN 0
    WHEN a.company IS NOT NULL AND b.company IS NOT NULL THEN {_COMPANIES}
    WHEN a.company IS NOT NULL THEN CASE WHEN a.company IN (b.f1 || ' ' || b.l1, b.l1 || ' ' || b.f1) THEN {_SAME}
        WHEN b.l1 IS NULL THEN NULL ELSE {PERSON_AND_COMPANY} END
    WHEN b.company IS NOT NULL THEN CASE WHEN b.company IN (a.f1 || ' ' || a.l1, a.l1 || ' ' || a.f1) THEN {_SAME}
        WHEN a.l1 IS NULL THEN NULL ELSE {PERSON_AND_COMPANY} END
    WHEN a.l1 IS NULL OR b.l1 IS NULL THEN NULL
    WHEN a.l2 IS NULL AND b.l2 IS NULL THEN {_people(1, 1)}
    ELSE greatest({_people(1, 1)}, {_people(1, 2)}, {_people(2, 1)}, {_people(2, 2)}) END"""

_LEVELS = f"""
CREATE OR REPLACE TEMP TABLE levels AS
SELECT a.i AS a, b.i AS b, {_COMPARED_NAMES} AS name,
    {_named(level for level in PHONE if level.name != "spelling")} AS phone,
    {_named(level for level in EMAIL if level.name != "spelling")} AS email,
    CASE WHEN list_has_any(a.keys, b.keys) THEN 'same' ELSE {_named(AREAS)} END AS address,
    a.spread OR b.spread AS spread,
    CASE WHEN b.spread THEN a.i ELSE b.i END AS narrow, CASE WHEN b.spread THEN b.i ELSE a.i END AS wide
FROM {{pairs}} p JOIN features a ON a.i = p.a JOIN features b ON b.i = p.b
"""


def _near(column: str) -> str:
    """Return the query for pairs of one name that differ in the spelling of a phone number or an e-mail address."""
    return f"""
CREATE OR REPLACE TEMP TABLE near_{column} AS
SELECT DISTINCT a, b FROM (
    SELECT a, b, unnest(f.{column}s) AS x, g.{column}s AS theirs
    FROM levels JOIN features f ON f.i = a JOIN features g ON g.i = b
    WHERE name >= {PART} AND {column} = 'other'
), unnest(theirs) AS t(y)
WHERE {LEVELS[column]["spelling"].condition}
"""


_ADDRESS_RANK = _case(((level.condition, _ADDRESS_RANKS[level.name]) for level in STREETS), "ELSE 0")
_ADDRESSES = f"""
CREATE OR REPLACE TEMP TABLE narrow AS
SELECT l.a, l.b, l.wide, l.name, k.* FROM levels l JOIN keyed k ON k.i = l.narrow WHERE l.spread;
CREATE OR REPLACE TEMP TABLE nearer AS
SELECT a, b, max(level) AS level FROM (
    SELECT l.a, l.b, {_ADDRESS_RANK} AS level
    FROM levels l JOIN keyed x ON x.i = l.a JOIN keyed y ON y.i = l.b
    WHERE NOT l.spread AND (l.address = 'same' OR l.name >= {PART})
    UNION ALL
    SELECT x.a, x.b, {_ADDRESS_RANK} FROM narrow x JOIN keyed y ON y.i = x.wide AND y.number = x.number
    WHERE x.street = y.street OR x.name >= {PART}
    UNION ALL
    SELECT x.a, x.b, {_ADDRESS_RANK} FROM narrow x JOIN keyed y ON y.i = x.wide AND y.street = x.street
    WHERE x.name >= {PART}
) GROUP BY ALL HAVING level > 0
"""

_COUPLES = f"""
CREATE OR REPLACE TEMP TABLE couples AS
SELECT l.a, l.b FROM levels l JOIN features a ON a.i = l.a JOIN features b ON b.i = l.b
WHERE l.name >= {PART} AND a.l2 IS NOT NULL AND b.l2 IS NOT NULL AND {PART} > greatest(
    least({_people(1, 1)}, {_people(2, 2)}), least({_people(1, 2)}, {_people(2, 1)}))
"""
"""Two couples with one person in common, such as John and Mary, and John and Ann."""

_RESULT = f"""
CREATE OR REPLACE TEMP TABLE compared AS
SELECT l.a, l.b, l.name, k.a IS NOT NULL AS other_partner,
    CASE WHEN p.a IS NOT NULL THEN 'spelling' ELSE l.phone END AS phone,
    CASE WHEN e.a IS NOT NULL THEN 'spelling' ELSE l.email END AS email,
    coalesce(map_extract_value(MAP { ({rank: name for name, rank in _ADDRESS_RANKS.items()}) }, n.level), l.address)
        AS address
FROM levels l
LEFT JOIN near_phone p ON p.a = l.a AND p.b = l.b
LEFT JOIN near_email e ON e.a = l.a AND e.b = l.b
LEFT JOIN nearer n ON n.a = l.a AND n.b = l.b
LEFT JOIN couples k ON k.a = l.a AND k.b = l.b
"""


def create_compared(db: Any, pairs: str = "pairs") -> None:
    """Create the table `compared` with the levels of the pairs in a table."""
    db.execute(_LEVELS.format(pairs=pairs))
    for query in (_near("phone"), _near("email"), _ADDRESSES, _COUPLES, _RESULT):
        db.execute(query)
