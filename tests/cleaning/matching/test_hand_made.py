"""Pairs of different people, companies and houses that resemble each other, and pairs of one that do not.

They were written before the rules that separate them. A wrong *sure* pair is the worst: nobody notices a wrong merge.
"""

from __future__ import annotations

import pytest

from stcrm_pandas.cleaning import Duplicates, duplicates
from stcrm_pandas.cleaning.matching.first_names import ENGLISH, FORMAL, MISTAKEN, SPANISH
from stcrm_pandas.cleaning.matching.names import parse_name

from .company import Entry, frames_of, others

FIRM = "Commercial"
P, Q = "512-555-{n:04}", "737-556-{m:04}"
_LASTS = """
Abernathy Ballantine Carmody Delacourt Eastwick Fairclough Garraway Haversham Inchbald Jellicoe Kettering
Lattimore Mainwaring Netherby Osgathorpe Pemberley Quennell Rotherham Scattergood Thistlewood Uppington
Vavasour Wetherby Yelverton Zimbalist Arkwright Blenkinsop Cottesloe Dunwoody Ellingham Fotheringay Gathercole
Huxtable Ironside Jernigan Kingsnorth Lovelock Merriweather Nethercott Ollerenshaw
"""
LASTS = _LASTS.split()

HOUSES = """
1204 Oak St | 1204 Oak Ct
12 N Main St | 12 S Main St
55 1st St | 55 1st Ave
700 Elm Street | 700 Elm Lane
31 West Lake Dr | 31 East Lake Dr
818 Cedar Rd | 818 Cedar Cir
90 Fifth Street | 90 5th Pl
410 E 7th St | 410 W 7th St
22 Park Ave N | 22 Park Ave South
615 Maple Blvd | 615 Maple Way
8 NE Pine St | 8 NW Pine St
1400 Ridge Trail | 1400 Ridge Cove
77 Sunset Pass | 77 Sunset Loop
5 North St | 5 South St
"""
"""Two houses whose owners have one name; only the address could make them one."""

FIRST_NAMES = """
Robert William | Andrew Andrea | Mary Maria | Mary Marie | John Jonathan | Alice Lisa | Patrick Peter | Laura Lawrence
Harold Henry | Carl Charles | Julia Julie | Emily Emma | Michael Miguel | Jonathan Nathan | Hannah Susan | Ann Nancy
Lisa Melissa | Alexander Sandra | Janet Jean | Joe Joshua | Roger Bobby | Jaden Kaden | Kaylee Kylee | Zayden Jayden
Jack Jacqueline | Edward Edwin | Marvin Melvin | Ronald Donald
Robert Rupert | Luis Luisa | Justin Justina | Roland Orlando | Gabino Gabina
"""
"""Two people of one household: one last name, address and phone number."""

REMARKS = """
Ann {0} - Rental | Bob {1} - Rental
Cleo {0} - Farm | Dirk {1} - Farm
Ella {0} - Pool House | Finn {1} - Pool House
Gail {0} DO NOT SERVICE | Hans {1} DO NOT SERVICE
Iris {0} - Lake House | Jens {1} - Lake House
Rental - Kira {0} | Rental - Lars {1}
"""
"""Tenants, or others, of one house, with the number of its owner."""

COMPANIES = """
{0} Properties | {0} Properties II
{0} Condos Phase A | {0} Condos Phase B
{0} Clinic North | {0} Clinic South
{0} Apartments Bldg 1 | {0} Apartments Bldg 2
{0} Storage East | {0} Storage West
{0} Tower I | {0} Tower II
{0} Holdings LLC | {0} Holdings III LLC
{0} Storage | {0} Storage North
{0} Investments A | {0} Investments B
{0} Plaza Phase One | {0} Plaza Phase Two
{0} Church | {0} Church Daycare
{0} School | {0} School District
"""
"""Two companies with the number and the address of one office."""

