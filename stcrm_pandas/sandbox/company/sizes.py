"""Numbers of rows of a company."""

from __future__ import annotations

from dataclasses import dataclass

from stcrm_pandas.errors import UsageError

NEW_CUSTOMERS = 0.55
"""Share of the customers who are new within the 24 months."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Numbers of rows, which follow from those of leads and customers."""

    leads: int
    customers: int

    @classmethod
    def of(cls, leads: int, customers: int | None) -> Sizes:
        """Return the sizes for a number of leads, and of customers (3.5 per lead by default).

        >>> Sizes.of(12_000, None).jobs
        50000
        """
        if leads < 100:
            raise UsageError(f"A company needs at least 100 leads, not {leads}: less has no seasons or campaigns.")
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
        """The approximate number of rows in all tables."""
        own = self.leads * 1.13 + self.bookings * 2.97 + self.jobs
        return round(own + self.customers * 3.6 + self.locations * 2.1)

    @property
    def new_customers(self) -> int:
        return round(self.customers * NEW_CUSTOMERS)
