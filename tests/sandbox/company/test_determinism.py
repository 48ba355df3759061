"""The same arguments give the same bytes."""

import datetime as dt
import hashlib
import subprocess
import sys

import orjson

from stcrm_pandas.sandbox.company import make_company

AS_OF = dt.datetime(2026, 3, 8, 7, 59, 30, tzinfo=dt.UTC)
DIGESTS = """
import datetime as dt, hashlib, orjson
from stcrm_pandas.sandbox.company import make_company
company = make_company(leads=400, seed=11, as_of=dt.datetime(2026, 3, 8, 7, 59, 30, tzinfo=dt.UTC))
digest = hashlib.sha256()
for name, rows in company.tables():
    for row in rows:
        digest.update(orjson.dumps(row))
digest.update(orjson.dumps(company.truth))
print(digest.hexdigest())
"""


def digests(**arguments) -> dict[str, str]:
    company = make_company(**{"leads": 400, "seed": 11, "as_of": AS_OF, **arguments})
    return {
        name: hashlib.sha256(b"\n".join(orjson.dumps(row) for row in rows)).hexdigest()
        for name, rows in company.tables()
    }


def test_the_same_arguments_give_the_same_rows():
    assert digests() == digests()


def test_other_seeds_dates_and_options_differ():
    first = digests()
    for other in (digests(seed=12), digests(as_of=AS_OF - dt.timedelta(days=1)), digests(by_the_book=True)):
        assert first["leads"] != other["leads"]
        assert first["customers"] != other["customers"]
    assert first["jobs"] != digests(effects=False)["jobs"]


def test_the_time_zone_of_as_of_does_not_matter():
    assert digests() == digests(as_of=AS_OF.astimezone(dt.timezone(dt.timedelta(hours=9))))


def test_another_process_hash_seed_and_time_zone_do_not_matter():
    printed = {
        subprocess.run(
            [sys.executable, "-c", DIGESTS],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(printed) == 1


def test_tables_can_be_read_twice():
    company = make_company(leads=200, as_of=AS_OF)
    first, second = ({name: sum(1 for _ in rows) for name, rows in company.tables()} for _ in range(2))
    assert first == second
