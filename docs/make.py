"""Make the pages of docs/reference that follow from the program: commands, settings, operations, schemas.

    python docs/make.py

The same program makes the same pages, to the byte, so CI can tell whether they are up to date.
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
    """The help of every command, as the program prints it where a terminal has no colours."""
    sections = [f"## {name}\n\n```text\n{text}\n```" for name, text in helps(typer.main.get_command(app))]
    return page(
        "Commands",
        "What each command says with `--help`. An error is one line on standard error and an exit code that is not 0.",
        *sections,
    )


def helps(command: Any, parent: typer.Context | None = None) -> Iterator[tuple[str, str]]:
    """A command's full name and its help, then those of the commands below it."""
    command.rich_markup_mode = None  # plain text: no frames, no colours
    here = typer.Context(command, info_name=command.name, parent=parent, terminal_width=WIDTH)
    yield here.command_path, "\n".join(line.rstrip() for line in command.get_help(here).splitlines())
    if isinstance(command, typer.core.TyperGroup):
        for name in command.list_commands(here):
            yield from helps(command.commands[name], here)


def settings() -> str:
    """Every setting: its variable, its place in `connect`, its default."""
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
            Each setting is looked up in three places, and the first that has it counts: what `stcrm.connect(…)` was
            given, the environment, a `.env` file in the working folder. [Connecting](../guide/connecting.md) says which
            ones a connection needs, and what a `.env` file cannot set. As a variable, yes is `1` and no is `0`; one
            that is empty counts as not set."""),
        table(["variable", "in `connect`", "default", "what for"], rows),
        "A proxy and certificates of one's own are taken from where all Python programs with requests look for them: "
        "`HTTPS_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`.",
    )


def default(value: object) -> str:
    """A default as it would be written into `.env`; nothing where there is none."""
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
    """Every operation: its helper, what it calls, and the scope that it needs."""
    lookups = [one for one in OPERATIONS.values() if one.resource.startswith("lookups.")]
    crm = [one for one in OPERATIONS.values() if one not in lookups]
    families = dict.fromkeys(one.resource for one in crm)
    sections = [f"## {family}\n\n{_rows([one for one in crm if one.resource == family], CRM)}" for family in families]
    return page(
        "Operations",
        textwrap.dedent(f"""\
            The {len(crm)} operations of the CRM and the helper for each. Their paths stand below `/{CRM}`.
            In a notebook, `crm.operations()` is the same as a frame, with a line on what each is for."""),
        *sections,
        textwrap.dedent("""\
            ## lookups

            Besides, from the modules next to the CRM: what turns ids into names. Their paths stand as they are."""),
        _rows(lookups, ""),
        "¹ Not in the published contract, but among the operations that were asked for.",
        "## Filters\n\nWhat the lists can be filtered by. [Reading](../guide/reading.md) says how.",
        table(
            ["helper", "filters"],
            [
                [f"`{one.helper}`", ", ".join(f"`{snake(field.name)}`" for field in one.filters)]
                for one in OPERATIONS.values()
                if one.answer == "page" and one.filters
            ],
        ),
    )


def _rows(those: Sequence[Operation], below: str) -> str:
    return table(
        ["helper", "operation", "method", "path", "scope"],
        [
            [
                f"`{one.helper}`",
                one.id + ("" if one.published else " ¹"),
                one.method,
                f"`{one.path.removeprefix(below)}`",
                f"`{one.scope}`",
            ]
            for one in those
        ],
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def page(title: str, *parts: str) -> str:
    """A page, with a word to those who would edit it."""
    made = "<!-- Made by docs/make.py: run `make docs` to make it anew. -->"
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
            The columns of every frame. `stcrm.schemas.Leads` and the others are pandera models that check a frame of
            your own against them. [Frames](../guide/frames.md) says what a missing value is in each dtype."""),
        *sections,
    )


def _content(field: Field) -> str:
    """Return what a column holds, where its dtype does not say it."""
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
