"""How much of everything the company has."""

from __future__ import annotations

from dataclasses import dataclass

from stcrm_pandas.errors import UsageError

NEW_CUSTOMERS = 0.55
"""Share of the customers that came within the 24 months."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts of rows that follow from the two that are asked for."""

    leads: int
    customers: int

    @classmethod
    def of(cls, leads: int, customers: int | None) -> Sizes:
        """The usual company has 42,000 customers beside 12,000 leads.

        Examples
        --------
        >>> Sizes.of(12_000, None).jobs
        50000
        """
        if leads < 100:
            raise UsageError(f"A company needs at least 100 leads, not {leads}: less has no seasons and no campaigns.")
        if customers is None:
            customers = round(leads * 3.5)
        if customers < 100:
            raise UsageError(f"A company needs at least 100 customers, not {customers}.")
        return cls(leads, customers)

    @property
    def bookings(self) -> int:
        return round(self.customers * 15 / 42)

    @property
    def jobs(self) -> int:
        return round(self.customers * 50 / 42)

    @property
    def locations(self) -> int:
        return round(self.customers * 48 / 42)

    @property
    def rows(self) -> int:
        """All rows of all tables, to within some percent."""
        own = self.leads * 1.13 + self.bookings * 2.97 + self.jobs
        return round(own + self.customers * 3.6 + self.locations * 2.1)

    @property
    def new_customers(self) -> int:
        return round(self.customers * NEW_CUSTOMERS)
