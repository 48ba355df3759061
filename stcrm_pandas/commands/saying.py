"""Output of commands, without control characters from the API or a file."""

from __future__ import annotations

import typer

from stcrm_pandas.output.printable import printable


def say(text: str, *, err: bool = False) -> None:
    """Print a text with all control characters except line ends escaped.

    Parameters
    ----------
    err : bool, default False
        Print to standard error.
    """
    typer.echo(printable(text, keep="\n"), err=err)
