"""The options that say where a command connects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from stcrm_pandas.client import Client, connect

Sandbox = Annotated[
    bool,
    typer.Option(
        "--sandbox", help="Use a sandbox, not the tenant of the environment; a file after it keeps it: --sandbox FILE."
    ),
]
State = Annotated[str | None, typer.Option("--state", help="The file that keeps the sandbox.", hidden=True)]


def connect_to(sandbox: bool, state: str | None) -> Client:
    """The connection that a command's options ask for."""
    return connect(sandbox=state or True) if sandbox or state else connect()


def with_state(arguments: Sequence[str]) -> list[str]:
    """Arguments in which `--sandbox FILE`, an option with a value or without one, is written as typer reads it.

    Examples
    --------
    >>> with_state(["doctor", "--sandbox", "box.sqlite"])
    ['doctor', '--sandbox', '--state', 'box.sqlite']
    >>> with_state(["doctor", "--sandbox", "--help"])
    ['doctor', '--sandbox', '--help']
    """
    found: list[str] = []
    for argument in arguments:
        if found and found[-1] == "--sandbox" and not argument.startswith("-"):
            found.append("--state")
        found.append(argument)
    return found
