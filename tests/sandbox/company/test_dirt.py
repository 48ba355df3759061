"""Duplicates, customers that look like them, and values that are written badly: as many as stated, and as stated."""

import datetime as dt
import json
from collections import defaultdict
from itertools import combinations

import pandas as pd
import phonenumbers
import pytest

from stcrm_pandas.sandbox.company import make_company

AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
PER = 20_000
PAIRS = {
    "spouses": 600,
    "parent_and_child": 60,
    "parent_and_child_without_suffix": 20,
    "sold_house": 600,
    "owner_and_firm": 120,
    "housemates": 120,
}
GROUPS = {
    "property_manager": (5, 6, 21),
    "apartment_block": (8, 15, 40),
    "office_building": (16, 4, 12),
    "chain": (15, 6, 16),
}
"""Number per 20,000 customers, least and most members."""


@pytest.fixture(scope="module")
def people(company) -> pd.DataFrame:
    """The customers by id, with their address, number and e-mail addresses."""
    customers = company["customers"].set_index("id")
    address = pd.DataFrame(customers.address.tolist(), index=customers.index)
    contacts = company["customer_contacts"]
    phones = contacts[contacts.type.isin(["MobilePhone", "Phone"])]
    mails = contacts[contacts.type == "Email"]
    numbers, letters = defaultdict(set), defaultdict(set)
    for id, settings in zip(phones.customerId, phones.phoneSettings, strict=True):
        numbers[id].add(settings["phoneNumber"])
    for id, value in zip(mails.customerId, mails.value, strict=True):
        letters[id].add(value)
    place = address.street.str.lower().str[:7] + address.state  # the number of the house and the start of the street
    return pd.DataFrame(
        {"name": customers.name, "type": customers.type, "active": customers.active, "place": place}
    ).assign(
        unit=address.unit,
        zip5=address.zip.str[:5],
        phones=customers.index.map(numbers.__getitem__),
        mails=customers.index.map(letters.__getitem__),
    )


def per_20_000(company, count: int) -> float:
    return count * PER / len(company["customers"])


def pairs_of(company, kind: str) -> tuple[list[int], list[int]]:
    firsts, seconds = zip(*company.truth["traps"][kind], strict=True)
    return [*firsts], [*seconds]


def test_numbers_of_duplicates(company):
    groups = company.truth["duplicates"]
    assert per_20_000(company, len(groups)) == pytest.approx(1_400, abs=1)
    sizes = pd.Series([len(group) for group in groups]).value_counts(normalize=True)
    for size, share in {2: 0.85, 3: 0.12, 4: 0.03}.items():
        assert sizes[size] == pytest.approx(share, abs=0.02)
    later = {id for group in groups for id in group[1:]}
    for kind, ids in company.truth["differences"].items():
        assert set(ids) <= later, kind
        assert len(ids) > 20, kind


@pytest.mark.parametrize("kind", PAIRS)
def test_numbers_of_pairs(company, kind):
    pairs = company.truth["traps"][kind]
    assert per_20_000(company, len(pairs)) == pytest.approx(PAIRS[kind], abs=1)
    assert {len(pair) for pair in pairs} == {2}


@pytest.mark.parametrize("kind", GROUPS)
def test_numbers_of_groups(company, kind):
    count, least, most = GROUPS[kind]
    sizes = [len(group) for group in company.truth["traps"][kind]]
    assert per_20_000(company, len(sizes)) == pytest.approx(count, abs=1)
    assert least <= min(sizes)
    assert max(sizes) <= most


def test_a_customer_is_in_one_group_only(company):
    kinds = [company.truth["duplicates"], *(company.truth["traps"][kind] for kind in (*PAIRS, *GROUPS))]
    ids = [id for groups in kinds for group in groups for id in group]
    assert len(set(ids)) == len(ids)
    assert company["customers"].set_index("id").active[ids].all()


