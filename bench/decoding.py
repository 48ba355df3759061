"""Decode response bodies to a DataFrame, compared with `orjson.loads` of them without garbage collection."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from bench.measure import Result, Times, in_turn, of_floor, seconds
from bench.rows import bodies, customer, lead
from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.frame import assemble, decode, validate

WORKERS = 2  # as a warm read decodes on two cores


def frame_of(row: Row, pages: list[bytes]) -> Any:
    with ThreadPoolExecutor(WORKERS) as pool:
        decoded = list(pool.map(lambda body: decode(row, "page", body), pages))
    frame = assemble(row, decoded, order=("id",)).frame
    validate(row, frame)
    return frame


def parse(pages: list[bytes]) -> None:
    for body in pages:
        orjson.loads(body)


def run(rows: int, rounds: int) -> Iterator[Result]:
    usual = min(rows, 100_000)
    small: Times | None = None
    for name, row, make, target, stretch in (
        ("leads", LEADS, lead, "1.2 x", "0.6 x"),
        ("customers", CUSTOMERS, customer, "1.0 x", "0.5 x"),
    ):
        pages = bodies(make, usual)
        ours, floor = in_turn(
            lambda row=row, pages=pages: frame_of(row, pages),  # type: ignore[misc]
            lambda pages=pages: parse(pages),  # type: ignore[misc]
            rounds=rounds,
            collector=False,
        )
        small = small or ours
        yield of_floor(
            f"decode {usual:,} {name} to a DataFrame",
            ours,
            floor,
            target=target,
            stretch=stretch,
            floor_name="orjson.loads",
        )
    assert small is not None
    pages = bodies(lead, rows)
    large = Times(tuple(seconds(lambda: frame_of(LEADS, pages)) for _ in range(max(2, rounds // 2))))
    frame = frame_of(LEADS, pages)
    checks = Times(tuple(seconds(lambda: validate(LEADS, frame)) for _ in range(rounds)))
    share = checks.middle / large.middle * 100
    yield Result(f"validate {rows:,} leads", str(checks), f"decoding them: {large}", f"{share:.1f}%", "6%", "3%")
    if rows > 100_000:
        per_row = large.middle / rows / (small.middle / 100_000)
        yield Result(
            f"time per row at {rows:,}", str(large), f"at 100,000: {small}", f"{per_row:.2f} x", "1.15 x", "1.0 x"
        )
