"""Write the generated pages of docs/reference: commands, settings, operations, schemas.

    python docs/make.py

The output is deterministic, so CI can check that the pages are up to date.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer.core
import typer.main

from stcrm_pandas.cli import app
from stcrm_pandas.client import connect
from stcrm_pandas.contract.operations import OPERATIONS, Operation
from stcrm_pandas.contract.schemas import models
from stcrm_pandas.contract.schemas.fields import Field, snake
from stcrm_pandas.settings.connection import Settings

REFERENCE = Path(__file__).parent / "reference"
WIDTH = 100
CRM = "crm/v2/tenant/{tenant}/"


def commands() -> str:
    """Return the page with the help of every command, as a terminal without colors shows it."""
    sections = [f"## {name}\n\n```text\n{text}\n```" for name, text in helps(typer.main.get_command(app))]
    return page(
        "Commands",
        "The output of `--help` for each command. An error is one line on standard error; the exit code is not 0.",
        *sections,
    )


def helps(command: Any, parent: typer.Context | None = None) -> Iterator[tuple[str, str]]:
    """Yield the full name and help of a command, then of its subcommands."""
    command.rich_markup_mode = None  # plain text: no boxes, no colors
    here = typer.Context(command, info_name=command.name, parent=parent, terminal_width=WIDTH)
    yield here.command_path, "\n".join(line.rstrip() for line in command.get_help(here).splitlines())
    if isinstance(command, typer.core.TyperGroup):
        for name in command.list_commands(here):
            yield from helps(command.commands[name], here)


def settings() -> str:
    """Return the page with every setting: its variable, its argument of `connect`, its default."""
    given = inspect.signature(connect).parameters
    rows = [
        [
            f"`STCRM_{name.upper()}`",
            f"`{name}=`" if name in given else "",
            default(field.get_default(call_default_factory=True)),
            field.description or "",
        ]
        for name, field in Settings.model_fields.items()
    ]
    return page(
        "Settings",
        textwrap.dedent("""\
            Each setting is looked up in the arguments of `stcrm.connect(…)`, then in the environment, then in a `.env`
            file in the working folder or its project. [Connecting](../guide/connecting.md) explains which settings a
            connection needs, and which ones a `.env` file cannot set. For an on/off setting, use `1` or `0`. An empty
            variable counts as unset."""),
        table(["variable", "argument of `connect`", "default", "description"], rows),
        "For a proxy or your own certificates, use the standard variables of the requests library: `HTTPS_PROXY`, "
        "`NO_PROXY`, `REQUESTS_CA_BUNDLE`.",
    )


def default(value: object) -> str:
    """Return a default as it is written in `.env`; empty if there is none."""
    match value:
        case None | dict():
            return ""
        case bool():
            text = str(int(value))
        case timedelta():
            text = f"{value.total_seconds() / 3600:g}h"
        case tuple():
            text = ",".join(f"{number:g}" for number in value)
        case _:
            text = str(value)
    return f"`{text}`"


def operations() -> str:
    """Return the page with every operation: its method, its request, and its scope."""
    lookups = [one for one in OPERATIONS.values() if one.resource.startswith("lookups.")]
    crm = [one for one in OPERATIONS.values() if one not in lookups]
    families = dict.fromkeys(one.resource for one in crm)
    sections = [f"## {family}\n\n{_rows([one for one in crm if one.resource == family], CRM)}" for family in families]
    return page(
        "Operations",
        textwrap.dedent(f"""\
            The {len(crm)} operations of the CRM and the method for each. Paths are relative to `/{CRM}`.
            In a notebook, `crm.operations()` returns the same as a DataFrame, with a description of each."""),
        *sections,
        textwrap.dedent("""\
            ## lookups

            Reference data from other ServiceTitan APIs, with the names for ids. Paths are absolute."""),
        _rows(lookups, ""),
        "¹ Not in the published API description.",
        "## Filters\n\nThe filters of each list. [Reading](../guide/reading.md#filters) explains how to use them.",
        table(
            ["method", "filters"],
            [
                [f"`{one.name}`", ", ".join(f"`{snake(field.name)}`" for field in one.filters)]
                for one in OPERATIONS.values()
                if one.returns == "page" and one.filters
            ],
        ),
    )


def _rows(those: Sequence[Operation], below: str) -> str:
    return table(
        ["method", "operation", "HTTP", "path", "scope"],
        [
            [
                f"`{one.name}`",
                one.id + ("" if one.published else " ¹"),
                one.method,
                f"`{one.path.removeprefix(below)}`",
                f"`{one.scope}`",
            ]
            for one in those
        ],
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def page(title: str, *parts: str) -> str:
    """Return a page with a note for people who edit it."""
    made = "<!-- Generated by docs/make.py. Do not edit; run `make docs`. -->"
    return "\n\n".join([made, f"# {title}", *parts]) + "\n"


def schemas() -> str:
    """Return the page with the columns of every frame, from the pandera models."""
    sections = []
    for name in models.__all__:
        model = getattr(models, name)
        if model is models.Model:
            continue
        row = model._row
        columns = [[f"`{column.name}`", f"`{column.dtype}`", _content(column.field)] for column in row.columns]
        key = ", ".join(f"`{column}`" for column in row.key)
        intro = f"{inspect.getdoc(model)} Key: {key}."
        sections.append(f"## {name}\n\n{intro}\n\n{table(['column', 'dtype', 'content'], columns)}")
    return page(
        "Schemas",
        textwrap.dedent("""\
            The columns of every DataFrame. `stcrm.schemas.Leads` and the others are pandera models; use them to
            validate your own DataFrame. [Frames](../guide/frames.md#columns-and-dtypes) explains dtypes and missing
            values."""),
        *sections,
    )


def _content(field: Field) -> str:
    """Return the contents of a column beyond its dtype."""
    if field.record is not None:
        return "records: " + ", ".join(f"`{name}`" for name in field.record._fields)  # type: ignore[attr-defined]
    many = "list: " if field.many else ""
    if field.values:
        return many + ", ".join(f"`{value}`" for value in field.values)
    return many + {"guid": "GUID", "decimal": "amount of money", "time": "UTC"}.get(
        field.kind, "" if not field.many else field.kind
    )


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands,
    "settings.md": settings,
    "operations.md": operations,
    "schemas.md": schemas,
}

if __name__ == "__main__":
    for file, make in PAGES.items():
        (REFERENCE / file).write_text(make(), encoding="utf-8")
