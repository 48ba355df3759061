"""`stcrm read`: save rows to a file for a spreadsheet."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from stcrm_pandas.commands.terminal import Sandbox, State, connect_to, say, with_exit_codes
from stcrm_pandas.contract.operations import Operation, by_name
from stcrm_pandas.contract.schemas.fields import Field, snake
from stcrm_pandas.errors import UsageError
from stcrm_pandas.http.query import argument
from stcrm_pandas.output.printable import plural

_METHODS = {
    "customer_contacts": "customers.list_contacts",
    "location_contacts": "locations.list_contacts",
    "booking_contacts": "bookings.list_contacts",
    "contact_methods": "contact_methods.search",
}
"""The methods that read a resource whose method is not `list`."""
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_BOTH = "any"


@with_exit_codes
def read(
    context: typer.Context,
    resource: Annotated[str, typer.Argument(help="What to read, such as customers or customer_contacts.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write: .csv, .xlsx or .parquet.")],
    sandbox: Sandbox = False,
    state: State = None,
) -> None:
    """Save rows to a file. Filters are options, such as --name Ann or --ids 12,15; most accept several values."""
    from stcrm_pandas.sheets.files import checked_path, write_sheet

    checked_path(out)  # before a read that may take minutes
    operation = operation_of(resource)
    filters = filters_of(operation, context.args)
    with connect_to(sandbox, state) as crm:
        frame = operator.attrgetter(operation.name)(crm)(**filters)
    path = write_sheet(frame, out)
    say(f"Saved {plural(len(frame), 'row')} to {path}")


def operation_of(resource: str) -> Operation:
    """Return the operation that reads a resource."""
    name = resource.replace("-", "_")
    try:
        return by_name(_METHODS.get(name, name if name.endswith(".list") else f"{name}.list"))
    except KeyError:
        raise UsageError(
            f"Unknown resource {resource!r}. Choose from customers, customer_contacts, locations, "
            "location_contacts, leads, bookings, booking_contacts, booking_provider_tags, contacts, contact_methods, "
            "contact_preferences, and reference data such as lookups.campaigns."
        ) from None


def filters_of(operation: Operation, words: Sequence[str]) -> dict[str, Any]:
    """Return the filters in `--name value --other=value`, with values of the type that the method accepts.

    Raises
    ------
    UsageError
        A word without an option, or an option without a value. The method checks the rest.

    Examples
    --------
    >>> filters_of(by_name("customers.list"), ["--active", "true", "--ids=1,2"])
    {'active': True, 'ids': ['1', '2']}
    """
    known = {snake(field.name): field for field in operation.filters}
    for field in operation.path_fields:
        known[argument(field, [])] = known[snake(field.name)] = field
    filters: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise UsageError(f"{word!r} does not belong to an option: write filters as --name VALUE.")
        name, equals, value = word[2:].partition("=")
        if not equals:
            if not rest:
                raise UsageError(f"{word} needs a value.")
            value = rest.pop(0)
        name = name.replace("-", "_")
        filters[name] = _value(known[name], value, operation.path_fields) if name in known else value
    return filters


def _value(field: Field, text: str, path: Sequence[Field]) -> Any:
    word = text.strip().lower()
    if field.kind == "boolean" or field.name == "active":
        if word == _BOTH:
            return None
        if word not in _WORDS:
            raise UsageError(f"--{snake(field.name)} must be true or false, not {text!r}.")
        return _WORDS[word]
    if field.many or field in path:
        return [part.strip() for part in text.split(",") if part.strip()]
    if field.kind in ("double", "decimal"):
        try:
            return float(text)
        except ValueError:
            raise UsageError(f"--{snake(field.name)} must be a number, not {text!r}.") from None
    return text
