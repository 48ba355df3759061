"""The file that lists the tenants of a network. It names variables or files of secrets, never secrets themselves."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import closest

_SECRETS = ("client_secret", "app_key")
_NEEDED = ("tenant", "client_id", *_SECRETS)
_KNOWN = (*_NEEDED, "environment", "api_url", "auth_url", "time_zone", "rate_limit", "concurrency", "retries")


def read_tenants(path: Path) -> dict[str, dict[str, Any]]:
    """Return the arguments of `connect` for each tenant, with secrets as they are in the file: by their place.

    Raises
    ------
    UsageError
        The file cannot be read, has a secret, or a tenant lacks a setting or has an unknown one.
    """
    try:
        content = tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from None
    tenants, defaults = content.get("tenants"), content.get("defaults", {})
    if not isinstance(tenants, dict) or not tenants or not all(isinstance(one, dict) for one in tenants.values()):
        raise UsageError(f"{path} needs a section such as [tenants.denver] for each tenant.")
    found = {name: {**defaults, **settings} for name, settings in tenants.items()}
    for name, settings in found.items():
        _check(f"{path}: {name}", settings)
    return found


def with_secrets(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the secrets that they name.

    Raises
    ------
    UsageError
        A variable is not set, or a file cannot be read.
    """
    return {name: _secret(name, value) if name in _SECRETS else value for name, value in settings.items()}


def _check(where: str, settings: Mapping[str, Any]) -> None:
    for name in settings:
        if name not in _KNOWN:
            near = closest(name, list(_KNOWN))
            hint = f" Did you mean {near!r}?" if near else ""
            raise UsageError(f"{where} has an unknown setting {name!r}.{hint}")
    for name in _NEEDED:
        if name not in settings:
            raise UsageError(f"{where} needs {name}.")
    for name in _SECRETS:
        place = settings[name]
        if not isinstance(place, dict) or len(place) != 1 or not {*place} <= {"variable", "file"}:
            raise UsageError(
                f'{where}: {name} must name a variable or a file, as in {name} = {{ variable = "NAME" }} or '
                f'{{ file = "/path" }}. A secret does not belong in this file.'
            )


def _secret(name: str, place: Mapping[str, str]) -> str:
    if "variable" in place:
        value = os.environ.get(place["variable"], "")
        if not value:
            raise UsageError(f"{name}: the variable {place['variable']} is not set.")
        return value
    try:
        return Path(place["file"]).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"{name}: {place['file']} cannot be read ({reason}).") from None
