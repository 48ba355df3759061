"""The levels at which name, phone, e-mail and address of two records compare: condition, weight and words of each.

The levels of a comparison are in order, the strongest first; the first one whose condition holds is the pair's. A
condition is SQL of DuckDB about the records `a` and `b`. One about people has `first`, `middle`, `last`, `others`
(further last names), `groups` (of nicknames), `rare` (the first name) and `scarce` (the last name) of one person of
each; one about places has `x` and `y`, an address of each. Weights are log2 of how much more often a level is seen
among duplicates than among other pairs (Fellegi and Sunter, 1969). Pure.
"""

from __future__ import annotations

from typing import NamedTuple


class Level(NamedTuple):
    """One outcome of a comparison.

    Parameters
    ----------
    name : str
        The level, as in the columns of `Duplicates.pairs`.
    weight : float
        Its weight. From `part` on, a name's own weight is added: a rare name tells more than a common one.
    reason : str
        What people read.
    condition : str
        When a pair has the level; of names, when two people do. Empty if no condition of its own is needed.
    companies : str
        Of names: when two companies have the level.
    but : str
        What differs although the level speaks for a duplicate.
    agrees : bool
        Whether it speaks for a duplicate.
    grows : bool
        Whether the weight grows with the number of records (`features.MANY`).
    """

    name: str
    weight: float
    reason: str
    condition: str = ""
    companies: str = ""
    but: str = ""
    agrees: bool = True
    grows: bool = False


def typo(first: str, second: str, shortest: int) -> str:
    """Return the condition that two texts of at least so many letters differ by a typing error."""
    return (
        f"(least(length({first}), length({second})) >= {shortest} AND abs(length({first}) - length({second})) <= 2"
        f" AND damerau_levenshtein({first}, {second})"
        f" <= CASE WHEN least(length({first}), length({second})) >= 8 THEN 2 ELSE 1 END)"
    )


_BOTH = "a.first <> '' AND b.first <> ''"
_SAME_LAST = f"{_BOTH} AND a.last = b.last"
_OTHER_LAST = f"{_BOTH} AND a.last <> b.last"
_NICKNAME = "list_has_any(a.groups, b.groups)"
_SAME_FIRST = f"(a.first = b.first OR {_NICKNAME})"
_ALSO = "(list_contains(b.others, a.last) OR list_contains(a.others, b.last))"
_RARE, _SCARCE = "(a.rare OR b.rare)", "(a.scarce OR b.scarce)"
_SHORTER_LENGTH = "least(length(a.first), length(b.first))"
_INITIALS = "left(a.first, 1) = left(b.first, 1)"
_SWAPPED = "(a.first = b.last AND a.last = b.first)"
_STEM = "regexp_replace({}.first, '[ao]$', '')"
"""Luis and Luisa, or Gabino and Gabina, are a man and a woman, not two spellings of one name."""
_FIRST_SPELLING = f"""{_SAME_LAST} AND {_SHORTER_LENGTH} > 1 AND {_RARE} AND {_INITIALS}
    AND {_STEM.format("a")} <> {_STEM.format("b")} AND ({typo("a.first", "b.first", 3)}
    OR (a.rare AND b.rare AND {_SHORTER_LENGTH} >= 6 AND damerau_levenshtein(a.first, b.first) <= 2))"""
_SPELLING = f"""CASE
    WHEN {_SAME_LAST} THEN false
    WHEN {_BOTH} AND {_SAME_FIRST} THEN {typo("a.last", "b.last", 4)} OR ({_SCARCE} AND {typo("a.last", "b.last", 2)})
    WHEN {_BOTH} THEN ({_SCARCE} AND {typo("a.last", "b.last", 4)} AND {_SHORTER_LENGTH} = 1 AND {_INITIALS})
        OR (({_SCARCE} OR {_RARE}) AND ((a.first = b.last AND {typo("a.last", "b.first", 4)})
            OR (a.last = b.first AND {typo("a.first", "b.last", 4)})))
    END"""
