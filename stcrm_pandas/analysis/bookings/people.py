"""The same person through two sources: who sent a booking twice within a week, and which source gets the credit.

Bookings carry no phone. So pairs are looked for by name and zip first, which costs nothing, and only the contacts of
these are read, one call for each booking; `calls_needed` says how many before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.display import Sentences, table
from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.format import per_hundred
from stcrm_pandas.analysis.bookings.groups import Groups, spellings
from stcrm_pandas.analysis.bookings.outcomes import UNKNOWN_SOURCE
from stcrm_pandas.analysis.bookings.table import shares
from stcrm_pandas.errors import UsageError

__all__ = ["SamePerson", "same_person"]

Contacts = pd.DataFrame | Callable[[list[int]], pd.DataFrame] | None

_COLUMNS = ("id", "source", "name", "address_zip", "created_on", "booking_provider_id")
_DIGITS = 10


@dataclass(frozen=True, repr=False)
class SamePerson:
    """What `same_person` found.

    `candidates` has a row per pair: `first`, `second` (ids), `first_source`, `second_source`, `hours` between them, and
    `confirmed`: whether they share a phone or an e-mail (missing where the contacts were not read). `credit` has a row
    per source: `bookings`, and of the confirmed pairs how often it was `first` and `last`. Neither holds personal data.
    """

    candidates: pd.DataFrame
    credit: pd.DataFrame
    bookings: int
    days: int
    read: bool
    ids: list[int] = field(repr=False)

    @property
    def calls_needed(self) -> int:
        """How many calls reading the contacts takes: one for each booking of a pair."""
        return len(self.ids)

    def summary(self) -> Sentences:
        """What the numbers say, in plain sentences."""
        pairs = self.candidates
        if not len(pairs):
            return Sentences([f"No name and zip came in through two sources within {self.days} days."])
        if not self.read:
            return Sentences(
                [
                    f"{len(pairs):,} pairs of bookings have the same name and zip through two sources within "
                    f"{self.days} days. Reading their contacts, to be sure, takes {self.calls_needed:,} calls."
                ]
            )
        sure = pairs[pairs["confirmed"]]
        people = len(set(sure["first"]) | set(sure["second"]))
        share = pd.DataFrame(shares([people], [people], [self.bookings])).iloc[0]
        return Sentences(
            [
                f"{len(sure):,} of {len(pairs):,} pairs with the same name and zip share a phone or an e-mail: the "
                f"same person through two sources within {self.days} days.",
                f"{people:,} of {self.bookings:,} bookings belong to such a pair: {per_hundred(share)}. Each source "
                "counts them as its own; the table of credit shows who was first and who was last.",
            ]
        )

    def __repr__(self) -> str:
        return f"<SamePerson: {len(self.candidates):,} pairs, {self.calls_needed:,} calls to be sure>"

    def _repr_html_(self) -> str:
        header = {"Source": False, "Bookings": True, "In a pair, first": True, "In a pair, last": True}
        rows = [[row.source, *(f"{n:,}" for n in (row.bookings, row.first, row.last))] for row in _each(self.credit)]
        return self.summary()._repr_html_() + (table(header, rows) if self.read else "")


def same_person(bookings: Any, *, contacts: Contacts = None, days: int = 7, groups: Groups = None) -> SamePerson:
    """Bookings of one person through two sources within a week.

    Parameters
    ----------
    bookings : object
        A frame of pandas, polars or DuckDB with the columns of `stcrm.schemas.Bookings`.
    contacts : Contacts, optional
        Their phones and e-mails, as a frame with `booking_id` and `value`, or a function that reads them for ids
        (`crm.bookings.list_contacts`), which is called once, for candidates only. None: nothing is read, and
        `calls_needed` says what it would take.
    days : int, default 7
        Within how many days of 24 hours.
    groups : Groups, optional
        Which source a spelling belongs to, as for `booking_sources`.

    Returns
    -------
    SamePerson
        A `SamePerson`. A booking is paired with the latest earlier one of the same name and zip from another source.

    Raises
    ------
    UsageError
        A column is missing, or the rows are of many tenants.

    Examples
    --------
    >>> moments = pd.to_datetime(["2026-01-05T15:00Z", "2026-01-06T15:00Z"], utc=True)
    >>> bookings = pd.DataFrame({"id": [1, 2], "source": ["Web Form", "Marketplace"], "name": ["Ann Doe", "ANN DOE"],
    ...     "address_zip": ["60601", "60601-0001"], "created_on": moments, "booking_provider_id": 5})
    >>> same_person(bookings)
    <SamePerson: 1 pairs, 2 calls to be sure>
    >>> shared = pd.DataFrame({"booking_id": [1, 2], "value": ["(312) 555-0100", "+1 312 555 0100"]})
    >>> same_person(bookings, contacts=shared).candidates[["first", "second", "confirmed"]].values.tolist()
    [[1, 2, True]]
    """
    rows: nw.LazyFrame[Any] = nw.from_native(bookings).lazy()
    schema = rows.collect_schema()
    if missing := [name for name in _COLUMNS if name not in schema]:
        raise UsageError(f"bookings: the frame lacks the columns {', '.join(missing)}")
    if TENANT in schema:
        raise UsageError("bookings are of many tenants: look for the same person within one of them")
    if "active" in schema:
        rows = rows.filter(~(~nw.col("active")).fill_null(value=False))
    frame = rows.select(*_COLUMNS).collect("pyarrow" if not isinstance(bookings, pd.DataFrame) else None).to_pandas()
    frame["source"] = frame["source"].astype("str").fillna(UNKNOWN_SOURCE)
    spelt = _spelt(frame, groups)
    pairs = _pairs(frame.assign(group=frame["source"].map(spelt)), dt.timedelta(days=days))
    ids = sorted({*pairs["first"].tolist(), *pairs["second"].tolist()})
    known = contacts(ids) if callable(contacts) and ids else None if callable(contacts) else contacts
    pairs["confirmed"] = _confirmed(pairs, known)
    sure = pairs[pairs["confirmed"].fillna(value=False).astype(bool)]
    counts = frame["source"].map(spelt).value_counts()
    credit = pd.DataFrame({"source": counts.index.astype("str"), "bookings": counts.to_numpy()})
    for place in ("first", "last"):
        side = sure["first_source" if place == "first" else "second_source"].value_counts()
        credit[place] = credit["source"].map(side).fillna(0)
    credit = credit.astype({"bookings": "Int64", "first": "Int64", "last": "Int64"})
    return SamePerson(pairs, credit, len(frame), days, contacts is not None, ids)


def _spelt(frame: pd.DataFrame, groups: Groups) -> dict[str, str]:
    counted = frame.groupby("source", as_index=False).agg(
        bookings=("id", "size"), provider=("booking_provider_id", "min")
    )
    spelt = spellings(counted.assign(first=0, last=0), groups)
    return dict(zip(spelt["source"], spelt["group"], strict=True))


def _pairs(frame: pd.DataFrame, within: dt.timedelta) -> pd.DataFrame:
    """Each booking with the latest earlier one that has its name and zip and another source."""
    name = frame["name"].astype("str").str.casefold().str.split().str.join(" ")
    zip_code = frame["address_zip"].astype("str").str.strip().str[:5]
    rows = frame.assign(who=name + "|" + zip_code, at=frame["created_on"])
    rows = rows[name.notna() & (name != "") & zip_code.notna() & (zip_code != "") & rows["at"].notna()]
    rows = rows[rows.duplicated("who", keep=False)]
    rows = rows.sort_values(["at", "id"])[["id", "group", "who", "at"]]
    both = rows.merge(rows, on="who", suffixes=("_first", "_second"))
    earlier = (both["at_first"] < both["at_second"]) | (
        (both["at_first"] == both["at_second"]) & (both["id_first"] < both["id_second"])
    )
    near = both["at_second"] - both["at_first"] <= within
    both = both[earlier & near & (both["group_first"] != both["group_second"])]
    both = both.sort_values(["at_first", "id_first"]).drop_duplicates("id_second", keep="last")
    hours = (both["at_second"] - both["at_first"]).dt.total_seconds() / 3600
    pairs = pd.DataFrame(
        {
            "first": both["id_first"].astype("Int64"),
            "second": both["id_second"].astype("Int64"),
            "first_source": both["group_first"].astype("str"),
            "second_source": both["group_second"].astype("str"),
            "hours": hours.astype("Float64"),
        }
    )
    return pairs.sort_values(["first", "second"], ignore_index=True)


def _confirmed(pairs: pd.DataFrame, contacts: pd.DataFrame | None) -> Any:
    if contacts is None:
        return pd.array([None] * len(pairs), dtype="boolean")
    if missing := [name for name in ("booking_id", "value") if name not in contacts]:
        raise UsageError(f"contacts: the frame lacks the columns {', '.join(missing)}")
    reached: dict[int, set[str]] = {}
    known = contacts.dropna(subset=["booking_id", "value"])
    for booking, value in zip(known["booking_id"], known["value"], strict=True):
        if key := _alike(str(value)):
            reached.setdefault(int(booking), set()).add(key)
    none: set[str] = set()
    both: Sequence[bool] = [
        bool(reached.get(int(first), none) & reached.get(int(second), none))
        for first, second in zip(pairs["first"], pairs["second"], strict=True)
    ]
    return pd.array(both, dtype="boolean")


def _alike(value: str) -> str:
    """An e-mail without regard to capitals, a phone by its last ten digits; empty for neither, and for 000-000-0000."""
    if "@" in value:
        return value.strip().casefold()
    digits = "".join(sign for sign in value if sign.isdigit())[-_DIGITS:]
    return digits if len(digits) == _DIGITS and len(set(digits)) > 1 else ""


def _each(frame: pd.DataFrame) -> Any:
    return frame.itertuples(index=False)
