"""The parts of a customer's name: people with first and last names, or the words of a company. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from stcrm_pandas.cleaning.matching.first_names import groups
from stcrm_pandas.cleaning.matching.remarks import (
    house_in,
    is_nobody,
    is_place,
    with_colon,
    without_house,
    without_marks,
)
from stcrm_pandas.cleaning.recipes.words import DIRECTIONS, words_in


class Person(NamedTuple):
    """One person. `others` are further last names: the parts of a double name, or a name between first and last."""

    first: str
    middle: str
    last: str
    others: tuple[str, ...] = ()


class Name(NamedTuple):
    """A name as it is compared: at most two people, or a company.

    `suffix` is jr, sr, ii, iii, iv or empty; of a company, it is the number, letter or direction that distinguishes it
    from others of its name: at its end, or within it, such as North or Phase A. `nobody` marks a placeholder such as
    New Homeowner. `house` is what a person's name says about the house or other place: lakehouse, rental. `titled`
    marks a last name alone with a title, such as Mr. Smith.
    """

    people: tuple[Person, ...]
    company: str
    suffix: str
    nobody: bool = False
    house: str = ""
    titled: bool = False


_SUFFIXES = {
    "jr": "jr",
    "junior": "jr",
    "sr": "sr",
    "senior": "sr",
    "ii": "ii",
    "2nd": "ii",
    "iii": "iii",
    "3rd": "iii",
    "iv": "iv",
    "4th": "iv",
}
_TITLES = words_in(
    "mr mrs ms miss dr rev sir madam prof hon pastor mister md dds phd esq cpa rn dvm family residence household"
    " estate of the"
)
_SALUTATIONS = words_in("mr mrs ms miss dr sir madam")
_PARTICLES = words_in("van von de del della di da dos la le los las st ter den der bin ibn mc mac o")
_LEGAL = words_in("llc inc corp corporation co company ltd lp llp pllc pc pa incorporated limited the of and")
_COMPANY = words_in(
    "llc inc corp corporation ltd lp llp pllc company incorporated plumbing heating cooling hvac air service services"
    " properties property realty realtors management mgmt apartments apts church school dental dentistry restaurant"
    " cafe grill grille bakery bank hotel motel inn clinic center centre group holdings associates enterprises"
    " construction builders homes hoa association university college salon spa gym fitness auto automotive market"
    " store shop pizza pizzeria burger burgers tacos bbq barbecue coffee insurance law office offices medical pharmacy"
    " veterinary animal hospital investments partners ventures industries supply rental rentals leasing trust condos"
    " condominiums foundation ministries club lodge studio studios tires tire electric electrical roofing landscaping"
    " cleaning cleaners laundry daycare academy kitchen pub brewery deli warehouse logistics transport trucking"
    " brothers bros sons solutions systems consulting contractors contracting contractor remodeling restoration"
    " mechanical design designs marketing media technologies tech financial capital mortgage credit union county"
    " dept department isd library museum storage equipment outlet boutique florist nursery farm farms ranch"
    " plaza towers tower village residential commercial international global national care health wellness therapy"
    " chiropractic orthodontics optometry eyecare vision pediatrics physicians surgery nails barber barbershop"
    " donuts diner bistro cantina taqueria catering foods grocery liquor wine tavern bar dry goods hardware lumber"
    " furniture flooring carpet paint painting glass signs printing security pest lawn pool pools tree staffing"
    " accounting tax title legal attorneys firm advisors realestate estates investors investment church chapel temple"
    " synagogue mosque parish"
)
_ALSO_LAST_NAMES = words_in(
    "barber church glass law lodge parish temple chapel union title bar dry tree paint credit care sons farm goods wine"
    " market pool lawn kitchen village tower hardware bank club outlet moss nursery carpet dean"
)
_CANONICAL_WORDS = {
    "svc": "service",
    "svcs": "service",
    "services": "service",
    "mgmt": "management",
    "mgt": "management",
    "bros": "brothers",
    "ctr": "center",
    "centre": "center",
    "apts": "apartments",
    "intl": "international",
    "assoc": "associates",
    "assn": "association",
    "dept": "department",
    "grp": "group",
    "props": "properties",
    "prop": "properties",
    "property": "properties",
    "mfg": "manufacturing",
    "constr": "construction",
    "const": "construction",
    "rest": "restaurant",
    "elec": "electric",
    "electrical": "electric",
    "plbg": "plumbing",
    "htg": "heating",
    "natl": "national",
    "univ": "university",
    "med": "medical",
    "ofc": "office",
    "offices": "office",
    "firm": "office",
    "saint": "st",
    "mount": "mt",
    "fort": "ft",
    "partners": "partner",
    "enterprise": "enterprises",
    "tech": "technologies",
    "technology": "technologies",
    "auto": "automotive",
    "grille": "grill",
    "acad": "academy",
    "ins": "insurance",
    "ch": "church",
    "chiro": "chiropractic",
    "consultants": "consulting",
    "dentistry": "dental",
    "equip": "equipment",
    "hldgs": "holdings",
    "hosp": "hospital",
    "inst": "institute",
    "maint": "maintenance",
    "mech": "mechanical",
    "mkt": "market",
    "pharm": "pharmacy",
    "refrig": "refrigeration",
    "rlty": "realty",
    "vet": "veterinary",
    "whse": "warehouse",
}
_BESIDE = words_in("daycare preschool childcare district parsonage rectory")
"""Words for another institution beside one of the same name: Hill Church Daycare, Elm School District."""
_PARTS = words_in("phase bldg building tower section unit suite ste lot wing")
_NUMERALS = {
    "ii": "2",
    "iii": "3",
    "iv": "4",
    "vi": "6",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
}
_JOINT = re.compile(r"\s*(?:&|\+|/|\band\b)\s*")
_ET_UX = re.compile(r",?\s+et\s+(?:ux|vir|al)\b\.?")
_SPOUSES = words_in("wife husband spouse")
"""Words for somebody whose name is not given: Lem Ossory and Wife."""
_REMARK = re.compile(r"\([^)]*\)|\[[^\]]*\]|\s+-\s.*$|\bc/o\b.*$|\battn\b.*$|\*+")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9 \-]")
_NOT_IN_COMPANIES = re.compile(r"[^a-z0-9]+")
_LETTERS = re.compile(r"\b([a-z])(?: ([a-z])\b)+")


def fold(text: str) -> str:
    """Return a text in lower case without accents and apostrophes."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return text.casefold().replace("'", "").replace("\u2019", "").replace("`", "")


