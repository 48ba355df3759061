"""Edits in a grid: what is accepted, what is refused, and what comes of it."""

from __future__ import annotations

import stat
from typing import Any

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.client import Client
from stcrm_pandas.errors import UsageError
from stcrm_pandas.grid.grid import Grid

from .view import View


@pytest.fixture
def customers(crm: Client) -> pd.DataFrame:
    frame = crm.customers.list(active=True).head(8)
    frame["merged_to_id"] = pd.array([None] * 8, dtype="Int64")
    return frame


@pytest.fixture
def grid(crm: Client, customers: pd.DataFrame) -> Grid:
    return crm.customers.edit(customers)


def keys(grid: Grid) -> list[str]:
    return grid._session.key_texts


def test_edit_is_in_after_changes_plan_and_log(grid: Grid, customers: pd.DataFrame) -> None:
    view = View(grid)
    key = keys(grid)[2]
    assert view.edit((key, "name", "x", "Ann Lee")) == [[key, "name", "accepted", "Ann Lee", None, "x"]]
    expected = customers.copy()
    expected.loc[expected.index[2], "name"] = "Ann Lee"
    pd.testing.assert_frame_equal(grid.after, expected)
    assert grid.after.attrs == customers.attrs
    assert grid.changes[["id", "column", "old", "new", "status"]].values.tolist() == [
        [int(key), "name", "x", "Ann Lee", "accepted"]
    ]
    assert grid.plan().changes["new"].tolist() == ["Ann Lee"]
    assert grid.log[["action", "key", "new", "verdict"]].values.tolist() == [["edit", key, "Ann Lee", "accepted"]]
    assert customers["name"].tolist() == ["x"] * 8


def test_log_is_private_and_named_by_what_it_belongs_to(grid: Grid, crm: Client, customers: pd.DataFrame) -> None:
    path = grid._session.log.path
    View(grid).edit((keys(grid)[0], "name", "x", "Ann"))
    files = [*path.parent.iterdir()]
    assert path in files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert crm.customers.edit(customers.iloc[::-1])._session.log.path == path
    assert crm.customers.edit(customers.drop(columns="balance"))._session.log.path != path
    assert crm.locations.edit(crm.locations.list())._session.log.path != path


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("payment_term_id", "abc", "the text is not a whole number"),
        ("payment_term_id", "1,240", "the text is a number in a local format"),
        ("payment_term_id", "9223372036854775808", "the text is too large a number for 64 bits"),
        ("credit_limit", "1e999", "the text is too large a number"),
        ("credit_limit", "nan", "the text is not a number"),
        ("do_not_mail", "maybe", "the text is neither TRUE nor FALSE"),
        ("tag_type_ids", "[1", "the text is not a list in JSON"),
        ("name", "\ud800", "the text has an invalid character (a lone surrogate)"),
        ("id", "7", "it identifies the row"),
        ("balance", "7", "it is derived from invoices and payments; change those in ServiceTitan"),
        ("shoe_size", "7", "the column is not in the frame"),
    ],
)
def test_text_that_is_no_value_is_rejected_with_the_reason(grid: Grid, column: str, text: str, reason: str) -> None:
    view = View(grid)
    found = view.edit((keys(grid)[0], column, None, text), ("17", "name", None, "Ann"))
    assert [one[2] for one in found] == ["rejected", "rejected"]
    assert [one[4] for one in found] == [reason, "the row is not in the frame"]
    assert len(grid.changes) == 0
    assert grid.log["verdict"].tolist() == ["rejected", "rejected"]


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("payment_term_id", " 9007199254740993 ", 9007199254740993),
        ("payment_term_id", "12.0", 12),
        ("payment_term_id", None, None),
        ("credit_limit", "0.1", 0.1),
        ("do_not_mail", "yes", True),
        ("national_account", "FALSE", False),
        ("type", "commercial", "Commercial"),
        ("name", "", ""),
        ("name", "<empty>", "<empty>"),
        ("name", "'=1+1", "'=1+1"),
        ("name", None, None),
        ("tag_type_ids", "[3, 5]", (3, 5)),
        ("tag_type_ids", "[]", ()),
    ],
)
def test_text_becomes_the_value_of_its_column(grid: Grid, column: str, text: str | None, value: Any) -> None:
    view = View(grid)
    old = view.column(column)[0]
    assert view.edit((keys(grid)[0], column, old, text))[0][2] in ("accepted", "refused")
    found = grid.after[column].iloc[0]
    assert grid.after.dtypes.equals(grid.before.dtypes)
    assert found == value if value is not None else pd.isna(found)
    assert grid.after.iloc[1:].equals(grid.before.iloc[1:])


