"""How the rows of a company come into the store: thousands at once, kept as each alone would be."""

from __future__ import annotations

import datetime as dt

import orjson
import pyarrow as pa
import pytest

from stcrm_pandas.sandbox.company import make_company
from stcrm_pandas.sandbox.lines import Lines, Records
from stcrm_pandas.sandbox.tables import TABLES, Table

AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("by_the_book", [False, True])
def test_rows_written_at_once_are_kept_as_each_alone(by_the_book: bool) -> None:
    company = make_company(leads=600, seed=5, as_of=AS_OF, by_the_book=by_the_book)
    seen = 0
    for name, many in company.written():
        for rows in many:
            if isinstance(rows, Lines):
                expected = [TABLES[name].record(row) for row in rows.rows()]
                assert list(Records.of(TABLES[name], rows).tuples()) == expected, name
                seen += len(rows)
    assert seen > 15_000, "the large tables are written this way"


def lines(*rows: dict[str, object]) -> Lines:
    return Lines({name: pa.array([orjson.dumps(row[name]).decode() for row in rows]) for name in rows[0]})


ODD = (
    {"value": "+1 (512) 555-0101", "type": "Phone", "createdOn": "2026-01-02T03:04:05.1234567Z", "active": True},
    {"value": '512"\\555\n0102', "type": "MobilePhone", "createdOn": "0001-01-01T00:00:00Z", "active": False},
    {"value": "512.555.0103 x7", "type": "Fax", "createdOn": None, "active": None},
    {"value": "\uff15\uff11\uff12 555", "type": "Email", "createdOn": "2026-01-02T03:04:05Z", "active": True},
    {"value": None, "type": None, "createdOn": "2026-01-02T03:04:05.5Z", "active": True},
)


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("customer_contacts", {}),
        ("leads", {"value": "leadPhone", "type": "status"}),
        ("leads", {"value": "leadCustomerName", "type": "leadUrl"}),
        ("contact_methods", {"createdOn": "modifiedOn"}),
        ("not_listed", {}),
    ],
)
def test_odd_cells_too(name: str, renamed: dict[str, str]) -> None:
    table = TABLES.get(name, Table(name))
    fixed = dict.fromkeys(filter(None, (table.parent,)), 7)
    named = [{renamed.get(field, field): value for field, value in row.items()} for row in ODD]
    rows = [{"id": number, **fixed, **row} for number, row in enumerate(named)]
    expected = [table.record(row) for row in rows]
    assert list(Records.of(table, lines(*rows)).tuples()) == expected


def test_a_moment_that_is_none_is_kept_as_no_moment() -> None:
    rows = [{"id": "a-1", "modifiedOn": "yesterday"}, {"id": "a-2", "modifiedOn": "2026-01-02T03:04:05Z"}]
    expected = [Table("any").record(row) for row in rows]
    assert list(Records.of(Table("any"), lines(*rows)).tuples()) == expected
