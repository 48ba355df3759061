"""Exit code and message of a command with invalid arguments or settings."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import typer

from stcrm_pandas.commands.saying import say
from stcrm_pandas.errors import SettingsError, UsageError

REFUSED = 2


def refusals(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that usage and settings errors are one line on standard error, with exit code 2."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (UsageError, SettingsError) as error:
            say(f"stcrm: {error}", err=True)
            raise typer.Exit(REFUSED) from None

    run.__signature__ = inspect.signature(command, eval_str=True)  # type: ignore[attr-defined]
    return run
