"""`stcrm doctor`: check a connection."""

from __future__ import annotations

import typer

from stcrm_pandas.commands.connecting import Sandbox, State, connect_to
from stcrm_pandas.commands.saying import say
from stcrm_pandas.output.printable import plural

_SIGNS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}


def doctor(sandbox: Sandbox = False, state: State = None) -> None:
    """Check sign-in, scopes, clock, cache and time zone, and suggest fixes. Exit code 1 if there is a problem."""
    from stcrm_pandas.commands.checks import examine

    with connect_to(sandbox, state) as crm:
        checks = []
        for check in examine(crm):
            checks.append(check)
            say(f"{_SIGNS[check.state]} {check.what}: {check.words}")
    problems = sum(check.state == "problem" for check in checks)
    say("No problems found." if not problems else f"{plural(problems, 'problem')} found.")
    raise typer.Exit(1 if problems else 0)