def test_no_trap_is_a_duplicate(company):
    same = {pair for group in company.truth["duplicates"] for pair in combinations(sorted(group), 2)}
    for kind, groups in company.truth["traps"].items():
        assert not same.intersection(pair for group in groups for pair in combinations(sorted(group), 2)), kind


def test_duplicates_share_a_number_an_address_or_an_email(company, people):
    groups = company.truth["duplicates"]
    firsts = people.loc[[group[0] for group in groups for _ in group[1:]]]
    others = people.loc[[id for group in groups for id in group[1:]]]
    shared = (firsts.place + firsts.zip5).to_numpy() == (others.place + others.zip5).to_numpy()
    for column in ("phones", "mails"):
        shared |= [bool(a & b) for a, b in zip(firsts[column], others[column], strict=True)]
    assert shared.mean() > 0.95  # of the others the street is misspelled


def test_duplicates_are_people_or_firms(company, people):
    kinds = people.type.replace({"Municipal": None}).to_dict()
    assert all(len({kinds[id] for id in group} - {None}) <= 1 for group in company.truth["duplicates"])


@pytest.mark.parametrize("kind", ["spouses", "parent_and_child", "sold_house", "housemates"])
def test_households_share_the_address(company, people, kind):
    firsts, seconds = (people.loc[ids] for ids in pairs_of(company, kind))
    assert (firsts.zip5.to_numpy() == seconds.zip5.to_numpy()).mean() > 0.98  # a few are missing
    assert (firsts.place.to_numpy() == seconds.place.to_numpy()).mean() > 0.98
    assert (firsts.unit.fillna("").to_numpy() == seconds.unit.fillna("").to_numpy()).all()


def names(people: pd.DataFrame) -> tuple[list[str], list[str]]:
    words = people.name.str.lower().str.split()
    return words.str[0].tolist(), words.str[1].tolist()


def test_spouses_share_the_last_name_and_nothing_else(company, people):
    firsts, seconds = (people.loc[ids] for ids in pairs_of(company, "spouses"))
    (first, last), (first_of_other, last_of_other) = names(firsts), names(seconds)
    assert last == last_of_other
    assert not [name for name, of_other in zip(first, first_of_other, strict=True) if name == of_other]


def test_only_a_suffix_tells_child_from_parent(company, people):
    for kind, suffix in (("parent_and_child", True), ("parent_and_child_without_suffix", False)):
        parent, child = (people.loc[ids] for ids in pairs_of(company, kind))
        assert names(parent) == names(child)
        assert child.name.str.contains(r" (?:jr\.?|iii?)$", case=False).eq(suffix).all()


def test_sold_houses_have_new_owners(company, people):
    for kind in ("sold_house", "housemates"):
        firsts, seconds = (people.loc[ids] for ids in pairs_of(company, kind))
        assert not [
            name for name, of_other in zip(names(firsts)[1], names(seconds)[1], strict=True) if name == of_other
        ]
    seller, buyer = pairs_of(company, "sold_house")
    born = company.times("customers", "createdOn").set_axis(company["customers"].id)
    assert (born[seller].to_numpy() <= born[buyer].to_numpy()).all()


def test_owners_share_name_and_number_with_their_firm(company, people):
    owner, firm = (people.loc[ids] for ids in pairs_of(company, "owner_and_firm"))
    assert names(owner)[1] == names(firm)[0]
    shared = [bool(a & b) for a, b in zip(owner.phones, firm.phones, strict=True)]
    assert sum(shared) / len(shared) == pytest.approx(0.78, abs=0.12)


@pytest.mark.parametrize("kind", ["apartment_block", "office_building"])
def test_neighbors_differ_in_the_unit(company, people, kind):
    for group in company.truth["traps"][kind]:
        members = people.loc[group]
        assert members.unit.nunique() == len(group)
        assert members.place.dropna().nunique() == 1


