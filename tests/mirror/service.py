"""A service in memory, with the oddities that a mirror must bear, and its true history."""

from __future__ import annotations

import copy
import datetime as dt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract.operations import by_name
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.errors import RequestError
from stcrm_pandas.frame.foreign_cells import array
from stcrm_pandas.reads.reading import Feed

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DELAY = dt.timedelta(minutes=15)


class Service:
    """Leads by feed and campaigns by date, each row with all of its states.

    A state is (from, values, deleted). `listed` and `fed` note which states a read returned.
    """

    def __init__(self) -> None:
        self.now = START
        self.states: dict[str, dict[int, list[tuple[dt.datetime, dict[str, Any], bool]]]] = {
            "leads": {},
            "campaigns": {},
        }
        self.known_tokens: set[str] = set()
        self.repeats = 0
        self.hidden: set[int] = set()
        self.slipped: set[int] = set()  # lists lack them, unless they are asked for by id
        self.requests: list[str] = []
        self.seen: list[tuple[str, int, int]] = []  # (resource, id, number of the state)
        self.missed: set[tuple[str, int]] = set()  # deleted rows that a complete list lacked
        self.settings = SimpleNamespace(
            name="test",
            tenant=7,
            progress=False,
            time_zone="America/Chicago",
            service_url=None,
            dismissing_reasons={644: "Spam"},
            double_opt_in=False,
        )
        self.leads = SimpleNamespace(list=self._lists("leads"), export=self.export)
        self.lookups = SimpleNamespace(campaigns=SimpleNamespace(list=self._lists("campaigns")))

    def copy(self) -> Service:
        """Return another service in the same state, so that what a test changes stays in that test."""
        found = Service()
        found.now, found.states = self.now, copy.deepcopy(self.states)
        found.known_tokens = set(self.known_tokens)
        return found

    def put(self, resource: str, id: int, *, moves: bool = True, **values: Any) -> None:
        """Create or change a row; with `moves=False` its modification date stays, as with balances."""
        states = self.states[resource].setdefault(id, [])
        before = states[-1][1] if states else {"created_on": self.now}
        modified = self.now if moves or not states else before["modified_on"]
        states.append((self.now, {**before, **values, "id": id, "modified_on": modified}, False))

    def delete(self, resource: str, id: int) -> None:
        states = self.states[resource][id]
        if not states[-1][2]:
            states.append((self.now, {**states[-1][1], "modified_on": self.now}, True))

    def _lists(self, resource: str) -> Any:
        def read(
            *,
            refresh: bool,
            modified_on_or_after: Any = None,
            created_on_or_after: Any = START,
            created_before: Any = None,
            ids: Any = None,
        ) -> pd.DataFrame:
            assert refresh
            self.requests.append(f"{resource}.list" if ids is None else f"{resource} by id")
            hidden = self.hidden if ids is not None else self.hidden | self.slipped
            found = []
            for id, states in sorted(self.states[resource].items()):
                _, values, deleted = states[-1]
                recent = modified_on_or_after is None or values["modified_on"] >= modified_on_or_after
                recent &= created_on_or_after <= values["created_on"] < (created_before or self.now + DELAY)
                recent &= ids is None or id in ids
                if not deleted and recent and id not in hidden:
                    found.append(values)
                    self.seen.append((resource, id, len(states) - 1))
                if deleted and modified_on_or_after is None:
                    self.missed.add((resource, id))
                    self.seen.append((resource, id, len(states) - 1))
            return self._frame(f"{'lookups.' if resource == 'campaigns' else ''}{resource}.list", found)

        return read

    def export(self, *, continue_from: str | None = None, refresh: bool) -> Feed:
        assert refresh
        self.requests.append("leads.export")
        if continue_from is not None and continue_from not in self.known_tokens:
            raise RequestError("the token is unknown", status=400)
        since = dt.datetime.fromisoformat(continue_from) if continue_from else dt.datetime.min.replace(tzinfo=dt.UTC)
        until = self.now - DELAY if continue_from or self.states["leads"] else self.now
        found = []
        for id, states in sorted(self.states["leads"].items()):
            visible = [number for number, state in enumerate(states) if state[0] <= until]
            if not visible:
                continue
            number = visible[-1]
            changed_at, values, deleted = states[number]
            if changed_at > since:
                found.append({**values, "active": not deleted})
                self.seen.append(("leads", id, number))
            elif self.repeats:  # an older version again, as feeds do
                _, values, deleted = states[max(0, number - self.repeats)]
                found.append({**values, "active": not deleted})
        token = max(since, until).isoformat()
        self.known_tokens.add(token)
        return Feed(self._frame("leads.export", found), token)

    def _frame(self, method: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
        row = by_name(method).row
        assert row is not None
        dtypes = dtypes_of(row)
        frame = pd.DataFrame(
            {
                column.name: pd.Series(
                    array(column, [_value(one.get(column.name)) for one in rows]), dtype=dtypes[column.name]
                )
                for column in row.columns
            }
        )
        extra = [one.get("new_field") for one in rows]
        if any(cell is not None for cell in extra):
            frame["new_field"] = pd.Series(np.fromiter(extra, dtype=object, count=len(extra)), dtype=object)
        frame.attrs["stcrm"] = {"fetched_at": self.now.replace(microsecond=0).isoformat()}
        return frame


def _value(cell: Any) -> Any:
    return pd.Timestamp(cell) if isinstance(cell, dt.datetime) else cell