NOBODY = """
New Homeowner | New Homeowner
Current Resident | Current Resident
Occupant | OCCUPANT
Homeowner | New Home Owner
Tenant | Tenant
Vacant | Vacant
Unknown | Unknown
Property Owner | Property Owner
"""
"""Names of nobody, with the number of the office; each at two houses."""

JOINT = """
Gus & Hope {0} | Hope {0}
Ines and Ivo {0} | Ivo {0}
Jon & Kate {0} | Jon & Lena {0}
{0}, Max & Nora | Nora {0}
Olaf & Pia {0} | Quin & Pia {0}
Rolf & Sue {0} | Rolf {0}
Tom & Una {0} | Tom {0}
Vic & Wanda {0} | Wanda {0}
"""
"""A couple, and a relative or a former spouse with the name of one of them, at one address."""

LAST_NAMES = """
Mary Ann House | Mary Ann Beach
Anna Marie Lake | Anna Marie Pool
Lee Roy Barn | Lee Roy Ranch
Sue Ellen Shop | Sue Ellen Lot
Betty Jo House Rental | Betty Jo Beach Rental
Robert L Lake | Robert L House
Carol J. Guest | Carol J. Back
Walter T Home | Walter T Main
Martha E Rental | Martha E Cottage
Joe & Rose Hill Rental | Joe Hill
"""
"""Two people whose last names are also words for a place, or stand before one; they share an address or a number."""

TWO_HOUSES = """
Mary Ann Lake House | Mary Ann Beach House
Mary Ann Lake House | Mary Ann Beach
Ann {0} Ranch | Ann {0} Lake House
Ann {0} Farm | Ann {0} - Ranch
Robert Lake House | Robert Beach House
Mary Lake House | Mary House
Quentin {0} Lake House | Quentin {0} Pool House
Paul {0} Travis House | Paul {0} Lakeway House
Otto {0} House | Otto {0} Barn
Rita {0} (Lake Travis House) | Rita {0} (Lakeway House)
Nell {0} - Unit 4 | Nell {0} - Unit 5
Kurt {0} Rental 1 | Kurt {0} Rental 2
{0}, Tom & Una Cabin | Tom & Una {0} Cottage
"""
"""Two houses of one name: two customers, even with one number and one address."""

PLACED = """
Ann {0} Ranch | Ann {0}
Gus & Hope {0} Ranch | {0}, Gus & Hope
{0}, Bob Farm | Bob {0}
Rita {0} Lake House | Rita {0} Lakehouse
Paul {0} Rentals | Paul {0} - Rental
Robert Lake House | Robert Lake
Quentin {0} Guest House | Quentin {0}
"""
"""One person, with and without one house."""

NUMBERED = """
1 North Main LLC | North Main LLC
1 Elmwood Properties | Elmwood Properties
1 Hour {0} Cleaners | {0} Cleaners
Studio 54 Salon | Studio Salon
"""
"""Two companies with one number and address; one has a number that no mark is."""

MARKED_COMPANIES = """
1 - {0} Plumbing LLC | {0} Plumbing LLC
1: {0} Dental Group | {0} Dental Group
REMOVE {0} Grill | {0} Grill
Delete - {0} Storage | {0} Storage
Duplicate: {0} Realty | {0} Realty
DO NOT SERVICE {0} Salon LLC | {0} Salon LLC
Remove It Junk LLC | Remove-It Junk
1 North Main LLC | 1 North Main, Inc.
"""
"""One company, with and without a mark for a merge."""

