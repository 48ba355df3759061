"""Decoded reads: a complete read from the cache becomes a frame without decoding its response bodies again."""

from __future__ import annotations

import datetime as dt
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.errors import StcrmError
from stcrm_pandas.frame import Assembled, DecodedPage, Drift
from stcrm_pandas.frame.stored import column_from_bytes, column_to_bytes, shape_of
from stcrm_pandas.http.cache import Cache, Generation
from stcrm_pandas.reads.pagination import FetchedRead

SMALLEST = 1000
"""Frames of fewer rows are not stored: their pages decode in a few milliseconds."""
_UNDOCUMENTED = np.dtype(object)


class DecodedReads:
    """Stores the frames of complete reads in the background, and loads them."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="stcrm-decoded")
        self._loaders = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="stcrm-load")
        self._last: Future[None] | None = None

    def load(self, row: Row, generation: Generation) -> tuple[FetchedRead[DecodedPage], Assembled] | None:
        """Return a stored frame and where it comes from; None if there is none, or anything in it disagrees."""
        store = self._cache.decoded
        try:
            if (found := store.about(generation.id)) is None:
                return None
            about, checks = found
            if about["made_by"] != _made_by(row) or len(checks) != len(about["columns"]):
                return None
            dtypes = dtypes_of(row)

            def load(number: int, name: str, check: int) -> Any:
                return column_from_bytes(dtypes.get(name, _UNDOCUMENTED), store.column(generation.id, number, check))

            columns = list(self._loaders.map(load, range(1, len(checks) + 1), about["columns"], checks))
            index = pd.RangeIndex(about["rows"])
            series = {
                name: pd.Series(cells, index=index, dtype=dtypes.get(name, _UNDOCUMENTED), copy=False)
                for name, cells in zip(about["columns"], columns, strict=True)
            }
            drift = tuple(Drift(**{**one, "ids": tuple(one["ids"])}) for one in about["drift"])
            counts = generation.parts or ()
            fetched: FetchedRead[DecodedPage] = FetchedRead(
                generation=generation,
                pages=[],
                counts=counts,
                total=None,
                fetched_at=_moment(about["fetched_at"]),
                stored_at=_moment(about["stored_at"]),
                from_cache=sum(counts),
                problem=None,
            )
            return fetched, Assembled(pd.DataFrame(series, index=index, copy=False), drift, about["repeats"])
        except (ValueError, KeyError, TypeError, pa.ArrowException):
            store.drop(generation.id)
            return None

    def save(self, row: Row, fetched: FetchedRead[DecodedPage], assembled: Assembled) -> None:
        """Store the frame of a complete read, in another thread."""
        frame = assembled.frame
        if len(frame) < SMALLEST:
            return
        about = {
            "made_by": _made_by(row),
            "columns": list(frame.columns),
            "rows": len(frame),
            "repeats": assembled.repeats,
            "drift": [asdict(one) for one in assembled.drift],
            "fetched_at": fetched.fetched_at and fetched.fetched_at.isoformat(),
            "stored_at": fetched.stored_at and fetched.stored_at.isoformat(),
        }
        # Whoever writes to the frame from now on writes to a copy (pandas' copy on write).
        snapshot = frame.copy(deep=False)
        self._last = self._writer.submit(self._write, fetched.generation.id, about, snapshot)

    def _write(self, id: str, about: dict[str, Any], frame: pd.DataFrame) -> None:
        try:
            self._cache.decoded.save(id, about, (column_to_bytes(frame[name]) for name in frame))
            self._cache.shrink()
        except (ValueError, TypeError, OverflowError, pa.ArrowException, StcrmError):
            pass  # the pages stay, and the next read decodes them

    def wait(self) -> None:
        """Wait until the frames read so far are stored."""
        if self._last is not None:
            self._last.result()

    def close(self) -> None:
        """Store what waits, and end the threads."""
        self._writer.shutdown()
        self._loaders.shutdown()


@cache
def _made_by(row: Row) -> str:
    """Return what stored columns depend on besides the pages."""
    return f"stcrm-pandas {version('stcrm-pandas')} pandas {pd.__version__} pyarrow {pa.__version__} {shape_of(row)}"


def _moment(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text)
