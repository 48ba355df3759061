"""What all customers together tell about a value: how common a name is, and which numbers and addresses many share."""

from __future__ import annotations

from typing import Any

from stcrm_pandas.cleaning.matching.records import Records

BUSY = 8
"""A number or an address of so many different last names and companies is shared, such as a property manager's."""

MANY = 20_000
"""From so many records on, the weight of a number or an address grows with their number: two of them share one by
chance as seldom as in a smaller company, but there are more pairs."""

MANY_PLACES = 40
"""From more addresses on, as a property manager has them, only those with an equal part are compared."""

_PEOPLE = f"""
CREATE TEMP TABLE people AS
SELECT i, f1 AS first, l1 AS last FROM records WHERE l1 IS NOT NULL
UNION ALL SELECT i, f2, l2 FROM records WHERE l2 IS NOT NULL;
CREATE TEMP TABLE sizes AS
SELECT people, records, greatest(0, log2(greatest(1, records) / {MANY})) AS growth
FROM (SELECT count(*)::DOUBLE AS people FROM people), (SELECT count(*)::DOUBLE AS records FROM records);
CREATE TEMP TABLE firsts AS SELECT first AS name, count(*) AS used FROM people GROUP BY ALL;
CREATE TEMP TABLE lasts AS SELECT last AS name, count(*) AS used FROM people GROUP BY ALL;
CREATE TEMP TABLE companies AS
SELECT company AS name, count(*) AS used FROM records WHERE company IS NOT NULL GROUP BY ALL;
"""

_SHARED = """
CREATE TEMP TABLE {what} AS
SELECT value, count(DISTINCT coalesce(l1, company)) >= {busy} AS busy
FROM (SELECT unnest({what}) AS value, l1, company FROM records) GROUP BY value;
CREATE TEMP TABLE {what}_of AS
SELECT i, list(value) FILTER (NOT busy) AS own, list(value) FILTER (busy) AS busy
FROM (SELECT i, unnest({what}) AS value FROM records) JOIN {what} USING (value) GROUP BY i;
"""

_PLACES = f"""
CREATE TEMP TABLE addresses AS
SELECT i, number, street, unit, zip, city, way, heading,
    CASE WHEN number <> '' THEN number || '|' || street || '|' || coalesce(nullif(zip, ''), city) END AS key
FROM places WHERE street <> '';
CREATE TEMP TABLE crowds AS
SELECT key, count(DISTINCT coalesce(l1, company)) >= {BUSY} AS crowded
FROM addresses JOIN records USING (i) WHERE key IS NOT NULL GROUP BY key;
CREATE TEMP TABLE inhabited AS SELECT street, count(DISTINCT i) - 1 AS neighbors FROM addresses GROUP BY street;
CREATE TEMP TABLE keyed AS
SELECT a.* EXCLUDE (key), coalesce(crowded, false) AS crowded, neighbors
FROM addresses a JOIN inhabited USING (street) LEFT JOIN crowds USING (key);
CREATE TEMP TABLE places_of AS
SELECT i, list(DISTINCT nullif(zip, '')) AS zips, list(DISTINCT nullif(city, '')) AS cities FROM places GROUP BY i;
CREATE TEMP TABLE place_keys AS
SELECT i, key FROM addresses WHERE key IS NOT NULL
UNION SELECT i, number || '|' || street || '|' || city FROM addresses WHERE number <> '' AND zip <> '' AND city <> '';
CREATE TEMP TABLE keys_of AS SELECT i, list(key) AS keys FROM place_keys GROUP BY i;
CREATE TEMP TABLE streets AS SELECT i, count(*) AS used FROM keyed GROUP BY i;
"""


def _person(number: int) -> str:
    """Return the columns of one person: how much its whole name tells, and whether its first name may be a typo."""
    n = number
    return f"""
    least(17 + growth, greatest(8, log2(s.people / coalesce(f{n}.used, 1)) + log2(s.people / l{n}.used))) AS w{n},
    len(r.g{n}) = 0 AND coalesce(f{n}.used, 0) <= 3 + s.people / 10000 AS rare{n},
    coalesce(l{n}.used, 0) <= 3 + s.people / 10000 AS scarce{n}"""


def _names(number: int) -> str:
    n = number
    return f"LEFT JOIN firsts f{n} ON f{n}.name = r.f{n} LEFT JOIN lasts l{n} ON l{n}.name = r.l{n}"


_FEATURES = f"""
CREATE TEMP TABLE features AS
SELECT r.* EXCLUDE (phones, emails), {_person(1)}, {_person(2)},
    CASE WHEN c.used > 0 THEN least(15, greatest(8, log2(s.records / c.used))) END AS wc, c.used AS branches,
    p.own AS phones, p.busy AS busy_phones, e.own AS emails, e.busy AS busy_emails,
    o.zips, o.cities, v.i IS NOT NULL AS has_street, coalesce(v.used, 0) > {MANY_PLACES} AS spread,
    CASE WHEN v.used <= {MANY_PLACES} THEN k.keys END AS keys
FROM records r CROSS JOIN sizes s
{_names(1)} {_names(2)}
LEFT JOIN companies c ON c.name = r.company
LEFT JOIN phones_of p ON p.i = r.i LEFT JOIN emails_of e ON e.i = r.i
LEFT JOIN places_of o ON o.i = r.i LEFT JOIN keys_of k ON k.i = r.i LEFT JOIN streets v ON v.i = r.i
"""


def create_features(db: Any, records: Records) -> None:
    """Create the tables `features` (one row per record), `keyed` (their addresses) and `sizes` in DuckDB."""
    db.register("records", records.records)
    db.register("places", records.places)
    db.execute(_PEOPLE)
    for what in ("phones", "emails"):
        db.execute(_SHARED.format(what=what, busy=BUSY))
    db.execute(_PLACES)
    db.execute(_FEATURES)