def test_branches_share_the_name_and_no_address(company, people):
    for group in company.truth["traps"]["chain"]:
        members = people.loc[group]
        assert len(set(names(members)[0])) == 1
        assert members.place.dropna().is_unique


def test_property_managers_have_many_locations(company):
    locations = company["locations"]
    names = company["customers"].set_index("id").name.str.lower().str.split().str.join(" ")
    for manager, *tenants in company.truth["traps"]["property_manager"]:
        mine = locations[locations.customerId == manager]
        assert 16 <= len(mine) <= 60
        assert set(names[tenants]) <= set(mine.name.str.lower())


def test_tombstones(company):
    merged = company["customers"].query("mergedToId.notna() and mergedToId != 0")
    assert sorted(map(tuple, company.truth["tombstones"])) == sorted(zip(merged.id, merged.mergedToId, strict=True))


def contact_values(company) -> pd.Series:
    return company["customer_contacts"].set_index(["customerId", "id"]).value


VALUES = {
    "phones_zero": r"000-000-0000",
    "phones_dummy": r"(999-999-9999|111-111-1111|123-456-7890|555-555-5555)",
    "phones_letter_o": r"\d{3}-555-\d\dO\d",
    "phones_two_numbers": r"\d{3}-555-\d{4}( / | or |, )\d{3}-555-\d{4}",
    "phones_masked": r"[*Xx()]{3,5}[- ][*Xx]{3}-\d{4}",
    "phones_exponent": r"\d\.\d\dE\+09",
    "phones_seven_digits": r"555-\d{4}",
    "phones_nine_digits": r"\(\d{3}\) 555-\d{3}",
    "phones_eleven_digits": r"\d{3}555\d{5}",
    "emails_none": r"none@none\.com",
    "emails_dummy": r"(noemail@noemail|test@test|na@na|no@email|x@x)\.com",
    "emails_mailto": r"mailto:\S+@example\.(com|net)",
    "emails_domain_upper": r"[a-z0-9.]+@EXAMPLE\.(COM|NET)",
    "emails_typo_domain": r"\S+@(gmial\.com|gmail\.con|yahooo\.com|hotmial\.com)",
    "emails_two_addresses": r"\S+@\S+(; |, | / )\S+@\S+",
}


@pytest.mark.parametrize("kind", VALUES)
def test_bad_contacts_are_counted(company, kind):
    values = contact_values(company)
    ids = company.truth["defects"][kind]
    assert len(ids) > 15
    matching = values[values.str.fullmatch(VALUES[kind])].index
    assert sorted(matching) == sorted(map(tuple, ids))


def test_spaces_and_the_own_number_are_counted(company):
    values = contact_values(company)
    mails = values[values.str.contains("@") & ~values.str.contains("[;,/]")]
    assert sorted(mails[mails.str.contains(" ")].index) == sorted(map(tuple, company.truth["defects"]["emails_spaces"]))
    own = {values[tuple(ids)] for ids in company.truth["defects"]["phones_own"]}
    number = company["business_units"].phoneNumber.iloc[0]
    assert {value.replace("-", "") for value in own} == {number}
    assert (values.str.replace(r"\D", "", regex=True).str[-10:] == number).sum() == len(
        company.truth["defects"]["phones_own"]
    )


def test_unusual_formats_hold_valid_numbers(company):
    values = contact_values(company)[[tuple(ids) for ids in company.truth["defects"]["phones_format"]]]
    assert len(values.str.replace(r"\d", "0", regex=True).unique()) == 9
    plain = values.str.replace(r"^(001 |cell: )|\.0$| ext.*| x12$| \(wife\)", "", regex=True)
    parsed = [phonenumbers.parse(value, "US") for value in plain.head(300)]
    assert all(phonenumbers.is_valid_number(number) for number in parsed)
    assert {str(number.national_number)[3:6] for number in parsed} == {"555"}


