"""What stands around a name: marks for a merge, remarks, the place that is meant; and names of nobody. Pure."""

from __future__ import annotations

import re

from stcrm_pandas.cleaning.matching.first_names import groups
from stcrm_pandas.cleaning.recipes.words import words_in

_PLACES = words_in(
    "rental rentals farm farms ranch pool lake beach guest main back front rent house home cabin cottage barn shop"
    " garage warehouse office condo apartment apt duplex property properties unit lot casita studio trailer vacation"
    " lakehouse beachhouse poolhouse guesthouse farmhouse townhouse townhome mobile tiny carriage river creek bay"
    " mountain country hill summer winter old new other second upper lower upstairs downstairs north south east west"
)
"""Words after a person's name that name which of the person's places is meant."""
_ALSO_LAST_NAMES = words_in(
    "pool lake beach guest main back house home barn shop condo apt lot river creek bay hill summer winter north south"
    " east west"
)
_BUILDINGS = words_in("house home cabin cottage barn condo")
"""A place and a building are not a last name: pool house, lake cabin."""
_NOBODY = words_in(
    "homeowner homeowners owner propertyowner houseowner resident residents occupant occupants tenant tenants renter"
    " vacant vacanthouse vacanthome unknown unknownunknown noname nonamegiven none na tbd test testtest testcustomer"
    " customer cashcustomer walkin walkincustomer houseaccount anonymous landlord"
)
_WHICH = words_in("new current the future next previous prior former past old present potential prospective")
_MARK = re.compile(
    r"(?:(?:duplicates?|dupe?|remove|delete|do not (?:use|service|call))\b[\s:.*\-/,#]*"
    r"|dn[cs]\s*[:*\-/,#][\s:.*\-/,#]*"
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
    while match := mark.match(plain):
        plain = plain[match.end() :]
    return plain.strip(" -:*/,") or text


def is_nobody(words: list[str]) -> bool:
    """Return whether the words of a name are a placeholder that is entered for many houses.

    Examples
    --------
    >>> is_nobody(["future", "homeowner"]), is_nobody(["occupant"]), is_nobody(["newman", "tenant"])
    (True, True, False)
    """
    kept = words[1:] if words and words[0] in _WHICH else words
    return "".join(kept) in _NOBODY


def is_place(text: str) -> bool:
    """Return whether a remark only tells which of a person's places is meant.

    Examples
    --------
    >>> is_place("pool house"), is_place("unit b"), is_place("golden grill")
    (True, True, False)
    """
    words = _WORD.findall(text)
    return bool(words) and all(word in _PLACES or word.isdigit() or len(word) == 1 for word in words)


def house_in(remark: str) -> str:
    """Return the house or other place that a remark names, or an empty text.

    Examples
    --------
    >>> house_in("lake austin house"), house_in("unit 4"), house_in("call first")
    ('lakeaustinhouse', 'unit4', '')
    """
    words = _WORD.findall(remark)
    named = [word for word in words if len(word) > 1 and not word.isdigit()]
    return _spelled(words) if is_place(remark) or (named and named[-1] in _PLACES) else ""


def without_house(text: str) -> tuple[str, str]:
    """Return a person's name in lower case without a place after the last name, and the place.

    Lake, House and the like are also last names: after a middle name or an initial, one of them alone is kept. It is
    returned as the place, too, since nobody knows.

    Examples
    --------
    >>> without_house("ann lee pool house"), without_house("lee, ann rentals"), without_house("lee farm")
    (('ann lee', 'poolhouse'), ('lee, ann', 'rental'), ('lee farm', ''))
    >>> without_house("mary ann house"), without_house("robert lake house")
    (('mary ann house', 'house'), ('robert lake', 'lakehouse'))
    """
    matches = [*_WORD.finditer(text)]
    words = [match.group() for match in matches]
    first = len(_WORD.findall(text.partition(",")[0])) if "," in text else 0
    least = max(2, first + 1)
    if len(words) <= least:
        return text, ""
    place = len(words)
    while place > max(1, first + 1) and _continues_place(words, place - 1):
        place -= 1
    if not any(word in _PLACES for word in words[place:]):
        return text, ""
    end = max(place, least)
    while end < len(words) and not _ends_name(words, end):
        end += 1
    building = words[-1] in _BUILDINGS
    if place == len(words) - 1 and building:  # Ann Lee Travis House
        place = max(least, place - 1) if len(words) > least + 1 else place
    if words[first] not in groups() and not (building and end < len(words) - 1):
        end = len(words)
    return text[: matches[end - 1].end()], _spelled(words[place:])


def _continues_place(words: list[str], at: int) -> bool:
    """Return whether a word is part of a place at the end of a name, also a number, or a letter as in unit b."""
    word = words[at]
    return word in _PLACES or word.isdigit() or (len(word) == 1 and words[at - 1] in _PLACES)


def _ends_name(words: list[str], end: int) -> bool:
    """Return whether a name ends before a word for a place, which is no last name there."""
    last, word = words[end - 1], words[end]
    if len(last) == 1:
        return False
    if word not in _ALSO_LAST_NAMES or (last in _PLACES and word in _BUILDINGS):
        return True
    return end + 1 < len(words) and word != words[end + 1] and words[end + 1] in _BUILDINGS


def _spelled(words: list[str]) -> str:
    """Return the words of a place in one spelling: lakehouse for lake house, rental for rentals."""
    return "".join(word.removesuffix("s") for word in words)
