"""The result of an export feed."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

from stcrm_pandas.output.printable import plural


@dataclass(frozen=True)
class Feed:
    """The result of an export feed.

    `frame` contains the latest version of each row. `continue_from` is the token for the next
    `export(continue_from=…)`, which returns the rows that changed since then.
    """

    frame: pd.DataFrame
    continue_from: str | None

    def __repr__(self) -> str:
        return f"Feed({plural(len(self.frame), 'row')}, continue_from={self.continue_from!r})"

    def _repr_html_(self) -> str:
        token = html.escape(str(self.continue_from))
        rows = plural(len(self.frame), "row")
        return f"<p>Feed: {rows}; continue from <code>{token}</code></p>{self.frame._repr_html_()}"  # type: ignore[operator]
