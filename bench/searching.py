"""Searches of a large sandbox by name, phone and status, beside plain SQL over the one column that each looks at."""

from __future__ import annotations

import sqlite3
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import requests

from bench.many import JOB_STATUS, STATUS, Many, name, phone
from bench.measure import Result, in_turn, of_floor
from stcrm_pandas.sandbox import Sandbox

SEARCHES = [
    ("crm", "leads", {"status": "Dismissed"}, "= 'Dismissed'"),
    ("crm", "leads", {"leadPhone": "512-555-0101"}, "LIKE '%5555-0101%'"),
    ("crm", "leads", {"leadCustomerName": "garza 77"}, "LIKE '%garza 77%'"),
    ("crm", "customers", {"name": "garza 77"}, "LIKE '%garza 77%'"),
    ("crm", "customers", {"phone": "512-555-0101"}, "LIKE '%5555-0101%'"),
    ("jpm", "jobs", {"jobStatus": "Canceled"}, "= 'Canceled'"),
]
CELLS = {
    "status": lambda n: STATUS[n % 10],
    "jobStatus": lambda n: JOB_STATUS[n % 5],
    "leadPhone": phone,
    "phone": phone,
    "leadCustomerName": name,
    "name": name,
}


def run(rows: int, rounds: int, folder: Path) -> Iterator[Result]:
    with Sandbox(company=Many(rows, rows, rows, rows), rate_limit=None) as box, requests.Session() as session:
        form = {"grant_type": "client_credentials", "client_id": box.client_id, "client_secret": box.client_secret}
        token = session.post(box.auth_url, data=form).json()["access_token"]
        session.headers.update({"Authorization": f"Bearer {token}", "ST-App-Key": box.app_key})
        for module, path, query, condition in SEARCHES:
            url = f"{box.api_url}/{module}/v2/tenant/{box.tenant}/{path}"
            url += "?" + urllib.parse.urlencode(query | {"includeTotal": "true"})
            (field,) = query
            db = sqlite3.connect(folder / f"{path}-{field}.sqlite")
            db.execute("CREATE TABLE cells (id INTEGER PRIMARY KEY, cell TEXT)")
            db.executemany("INSERT INTO cells VALUES (?, ?)", ((n, CELLS[field](n)) for n in range(rows)))

            def search(url: str = url) -> None:
                box.put("leads", {"id": 1, "status": "Open"})  # a search that was put in order is not used again
                session.get(url).raise_for_status()

            def floor(db: sqlite3.Connection = db, condition: str = condition) -> None:
                db.execute(f"SELECT id FROM cells WHERE cell {condition} ORDER BY id").fetchall()

            ours, plain = in_turn(search, floor, rounds=rounds)
            what = f"{path} by {field} in {rows:,} rows, over HTTP"
            yield of_floor(what, ours, plain, target="5 x", stretch="2 x", floor_name="plain SQL over one column")
            db.close()
