"""Add names for ids, the phone number and e-mail address of customers, and local times to a frame.

Each id is looked up in one table with unique ids, so the rows, their order and the index stay. An id that is not there
gets a missing value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from pandas.api.types import is_list_like

from stcrm_pandas.contract.operations import IDS_PER_REQUEST, Operation, by_name
from stcrm_pandas.contract.schemas.fields import text
from stcrm_pandas.contract.schemas.list_dtype import ListDtype
from stcrm_pandas.errors import (
    Conflict,
    MissingNamesWarning,
    NotCachedError,
    NotFound,
    PermissionDenied,
    UsageError,
    notify,
)
from stcrm_pandas.frame.contact_values import best_contacts, first_contact, opt_outs
from stcrm_pandas.output.printable import plural
from stcrm_pandas.reads.reading import Options, PathAndParents, Reader

_OF_LEAD = {"customer": "lead_customer_name", "phone": "lead_phone", "email": "lead_email"}
"""What a lead has itself; it comes before what its customer has, as in call lists."""


@dataclass(frozen=True)
class Lookup:
    """Where the names for the ids of one column come from."""

    ids: str
    what: str
    """What is read, for people."""
    methods: tuple[str, ...]
    columns: Mapping[str, str]
    """The added columns, and the column that each comes from."""
    by: str | None = None
    """The filter by ids, for lists that can be long; the others are read completely."""
    key: str = "id"
    own: tuple[str, ...] = ()
    """Columns of frames in which `id` has the ids."""

    def ids_of(self, frame: pd.DataFrame) -> pd.Series | None:
        """Return the ids in a frame; None if it has none of this kind."""
        if self.ids in frame:
            return whole_numbers(frame[self.ids])
        return whole_numbers(frame["id"]) if self.own and {"id", *self.own} <= set(frame) else None

    def unique(self, ids: pd.Series) -> list[int]:
        """Return the different ids to look up."""
        return [int(id) for id in ids.dropna().unique()]

    def table(self, rows: pd.DataFrame | None) -> pd.DataFrame:
        """Return the rows that were read; none where nothing was."""
        if rows is not None:
            return rows
        row = by_name(self.methods[0]).row
        assert row is not None
        return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in row.dtypes.items()})

    def names(
        self, rows: pd.DataFrame | None, ids: pd.Series, frame: pd.DataFrame, not_to_serve: Iterable[int] = ()
    ) -> pd.DataFrame:
        """Return the added columns, one row for each row of the frame."""
        known = self.table(rows).drop_duplicates(self.key).set_index(self.key)[[*self.columns.values()]]
        names = known.reindex(ids).set_axis([*self.columns], axis="columns").set_axis(frame.index)
        return _own_first(names.astype("str"), frame)


class Contacts(Lookup):
    """The phone and the e-mail address to use."""

    def names(
        self, rows: pd.DataFrame | None, ids: pd.Series, frame: pd.DataFrame, not_to_serve: Iterable[int] = ()
    ) -> pd.DataFrame:
        """Return the added columns, one row for each row of the frame."""
        table = self.table(rows)
        opted_out = opt_outs(table, not_to_serve=not_to_serve)
        best = best_contacts(table, self.unique(ids), owner=self.ids, opted_out=opted_out)
        best_of_ids = _own_first(best.reindex(ids).set_axis(frame.index), frame)
        for flag, numbers in (("do_not_call", opted_out.calls), ("do_not_text", opted_out.texts)):
            blocked = best_of_ids["phone"].isin(numbers).astype("boolean")
            unknown = ~blocked if rows is None else ~blocked & ids.isna().set_axis(frame.index)
            best_of_ids[flag] = blocked.mask(best_of_ids["phone"].isna() | unknown)
        return best_of_ids[[*self.columns]]


class ContactsOfBookings(Contacts):
    """The same for bookings, whose contacts are read with their provider."""

    def ids_of(self, frame: pd.DataFrame) -> pd.Series | None:
        """Return the ids in a frame with the providers of its bookings."""
        return super().ids_of(frame) if "booking_provider_id" in frame else None


class Tags(Lookup):
    """The names for lists of ids."""

    def ids_of(self, frame: pd.DataFrame) -> pd.Series | None:
        """Return the lists of ids; a single id, as in a frame that was exploded, is a list of one."""
        if self.ids not in frame:
            return None
        lists = [cell if is_list_like(cell) else None if pd.isna(cell) else (cell,) for cell in frame[self.ids]]
        return pd.Series(lists, index=frame.index, dtype=object, name=self.ids)

    def unique(self, ids: pd.Series) -> list[int]:
        """Return the different ids to look up."""
        return super().unique(whole_numbers(ids.explode()))

    def names(
        self, rows: pd.DataFrame | None, ids: pd.Series, frame: pd.DataFrame, not_to_serve: Iterable[int] = ()
    ) -> pd.DataFrame:
        """Return the added column: a list of names for each list of ids."""
        table = self.table(rows)
        known = dict(zip(table["id"], table["name"], strict=True))
        cells = [None if cell is None else tuple(map(known.get, cell)) for cell in ids]
        return pd.DataFrame({"tags": pd.Series(cells, frame.index, dtype=_TAGS)})


_TAGS = ListDtype(text("tags", many=True))


def _own_first(names: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return what leads have themselves, else what was found."""
    for name, column in _OF_LEAD.items():
        if name in names and column in frame:
            own = frame[column].astype("str").str.strip()
            own = own if name == "customer" else own.map(first_contact, na_action="ignore").astype("str")
            names[name] = own.where(own.fillna("") != "", names[name])
    return names


