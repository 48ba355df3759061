"""The table of names: which column of ids is looked up in which list, and which columns that adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
from pandas.api.types import is_list_like

from stcrm_pandas.contract.operations import by_name
from stcrm_pandas.contract.schemas.fields import text
from stcrm_pandas.contract.schemas.list_dtype import ListDtype
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import best_contacts, first_contact, opt_outs

__all__ = ["LOOKUPS", "Lookup"]


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
        found = known.reindex(ids).set_axis([*self.columns], axis="columns").set_axis(frame.index)
        return _own_first(found.astype("str"), frame)


class Contacts(Lookup):
    """The phone and the e-mail address to use."""

    def names(
        self, rows: pd.DataFrame | None, ids: pd.Series, frame: pd.DataFrame, not_to_serve: Iterable[int] = ()
    ) -> pd.DataFrame:
        """Return the added columns, one row for each row of the frame."""
        table = self.table(rows)
        opted_out = opt_outs(table, not_to_serve=not_to_serve)
        best = best_contacts(table, self.unique(ids), owner=self.ids, opted_out=opted_out)
        found = _own_first(best.reindex(ids).set_axis(frame.index), frame)
        for flag, numbers in (("do_not_call", opted_out.calls), ("do_not_text", opted_out.texts)):
            blocked = found["phone"].isin(numbers).astype("boolean")
            unknown = ~blocked if rows is None else ~blocked & ids.isna().set_axis(frame.index)
            found[flag] = blocked.mask(found["phone"].isna() | unknown)
        return found[[*self.columns]]


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
        lists = [one if is_list_like(one) else None if pd.isna(one) else (one,) for one in frame[self.ids]]
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
        cells = [None if one is None else tuple(map(known.get, one)) for one in ids]
        return pd.DataFrame({"tags": pd.Series(cells, frame.index, dtype=_TAGS)})


_TAGS = ListDtype(text("tags", many=True))


def _own_first(found: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return what leads have themselves, else what was found."""
    for name, column in _OF_LEAD.items():
        if name in found and column in frame:
            own = frame[column].astype("str").str.strip()
            own = own if name == "customer" else own.map(first_contact, na_action="ignore").astype("str")
            found[name] = own.where(own.fillna("") != "", found[name])
    return found


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
