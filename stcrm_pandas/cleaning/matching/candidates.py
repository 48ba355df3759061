"""Which pairs of records are compared: those that share a key, such as a phone number."""

from __future__ import annotations

from typing import Any

WINDOW = 50
"""In a group of more records with one key, only neighbors in the order of names and values are compared."""

_PEOPLE = "people p JOIN features r USING (i)"

_WHOLE = (
    "SELECT i, CASE WHEN first < last THEN first || '|' || last ELSE last || '|' || first END AS name FROM people"
    " WHERE first <> ''"
)
RARE = 10
"""Up to so many records of one name are compared for the name alone."""

KEYS = {
    "phone": "SELECT i, unnest(list_concat(phones, busy_phones)) FROM features",
    "e-mail": "SELECT i, unnest(list_concat(emails, busy_emails)) FROM features",
    "address": "SELECT i, key FROM place_keys",
    "house number and street": "SELECT i, number || '|' || street FROM keyed WHERE number <> ''",
    "whole name": f"SELECT i, name FROM ({_WHOLE}) QUALIFY count(*) OVER (PARTITION BY name) <= {RARE}",
    "company": "SELECT i, replace(company, ' ', '') FROM features WHERE company IS NOT NULL",
    "company in city": "SELECT i, left(replace(company, ' ', ''), 8) || '|' || unnest(cities) FROM features"
    " WHERE company IS NOT NULL",
    # The last digits with one of them left out, and part of the name: other people have neighboring numbers.
    "phone with a typo, last name": "SELECT i, left(last, 3) || '|' || unnest(wild) FROM people JOIN wilds USING (i)",
    "e-mail with a typo": "SELECT i, last || '|' || first || '|' || split_part(e, '@', 2)"
    f" FROM (SELECT i, last, first, unnest(emails) AS e FROM {_PEOPLE})",
    "house number and last name": "SELECT i, number || '|' || last FROM keyed JOIN people USING (i) WHERE number <> ''",
    "house number and first name": "SELECT i, number || '|' || first || '|' || left(street, 1) FROM keyed JOIN people"
    " USING (i) WHERE number <> '' AND first <> ''",
    "street and last name": "SELECT i, street || '|' || last || '|' || left(first, 1) FROM keyed JOIN people USING (i)",
    "last name, initial and ZIP": f"SELECT i, last || '|' || left(first, 1) || '|' || unnest(zips) FROM {_PEOPLE}",
    "first name, initial and ZIP": f"SELECT i, first || '|' || left(last, 1) || '|' || unnest(zips) FROM {_PEOPLE}"
    " WHERE first <> ''",
    "first name, street and ZIP": "SELECT i, first || '|' || street || '|' || zip FROM keyed JOIN people USING (i)"
    " WHERE first <> ''",
}
"""Queries for the keys by which candidates are found."""

_WILDS = """
CREATE TEMP TABLE wilds AS
SELECT i, list(left(phone, n - 1) || '*' || substr(phone, n + 1)) AS wild
FROM (SELECT i, unnest(phones) AS phone FROM features), range(1, 11) AS places(n)
WHERE n <= length(phone) GROUP BY i
"""

_BLOCKS = """
CREATE TEMP TABLE blocks AS
SELECT key, i, (row_number() OVER (PARTITION BY key ORDER BY i) - 1)::INTEGER AS place
FROM (SELECT DISTINCT key, i FROM ({keys})) QUALIFY count(*) OVER (PARTITION BY key) > 1
"""

_PAIRS = f"""
CREATE TEMP TABLE pairs AS
WITH buckets AS (SELECT *, place // {WINDOW} AS bucket FROM blocks),
later AS (
    SELECT key, i, place, bucket FROM buckets
    UNION ALL SELECT key, i, place, bucket - 1 FROM buckets WHERE bucket > 0
)
SELECT DISTINCT a.i AS a, b.i AS b
FROM buckets a JOIN later b ON a.key = b.key AND a.bucket = b.bucket
WHERE b.place > a.place AND b.place <= a.place + {WINDOW}
"""


def create_pairs(db: Any) -> None:
    """Create the table `pairs` with the positions `a` < `b` of the records to compare."""
    db.execute(_WILDS)
    keys = " UNION ALL ".join(
        f"SELECT i, hash('{name}|' || value) AS key FROM ({query}) AS t(i, value) WHERE value IS NOT NULL"
        for name, query in KEYS.items()
    )
    db.execute(_BLOCKS.format(keys=keys))
    db.execute(_PAIRS)
