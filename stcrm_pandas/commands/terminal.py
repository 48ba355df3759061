"""What commands share: the options that choose a connection, output, and exit codes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from stcrm_pandas.client import Client, connect
from stcrm_pandas.errors import MirrorBusy, SettingsError, UsageError
from stcrm_pandas.output.printable import printable

REFUSED, BUSY = 2, 4
"""Exit codes."""

Sandbox = Annotated[
    bool,
    typer.Option("--sandbox", help="Use a sandbox instead of your tenant. --sandbox FILE stores it in a file."),
]
State = Annotated[str | None, typer.Option("--state", help="The file that stores the sandbox.", hidden=True)]


def say(text: str, *, err: bool = False) -> None:
    """Print a text with all control characters except line ends escaped.

    Parameters
    ----------
    err : bool, default False
        Print to standard error.
    """
    typer.echo(printable(text, keep="\n"), err=err)


def with_exit_codes(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that these errors are one line: usage and settings (exit code 2), a mirror being synced (4)."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (UsageError, SettingsError, MirrorBusy) as error:
            say(f"stcrm: {error}", err=True)
            raise typer.Exit(BUSY if isinstance(error, MirrorBusy) else REFUSED) from None

    run.__signature__ = inspect.signature(command, eval_str=True)  # type: ignore[attr-defined]
    return run


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
    rewritten: list[str] = []
    for argument in arguments:
        if rewritten and rewritten[-1] == "--sandbox" and not argument.startswith("-"):
            rewritten.append("--state")
        rewritten.append(argument)
    return rewritten
