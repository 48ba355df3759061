"""Spellings are compared only where they may mean the same; the result is that of comparing all of them."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from stcrm_pandas.cleaning.recipes.spellings import _alike, _buckets, _folded, _one_letter_apart

WORDS = st.sampled_from(["Referral", "Referal", "Refferal", "erReferral", "Solar", "Polar", "Solra", "Web", "web", "A"])
NAMES = st.lists(WORDS | st.text("abco", min_size=4, max_size=6), min_size=1, max_size=3)


@given(st.lists(st.builds(" ".join, NAMES), max_size=12, unique=True))
def test_the_same_pairs_as_when_all_are_compared(names: list[str]) -> None:
    expected = []
    for one, other in combinations(names, 2):
        if "".join(_folded(one)) == "".join(_folded(other)) != "":
            expected.append((one, other, "only case, spaces or punctuation differ"))
        elif _one_letter_apart(_folded(one), _folded(other)):
            expected.append((one, other, "one letter differs"))
    assert list(_alike({name: name for name in names})) == expected


def test_thousands_of_spellings_are_compared_with_few_others() -> None:
    rng = random.Random("spellings")
    words = sorted({"".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randrange(4, 10))) for _ in range(5_000)})
    sharing = Counter(bucket for word in words for bucket in _buckets(_folded(word)))
    compared = sum(count * (count - 1) // 2 for count in sharing.values())
    assert compared < len(words) / 2
