"""How two records compare: a level for name, phone, e-mail and address."""

from __future__ import annotations

from typing import Any

NAMES = {
    9: "same",
    8: "nickname",
    7: "initial",
    6: "spelling",
    5: "part",
    4: "part only",
    3: "same first name",
    2: "same last name",
    1: "person and company",
    0: "other",
}
"""The levels of names: from 5 on, both may be the same person or company."""

PART = 5


def _typo(one: str, other: str, shortest: int) -> str:
    return (
        f"(least(length({one}), length({other})) >= {shortest} AND abs(length({one}) - length({other})) <= 2"
        f" AND damerau_levenshtein({one}, {other})"
        f" <= CASE WHEN least(length({one}), length({other})) >= 8 THEN 2 ELSE 1 END)"
    )


def _people(x: int, y: int) -> str:
    """Return the level of person x of record a and person y of record b."""
    f, g, l_, h = f"a.f{x}", f"b.f{y}", f"a.l{x}", f"b.l{y}"
    nickname = f"list_has_any(a.g{x}, b.g{y})"
    rare, scarce = f"(a.rare{x} OR b.rare{y})", f"(a.scarce{x} OR b.scarce{y})"
    return f"""CASE
    WHEN {l_} IS NULL OR {h} IS NULL THEN 0
    WHEN {f} = '' OR {g} = '' THEN CASE WHEN {l_} IN ({h}, {g}) OR {h} = {f} OR {_typo(l_, h, 5)} THEN 4 ELSE 0 END
    WHEN {l_} = {h} THEN CASE
        WHEN {f} = {g} THEN 9
        WHEN length({f}) = 1 OR length({g}) = 1 THEN CASE WHEN left({f}, 1) = left({g}, 1) THEN 7 ELSE 2 END
        WHEN {nickname} OR {f} = b.m{y} OR a.m{x} = {g} THEN 8
        WHEN {rare} AND left({f}, 1) = left({g}, 1) AND ({_typo(f, g, 3)} OR (a.rare{x} AND b.rare{y}
            AND least(length({f}), length({g})) >= 6 AND damerau_levenshtein({f}, {g}) <= 2)) THEN 6
        ELSE 2 END
    WHEN {f} = {h} AND {l_} = {g} THEN 9
    WHEN {f} = {g} OR {nickname} THEN CASE
        WHEN list_contains(b.o{y}, {l_}) OR list_contains(a.o{x}, {h}) THEN 5
        WHEN {_typo(l_, h, 4)} OR ({scarce} AND {_typo(l_, h, 2)}) THEN 6
        ELSE 3 END
    WHEN {scarce} AND {_typo(l_, h, 4)} AND (({rare} AND {_typo(f, g, 4)})
        OR (least(length({f}), length({g})) = 1 AND left({f}, 1) = left({g}, 1))) THEN 6
    WHEN ({scarce} OR {rare}) AND (
        ({f} = {h} AND {_typo(l_, g, 4)}) OR ({l_} = {g} AND {_typo(f, h, 4)})) THEN 6
    ELSE 0 END"""


_NUMBERS = "regexp_extract_all({}.company, '\\d+')"
_COMPANIES = f"""CASE
    WHEN replace(a.company, ' ', '') = replace(b.company, ' ', '') THEN 9
    WHEN {_NUMBERS.format("a")} <> {_NUMBERS.format("b")} AND len({_NUMBERS.format("a")}) > 0
        AND len({_NUMBERS.format("b")}) > 0 THEN 0
    WHEN len(string_split(a.company, ' ')) > 1 AND len(string_split(b.company, ' ')) > 1 AND (
        list_has_all(string_split(a.company, ' '), string_split(b.company, ' '))
        OR list_has_all(string_split(b.company, ' '), string_split(a.company, ' '))) THEN 5
    WHEN {_typo("a.company", "b.company", 6)} THEN 6
    ELSE 0 END"""

