"""What each comparison, sentence and action needs: without one of these inputs it is not made.

A share whose failures were not read is too high, and two shares with unlike gaps differ without a cause, so a caution
beside them is not enough. A list of people, and a count that says what it counts, need only their own rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stcrm_pandas.analysis.base.format import listed

__all__ = ["NEEDS", "given_of", "lacking", "not_read"]

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


def lacking(what: str, given: Collection[str]) -> tuple[str, ...]:
    """Return the data sets that something needs and that were not given.

    >>> lacking("bookings: response times", {"bookings", "leads"})
    ('jobs',)
    """
    return tuple(name for name in NEEDS[what] if name not in given)


def not_read(missing: Collection[str]) -> str:
    """Return which data sets were not read, as the end of a sentence.

    >>> not_read(["bookings", "call_reasons"])
    'bookings and call reasons were not read'
    """
    return f"{listed([_WORDS.get(name, name.replace('_', ' ')) for name in missing])} were not read"
