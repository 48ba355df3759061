"""The `stcrm` command: its subcommands, errors and exit codes."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import typer

from stcrm_pandas import __version__
from stcrm_pandas.commands import clean_up, connection, edit, forget, mirror, read, report, sandbox, storage
from stcrm_pandas.commands.terminal import REFUSED, say, with_state
from stcrm_pandas.errors import MissingExtra, StcrmError

app = typer.Typer(
    name="stcrm",
    help="ServiceTitan's CRM in pandas.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would show local variables, including secrets
)
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(storage.cache_app, name="cache")
app.add_typer(edit.app, name="edit")
app.add_typer(storage.journal_app, name="journal")
app.add_typer(mirror.app, name="mirror")
app.command("read", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(read.read)
app.command("clean", no_args_is_help=True)(clean_up.clean)
app.command("audit")(clean_up.audit)
app.command("report", no_args_is_help=True)(report.report)
app.command("sync", no_args_is_help=True)(mirror.sync)
app.command("forget", no_args_is_help=True)(forget.forget)
app.command("init")(connection.init)
app.command("doctor")(connection.doctor)
app.command("demo")(sandbox.demo)


def _version(requested: bool) -> None:
    if requested:
        say(f"stcrm-pandas {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """ServiceTitan's CRM in pandas."""


def _warned(message: Warning | str, *_: Any, **__: Any) -> None:
    """Print a warning without the line of code that raised it."""
    say(f"stcrm: {message}", err=True)


def main() -> None:
    """Run the command. Our errors are one line on standard error, with exit code 1; warnings are one line, too.

    If an extra is not installed, nothing is done and the exit code is 2.
    """
    warnings.showwarning = _warned
    try:
        app(with_state(sys.argv[1:]))
    except MissingExtra as error:
        say(f"stcrm: {error}", err=True)
        sys.exit(REFUSED)
    except StcrmError as error:
        say(f"stcrm: {error}", err=True)
        sys.exit(1)