@lru_cache(maxsize=100_000)
def parse_name(text: str, *, commercial: bool = False) -> Name:
    """Return the parts of a name.

    Parameters
    ----------
    text : str
        The name as typed.
    commercial : bool, default False
        The customer is marked as commercial: the name is a company's unless it starts with a known first name.

    Examples
    --------
    >>> parse_name("Smith, Bob & Ann").people
    (Person(first='bob', middle='', last='smith', others=()), Person(first='ann', middle='', last='smith', others=()))
    >>> parse_name("Dr. Juan de la Cruz III")[:3]
    ((Person(first='juan', middle='', last='delacruz', others=('cruz',)),), '', 'iii')
    >>> parse_name("The Elm Street Dental Grp., LLC").company
    'elm street dental group'
    """
    folded = fold(with_colon(text)).strip()
    name = _parsed(without_marks(folded), commercial)
    return _parsed(without_marks(folded, company=True), commercial) if name.company else name


def _parsed(text: str, commercial: bool) -> Name:
    """Return the parts of a name in lower case without marks."""
    lower = text.replace("real estate", "realty")
    person, dash, firm = lower.partition(" - ")
    remarks = [match.group() for match in _REMARK.finditer(lower)]
    if dash and is_place(person):  # Rental - Ann Lee
        remarks = [person]
        lower = firm
    elif dash and not words_in(person) & _COMPANY and words_in(firm) & _COMPANY:  # Ann Lee - Golden Grill
        lower = person if is_place(firm) else firm
    plain = " ".join(_REMARK.sub(" ", lower).split())
    words = _NOT_IN_COMPANIES.sub(" ", lower).split()
    named = _NOT_IN_COMPANIES.sub(" ", plain or lower).split()
    if is_nobody(named):
        return Name((), "", "", nobody=True)
    house = ""
    if not commercial and plain:  # Ann Lee Pool House
        plain, house = without_house(plain)
        named = _NOT_IN_COMPANIES.sub(" ", plain).split()
    if _is_company(named, lower, commercial):
        return Name((), *_company(words))
    people, suffix = _people(plain)
    if not people:
        return Name((), *_company(words))
    titled = not people[0].first and not _SALUTATIONS.isdisjoint(named)
    return Name(people[:2], "", suffix, house="".join([house, *map(house_in, remarks)]), titled=titled)


def _is_company(words: list[str], text: str, commercial: bool) -> bool:
    known = groups()
    named = [word for word in words if word in _COMPANY]
    if named and not (not commercial and _is_last_name(named, words, text)):
        return True
    if any(word[0].isdigit() and word not in _SUFFIXES for word in words):
        return True
    if not commercial:
        return False
    if "&" in text and "," not in text:  # Mitchell & Deberg
        return True
    firsts = [word for word in words if word not in _TITLES]
    if "," in text:
        return not any(word in known for word in _NOT_IN_COMPANIES.sub(" ", text.split(",", 1)[1]).split())
    return not (2 <= len(firsts) <= 4 and firsts[0] in known)


def _is_last_name(named: list[str], words: list[str], text: str) -> bool:
    """Return whether the only word of a company is a person's last name: Ann Church, Ann B. Church, or Coffee, E."""
    if len(words) == 3 and len(words[1]) == 1 and "," not in text:
        words = [words[0], words[2]]
    if len(words) != 2:
        return False
    if "," in text:
        return words[0] in named and words[0] not in _LEGAL and (words[1] in groups() or len(words[1]) == 1)
    return words[1] in _ALSO_LAST_NAMES and words[0] in groups()


