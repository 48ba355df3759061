"""Whatever is edited, undone, redone and read anew: the edited frame is what a plain model says."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.plan.steps import PlanOptions
from stcrm_pandas.grid.session import Session

from ..edits.plan.rows import ORIGIN, plan_changes
from ..frame.random_frames import frames, values
from .kernel import session_of
from .sessions import LIBERAL, STRICT, open_session, with_cell

ABOUT = {"environment": ORIGIN.environment, "tenant": ORIGIN.tenant}
QUICK = settings(phases=[Phase.explicit, Phase.reuse, Phase.generate], max_examples=settings().max_examples // 5)
"""An example opens several logs, each with its own commits to the disk."""
Place = tuple[str, str]


@dataclass
class Model:
    """The frame as read, and groups of edits: cell, its value as read when it was edited, and its new value."""

    cells: dict[Place, str | None]
    done: list[list[tuple[Place, str | None, str | None]]] = field(default_factory=list)
    undone: list[list[tuple[Place, str | None, str | None]]] = field(default_factory=list)

    def last(self, place: Place) -> tuple[str | None, str | None] | None:
        found = [(base, new) for group in self.done for cell, base, new in group if cell == place]
        return found[-1] if found else None

    def value(self, place: Place) -> str | None:
        last, there = self.last(place), self.cells[place]
        return last[1] if last is not None and last[0] == there else there

    def is_conflict(self, place: Place) -> bool:
        last, there = self.last(place), self.cells[place]
        return last is not None and last[0] != last[1] and there not in last

    def edit(self, edits: list[tuple[Place, str | None]]) -> None:
        group = []
        for place, new in edits:
            seen = next((one[2] for one in reversed(group) if one[0] == place), self.value(place))
            if new != seen:
                group.append((place, self.cells[place], new))
        if group:
            self.done.append(group)
            self.undone.clear()


def cells_of(session: Session) -> dict[Place, str | None]:
    return {
        (key, name): text
        for name in session.columns
        for key, text in zip(session.key_texts, session.texts(name).to_pylist(), strict=True)
    }


@QUICK
@given(resource=st.sampled_from(sorted(TARGETS)), data=st.data())
def test_frame_after_any_actions_equals_a_plain_model(
    resource: str, data: st.DataObject, tmp_path_factory: Any
) -> None:
    target = TARGETS[resource]
    path = Path(tmp_path_factory.mktemp("log")) / "log.sqlite"
    frame = data.draw(frames(target.row, least=1, most=4))
    frame.attrs["stcrm"] = ABOUT | {"fetched_at": "2026-06-01T12:00:00Z"}
    session = open_session(path, resource, frame)
    model = Model(cells_of(session))
    everything = dict(model.cells)
    open_columns = [name for name, one in session.columns.items() if not one.locked]
    numbers = itertools.count(1)
    for _ in range(data.draw(st.integers(1, 8))):
        match data.draw(st.sampled_from(["edit", "edit", "paste", "undo", "redo", "read", "restart"])):
            case "edit" | "paste" as what:
                chosen = []
                for _ in range(1 if what == "edit" else data.draw(st.integers(1, 4))):
                    name = data.draw(st.sampled_from(open_columns))
                    column = session.columns[name]
                    value = data.draw(values(column.column.field))
                    text = column.text(column.parse(column.text(value))[0])
                    chosen.append(((data.draw(st.sampled_from(session.key_texts)), name), text))
                edits = [(*place, model.value(place), text) for place, text in chosen]
                session.edit("tab", next(numbers), "", edits)
                model.edit(chosen)
            case "undo":
                session.undo("tab", next(numbers))
                if model.done:
                    model.undone.append(model.done.pop())
            case "redo":
                session.redo("tab", next(numbers))
                if model.undone:
                    model.done.append(model.undone.pop())
            case "read":
                frame = read_again(data, resource, frame)
                session = open_session(path, resource, frame)
                model.cells = cells_of(session)
                everything |= model.cells
            case _:
                session = open_session(path, resource, frame)
        check(session, model, frame, everything)


def read_again(data: st.DataObject, resource: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in another order, some of them changed by somebody else."""
    frame = frame.iloc[data.draw(st.permutations(range(len(frame))))]
    for _ in range(data.draw(st.integers(0, 3))):
        name = data.draw(st.sampled_from(sorted(TARGETS[resource].rules)))
        value = data.draw(values(TARGETS[resource].columns[name].field))
        frame = with_cell(frame, data.draw(st.integers(0, len(frame) - 1)), name, value)
    return frame