SPELLINGS = """
Stephen Steven | Jeffrey Jeffery | Sean Shawn | Kathryn Catherine | Brian Bryan | Eric Erik | Philip Phillip
Alan Allen | Sara Sarah | Ann Anne | Teresa Theresa | Debra Deborah | Geoffrey Jeffrey | Marc Mark
Kristin Kristen | Lindsay Lindsey | Mathew Matthew | Nicolas Nicholas | Zachary Zackary | Jon John
Michele Michelle | Rachel Rachael | Rebecca Rebekah | Elisabeth Elizabeth | Katherine Katharine
Lawrence Laurence | Gregory Gregg | Susan Suzan | Cheryl Sheryl | Craig Kraig | Carl Karl | Curtis Kurtis
Christopher Kristopher | Aaron Arron | Anthony Antony | Caitlin Kaitlyn | Jaclyn Jacklyn | Gail Gayle
Jerry Gerry | Vicki Vicky | Lori Laurie | Dylan Dillon | Traci Tracy | Kelly Kelley
"""
"""Two spellings of one first name, with one number and address."""

MARKED = """
DUPLICATE Ann {0} | Ann {0}
DUPLICATE - Bob {0} | Bob {0}
REMOVE Carl {0} | Carl {0}
1 Dora {0} | Dora {0}
Emil {0} (DUPLICATE) | Emil {0}
Faye {0} DO NOT SERVICE | Faye {0}
DO NOT SERVICE - Gina {0} | Gina {0}
Hank {0} - Rental | Hank {0}
Ivan {0} - Pool House | Ivan {0}
Judy {0} - Farm | Judy {0}
Kurt {0} *DNS* | Kurt {0}
Lena {0} (Rental) | Lena {0}
Mary {0} Lake House | Mary {0}
Neal {0} Rental | Neal {0}
DNS - Otis {0} | Otis {0}
Otto {0} House | Otto {0}
Robert L Lake | Robert Lake
Sally Ann House | Sally House
Theodore B. Beach | Ted Beach
Walter T Pool | Walter Pool
"""
"""One person: marks for merging, remarks, and another house, with one number."""


MORE_HOUSES = """
80 Avenue A | 80 Avenue B
12 County Road 100 | 12 County Road 101
12 FM 1431 | 12 FM 1413
9 State Highway 71 | 9 State Highway 95
7 CR 12 | 7 CR 13
100 Road 12 | 100 Road 21
12 21st St | 12 22nd St
12 21st St | 12 31st St
1 Interstate 35 | 1 Interstate 30
204 Oak St | 1204 Oak St
12 Elm St | 21 Elm St
12A Elm St | 12B Elm St
12 Elm St Apt 1 | 12 Elm St Apt 2
12 1/2 Pine St | 12 Pine St
12-1/2 Pine St | 12 Pine St
12½ Pine St | 12 Pine St
12 1/2 Pine St | 12 3/4 Pine St
31-15 Ditmars Blvd | 31-17 Ditmars Blvd
10-12 Elm St | 10 Elm St
"""
"""Two houses whose numbers or streets differ by one letter or digit, a fraction, or the end of a range."""

STREETS = """
40 Oak Ridge Dr | 40 Oak Bridge Dr
31 Oak St | 31 Oaks St
18 Mill Rd | 18 Hill Rd
75 Lake Forest Ln | 75 Lane Forest Ln
22 Ridge Rd | 22 Ridgeview Rd
8 Wood Dr | 8 Woodland Dr
16 Parker Ave | 16 Barker Ave
5 Deer Run | 5 Deep Run
210 Stone Creek Ct | 210 Stony Creek Ct
63 Park Ave | 63 Parke Ave
9 Oakwood Cv | 9 Oakmoor Cv
14 Fox Glen | 14 Fox Glenn
14 Trail Ct | 14 Trial Ct
3 Calvary Rd | 3 Cavalry Rd
"""
"""Two streets whose names differ by a letter or two, and whose owners have one name."""

MISSPELLED = """
40 Oak Ridge Dr | 40 Oakk Ridge Dr
318 Chestnut Ct | 318 Chesnut Ct
77 Lincoln Ave | 77 Linccln Ave
120 Caley Crescent | 120 Caley Cruscent
9 Maple Street | 9 Mapel St
60 Laurel Oak Way | Laurel Oak Way
"""
"""One street, in two spellings, or one house without its number."""