def whole_numbers(cells: pd.Series) -> pd.Series:
    """Return ids as integers, whatever their dtype."""
    try:
        return cells.astype("Int64")
    except (TypeError, ValueError):
        raise UsageError(f"named: {cells.name} has values that are not whole numbers.") from None


_NAME = "name"
LOOKUPS = (
    Lookup("customer_id", "customers", ("customers.list",), {"customer": _NAME}, by="ids"),
    Contacts(
        "customer_id",
        "contacts of customers",
        ("customers.list_contacts",),
        {name: name for name in ("phone", "do_not_call", "do_not_text", "email")},
        by="customer_ids",
        own=("national_account", "do_not_service"),
    ),
    ContactsOfBookings(
        "booking_id",
        "contacts of bookings",
        ("bookings.list_contacts",),
        {name: name for name in ("phone", "email")},
        own=("booking_provider_id", "external_id"),
    ),
    Lookup("location_id", "locations", ("locations.list",), {"location": _NAME}, by="ids"),
    Lookup(
        "campaign_id",
        "campaigns",
        ("lookups.campaigns.list",),
        {"campaign": _NAME, "campaign_category": "category_name"},
    ),
    Lookup("business_unit_id", "business units", ("lookups.business_units.list",), {"business_unit": _NAME}),
    Lookup("job_type_id", "job types", ("lookups.job_types.list",), {"job_type": _NAME}),
    Lookup("call_reason_id", "call reasons", ("lookups.call_reasons.list",), {"call_reason": _NAME}),
    Tags("tag_type_ids", "tag types", ("lookups.tag_types.list",), {"tags": _NAME}),
    Lookup(
        "created_by_id",
        "employees and technicians",
        ("lookups.employees.list", "lookups.technicians.list"),
        {"created_by": _NAME},
        key="user_id",
    ),
)


FEW = 10
"""Up to so many requests by id are sent without asking how long the complete list is."""

MOST_BOOKINGS = 500
"""The API lists the contacts of each booking separately; those of more bookings are not read."""

_NEVER = pd.Timestamp("1900-01-01", tz="UTC")
"""Earlier times are the API's "never", which some time zones would move out of the range of Python's dates."""


def add_names(reader: Reader, frame: pd.DataFrame, options: Options) -> pd.DataFrame:
    """Return a frame with names for its ids; see `Client.named`."""
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"named takes a DataFrame, not {type(frame).__name__}. That of a feed is feed.frame.")
    if not frame.columns.is_unique or frame.columns.nlevels > 1:
        raise UsageError("named: the frame has columns of the same name, or of several levels. Rename them first.")
    reads = _reads(reader, frame, options)
    without_read = {**_reasons(reader, frame), **_local_times(reader, frame)}
    _check(frame, [*(name for read in reads for name in read.lookup.columns), *without_read])
    if about := [read.about for read in reads if read.about]:
        reader.say(f"Reading names: {', '.join(about)}.")
    tables = [read.read() for read in reads]
    not_to_serve = _not_to_serve(frame, tables)
    added: dict[str, pd.Series] = {}
    for read, rows in zip(reads, tables, strict=True):
        names = read.lookup.names(rows, read.ids, frame, not_to_serve)
        added |= {str(name): column for name, column in names.items()}
    problems = [problem for read in reads for problem in read.problems]
    if reader.settings.time_zone is None and _times(frame):
        problems.append("local times need STCRM_TIME_ZONE or connect(time_zone=…)")
    if problems:
        notify(f"Some names are missing: {'; '.join(problems)}.", MissingNamesWarning)
    return frame.assign(**added, **without_read)


