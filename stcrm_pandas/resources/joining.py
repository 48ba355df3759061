"""Contacts joined to the customers or locations that they belong to. Pure, but for the read that it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pandas as pd

from stcrm_pandas.errors import UsageError

FEW = 5_000
"""So many rows are worth calls of their own, fifty to a call; for more, all contacts are read."""

PHONES = ("Phone", "MobilePhone")


def with_contacts(
    frame: pd.DataFrame,
    read: Callable[[list[int] | None], pd.DataFrame],
    *,
    parent: str,
    form: Literal["long", "wide"],
) -> pd.DataFrame:
    """What the `with_contacts` of customers and locations do.

    Parameters
    ----------
    frame : DataFrame
        Rows with `id`.
    read : callable
        Gives the contacts of some ids, or of all.
    parent : str
        The column of the contacts that holds the id, as `customer_id`.
    form : {"long", "wide"}
        A row for each contact, or one for each row of the frame.
    """
    if form not in ("long", "wide"):
        raise UsageError(f"with_contacts: form is 'long' or 'wide', not {form!r}.")
    if "id" not in frame.columns:
        raise UsageError("with_contacts: the frame has no column 'id'.")
    ids = frame["id"].dropna().drop_duplicates()
    contacts = read([int(id) for id in ids] if len(ids) <= FEW else None)
    contacts = contacts[contacts[parent].isin(ids)].sort_values([parent, "id"], kind="stable")
    joined = _long(frame, contacts, parent) if form == "long" else _wide(frame, contacts, parent)
    joined.attrs = dict(frame.attrs)
    return joined


def _long(frame: pd.DataFrame, contacts: pd.DataFrame, parent: str) -> pd.DataFrame:
    named = contacts.drop(columns=parent).add_prefix("contact_")
    _no_clash(frame, named.columns)
    return frame.merge(named.assign(id=contacts[parent]), on="id", how="left")


def _wide(frame: pd.DataFrame, contacts: pd.DataFrame, parent: str) -> pd.DataFrame:
    _no_clash(frame, pd.Index(["phones", "emails", "phone", "email"]))
    wide = frame.copy()
    for name, types in (("phone", PHONES), ("email", ("Email",))):
        values = contacts[contacts["type"].isin(types)].dropna(subset="value").groupby(parent)["value"]
        lists = {id: tuple(found) for id, found in values}
        cells = [lists.get(id, ()) for id in frame["id"]]
        wide[f"{name}s"] = pd.Series(cells, index=frame.index, dtype=object)
        wide[name] = pd.Series([cell[0] if cell else None for cell in cells], index=frame.index, dtype="str")
    return wide[[*frame.columns, "phones", "emails", "phone", "email"]]


def _no_clash(frame: pd.DataFrame, names: pd.Index) -> None:
    if clash := [name for name in names if name in frame.columns]:
        raise UsageError(f"with_contacts: the frame has {', '.join(clash)} already.")
