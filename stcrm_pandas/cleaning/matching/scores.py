"""The score, kind, tier and probability of compared pairs, by the fixed weights of `levels.py`.

The weights were learned on made-up companies. Weights learned on one's own customers would be worse: without labels, a
household looks like a duplicate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from stcrm_pandas.cleaning.matching.levels import (
    FIRST_SPELLING,
    LEVELS,
    NAME,
    PART,
    PART_ONLY,
    PERSON_AND_COMPANY,
    RANKS,
    SAME_FIRST,
    SAME_LAST,
    Level,
)

SURE, LOOK = 0.99, 0.5
"""The least score of the tiers `sure` and `look`: the probability by the weights alone."""

PRIOR = 0.2
"""About so many duplicates per customer: before a comparison, a pair is one with probability 0.2 / customers."""

RIGHT: Mapping[tuple[str, str], tuple[float, float, float, float]] = {
    ("sure", "same person"): (0.95, 0.953, 0.984, 0.995),
    ("sure", "same company"): (0.99, 0.99, 0.995, 0.995),
    ("sure", "renamed"): (0.98, 0.98, 0.98, 0.98),
    ("sure", "incomplete name"): (0.98, 0.98, 0.984, 0.984),
    ("look", "same person"): (0.5, 0.58, 0.77, 0.9),
    ("look", "same company"): (0.75, 0.75, 0.65, 0.65),
    ("look", "renamed"): (0.71, 0.72, 0.7, 0.7),
    ("look", "incomplete name"): (0.9, 0.9, 0.91, 0.96),
    ("look", "same name"): (0.35, 0.35, 0.35, 0.35),
    ("related", "branch"): (0.003, 0.01, 0.012, 0.012),
    ("related", "household"): (0.01, 0.011, 0.017, 0.035),
    ("related", "other unit"): (0.001, 0.001, 0.001, 0.001),
    ("related", "owner and company"): (0.003, 0.003, 0.01, 0.01),
    ("related", "parent and child"): (0.006, 0.02, 0.03, 0.2),
    ("related", "shared office"): (0.02, 0.02, 0.03, 0.1),
    ("related", "sold house"): (0.003, 0.003, 0.1, 0.33),
}
"""The share of pairs that were the same, by tier, kind, and how many of phone, e-mail and address agree (0 to 3).

