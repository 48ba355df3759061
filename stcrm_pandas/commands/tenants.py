"""The file that lists the tenants of a network. It names variables or files of secrets, never secrets themselves.

The file may come from somebody else, as a `.env` file may. Since its secrets are always elsewhere, it can only have
them sent to ServiceTitan's own addresses, unless the command line allows another one. It can only name files in its own
folder, unless the command line allows another folder.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import closest
from stcrm_pandas.settings.addresses import check_address, is_known

_SECRETS = ("client_secret", "app_key")
_NEEDED = ("tenant", "client_id", *_SECRETS)
_ADDRESSES = ("api_url", "auth_url")
_KNOWN = (*_NEEDED, *_ADDRESSES, "environment", "time_zone", "rate_limit", "concurrency", "retries")


def read_tenants(
    path: Path, *, addresses: Iterable[str] = (), folders: Iterable[Path] = ()
) -> dict[str, dict[str, Any]]:
    """Return the arguments of `connect` for each tenant, with secrets as they are in the file: by their place.

    Parameters
    ----------
    addresses : iterable of str, default ()
        The addresses that secrets may be sent to, beside ServiceTitan's own.
    folders : iterable of Path, default ()
        The folders whose files may be read as secrets, beside that of the file.

    Raises
    ------
    UsageError
        The file cannot be read, has a secret, or a tenant lacks a setting, has an unknown one, or names an address or a
        file that is not allowed.
    """
    allowed = {_address("--allow-address", address) for address in addresses}
    own = [folder.expanduser().resolve() for folder in (path.expanduser().resolve().parent, *folders)]
    try:
        content = tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from None
    tenants, defaults = content.get("tenants"), content.get("defaults", {})
    if (
        not isinstance(tenants, dict)
        or not tenants
        or not all(isinstance(settings, dict) for settings in tenants.values())
    ):
        raise UsageError(f"{path} needs a section such as [tenants.denver] for each tenant.")
    complete = {name: {**defaults, **settings} for name, settings in tenants.items()}
    for name, settings in complete.items():
        where = f"{path}: {name}"
        _check(where, settings)
        _refuse_to_send_away(where, settings, allowed)
        for secret in _SECRETS:
            if "file" in settings[secret]:
                settings[secret] = {"file": _file(f"{where}: {secret}", settings[secret]["file"], own)}
    return complete


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
        named = isinstance(place, dict) and len(place) == 1 and {*place} <= {"variable", "file"}
        if not named or not all(isinstance(value, str) for value in place.values()):
            raise UsageError(
                f'{where}: {name} must name a variable or a file, as in {name} = {{ variable = "NAME" }} or '
                f'{{ file = "/path" }}. A secret does not belong in this file.'
            )


def _refuse_to_send_away(where: str, settings: Mapping[str, Any], allowed: set[str]) -> None:
    for name in _ADDRESSES:
        if name not in settings:
            continue
        url = _address(f"{where}: {name}", settings[name])
        if not is_known(url) and url not in allowed:
            raise UsageError(
                f"{where}: {name} is not an address of ServiceTitan, and the secrets are not in this file: a file of "
                f"tenants cannot send them elsewhere. If you trust the address, add --allow-address {url}."
            )


def _address(where: str, value: object) -> str:
    try:
        return check_address(str(value)).removesuffix("/connect/token")
    except ValueError as error:
        raise UsageError(f"{where} is invalid: {error}.") from None


def _file(where: str, named: str, folders: list[Path]) -> str:
    """Return the file of a secret, without links, if it is in one of some folders."""
    path = folders[0].joinpath(Path(named).expanduser()).resolve()
    if not any(path.is_relative_to(folder) for folder in folders):
        raise UsageError(
            f"{where} names a file outside {folders[0]}, which is not read: a file of tenants may come from somebody "
            f"else. If you trust it, add --secrets-in with the folder of {named}."
        )
    return str(path)


def _secret(name: str, place: Mapping[str, str]) -> str:
    if "variable" in place:
        value = os.environ.get(place["variable"], "")
        if not value:
            raise UsageError(f"{name}: the variable {place['variable']} is not set.")
        return value
    try:
        return Path(place["file"]).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"{name}: {place['file']} cannot be read ({reason}).") from None
