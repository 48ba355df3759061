"""Spellings of sources, tags and custom fields: which are proposed, and that only a confirmed map changes them."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stcrm_pandas as stcrm
from stcrm_pandas.cleaning.recipes.spellings import _alike, _buckets, _folded, _one_letter_apart, propose, tags
from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.errors import UsageError

WORDS = st.sampled_from(["Referral", "Referal", "Refferal", "erReferral", "Solar", "Polar", "Solra", "Web", "web", "A"])
NAMES = st.lists(WORDS | st.text("abco", min_size=4, max_size=6), min_size=1, max_size=3)


@given(st.lists(st.builds(" ".join, NAMES), max_size=12, unique=True))
def test_the_same_pairs_as_when_all_are_compared(names: list[str]) -> None:
    expected = []
    for name, other in combinations(names, 2):
        if "".join(_folded(name)) == "".join(_folded(other)) != "":
            expected.append((name, other, "only case, spaces or punctuation differ"))
        elif _one_letter_apart(_folded(name), _folded(other)):
            expected.append((name, other, "one letter differs"))
    assert list(_alike({name: name for name in names})) == expected


def test_thousands_of_spellings_are_compared_with_few_others() -> None:
    rng = random.Random("spellings")
    words = sorted({"".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randrange(4, 10))) for _ in range(5_000)})
    sharing = Counter(bucket for word in words for bucket in _buckets(_folded(word)))
    compared = sum(count * (count - 1) // 2 for count in sharing.values())
    assert compared < len(words) / 2


def sources(*values, **options):
    return stcrm.cleaning.sources(pd.DataFrame({"id": range(len(values)), "source": values}), **options)


def test_sources_change_only_by_a_confirmed_map():
    values = ["Web Form"] * 3 + ["web-form", "WEB FORM ", "Marketplace A", "Marketplace B", "Referral", "Referal", None]
    fix = sources(*values)
    assert fix.changes.empty
    assert fix.after.equals(fix.before)
    assert dict(zip(fix.map["value"], fix.map["means"], strict=True)) == {
        "web-form": "Web Form",
        "WEB FORM ": "Web Form",
        "Referral": "Referal",  # as often: the first by the alphabet, for a person to turn around
    }
    assert fix.skipped["suggestion"].tolist() == ["Web Form", "Web Form", "Referal"]
    chosen = fix.map[fix.map["means"] == "Web Form"]
    done = sources(*values, confirmed=chosen)
    assert done.after["source"].tolist()[:5] == ["Web Form"] * 5
    assert len(done.changes) == 2
    assert done.skipped.empty
    assert sources(*done.after["source"], confirmed=chosen).changes.empty


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        *(("Solar", "Polar"), ("Renter", "Rented"), ("MarketplaceA", "MarketplaceB"), ("Marketplace", "MarketplaceA")),
        *(("Leased", "Leaked"), ("Heating Repair", "Beating Repair"), ("Trial", "Trail"), ("Rental", "Rentals")),
    ],
)
def test_other_words_are_never_proposed_as_spellings(usual, other):
    assert propose({usual: 9, other: 2}) == []
    types = pd.DataFrame({"id": [7, 8], "name": [usual, other], "active": [True, True]})
    assert tags(pd.DataFrame({"id": [1], "tag_type_ids": [(7, 8)]}), types).map.empty


@pytest.mark.parametrize(
    ("usual", "typed"), [("Referral", "Referal"), ("Marketplace A", "Marketpalce A"), ("Café Web", "cafe-web")]
)
def test_misspelled_words_are_proposed(usual, typed):
    assert [(value, means) for value, _, means, _ in propose({usual: 9, typed: 2})] == [(typed, usual)]


def test_maps_are_followed_to_their_end_and_may_not_turn_in_a_circle():
    assert sources("a", "b", "c", confirmed={"a": "b", "b": "c"}).after["source"].tolist() == ["c"] * 3
    with pytest.raises(UsageError, match="goes in a circle"):
        sources("a", "b", confirmed={"a": "b", "b": "a"})
    with pytest.raises(UsageError, match=r"must be fix.map or a dictionary"):
        sources("a", confirmed=["a"])


def test_tags_keep_the_others_and_prefer_active_and_frequent_ones():
    types = pd.DataFrame(
        {
            "id": [1, 2, 3, 4, 5],
            "name": ["VIP", "vip ", "Do Not Call", "Landlord", "Land Lord"],
            "active": [False] + [True] * 4,
        }
    )
    rows = pd.DataFrame({"id": [10, 11, 12], "tag_type_ids": [(1, 3, 2), (5, 4, 5), None]})
    fix = stcrm.cleaning.tags(rows, types)
    assert fix.map[["value", "means", "value_name", "means_name"]].values.tolist() == [
        [4, 5, "Landlord", "Land Lord"],
        [1, 2, "VIP", "vip "],
    ] or fix.map[["value", "means"]].values.tolist() == [[1, 2], [4, 5]]
    done = stcrm.cleaning.tags(rows, types, confirmed=fix.map)
    assert done.after["tag_type_ids"].tolist() == [(2, 3), (5,), None]
    assert stcrm.cleaning.tags(done.after, types, confirmed=fix.map).changes.empty
    with pytest.raises(UsageError, match="no tag has the id 9"):
        stcrm.cleaning.tags(rows, types, confirmed={9: 1})


def test_custom_fields_compare_choices_and_not_codes_or_texts():
    choices = ["Afternoon"] * 3 + ["afternoon", "Morning", "#1234", "1234"]
    cells = [
        (CustomField(1, "Window", choice), CustomField(2, "Note", f"text {place}"))
        for place, choice in enumerate(choices)
    ]
    rows = pd.DataFrame({"id": range(7), "custom_fields": cells})
    fix = stcrm.cleaning.custom_fields(rows)
    assert fix.map[["type_id", "field", "value", "means"]].values.tolist() == [[1, "Window", "afternoon", "Afternoon"]]
    assert len(fix.skipped) == 1
    done = stcrm.cleaning.custom_fields(rows, confirmed=fix.map)
    assert done.after["custom_fields"][3] == (CustomField(1, "Window", "Afternoon"), cells[3][1])
    assert done.changes["id"].tolist() == [3]
    with pytest.raises(UsageError, match="the id of a field"):
        stcrm.cleaning.custom_fields(rows, confirmed={"Window": {"a": "b"}})