SWAPPED = """
Brian Brain | Miguel Migeul | Angela Agnela | Brice Bryce | Karin Karen | Marisol Marisal | Dwayne Dwanye
"""
"""Two first names that differ in a letter or two swapped ones; one of each is no common name."""

SWAPPED_STREETS = """
9 Angel Dr | 9 Angle Dr
14 Calm Ct | 14 Clam Ct
77 Silver Ln | 77 Sliver Ln
3 Barn Rd | 3 Bran Rd
"""
"""Two streets, or one of them misspelled."""

SHORTENED = """
{0} Academy | {0} Acad
{0} & Sons Insurance LLC | {0} & Sons Ins
{0} Dental | {0} Dentistry
{0} Consulting | {0} Consultants
Barlow{0} Law Firm | Barlow{0}
"""
"""One company, whose name is shortened or ends with another word for its trade."""

UNNAMED = """
Mr. and Mrs. Lem {0} | Lem {0}
Mr & Mrs Lem {0} | Lem {0}
Dr. and Mrs. Lem {0} | Dr. Lem {0}
Lem {0} & Wife | Lem {0}
Lem {0} and Family | Lem {0}
Lem {0} et ux | Lem {0}
{0}, Lem & Wife | {0}, Lem
"""
"""A couple of which one has no name, and that one alone, with one number and address."""

MORE_COMPANIES = """
{0} HOA East Gate | {0} HOA West Gate
North {0} Clinic | South {0} Clinic
{0} North Campus | {0} South Campus
{0} Phase A HOA | {0} Phase B HOA
{0} Condos Phase 1 Association | {0} Condos Phase 2 Association
{0} Building A Offices | {0} Building B Offices
{0} Northside | {0} Southside
{0} Northside Clinic | {0} Southside Clinic
"""
"""Two companies with one number and address; what tells them apart is within the name."""

ONE_COUPLE = """
Mr. and Mrs. Lem {0} | Lem {0} & Wife
{0}, Mr. and Mrs. Lem | Mr & Mrs Lem {0}
Southwest {0} LLC | South West {0}, Inc.
"""
"""One customer, in two spellings."""


def _lines(text: str) -> list[tuple[str, str]]:
    pairs = [part.split(" | ") for part in text.strip().splitlines()]
    return [(one.strip(), other.strip()) for one, other in pairs]


def _couples(text: str) -> list[tuple[str, str]]:
    return [
        (one, other) for one, other in (part.split() for part in text.replace("\n", "|").split("|") if part.strip())
    ]


def different() -> list[tuple[Entry, Entry]]:
    pairs = [
        (Entry(f"Maud {LASTS[n]}", P, "", one), Entry(f"Maud {LASTS[n]}", Q, "", other))
        for n, (one, other) in enumerate(_lines(HOUSES))
    ]
    at = "{n} Alder Lane"
    pairs += [
        (Entry(f"{one} {LASTS[n]}", P, "", at), Entry(f"{other} {LASTS[n]}", P, "", at))
        for n, (one, other) in enumerate(_couples(FIRST_NAMES))
    ]
    for text, kind, phone, street in (
        (REMARKS, "Residential", P, at),
        (COMPANIES, FIRM, P, at),
        (NOBODY, "Residential", P, "{m} Birch Road"),
        (JOINT, "Residential", Q, at),
    ):
        for n, (one, other) in enumerate(_lines(text), 20):
            names = [name.format(LASTS[n], LASTS[-n]) for name in (one, other)]
            pairs.append((Entry(names[0], P, "", at, kind), Entry(names[1], phone, "", street, kind)))
    return pairs


def unlike() -> list[tuple[Entry, Entry]]:
    """Return pairs with one number and two addresses, and the other way round."""
    at = "{n} Alder Lane"
    return [
        (Entry(one, P, "", at), Entry(other, phone, "", street))
        for one, other in _lines(LAST_NAMES)
        for phone, street in ((P, "{m} Birch Road"), (Q, at))
    ]


