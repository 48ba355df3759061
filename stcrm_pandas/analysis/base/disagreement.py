"""A group on which two measures disagree: the share of leads converted, and that of all opportunities booked."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Disagreement"]


@dataclass(frozen=True)
class Disagreement:
    """One group, in words.

    Parameters: its name; whether its leads are converted less often than those of all others; of its leads and of all
    its opportunities the share, and that of all others together.
    """

    name: str
    fewer_leads: bool
    leads: str
    other_leads: str
    booked: str
    others_booked: str

    def sentence(self, one: str) -> str:
        """Both measures in one sentence; `one` is what the group is called: 'campaign'."""
        fewer, more = ("fewer", "more") if self.fewer_leads else ("more", "fewer")
        why = "what is booked at once never becomes a lead, so that the leads are" if self.fewer_leads else ""
        return (
            f"{one.capitalize()} {self.name} goes with {fewer} conversions of the leads that are left over "
            f"({self.leads}, against {self.other_leads} of 100 for all others together), but with {more} bookings of "
            f"all its opportunities ({self.booked}, against {self.others_booked} of 100)"
            + (f": {why} its hard cases." if why else ".")
        )