_NAME = f"""CASE
    WHEN a.nobody OR b.nobody THEN 0
    WHEN a.company IS NOT NULL AND b.company IS NOT NULL THEN {_COMPANIES}
    WHEN a.company IS NOT NULL THEN CASE WHEN a.company IN (b.f1 || ' ' || b.l1, b.l1 || ' ' || b.f1) THEN 9
        WHEN b.l1 IS NULL THEN NULL ELSE 1 END
    WHEN b.company IS NOT NULL THEN CASE WHEN b.company IN (a.f1 || ' ' || a.l1, a.l1 || ' ' || a.f1) THEN 9
        WHEN a.l1 IS NULL THEN NULL ELSE 1 END
    WHEN a.l1 IS NULL OR b.l1 IS NULL THEN NULL
    WHEN a.l2 IS NULL AND b.l2 IS NULL THEN {_people(1, 1)}
    ELSE greatest({_people(1, 1)}, {_people(1, 2)}, {_people(2, 1)}, {_people(2, 2)}) END"""


def _shared(own: str, same: str = "'same'") -> str:
    return f"""CASE
    WHEN list_has_any(a.{own}, b.{own}) THEN {same}
    WHEN list_has_any(a.busy_{own}, b.busy_{own}) THEN 'busy'
    WHEN coalesce(len(a.{own}), 0) + coalesce(len(a.busy_{own}), 0) > 0
        AND coalesce(len(b.{own}), 0) + coalesce(len(b.busy_{own}), 0) > 0 THEN 'other' END"""


_EMAIL = (
    "CASE WHEN regexp_matches(array_to_string(list_intersect(a.emails, b.emails), ' '), '\\d.*@') THEN 'same'"
    " ELSE 'same, without digits' END"
)
"""Two people of one name may choose the same address, such as an initial and a last name at different hosts."""

_LEVELS = f"""
CREATE OR REPLACE TEMP TABLE levels AS
SELECT a.i AS a, b.i AS b, {_NAME} AS name,
    {_shared("phones")} AS phone, {_shared("emails", _EMAIL)} AS email,
    CASE WHEN list_has_any(a.keys, b.keys) THEN 'same'
        WHEN list_has_any(a.zips, b.zips) THEN 'zip'
        WHEN list_has_any(a.cities, b.cities) THEN 'city'
        WHEN len(a.zips) + len(b.zips) IS NOT NULL OR len(a.cities) + len(b.cities) IS NOT NULL THEN 'other'
        END AS address, a.spread OR b.spread AS spread,
    CASE WHEN b.spread THEN a.i ELSE b.i END AS narrow, CASE WHEN b.spread THEN b.i ELSE a.i END AS wide
FROM {{pairs}} p JOIN features a ON a.i = p.a JOIN features b ON b.i = p.b
"""

_NEAR = """
CREATE OR REPLACE TEMP TABLE near_{what} AS
SELECT DISTINCT a, b FROM (
    SELECT a, b, unnest(f.{what}) AS mine, g.{what} AS theirs
    FROM levels JOIN features f ON f.i = a JOIN features g ON g.i = b
    WHERE name >= {part} AND {column} = 'other'
), unnest(theirs) AS t(yours)
WHERE {near}
"""
_NEAR_PHONE = (
    "damerau_levenshtein(mine, yours) = 1"
    " OR (least(length(mine), length(yours)) = 7 AND right(mine, 7) = right(yours, 7))"
)
_NEAR_EMAIL = (
    "abs(length(mine) - length(yours)) <= 1 AND least(length(mine), length(yours)) >= 10"
    " AND damerau_levenshtein(mine, yours) <= 1"
    " AND regexp_replace(mine, '\\D', '', 'g') = regexp_replace(yours, '\\D', '', 'g')"
    " AND regexp_matches(mine, '\\d.*@')"
)
"""Other digits, or none of them, mean other people of one name: ann.lee and annlee, or annlee4 and annlee5."""

_PREFIX = (
    "least(length(x.street), length(y.street)) >= 4"
    " AND (starts_with(x.street, y.street) OR starts_with(y.street, x.street))"
)
"""A misspelled suffix: Caley Cruscent is compared with caley, the name of Caley Crescent."""