def check(session: Session, model: Model, frame: pd.DataFrame, everything: dict[Place, str | None]) -> None:
    expected = frame
    for position, key in enumerate(session.key_texts):
        for name, column in session.columns.items():
            text = model.value((key, name))
            if text != model.cells[key, name]:
                expected = with_cell(expected, position, name, column.parse(text)[0])
    pd.testing.assert_frame_equal(session.after(), expected, check_exact=True)
    assert session.after().attrs == frame.attrs
    for name in session.columns:
        assert session.current_texts(name).to_pylist() == [model.value((key, name)) for key in session.key_texts]
    assert set(session.replay.conflicts) == {place for place in model.cells if model.is_conflict(place)}
    assert set(session.replay.applied) == {place for place, there in model.cells.items() if model.value(place) != there}
    assert (session.history.undo_count, session.history.redo_count) == (len(model.done), len(model.undone))
    again = open_session(session.log.path, session.planner.resource, frame)  # type: ignore[union-attr]
    assert again.replay == session.replay
    assert again.refused == session.refused


@QUICK
@given(resource=st.sampled_from(sorted(TARGETS)), data=st.data())
def test_frame_that_nobody_edited_is_the_same_and_has_an_empty_plan(
    resource: str, data: st.DataObject, tmp_path_factory: Any
) -> None:
    frame = data.draw(frames(TARGETS[resource].row))
    frame.attrs["stcrm"] = ABOUT
    session = open_session(Path(tmp_path_factory.mktemp("log")) / "log.sqlite", resource, frame)
    after = session.after()
    pd.testing.assert_frame_equal(after, frame, check_exact=True)
    plan = plan_changes(resource, frame, after, origin=ORIGIN)
    assert (plan.steps, plan.refusals) == ((), ())
    assert [one is other for one, other in zip(lists_of(after), lists_of(frame), strict=True)].count(False) == 0


def lists_of(frame: pd.DataFrame) -> list[Any]:
    return [cell for name in frame for cell in frame[name].tolist() if isinstance(cell, tuple)]


@QUICK
@given(resource=st.sampled_from(sorted(TARGETS)), options=st.sampled_from([STRICT, LIBERAL]), data=st.data())
def test_plan_equals_that_of_the_same_edits_in_pandas(
    resource: str, options: PlanOptions, data: st.DataObject, tmp_path_factory: Any
) -> None:
    target = TARGETS[resource]
    frame = data.draw(frames(target.row, least=1, most=4))
    frame.attrs["stcrm"] = ABOUT
    session = open_session(Path(tmp_path_factory.mktemp("log")) / "log.sqlite", resource, frame, options)
    open_columns = [name for name, one in session.columns.items() if not one.locked]
    after = frame
    for number in range(data.draw(st.integers(1, 6))):
        name, position = data.draw(st.sampled_from(open_columns)), data.draw(st.integers(0, len(frame) - 1))
        column = session.columns[name]
        value, why = column.parse(column.text(data.draw(values(column.column.field))))
        if why:  # a frame of pandas has no suspect values
            continue
        place = (session.key_texts[position], name)
        session.edit("tab", number, "", [(*place, session.state(place).value, column.text(value))])
        after = with_cell(after, position, name, value)
    pd.testing.assert_frame_equal(session.after(), after, check_exact=True)
    expected = plan_changes(resource, frame, after, origin=ORIGIN, options=options)
    assert plan_changes(resource, *session.planned_frames(), origin=ORIGIN, options=options) == expected
    panel = session.plan()
    assert panel is not None
    assert sorted(panel.steps, key=repr) == sorted(expected.steps, key=repr)
    assert sorted(panel.refusals, key=repr) == sorted(expected.refusals, key=repr)
    refused = {(key, column.partition(".")[0]) for key, column in ((one.key, one.column) for one in expected.refusals)}
    marked = {(session.keys[session.key_texts.index(key)], name) for key, name in session.refused}
    whole_rows = {key for key, name in refused if name == ""}
    assert {one for one in marked if one[0] not in whole_rows} == {
        one for one in refused if one[0] not in whole_rows and changed(session, one)
    }