def test_bad_names_and_addresses_are_counted(company):
    customers, truth = company["customers"].set_index("id"), company.truth["defects"]
    name = customers.name
    address = pd.DataFrame(customers.address.tolist(), index=customers.index)
    written_badly = {
        "names_upper": name.str.isupper(),
        "names_lower": name.str.islower(),
        "names_spaces": name != name.str.split(" ").map(lambda words: " ".join(filter(None, words))),
        "streets_long_suffix": address.street.str.contains(r"[a-z] (?:Street|Avenue|Drive|Lane|Road|Court|Boulevard)$"),
        "streets_dotted": address.street.str.endswith("."),
        "streets_spaces": address.street.str.contains("  "),
        "streets_upper": address.street.str.isupper(),
        "streets_lower": address.street.str.islower(),
        "cities_upper": address.city.str.isupper(),
        "cities_lower": address.city.str.islower(),
        "zips_no_hyphen": address.zip.str.fullmatch(r"\d{9}"),
    }
    for kind, flags in written_badly.items():
        assert sorted(flags[flags.fillna(False).astype(bool)].index) == truth[kind], kind
    usual = {"Austin", "Round Rock", "Dallas", "Plano", "Fort Worth", "Houston", "Chicago", "Evanston", "Naperville"}
    odd = address.city.dropna()[lambda city: ~city.isin(usual | {"Joliet"})].index
    cities = [id for kind, ids in truth.items() if kind.startswith("cities_") for id in ids]
    assert sorted(odd) == sorted(cities)


def test_twin_tags_and_the_unused_tag(company):
    used = set(company["customers"].tagTypeIds.explode().dropna())
    twins = company.truth["defects"]["tags_twins"]
    assert all({*pair} <= used for pair in twins)
    assert not used.intersection(company.truth["defects"]["tags_unused"])
    assert {id for pair in twins for id in pair} <= set(company["tag_types"].id)


def test_without_dirt_nothing_is_planted_and_the_rest_is_the_same(company):
    clean = make_company(leads=300, seed=5, as_of=AS_OF, dirt=False)
    dirty = make_company(leads=300, seed=5, as_of=AS_OF)
    for key in ("duplicates", "differences", "traps", "defects"):
        assert not clean.truth[key]
        assert dirty.truth[key]
    first, second = (dict(drawn.tables()) for drawn in (clean, dirty))
    for table in ("jobs", "campaigns", "call_reasons", "lead_notes", "customer_notes"):
        assert [*first[table]] == [*second[table]], table
    for table, written in (("leads", "lead"), ("bookings", ("name", "address"))):
        for clean_row, dirty_row in zip(first[table], second[table], strict=True):
            assert {k for k in clean_row if clean_row[k] != dirty_row[k] and not k.startswith(written)} == set()


def test_the_truth_is_ready_for_json_and_every_list_is_defined(company):
    truth = company.truth
    assert json.loads(json.dumps(truth)) == truth
    assert {"duplicates", "differences", "traps", "tombstones", "defects", "not_defects"} <= truth["definitions"].keys()


def test_rows_do_not_hold_the_truth(company):
    """Ids, times and tags of duplicates are as far apart as those of other customers."""
    customers = company["customers"].set_index("id")
    born = company.times("customers", "createdOn").set_axis(customers.index)
    later = [group[1] for group in company.truth["duplicates"]]
    first = [group[0] for group in company.truth["duplicates"]]
    apart = pd.Series(born[later].to_numpy() - born[first].to_numpy()).dt.days
    assert apart.median() > 100
    same = [a == b for a, b in zip(customers.tagTypeIds[first], customers.tagTypeIds[later], strict=True)]
    usual = [a == b for a, b in zip(customers.tagTypeIds[first], customers.tagTypeIds[later[1:]], strict=False)]
    assert sum(same) / len(same) == pytest.approx(sum(usual) / len(usual), abs=0.05)