"""A typo in one of the names counts if one spelling is rare: Don and Donna are two people."""

_WORDS = "string_split({}.company, ' ')"
_A_WORDS, _B_WORDS = _WORDS.format("a"), _WORDS.format("b")
_NUMBERS = "regexp_extract_all({}.company, '\\d+')"
_A_NUMBERS, _B_NUMBERS = _NUMBERS.format("a"), _NUMBERS.format("b")
_OTHER_NUMBERS = f"({_A_NUMBERS} <> {_B_NUMBERS} AND len({_A_NUMBERS}) > 0 AND len({_B_NUMBERS}) > 0)"
_CONTAINED = f"""(len({_A_WORDS}) > 1 AND len({_B_WORDS}) > 1
    AND (list_has_all({_A_WORDS}, {_B_WORDS}) OR list_has_all({_B_WORDS}, {_A_WORDS})))"""
_ONE_WORD = f"""(least(length(a.company), length(b.company)) >= 4 AND NOT {_OTHER_NUMBERS}
    AND (starts_with(a.company, b.company || ' ') OR starts_with(b.company, a.company || ' ')))"""
"""Barino and Barino Law Firm; of two words or more, the shorter name agrees in part."""

NAME = (
    Level(
        "same",
        0,
        "same name",
        f"{_BOTH} AND ((a.last = b.last AND a.first = b.first) OR {_SWAPPED})",
        companies="replace(a.company, ' ', '') = replace(b.company, ' ', '')",
    ),
    Level(
        "nickname",
        -1,
        "a nickname or middle name",
        f"{_SAME_LAST} AND {_SHORTER_LENGTH} > 1 AND ({_NICKNAME} OR a.first = b.middle OR a.middle = b.first)",
    ),
    Level("initial", -3, "an initial for the first name", f"{_SAME_LAST} AND {_SHORTER_LENGTH} = 1 AND {_INITIALS}"),
    Level(
        "spelling",
        -1,
        "names that differ in spelling",
        f"({_SPELLING}) AND NOT ({_OTHER_LAST} AND {_SAME_FIRST} AND {_ALSO})",
        companies=f"NOT {_OTHER_NUMBERS} AND NOT {_CONTAINED} AND {typo('a.company', 'b.company', 6)}",
    ),
    # Below `spelling`: people of one house share the last name, and may have alike first names, as Brice and Bryce.
    Level(
        "first name spelling",
        -1,
        "first names that differ in spelling",
        f"({_FIRST_SPELLING}) OR ({_OTHER_LAST} AND NOT {_SAME_FIRST} AND {_SCARCE} AND {typo('a.last', 'b.last', 4)}"
        f" AND {_RARE} AND {typo('a.first', 'b.first', 4)})",
    ),
    Level(
        "part",
        -2,
        "names that agree in part",
        f"{_OTHER_LAST} AND {_SAME_FIRST} AND {_ALSO}",
        companies=f"NOT {_OTHER_NUMBERS} AND {_CONTAINED}",
    ),
    Level(
        "part only",
        5,
        "only part of a name in one of them",
        "(a.first = '' OR b.first = '')"
        f" AND (a.last IN (b.last, b.first) OR b.last = a.first OR {typo('a.last', 'b.last', 5)})",
        companies=_ONE_WORD,
    ),
    Level("same first name", 3, "same first name", f"{_OTHER_LAST} AND {_SAME_FIRST}", but="different last name"),
    Level("same last name", 3, "same last name", _SAME_LAST, but="different first name"),
    Level("person and company", -6, "a person and a company", agrees=False),
    Level("other", -7, "different name", agrees=False),
)
"""Levels of names: down to `part`, both may be the same person or company."""

RANKS = {level.name: rank for rank, level in enumerate(reversed(NAME))}
"""Levels of names by strength, as in the table `compared`: 0 is `other`."""

FIRST_SPELLING, PART, PART_ONLY = RANKS["first name spelling"], RANKS["part"], RANKS["part only"]
SAME_FIRST, SAME_LAST, PERSON_AND_COMPANY = (
    RANKS["same first name"],
    RANKS["same last name"],
    RANKS["person and company"],
)