def _company(words: list[str]) -> tuple[str, str]:
    """Return the words of a company, and what distinguishes it from others of its name: words at its end are cut."""
    kept = [_CANONICAL_WORDS.get(word, word) for word in words if word not in _LEGAL] or words
    end = len(kept)
    while end > 1 and (_distinguishes(kept[end - 1], others=end - 1) or (end < len(kept) and kept[end - 1] in _PARTS)):
        end -= 1
    parts = (_NUMERALS.get(word, word) for word in kept[end:] if word not in _PARTS)
    within = "".join(_within(word, before) for before, word in pairwise(["", *kept[:end]]))
    joined = " ".join(kept[:end])
    # A B C Air: abc air
    return _LETTERS.sub(lambda match: match.group().replace(" ", ""), joined), " ".join(filter(None, [within, *parts]))


def _within(word: str, before: str) -> str:
    """Return what a word within the name of a company distinguishes it by: North, Northside, Phase A; empty if none."""
    if before in _PARTS and (len(word) == 1 or word.isdigit() or word in _NUMERALS):
        return _NUMERALS.get(word, word)
    if word in DIRECTIONS and len(word) > 1:
        return DIRECTIONS[word].casefold()
    return word if word.endswith("side") and word.removesuffix("side") in DIRECTIONS else ""


def _distinguishes(word: str, *, others: int) -> bool:
    """Return whether the last word of a company distinguishes it: Phase 2, III; after two words also B, North."""
    if word.isdigit() or word in _NUMERALS:
        return True
    return others > 1 and (len(word) == 1 or word in DIRECTIONS or word in _BESIDE)


def _people(text: str) -> tuple[tuple[Person, ...], str]:
    last_of_all: list[str] = []
    suffix = ""
    text = _ET_UX.sub(" & wife", text)
    if "," in text:
        left, right = (part.strip() for part in text.split(",", 1))
        names, known_suffix = _tokens(right)
        if not names:  # Smith Jr, or John Smith, Jr.
            suffix = known_suffix
            text = left
        elif _JOINT.search(left) is None:
            last_of_all, suffix = _tokens(left)
            text = right
    people: list[Person] = []
    pending: list[list[str]] = []
    parts = [part for part in _JOINT.split(text.replace(",", " ")) if part]
    unnamed = False
    for part in parts:
        tokens, known_suffix = _tokens(part)
        suffix = suffix or known_suffix
        if not tokens or (len(parts) > 1 and {*tokens} <= _SPOUSES):  # Mr. and Mrs. Lem Ossory
            unnamed = len(parts) > 1
            continue
        if last_of_all:
            people.append(_person([*tokens, *last_of_all], len(last_of_all)))
        elif len(tokens) == 1 or (len(tokens) == 2 and len(tokens[1]) == 1):
            pending.append(tokens)
        else:
            person = _person(tokens, 0)
            people.extend(
                Person(words[0], words[1] if words[1:] else "", person.last, person.others) for words in pending
            )
            pending = []
            people.append(person)
    if not people and pending:
        if len(pending[0]) == 2:
            return (_person(pending[0], 0),), suffix
        people = [Person("", "", pending[-1][0])]
    elif not people and last_of_all:
        people = [Person("", "", "".join(last_of_all))]
    if unnamed and len(people) == 1 and people[0].first:
        people.append(Person("spouse", "", people[0].last))
    return tuple(people), suffix


def _tokens(part: str) -> tuple[list[str], str]:
    """Return the words of a part without titles, and its suffix."""
    suffix = ""
    kept: list[str] = []
    for word in _NOT_IN_NAMES.sub(" ", part.replace(".", " ")).split():
        token = word.strip("-")
        if token in _SUFFIXES and (kept or part.strip(" .") == word):
            suffix = _SUFFIXES[token]
        elif token and token not in _TITLES:
            kept.append(token)
    return kept, suffix


def _person(tokens: list[str], of_last: int) -> Person:
    """Return a person from words in the order first, middle, last; the last name has `of_last` words if known."""
    if len(tokens) == 1:
        return Person("", "", tokens[0].replace("-", ""))
    start = len(tokens) - (of_last or 1)
    if not of_last:
        start = next((n for n, word in enumerate(tokens) if n and word in _PARTICLES and n < len(tokens) - 1), start)
    first, between, last = tokens[0], tokens[1:start], tokens[start:]
    if start == 0:
        first, last = "", tokens
    joined = "".join(last).replace("-", "")
    others = [part for word in last for part in word.split("-") if len(part) > 2 and part != joined]
    others += [word.replace("-", "") for word in between if len(word) > 2]
    return Person(first.replace("-", ""), between[0] if between else "", joined, tuple(dict.fromkeys(others)))