def same() -> list[tuple[Entry, Entry]]:
    at = "{n} Alder Lane"
    pairs = [
        (Entry(f"{one} {LASTS[n % len(LASTS)]}", P, "", at), Entry(f"{other} {LASTS[n % len(LASTS)]}", P, "", at))
        for n, (one, other) in enumerate(_couples(SPELLINGS))
    ]
    return pairs + [
        (Entry(one.format(LASTS[n]), P, "", at), Entry(other.format(LASTS[n]), P, "", "{m} Birch Road"))
        for n, (one, other) in enumerate(_lines(MARKED))
    ]


def tiers(pairs: list[tuple[Entry, Entry]], chosen: Duplicates) -> dict[str, str]:
    found = {
        (one, other): tier
        for one, other, tier in chosen.pairs[["id_1", "id_2", "tier"]].itertuples(index=False, name=None)
    }
    return {
        " | ".join(" ".join((entry.name, entry.street)) for entry in pair): found.get((2 * n - 1, 2 * n), "related")
        for n, pair in enumerate(pairs, 1)
    }


def judged(pairs: list[tuple[Entry, Entry]]) -> dict[str, str]:
    """Return the tier of each pair in a company of 900 other customers."""
    entries = [
        Entry(*(part.format(n=n, m=n + 4321) for part in entry[:4]), entry.type)
        for n, pair in enumerate(pairs, 1)
        for entry in pair
    ]
    return tiers(pairs, duplicates(*frames_of([*entries, *others(900)])))


@pytest.fixture(scope="module")
def apart() -> dict[str, str]:
    return judged(different())


def test_different_people_and_houses_are_not_sure(apart: dict[str, str]) -> None:
    assert len(apart) == 81
    sure = [pair for pair, tier in apart.items() if tier == "sure"]
    assert len(sure) <= 3, "\n".join(sure)


def test_last_names_that_are_places_are_never_sure() -> None:
    found = judged(unlike())
    assert len(found) == 20
    assert not [f"{tier}: {pair}" for pair, tier in found.items() if tier == "sure"]


def test_what_differs_by_one_letter_or_has_a_partner_without_a_name_is_not_sure() -> None:
    at = "{n} Alder Lane"
    pairs = [
        (Entry(f"{name} {LASTS[n]}", P, "", first), Entry(f"{name} {LASTS[n]}", phone, "", second))
        for name, phone in (("Zeb", Q), ("Ada", ""))  # another number, or none
        for n, (first, second) in enumerate(_lines(MORE_HOUSES))
    ]
    for text, kind, phone in ((UNNAMED, "Residential", P), (MORE_COMPANIES, FIRM, P)):
        for names in _lines(text):
            first, second = (name.format(LASTS[len(pairs) % len(LASTS)]) for name in names)
            pairs.append((Entry(first, P, "", at, kind), Entry(second, phone, "", at, kind)))
    pairs.append((Entry("Future Homeowner", P, "", at), Entry("Future Homeowner", P, "", "{m} Birch Road")))
    found = judged(pairs)
    assert len(found) == len(pairs)
    assert not [f"{tier}: {pair}" for pair, tier in found.items() if tier == "sure"]


def test_streets_that_differ_by_a_letter_are_sure_only_with_a_common_number() -> None:
    def named(text: str, phone: str) -> list[tuple[Entry, Entry]]:
        return [
            (Entry(f"Zeb {LASTS[n]}", P, "", first), Entry(f"Zeb {LASTS[n]}", phone, "", second))
            for n, (first, second) in enumerate(_lines(text))
        ]

    for phone in (Q, ""):  # another number, or none
        apart = judged(named(STREETS, phone))
        assert set(apart.values()) == {"look"}, apart
    alike = judged([*named(STREETS + MISSPELLED.lstrip(), P)])
    assert set(alike.values()) == {"sure"}, alike