def test_refused_edit_stays_and_a_later_edit_settles_it(grid: Grid) -> None:
    view = View(grid)
    key = keys(grid)[0]
    street = view.edit((key, "address_street", "x", "1 Elm St"))
    assert street[0][2] == "refused"
    assert "coordinates" in street[0][4]
    assert grid.after["address_street"].iloc[0] == "1 Elm St"
    assert grid.changes["status"].tolist() == ["refused"]
    view.edit((key, "address_latitude", "0.5", "30.1"))
    found = view.edit((key, "address_longitude", "0.5", "-97.7"))
    assert {one[1]: one[2] for one in found} == dict.fromkeys(
        ["address_longitude", "address_street", "address_latitude"], "accepted"
    )
    assert len(grid.plan().refused) == 0
    undone = view.act("undo")["verdicts"]
    assert {one[1]: one[2] for one in undone}["address_street"] == "refused"


def test_suspect_value_is_in_after_and_not_in_the_plan(crm: Client, customers: pd.DataFrame) -> None:
    grid = crm.customers.edit(customers, keep_coordinates=True)
    view = View(grid)
    first, second = keys(grid)[:2]
    view.edit((first, "address_street", "x", "1 Elm St"))
    zip_code = view.edit((first, "address_zip", "x", "1234"))
    assert [(one[1], one[2]) for one in zip_code] == [("address_zip", "refused"), ("address_street", "refused")]
    assert "may have lost a leading zero" in zip_code[0][4]
    view.edit((second, "name", "x", "5.55E+09"))
    assert grid.after["address_zip"].iloc[0] == "1234"
    plan = grid.plan()
    assert len(plan.steps) == 0
    assert sorted(plan.refused["column"]) == ["address_street", "address_zip", "name"]
    assert view.send("plan")[-1]["refusals"] == 3


def test_consent_only_switches_off_unless_the_option_is_given(crm: Client) -> None:
    contacts = crm.customers.list_contacts().head(4).assign(preferences_job_reminders_enabled=False)
    contacts = contacts.astype({"preferences_job_reminders_enabled": "boolean"})
    grid = crm.customers.edit_contacts(contacts)
    view = View(grid)
    shown = {one["name"]: one for one in view.frame()["columns"]}
    assert shown["preferences_job_reminders_enabled"]["consent"]
    assert "switch it off, but not on" in shown["preferences_job_reminders_enabled"]["note"]
    key = keys(grid)[0]
    assert key.startswith('["')
    assert view.edit((key, "preferences_job_reminders_enabled", "false", "true"))[0][2] == "refused"
    assert view.edit((key, "preferences_marketing_updates_enabled", "true", "false"))[0][2] == "accepted"
    asked = crm.customers.edit_contacts(contacts, allow_opt_in=True, consent_source="Ann, by phone, Nov 3")
    assert not {one["name"]: one for one in View(asked).frame()["columns"]}["preferences_job_reminders_enabled"][
        "consent"
    ]


def test_paste_is_undone_as_a_whole(grid: Grid) -> None:
    view = View(grid)
    first, second, third = keys(grid)[:3]
    view.edit((third, "name", "x", "before"))
    view.edit((first, "name", "x", "A"), group="paste")
    view.edit((second, "name", "x", "B"), group="paste")
    undone = view.act("undo")
    assert [one[:4] for one in undone["verdicts"]] == [
        [first, "name", "accepted", "x"],
        [second, "name", "accepted", "x"],
    ]
    assert undone["counts"]["undo"] == undone["counts"]["redo"] == 1
    assert grid.after["name"].tolist()[:3] == ["x", "x", "before"]
    view.act("redo")
    assert grid.after["name"].tolist()[:3] == ["A", "B", "before"]
    grid.undo()
    grid.undo()
    assert grid.after.equals(grid.before)
    with pytest.raises(UsageError, match="no edit to undo"):
        grid.undo()
    grid.redo()
    view.edit((second, "name", "x", "new"))
    with pytest.raises(UsageError, match="no edit to redo"):
        grid.redo()


def test_rejected_edit_followed_by_a_good_one_passes_before_the_first_answer(grid: Grid) -> None:
    view = View(grid)
    key = keys(grid)[0]
    assert view.edit((key, "payment_term_id", "5", "abc"))[0][2] == "rejected"
    assert view.edit((key, "payment_term_id", "5", "6"))[0][2] == "accepted"
    assert view.edit((key, "payment_term_id", "5", "7"))[0][2] == "accepted"
    assert grid.after["payment_term_id"].iloc[0] == 7


def test_message_that_is_sent_again_is_answered_again_and_not_applied_twice(grid: Grid) -> None:
    view = View(grid)
    key = keys(grid)[0]
    first = view.edit((key, "name", "x", "Ann"), (key, "payment_term_id", "5", "abc"))
    view.number = 0
    again = view.edit((key, "name", "x", "Ann"), (key, "payment_term_id", "5", "abc"))
    assert again == first
    assert len(grid.log) == 2