Measured on four made-up companies of `bench/duplicates`, two of them with more households, couples and tenants than
usual, with seeds that no figure in the guide is of. Weights do not tell this: they take phone, e-mail and address to be
independent, so nearly all pairs had a probability of about 1. A share may fall as agreement rises: companies that agree
in more are sure, unless a number or a letter such as Phase 2 tells them apart, so those to look at are often branches.
"""
UNLIKELY = 0.01
"""The probability of other pairs, which are not listed."""

FEW = 4
"""Up to so many records of one company may be one that moved; more are a chain."""


def _case(column: str, levels: Iterable[tuple[object, Level]]) -> str:
    cases = " ".join(
        f"WHEN {value!r} THEN {level.weight}{' + growth' if level.grows else ''}" for value, level in levels
    )
    return f"CASE {column} {cases} ELSE 0 END"


_WEIGHTS = " + ".join(["name_weight", *(_case(column, levels.items()) for column, levels in LEVELS.items())])

_FAMILIES = f"""
CREATE OR REPLACE TEMP TABLE families AS
SELECT i, count(DISTINCT first) > 1 AS several FROM (
    SELECT a AS i, unnest([g.f1, g.f2]) AS first
    FROM compared JOIN features f ON f.i = a JOIN features g ON g.i = b WHERE name = {PART_ONLY} AND f.f1 = ''
    UNION ALL
    SELECT b, unnest([f.f1, f.f2])
    FROM compared JOIN features f ON f.i = a JOIN features g ON g.i = b WHERE name = {PART_ONLY} AND g.f1 = ''
) WHERE first <> '' GROUP BY i
"""
"""Records with a last name only, and whether people of several first names share that name and something else."""

_SCORED = f"""
CREATE OR REPLACE TEMP TABLE scored AS
SELECT c.*, (f.company IS NOT NULL OR f.commercial) AND (g.company IS NOT NULL OR g.commercial) AS firms,
    CASE WHEN f.suffix = g.suffix THEN 'same' WHEN f.suffix = '' OR g.suffix = '' THEN 'one' ELSE 'both' END AS suffix,
    CASE WHEN c.other_partner THEN 'other' WHEN f.l1 IS NOT NULL AND g.l1 IS NOT NULL
        AND (f.l2 IS NULL) <> (g.l2 IS NULL) THEN 'one' ELSE 'same' END AS couple,
    left(f.m1, 1) <> left(g.m1, 1) AND f.m1 <> '' AND g.m1 <> '' AND f.l2 IS NULL AND g.l2 IS NULL AS middle,
    coalesce(len(f.phones), len(f.busy_phones), len(f.emails), len(f.busy_emails),
        len(g.phones), len(g.busy_phones), len(g.emails), len(g.busy_emails)) IS NULL AS no_contacts,
    f.house <> '' OR g.house <> '' AS housed, f.house <> '' AND g.house <> '' AND f.house <> g.house AS houses,
    (f.l1 = g.l1 AND (f.f1 = '' OR g.f1 = '')) IS TRUE AS family,
    coalesce(greatest(h.several, k.several), false) AS several, f.titled OR g.titled AS titled,
    greatest(f.branches, g.branches, 1) AS branches,
    (regexp_extract_all(f.company, '\\d+') <> regexp_extract_all(g.company, '\\d+')) IS TRUE AS numbered,
    (contains(f.company, g.l1) OR contains(g.company, f.l1)) IS TRUE AS named_after,
    CASE WHEN c.name < {PART} THEN 0
        ELSE least(coalesce(f.wc, greatest(f.w1, f.w2)), coalesce(g.wc, greatest(g.w1, g.w2))) END
        + {_case("name", ((RANKS[level.name], level) for level in NAME))} AS name_weight,
    {_WEIGHTS} AS weight