def test_without_any_number_names_and_streets_decide_and_house_numbers_stay_apart() -> None:
    alike, apart = (
        [
            (Entry(f"{first} {LASTS[n]}", "", "", one), Entry(f"{first} {LASTS[n]}", "", "", other))
            for n, (one, other) in enumerate(_lines(text))
        ]
        for text, first in ((MISSPELLED, "Zeb"), (HOUSES + MORE_HOUSES.lstrip(), "Ada"))
    )
    found = list(judged([*alike, *apart]).items())
    assert {tier for _, tier in found[: len(alike)]} == {"sure"}, found[: len(alike)]
    assert not [pair for pair, tier in found[len(alike) :] if tier == "sure"]


def test_a_street_that_nobody_else_has_is_a_misspelled_one_of_others() -> None:
    streets = [("Chestnut", "Chesnut"), ("Lincoln", "Linccln"), ("Sycamore", "Sycamoer"), ("Willow", "Wilow")]
    pairs = [
        (Entry(f"Zeb {LASTS[n]}", P, "", f"4{n} {one} Rd"), Entry(f"Zeb {LASTS[n]}", Q, "", f"4{n} {other} Rd"))
        for n, (one, other) in enumerate(streets)
    ]
    of_one, of_the_other = (
        [
            (
                Entry(f"Ida {LASTS[-n]}", "", "", f"{n}1 {street} Rd"),
                Entry(f"Uwe {LASTS[n]}", "", "", f"{n}5 {street} Rd"),
            )
            for n in range(1, 4)
            for street in names
        ]
        for names in zip(*streets, strict=True)
    )
    assert set(list(judged(pairs + of_one).values())[:4]) == {"sure"}
    assert set(list(judged(pairs + of_one + of_the_other).values())[:4]) == {"look"}


def test_a_last_name_alone_is_sure_only_if_nobody_else_of_that_name_is_there() -> None:
    at = "{n} Alder Lane"
    alone = [(Entry(f"Ann {name}", P, "", at), Entry(name, P, "", at)) for name in LASTS[:4]]
    with_other_phones = [(Entry(f"Ann {name}", P, "", at), Entry(name, Q, "", at)) for name in LASTS[4:6]]
    with_a_title = [(Entry(f"Ann {name}", P, "", at), Entry(f"Mr. {name}", P, "", at)) for name in LASTS[6:8]]
    with_a_spouse = [(Entry(f"Ann {name}", P, "", at), Entry(name, P, "", at)) for name in LASTS[8:12]]
    spouses = [(Entry(f"Bob {name}", "", "", f"{n} Alder Lane"), Entry("")) for n, name in enumerate(LASTS[8:12], 9)]
    found = list(judged([*alone, *with_other_phones, *with_a_title, *with_a_spouse, *spouses]).values())
    assert (set(found[:4]), set(found[4:12])) == ({"sure"}, {"look"})


def test_a_misspelled_first_name_or_street_is_sure_only_without_other_phones() -> None:
    def pairs(phone: str, email: str = "") -> list[tuple[Entry, Entry]]:
        at = "{n} Alder Lane"
        names = [
            (Entry(f"{first} {LASTS[n]}", P, email, at), Entry(f"{second} {LASTS[n]}", phone, email, at))
            for n, (first, second) in enumerate(_couples(SWAPPED))
        ]
        return names + [
            (Entry(f"Zeb {LASTS[-n]}", P, email, first), Entry(f"Zeb {LASTS[-n]}", phone, email, second))
            for n, (first, second) in enumerate(_lines(SWAPPED_STREETS), 1)
        ]

    assert set(judged(pairs(Q)).values()) == {"look"}
    for phone, email in ((P, ""), (Q, "box{n}7@home.com"), ("", "")):
        found = judged(pairs(phone, email))
        assert set(found.values()) == {"sure"}, found


