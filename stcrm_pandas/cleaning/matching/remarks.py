"""What stands around a name: marks for a merge, remarks, the place that is meant; and names of nobody. Pure."""

from __future__ import annotations

import re

from stcrm_pandas.cleaning.matching.first_names import groups
from stcrm_pandas.cleaning.recipes.letters import words_in

_PLACES = words_in(
    "rental rentals farm farms ranch pool lake beach guest main back front rent house home cabin cottage barn shop"
    " garage warehouse office condo apartment apt duplex property properties unit lot casita studio trailer vacation"
)
"""Words after a person's name that name which of the person's places is meant."""
_ALSO_LAST_NAMES = words_in("ranch pool lake beach guest main back house home barn shop condo apt lot")
_BUILDINGS = words_in("house home cabin cottage barn condo")
"""A place and a building are not a last name: pool house, lake cabin."""
_NOBODY = words_in(
    "homeowner homeowners owner propertyowner houseowner resident residents occupant occupants tenant tenants renter"
    " vacant vacanthouse vacanthome unknown unknownunknown noname nonamegiven none na tbd test testtest testcustomer"
    " customer cashcustomer walkin walkincustomer houseaccount anonymous landlord"
)
_MARK = re.compile(
    r"(?:(?:duplicates?|dupe?|remove|delete|do not (?:use|service|call))\b[\s:.*\-/,#]*"
    r"|1(?:\s*[:.\-*]\s*|\s+)(?=[a-z])(?!hour|stop|day|call|source|way|click|st\b))"
)
_COMPANY_MARK = re.compile(
    r"(?:(?:duplicates?|dupe?|remove|delete)(?:\s*[:.*/,#]|\s+-|-\s)[\s:.*\-/,#]*"
    r"|do not (?:use|service|call)\b[\s:.*\-/,#]*"
    r"|1(?:\s*[:.*]|\s+-|-\s)\s*(?=[a-z]))"
)
"""Marks that cannot be the first word of a company, such as 1 North Main LLC and Remove It Junk LLC."""
_CAPITALS = re.compile(r"^\s*(DUPLICATES?|DUPE?|REMOVE|DELETE)\s(?=.*[a-z])")
_WARNING = re.compile(
    r"[\s\-*(\[]*\b(?:do not (?:use|service|call|book|text|dispatch)|no service|dns|dnc|c\.?o\.?d\.? only|cash only"
    r"|duplicate|bad debt|credit hold|call first|deceased)\b[\s\-*)\].!]*$"
)
"""Remarks at the end of a name."""
_WORD = re.compile(r"[a-z0-9]+")


def with_colon(text: str) -> str:
    """Return a name as typed with a colon after a mark in capitals, which is no word of the name then.

    Examples
    --------
    >>> with_colon("REMOVE Golden Grill LLC"), with_colon("REMOVE IT JUNK LLC")
    ('REMOVE: Golden Grill LLC', 'REMOVE IT JUNK LLC')
    """
    return _CAPITALS.sub(r"\1: ", text)


def without_marks(text: str, *, company: bool = False) -> str:
    """Return a name in lower case without marks for a merge and remarks such as "do not service".

    Before two records are merged, offices write DUPLICATE, REMOVE or 1 in front of the name of one of them. The name
    of a company may start with such a word: there, only one before a colon, a dash or the like is a mark.

    Examples
    --------
    >>> [without_marks(one) for one in ("duplicate - ann lee", "1 ann lee", "ann lee do not service", "1 hour air")]
    ['ann lee', 'ann lee', 'ann lee', '1 hour air']
    >>> [without_marks(one, company=True) for one in ("1 north main llc", "1 - north main llc", "remove: elm llc")]
    ['1 north main llc', 'north main llc', 'elm llc']
    """
    mark = _COMPANY_MARK if company else _MARK
    plain = _WARNING.sub("", " ".join(text.split()))
    while found := mark.match(plain):
        plain = plain[found.end() :]
    return plain.strip(" -:*/,") or text


def is_nobody(words: list[str]) -> bool:
    """Return whether the words of a name are a placeholder that is entered for many houses.

    Examples
    --------
    >>> is_nobody(["new", "homeowner"]), is_nobody(["occupant"]), is_nobody(["newman", "tenant"])
    (True, True, False)
    """
    kept = words[1:] if words and words[0] in ("new", "current", "the") else words
    return "".join(kept) in _NOBODY


def is_place(text: str) -> bool:
    """Return whether a remark only tells which of a person's places is meant.

    Examples
    --------
    >>> is_place("pool house"), is_place("golden grill")
    (True, False)
    """
    words = _WORD.findall(text)
    return bool(words) and all(word in _PLACES or word.isdigit() for word in words)


def without_place(text: str) -> str:
    """Return a person's name in lower case without a place after the last name.

    Lake, House and the like are also last names: after a middle name or an initial, one of them alone is kept.

    Examples
    --------
    >>> without_place("ann lee pool house"), without_place("lee, ann rental"), without_place("lee farm")
    ('ann lee', 'lee, ann', 'lee farm')
    >>> without_place("mary ann house"), without_place("robert l. lake")
    ('mary ann house', 'robert l. lake')
    """
    found = [*_WORD.finditer(text)]
    words = [word.group() for word in found]
    if len(words) < 3 or words[0] not in groups():
        return text
    end = len(words)
    while end > 2 and words[end - 1] in _PLACES:
        end -= 1
    while end < len(words) and not (len(words[end - 1]) > 1 and _is_only_place(words[end:])):
        end += 1
    return text[: found[end - 1].end()] if end < len(words) else text


def _is_only_place(words: list[str]) -> bool:
    """Return whether words for a place do not start with a last name."""
    return words[0] not in _ALSO_LAST_NAMES or (len(words) > 1 and words[0] != words[1] and words[1] in _BUILDINGS)
