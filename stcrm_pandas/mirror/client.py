"""A client that reads from a mirror, so that a notebook or a report works with a mirror or a connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Protocol

import pandas as pd

from stcrm_pandas.errors import NotMirrored, UsageError
from stcrm_pandas.http.query import whole_number
from stcrm_pandas.mirror.resources import MIRRORED, ON_DEMAND, Mirrored

Moment = Any
"""A time as filters take it: text, date or Timestamp; without a time zone in the tenant's."""


class _Mirror(Protocol):
    """What is needed of a mirror."""

    tenant: int

    def read(self, resource: str, *, as_of: Moment | None = None) -> pd.DataFrame: ...

    def parents(self, resource: str) -> pd.DataFrame: ...

    def status_log(self, resource: str, *, as_of: Moment | None = None) -> pd.DataFrame: ...

    def settings(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class MirrorSettings:
    """The settings of the connection that synced the mirror, as far as reports need them."""

    tenant: int
    time_zone: str | None = None
    service_url: str | None = None
    dismissing_reasons: dict[int, str] = field(default_factory=dict)
    double_opt_in: bool = False


class MirrorClient:
    """A client that reads from a mirror: `leads.list()`, `lookups.campaigns.list()` and so on, without requests.

    `Mirror.client` returns it. List methods take `ids`, and `active=None` for all rows. The list methods of notes and
    other rows that are read on demand take ids of parents that were read. Use pandas for other filters.

    Parameters
    ----------
    mirror : Mirror
        The mirror.
    as_of : str, date or Timestamp, optional
        Return all rows as of this time. The default time zone is the tenant's. By default, the latest versions are
        returned.
    """

    leads: Any
    bookings: Any
    customers: Any
    locations: Any
    contacts: Any
    contact_methods: Any
    contact_preferences: Any
    booking_provider_tags: Any
    lookups: Any

    def __init__(self, mirror: _Mirror, as_of: Moment | None = None) -> None:
        self._mirror, self._as_of = mirror, as_of
        self.settings = MirrorSettings(tenant=mirror.tenant, **mirror.settings())
        methods = {mirrored.list: _list_of(mirrored.name, mirror, as_of) for mirrored in MIRRORED.values()}
        methods.update({mirrored.list: _list_below(mirrored, mirror, as_of) for mirrored in ON_DEMAND.values()})
        for method, read in methods.items():
            *families, name = method.split(".")
            here: Any = self
            for family in families:
                here = vars(here).setdefault(family, SimpleNamespace())
            setattr(here, name, read)

    def status_log(self, resource: str) -> pd.DataFrame:
        """Return the statuses of leads or bookings over time, as `Mirror.status_log` does.

        Parameters
        ----------
        resource : str
            `"leads"` or `"bookings"`.

        Returns
        -------
        DataFrame
            One row per id and uninterrupted period in one status: `id`, `status`, `first_seen` and `last_seen` (both in
            UTC).
        """
        return self._mirror.status_log(resource, as_of=self._as_of)

    def __repr__(self) -> str:
        return f"MirrorClient({self._mirror!r})"


def _list_of(resource: str, mirror: _Mirror, as_of: Moment | None) -> Any:
    def read(*, ids: Any = None, active: bool | str | None = None, **filters: Any) -> pd.DataFrame:
        unknown = [name for name, value in filters.items() if value is not None]
        if unknown:
            raise UsageError(
                f"{resource}: a mirror has no filter {unknown[0]!r}. Read all rows, and select from the DataFrame."
            )
        frame = mirror.read(resource, as_of=as_of)
        if ids is None and active is None:
            return frame
        kept = pd.Series(True, index=frame.index)
        if ids is not None:
            kept &= frame["id"].isin([whole_number(id) for id in ids])
        if isinstance(active, bool):
            kept &= frame["active"].eq(active).fillna(False)
        attrs, chosen = frame.attrs, frame[kept.astype(bool)].reset_index(drop=True)
        chosen.attrs = attrs
        return chosen

    return read


def _list_below(mirrored: Mirrored, mirror: _Mirror, as_of: Moment | None) -> Any:
    def read(parents: Any, *_: Any, **__: Any) -> pd.DataFrame:
        wanted = {parents} if isinstance(parents, (int, str)) else set(parents)
        known = mirror.parents(mirrored.name)
        frame = known if known.empty else mirror.read(mirrored.name, as_of=as_of)
        if as_of is not None and len(known):
            known = known[known["known_from"] <= pd.Timestamp(frame.attrs["stcrm"]["as_of"])]
        lacking = len(wanted - set(known[mirrored.parent]))
        if lacking or known.empty:
            raise NotMirrored(
                f"{mirrored.list}: the mirror lacks the rows of {lacking:,} of {len(wanted):,} parents, because each "
                f'parent needs a request of its own. Read them: mirror.sync(only="{mirrored.name}", parents=ids).'
            )
        attrs, chosen = frame.attrs, frame[frame[mirrored.parent].isin(wanted)].reset_index(drop=True)
        chosen.attrs = attrs
        return chosen

    return read
