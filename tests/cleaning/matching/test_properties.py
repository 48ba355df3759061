"""What holds for any customers: nothing depends on order or ids, nothing is lost, and a "no" keeps customers apart."""

from __future__ import annotations

import random

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from stcrm_pandas.cleaning import Duplicates, duplicates
from stcrm_pandas.cleaning.matching.clusters import clusters_of

from .company import Entry, frames_of, others

ENTRIES = st.lists(
    st.builds(
        Entry,
        st.sampled_from(["Ann Lee", "Anna Lee", "Bob Lee", "Ann & Bob Lee", "Ann Lee Jr", "Lee Air LLC", ""]),
        st.sampled_from(["512-555-0101", "512-555-0102", "512-555-0101,737-555-0199", ""]),
        st.sampled_from(["ann7@home.com", "bob@home.com", ""]),
        st.sampled_from(["1 Elm St", "1 Elm Street;2", "1 Elm St;3", "9 Oak Rd", ""]),
    ),
    min_size=1,
    max_size=12,
)


def as_sets(found: Duplicates, names: dict[int, int]) -> tuple[set[object], set[object]]:
    """The pairs and clusters, with the customers renamed."""
    columns = ["id_1", "id_2", "tier", "kind", "probability", "reason"]
    pairs = {
        (frozenset((names[one], names[other])), *rest)
        for one, other, *rest in found.pairs[columns].itertuples(index=False)
    }
    return pairs, {frozenset(map(names.get, ids)) for _, ids in found.clusters.groupby("cluster")["customer_id"]}


@settings(max_examples=3)
@given(ENTRIES.filter(lambda entries: len(set(entries)) == len(entries)), st.randoms(use_true_random=False))
def test_order_and_ids_do_not_matter(entries: list[Entry], draw: random.Random) -> None:
    frames = frames_of(entries)
    first = as_sets(duplicates(*frames), {n: n for n in range(1, len(entries) + 1)})
    ids = draw.sample(range(100, 10**12), len(entries))
    moved = frames_of(entries, ids)
    shuffled = [frame.sample(frac=1, random_state=draw.randrange(10**6)) for frame in moved]
    again = as_sets(duplicates(*shuffled), {one: n for n, one in enumerate(ids, 1)})
    assert again == first


PAIRS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] != pair[1]), max_size=30)


@given(PAIRS, PAIRS)
def test_clusters_are_a_partition_without_conflicts(pairs: list[tuple[int, int]], apart: list[tuple[int, int]]) -> None:
    clusters = clusters_of(pairs, apart)
    members = [one for cluster in clusters for one in cluster]
    assert len(members) == len(set(members))
    assert set(members) <= {one for pair in pairs for one in pair}
    assert all(len(cluster) > 1 for cluster in clusters)
    at = {one: number for number, cluster in enumerate(clusters) for one in cluster}
    assert not any(one in at and at[one] == at.get(other) for one, other in apart)
    if not apart:  # every pair is in one cluster
        assert all(at[one] == at[other] for one, other in pairs)
    elif pairs and pairs[0] not in apart and pairs[0][::-1] not in apart:  # the strongest pair always is
        assert at[pairs[0][0]] == at[pairs[0][1]]


def test_a_no_is_never_in_one_cluster() -> None:
    entries = [Entry("Wanda Quist", "512-555-0101", "wanda7@home.com", "1 Elm St")] * 5
    found = duplicates(*frames_of(entries))
    assert found.clusters["customers"].tolist() == [5] * 5
    for one, other in ((1, 2), (1, 3), (4, 5)):
        found.decide(one, other, "different")
        cluster = found.clusters.set_index("customer_id")["cluster"].to_dict()
        assert one not in cluster or cluster[one] != cluster.get(other)