def test_shortened_names_of_companies_at_one_place_are_sure() -> None:
    at = "{n} Alder Lane"
    pairs = [
        (Entry(first.format(LASTS[n]), P, "", at, FIRM), Entry(second.format(LASTS[n]), P, "", at, FIRM))
        for n, (first, second) in enumerate(_lines(SHORTENED))
    ]
    assert set(judged(pairs).values()) == {"sure"}
    branches = [(first, second._replace(street="{m} Birch Road")) for first, second in pairs]
    assert "sure" not in judged(branches).values()


def test_one_couple_in_two_spellings_is_sure() -> None:
    at = "{n} Alder Lane"
    pairs = [
        (Entry(first.format(LASTS[n]), P, "", at), Entry(second.format(LASTS[n]), P, "", at))
        for n, (first, second) in enumerate(_lines(ONE_COUPLE))
    ]
    assert not [f"{tier}: {pair}" for pair, tier in judged(pairs).items() if tier != "sure"]


def test_two_houses_of_one_name_are_two_customers() -> None:
    named = [tuple(name.format(LASTS[n]) for name in names) for n, names in enumerate(_lines(TWO_HOUSES))]
    at = "{n} Alder Lane"
    pairs = [
        (Entry(first, P, "", at), Entry(second, P, "", street))
        for first, second in named
        for street in (at, "{m} Birch Road")
    ]
    assert not [f"{tier}: {pair}" for pair, tier in judged(pairs).items() if tier == "sure"]


def test_a_house_after_a_name_is_part_of_a_person() -> None:
    pairs = [
        (
            Entry(first.format(LASTS[n]), P, "", "{n} Alder Lane"),
            Entry(second.format(LASTS[n]), P, "", "{m} Birch Road"),
        )
        for n, (first, second) in enumerate(_lines(PLACED))
    ]
    found = judged(pairs)
    assert not [f"{tier}: {pair}" for pair, tier in found.items() if tier != "sure"]
    for name in ("King Ranch", "Ann Smith Ranch LLC", "Double J Ranch"):
        assert parse_name(name).company
    assert parse_name("Ann Smith Ranch", commercial=True).company == "ann smith ranch"


def test_two_houses_stay_apart_beside_the_name_without_one() -> None:
    at = "9 Alder Lane"
    entries = [Entry(f"Ann Carmody{house}", "512-555-0199", "", at) for house in (" Lake House", " Beach House", "")]
    found = duplicates(*frames_of([*entries, *others(900)]))
    assert found.clusters["customers"].tolist() == [2, 2]
    reason = found.explain(1, 2).set_index("compared").at["result", "comparison"]
    assert "look, same person" in reason
    assert "the name of another house" in reason


def test_a_number_before_a_company_is_part_of_its_name() -> None:
    at = "{n} Alder Lane"
    apart, alike = (
        [
            (Entry(one.format(LASTS[n]), P, "", at, FIRM), Entry(other.format(LASTS[n]), P, "", at, FIRM))
            for n, (one, other) in enumerate(_lines(text))
        ]
        for text in (NUMBERED, MARKED_COMPANIES)
    )
    assert set(judged(apart).values()) == {"look"}
    assert set(judged(alike).values()) == {"sure"}
    assert parse_name("Remove It Junk LLC").company == "remove it junk"
    assert parse_name("REMOVE IT JUNK LLC").company == "remove it junk"


def test_spellings_marks_and_remarks_are_one_person() -> None:
    found = judged(same())
    missed = [f"{tier}: {pair}" for pair, tier in found.items() if tier != "sure"]
    assert len(missed) <= 3, "\n".join(missed)


def test_each_added_nickname_counts() -> None:
    added = {(name, one) for name, those in (SPANISH | ENGLISH).items() for one in those.split()}
    assert not {pair for pair in added if pair[1] in FORMAL or pair in MISTAKEN}