def _shared(column: str) -> str:
    return f"list_has_any(a.{column}, b.{column})"


def _known(column: str) -> str:
    """Return the condition that both records have a value."""
    return " AND ".join(f"coalesce(len({r}.{column}), 0) + coalesce(len({r}.busy_{column}), 0) > 0" for r in "ab")


PHONE = (
    Level("same", 16, "same phone", _shared("phones"), grows=True),
    Level("busy", 9, "a phone that many share", _shared("busy_phones")),
    Level(
        "spelling",
        9,
        "phones that differ in one digit",
        "damerau_levenshtein(x, y) = 1 OR (least(length(x), length(y)) = 7 AND right(x, 7) = right(y, 7))",
    ),
    Level("other", -2, "different phone", _known("phones"), agrees=False),
)
"""Levels of phone numbers; that of a spelling is about any number of each record, `x` and `y`."""

EMAIL = (
    Level(
        "same",
        16,
        "same e-mail",
        f"{_shared('emails')} AND regexp_matches(array_to_string(list_intersect(a.emails, b.emails), ' '), '\\d.*@')",
        grows=True,
    ),
    # Two people of one name may choose the same address, such as an initial and a last name at different hosts.
    Level("same, without digits", 10, "same e-mail", _shared("emails")),
    Level("busy", 6, "an e-mail that many share", _shared("busy_emails")),
    # Other digits, or none of them, mean other people of one name: ann.lee and annlee, or annlee4 and annlee5.
    Level(
        "spelling",
        14,
        "e-mails that differ in one letter",
        "abs(length(x) - length(y)) <= 1 AND least(length(x), length(y)) >= 10 AND damerau_levenshtein(x, y) <= 1"
        " AND regexp_replace(x, '\\D', '', 'g') = regexp_replace(y, '\\D', '', 'g') AND regexp_matches(x, '\\d.*@')",
    ),
    Level("other", -3, "different e-mail", _known("emails"), agrees=False),
)
"""Levels of e-mail addresses, in the same way."""

_PREFIX = (
    "(least(length(x.street), length(y.street)) >= 4"
    " AND (starts_with(x.street, y.street) OR starts_with(y.street, x.street)))"
)
"""A misspelled suffix: Caley Cruscent is compared with caley, the name of Caley Crescent."""

_ONE_STREET = (
    "((x.way = y.way OR x.way = '' OR y.way = '') AND (x.heading = y.heading OR x.heading = '' OR y.heading = ''))"
)
"""Oak St and Oak Ct are two streets; Oak may be either of them."""

_SAME_MARKS = """(regexp_replace(x.street, '[^0-9]', '', 'g') = regexp_replace(y.street, '[^0-9]', '', 'g')
    AND (x.street = y.street OR length(x.street) <> length(y.street) OR left(x.street, -1) <> left(y.street, -1)))"""
"""21st St and 22nd St, County Road 100 and 101, or Avenue A and B are two streets, not two spellings of one."""

_MISSPELLED = f"""(left(x.street, 1) = left(y.street, 1) AND {typo("x.street", "y.street", 5)}
    AND least(x.neighbors, y.neighbors) = 0 AND greatest(x.neighbors, y.neighbors) >= 3)"""
"""A street where nobody else lives, beside one of others. Oak Ridge and Oak Bridge, where others live, are two."""

_SWAPPED_LETTERS = """(length(x.street) = length(y.street)
    AND damerau_levenshtein(x.street, y.street) = 1 AND levenshtein(x.street, y.street) = 2)"""
"""Mapel is hardly ever another street than Maple; Ridge and Bridge, or Oak and Oaks, often are two."""

_ONE_UNIT = "(x.unit = y.unit OR x.unit = '' OR y.unit = '')"
_NUMBER = "(x.number = y.number AND x.number <> '')"
_TOWN = "(x.zip = y.zip OR x.city = y.city)"
_HOUSE = f"{_ONE_STREET} AND {_NUMBER} AND x.street = y.street AND {_TOWN}"
_CROWDED = "(x.crowded AND x.unit = '')"

