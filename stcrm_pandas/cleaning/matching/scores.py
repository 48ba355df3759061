"""The probability, kind and tier of compared pairs, by fixed weights.

The weights are those of Fellegi and Sunter, "A Theory for Record Linkage" (1969): log2 of how much more often a level
is seen among duplicates than among other pairs. They were learned on made-up companies. Weights learned on one's own
customers would be worse: without labels, a household looks like a duplicate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

SURE, LOOK = 0.99, 0.5
"""The least probability of the tiers `sure` and `look`."""

PRIOR = 0.2
"""About so many duplicates per customer: before a comparison, a pair is one with probability 0.2 / customers."""

WEIGHTS: Mapping[str, Mapping[Any, float]] = {
    "name": {8: -1.0, 7: -3.0, 6: -1.0, 5: -2.0, 4: 5.0, 3: 3.0, 2: 3.0, 1: -6.0, 0: -7.0},
    "phone": {"same": 16.0, "busy": 9.0, "spelling": 9.0, "other": -2.0},
    "email": {"same": 16.0, "same, without digits": 10.0, "busy": 6.0, "spelling": 14.0, "other": -3.0},
    "address": {
        "same": 16.0,
        "crowded": 13.0,
        "unit missing": 12.0,
        "spelling": 11.0,
        "other unit": 2.0,
        "nearby": 5.0,
        "zip": 0.0,
        "city": -2.0,
        "other": -3.0,
    },
}
"""Weights by level. From level 5 on, a name's own weight is added: a rare name tells more than a common one."""

GROWING = ("same", "unit missing")
"""Levels whose weight grows with the number of records (`features.MANY`)."""

FEW = 4
"""Up to so many records of one company may be one that moved; more are a chain."""


def _case(column: str) -> str:
    weights = WEIGHTS[column]
    cases = " ".join(
        f"WHEN {level!r} THEN {weight}{' + growth' if level in GROWING else ''}" for level, weight in weights.items()
    )
    return f"CASE {column} {cases} ELSE 0 END"


_SCORED = f"""
CREATE OR REPLACE TEMP TABLE scored AS
SELECT c.*, (f.company IS NOT NULL OR f.commercial) AND (g.company IS NOT NULL OR g.commercial) AS firms,
    CASE WHEN f.suffix = g.suffix THEN 'same' WHEN f.suffix = '' OR g.suffix = '' THEN 'one' ELSE 'both' END AS suffix,
    CASE WHEN c.other_partner THEN 'other' WHEN f.l1 IS NOT NULL AND g.l1 IS NOT NULL
        AND (f.l2 IS NULL) <> (g.l2 IS NULL) THEN 'one' ELSE 'same' END AS couple,
    left(f.m1, 1) <> left(g.m1, 1) AND f.m1 <> '' AND g.m1 <> '' AND f.l2 IS NULL AND g.l2 IS NULL AS middle,
    (f.l1 = g.l1 AND (f.f1 = '' OR g.f1 = '')) IS TRUE AS family,
    greatest(f.branches, g.branches, 1) AS branches,
    (contains(f.company, g.l1) OR contains(g.company, f.l1)) IS TRUE AS named_after,
    CASE WHEN c.name < 5 THEN 0
        ELSE least(coalesce(f.wc, greatest(f.w1, f.w2)), coalesce(g.wc, greatest(g.w1, g.w2))) END
        + {_case("name")} AS name_weight,
    name_weight + {_case("phone")} + {_case("email")} + {_case("address")} AS weight
FROM compared c JOIN features f ON f.i = c.a JOIN features g ON g.i = c.b CROSS JOIN sizes
"""

_SHARES = "coalesce(phone IN ('same', 'spelling') OR email IN ('same', 'same, without digits', 'spelling'), false)"
_AT_ONE_PLACE = "coalesce(address IN ('same', 'crowded', 'unit missing', 'spelling'), false)"
_BUSY = "coalesce(phone = 'busy' OR email = 'busy', false)"
_APART = "coalesce(address IN ('nearby', 'zip', 'city', 'other', 'other unit'), false)"
_AGREEING = """(coalesce(phone = 'same', false)::INTEGER + coalesce(email LIKE 'same%', false)::INTEGER
        + coalesce(address IN ('same', 'crowded', 'unit missing', 'spelling'), false)::INTEGER)"""

_KINDS = f"""
CREATE OR REPLACE TEMP TABLE judged AS
SELECT *, CASE
    WHEN kind IN ('same person', 'same company', 'renamed', 'incomplete name')
        AND probability >= {SURE} AND NOT doubtful THEN 'sure'
    WHEN (kind IN ('same person', 'same company', 'renamed', 'incomplete name')
        OR (kind = 'same name' AND address IN ('nearby', 'zip'))) AND probability >= {LOOK} THEN 'look'
    ELSE 'related' END AS tier
FROM (
    SELECT *, 1 / (1 + pow(2, -least(200, greatest(-200, weight + {{prior}})))) AS probability,
        CASE
        WHEN name >= 3 AND NOT firms AND (suffix <> 'same' OR (middle AND name >= 5)) THEN 'parent and child'
        WHEN name >= 5 AND firms AND suffix = 'both' THEN 'branch'
        WHEN name >= 5 AND firms AND {_APART} AND NOT (branches <= {FEW} AND {_SHARES}) THEN 'branch'
        WHEN name >= 5 AND address = 'other unit' AND NOT {_SHARES} THEN 'other unit'
        WHEN name >= 5 AND NOT ({_SHARES} OR {_BUSY} OR {_AT_ONE_PLACE}) THEN 'same name'
        WHEN name >= 5 THEN CASE WHEN firms THEN 'same company' ELSE 'same person' END
        WHEN (name IS NULL OR name = 4) AND ({_SHARES} OR {_AT_ONE_PLACE}) THEN 'incomplete name'
        WHEN name = 3 AND ({_SHARES} OR {_AT_ONE_PLACE}) THEN 'renamed'
        WHEN name = 2 AND ({_SHARES} OR {_AT_ONE_PLACE}) THEN 'household'
        WHEN name = 1 AND ({_SHARES} OR (named_after AND {_AT_ONE_PLACE})) THEN 'owner and company'
        WHEN address = 'other unit' THEN 'other unit'
        WHEN {_AT_ONE_PLACE} THEN CASE WHEN firms THEN 'shared office' ELSE 'sold house' END
        WHEN {_SHARES} OR {_BUSY} THEN 'shared contact'
        ELSE 'different' END AS kind,
        CASE
        WHEN couple <> 'same' THEN true
        WHEN kind IN ('renamed', 'incomplete name') THEN {_AGREEING} < 2 OR name IS NULL OR family
        WHEN firms THEN {_APART} OR suffix <> 'same'
        ELSE NOT ({_SHARES} OR {_AT_ONE_PLACE}) END AS doubtful
    FROM scored
)
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
    return WEIGHTS[column][level] + (growth if level in GROWING else 0)


def create_judged(db: Any, records: int) -> None:
    """Create the table `judged` with weight, probability, kind and tier of the compared pairs."""
    db.execute(_SCORED)
    db.execute(_KINDS.format(prior=prior_of(records)))