FROM compared c JOIN features f ON f.i = c.a JOIN features g ON g.i = c.b CROSS JOIN sizes
LEFT JOIN families h ON h.i = c.a LEFT JOIN families k ON k.i = c.b
"""

_SHARES = "coalesce(phone IN ('same', 'spelling') OR email IN ('same', 'same, without digits', 'spelling'), false)"
_ONE_HOUSE = "'same', 'crowded', 'unit missing', 'spelling', 'swapped letters', 'street', 'number'"
_AT_ONE_PLACE = f"coalesce(address IN ({_ONE_HOUSE}), false)"
_OTHER_PHONES = "coalesce(phone = 'other', false)"
_UNCERTAIN_FIRST = f"(coalesce(name = {FIRST_SPELLING}, false) AND {_OTHER_PHONES})"
"""With other phones, a misspelled first name may be that of another person of the house."""
_UNCERTAIN_HOUSE = f"""coalesce(address = 'number' OR (address = 'street' AND NOT no_contacts)
    OR (address = 'swapped letters' AND {_OTHER_PHONES}), false)"""
"""Perhaps two houses. Where neither record has a number or an e-mail, a misspelled street is taken for one."""
_BUSY = "coalesce(phone = 'busy' OR email = 'busy', false)"
_APART = "coalesce(address IN ('nearby', 'zip', 'city', 'other', 'other unit'), false)"
_AGREEING = f"""(coalesce(phone IN ('same', 'spelling'), false)::INTEGER
        + coalesce(email LIKE 'same%' OR email = 'spelling', false)::INTEGER
        + {_AT_ONE_PLACE}::INTEGER)"""

_OTHER_FAMILY = f"(several OR ((titled OR {_OTHER_PHONES}) AND {_AGREEING} < 3))"
"""Whether a last name alone may be that of somebody else of the family."""

_RIGHT = ", ".join(
    f"('{tier}', '{kind}', {agreeing}, {share})"
    for (tier, kind), shares in RIGHT.items()
    for agreeing, share in enumerate(shares)
)

_KINDS = f"""
CREATE OR REPLACE TEMP TABLE judged AS
SELECT s.*, coalesce(r.share, {UNLIKELY}) AS probability FROM (SELECT *, CASE
    WHEN kind IN ('same person', 'same company', 'renamed', 'incomplete name')
        AND score >= {SURE} AND NOT doubtful THEN 'sure'
    WHEN (kind IN ('same person', 'same company', 'renamed', 'incomplete name')
        OR (kind = 'same name' AND address IN ('nearby', 'zip only', 'zip'))) AND score >= {LOOK} THEN 'look'
    ELSE 'related' END AS tier
FROM (
    SELECT *, 1 / (1 + pow(2, -least(200, greatest(-200, weight + {{prior}})))) AS score, {_AGREEING} AS agreeing,
        CASE
        WHEN name >= {SAME_FIRST} AND NOT firms AND (suffix <> 'same' OR (middle AND name >= {PART}))
            THEN 'parent and child'
        WHEN name >= {PART} AND firms AND suffix = 'both' THEN 'branch'
        WHEN name >= {PART} AND firms AND {_APART} AND NOT (branches <= {FEW} AND {_SHARES}) THEN 'branch'
        WHEN name >= {PART} AND address = 'other unit' AND NOT {_SHARES} THEN 'other unit'
        WHEN name >= {PART} AND NOT ({_SHARES} OR {_BUSY} OR {_AT_ONE_PLACE}) THEN 'same name'
        WHEN name >= {PART} THEN CASE WHEN firms THEN 'same company' ELSE 'same person' END
        WHEN (name IS NULL OR name = {PART_ONLY}) AND ({_AT_ONE_PLACE} OR ({_SHARES} AND NOT firms))
            THEN 'incomplete name'
        WHEN name = {SAME_FIRST} AND ({_SHARES} OR {_AT_ONE_PLACE}) THEN 'renamed'
        WHEN name = {SAME_LAST} AND ({_SHARES} OR {_AT_ONE_PLACE}) THEN 'household'
        WHEN name = {PERSON_AND_COMPANY} AND ({_SHARES} OR (named_after AND {_AT_ONE_PLACE})) THEN 'owner and company'
        WHEN address = 'other unit' THEN 'other unit'
        WHEN {_AT_ONE_PLACE} THEN CASE WHEN firms THEN 'shared office' ELSE 'sold house' END
        WHEN {_SHARES} OR {_BUSY} THEN 'shared contact'
        ELSE 'different' END AS kind,
        CASE
        WHEN couple <> 'same' OR houses THEN true
        WHEN kind IN ('renamed', 'incomplete name')
            THEN {_AGREEING} < 2 OR name IS NULL OR housed OR (family AND {_OTHER_FAMILY})
                OR (firms AND (suffix <> 'same' OR numbered))
        WHEN firms THEN {_APART} OR suffix <> 'same' OR numbered OR ({_UNCERTAIN_HOUSE} AND NOT {_SHARES})
        ELSE NOT ({_SHARES} OR ({_AT_ONE_PLACE} AND NOT {_UNCERTAIN_HOUSE} AND NOT {_UNCERTAIN_FIRST})) END AS doubtful
    FROM scored
)) s LEFT JOIN (VALUES {_RIGHT}) AS r(tier, kind, agreeing, share)
    ON r.tier = s.tier AND r.kind = s.kind AND r.agreeing = s.agreeing
"""

SHOWN = (
    "household",
    "parent and child",
    "owner and company",
    "branch",
    "other unit",
    "sold house",
    "shared office",
)
"""Kinds of related pairs that are listed, although they are never proposed."""


def prior_of(records: int) -> float:
    """Return the weight of a pair before it is compared."""
    return math.log2(PRIOR / max(2, records))


def weight_of(column: str, level: str | None, growth: float) -> float:
    """Return the weight of a level of phone, e-mail or address."""
    if level is None:
        return 0.0
    compared = LEVELS[column][level]
    return compared.weight + (growth if compared.grows else 0)


def create_judged(db: Any, records: int) -> None:
    """Create the table `judged` with weight, probability, kind and tier of the compared pairs."""
    db.execute(_FAMILIES)
    db.execute(_SCORED)
    db.execute(_KINDS.format(prior=prior_of(records)))
