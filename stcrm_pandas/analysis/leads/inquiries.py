"""Inquiries: leads of one customer or phone number in quick succession count as one.

Written in narwhals, so that every engine can do it. `lead_conversion` explains inquiries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import narwhals.stable.v2 as nw

from stcrm_pandas.analysis.base.engine import MISSING, Rows, keys, materialize, micros, true
from stcrm_pandas.frame.contact_values import NO_LOCAL_NUMBERS, NO_NUMBERS

_PERSON = ("kind", "person")
_DIGITS = 10
_NO_NUMBERS, _NO_LOCAL_NUMBERS = ([int(digits) for digits in numbers] for numbers in (NO_NUMBERS, NO_LOCAL_NUMBERS))


def phone_number(column: str) -> nw.Expr:
    """Return the last ten digits of a phone as a number; missing if there are fewer, or it is a placeholder.

    `is_placeholder` decides about one number in Python; this is its rule for digits, in a form for every engine.
    """
    digits = nw.col(column).str.replace_all(r"\D", "")
    length = digits.str.len_chars()
    number = nw.when(length >= _DIGITS).then(digits.str.tail(_DIGITS)).otherwise(nw.lit("0")).cast(nw.Int64)
    domestic = (length == _DIGITS) | ((length == _DIGITS + 1) & digits.str.starts_with("1"))
    nobodys = number.is_in(_NO_NUMBERS) | (number % 10**7).is_in(_NO_LOCAL_NUMBERS)
    return nw.when((number % 10**9 > 0) & ~(domestic & nobodys)).then(number)


def persons_of(leads: Rows) -> Rows:
    """Return who each lead came from, in the columns `kind` and `person`.

    This is the lead's customer; else the only customer with the same phone in another lead; else the phone; else the
    lead itself. A phone that several customers share does not link them.
    """
    rows = leads.with_columns(customer=nw.col("customer_id"))
    if "lead_phone" not in leads.collect_schema():
        return _numbered(rows.with_columns(phone=MISSING))
    rows = rows.with_columns(phone=phone_number("lead_phone"))
    by = keys(rows, "phone")
    both = rows.filter(~nw.col("phone").is_null() & ~nw.col("customer").is_null())
    known = (
        both.group_by(*by)
        .agg(known=nw.col("customer").min(), last=nw.col("customer").max())
        .filter(nw.col("known") == nw.col("last"))
        .select(*by, "known")
    )
    # only leads without a customer are looked up; a missing phone matches nothing
    without_customer = rows.filter(nw.col("customer").is_null() & ~nw.col("phone").is_null())
    matches = (
        without_customer.select(*keys(rows, "id"), "phone")
        .join(known, on=by, how="inner")
        .select(*keys(rows, "id"), "known")
    )
    rows = rows.join(matches, on=keys(rows, "id"), how="left")
    return _numbered(rows.with_columns(customer=nw.coalesce("customer", "known")).drop("known"))


def _numbered(rows: Rows) -> Rows:
    customer, phone = nw.col("customer"), nw.col("phone")
    kind = nw.when(~customer.is_null()).then(nw.lit(0)).when(~phone.is_null()).then(nw.lit(1)).otherwise(nw.lit(2))
    return rows.with_columns(kind=kind, person=nw.coalesce("customer", "phone", "id"))


def inquiries_of(
    leads: Rows, *, within: dt.timedelta | None, first: Sequence[str], over_all: Mapping[str, str]
) -> Rows:
    """Return one row for each inquiry.

    A lead less than `within` after the same person's previous lead belongs to the same inquiry, so a chain of any
    length is one inquiry. A lead without a creation date is its own inquiry.

    Parameters
    ----------
    leads : Rows
        With `id`, `created` in microseconds, and what `persons_of` needs.
    within : dt.timedelta or None
        None where each lead is an inquiry.
    first : sequence of str
        Columns that are those of its first lead (`id` and `created` always are).
    over_all : mapping
        By column, whether it is the "sum", the "min" or the "max" over all its leads.

    Returns
    -------
    Rows
        The columns named, and `tenant` where the leads have it.
    """
    base = [*keys(leads, "id"), "created", *first]
    if within is None:
        return leads.select(*base, *over_all)
    rows, alone, chained = _chains(leads, within)
    persons = [*keys(rows), *_PERSON]
    on = [*persons, "inquiry"]
    later = chained.filter(nw.col("begins") == 0).group_by(*on)
    of_later = (getattr(nw.col(name), kind)().alias(f"{name}_later") for name, kind in over_all.items())
    begun = chained.filter(nw.col("begins") == 1).join(later.agg(*of_later), on=on, how="left")
    single = (nw.col(name).cast(nw.Int64) if kind == "sum" else name for name, kind in over_all.items())
    return nw.concat(
        [
            begun.select(*base, *(_with_later(name, kind).alias(name) for name, kind in over_all.items())),
            rows.filter(alone).select(*base, *single),
        ]
    )


def converted_with(leads: Rows, within: dt.timedelta) -> Rows:
    """Return the open leads of inquiries that another lead converted: `id`, and the id of that lead (`converted`)."""
    rows, _, chained = _chains(leads, within)
    on = [*keys(rows), *_PERSON, "inquiry"]
    converting = chained.filter(true(nw.col("status") == "Converted")).group_by(*on).agg(converted=nw.col("id").max())
    waiting = chained.filter(true(nw.col("status") == "Open"))
    return waiting.join(converting, on=on, how="inner").select(*keys(rows, "id"), "converted")


def _chains(leads: Rows, within: dt.timedelta) -> tuple[Rows, nw.Expr, Rows]:
    """Return the leads with their persons, which of them are alone, and the others with the number of their inquiry."""
    rows = persons_of(leads)
    persons = [*keys(rows), *_PERSON]
    rows = materialize(rows.with_columns(of_person=nw.len().over(*persons)))
    # most people have one lead, so only the others are sorted: sorting is the slowest step
    alone = (nw.col("of_person") == 1) | (nw.col("kind") == 2) | nw.col("created").is_null()
    order = ("created", "id")
    chained = rows.filter(~alone).with_columns(before=nw.col("created").shift(1).over(*persons, order_by=order))
    chained = chained.with_columns(
        begins=nw.when(nw.col("created") - nw.col("before") < micros(within)).then(nw.lit(0)).otherwise(nw.lit(1))
    ).with_columns(inquiry=nw.col("begins").cum_sum().over(*persons, order_by=order))
    return rows, alone, materialize(chained)


def _with_later(name: str, kind: str) -> nw.Expr:
    if kind == "sum":
        return (nw.col(name) + nw.col(f"{name}_later").fill_null(0)).cast(nw.Int64)
    return (nw.min_horizontal if kind == "min" else nw.max_horizontal)(name, f"{name}_later")