class _NamesRead:
    """The read of one lookup for one frame: the rows with its ids or all rows, whichever takes fewer requests."""

    def __init__(self, reader: Reader, lookup: Lookup, frame: pd.DataFrame, ids: pd.Series, options: Options) -> None:
        self.lookup = lookup
        self.problems: list[str] = []
        self.ids = ids
        self._reader, self._frame, self._options = reader, frame, options
        self._wanted = lookup.unique(ids)
        self._operations = [by_name(method) for method in lookup.methods]
        self._below: Sequence[PathAndParents] = [({}, {})]
        if isinstance(lookup, ContactsOfBookings):
            self._below = self._bookings()
        self._filters = self._fewest()

    @property
    def about(self) -> str:
        """What will be requested; empty if nothing."""
        stored = (
            self._reader.is_stored(operation, self._filters, self._options, self._below)
            for operation in self._operations
        )
        if not self._wanted or not self._below or all(stored):
            return ""
        count = self._by_ids if self._filters else len(self._below)
        return f"{self.lookup.what} ({plural(count, 'request')})" if self._filters or count > 1 else self.lookup.what

    def read(self) -> pd.DataFrame | None:
        """Return the rows with names that may be read; None if there are none."""
        tables = [rows for operation in self._operations if (rows := self._rows(operation)) is not None]
        if len(self._operations) > 1:
            tables = [rows[[self.lookup.key, *self.lookup.columns.values()]] for rows in tables]
        return pd.concat(tables) if tables else None

    def _rows(self, operation: Operation) -> pd.DataFrame | None:
        try:
            if self._wanted:
                return self._reader.list(operation, self._filters, self._options, below=self._below)
        except (NotFound, Conflict) as error:
            if len(self._below) > 1:
                self._miss(str(error).rstrip("."))
        except PermissionDenied as denied:
            self._miss(f"{operation.name} needs {denied.scope or 'a scope'}")
        except NotCachedError:
            self._miss(f"{operation.name} is not in the cache, and the connection is offline")
        return None

    def _miss(self, why: str) -> None:
        self.problems.append(f"{', '.join(self.lookup.columns)} ({why})")

    @property
    def _by_ids(self) -> int:
        return -(-len(self._wanted) // IDS_PER_REQUEST)

    def _fewest(self) -> dict[str, Any]:
        """Return the filter by ids, or none for the complete list."""
        by, operation = self.lookup.by, self._operations[0]
        if by is None or not self._wanted or self._reader.is_stored(operation, {}, self._options):
            return {}
        if self._by_ids > FEW:
            with suppress(PermissionDenied):
                complete = self._reader.requests_for(operation)
                if complete is not None and complete < self._by_ids:
                    return {}
        return {by: self._wanted}

    def _bookings(self) -> Sequence[PathAndParents]:
        """Return the bookings whose contacts are read."""
        if len(self._wanted) > MOST_BOOKINGS:
            self._miss(
                f"the API lists the contacts of each booking separately; select at most {MOST_BOOKINGS} bookings, not "
                f"{len(self._wanted):,}"
            )
            return []
        providers = zip(self.ids, self._frame["booking_provider_id"], strict=True)
        of = {id: provider for id, provider in providers if not pd.isna(id) and not pd.isna(provider)}
        return [({"id": id}, {"booking_id": id, "booking_provider_id": of[id]}) for id in self._wanted if id in of]


def _reads(reader: Reader, frame: pd.DataFrame, options: Options) -> list[_NamesRead]:
    """Return the reads that a frame needs; of two with the same columns the first."""
    reads: list[_NamesRead] = []
    taken: set[str] = set()
    for lookup in LOOKUPS:
        ids = lookup.ids_of(frame)
        if ids is not None and taken.isdisjoint(lookup.columns):
            taken.update(lookup.columns)
            reads.append(_NamesRead(reader, lookup, frame, ids, options))
    return reads


def _not_to_serve(frame: pd.DataFrame, tables: Iterable[pd.DataFrame | None]) -> list[int]:
    """Return the customers for whom no work may be done, where customers were read or are the frame."""
    customers = [table for table in tables if table is not None and "do_not_service" in table]
    if "customer_id" not in frame and {"id", "do_not_service"} <= set(frame):
        customers.append(frame)
    return [id for table in customers for id in table.loc[table["do_not_service"].eq(True).fillna(False), "id"]]


def _reasons(reader: Reader, frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the names of dismissing reasons, if the settings have them."""
    known = reader.settings.dismissing_reasons
    if not known or "dismissing_reason_id" not in frame:
        return {}
    ids = whole_numbers(frame["dismissing_reason_id"])
    return {"dismissing_reason": ids.astype(object).map(known).astype("str")}


def _times(frame: pd.DataFrame) -> list[Any]:
    """Return the columns of times, without those that were added before."""
    times = frame.select_dtypes("datetimetz").columns
    return [name for name in times if not str(name).endswith("_local")]


def _local_times(reader: Reader, frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the times in the tenant's time zone, if it is known."""
    if (name := reader.settings.time_zone) is None:
        return {}
    zone = ZoneInfo(name)
    return {
        f"{column}_local": frame[column].mask(frame[column] < _NEVER).dt.tz_convert(zone) for column in _times(frame)
    }


def _check(frame: pd.DataFrame, added: Sequence[str]) -> None:
    """Raise if nothing would be added, or if a column would be replaced."""
    if not added:
        known = ", ".join(dict.fromkeys(lookup.ids for lookup in LOOKUPS))
        raise UsageError(
            f"named: the frame has no times, and none of the columns {known}. If a column has such ids, rename it: "
            'frame.rename(columns={"id": "customer_id"}).'
        )
    if clash := [name for name in added if name in frame]:
        raise UsageError(
            f"named: the frame already has {', '.join(clash)}. Drop or rename them first: frame.drop(columns={clash})."
        )
