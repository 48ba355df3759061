"""How a command speaks: nothing that came from the service or a file drives the terminal."""

from __future__ import annotations

import typer

from stcrm_pandas.printable import printable


def say(text: str, *, err: bool = False) -> None:
    """Write a text and a line end, with all control characters but line ends spelled out.

    Parameters
    ----------
    err : bool, default False
        On standard error.
    """
    typer.echo(printable(text, keep="\n"), err=err)
