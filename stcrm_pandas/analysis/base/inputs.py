"""The inputs of an analysis: what was passed, the rest from a mirror as of one time, with the dtypes that it needs.

An analysis gets the mirror as an object with the methods of `MirrorLike`, so it imports nothing that sends requests.

`NEEDS` names what each comparison, sentence and action needs: without one of these inputs it is not made. A share whose
failures were not read is too high, and two shares with unlike gaps differ without a cause, so a caution beside them is
not enough. A list of people, and a count that says what it counts, need only their own rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pandas as pd

from stcrm_pandas.analysis.base.conversion import admitted, table_of
from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.format import listed
from stcrm_pandas.analysis.base.provenance import Moment, attrs_of, moment, selections, zone
from stcrm_pandas.errors import MirrorError, NotMirrored, UsageError

_NAMES = {
    "campaign": "campaigns",
    "business_unit": "business_units",
    "job_type": "job_types",
    "call_reason": "call_reasons",
    "creator": "employees",
    "provider": "booking_provider_tags",
    "tag": "tag_types",
    "customer": "customers",
}
"""The resource with the names of each dimension."""


AllContacts = pd.DataFrame | Sequence[pd.DataFrame | None] | None


class MirrorLike(Protocol):
    """A mirror of one tenant (`crm.mirror(folder)`) or of several (`stcrm.mirrors(folder)`)."""

    def read(self, resource: str, *, as_of: Any = None) -> pd.DataFrame:
        """Return the rows of a resource, now or at an earlier time."""

    def status_log(self, resource: str, *, as_of: Any = None) -> pd.DataFrame:
        """Return the statuses of leads or bookings over time."""


class Inputs:
    """The inputs of an analysis: those that were passed, and the others from a mirror if there is one.

    `admit` comes after all frames were taken with `required` and `optional`. After it, `zone` is the company's time
    zone, `frames` has the frames by name, and `cautions` has what a reader must know about them.

    Parameters
    ----------
    mirror : MirrorLike or None
        The mirror; None takes nothing but what was given.
    by : sequence of str
        The dimensions of the analysis.
    as_of : str, date or Timestamp or None
        The time at which the mirror is read; None for its latest versions.
    time_zone : str or None
        The company's time zone; None for that of the mirror.
    """

    def __init__(
        self, mirror: MirrorLike | None, by: Sequence[str], *, as_of: Moment | None, time_zone: str | None
    ) -> None:
        self.as_of, self.time_zone = as_of, time_zone
        self.cautions: list[str] = []
        self.zone: ZoneInfo | None = None
        self.frames: Mapping[str, Any] = {}
        self.many = False
        self._mirror, self._by, self._settings = mirror, by, list[Mapping[str, Any]]()
        if mirror is None:
            return
        if not hasattr(mirror, "read") or not hasattr(mirror, "status_log"):
            raise UsageError(
                "mirror takes a mirror, such as crm.mirror('titan') or stcrm.mirrors('titan'), "
                f"not {type(mirror).__name__}"
            )
        each: Sequence[Any] = getattr(mirror, "each", [mirror])
        self.many = len(each) > 1
        if len(each) == 1 and TENANT not in by:
            self._mirror = each[0]  # without the column tenant, which call lists would show
        self._settings = _settings_of(each, leave_out=getattr(mirror, "missing", "raise") == "warn")
        self.time_zone = time_zone or self._common("time_zone")
        if as_of is not None:
            self.as_of = moment(as_of, zone(None, self.time_zone), name="as_of")

    def admit(self, **frames: Any) -> Sequence[Any]:
        """Return the frames with the dtypes that analyses need; the first one may record the time zone."""
        self.zone = zone(next(iter(frames.values())), self.time_zone)
        self.frames = admitted(frames, zone=None if self.zone is None else self.zone.key)
        self.cautions = [*selections(self.frames), *self.cautions]
        return [*self.frames.values()]

    def present(self, **others: Any) -> frozenset[str]:
        """Return the names of the data sets that are there: the admitted frames, and others that are not None."""
        return given_of({**self.frames, **others})

    def complete(self, *names: str) -> bool:
        """Return whether the frames of these names were read completely; by default, all of them."""
        frames = [self.frames[name] for name in names or self.frames]
        return all(attrs_of(frame).get("complete", True) for frame in frames)

    def required(self, name: str, frame: Any, resource: str | None = None) -> Any:
        """Return the frame that was given, else that of the mirror; raise if there is neither."""
        if frame is not None:
            return frame
        if self._mirror is None:
            raise UsageError(f"{name} are required: pass a DataFrame, or mirror=stcrm.mirrors('titan')")
        return self._read(name, resource)

    def optional(self, name: str, frame: Any, resource: str | None = None) -> Any:
        """Return the frame that was given, else that of the mirror, with a caution if it does not have it."""
        if frame is not None or self._mirror is None:
            return frame
        try:
            return self._read(name, resource)
        except NotMirrored:
            self.cautions.append(f"The mirror has no {name.replace('_', ' ')}, so they are left out.")
        except MirrorError as error:
            self.cautions.append(f"The {name.replace('_', ' ')} are left out. {error}")
        return None

    def status_log(self, resource: str, passed: Any) -> Any:
        """Return the status log that was given, else that of the mirror."""
        if passed is not None or self._mirror is None:
            return passed
        try:
            return self._mirror.status_log(resource, as_of=self.as_of)
        except NotMirrored:  # the rows were given, so the mirror need not have them
            return None

    def names(self, passed: Any, *dimensions: str) -> Any:
        """Return the names of groups that were given, and those of the mirror for the other dimensions."""
        if self._mirror is None or not (passed is None or _by_dimension(passed)):
            return passed
        lookups = dict(passed or {})
        for dimension in dict.fromkeys(dimensions):
            if dimension not in lookups and dimension in _NAMES:
                lookup = self.optional(f"names of {dimension.replace('_', ' ')}s", None, _NAMES[dimension])
                lookups |= {} if lookup is None else {dimension: lookup}
        return lookups or passed

    def contacts(self, frames: Any) -> Any:
        """Return the contacts that were given, else those of the customers and locations of a mirror of one tenant."""
        if frames is not None or self._mirror is None or self.many:
            return frames
        return [self.optional(name, None) for name in ("customer_contacts", "location_contacts")]

    def dismissing_reasons(self, passed: Mapping[int, str] | None) -> Mapping[int, str] | None:
        """Return the reasons that were given, else those of the mirror, if all of its tenants have the same."""
        if passed is not None or self._mirror is None:
            return passed
        reasons: Mapping[int, str] | None = self._common("dismissing_reasons")
        if reasons is None:
            self.cautions.append(
                "The tenants have different dismissing reasons, so none is named, and duplicates and spam are counted. "
                "Pass dismissing_reasons=."
            )
        return reasons

    def double_opt_in(self, *, setting: bool | None) -> bool:
        """Return whether double opt-in is on, as given, else as for one of the tenants of the mirror."""
        if setting is not None:
            return setting
        return any(settings["double_opt_in"] for settings in self._settings)

    def _read(self, name: str, resource: str | None) -> Any:
        assert self._mirror is not None
        frame = self._mirror.read(resource or name, as_of=self.as_of)
        left_out = frame.attrs["stcrm"].get("missing_tenants", ())
        if left_out:
            tenants = ", ".join(map(str, left_out))
            self.cautions.append(
                f"The {name.replace('_', ' ')} of tenants {tenants} could not be read, so they are left out."
            )
        return frame

    def _common(self, name: str) -> Any:
        """Return a setting if it is the same for all tenants, else None."""
        first, *others = (settings[name] for settings in self._settings)
        return first if all(other == first for other in others) else None


def _settings_of(mirrors: Sequence[Any], *, leave_out: bool) -> list[Mapping[str, Any]]:
    """Return the settings of mirrors, if asked without those that have none."""
    settings: list[Mapping[str, Any]] = []
    for place, mirror in enumerate(mirrors, 1):
        try:
            settings.append(mirror.settings())
        except MirrorError:
            if not leave_out or (place == len(mirrors) and not settings):
                raise
    return settings


def _by_dimension(names: Any) -> bool:
    return isinstance(names, Mapping) and all(isinstance(key, str) for key in names)


def all_contacts(contacts: AllContacts) -> pd.DataFrame | None:
    """Return contacts from one or more frames as one frame; None if there are none.

    >>> all_contacts([pd.DataFrame({"customer_id": [7], "type": ["Phone"], "value": ["512-555-0101"]}), None]).shape
    (1, 3)
    """
    frames = (
        [contacts] if isinstance(contacts, pd.DataFrame) else [frame for frame in contacts or () if frame is not None]
    )
    checked = [table_of(frame, "contacts", ["type", "value"]) for frame in frames]
    return pd.concat(checked, ignore_index=True) if checked else None


def tells_marks(customers: Any) -> bool:
    """Return whether customers tell who is marked 'do not service'.

    >>> tells_marks(pd.DataFrame({"id": [7], "name": ["Ann"]}))
    False
    """
    return isinstance(customers, pd.DataFrame) and "do_not_service" in customers


def tell_opt_outs(contacts: AllContacts) -> bool:
    """Return whether contacts tell which numbers opted out: none are missing, and those of customers have preferences.

    >>> tell_opt_outs(pd.DataFrame({"customer_id": [7], "type": ["Phone"], "value": ["512-555-0101"]}))
    False
    """
    frames = [contacts] if isinstance(contacts, pd.DataFrame) else [*(contacts or ())]
    return all(frame is not None for frame in frames) and any(
        "customer_id" in frame and any(str(name).startswith("preferences_") for name in frame)
        for frame in frames
        if frame is not None
    )


NEEDS: Mapping[str, tuple[str, ...]] = {
    # Lead conversion. Inquiries that are no leads are dismissed: a group with many of them looks worse.
    "leads: groups": ("leads", "call_reasons"),
    # What is booked at once never becomes a lead, so these groups are judged by leads only beside their opportunities.
    "leads: groups that opportunities have": ("leads", "call_reasons", "bookings", "jobs"),
    # Without a job, a conversion has no date, and without a date, nobody knows who was still open at an age.
    "leads: chances of open ones": ("leads", "call_reasons", "jobs"),
    # The customer, or any contact of the number, says who must not be called. A later job makes a call needless.
    "leads: whom to call": ("leads", "jobs", "customers", "contacts"),
    # Opportunities. Bookings that failed are neither a lead nor a job.
    "opportunities: rates": ("leads", "bookings", "jobs"),
    "opportunities: groups": ("leads", "bookings", "jobs", "call_reasons"),
    "opportunities: costs": ("leads", "bookings", "jobs", "call_reasons"),
    # Booking sources. A dismissed booking may have become a lead, and that a job.
    "bookings: jobs": ("bookings", "leads"),
    "bookings: leads": ("bookings", "leads"),
    # The first action on a booking is its lead or its job, whichever came first.
    "bookings: response times": ("bookings", "leads", "jobs"),
    "bookings: chances of waiting ones": ("bookings", "leads", "jobs"),
    "bookings: cancellations": ("bookings", "jobs"),
    # A booking asks for a call, but not one of a customer who must not be called, or who has had a job since.
    "bookings: whom to call": ("bookings", "jobs", "customers", "contacts"),
    # The customer of a booking is that of its job or lead.
    "bookings: first-time customers": ("bookings", "leads", "jobs", "customers"),
    "bookings: campaigns of chains": ("bookings", "leads", "jobs"),
    # Contact preferences. An opt-out on any record of a number counts, also on those of locations and newer contacts.
    "preferences: groups": ("customers", "contacts", "location_contacts", "methods"),
    "preferences: whom to ask": ("customers", "contacts", "location_contacts", "methods"),
}
"""By what is made, the data sets that it needs."""


_WORDS = {"location_contacts": "contacts of locations", "methods": "newer contacts"}


def given_of(frames: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the data sets that are there.

    >>> given_of({"leads": "a frame", "jobs": None})
    frozenset({'leads'})
    """
    return frozenset(name for name, frame in frames.items() if frame is not None)


def lacking(what: str, available: Collection[str]) -> tuple[str, ...]:
    """Return the data sets that something needs and that were not given.

    >>> lacking("bookings: response times", {"bookings", "leads"})
    ('jobs',)
    """
    return tuple(name for name in NEEDS[what] if name not in available)


def not_read(missing: Collection[str]) -> str:
    """Return which data sets were not read, as the end of a sentence.

    >>> not_read(["bookings", "call_reasons"])
    'bookings and call reasons were not read'
    """
    return f"{listed([_WORDS.get(name, name.replace('_', ' ')) for name in missing])} were not read"
