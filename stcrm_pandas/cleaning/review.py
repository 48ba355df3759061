"""`Review`, which `Duplicates.review` returns, and the values of two customers side by side."""

from __future__ import annotations

import hashlib
import html
import secrets
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from stcrm_pandas.cleaning.decisions import VERDICTS, Decidable, Verdict
from stcrm_pandas.errors import StcrmError, UsageError, require
from stcrm_pandas.frame.contact_values import find_contacts
from stcrm_pandas.frame.customers import owners_of, whole_ids
from stcrm_pandas.output.notebook import current_cell, is_watched, publish
from stcrm_pandas.output.printable import plural

if TYPE_CHECKING:
    from stcrm_pandas.cleaning.review_widget import ReviewWidget

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

    def __init__(self, dup: Decidable, pairs: pd.DataFrame, values: SideBySide, who: str) -> None:
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
                from stcrm_pandas.cleaning.review_widget import ReviewWidget

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
                        self._send(type="review", client=client, at=self._first(), **self._about())
                    case "show":
                        self._show(client, int(content["at"]))
                    case "decide":
                        first, second = map(int, content["ids"])
                        self._decide((first, second), content["verdict"], content["compared"])
                        self._send(type="verdicts", client=client, number=number, counts=self._counts())
            except (KeyError, TypeError, ValueError, AttributeError, StcrmError, sqlite3.Error, OSError) as error:
                text = str(error) if isinstance(error, StcrmError | sqlite3.Error | OSError) else ""
                reason = text or "the message cannot be understood"
                self._send(type="failed", client=client, number=number, reason=reason)

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
            self._send(type="pair", client=client, at=at, pair=None, verdict=None)
            return
        pair = self._ids[at]
        row = self._pairs.iloc[at]
        shown = {
            "ids": list(pair),
            "compared": self._dup.fingerprint(*pair),
            "reason": row["reason"],
            "lines": [list(line) for line in self._values.compare(*pair)],
        }
        self._send(type="pair", client=client, at=at, pair=shown, verdict=self._verdicts.get(pair))

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

    def _send(self, **content: Any) -> None:
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
                self._send(type="gone")
                self._widget.close()
                self._widget = None


_ADDRESS = ("address_street", "address_unit", "address_city", "address_state", "address_zip")

Marked = list[tuple[str, bool]]
"""Texts, each with whether the other customer has it, too."""


class Line(NamedTuple):
    """One line of a comparison: its label, and the values of both customers."""

    label: str
    first: Marked
    second: Marked


class SideBySide:
    """The values of some customers, for comparisons.

    Parameters
    ----------
    customers, contacts, locations : DataFrame
        The rows as they were passed to `duplicates`.
    jobs : DataFrame or None
        Jobs with `customer_id`.
    ids : iterable of int
        The customers to compare.
    """

    def __init__(
        self,
        customers: pd.DataFrame,
        contacts: pd.DataFrame,
        locations: pd.DataFrame,
        jobs: pd.DataFrame | None,
        ids: Iterable[int],
    ) -> None:
        among = {*ids}
        rows = customers.assign(id=whole_ids(customers["id"]))
        rows = rows[rows["id"].isin(among)]
        self._rows = {int(row["id"]): row for row in rows.to_dict("records")}
        self._phones: defaultdict[int, list[str]] = defaultdict(list)
        self._emails: defaultdict[int, list[str]] = defaultdict(list)
        self._places: defaultdict[int, list[str]] = defaultdict(list)
        for id, row in self._rows.items():
            _add(self._places[id], _address(row))
        owner = whole_ids(locations["customer_id"])
        sites = locations[owner.isin(among)]
        for id, place in zip(owner[sites.index], sites.to_dict("records"), strict=True):
            _add(self._places[int(id)], _address(place))
        owner = owners_of(contacts, locations)
        wanted = owner.isin(among)
        for id, value in zip(owner[wanted], contacts.loc[wanted, "value"], strict=True):
            if isinstance(value, str):
                _add(self._emails[int(id)] if "@" in value else self._phones[int(id)], value.strip())
        self._jobs = None if jobs is None else whole_ids(jobs["customer_id"]).value_counts().to_dict()

    def compare(self, id: int, other: int) -> list[Line]:
        """Return the lines of a comparison, without those that are blank for both customers."""
        first, second = self._fields(id), self._fields(other)
        lines = []
        for label, (values, form) in first.items():
            others = second[label][0]
            forms, other_forms = {form(value) for value in values}, {form(value) for value in others}
            line = Line(
                label,
                [(value, form(value) in other_forms) for value in values],
                [(value, form(value) in forms) for value in others],
            )
            lines += [line] if values or others else []
        return lines

    def values(self, id: int) -> dict[str, str]:
        """Return the values of a customer by label, as one text each."""
        return {label: " | ".join(values) for label, (values, _) in self._fields(id).items()}

    def _fields(self, id: int) -> dict[str, tuple[list[str], Callable[[str], object]]]:
        row = self._rows[id]
        fields: dict[str, tuple[list[str], Callable[[str], object]]] = {
            "Name": (_texts(row.get("name")), _folded),
            "Type": (_texts(row.get("type")), _folded),
            "Phone": (self._phones[id], _form),
            "E-mail": (self._emails[id], _form),
            "Address": (self._places[id], _folded),
        }
        if self._jobs is not None:
            fields["Jobs"] = ([f"{self._jobs.get(id, 0):,}"], _alone)
        if "balance" in row:
            fields["Balance"] = ([f"${row['balance']:,.2f}"] if not pd.isna(row["balance"]) else [], _alone)
        if "created_on" in row:
            made = row["created_on"]
            fields["Created on"] = ([f"{made:%b} {made.day}, {made.year}"] if not pd.isna(made) else [], _alone)
        if "active" in row and not pd.isna(row["active"]):
            fields["Active"] = (["yes" if row["active"] else "no"], _alone)
        return fields


def _add(values: list[str], value: str) -> None:
    if value and value not in values:
        values.append(value)


def _texts(value: Any) -> list[str]:
    return [] if value is None or pd.isna(value) or not str(value).strip() else [str(value).strip()]


def _address(row: dict[Any, Any]) -> str:
    return ", ".join(part for name in _ADDRESS for part in _texts(row.get(name)))


def _folded(value: str) -> object:
    return " ".join(value.casefold().replace(",", " ").replace(".", " ").split())


def _form(value: str) -> object:
    return find_contacts(value) or _folded(value)


def _alone(value: str) -> object:
    return object()  # agreement would mean nothing
