"""From pairs to clusters: the strongest pairs first, and never across a known conflict or a person's "no". Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

CONFLICTS = ("household", "parent and child", "owner and company", "branch", "other unit")
"""Kinds of pairs that are never in one cluster, even if both records resemble a third one."""

Pair = tuple[int, int]


@dataclass
class _Cluster:
    members: list[int]
    avoided: set[int]


def clusters_of(pairs: Iterable[Pair], apart: Iterable[Pair]) -> list[list[int]]:
    """Return the clusters of two or more records, each in order, by their first record.

    Parameters
    ----------
    pairs : iterable of Pair
        Pairs of the same customer, the strongest first.
    apart : iterable of Pair
        Pairs that must not be in one cluster.

    Examples
    --------
    >>> clusters_of([(1, 2), (2, 3), (5, 6)], apart=[(1, 3)])
    [[1, 2], [5, 6]]
    """
    conflicts: defaultdict[int, set[int]] = defaultdict(set)
    for first, second in apart:
        conflicts[first].add(second)
        conflicts[second].add(first)
    cluster_of: dict[int, _Cluster] = {}
    for first, second in pairs:
        mine, yours = (
            cluster_of.get(record) or _Cluster([record], conflicts.get(record, set())) for record in (first, second)
        )
        if mine is yours or first == second:
            continue
        if len(mine.members) < len(yours.members):
            mine, yours = yours, mine
        if not mine.avoided.isdisjoint(yours.members):
            continue
        mine.members += yours.members
        mine.avoided = mine.avoided | yours.avoided
        cluster_of |= dict.fromkeys(yours.members, mine) | {mine.members[0]: mine}
    members_of = {id(cluster): cluster.members for cluster in cluster_of.values()}
    return sorted(sorted(members) for members in members_of.values())