@pytest.mark.parametrize(
    "message",
    [
        {"type": "edit", "client": "tab", "number": 1},
        {"type": "edit", "client": "tab", "number": 1, "edits": [["1", "name", None, 5]]},
        {"type": "edit", "client": "tab", "number": "one", "edits": []},
        {"type": "columns", "client": "tab", "names": ["shoe_size"]},
        {"client": "tab"},
        [],
    ],
)
def test_message_that_cannot_be_understood_is_answered_with_failed(grid: Grid, message: Any) -> None:
    view = View(grid)
    view.wire.receive({"content": {"data": {"method": "custom", "content": message}}, "buffers": []})
    assert [content["type"] for content, _ in view.wire.sent] == ["failed"]
    assert len(grid.log) == 0


def test_plan_panel_counts_what_the_plan_would_send(grid: Grid) -> None:
    view = View(grid)
    assert view.send("plan")[-1] == {"type": "plan", "client": "tab", "calls": 0, "cells": 0, "refusals": 0} | {
        "html": view.send("plan")[-1]["html"]
    }
    first, second = keys(grid)[:2]
    view.edit((first, "name", "x", "<b>Ann</b>"), (second, "name", "x", None), (second, "do_not_mail", "true", "false"))
    found = view.send("plan")[-1]
    assert (found["calls"], found["cells"], found["refusals"]) == (1, 1, 2)
    assert "&lt;b&gt;Ann" in found["html"]
    plan = grid.plan()
    assert (len(plan.steps), len(plan.refusals)) == (1, 2)


def test_options_are_checked_when_the_grid_is_opened(crm: Client, customers: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="Did you mean 'keep_coordinates'"):
        crm.customers.edit(customers, keep_coordinate=True)
    with pytest.raises(UsageError, match="consent_source"):
        crm.customers.edit(customers, allow_opt_in=True)
    with pytest.raises(UsageError, match="tenant 5"):
        crm.customers.edit(with_about(customers, tenant=5))
    with pytest.raises(UsageError, match="appears twice"):
        crm.customers.edit(pd.concat([customers, customers]))
    with pytest.raises(UsageError, match="no column 'id'"):
        crm.customers.edit(customers.drop(columns="id"))


def with_about(frame: pd.DataFrame, **about: Any) -> pd.DataFrame:
    frame = frame.copy()
    frame.attrs["stcrm"] = {**frame.attrs["stcrm"], **about}
    return frame


def test_plan_keeps_the_options_of_the_grid(crm: Client, customers: pd.DataFrame) -> None:
    grid = crm.customers.edit(customers, reason="by hand", keep_coordinates=True)
    View(grid).edit((keys(grid)[0], "address_street", "x", "1 Elm St"))
    plan = grid.plan()
    assert (plan.reason, plan.options) == ("by hand", {"keep_coordinates": True})
    assert len(plan.steps) == 1


def test_key_may_be_in_the_index(crm: Client, customers: pd.DataFrame) -> None:
    frame = customers.set_index("id")
    grid = crm.customers.edit(frame)
    View(grid).edit((keys(grid)[1], "name", "x", "Ann"))
    assert grid.after.index.equals(frame.index)
    assert grid.after["name"].tolist()[:2] == ["x", "Ann"]


def test_summary_has_no_customer_data(grid: Grid) -> None:
    View(grid).edit((keys(grid)[0], "name", "x", "Zebulon"), (keys(grid)[1], "name", "x", None))
    assert repr(grid) == "<Grid of customers of demo company (sandbox): 8 rows, 2 changed cells, 1 refused>"
    assert "8 rows, 2 changed cells, 1 refused" in grid._repr_html_()


def test_state_of_the_widget_has_no_data(grid: Grid) -> None:
    View(grid).edit((keys(grid)[0], "name", "x", "Zebulon"))
    state = {name: value for name, value in grid.widget.get_state().items() if name not in ("_esm", "_css")}
    assert "Zebulon" not in str(state)
    assert len(str(state)) < 2000


def test_closed_grid_tells_its_views_and_keeps_the_log(crm: Client, customers: pd.DataFrame) -> None:
    grid = crm.customers.edit(customers)
    view = View(grid)
    view.edit((keys(grid)[0], "name", "x", "Ann"))
    grid.close()
    assert view.wire.sent[-1][0] == {"type": "gone"}
    assert crm.customers.edit(customers).after["name"].iloc[0] == "Ann"


def test_edit_without_a_name_raises() -> None:
    with pytest.raises(UsageError, match="name"):
        stcrm.edit(pd.DataFrame({"id": [1]}), name=" ")
