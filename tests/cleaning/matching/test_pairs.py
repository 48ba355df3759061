"""Pairs of customers, each with the tier, the kind and the reason that a person would give."""

from __future__ import annotations

import pytest

from stcrm_pandas.cleaning import Duplicates, duplicates

from .company import Entry, frames_of, others

P, Q = "512-555-{n:04}", "737-556-{m:04}"
M = "box{n}7@home.com"
S, T = "{n} Alder Lane", "{m} Birch Road"
FIRM = "Commercial"

# (first, second, tier or None if the pair is not listed, kind, part of the reason)
CASES = {
    # the same person twice
    "all the same": (
        Entry("Ada Quarles", P, M, S), Entry("Ada Quarles", P, M, S), "sure", "same person", "same name, same phone, same"
    ),
    "other formats": (
        Entry("ABEL QUINTERO", P, M, S), Entry("Quintero, Abel", "+1 (512) 555 {n:04}", "Box{n}7@Home.COM", "{n} ALDER LN"),
        "sure", "same person", "same name",
    ),
    "phone only": (Entry("Alma Rusk", P), Entry("Alma Rusk", P), "sure", "same person", "same name, same phone"),
    "e-mail only": (Entry("Amos Rusedale", "", M), Entry("Amos Rusedale", "", M), "sure", "same person", "same e-mail"),
    "address only": (
        Entry("Anya Sorrell", P, "", S), Entry("Anya Sorrell", "", "", S), "sure", "same person", "same name, same address"
    ),
    "moved": (
        Entry("Arno Tesch", P, M, S), Entry("Arno Tesch", P, M, T), "sure", "same person", "but different address"
    ),
    "new phone": (
        Entry("Asta Ulrich", P, M, S), Entry("Asta Ulrich", Q, M, S), "sure", "same person", "but different phone"
    ),
    "a second number in the cell": (
        Entry("Bela Voss", P, "", S), Entry("Bela Voss", Q + " / " + P, "", S), "sure", "same person", "same phone"
    ),
    "nickname": (
        Entry("Robert Wendig", P, "", S), Entry("Bob Wendig", P, "", S), "sure", "same person", "nickname"
    ),
    "two nicknames": (
        Entry("Bill Wharfe", P, "", S), Entry("Will Wharfe", P, "", S), "sure", "same person", "nickname"
    ),
    "Spanish nickname": (
        Entry("José Xalisco", P, "", S), Entry("Pepe Xalisco", P, "", S), "sure", "same person", "nickname"
    ),
    "Guadalupe": (
        Entry("Guadalupe Yanez", P, "", S), Entry("Lupita Yáñez", P, "", S), "sure", "same person", "nickname"
    ),
    "accents": (
        Entry("Ramón Zúñiga", P, "", S), Entry("RAMON ZUNIGA", P, "", S), "sure", "same person", "same name"
    ),
    "swapped names": (
        Entry("Cora Abbot", P, "", S), Entry("Abbot Cora", P, "", S), "sure", "same person", "same name"
    ),
    "initial": (Entry("Curt Bevan", P, "", S), Entry("C. Bevan", P, "", S), "sure", "same person", "initial"),
    "middle name": (
        Entry("Dora Jean Cribb", P, "", S), Entry("Jean Cribb", P, "", S), "sure", "same person", "middle name"
    ),
    "middle initial in one": (
        Entry("Dov R. Dacre", P, "", S), Entry("Dov Dacre", P, "", S), "sure", "same person", "same name"
    ),
    "typo in the first name": (
        Entry("Stephanie Eastlake", P, "", S), Entry("Stehpanie Eastlake", P, "", S), "sure", "same person", "spelling"
    ),
    "typo in the last name": (
        Entry("Ebba Fothergill", P, "", S), Entry("Ebba Fothergil", P, "", S), "sure", "same person", "spelling"
    ),
    "typo in a swapped name": (
        Entry("Egon Gatehouse", P, "", S), Entry("Gatehuose Egon", P, "", S), "sure", "same person", "spelling"
    ),
    "double name": (
        Entry("Elke Hartnell-Ibsen", P, "", S), Entry("Elke Hartnell", P, "", S), "sure", "same person", "in part"
    ),
    "two last names": (
        Entry("Elio Jaramillo Kuri", P, "", S), Entry("Elio Jaramillo", P, "", S), "sure", "same person", "in part"
    ),
    "particles": (
        Entry("Erna van der Lubbe", P, "", S), Entry("Van der Lubbe, Erna", P, "", S), "sure", "same person", "same name"
    ),
    "apostrophe": (
        Entry("Esme O'Malley", P, "", S), Entry("Esme OMalley", P, "", S), "sure", "same person", "same name"
    ),
    "titles": (
        Entry("Mr. Finn Nettles", P, "", S), Entry("Finn Nettles", P, "", S), "sure", "same person", "same name"
    ),
    "remark in the name": (
        Entry("Flora Oakes (call first)", P, "", S), Entry("Flora Oakes", P, "", S), "sure", "same person", "same name"
    ),
    "one of a couple": (
        Entry("Gus & Hope Pargeter", P, "", S), Entry("Hope Pargeter", P, "", S),
        "look", "same person", "but a couple in one of them only"
    ),
    "a couple twice": (
        Entry("Ines and Ivo Quayle", P, "", S), Entry("Quayle, Ivo & Ines", P, "", S), "sure", "same person", "same name"
    ),
    "both with Jr": (
        Entry("Jago Rennick Jr", P, "", S), Entry("Rennick, Jago, Jr.", P, "", S), "sure", "same person", "same name"
    ),
    "street words": (
        Entry("Jutta Sallow", P, "", "{n} North Alder Lane, Apt 5"), Entry("Jutta Sallow", "", "", "{n} N Alder Ln #5"),
        "sure", "same person", "same address",
    ),
    "unit missing": (
        Entry("Kaja Tolliver", P, "", S + ";Apt 4"), Entry("Kaja Tolliver", P, "", S),
        "sure", "same person", "without a unit in one",
    ),
    "typo in the house number": (
        Entry("Karl Underhay", P, "", "14{n} Alder Lane"), Entry("Karl Underhay", P, "", "41{n} Alder Lane"),
        "sure", "same person", "addresses that differ in one digit",
    ),
    "typo in the street": (
        Entry("Kuno Vickery", P, "", S), Entry("Kuno Vickery", P, "", "{n} Adler Lane"),
        "sure", "same person", "addresses that differ in spelling",
    ),
    "ZIP code with four more digits": (
        Entry("Lena Wadlow", P, "", S + ";;Austin;78701-1234"), Entry("Lena Wadlow", "", "", S),
        "sure", "same person", "same address",
    ),
    "typo in the ZIP code": (
        Entry("Lotte Yarwood", P, "", S + ";;Austin;78710"), Entry("Lotte Yarwood", "", "", S),
        "sure", "same person", "same address",
    ),
    "typo in the phone, same address": (
        Entry("Lutz Zeal", P, "", S), Entry("Lutz Zeal", "512-556-{n:04}", "", S), "sure", "same person", "one digit"
    ),
    "misspelled mail host": (
        Entry("Mabel Ames", "", "mabel{n}@gmail.com"), Entry("Mabel Ames", "", "Mabel{n}@gmial.com"),
        "sure", "same person", "same e-mail",
    ),
    "dots in an address": (
        Entry("Marek Binns", "", "m.binns{n}@gmail.com"), Entry("Marek Binns", "", "mbinns{n}+hvac@gmail.com"),
        "sure", "same person", "same e-mail",
    ),
    # the same company twice
    "company": (
        Entry("Ferngate Dental LLC", P, "", S, FIRM), Entry("Ferngate Dental", P, "", S, FIRM),
        "sure", "same company", "same name",
    ),
    "company, short words": (
        Entry("Gorse Hill Property Management", P, "", S, FIRM), Entry("Gorse Hill Properties Mgmt, Inc.", P, "", S, FIRM),
        "sure", "same company", "same name",
    ),
    "company with a typo": (
        Entry("Harebell Roofing", P, "", S, FIRM), Entry("Harebel Roofing", P, "", S, FIRM), "sure", "same company", "spelling"
    ),
    "company, part of the name": (
        Entry("Ivy Court Bakery & Cafe", P, "", S, FIRM), Entry("Ivy Court Bakery", P, "", S, FIRM),
        "sure", "same company", "in part",
    ),
    "company with letters": (
        Entry("A.B.C. Juniper Storage", P, "", S, FIRM), Entry("ABC Juniper Storage", P, "", S, FIRM),
        "sure", "same company", "same name",
    ),
    "company that moved": (
        Entry("Kelp Bay Insurance", P, "", S, FIRM), Entry("Kelp Bay Insurance", P, "", T, FIRM),
        "look", "same company", "different address",
    ),
    "company named like a person, at two addresses": (
        Entry("Jack Stilgoe", P, "", S, FIRM), Entry("Jack Stilgoe", P, "", T, FIRM), "look", "same company", "different address"
    ),
    "owner's record marked as commercial": (
        Entry("Jack Tredinnick", P, "", S, FIRM), Entry("Tredinnick, Jack", P, "", S), "sure", "same person", "same name"
    ),
    # renamed
    "new last name, phone and address": (
        Entry("Maud Corby", P, "", S), Entry("Maud Dunster", P, "", S), "sure", "renamed", "same first name"
    ),
    "new last name, phone and e-mail": (
        Entry("Milo Eccles", P, M, S), Entry("Milo Frobisher", P, M, T), "sure", "renamed", "different last name"
    ),
    "new last name, address only": (
        Entry("Mira Garrick", P, "", S), Entry("Mira Hobday", "", "", S), "look", "renamed", "same address"
    ),
    # look at it
    "only a last name": (
        Entry("Nadia Inglis", P, "", S), Entry("Inglis Family", P, "", T), "look", "incomplete name", "only part of a name"
    ),
    "only a first name": (
        Entry("Nadja Inskip", "", "", S), Entry("Nadja", "", "", S), "look", "incomplete name", "only part of a name"
    ),
    "only a last name, phone and address": (
        Entry("Nadir Irons", P, "", S), Entry("Mr. Irons", P, "", S), "look", "incomplete name", "only part of a name"
    ),
    "no name": (Entry("Nero Jessop", P, M, S), Entry("", P, M, S), "look", "incomplete name", "same phone"),
    "a misspelled ordinal": (
        Entry("Nilda Jolliffe", "", "", "{n} 14th Street"), Entry("Nilda Jolliffe", "", "", "{n} 14ih St"),
        "sure", "same person", "same address",
    ),
    "a contact person before the company": (
        Entry("Nora Kemp - Cold Bay Grill", P, "", S, FIRM), Entry("Cold Bay Grill", P, "", S, FIRM),
        "sure", "same company", "same name",
    ),
    "nothing exactly the same": (
        Entry("Norbert Killigrew", P, "", "14{n} Alder Lane"), Entry("Norbert Kiligrew", "512-556-{n:04}", "", "41{n} Alder Lane"),
        "sure", "same person", "names that differ in spelling",
    ),
    # people of one household
    "spouses": (
        Entry("Noel Kerslake", P, M, S), Entry("Olga Kerslake", P, M, S), "related", "household", "same last name"
    ),
    "spouses at one address": (
        Entry("Otis Lanyon", P, "", S), Entry("Opal Lanyon", Q, "", S), "related", "household", "different first name"
    ),
    "Don and Donna": (
        Entry("Don Mapstone", P, "", S), Entry("Donna Mapstone", P, "", S), "related", "household", "different first name"
    ),
    "Paul and Paula": (
        Entry("Paul Nancarrow", P, "", S), Entry("Paula Nancarrow", P, "", S), "related", "household", "different first name"
    ),
    "Christopher and Christine": (
        Entry("Christopher Opie", P, "", S), Entry("Christine Opie", P, "", S), "related", "household", "different first name"
    ),
    "another initial": (
        Entry("Otto Penrose", P, "", S), Entry("B. Penrose", P, "", S), "related", "household", "different first name"
    ),
    "other spouse of a couple": (
        Entry("Pia & Ralf Quillfeather", P, "", S), Entry("Senta Quillfeather", P, "", S), "related", "household", ""
    ),
    # parents and children
    "Sr and Jr": (
        Entry("Piet Rosewarne Sr", P, M, S), Entry("Piet Rosewarne Jr", P, M, S), "related", "parent and child", "different suffix"
    ),
    "only one Jr": (
        Entry("Pelle Sandercock", P, M, S), Entry("Pelle Sandercock, Jr.", P, M, S), "related", "parent and child", "in one"
    ),
    "only one Jr and another last name": (
        Entry("Perla Tonkin", P, "", S), Entry("Perla Stribley Jr", P, "", S), "related", "parent and child", "in one"
    ),
    "II and III": (
        Entry("Rolf Tregear II", P, "", S), Entry("Rolf Tregear III", P, "", S), "related", "parent and child", "different suffix"
    ),
    "other middle initials": (
        Entry("Ruth A. Uren", P, "", S), Entry("Ruth L. Uren", P, "", S), "related", "parent and child", "middle initial"
    ),
    # one address
    "sold house": (
        Entry("Saul Vivian", P, M, S), Entry("Thea Woolcock", Q, "", S), "related", "sold house", "same address"
    ),
    "housemates": (
        Entry("Saskia Angove", P, "", S), Entry("Titus Bolitho", P, "", S), "related", "sold house", "same phone, same address"
    ),
    "apartments": (
        Entry("Selma Curnow", P, "", S + ";1"), Entry("Tilda Dingle", Q, "", S + ";2"), "related", "other unit", "different unit"
    ),
    "one name in two apartments": (
        Entry("Silas Eddy", P, "", S + ";Unit 1"), Entry("Silas Eddy", Q, "", S + ";Unit 2"),
        "related", "other unit", "same name",
    ),
    "one person in two apartments": (
        Entry("Sina Goldsworthy", P, M, S + ";1"), Entry("Sina Goldsworthy", P, M, S + ";2"), "sure", "same person", "different unit"
    ),
    "two companies": (
        Entry("Larkspur Pharmacy", P, "", S, FIRM), Entry("Mallow Fitness", Q, "", S, FIRM), "related", "shared office", ""
    ),
    # companies
    "branches": (
        Entry("Nettle Grill", P, "", S, FIRM), Entry("Nettle Grill", Q, "", T, FIRM), "related", "branch", "different address"
    ),
    "branches with numbers": (
        Entry("Orchid Tire #3", P, "", S, FIRM), Entry("Orchid Tire #4", Q, "", T, FIRM),
        "related", "branch", "same name; but different number, letter or direction"
    ),
    "owner and company": (
        Entry("Tove Hocking", P, M, S), Entry("Hocking Plumbing LLC", P, "", T, FIRM), "related", "owner and company", "phone"
    ),
    "company named after its owner": (
        Entry("Udo Jewell", P, "", S), Entry("Jewell Electric", Q, "", S, FIRM), "related", "owner and company", "address"
    ),
    # different people
    "one phone": (Entry("Ulla Kitto", P, "", S), Entry("Vera Luxton", P, "", T), None, "shared contact", "same phone"),
    "one name": (
        Entry("Viggo Menhenitt", P, "", S), Entry("Viggo Menhenitt", Q, "", T + ";;Dallas;75201"),
        None, "same name", "different phone, different address",
    ),
    "one rare name in one ZIP code": (
        Entry("Vidar Maddern", P, "", S), Entry("Vidar Maddern", Q, "", T), "look", "same name", "same ZIP code"
    ),
    "dummy phone": (
        Entry("Vito Nance", "000-000-0000", "", S), Entry("Wanda Odgers", "000-000-0000", "", T), None, "different", ""
    ),
    "dummy e-mail": (
        Entry("Wera Pascoe", P, "none@none.com", S), Entry("Wilma Rodda", Q, "none@none.com", T), None, "different", ""
    ),
    "one user at two hosts": (
        Entry("Wim Spargo", P, "box{n}1@one.com", S), Entry("Xenia Toms", Q, "box{n}1@two.com", T), None, "different", ""
    ),
    "one name, addresses with other digits": (
        Entry("Yorick Upton", P, "upton{n}5@home.com", S), Entry("Yorick Upton", Q, "upton{n}6@home.com", T + ";;Dallas;75201"),
        None, "same name", "different e-mail",
    ),
    "a common name with an address made of it": (
        Entry("Orla Ablewhite", P, "oablewhite@home.com", S), Entry("Orla Ablewhite", Q, "oablewhite@home.com", T),
        "look", "same person", "same e-mail",
    ),
}  # fmt: skip


