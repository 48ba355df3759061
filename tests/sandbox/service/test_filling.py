"""How the rows of a company come into the store: thousands at once, kept as each alone would be."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pyarrow as pa
import pytest

from stcrm_pandas.sandbox.company import make_company
from stcrm_pandas.sandbox.store.columns import JsonColumns, record_batch
from stcrm_pandas.sandbox.store.filling import fill, prefetch
from stcrm_pandas.sandbox.store.tables import TABLES, Table

AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


def records(table: Table, batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    """Return the rows of a batch as `Table.record` gives them."""
    return [tuple(row.get(column) for column in table.columns) for row in batch.to_pylist()]


@pytest.mark.parametrize("by_the_book", [False, True])
def test_bulk_rows_equal_single_rows(by_the_book: bool) -> None:
    company = make_company(leads=600, seed=5, as_of=AS_OF, by_the_book=by_the_book)
    seen = 0
    for name, many in company.json_tables():
        for rows in many:
            if isinstance(rows, JsonColumns):
                expected = [TABLES[name].record(row) for row in rows.rows()]
                assert records(TABLES[name], record_batch(TABLES[name], rows)) == expected, name
                seen += len(rows)
    assert seen > 15_000, "the large tables are written this way"


def columns(*rows: dict[str, object]) -> JsonColumns:
    return JsonColumns({name: pa.array([orjson.dumps(row[name]).decode() for row in rows]) for name in rows[0]})


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
def test_bulk_rows_with_unusual_cells(name: str, renamed: dict[str, str]) -> None:
    table = TABLES.get(name, Table(name))
    fixed = dict.fromkeys(filter(None, (table.parent,)), 7)
    named = [{renamed.get(field, field): value for field, value in row.items()} for row in ODD]
    rows = [{"id": number, **fixed, **row} for number, row in enumerate(named)]
    expected = [table.record(row) for row in rows]
    assert records(table, record_batch(table, columns(*rows))) == expected


def test_missing_time_is_stored_as_missing() -> None:
    rows = [{"id": "a-1", "modifiedOn": "yesterday"}, {"id": "a-2", "modifiedOn": "2026-01-02T03:04:05Z"}]
    expected = [Table("any").record(row) for row in rows]
    assert records(Table("any"), record_batch(Table("any"), columns(*rows))) == expected


def test_prefetched_items_keep_order_and_raise_when_used() -> None:
    def made() -> Iterator[int]:
        yield from range(20)
        raise ValueError("the twenty-first")

    got: list[int] = []
    with pytest.raises(ValueError, match="the twenty-first"):
        got.extend(prefetch(made(), 2))
    assert got == [*range(20)]


def test_prefetch_thread_ends_with_its_reader() -> None:
    made = []

    def endless() -> Iterator[int]:
        for number in count():
            made.append(number)
            yield number

    items = prefetch(endless(), 2)
    assert next(items) == 0
    items.close()
    after = len(made)
    assert not [thread for thread in threading.enumerate() if thread.name == "stcrm-sandbox-rows"]
    assert len(made) == after <= 5


def test_failed_company_leaves_no_file(tmp_path: Path) -> None:
    class Broken:
        name, time_zone = "Broken", "America/Chicago"
        truth: ClassVar[dict[str, Any]] = {}

        def tables(self) -> Iterator[Any]:
            yield "leads", iter(())

        def json_tables(self) -> Iterator[Any]:
            yield "leads", self.rows()

        def rows(self) -> Iterator[Any]:
            yield {"id": 1, "customerId": None}
            raise ValueError("no more rows")

    with pytest.raises(ValueError, match="no more rows"):
        fill(tmp_path / "state.sqlite", Broken(), {})
    assert list(tmp_path.iterdir()) == []


LARGE = """
import sys
from pathlib import Path
from bench.founding import make
make(Path(sys.argv[1]) / "company.sqlite", 40_000)
# not ru_maxrss, which begins with what the process that started this one had
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024)
"""


@pytest.mark.deep
def test_a_large_company_takes_little_memory(tmp_path: Path) -> None:
    """In a process of its own."""
    command = [sys.executable, "-c", LARGE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert float(done.stdout) < 500, "megabytes"
