"""Columns of customers and locations that mean more than they say: merged rows, marks, owners, custom fields. Pure.

A customer marked Do Not Mail gets no letters, no marketing e-mail and no texts that Marketing Pro sends. No mark blocks
calls but Do Not Service. The service writes null as the id of the merged row for rows that were not merged, and for
some of them 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd

from stcrm_pandas.contract.schemas.fields import Column, Field
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing, read
from stcrm_pandas.output.printable import printable

PURPOSES = ("service", "marketing")
CHANNELS = ("call", "text", "e-mail", "mail")
MESSAGES = tuple((purpose, channel) for purpose in PURPOSES for channel in CHANNELS)
"""What may be sent to a customer: each purpose by each channel."""

MARKS = ("do_not_service", "do_not_mail")
"""The flags of a customer that leave it out of messages; setting one is an opt-out, removing it an opt-in."""

_LETTERS_AND_MARKETING = (("service", "mail"), ("marketing", "text"), ("marketing", "e-mail"), ("marketing", "mail"))

FORBIDS: Mapping[str, frozenset[tuple[str, str]]] = {
    "do_not_service": frozenset(MESSAGES),
    "do_not_mail": frozenset(_LETTERS_AND_MARKETING),
    "email_dormant": frozenset({("marketing", "e-mail")}),
    "not_opted_in": frozenset({("marketing", "e-mail")}),
}
"""The messages that each mark forbids, the first that counts first: the flags, then those of tags."""

DORMANT = "emaildormant"
"""The tag `Email Dormant`, as `spelling_key` has it: its customers get no marketing e-mail."""
OPTED_IN = "optedin"
"""The tag `Opted In`: where double opt-in is on, customers without it get no marketing e-mail."""


def is_merged(into: pd.Series) -> pd.Series:
    """Return which rows were merged, from their `merged_to_id`.

    Examples
    --------
    >>> is_merged(pd.Series([7, 0, None], dtype="Int64")).tolist()
    [True, False, False]
    """
    return into.fillna(0).ne(0).astype(bool)


def merged_into(row: Mapping[str, Any]) -> int | None:
    """Return the id of the row that a row was merged into; None if it was not merged.

    Examples
    --------
    >>> merged_into({"merged_to_id": 7}), merged_into({"merged_to_id": 0}), merged_into({})
    (7, None, None)
    """
    into = row.get("merged_to_id")
    return None if into is None or is_missing(into) or int(into) == 0 else int(into)


def custom_fields(frame: pd.DataFrame, form: Literal["long", "wide"] = "long", *, key: str = "id") -> pd.DataFrame:
    """Return the custom fields of a frame's rows.

    Parameters
    ----------
    frame : DataFrame
        A frame from a read, with its key column and `custom_fields`.
    form : {"long", "wide"}, default 'long'
        `"long"` returns one row per custom field, and `"wide"` returns one column per field type.
    key : str, default 'id'
        The name of the key column, which identifies rows.

    Returns
    -------
    DataFrame
        The long form has one row per custom field, in the order of the frame: the key column, `type_id`, `name` and
        `value`. The wide form has the rows of the frame, with the key column and one text column per field type; a
        field that a row does not have is missing. If several types have the same name, each column name ends with the
        id of its type.

    Raises
    ------
    UsageError
        The frame lacks a required column.

    Examples
    --------
    >>> from stcrm_pandas.contract.schemas.parts import CustomField
    >>> frame = pd.DataFrame({"id": [1, 2], "custom_fields": [(CustomField(7, "Gate code", "12"),), ()]})
    >>> custom_fields(frame).values.tolist()
    [[1, 7, 'Gate code', '12']]
    >>> custom_fields(frame, "wide")["Gate code"].tolist()
    ['12', nan]
    """
    for column in (key, "custom_fields"):
        if column not in frame.columns:
            raise UsageError(f"custom_fields: the frame has no column {column!r}. Pass a frame as it was read.")
    rows = [
        (id, field.type_id, field.name, field.value)
        for id, fields in zip(frame[key], frame["custom_fields"], strict=True)
        for field in fields or ()
    ]
    long = pd.DataFrame(rows, columns=[key, "type_id", "name", "value"]).astype(
        {key: frame[key].dtype, "type_id": "Int64", "name": "str", "value": "str"}
    )
    if form == "long":
        return long
    if form != "wide":
        raise UsageError(f"custom_fields: form is 'long' or 'wide', not {form!r}.")
    wide = frame[[key]].reset_index(drop=True)
    for type_id, name in field_names(long, key).items():
        values = long.loc[long["type_id"] == type_id].drop_duplicates(key, keep="last").set_index(key)["value"]
        wide[name] = wide[key].map(values).astype("str")
    return wide


def field_names(long: pd.DataFrame, key: str = "id") -> dict[int, str]:
    """Return the column names of the wide form by type: the name, followed by the id if several types share it.

    Parameters
    ----------
    long : DataFrame
        Custom fields in the long form.
    key : str, default 'id'
        The column that identifies rows. No field gets this column name.
    """
    types = long[["type_id", "name"]].drop_duplicates("type_id", keep="last").sort_values("type_id")
    named = types["name"].fillna("").where(types["name"].notna(), types["type_id"].astype("str")).map(printable)
    twice = named.duplicated(keep=False) | named.isin([key])
    named = named.where(~twice, named + " (" + types["type_id"].astype("str") + ")")
    return {int(type_id): str(name) for type_id, name in zip(types["type_id"], named, strict=True)}


def owners_of(contacts: pd.DataFrame, locations: pd.DataFrame) -> pd.Series:
    """Return the customer of each contact; a contact of a location belongs to the location's customer."""
    owner = whole_ids(contacts.get("customer_id", pd.Series(pd.NA, contacts.index)))
    if "location_id" in contacts:
        of_location = dict(zip(whole_ids(locations["id"]), whole_ids(locations["customer_id"]), strict=True))
        ids = whole_ids(contacts["location_id"])
        customers = [pd.NA if id is pd.NA else of_location.get(id, pd.NA) for id in ids]
        owner = owner.fillna(pd.Series(pd.array(customers, dtype="Int64"), index=contacts.index))
    return owner


def whole_ids(cells: Any) -> pd.Series:
    """Return ids as whole numbers, also those that a file stores as text or floats.

    Raises
    ------
    UsageError
        A cell is no whole number.
    """
    name = str(cells.name or "id")
    reading = read(Column(name, (name,), Field(name, "integer"), required=False), cells)
    if reading.unreadable:
        position, why = next(iter(reading.unreadable.items()))
        raise UsageError(f"{name} must contain whole numbers: the one in row {position + 1} (counted from 1) {why}")
    return pd.Series(reading.cells, index=cells.index, name=cells.name)


def names_of_tags(tag_types: pd.DataFrame) -> dict[int, str]:
    """Return the name of each tag that has one."""
    return {int(id): name for id, name in zip(tag_types["id"], tag_types["name"], strict=True) if not is_missing(name)}
