"""`stcrm init`: ask for the settings of a connection, write them to a `.env` file, and check the connection."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from stcrm_pandas.commands.doctor import doctor
from stcrm_pandas.commands.saying import say
from stcrm_pandas.settings.addresses import ENVIRONMENTS
from stcrm_pandas.settings.connection import problem_with
from stcrm_pandas.settings.sources import ENV_FILE, env_file, other_lines, write_env_file

_QUESTIONS = {
    "environment": "Environment: production, integration, or the address of the API",
    "auth_url": "Address for signing in",
    "tenant": "Tenant (its number)",
    "client_id": "Client id",
    "client_secret": "Client secret (not shown)",
    "app_key": "App key (not shown)",
    "time_zone": "Time zone, like America/Chicago (Enter to leave it out)",
}
_DEFAULTS = {"environment": "production", "time_zone": ""}
_SECRETS = ("client_secret", "app_key")
_VARIABLES = frozenset(f"STCRM_{name.upper()}" for name in (*_QUESTIONS, "api_url"))


def init() -> None:
    """Ask for the settings of your tenant, write them to a .env file that only you can read, and run stcrm doctor.

    An existing .env file of the working folder or its project keeps its other lines.
    """
    path = env_file() or Path.cwd() / ENV_FILE
    kept = other_lines(path, _VARIABLES)
    if path.exists():
        typer.confirm(f"{path} exists. Replace the settings of the connection in it?", abort=True)
    answers: dict[str, str] = {}
    for asked in _QUESTIONS:
        if asked == "auth_url" and "api_url" not in answers:
            continue
        name, answer = _ask(asked)
        if answer:
            answers[name] = answer
    write_env_file(path, kept, {f"STCRM_{name.upper()}": answer for name, answer in answers.items()})
    say(f"Written to {path}, which only you can read. Keep it out of version control.")
    for variable in sorted(_VARIABLES.intersection(os.environ)):
        say(f"{variable} is also set in the environment, which is used instead of the file.", err=True)
    doctor()


def _ask(name: str) -> tuple[str, str]:
    """Ask for a setting until the answer is valid; an address instead of an environment is another setting."""
    default = _DEFAULTS.get(name)
    while True:
        answer: str = typer.prompt(
            _QUESTIONS[name], default=default, show_default=bool(default), hide_input=name in _SECRETS
        ).strip()
        if name == "environment" and answer not in ENVIRONMENTS:
            name = "api_url"
        problem = problem_with(name, answer) if answer or default is None else None
        if problem is None:
            return name, answer
        say(f"That is not valid: {problem}.", err=True)
        name = "environment" if name == "api_url" else name