def changed(session: Session, cell: tuple[Any, str]) -> bool:
    return (session.key_texts[session.keys.index(cell[0])], cell[1]) in session.replay.applied


def values_since_another(client: str, past: list[tuple[str, str | None]]) -> set[str | None]:
    """The values of a cell that a client may have seen last: since then nobody else changed it."""
    own = list(itertools.takewhile(lambda one: one[0] == client, reversed(past)))
    return {text for _, text in past[len(past) - len(own) - 1 :]}


@QUICK
@given(data=st.data())
def test_of_two_kernels_one_wins_per_cell_and_both_know(data: st.DataObject, tmp_path_factory: Any) -> None:
    path = Path(tmp_path_factory.mktemp("log")) / "log.sqlite"
    sessions = {name: session_of(path, 2) for name in ("one", "two")}
    cells = [("1", "name"), ("2", "name")]
    past: dict[Place, list[tuple[str, str | None]]] = {cell: [("", "")] for cell in cells}
    seen = {name: dict.fromkeys(cells, 0) for name in sessions}
    lost: dict[Place, str | None] = {}
    losers: dict[Place, str] = {}
    number = itertools.count(1)
    for _ in range(data.draw(st.integers(1, 12))):
        client = data.draw(st.sampled_from(sorted(sessions)))
        session = sessions[client]
        match data.draw(st.sampled_from(["edit", "edit", "edit", "answers", "undo", "redo"])):
            case "edit":
                cell, new = data.draw(st.sampled_from(cells)), data.draw(st.sampled_from(["a", "b", None]))
                old, now = past[cell][seen[client][cell]][1], past[cell][-1][1]
                verdict = session.edit(client, next(number), "", [(*cell, old, new)])[-1].verdicts[0]
                if new == now:
                    assert verdict.verdict == "accepted"
                elif old in values_since_another(client, past[cell]):
                    assert (verdict.verdict, verdict.value) == ("accepted", new)
                    past[cell].append((client, new))
                else:
                    assert (verdict.verdict, verdict.value) == ("conflict", now)
                    lost[cell], losers[cell] = new, client
                if verdict.verdict == "accepted" and losers.get(cell) == client:
                    lost.pop(cell, None)  # it saw the conflict, and edited the cell again
            case "answers":
                seen[client] = {cell: len(past[cell]) - 1 for cell in cells}
            case what:
                (session.undo if what == "undo" else session.redo)(client, next(number))
                for cell in cells:
                    if session.state(cell).value != past[cell][-1][1]:
                        past[cell].append((client, session.state(cell).value))
        for one in sessions.values():
            one.catch_up()
            assert {cell: one.state(cell).value for cell in cells} == {cell: past[cell][-1][1] for cell in cells}
            assert {cell for cell, text in lost.items() if text != past[cell][-1][1]} <= set(one.replay.conflicts)
        assert sessions["one"].replay == sessions["two"].replay
    assert session_of(path, 2).replay == sessions["one"].replay