_ONE_STREET = (
    "(x.way = y.way OR x.way = '' OR y.way = '') AND (x.heading = y.heading OR x.heading = '' OR y.heading = '')"
)
"""Oak St and Oak Ct are two streets; Oak may be either of them."""

_PLACE = f"""CASE
    WHEN NOT ({_ONE_STREET}) THEN CASE
        WHEN x.street = y.street AND (x.zip = y.zip OR (x.number = y.number AND x.city = y.city)) THEN 1
        WHEN x.zip = y.zip AND x.number = y.number AND x.number <> '' THEN 1
        ELSE 0 END
    WHEN x.number = y.number AND x.number <> '' AND x.street = y.street AND (x.zip = y.zip OR x.city = y.city) THEN CASE
        WHEN x.unit = y.unit THEN CASE WHEN x.crowded AND x.unit = '' THEN 5 ELSE 6 END
        WHEN x.unit = '' OR y.unit = '' THEN 4
        ELSE 2 END
    WHEN x.number = y.number AND x.number <> '' AND x.street = y.street AND x.unit = y.unit
        AND damerau_levenshtein(x.zip, y.zip) <= 1 AND {_typo("x.city", "y.city", 4)} THEN 3
    WHEN x.zip <> y.zip AND x.city <> y.city THEN 0
    WHEN x.number = y.number AND ({_typo("x.street", "y.street", 2)} OR {_PREFIX}) THEN 3
    WHEN (x.street = y.street OR {_typo("x.street", "y.street", 5)}) AND x.unit = y.unit
        AND (x.number = '' OR y.number = '' OR damerau_levenshtein(x.number, y.number) = 1) THEN 3
    WHEN x.zip = y.zip AND (x.street = y.street OR (x.number = y.number AND x.number <> '')) THEN 1
    ELSE 0 END"""

_ADDRESSES = f"""
CREATE OR REPLACE TEMP TABLE narrow AS
SELECT l.a, l.b, l.wide, k.* FROM levels l JOIN keyed k ON k.i = l.narrow WHERE l.spread;
CREATE OR REPLACE TEMP TABLE nearer AS
SELECT a, b, max(level) AS level FROM (
    SELECT l.a, l.b, {_PLACE} AS level
    FROM levels l JOIN keyed x ON x.i = l.a JOIN keyed y ON y.i = l.b
    WHERE NOT l.spread AND (l.address = 'same' OR l.name >= {PART})
    UNION ALL
    SELECT x.a, x.b, {_PLACE} FROM narrow x JOIN keyed y ON y.i = x.wide AND y.number = x.number
    UNION ALL
    SELECT x.a, x.b, {_PLACE} FROM narrow x JOIN keyed y ON y.i = x.wide AND y.street = x.street
) GROUP BY ALL HAVING level > 0
"""
_ADDRESS_LEVELS = "{6: 'same', 5: 'crowded', 4: 'unit missing', 3: 'spelling', 2: 'other unit', 1: 'nearby'}"

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
    coalesce(map_extract_value(MAP {_ADDRESS_LEVELS}, n.level), l.address) AS address
FROM levels l
LEFT JOIN near_phones p ON p.a = l.a AND p.b = l.b
LEFT JOIN near_emails e ON e.a = l.a AND e.b = l.b
LEFT JOIN nearer n ON n.a = l.a AND n.b = l.b
LEFT JOIN couples k ON k.a = l.a AND k.b = l.b
"""


def create_compared(db: Any, pairs: str = "pairs") -> None:
    """Create the table `compared` with the levels of the pairs in a table."""
    db.execute(_LEVELS.format(pairs=pairs))
    db.execute(_NEAR.format(what="phones", column="phone", near=_NEAR_PHONE, part=PART))
    db.execute(_NEAR.format(what="emails", column="email", near=_NEAR_EMAIL, part=PART))
    db.execute(_ADDRESSES)
    db.execute(_COUPLES)
    db.execute(_RESULT)
