"""What an export feed hands out."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Feed:
    """What an export feed handed out.

    `frame` has the rows, of each the latest version; `continue_from` is the token from which the feed goes on later:
    pass it to the next `export(continue_from=…)`.
    """

    frame: pd.DataFrame
    continue_from: str | None

    def __repr__(self) -> str:
        return f"Feed({len(self.frame)} rows, continue_from={self.continue_from!r})"

    def _repr_html_(self) -> str:
        token = html.escape(str(self.continue_from))
        return f"<p>Feed: {len(self.frame):,} rows; goes on from <code>{token}</code></p>{self.frame._repr_html_()}"  # type: ignore[operator]
