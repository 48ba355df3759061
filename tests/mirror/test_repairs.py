"""Whether repairs hold: cells of a bulk edit that stay, are changed back, changed again, deleted, or not yet seen."""

from __future__ import annotations

import datetime as dt
import warnings

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.edits.apply.result import WrittenCell
from stcrm_pandas.errors import UsageError
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.reading import state_of

from .copies import copied_as
from .service import Service

HOURS = dt.timedelta(hours=3)


def test_each_repaired_cell_has_its_state(tmp_path):
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    with (
        stcrm.Sandbox(leads=300, seed=7, as_of=now, rate_limit=None) as sandbox,
        warnings.catch_warnings(),
        stcrm.connect(sandbox=sandbox) as crm,
    ):
        warnings.simplefilter("ignore")
        mirror = crm.mirror(tmp_path)
        mirror.sync(only=["customers"])
        before = crm.customers.list().query("active")
        ids = before["id"].iloc[:5].tolist()
        tag = int(crm.lookups.tag_types.list()["id"].iloc[0])
        after = before.copy()
        after.loc[after["id"].isin(ids), "name"] = "Repaired"
        first = after.index[after["id"] == ids[0]][0]
        after.at[first, "tag_type_ids"] = (*(after.at[first, "tag_type_ids"] or ()), tag)
        result = crm.customers.plan_changes(before, after).apply()
        assert len(result.succeeded) >= 5

        assert result.still_holds(mirror)["state"].unique().tolist() == ["not yet known"]
        sandbox.advance(HOURS)
        mirror.sync(only=["customers"])
        assert result.still_holds(mirror)["state"].unique().tolist() == ["holds"]

        old = before.set_index("id")["name"]
        crm.customers.update(ids[1], name=old[ids[1]])
        crm.customers.update(ids[2], name="Somebody else's")
        changed = sandbox.advance(dt.timedelta(0))
        sandbox.remove("customers", ids[3])
        sandbox.advance(HOURS)
        mirror.sync(only=["customers"], full=True, allow_deletions=True)
        found = result.still_holds(mirror)
        names = found[found["column"] == "name"].set_index("key")
        assert names["state"].loc[ids].tolist() == ["holds", "changed back", "changed", "deleted", "holds"]
        assert names["now"].loc[ids[:3]].tolist() == ["Repaired", old[ids[1]], "Somebody else's"]
        assert abs(names.loc[ids[1], "changed_at"] - pd.Timestamp(changed)) < pd.Timedelta(minutes=5)
        assert names["changed_at"].isna().loc[ids].tolist() == [True, False, False, False, True]
        assert found.loc[found["column"] == f"tag_type_ids.{tag}", "state"].tolist() in (["holds"], [])

        with pytest.raises(UsageError, match=r"mirrors tenant 8 \(sandbox"):
            result.still_holds(copied_as(8, mirror, tmp_path))
        elsewhere = Mirror(tmp_path / "other", tenant=mirror.tenant, crm=Service())
        elsewhere.sync(only=["leads"])
        with pytest.raises(UsageError, match=rf"mirrors tenant {mirror.tenant} \(test\)"):
            result.still_holds(elsewhere)


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        ([], "not yet known"),  # such as a customer that was erased from the mirror
        (["09:00"], "not yet known"),  # a write that no date shows
        (["09:00", "14:00"], "changed back"),
    ],
)
def test_nobody_is_said_to_have_changed_what_the_mirror_did_not_see(seen, state):
    moments = pd.to_datetime([f"2026-03-01T{one}Z" for one in seen], utc=True)
    history = pd.DataFrame({"name": "Old", "seen_at": moments, "valid_from": moments, "deleted": False})
    cell = WrittenCell("customers", (7,), "name", "Old", "New", "2026-03-01T12:00:00+00:00")
    assert state_of(cell, history, pd.Timestamp("2026-03-01T18:00Z"))[1] == state
