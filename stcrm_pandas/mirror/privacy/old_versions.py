"""Delete old versions of rows from a mirror."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.mirror import versions
from stcrm_pandas.mirror.store import SEQ, Store


def drop_versions(store: Store, row: Row, age: dt.timedelta) -> int:
    """Delete versions that were replaced or deleted before a given age, counted back from the last sync."""
    commits = store.commits()
    if not commits:
        return 0
    cutoff = dt.datetime.fromisoformat(commits[-1].seen_at) - age
    old = [commit for commit in commits if dt.datetime.fromisoformat(commit.seen_at) <= cutoff]
    table = store.read()
    if not old or table is None:
        return 0
    first = old[-1].number
    keys = pd.DataFrame({name: table.column(name).to_pylist() for name in row.key})
    early = table.column(SEQ).to_numpy() <= first
    last_early = np.zeros(len(keys), bool)
    last_early[keys[early].drop_duplicates(keep="last").index.to_numpy()] = True
    kept = ~early | (last_early & ~table.column(versions.DELETED).to_numpy().astype(bool))
    if kept.all():
        return 0
    store.replace(table.filter(pa.array(kept)), [commit for commit in commits if commit.number >= first])
    return int((~kept).sum())
