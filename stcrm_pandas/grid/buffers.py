"""A column of texts as binary buffers, which a browser decodes without a library: Arrow's layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

DICTIONARY = 0.5
"""A column with a smaller share of different texts is sent as a dictionary."""


def encoded(texts: Any) -> tuple[dict[str, Any], list[memoryview]]:
    """Return how an Arrow array of texts is encoded, and its buffers.

    `utf8`: validity bitmap (least significant bit first), offsets (int32), UTF-8. `dictionary`: validity bitmap, codes
    (int32), and offsets and UTF-8 of the different texts. Nulls have any code or offset.
    """
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    validity = np.packbits(np.asarray(texts.is_valid()), bitorder="little")
    found = texts.dictionary_encode()
    if len(found.dictionary) <= DICTIONARY * len(texts):
        codes = np.asarray(found.indices.fill_null(0), dtype=np.int32)
        about = {"encoding": "dictionary", "size": len(found.dictionary)}
        return about, [validity.data, codes.data, *_offsets_and_bytes(found.dictionary)]
    return {"encoding": "utf8"}, [validity.data, *_offsets_and_bytes(texts)]


def _offsets_and_bytes(texts: Any) -> list[memoryview]:
    if texts.offset:  # a slice: its buffers start elsewhere
        texts = pa.concat_arrays([texts])
    _, offsets, letters = texts.buffers()
    offsets = np.frombuffer(offsets, np.int32, count=len(texts) + 1) if offsets else np.zeros(1, np.int32)
    return [offsets.data, memoryview(letters or b"")]
