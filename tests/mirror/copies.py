"""A mirror as that of another tenant, for tests of several tenants."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.compute as pc

import stcrm_pandas as stcrm
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.privacy import copies
from stcrm_pandas.mirror.resources import EVERY
from stcrm_pandas.mirror.store import SEQ, Store


def copied_as(tenant: int, mirror: Mirror, folder: Path) -> Mirror:
    """Write the rows of a mirror as those of another tenant, and return that mirror."""
    stores = {name: Store(mirror.folder, name) for name in EVERY}
    for one in EVERY.values():
        copies.copy(stores, Store(folder / f"tenant={tenant}", one.name), one, anonymous=False)
    return stcrm.Mirror(folder, tenant=tenant)


def split(store):
    """Store the first two commits in one file and each later one in its own, as if each were too large to merge."""
    table, commits = store.read(), store.commits()
    shutil.rmtree(store.history)
    store.current.drop()
    store.create(table.filter(pc.less_equal(table.column(SEQ), 2)), commits[:2])
    for commit in commits[2:]:
        store.append(table.filter(pc.equal(table.column(SEQ), commit.number)).drop_columns([SEQ]), commit)
