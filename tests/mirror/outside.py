"""Mirrors of two tenants, and the lines of the guide that read them without this package."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.store import Store

from .copies import split
from .service import Service

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "mirror.md"


def lines_of(word, fence):
    """Return the code of the guide in the first block after a word."""
    section = GUIDE.read_text(encoding="utf-8").partition("## Without this package")[2]
    return section.partition(f"\n{word}")[2].partition(f"```{fence}\n")[2].partition("```")[0]


def two_mirrors(folder):
    """Two tenants, of which one has an old file without a column, rows that changed, and a deleted one."""
    found = []
    for tenant in (7, 8):
        service = Service()
        for id in range(1, 21):
            service.put("leads", id, summary=f"first of {tenant}", status="Open")
        mirror = Mirror(folder, tenant=tenant, crm=service, time_zone="America/Chicago")
        for step in range(4):
            service.now += dt.timedelta(hours=1)
            mirror.sync(only=["leads"])
            for id in range(1, 8):
                service.put("leads", id, summary=f"{step} of {tenant}")
            service.delete("leads", 20 - step)
        found.append(mirror)
    found[0].compact()  # its replaced files are still there
    store = Store(found[1].folder, "leads")
    split(store)
    files = [file.path for file in store.files()]
    for file in files:  # as earlier versions wrote them
        commits = {b"stcrm_commits": pq.read_metadata(file).metadata[b"stcrm_commits"]}
        old = pq.read_table(file, partitioning=None).replace_schema_metadata(commits)
        pq.write_table(old.drop_columns(["summary"]) if file == files[0] else old, file)
    return found


def check(mirrors, current):
    """Compare rows that were read outside with those of the mirrors."""
    current = current.astype({"tenant": int}).sort_values(["tenant", "id"])
    for mirror in mirrors:
        leads = mirror.leads()
        found = current[current["tenant"] == mirror.tenant]
        assert found["id"].tolist() == leads["id"].tolist()
        for name in ("summary", "status", "modified_on"):
            cells = found[name].reset_index(drop=True)
            if name == "modified_on":
                cells = pd.to_datetime(cells, utc=True)  # Spark writes them without a time zone
            assert cells.astype(leads[name].dtype).equals(leads[name]), name
    assert mirrors[1].leads()["summary"].isna().any()
    assert len(current) == 34
