"""`stcrm doctor`: is this connection well?"""

from __future__ import annotations

import typer

from stcrm_pandas.commands.connecting import Sandbox, State, connect_to
from stcrm_pandas.commands.saying import say

_SIGNS = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}


def doctor(sandbox: Sandbox = False, state: State = None) -> None:
    """Check sign-in, scopes, clock, cache and time zone, and say what to do. Exit code 1 if there is a problem."""
    from stcrm_pandas.doctor import examine

    with connect_to(sandbox, state) as crm:
        checks = []
        for check in examine(crm):
            checks.append(check)
            say(f"{_SIGNS[check.state]} {check.what}: {check.words}")
    faults = sum(check.state == "fault" for check in checks)
    say("All is well." if not faults else f"{faults} problem{'s' if faults > 1 else ''} found.")
    raise typer.Exit(1 if faults else 0)
