"""The options that choose what a command connects to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from stcrm_pandas.client import Client, connect

Sandbox = Annotated[
    bool,
    typer.Option("--sandbox", help="Use a sandbox instead of your tenant. --sandbox FILE stores it in a file."),
]
State = Annotated[str | None, typer.Option("--state", help="The file that stores the sandbox.", hidden=True)]


def connect_to(sandbox: bool, state: str | None) -> Client:
    """Return the connection for a command's options."""
    return connect(sandbox=state or True) if sandbox or state else connect()


def with_state(arguments: Sequence[str]) -> list[str]:
    """Return arguments with `--sandbox FILE`, an option whose value is optional, rewritten for typer.

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
