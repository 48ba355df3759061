"""Which steps of pandas keep where a frame comes from, as docs/guide/frames.md has it."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import UsageError

KEPT = {
    "rows": lambda leads, _: leads[leads["status"] == "Open"],
    "columns": lambda leads, _: leads[["id", "status"]],
    "one column": lambda leads, _: leads["status"],
    "query": lambda leads, _: leads.query("status == 'Open'"),
    "iloc": lambda leads, _: leads.iloc[:3],
    "sample": lambda leads, _: leads.sample(3),
    "copy": lambda leads, _: leads.copy(),
    "assign": lambda leads, _: leads.assign(mine=1),
    "astype": lambda leads, _: leads.astype({"id": "Float64"}),
    "rename": lambda leads, _: leads.rename(columns={"id": "lead_id"}),
    "drop": lambda leads, _: leads.drop(columns="status"),
    "sort_values": lambda leads, _: leads.sort_values("created_on"),
    "set_index": lambda leads, _: leads.set_index("id"),
    "reset_index": lambda leads, _: leads.reset_index(),
    "dropna": lambda leads, _: leads.dropna(subset="customer_id"),
    "fillna": lambda leads, _: leads.fillna({"summary": ""}),
    "drop_duplicates": lambda leads, _: leads.drop_duplicates("customer_id"),
    "replace": lambda leads, _: leads.replace("Open", "open"),
    "explode": lambda leads, _: leads.explode("tag_type_ids"),
    "groupby().head": lambda leads, _: leads.groupby("status").head(1),
    "pivot_table": lambda leads, _: leads.pivot_table(index="status", values="id", aggfunc="count"),
    "concat of parts of one read": lambda leads, _: pd.concat([leads.head(3), leads.tail(3)]),
    "merge with its own columns": lambda leads, _: leads.merge(leads[["id", "summary"]], on="id"),
    "pickle": lambda leads, _: pickle.loads(pickle.dumps(leads)),
}
DROPPED = {
    "merge with another read": lambda leads, jobs: leads.merge(jobs, on="customer_id", how="left"),
    "merge with any other frame": lambda leads, _: leads.merge(pd.DataFrame({"status": ["Open"]}), on="status"),
    "join": lambda leads, jobs: leads.join(jobs.groupby("customer_id").size().rename("jobs"), on="customer_id"),
    "concat of different reads": lambda leads, jobs: pd.concat([leads, jobs]),
    "groupby().count": lambda leads, _: leads.groupby("status")[["id"]].count(),
    "value_counts": lambda leads, _: leads["status"].value_counts(),
    "resample": lambda leads, _: leads.set_index("created_on").resample("D").size(),
}


@pytest.fixture
def reads(box, join):
    crm = join(box)
    return crm.leads.list(status="Open"), crm.lookups.jobs.list()


@pytest.mark.parametrize("step", KEPT)
def test_these_steps_keep_it(step, reads):
    leads, _ = reads
    about = stcrm.origin(KEPT[step](*reads))
    assert about == leads.attrs["stcrm"]
    assert (about["resource"], about["filters"], about["complete"]) == ("leads", {"status": "Open"}, True)


@pytest.mark.parametrize("step", DROPPED)
def test_these_steps_drop_it_and_origin_says_so(step, reads):
    made = DROPPED[step](*reads)
    with pytest.raises(UsageError, match=r"pandas has not kept .*merged.attrs = leads.attrs"):
        stcrm.origin(made)
    made.attrs = reads[0].attrs  # as the message has it
    assert stcrm.origin(made)["resource"] == "leads"


def test_files_keep_it(reads, tmp_path):
    leads, _ = reads
    leads.to_parquet(tmp_path / "leads.parquet")
    leads.to_feather(tmp_path / "leads.feather")
    for back in (pd.read_parquet(tmp_path / "leads.parquet"), pd.read_feather(tmp_path / "leads.feather")):
        assert stcrm.origin(back) == leads.attrs["stcrm"]
        assert stcrm.origin(pd.concat([leads, back])) == leads.attrs["stcrm"]


def test_equal_cached_reads_are_one_read(box, join):
    crm = join(box)
    crm.leads.list(ids=[5_000, 5_001])
    cached = [crm.leads.list(ids=[5_000, 5_001]) for _ in range(2)]
    assert stcrm.origin(pd.concat(cached))["filters"] == {"ids": [5_000, 5_001]}


def test_origin_is_a_copy(reads):
    leads, _ = reads
    stcrm.origin(leads)["filters"]["status"] = "Dismissed"
    assert stcrm.origin(leads)["filters"] == {"status": "Open"}


def test_a_feed_is_not_a_frame(box, join):
    feed = join(box).leads.export()
    with pytest.raises(UsageError, match=r"not Feed. That of a feed is feed\.frame"):
        stcrm.origin(feed)
    assert stcrm.origin(feed.frame)["resource"] == "leads"
