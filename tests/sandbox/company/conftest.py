import datetime as dt

import pandas as pd
import pytest

from stcrm_pandas.sandbox.company import Company, make_company

AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


class Tables(dict[str, pd.DataFrame]):
    """The rows of a company as DataFrames, unconverted: times are text, lists are lists."""

    def __init__(self, company: Company) -> None:
        super().__init__({name: pd.DataFrame(list(rows), dtype=object) for name, rows in company.tables()})
        self.truth = company.truth
        self.as_of = pd.Timestamp(company.truth["as_of"])

    def times(self, table: str, column: str) -> pd.Series:
        """Return times to the second; those of the year 1 are missing."""
        text = self[table][column].str[:19]
        return pd.to_datetime(text.where(~text.str.startswith("0001", na=False)), format="ISO8601", utc=True)

    def counted(self) -> pd.DataFrame:
        """Return the leads that the truth counts: not deleted, not of a non-lead reason, no repeats; with `created`."""
        leads = self["leads"].assign(created=self.times("leads", "createdOn"))
        reasons = self["call_reasons"]
        other = reasons.loc[~reasons.isLead.astype(bool), "id"]
        leads = leads[leads.active.astype(bool) & ~leads.callReasonId.isin(other)].sort_values("created")
        since = leads.groupby(leads.customerId.astype("Int64")).created.diff()
        return leads[~(since < pd.Timedelta(days=14))]

    def mature(self) -> pd.DataFrame:
        """Return the counted leads that are at least 120 days old."""
        counted = self.counted()
        return counted[counted.created <= self.as_of - pd.Timedelta(days=120)]

    def planted(self, number: int) -> dict:
        return next(entry for entry in self.truth["planted"] if entry["number"] == number)


@pytest.fixture(scope="session")
def company() -> Tables:
    return Tables(make_company(leads=12_000, seed=3, as_of=AS_OF))


@pytest.fixture(scope="session")
def alike() -> Tables:
    return Tables(make_company(leads=12_000, seed=3, as_of=AS_OF, effects=False))


@pytest.fixture(scope="session")
def by_the_book() -> Tables:
    return Tables(make_company(leads=1_500, customers=2_600, seed=2, as_of=AS_OF, by_the_book=True))


@pytest.fixture(scope="session")
def small() -> Tables:
    return Tables(make_company(leads=1_500, customers=2_600, seed=2, as_of=AS_OF))
