"""Merges from the first read to the check, on a sandbox in which a person merges customers between two reads."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.cleaning import check_merges, duplicates
from stcrm_pandas.cleaning.merging.desk import MergeDesk
from stcrm_pandas.edits.plan.consent import FLAGS
from stcrm_pandas.sandbox import Sandbox

pytestmark = pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.StcrmWarning")
AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
MARKETING = "preferences_marketing_updates_enabled"


@pytest.fixture
def crm(tmp_path: Any) -> Any:
    with (
        Sandbox(leads=200, seed=7, as_of=AS_OF, rate_limit=None) as box,
        stcrm.connect(sandbox=box, cache_dir=tmp_path, allow_writes=True, rate_limit=1000, progress=False) as crm,
    ):
        yield crm


def merge(box: Sandbox, id: int, into: int) -> None:
    box.change("customers", int(id), active=False, mergedToId=int(into))


@pytest.mark.parametrize("names", ["known", "denied", "missing"])
def test_tags_opt_nobody_in(names: str, crm: Any) -> None:
    """The customer that is merged away is opted in, dormant and has another tag; the kept one has none of them."""
    box, tags = crm.sandbox, [int(tag) for tag in crm.lookups.tag_types.list()["id"].iloc[:3]]
    opted_in, dormant, other = tags
    box.change("tag_types", opted_in, name="OPTED-IN", active=False)
    box.change("tag_types", dormant, name="Email Dormant", active=False)
    if names == "missing":
        box.change("tag_types", opted_in, name=None)
    kept, gone = (int(id) for id in crm.customers.list(active=True)["id"].iloc[:2])
    box.change("customers", kept, tagTypeIds=[])
    box.change("customers", gone, tagTypeIds=tags)
    if names == "denied":
        box.inject("lookups.tag_types.list", times=None, status=403)
    customers = crm.customers.list(refresh=True)
    members = pd.DataFrame({"cluster": 1, "customer_id": [kept, gone]}, dtype="Int64")
    desk = MergeDesk(members, customers, crm.customers.list_contacts(), crm.locations.list())
    desk.keep(kept)
    plan = desk.plan(crm)
    assert plan.refused.empty, plan.refused.to_dict("records")
    assert plan.apply().ok
    added = [] if names == "denied" else [dormant, other]
    assert box.row("customers", kept)["tagTypeIds"] == added
    assert box.row("customers", gone)["tagTypeIds"] == tags
    left = plan.unmatched[plan.unmatched["what"].str.startswith("tag ")]
    title = f"tag {opted_in} (OPTED-IN)" if names == "known" else f"tag {opted_in}"
    assert left["what"].iloc[0] == f"{title} of customer {gone}"
    assert len(left) == 3 - len(added)
    assert left["why"].str.contains("opt-in").all()


def test_opt_outs_of_contact_methods_and_the_tag_email_dormant_count(crm: Any) -> None:
    """They come after a plan. The check reports them, and the next plan takes them over."""
    box, names = crm.sandbox, {"marketing_names": ["marketing"]}
    dormant = int(crm.lookups.tag_types.list()["id"].iloc[0])
    box.change("tag_types", dormant, name="Email Dormant")
    contacts = crm.customers.list_contacts()
    wanted = contacts["preferences_marketing_updates_enabled"].eq(other=True)
    people = contacts[wanted & contacts["type"].eq("MobilePhone") & ~contacts["value"].duplicated(keep=False)]
    people = people[people["customer_id"].isin(crm.customers.list(active=True)["id"])]
    kept, gone = (int(id) for id in people["customer_id"].drop_duplicates().iloc[:2])
    locations, sites = crm.locations.list(), crm.locations.list_contacts()
    names_of_flags = ("marketingUpdatesEnabled", "jobRemindersEnabled", "invoiceNotification", "statementNotification")
    flags = {f"preferences.{name}": True for name in names_of_flags}
    for id in (kept, gone):
        box.change("customers", id, tagTypeIds=[])
        places = locations.loc[locations["customer_id"].eq(id), "id"]
        for kind, rows in (
            ("customer", contacts[contacts["customer_id"].eq(id)]),
            ("location", sites[sites["location_id"].isin(places)]),
        ):
            for key in rows[[f"{kind}_id", "id"]].itertuples(index=False):
                box.change(f"{kind}_contacts", (*map(int, key),), **flags)
    members = pd.DataFrame({"cluster": 1, "customer_id": [kept, gone]}, dtype="Int64")
    desk = MergeDesk(members, crm.customers.list(refresh=True), contacts, locations)
    desk.keep(kept)

    def opt_outs() -> Any:
        methods = crm.contact_methods.search(refresh=True)
        newer = crm.contact_preferences.list(methods["contact_id"], methods["id"], refresh=True)
        rows = crm.customers.list(refresh=True), crm.customers.list_contacts(refresh=True)
        tags = crm.lookups.tag_types.list(active=None, refresh=True)
        checks = desk.check(*rows, tag_types=tags, methods=methods, method_preferences=newer, **names)
        return checks["opt_outs"].fillna("").item()

    assert desk.plan(crm, **names).apply().ok
    assert opt_outs() == ""
    method = crm.contact_methods.search()[["contact_id", "id"]].iloc[0]
    number = people.loc[people["customer_id"].eq(gone), "value"].iloc[0]
    box.change("contact_methods", method["id"], value=number)
    box.change("contact_preferences", (method["id"], "Marketing"), value="False")
    box.change("customers", gone, tagTypeIds=[dormant])
    assert opt_outs() == "email dormant, no marketing"
    plan = desk.plan(crm, **names)
    assert any("are taken over" in warning for warning in plan.warnings)
    assert plan.apply().ok
    assert opt_outs() == ""
    assert box.row("customers", kept)["tagTypeIds"] == [dormant]
    assert any("were not searched" in warning for warning in desk.plan(crm).warnings)


def consents(crm: Any, cluster_of: dict[int, int]) -> pd.DataFrame:
    """Return all contacts of some customers and of their locations, with their cluster, in the order of their ids."""
    locations = crm.locations.list(refresh=True).set_index("id")
    sites = crm.locations.list_contacts(refresh=True)
    sites["customer_id"] = sites["location_id"].map(locations["customer_id"])
    contacts = pd.concat([crm.customers.list_contacts(refresh=True), sites], ignore_index=True)
    contacts["cluster"] = contacts["customer_id"].map(cluster_of)
    # an edit moves a row to the end of its list
    return contacts.dropna(subset="cluster").sort_values(["location_id", "customer_id", "id"], ignore_index=True)


def test_consent_is_the_strictest_and_merges_are_ticked_off(crm: Any, tmp_path: Any) -> None:
    box = crm.sandbox
    customers, jobs = crm.customers.list(), crm.lookups.jobs.list()
    contacts = crm.customers.list_contacts()
    kept_in = tmp_path / "decisions.sqlite"
    dup = duplicates(customers, contacts, crm.locations.list(), jobs=jobs, decisions=kept_in)
    assert len(dup.merge_desk()) == 0  # what no person confirmed is not merged
    active = customers.set_index("id")["active"]
    first = dup.clusters[dup.clusters["active"]].groupby("cluster").filter(lambda of: len(of) > 1)
    some = {cluster: of["customer_id"].tolist() for cluster, of in first.groupby("cluster")}
    some = dict(list(some.items())[:6])
    for ids in some.values():
        for other in ids[1:]:
            dup.decide(ids[0], other, "same", who="ann")
    loser = {}
    for number, ids in enumerate(some.values()):
        loser[number] = ids[-1]
    box.change("customers", loser[0], doNotMail=True)
    key = contacts.loc[contacts["customer_id"] == loser[1]].iloc[0]
    box.change("customer_contacts", (loser[1], int(key["id"])), **{"preferences.marketingUpdatesEnabled": False})

    desk = dup.merge_desk()
    assert desk.survivors["customers"].tolist() == [len(ids) for ids in some.values()]
    cluster_of = {id: cluster for cluster, ids in desk._ranked().items() for id in ids}
    before = consents(crm, cluster_of)
    plan = desk.plan(crm)
    assert set(plan.changes.loc[plan.changes["opt_out"], "new"]) <= {False, True}
    assert not plan.changes["consent"].any()
    plan.save(tmp_path / "plan.json")
    again = crm.load_plan(tmp_path / "plan.json")
    assert again.digest == plan.digest
    result = again.apply()
    assert result.failed.empty
    assert result.conflicts.empty

    after = consents(crm, cluster_of)
    assert after["id"].tolist() == before["id"].tolist()
    strict = before[before[MARKETING].eq(other=False).fillna(value=False)]["cluster"].unique()
    assert len(strict)
    reachable = after[after["customer_id"].isin(active.index[active])]
    assert not reachable.loc[reachable["cluster"].isin(strict), MARKETING].fillna(value=True).any()
    for flag in FLAGS:  # what is off for a number or an address is off for it in all records
        off = before[before[flag].eq(other=False).fillna(value=False)]
        same = reachable[["cluster", "value"]].apply(tuple, axis=1).isin(zip(off["cluster"], off["value"], strict=True))
        assert not reachable.loc[same, flag].fillna(value=True).any(), flag
        assert not (before[flag].eq(other=False).fillna(value=False) & after[flag].fillna(value=False)).any(), flag
    now = crm.customers.list(refresh=True).set_index("id")
    for cluster, ids in desk._ranked().items():
        was = customers.set_index("id").loc[ids]
        assert now.loc[ids[0], "do_not_mail"] == (bool(was["do_not_mail"].any()) or loser[0] in ids), cluster
        assert {*now.loc[ids[0], "tag_type_ids"]} == {tag for tags in was["tag_type_ids"] for tag in tags}
    assert not result.undo().changes["consent"].any()  # an undo opts nobody in
    assert len(desk.plan(crm).steps) == 0  # what is applied is not planned again

    def frames() -> tuple[pd.DataFrame, ...]:
        sites = crm.locations.list_contacts(refresh=True)
        contacts = pd.concat([crm.customers.list_contacts(refresh=True), sites], ignore_index=True)
        return crm.customers.list(refresh=True), contacts, crm.locations.list(refresh=True)

    assert desk.check(*frames())["opt_outs"].isna().all(), "the plan was just applied"
    late = desk.merge_list().iloc[-1]
    flags = {f"preferences.{name}": True for name in ("jobRemindersEnabled", "invoiceNotification")}
    of_late = contacts.loc[contacts["customer_id"] == late["customer_id"], "id"]
    for contact in of_late:
        key = (int(late["customer_id"]), int(contact))
        box.change("customer_contacts", key, **flags, **{"preferences.marketingUpdatesEnabled": False})
    box.change("customers", int(late["customer_id"]), doNotService=True)
    opt_outs = desk.check(*frames()).set_index("customer_id")["opt_outs"]
    assert "do not service" in opt_outs[late["customer_id"]]
    assert desk.plan(crm).apply().failed.empty
    assert desk.check(*frames())["opt_outs"].isna().all(), "planned again"

    merges = desk.merge_list(service="https://go.example.com/")
    path = desk.write_merge_list(tmp_path / "merges.xlsx")
    firsts = merges.drop_duplicates("cluster")
    open_row, other_way, elsewhere = (firsts.iloc[number] for number in range(3))
    done = merges[~merges["cluster"].isin(firsts["cluster"].iloc[:3])]
    for row in done.itertuples():
        merge(box, row.customer_id, row.survivor_id)
    merge(box, other_way["survivor_id"], other_way["customer_id"])
    stranger = next(id for id in active.index[active] if id not in cluster_of)
    merge(box, elsewhere["customer_id"], stranger)
    box.advance(dt.timedelta(minutes=20))  # feeds show changes late
    mirror = crm.mirror(tmp_path / "mirror")
    mirror.sync(only=["customers"])
    for later in (crm.customers.list(refresh=True), mirror.read("customers")):
        statuses = desk.check(later).set_index("customer_id")["status"]
        assert statuses[open_row["customer_id"]] == "still open"
        assert statuses[other_way["customer_id"]] == "merged the other way"
        assert statuses[elsewhere["customer_id"]] == "merged elsewhere"
        assert set(statuses[done["customer_id"]]) == {"done"}
        assert check_merges(path, later)["status"].tolist() == statuses.tolist()
    assert merges["link"].iloc[0] == f"https://go.example.com/#/Customer/{open_row['customer_id']}"