ADDRESS = (
    Level("same", 16, "same address", f"{_HOUSE} AND x.unit = y.unit AND NOT {_CROWDED}", grows=True),
    Level("crowded", 13, "an address that many share", f"{_HOUSE} AND x.unit = y.unit AND {_CROWDED}"),
    Level(
        "unit missing",
        12,
        "same address, without a unit in one of them",
        f"{_HOUSE} AND x.unit <> y.unit AND (x.unit = '' OR y.unit = '')",
        grows=True,
    ),
    Level(
        "spelling",
        11,
        "addresses that differ in spelling",
        f"""{_ONE_STREET} AND {_SAME_MARKS} AND NOT ({_HOUSE}) AND {_NUMBER} AND (
            (x.street = y.street AND x.unit = y.unit
                AND damerau_levenshtein(x.zip, y.zip) <= 1 AND {typo("x.city", "y.city", 4)})
            OR ({_TOWN} AND {_MISSPELLED} AND {_ONE_UNIT}))""",
    ),
    # With one name and nothing else in common, these three may be two houses: Oak Ridge and Oak Bridge, 12 and 21.
    Level(
        "swapped letters",
        11,
        "street names that differ in two swapped letters",
        f"""{_ONE_STREET} AND {_SAME_MARKS} AND NOT ({_HOUSE}) AND {_NUMBER} AND {_TOWN} AND {_SWAPPED_LETTERS}
            AND {_ONE_UNIT}""",
    ),
    Level(
        "street",
        11,
        "street names that differ in a letter or two, or no house number in one of them",
        f"""{_ONE_STREET} AND {_SAME_MARKS} AND NOT ({_HOUSE})
            AND {_TOWN} AND ((x.number = y.number AND ({typo("x.street", "y.street", 2)} OR {_PREFIX}))
            OR (x.street = y.street AND x.unit = y.unit AND (x.number = '' OR y.number = '')))""",
    ),
    Level(
        "number",
        11,
        "addresses that differ in one digit or letter of a number, or have none in one of them",
        f"""{_ONE_STREET} AND NOT ({_HOUSE}) AND {_TOWN} AND x.unit = y.unit AND (
            (x.number = y.number AND {typo("x.street", "y.street", 2)})
            OR ((x.street = y.street OR ({_SAME_MARKS} AND {typo("x.street", "y.street", 5)}))
                AND (x.number = '' OR y.number = '' OR damerau_levenshtein(x.number, y.number) = 1)))""",
    ),
    Level("other unit", 2, "different unit at the same address", _HOUSE, agrees=False),
    Level(
        "nearby",
        5,
        "different address with the same street or house number",
        f"""(x.zip = y.zip AND (x.street = y.street OR {_NUMBER}))
            OR (NOT {_ONE_STREET} AND x.street = y.street AND x.number = y.number AND x.city = y.city)""",
        agrees=False,
    ),
    Level(
        "zip only",
        0,
        "same ZIP code, without a street in one of them",
        "list_has_any(a.zips, b.zips) AND NOT (a.has_street AND b.has_street)",
    ),
    Level("zip", 0, "different address in the same ZIP code", "list_has_any(a.zips, b.zips)", agrees=False),
    Level("city", -2, "different address in the same city", "list_has_any(a.cities, b.cities)", agrees=False),
    Level(
        "other",
        -3,
        "different address",
        "len(a.zips) + len(b.zips) IS NOT NULL OR len(a.cities) + len(b.cities) IS NOT NULL",
        agrees=False,
    ),
)
"""Levels of addresses."""

STREETS, AREAS = ADDRESS[:-4], ADDRESS[-4:]
"""Those about any address of each record, `x` and `y`, and those about the records."""

LEVELS = {
    "phone": {level.name: level for level in PHONE},
    "email": {level.name: level for level in EMAIL},
    "address": {level.name: level for level in ADDRESS},
}