def test_a_couple_is_one_of_its_people_only() -> None:
    couple = Entry("Ann & Bob Quist", "512-555-0101,512-555-0102", "ann7@home.com", "1 Elm St")
    ann, bob = Entry("Ann Quist", "512-555-0101", "ann7@home.com", "1 Elm St"), Entry("Bob Quist", "", "", "1 Elm St")
    found = duplicates(*frames_of([couple, ann, bob, *others(400)]))
    assert found.clusters.empty  # nobody can tell which of them the record of both is
    tiers = found.pairs.set_index(["id_1", "id_2"])["tier"].to_dict()
    assert [tiers[pair] for pair in ((1, 2), (1, 3), (2, 3))] == ["look", "look", "related"]
    assert found.explain(3, 1)["comparison"].iloc[-1].startswith("look, same person. Same person twice")


def test_a_nickname_is_one_of_its_people_only() -> None:
    named = [Entry(f"{first} Quist", "512-555-0101", "", "1 Elm St") for first in ("Frederick", "Alfred", "Fred")]
    named[0] = named[0]._replace(email="bob7@home.com")
    named[2] = named[2]._replace(email="bob7@home.com")
    found = duplicates(*frames_of([*named, *others(400)]))
    assert found.clusters["customer_id"].tolist() == [1, 3]
    tiers = found.pairs.set_index(["id_1", "id_2"])["tier"].to_dict()
    assert [tiers[pair] for pair in ((1, 3), (2, 3), (1, 2))] == ["sure", "look", "related"]
    assert found.pairs["reason"].str.endswith("; a stronger pair contradicts it").sum() == 1


def test_customers_without_values_and_empty_frames() -> None:
    blank = duplicates(*frames_of([Entry("")] * 3))
    assert blank.pairs.empty
    assert blank.clusters.empty
    nobody = duplicates(*frames_of([]))
    assert nobody.summary().startswith("0 customers compared. 0 clusters of 0 customers")
    assert nobody.pairs.dtypes.astype(str).to_dict() == blank.pairs.dtypes.astype(str).to_dict()
    one = duplicates(*frames_of([Entry("Wanda Quist", "512-555-0101")] * 2))
    assert one.pairs.dtypes.astype(str).to_dict() == blank.pairs.dtypes.astype(str).to_dict()
    assert one.clusters.dtypes.astype(str).to_dict() == blank.clusters.dtypes.astype(str).to_dict()


def test_many_customers_of_one_name_and_phone_take_linear_time() -> None:
    """The pairs of neighbors are enough for one cluster; all pairs would be 499,500."""
    found = duplicates(*frames_of([Entry("Wanda Quist", "512-555-0101")] * 1000))
    assert len(found.pairs) < 1000 * 50
    assert found.clusters["customers"].tolist() == [1000] * 1000


def test_input_is_not_changed() -> None:
    frames = frames_of([Entry("Wanda Quist", "512-555-0101", "", "1 Elm St")] * 2)
    copies = [frame.copy() for frame in frames]
    duplicates(*frames)
    for frame, copy in zip(frames, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_a_customer_of_many_places_is_compared_as_one_of_few() -> None:
    """Beyond 40 addresses, only those with an equal number or street are compared."""
    street = "{} Alder Lane"
    places = [street.format(300 + 7 * n) for n in range(60)]
    people = [
        Entry("Wanda Quist", "", "", places[3]),
        Entry("Otto Brandt", "", "", places[4] + ";2"),
        Entry("Quist Homes LLC", "", "", f"{places[5]};4"),
        Entry("Wanda Quist", "", "", "999 Elm St"),
    ]
    for many in (10, 60):
        entries = [Entry("Wanda Quist", "512-555-0101", "", places[0]), *people, *others(300)]
        customers, contacts, locations = frames_of(entries)
        more = pd.concat([locations.iloc[:1]] * many, ignore_index=True)
        more = more.assign(id=range(1, many + 1), address_street=places[:many])
        found = duplicates(customers, contacts, pd.concat([locations, more], ignore_index=True)).pairs
        first = found[found["id_1"] == 1].set_index("id_2")[["tier", "address"]]
        assert first.loc[2].tolist() == ["sure", "same"]
        assert first.loc[3, "address"] == "unit missing"
        assert first.loc[5].tolist() == ["look", "zip"]
