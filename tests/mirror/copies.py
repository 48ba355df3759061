"""A mirror as that of another tenant, for tests of several tenants."""

from __future__ import annotations

from pathlib import Path

import stcrm_pandas as stcrm
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.privacy import copies
from stcrm_pandas.mirror.resources import EVERY
from stcrm_pandas.mirror.store import Store


def copied_as(tenant: int, mirror: Mirror, folder: Path) -> Mirror:
    """Write the rows of a mirror as those of another tenant, and return that mirror."""
    stores = {name: Store(mirror.folder, name) for name in EVERY}
    for one in EVERY.values():
        copies.copy(stores, Store(folder / f"tenant={tenant}", one.name), one, anonymous=False)
    return stcrm.Mirror(folder, tenant=tenant)
