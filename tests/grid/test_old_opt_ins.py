"""An opt-in of the log is planned only for the rows in which it was entered, never unseen for rows read later."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.client import Client
from stcrm_pandas.grid.grid import Grid

from .view import View

OPTIONS: dict[str, Any] = {"allow_opt_in": True, "consent_source": "form of Nov 2"}


@pytest.fixture
def customers(crm: Client) -> pd.DataFrame:
    frame = crm.customers.list(active=True).head(3)
    frame["merged_to_id"] = pd.array([None] * 3, dtype="Int64")
    frame["do_not_mail"] = pd.array([True, True, False], dtype="boolean")
    return frame


def read_again(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows as a later read returns them, if the service has the same values."""
    again = frame.copy()
    again.attrs = {"stcrm": {**again.attrs["stcrm"], "fetched_at": "2030-01-01T00:00:00+00:00"}}
    return again


def edited(grid: Grid, new: str) -> str:
    key = grid._session.key_texts[0]
    old = {"true": "false", "false": "true"}[new]
    assert View(grid).edit((key, "do_not_mail", old, new))[0][2] == "accepted"
    return key


def test_opt_in_is_back_with_the_same_rows(crm: Client, customers: pd.DataFrame) -> None:
    edited(crm.customers.edit(customers, **OPTIONS), "false")
    assert crm.customers.edit(customers, **OPTIONS).plan().changes["new"].tolist() == [False]


def test_opt_in_is_no_change_of_rows_that_were_read_again(crm: Client, customers: pd.DataFrame) -> None:
    # It may have been sent, and the customer may have opted out again.
    key = edited(crm.customers.edit(customers, **OPTIONS), "false")
    grid = crm.customers.edit(read_again(customers), **OPTIONS)
    assert len(grid.plan().requests) == 0
    assert grid.after["do_not_mail"].tolist() == [True, True, False]
    assert grid.conflicts[["id", "mine", "theirs"]].values.tolist() == [[int(key), False, True]]
    assert "opt-in" in grid.conflicts["reason"][0]


def test_opt_in_is_no_change_of_rows_that_were_read_at_an_unknown_time(crm: Client, customers: pd.DataFrame) -> None:
    """Rows of a file or a merge have no `attrs`: nothing tells whether they were read before the opt-in or after."""
    customers.attrs = {}
    opened = crm.customers.edit(customers, **OPTIONS)
    key = edited(opened, "false")
    assert opened.plan().changes["new"].tolist() == [False], "as long as the grid is open"
    again = crm.customers.edit(customers, **OPTIONS)
    assert len(again.plan().requests) == 0
    assert again.conflicts[["id", "mine", "theirs"]].values.tolist() == [[int(key), False, True]]
    View(again, "second tab").act("resolve", key=key, column="do_not_mail", take="mine")
    assert again.plan().changes["new"].tolist() == [False]


@pytest.mark.parametrize(("take", "sent"), [("mine", [False]), ("theirs", [])])
def test_conflict_confirms_or_drops_the_opt_in(
    crm: Client, customers: pd.DataFrame, take: str, sent: list[bool]
) -> None:
    key = edited(crm.customers.edit(customers, **OPTIONS), "false")
    again = read_again(customers)
    grid = crm.customers.edit(again, **OPTIONS)
    View(grid, "second tab").act("resolve", key=key, column="do_not_mail", take=take)
    for opened in (grid, crm.customers.edit(again, **OPTIONS)):
        assert opened.plan().changes["new"].tolist() == sent
        assert len(opened.conflicts) == 0


def test_undo_and_redo_of_an_old_opt_in_do_not_plan_it(crm: Client, customers: pd.DataFrame) -> None:
    edited(crm.customers.edit(customers, **OPTIONS), "false")
    grid = crm.customers.edit(read_again(customers), **OPTIONS)
    grid.undo()
    assert len(grid.conflicts) == 0
    grid.redo()
    assert (len(grid.plan().requests), len(grid.conflicts)) == (0, 1)


def test_opt_out_is_planned_for_rows_that_were_read_again(crm: Client, customers: pd.DataFrame) -> None:
    customers["do_not_mail"] = pd.array([False, True, False], dtype="boolean")
    edited(crm.customers.edit(customers), "true")
    assert crm.customers.edit(read_again(customers)).plan().changes["new"].tolist() == [True]
