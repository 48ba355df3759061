"""The same person through two sources: who sent two bookings within a week, and which source gets the credit.

Bookings have no phone number. So pairs are matched by name and ZIP code first, and only their contacts are read, with
one request per booking.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.conversion import table_of
from stcrm_pandas.analysis.base.display import Columns, Sentences, rows_shown
from stcrm_pandas.analysis.base.engine import TENANT, collected, micros, prepare_rows
from stcrm_pandas.analysis.base.format import format_share
from stcrm_pandas.analysis.base.inputs import Inputs, MirrorLike
from stcrm_pandas.analysis.base.provenance import Moment
from stcrm_pandas.analysis.base.shares import rows_of, share_of
from stcrm_pandas.analysis.bookings.outcomes import UNKNOWN_SOURCE
from stcrm_pandas.analysis.bookings.table import Groups, spellings
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts as spellings_of
from stcrm_pandas.frame.contact_values import is_valid_address, is_valid_number
from stcrm_pandas.output.printable import plural

Contacts = pd.DataFrame | Callable[[list[int]], pd.DataFrame] | None

_COLUMNS = ("id", "source", "name", "address_zip", "booking_provider_id")


@dataclass(frozen=True, repr=False)
class SamePerson:
    """The result of `same_person`.

    `candidates` has one row per pair of bookings: `first` and `second` (their ids), `first_source` and `second_source`,
    `hours` (the time between them), and `confirmed` (whether they share a phone number or e-mail address; missing if
    the contacts were not read). `credit` has one row per source: `source`, `bookings` (the number of its bookings),
    `first` and `last` (in how many confirmed pairs its booking is the first, or the last). Neither table contains
    personal data.
    """

    candidates: pd.DataFrame
    credit: pd.DataFrame
    bookings: int
    days: int
    read: bool
    ids: list[int] = field(repr=False)

    @property
    def calls_needed(self) -> int:
        """The number of requests needed to read the contacts: one per booking in a pair."""
        return len(self.ids)

    def summary(self) -> Sentences:
        """Return the results in sentences.

        Returns
        -------
        Sentences
            The sentences, each as a string.
        """
        pairs = plural(len(self.candidates), "pair")
        if not len(self.candidates):
            return Sentences([f"No name and ZIP code came in through two sources within {self.days} days."])
        if not self.read:
            return Sentences(
                [
                    f"{pairs} of bookings have the same name and ZIP code through two sources within {self.days} days. "
                    f"Reading their contacts to confirm takes {plural(self.calls_needed, 'request')}."
                ]
            )
        sure = self.candidates[self.candidates["confirmed"]]
        people = len(set(sure["first"]) | set(sure["second"]))
        share = format_share(share_of(people, people, self.bookings), label="95% CI")
        return Sentences(
            [
                f"{len(sure):,} of {pairs} with the same name and ZIP code share a phone number or an e-mail address: "
                f"the same person through two sources within {self.days} days.",
                f"{people:,} of {plural(self.bookings, 'booking')}, {share}, belong to such a pair. Each source counts "
                "them as its own; the table of credit shows who was first and who was last.",
            ]
        )

    def __repr__(self) -> str:
        return (
            f"<SamePerson: {plural(len(self.candidates), 'pair')}, {plural(self.calls_needed, 'request')} to confirm>"
        )

    def _repr_html_(self) -> str:
        columns: Columns = {"Source": "source", "Bookings": "bookings"}
        columns |= {"In a pair, first": "first", "In a pair, last": "last"}
        shown = rows_shown(rows_of(self.credit), columns, total=False)
        return self.summary()._repr_html_() + (shown._repr_html_() if self.read else "")


def same_person(
    bookings: Any = None,
    *,
    mirror: MirrorLike | None = None,
    contacts: Contacts = None,
    days: int = 7,
    groups: Groups = None,
    as_of: Moment | None = None,
) -> SamePerson:
    """Find pairs of bookings that the same person sent through two sources within a week.

    Parameters
    ----------
    bookings : object
        A frame of pandas, polars, DuckDB or Spark with the columns of `stcrm.schemas.Bookings`. Optional with a
        `mirror`.
    mirror : Mirror or Mirrors, optional
        A mirror of one tenant (`crm.mirror(folder)`, `stcrm.mirrors(folder)`), for the bookings. It has no contacts of
        bookings.
    contacts : Contacts, optional
        The phone numbers and e-mail addresses of the bookings: a frame with `booking_id` and `value`, or a function
        that returns such a frame for a list of ids (`crm.bookings.list_contacts`). The function is called once, only
        for bookings in a pair. If None, no contacts are read, and no pair is confirmed.
    days : int, default 7
        The maximum time between the two bookings, in days.
    groups : Groups, optional
        The source of each spelling, as in `booking_sources`.
    as_of : str, date or Timestamp, optional
        The time at which the mirror is read. The default time zone is the company's. By default, its last sync.

    Returns
    -------
    SamePerson
        The pairs. Each consists of a booking and the latest earlier booking from another source that has the same name
        and ZIP code.

    Raises
    ------
    UsageError
        A column is missing, the rows are from several tenants, or there are no bookings and no mirror.
    MirrorError
        The mirror does not have the bookings, or does not cover `as_of`.

    Examples
    --------
    >>> moments = pd.to_datetime(["2026-01-05T15:00Z", "2026-01-06T15:00Z"], utc=True)
    >>> bookings = pd.DataFrame({"id": [1, 2], "source": ["Web Form", "Marketplace"], "name": ["Ann Doe", "ANN DOE"],
    ...     "address_zip": ["60601", "60601-0001"], "created_on": moments, "booking_provider_id": 5})
    >>> same_person(bookings)
    <SamePerson: 1 pair, 2 requests to confirm>
    >>> shared = pd.DataFrame({"booking_id": [1, 2], "value": ["(312) 555-0100", "+1 312 555 0100"]})
    >>> same_person(bookings, contacts=shared).candidates[["first", "second", "confirmed"]].values.tolist()
    [[1, 2, True]]
    """
    bookings = Inputs(mirror, (), as_of=as_of, time_zone=None).required("bookings", bookings)
    frame = collected(prepare_rows(bookings, "bookings", _COLUMNS, times=("created_on",), optional=("active",)))
    if TENANT in frame and frame[TENANT].nunique() > 1:
        raise UsageError("bookings are of many tenants: compare people within one tenant")
    if "active" in frame:
        frame = frame[frame["active"].fillna(value=True).astype(bool)]
    frame["source"] = frame["source"].astype("str").fillna(UNKNOWN_SOURCE)
    counted = frame.groupby("source", as_index=False).agg(
        bookings=("id", "size"), provider=("booking_provider_id", "min")
    )
    spelt = spellings(counted.assign(first=0, last=0), groups)
    frame["group"] = frame["source"].map(dict(zip(spelt["source"], spelt["group"], strict=True)))
    pairs = _pairs(frame, days)
    ids = sorted({*pairs["first"].tolist(), *pairs["second"].tolist()})
    known = (contacts(ids) if ids else None) if callable(contacts) else contacts
    pairs["confirmed"] = _confirmed(pairs, known)
    sure = pairs[pairs["confirmed"].fillna(value=False).astype(bool)]
    credit = frame["group"].value_counts().rename_axis("source").rename("bookings").reset_index()
    for place, side in (("first", "first_source"), ("last", "second_source")):
        credit[place] = credit["source"].map(sure[side].value_counts()).fillna(0)
    credit = credit.astype({"source": "str", "bookings": "Int64", "first": "Int64", "last": "Int64"})
    return SamePerson(pairs, credit, len(frame), days, contacts is not None, ids)


def who_asked(bookings: pd.DataFrame) -> pd.Series:
    """Return the name and ZIP code of each booking, alike for the same person; missing without both."""
    text = bookings[["name", "address_zip"]].astype("str").fillna("")
    name = text["name"].str.casefold().str.split().str.join(" ")
    zip_code = text["address_zip"].str.strip().str[:5]
    who: pd.Series = (name + "|" + zip_code).where((name != "") & (zip_code != ""))
    return who


def _pairs(frame: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return each booking with the latest earlier one of the same name and ZIP code from another source."""
    rows = frame.assign(who=who_asked(frame), at=frame["created_on"])
    rows = rows[rows["who"].notna() & rows["at"].notna()]
    rows = rows[rows.duplicated("who", keep=False)].sort_values(["at", "id"])
    rows = rows.assign(place=np.arange(len(rows)))[["id", "group", "who", "at", "place"]]
    both = rows.merge(rows, on="who", suffixes=("_first", "_second"))
    hours = (both["at_second"] - both["at_first"]) / micros(dt.timedelta(hours=1))
    near = (both["place_first"] < both["place_second"]) & (hours <= 24 * days)
    both = both.assign(hours=hours)[near & (both["group_first"] != both["group_second"])]
    both = both.sort_values("place_first").drop_duplicates("id_second", keep="last")
    kinds = {"first": "Int64", "second": "Int64", "first_source": "str", "second_source": "str", "hours": "Float64"}
    pairs = both[["id_first", "id_second", "group_first", "group_second", "hours"]].set_axis([*kinds], axis=1)
    pairs = pairs.astype(kinds)
    return pairs.sort_values(["first", "second"], ignore_index=True)


def _confirmed(pairs: pd.DataFrame, contacts: pd.DataFrame | None) -> Any:
    """Return whether the bookings of each pair share a valid number or address."""
    if contacts is None:
        return pd.array([None] * len(pairs), dtype="boolean")
    known = table_of(contacts, "contacts", ("booking_id", "value")).dropna(subset=["booking_id", "value"])
    reached: dict[int, set[str]] = {}
    for booking, value in zip(known["booking_id"], known["value"], strict=True):
        good = {text for text in spellings_of(str(value)) if is_valid_number(text) or is_valid_address(text)}
        reached.setdefault(int(booking), set()).update(good)
    both = zip(pairs["first"], pairs["second"], strict=True)
    return pd.array(
        [bool(reached.get(first, set()) & reached.get(other, set())) for first, other in both], dtype="boolean"
    )