def filled(entry: Entry, n: int) -> Entry:
    return Entry(*(part.format(n=n, m=n + 4321) for part in entry[:4]), entry.type)


@pytest.fixture(scope="module")
def found() -> Duplicates:
    """All cases in one company: the customers of case number n have the ids 2n - 1 and 2n."""
    cases = [filled(entry, n) for n, case in enumerate(CASES.values(), 1) for entry in case[:2]]
    return duplicates(*frames_of([*cases, *others(700), *[Entry("Orla Ablewhite")] * 20]))


@pytest.mark.parametrize("name", CASES)
def test_pair_has_its_tier_kind_and_reason(found: Duplicates, name: str) -> None:
    number = list(CASES).index(name) + 1
    _, _, tier, kind, reason = CASES[name]
    rows = found.pairs[(found.pairs["id_1"] == 2 * number - 1) & (found.pairs["id_2"] == 2 * number)]
    if tier is None:
        assert rows.empty
        (text,) = found.explain(2 * number, 2 * number - 1).set_index("compared").loc[["result"], "comparison"]
        assert text.startswith(f"related, {kind}. ")
        assert reason in text
    else:
        assert rows[["tier", "kind"]].to_numpy().tolist() == [[tier, kind]]
        assert reason in rows["reason"].iloc[0]


def test_customers_of_different_cases_are_not_proposed(found: Duplicates) -> None:
    proposed = found.pairs[found.pairs["tier"] != "related"]
    of_case = (proposed["id_1"] + 1) // 2 == (proposed["id_2"] + 1) // 2
    assert of_case.all()


def test_clusters_are_the_sure_pairs(found: Duplicates) -> None:
    sure = found.pairs[found.pairs["tier"] == "sure"]
    together = found.clusters.groupby("cluster")["customer_id"].agg(tuple).tolist()
    assert sorted(together) == sorted(zip(sure["id_1"], sure["id_2"], strict=True))
