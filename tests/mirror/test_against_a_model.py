"""Any order of edits, deletions, syncs, lost tokens, repeats, full lists and compactions against the true history."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import pandas as pd
import pytest
from hypothesis import strategies as st

from stcrm_pandas.errors import MirrorError
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.resources import MIRRORED

from .service import START, Service

RESOURCES = ("leads", "campaigns")
TEXT = {"leads": "summary", "campaigns": "name"}
IDS = st.integers(1, 6)

STEP = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(RESOURCES), IDS, st.sampled_from("abc"), st.booleans()),
    st.tuples(st.just("delete"), st.sampled_from(RESOURCES), IDS),
    st.tuples(st.just("wait"), st.sampled_from([1, 7 * 60, 16 * 60, 3 * 3600, 8 * 86400, 31 * 86400])),
    st.tuples(st.just("sync"), st.booleans()),
    st.tuples(st.just("lose tokens")),
    st.tuples(st.just("repeat"), st.integers(0, 2)),
    st.tuples(st.just("compact")),
    st.tuples(st.just("drop current")),
)


def deleted_before_the_feed_shows_it(id: int) -> list[Any]:
    """A complete list lacks a lead that the feed, read from its start, still returns."""
    return [("delete", "leads", id), ("sync", True), ("lose tokens",), ("sync", False)]


def repeated_after_an_edit(id: int) -> list[Any]:
    """The feed returns a lead's version from before an edit again."""
    edits = [[("put", "leads", id, text, True), ("wait", 16 * 60), ("sync", False)] for text in "ab"]
    return [*edits[0], *edits[1], ("repeat", 1), ("sync", False)]


# Single steps rarely come in these orders by chance.
STEPS = st.lists(
    st.one_of(
        *[STEP.map(lambda step: [step])] * 8,
        IDS.map(deleted_before_the_feed_shows_it),
        IDS.map(repeated_after_an_edit),
    ),
    min_size=1,
    max_size=18,
).map(lambda parts: [step for part in parts for step in part])


def content(frame: pd.DataFrame, resource: str) -> dict[int, Any]:
    found = frame[["id", TEXT[resource]]].to_dict("list")
    return dict(zip(found["id"], found[TEXT[resource]], strict=True))


def true_at(service: Service, resource: str, at: dt.datetime, seen: set[tuple[str, int, int]]) -> dict[int, Any]:
    """The rows at a moment: of each the latest state by then that any read returned."""
    found = {}
    for id, states in service.states[resource].items():
        there = [n for n, state in enumerate(states) if state[0] <= at and (resource, id, n) in seen]
        if there and not states[there[-1]][2]:
            found[id] = states[there[-1]][1][TEXT[resource]]
    return found


@pytest.mark.deep
@pytest.mark.hypothesis
# Each example writes some hundred files, so the long profile would take a quarter of an hour.
@hypothesis.settings(max_examples=60)
@hypothesis.example(steps=deleted_before_the_feed_shows_it(1))
@hypothesis.example(steps=repeated_after_an_edit(1))
@hypothesis.given(steps=STEPS)
def test_current_as_of_and_history_equal_the_true_history(steps):
    service = Service()
    for resource in RESOURCES:
        for id in range(1, 4):
            service.put(resource, id, **{TEXT[resource]: "first"})
    service.now += dt.timedelta(hours=1)
    with tempfile.TemporaryDirectory() as folder:
        mirror = Mirror(folder, tenant=7, crm=service, time_zone="America/Chicago")
        snapshots: list[tuple[dt.datetime, dict[str, dict[int, Any]]]] = []
        quiet: set[tuple[str, int]] = set()  # rows with edits that do not move the date of modification
        for step in [("sync", False), *steps, ("wait", 16 * 60), ("sync", False), ("wait", 60), ("sync", True)]:
            take_step(service, mirror, step, quiet)
            if step[0] == "sync":
                # After a complete list, the mirror is the service.
                now = {resource: content(mirror.read(resource), resource) for resource in RESOURCES}
                snapshots.append((service.now.replace(microsecond=0), now))
                if step[1]:
                    for resource in RESOURCES:
                        everything = {
                            (resource, id, n) for id, s in service.states[resource].items() for n in range(len(s))
                        }
                        assert now[resource] == true_at(service, resource, service.now, everything)
                check(service, mirror, snapshots, quiet)


def take_step(service: Service, mirror: Mirror, step: Any, quiet: set[tuple[str, int]]) -> None:
    service.now += dt.timedelta(seconds=2)
    match step:
        case ("put", resource, id, text, moves):
            if not moves and resource == "leads":
                quiet.add((resource, id))
            service.put(resource, id, moves=moves or resource == "campaigns", **{TEXT[resource]: text})
        case ("delete", resource, id):
            if id in service.states[resource]:
                service.delete(resource, id)
        case ("wait", seconds):
            service.now += dt.timedelta(seconds=seconds)
        case ("sync", full):
            mirror.sync(only=RESOURCES, full=full, allow_deletions=True)
        case ("lose tokens",):
            service.known_tokens.clear()
        case ("repeat", number):
            service.repeats = number
        case ("compact",):
            mirror.compact()
        case ("drop current",):
            for path in Path(mirror.folder).glob("current/*/*"):
                path.unlink()


def check(service: Service, mirror: Mirror, snapshots: Any, quiet: set[tuple[str, int]]) -> None:
    seen = set(service.seen)
    for resource in RESOURCES:
        status = mirror.status().set_index("resource").loc[resource]
        for at, rows in snapshots:
            assert content(mirror.read(resource, as_of=at, by="seen"), resource) == rows[resource]
        current, expected = content(mirror.read(resource), resource), true_at(service, resource, service.now, seen)
        for id in {*current, *expected}:
            if (resource, id) not in quiet:
                assert current.get(id) == expected.get(id), (resource, id, "now")
        moments = sorted({state[0] for states in service.states[resource].values() for state in states})
        for at in [moment + dt.timedelta(seconds=1) for moment in moments]:
            if not status["known_from"] <= pd.Timestamp(at) <= status["complete_to"]:
                with pytest.raises(MirrorError):
                    mirror.read(resource, as_of=at)
                continue
            found = content(mirror.read(resource, as_of=at), resource)
            expected = true_at(service, resource, at, seen)
            for id in {*found, *expected}:
                # When a row was deleted is not known where only a complete list shows it.
                if (resource, id) not in quiet | service.missed:
                    assert found.get(id) == expected.get(id), (resource, id, at)
        for id in service.states[resource]:
            history = mirror.history(resource, id)
            assert history["valid_from"].is_monotonic_increasing
            assert history["seen_at"].is_monotonic_increasing
            shown = history[[TEXT[resource], "deleted", "modified_on"]]
            assert not (shown == shown.shift()).all(axis=1).any(), "a version without a difference was written"


def test_all_resources_have_a_row_with_the_key_and_operations():
    for mirrored in MIRRORED.values():
        assert set(mirrored.row.key) <= set(mirrored.row.dtypes)
    assert START.tzinfo is not None
