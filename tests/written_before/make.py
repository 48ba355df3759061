"""Write a file of each kind into `files/`, by the version that is checked out.

    python -m tests.written_before.make

`test_written_before.py` then holds every later version against them. Run it at a version that was published, and only
if a kind of file is new; the files of the versions before stay.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
import warnings
from pathlib import Path

import comm
import pandas as pd

import stcrm_pandas as stcrm
from stcrm_pandas.cleaning import duplicates

from ..grid.view import View, Wire
from .shop import PAIRS, join, open_shop, pairs, three

FILES = Path(__file__).parent / "files"


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, open_shop() as box, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(scratch)
        write_cache(box, folder)
        with join(box, folder) as crm:
            write_mirror(box, crm, folder / "mirror")
            customers = three(crm.customers.list())
            write_plan_and_journals(box, crm, customers, folder / "plans")
            write_grid_log(crm, customers)
        write_decisions(folder / "decisions.sqlite")
        shutil.rmtree(FILES, ignore_errors=True)
        shutil.copytree(folder, FILES, ignore=shutil.ignore_patterns("*-shm", "*.lock"))


def write_cache(box: stcrm.Sandbox, folder: Path) -> None:
    """Complete reads: by pages, by ids, a feed; and where they are from."""
    place = {name: value for name, value in box.connection().items() if name != "sandbox_id"}
    with stcrm.connect(**place, cache_dir=folder / "cache", progress=False, time_zone="America/Chicago") as crm:
        crm.leads.list()
        crm.customers.list()
        crm.leads.export()
    about = {name: place[name] for name in ("api_url", "tenant", "client_id")}
    (folder / "cache" / "connection.json").write_text(json.dumps(about))


def write_mirror(box: stcrm.Sandbox, crm: stcrm.Client, folder: Path) -> None:
    """Two syncs, and between them a changed lead; the times of both."""
    mirror = crm.mirror(folder)
    first = box.advance(dt.timedelta(hours=1))
    mirror.sync(only=["leads", "customers", "campaigns"])
    box.advance(dt.timedelta(minutes=30))
    box.change("leads", 5_003, summary="changed")
    second = box.advance(dt.timedelta(hours=1))
    mirror.sync(only=["leads", "customers", "campaigns"])
    box.change("leads", 5_003, summary="x")
    (folder / "times.json").write_text(json.dumps([first.isoformat(), second.isoformat()]))


def write_plan_and_journals(box: stcrm.Sandbox, crm: stcrm.Client, customers: pd.DataFrame, folder: Path) -> None:
    """A saved plan; the journal of a plan that is finished, and that of one of whose rows one was sent."""
    folder.mkdir()
    renamed = customers.assign(name=["Ann", "Bob", "Cyd"])
    crm.customers.plan_changes(customers, renamed, reason="names").save(folder / "names.plan.json")
    finished = crm.customers.plan_changes(customers, renamed, reason="finished").apply()
    assert finished.ok
    (folder / "finished").mkdir()
    shutil.move(finished.path, folder / "finished")
    for id in customers["id"].tolist():
        box.change("customers", id, name="x")
    unfinished = crm.customers.plan_changes(customers, renamed, reason="unfinished").apply(limit=1)
    assert len(unfinished.succeeded) == 1
    (folder / "unfinished").mkdir()
    shutil.move(unfinished.path, folder / "unfinished")
    for id in customers["id"].tolist():
        box.change("customers", id, name="x")


def write_grid_log(crm: stcrm.Client, customers: pd.DataFrame) -> None:
    """An edit, another that was undone, and a third that was rejected."""
    comm.create_comm = Wire
    grid = crm.customers.edit(customers)
    view = View(grid)
    key, other, _ = (str(id) for id in customers["id"])
    view.edit((key, "name", "x", "Ann"))
    view.edit((other, "name", "x", "Bob"))
    view.act("undo")
    view.edit((other, "balance", "0.5", "7"))
    grid.close()


def write_decisions(path: Path) -> None:
    matches = duplicates(*pairs(), decisions=path)
    for (first, second), verdict in PAIRS.items():
        matches.decide(first, second, verdict, who="ann")


if __name__ == "__main__":
    main()
