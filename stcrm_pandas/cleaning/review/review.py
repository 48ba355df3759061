"""`Review`: what `Duplicates.review` returns."""

from __future__ import annotations

import hashlib
import html
import secrets
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.cleaning.decisions import VERDICTS, Decided, Verdict
from stcrm_pandas.cleaning.review.side_by_side import SideBySide
from stcrm_pandas.errors import StcrmError, UsageError, require
from stcrm_pandas.output.notebook import current_cell, is_watched, publish
from stcrm_pandas.output.printable import plural

if TYPE_CHECKING:
    from stcrm_pandas.cleaning.review.widget import ReviewWidget

_shown: dict[str, tuple[str, Review]] = {}
"""The review that each cell of a notebook showed last, with the run of the cell."""


class Review:
    """Open pairs, shown one by one in JupyterLab.

    `Duplicates.review` opens it, and the last line of a cell shows it. Keys: S same, D different, L later, B back. A
    decision is in the file of decisions before the review shows it as saved.

    Parameters
    ----------
    dup : Decided
        The duplicates.
    pairs : DataFrame
        The pairs to show, in order.
    values : SideBySide
        The values of their customers.
    who : str
        Who decides.
    """

    def __init__(self, dup: Decided, pairs: pd.DataFrame, values: SideBySide, who: str) -> None:
        self._dup, self._values, self._who = dup, values, who
        self._pairs = pairs[["id_1", "id_2", "tier", "kind", "reason"]].reset_index(drop=True)
        ids = [(int(first), int(second)) for first, second in zip(pairs["id_1"], pairs["id_2"], strict=True)]
        later = pairs["decision"].eq("later").fillna(value=False).tolist()
        self._ids = ids
        self._verdicts: dict[tuple[int, int], Verdict] = {
            pair: "later" for pair, postponed in zip(ids, later, strict=True) if postponed
        }
        path = dup.decisions.path
        # A page that is loaded again sends what was not acknowledged to the review with the same decisions.
        name = secrets.token_hex(12) if path is None else str(path.absolute())
        self._session = hashlib.sha256(f"review {name}".encode()).hexdigest()[:24]
        self._lock = threading.RLock()
        self._widget: ReviewWidget | None = None

    @property
    def widget(self) -> ReviewWidget:
        """The widget of the review, to place it beside other widgets."""
        with self._lock:
            if self._widget is None:
                require("review")
                from stcrm_pandas.cleaning.review.widget import ReviewWidget

                self._widget = ReviewWidget(self.receive)
            return self._widget

    def receive(self, content: Any) -> None:
        """Answer one message of a view; a decision is answered when it is on disk.

        Parameters
        ----------
        content : object
            The content of the message. What cannot be understood is answered with `failed`.
        """
        client, number = "", 0
        with self._lock:
            try:
                client, number = str(content["client"]), int(content.get("number", 0))
                match content["type"]:
                    case "open":
                        self._say(type="review", client=client, at=self._first(), **self._about())
                    case "show":
                        self._show(client, int(content["at"]))
                    case "decide":
                        first, second = map(int, content["ids"])
                        self._decide((first, second), content["verdict"], content["compared"])
                        self._say(type="verdicts", client=client, number=number, counts=self._counts())
            except (KeyError, TypeError, ValueError, AttributeError, StcrmError, sqlite3.Error, OSError) as error:
                text = str(error) if isinstance(error, StcrmError | sqlite3.Error | OSError) else ""
                reason = text or "the message cannot be understood"
                self._say(type="failed", client=client, number=number, reason=reason)

    def _decide(self, pair: tuple[int, int], verdict: Any, compared: Any) -> None:
        if verdict not in VERDICTS:
            raise UsageError(f"the verdict {verdict!r} is not one of {', '.join(VERDICTS)}")
        if compared != self._dup.fingerprint(*pair):
            raise UsageError(f"a compared value of customers {pair[0]} and {pair[1]} changed since: decide again")
        if self._verdicts.get(pair) != verdict:
            self._dup.decide(*pair, verdict, who=self._who)
            self._verdicts[pair] = verdict

    def _show(self, client: str, at: int) -> None:
        if not 0 <= at < len(self._ids):
            self._say(type="pair", client=client, at=at, pair=None, verdict=None)
            return
        pair = self._ids[at]
        row = self._pairs.iloc[at]
        shown = {
            "ids": list(pair),
            "compared": self._dup.fingerprint(*pair),
            "reason": row["reason"],
            "lines": [list(line) for line in self._values.compare(*pair)],
        }
        self._say(type="pair", client=client, at=at, pair=shown, verdict=self._verdicts.get(pair))

    def _first(self) -> int:
        """Return the position of the first pair without a decision."""
        return next((at for at, pair in enumerate(self._ids) if pair not in self._verdicts), 0)

    def _about(self) -> dict[str, Any]:
        model = None if self._widget is None else self._widget.model_id
        return {"session": self._session, "model": model, "total": len(self._ids), "counts": self._counts()}

    def _counts(self) -> dict[str, int]:
        verdicts = [self._verdicts[pair] for pair in self._ids if pair in self._verdicts]
        later = verdicts.count("later")
        return {"decided": len(verdicts) - later, "later": later}

    def _say(self, **content: Any) -> None:
        if self._widget is not None:
            self._widget.send(content)

    def summary(self) -> str:
        """Return how many pairs are open and decided, with counts only.

        Returns
        -------
        str
            The sentence.
        """
        with self._lock:
            counts = self._counts()
        tiers = self._pairs["tier"].value_counts()
        return (
            f"{plural(len(self._ids), 'pair')} to review ({tiers.get('sure', 0):,} sure, "
            f"{tiers.get('look', 0):,} to look at), {counts['decided']:,} decided, {counts['later']:,} for later"
        )

    def __repr__(self) -> str:
        return f"<Review: {self.summary()}. JupyterLab shows the pairs; dup.review_sheet(path) writes them as a sheet.>"

    def _repr_html_(self) -> str:
        return f"<div>{html.escape(self.summary())}</div>"

    def _ipython_display_(self) -> None:
        """Show the widget if a person can use it."""
        if not is_watched():
            raise NotImplementedError  # IPython shows the summary
        cell, run = current_cell()
        before = _shown.get(cell)
        if before is not None and before[0] != run and before[1] is not self:
            before[1]._close_widget()
        if cell:
            _shown[cell] = run, self
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        publish({**bundle, "application/vnd.jupyter.widget-view+json": view})

    def _close_widget(self) -> None:
        with self._lock:
            if self._widget is not None:
                self._say(type="gone")
                self._widget.close()
                self._widget = None
