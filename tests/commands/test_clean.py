"""`stcrm clean`: recipes from a file, read, planned, applied and undone from the command line."""

from __future__ import annotations

import json
import stat

import pandas as pd
import pytest

from stcrm_pandas import cleaning


@pytest.fixture
def dirty(box):
    box.change("customers", 1, name="PAT MCDONALD III")
    box.change("customers", 2, name="DICK VAN DYKE")
    box.change("locations", 101, name="abc plumbing llc")
    return box


def test_clean_writes_a_plan_that_apply_sends(stcrm, tenant, dirty):
    cleaning.pipeline([cleaning.names]).save(tenant / "monthly.toml")
    text = (tenant / "monthly.toml").read_text("utf-8").replace('"customers", "locations"', '"customers"')
    (tenant / "monthly.toml").write_text(text, "utf-8")
    dirty.requests.clear()
    code, stdout, stderr = stcrm(
        "clean", "--recipe", "monthly.toml", "--plan", "out.json", "--skipped", "skipped.csv", "--reason", "names"
    )
    assert (code, stderr) == (0, "")
    assert "1 of 60 names corrected, 1 skipped" in stdout
    assert "nothing was sent. To send it: `stcrm edit apply out.json`." in stdout
    assert all(request.method == "GET" for request in dirty.requests if "/crm/" in request.path)
    plan = json.loads((tenant / "out.json").read_text("utf-8"))
    assert (plan["resource"], plan["reason"], len(plan["steps"])) == ("customers", "names", 1)
    assert stat.S_IMODE((tenant / "skipped.csv").stat().st_mode) == 0o600
    skipped = pd.read_csv(tenant / "skipped.csv")
    assert skipped[["id", "value", "suggestion", "resource"]].values.tolist() == [
        [2, "DICK VAN DYKE", "Dick Van Dyke", "customers"]
    ]
    assert stcrm("edit", "apply", "out.json", "--yes")[0] == 0
    assert dirty.row("customers", 1)["name"] == "Pat McDonald III"
    code, stdout, _ = stcrm("clean", "--recipe", "monthly.toml", "--plan", "out.json")
    assert code == 0
    assert "0 of 60 names corrected, 1 skipped" in stdout
    assert "It changes nothing." in stdout


def test_each_kind_of_rows_gets_its_plan(stcrm, tenant, dirty):
    cleaning.pipeline([cleaning.names]).save(tenant / "monthly.toml")
    code, stdout, _ = stcrm("clean", "--recipe", "monthly.toml", "--plan", "out.json")
    assert code == 0
    assert sorted(path.name for path in tenant.glob("out*")) == ["out-customers.json", "out-locations.json"]
    assert "The plan is in out-locations.json" in stdout


def test_contacts_of_inactive_customers_are_left_out(stcrm, tenant, dirty):
    dirty.change("customers", 3, active=False)
    cleaning.pipeline([cleaning.phones, cleaning.emails]).save(tenant / "contacts.toml")
    code, stdout, stderr = stcrm("clean", "--recipe", "contacts.toml", "--plan", "out.json")
    assert (code, stderr) == (0, "")
    assert "1 contact of inactive customers left out" in stdout
    assert sorted(path.name for path in tenant.glob("out*")) == [
        "out-customer_contacts.json",
        "out-location_contacts.json",
    ]


def test_files_that_clean_refuses(stcrm, tenant, box):
    code, _, stderr = stcrm("clean", "--recipe", "no.toml", "--plan", "out.json")
    assert (code, stderr) == (2, "stcrm: The file 'no.toml' does not exist.\n")
    cleaning.pipeline([cleaning.phones]).save(tenant / "x.toml")
    box.requests.clear()
    code, _, stderr = stcrm("clean", "--recipe", "x.toml", "--plan", "no/out.json")
    assert code == 2
    assert "The folder 'no' does not exist" in stderr
    assert not box.requests, "before a read that may take minutes"
    text = (
        (tenant / "x.toml").read_text("utf-8").replace('"customer_contacts", "location_contacts"', '"booking_contacts"')
    )
    (tenant / "x.toml").write_text(text, "utf-8")
    code, _, stderr = stcrm("clean", "--recipe", "x.toml", "--plan", "out.json")
    assert code == 2
    assert "booking_contacts cannot be read as a whole" in stderr
