"""`stcrm forget` reaches one tenant: an id, a number or an address of another tenant's customer means somebody else."""

from __future__ import annotations

import dataclasses

import pytest

from stcrm_pandas.cleaning.decisions import Decisions
from stcrm_pandas.grid.log import CellEdit, GridLog

TENANTS = (7, 8)


@pytest.fixture
def state(crm, renamed, tenant):
    """Files of two tenants that both have a customer 1."""
    state = tenant / "state"
    (state / "grids").mkdir(parents=True, mode=0o700)
    plan = crm.customers.plan_changes(*renamed(crm, 2))
    for number in TENANTS:
        own = dataclasses.replace(plan, tenant=number)
        own.save(state / f"plan of {number}.json")
        kept = Decisions(state / f"decisions of {number}.sqlite")
        kept.bind(f"production {number}")
        kept.add(1, 2, "same", "values")
        about = {"environment": "production", "tenant": str(number), "resource": "customers", "made_at": "2026-06-01"}
        log = GridLog.open(state / "grids" / f"log of {number}.sqlite", about)
        with log.writing():
            log.add("c", 1, "edit", "g", "2026-06-01", [CellEdit("1", "name", "Ann", "Ann", "Ann B", "accepted")])
        log.close()
    return state


def test_only_one_tenants_files_are_touched(state, stcrm):
    code, shown, _ = stcrm("forget", "--customer", 1, "--tenant", 8, "--yes")
    assert code == 0
    assert "of 7" not in shown
    assert {line.split(" of 8")[0].rpartition("/")[2] for line in shown.splitlines() if line.startswith("erased")} == {
        "plan",
        "decisions",
        "log",
    }
    assert [path.name for path in sorted(state.glob("plan*"))] == ["plan of 7.json"]
    assert [len(Decisions(state / f"decisions of {number}.sqlite").latest()) for number in TENANTS] == [1, 0]


def test_a_tenant_is_required_without_a_mirror(state, stcrm):
    code, shown, problem = stcrm("forget", "--customer", 1, "--yes")
    assert (code, shown) == (2, "")
    assert "Give --tenant" in problem
    assert len([*state.glob("plan*")]) == 2
    assert len(Decisions(state / "decisions of 7.sqlite").latest()) == 1
