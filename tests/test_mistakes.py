"""Common mistakes, and what the errors suggest."""

from __future__ import annotations

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.output.printable import closest

pytestmark = pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.DriftWarning")


@pytest.fixture(scope="module")
def crm(sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    with stcrm.connect(sandbox=sandbox, cache_dir=folder, rate_limit=1000, progress=False) as connected:
        yield connected


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("modified_since", "modified_on_or_after"),
        ("modified_after", "modified_on_or_after"),
        ("craeted_on_or_after", "created_on_or_after"),
        ("created_from", "created_on_or_after"),
        ("customer_created_since", "customer_created_on_or_after"),
        ("modified_until", "modified_before"),
        ("Status", "status"),
    ],
)
def test_suggested_filter(name, meant, crm):
    with pytest.raises(UsageError, match=f"leads.list has no filter '{name}'. Did you mean '{meant}'"):
        crm.leads.list(**{name: "2026-01-01"})


def test_time_words_suggest_a_filter_only_if_it_exists():
    assert closest("assigned_to", ["assigned_to_id", "name"]) == "assigned_to_id"
    assert closest("since", ["name", "active"]) is None


def test_reference_data_and_resources_are_suggested(crm):
    for mistake, meant in {
        "jobs": "crm.lookups.jobs",
        "campaign": "crm.lookups.campaigns",
        "lead": "crm.leads",
    }.items():
        with pytest.raises(AttributeError, match=f"crm has no '{mistake}'. Did you mean {meant}"):
            getattr(crm, mistake)
    with pytest.raises(AttributeError, match=r"crm.lookups has no 'customers'. Did you mean crm.customers\?"):
        crm.lookups.customers  # noqa: B018
    with pytest.raises(AttributeError, match=r"crm has no 'zzz'\.$"):
        crm.zzz  # noqa: B018
    assert not hasattr(crm, "_repr_png_")


@pytest.mark.parametrize(
    "values", [["Open", "Dismissed"], ("Open",), pd.Series(["Open"])], ids=["list", "tuple", "Series"]
)
def test_several_values_suggest_a_loop(values, crm):
    with pytest.raises(UsageError) as caught:
        crm.leads.list(status=values)
    text = str(caught.value)
    assert text.startswith("leads.list(status=…): takes one value only. For several: pd.concat(")
    code = text.partition("For several: ")[2].removesuffix(".")
    several = eval(code, {"pd": pd, "crm": crm, "values": list(values)})  # the suggestion itself
    assert set(several["status"]) == set(values)


def test_list_of_times_or_booleans_raises_without_a_suggestion(crm):
    for filters in ({"created_before": ["2026-01-01"]}, {"is_prospect": [True, False]}):
        with pytest.raises(UsageError, match=r"takes one value only\.$"):
            crm.leads.list(**filters)


def test_positional_argument_raises(crm):
    with pytest.raises(
        UsageError, match=r"leads.list takes its arguments by name. Did you mean leads.list\(status='Open'\)"
    ):
        crm.leads.list("open")
    with pytest.raises(UsageError, match=r"leads.list takes its arguments by name. It has: ids, ") as caught:
        crm.leads.list("Ann Miller")
    assert "Ann" not in str(caught.value), "a message holds no customer's data"
    with pytest.raises(UsageError, match=r"leads.get takes only ids by position"):
        crm.leads.get(1, 2)
    with pytest.raises(UsageError, match=r"tags.plan takes only customers by position. It has: add, remove, reason"):
        crm.tags.plan([1], "VIP")


def test_tenant_must_be_a_number():
    with pytest.raises(
        SettingsError, match=r"STCRM_TENANT.*: write the tenant's number, such as 1234567, not the company"
    ):
        stcrm.connect(environment="production", tenant="acme", client_id="c", client_secret="s", app_key="k")


def test_tags_by_name(crm):
    types = crm.lookups.tag_types.list().set_index("name")["id"]
    customers = crm.customers.list(active=True).head(30)
    by_id = crm.tags.plan(customers, add=[types["VIP"], types["Landlord"]])
    assert crm.tags.plan(customers, add=["VIP", types["Landlord"]]).steps == by_id.steps
    assert crm.tags.plan(customers, remove="VIP").steps == crm.tags.plan(customers, remove=types["VIP"]).steps
    with pytest.raises(UsageError, match=r"tags.plan\(add=…\): no tag type is named 'vip'. Did you mean 'VIP'\?"):
        crm.tags.plan(customers, add="vip")
    with pytest.raises(UsageError, match=r"tags.plan\(remove=…\): no tag type is named 'zzz'"):
        crm.tags.plan(customers, add="VIP", remove=["zzz"])
    with pytest.raises(UsageError, match="is in both add and remove"):
        crm.tags.plan(customers, add="VIP", remove=types["VIP"])


def test_active_tag_wins_among_equal_names(fresh_box, join):
    crm = join(fresh_box)
    for id, name, active in ((1, "VIP", True), (2, "VIP", False), (3, "Twice", True), (4, "Twice", True)):
        fresh_box.change("tag_types", id, name=name, active=active)
    assert [cell.column for cell in crm.tags.plan([100], add="VIP").steps[0].cells] == ["tag_type_ids.1"]
    with pytest.raises(UsageError, match=r"several tag types are named 'Twice'. Give the id"):
        crm.tags.plan([100], add="Twice")
