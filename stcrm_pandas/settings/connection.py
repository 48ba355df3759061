"""Settings: the arguments of `connect`, then `STCRM_…` from the environment, then a `.env` file.

>>> settings = read_settings(environment="integration", tenant=1234567, client_id="c", client_secret="s", app_key="k")
>>> settings.api_url, settings.name
('https://api-integration.servicetitan.io', 'integration')
>>> settings
Settings(environment='integration', tenant=1234567, client_id='c')
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from stcrm_pandas.errors import SettingsError
from stcrm_pandas.settings.addresses import ENVIRONMENTS, SERVICE_URLS, check_address, is_known
from stcrm_pandas.settings.sources import WITH_SECRETS, OwnEnvFile, Source, env_file, notify_of_file, notify_of_ignored

_WHO = ("environment", "api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key")
"""Settings that name a tenant or sign in to it; if one is set, the sandbox is not meant."""

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(value: timedelta | str | float) -> timedelta:
    """Return a length of time: `90` (seconds), `"90s"`, `"15m"`, `"1h"`, `"2d"`, `"1w"` or a timedelta.

    Raises
    ------
    ValueError
        It is none of these, or negative.

    Examples
    --------
    >>> duration("1h")
    datetime.timedelta(seconds=3600)
    """
    if isinstance(value, str):
        text = value.strip().lower()
        number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
        try:
            value = timedelta(**{_UNITS[unit]: float(number)})
        except (ValueError, OverflowError):
            raise ValueError("write a duration such as 90s, 15m, 1h or 2d") from None
    elif not isinstance(value, timedelta):
        try:
            value = timedelta(seconds=value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError("write a duration as a number of seconds, or such as 90s, 15m, 1h or 2d") from None
    if value < timedelta(0):
        raise ValueError("a duration cannot be negative")
    return value


def _zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; write it like America/Chicago") from None
    return value


def _tenant(value: object) -> object:
    if isinstance(value, str) and not value.strip().lstrip("-").isdecimal():
        raise ValueError("write the tenant's number, such as 1234567, not the company's name")
    return value


def _timeout(value: object) -> object:
    """Return the seconds to connect and the seconds to respond, from a pair or text."""
    try:
        connect, respond = map(float, value.split(",") if isinstance(value, str) else value)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        raise ValueError("write the seconds to connect and the seconds to respond, like 10,110") from None
    return connect, respond


def _header(value: object) -> object:
    """Return a value for a header, without spaces and line ends around it; inside it they cannot be sent."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if not isinstance(value, str):
        return value
    value = value.strip()
    if not all("!" <= character <= "~" for character in value):
        raise ValueError("it contains a space, a line break or another character that is not allowed; copy it again")
    return value


def _reasons(value: object) -> object:
    """Return the names of dismissing reasons by id, from a mapping or text."""
    if not isinstance(value, str):
        return value
    pairs = [pair.partition("=") for pair in value.split(";") if pair.strip()]
    if not all(id.strip().isdecimal() and text.strip() for id, _, text in pairs):
        raise ValueError("write dismissing reasons like 620=Price too high; 644=Spam")
    return {int(id): text.strip() for id, _, text in pairs}


Secret = Annotated[SecretStr, BeforeValidator(_header)]
Address = Annotated[str, AfterValidator(check_address)]


class Settings(BaseSettings):
    """All settings of one connection, validated. Use `read_settings` to create one."""

    model_config = SettingsConfigDict(
        env_prefix="STCRM_",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )

    environment: str | None = Field(default=None, description="production or integration; not needed with api_url")
    api_url: Address | None = Field(
        default=None,
        description="the part of the URL before /crm/v2/tenant/…; https, and not from a less trusted source than the "
        "secrets",
    )
    auth_url: Address | None = Field(default=None, description="the sign-in address, with or without /connect/token")
    service_url: Address | None = Field(
        default=None,
        description="the address of the ServiceTitan site that call lists link to; by default, "
        "https://go.servicetitan.com in production, and no address elsewhere; in a .env file only with the secrets",
    )
    tenant: Annotated[int, BeforeValidator(_tenant)] | None = Field(
        default=None, gt=0, description="the tenant's number"
    )
    client_id: Annotated[str, BeforeValidator(_header)] | None = Field(
        default=None, min_length=1, description="the application's client id"
    )
    client_secret: Secret | None = Field(default=None, min_length=1, description="the application's client secret")
    app_key: Secret | None = Field(default=None, min_length=1, description="the application's key (ST-App-Key)")
    cache_dir: Path | None = Field(
        default=None,
        description="the folder of the cache; by default, the user's cache folder; in a .env file only with the "
        "secrets",
    )
    state_dir: Path | None = Field(
        default=None,
        description="the folder of the journals of bulk edits; by default, the user's state folder; not in a .env file",
    )
    max_age: Annotated[timedelta, BeforeValidator(duration)] = Field(
        default=timedelta(hours=1),
        description="maximum age of cached data, such as 1h, 15m or 2d; 0 caches responses but never uses them",
    )
    cache_limit_mb: int = Field(default=4096, gt=0, description="maximum size of the cache, in megabytes")
    offline: bool = Field(default=False, description="read only from the cache, whatever its age")
    allow_writes: bool = Field(
        default=False, description="1 lets methods change data in ServiceTitan; not in a .env file"
    )
    time_zone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="the tenant's time zone, such as America/Chicago"
    )
    dismissing_reasons: Annotated[dict[int, str], NoDecode, BeforeValidator(_reasons)] = Field(
        default_factory=dict,
        description="names of dismissing reasons by id, which the API does not provide: 620=Price too high; 644=Spam",
    )
    double_opt_in: bool = Field(
        default=False,
        description="1 if double opt-in is on in ServiceTitan, which the API does not return: reports then count "
        "customers for marketing e-mail only with the tag Opted In",
    )
    rate_limit: int = Field(default=55, gt=0, le=1000, description="maximum requests per second")
    concurrency: int = Field(default=8, gt=0, le=64, description="maximum parallel requests")
    timeout: Annotated[tuple[float, float], NoDecode, BeforeValidator(_timeout)] = Field(
        default=(10.0, 110.0), description="seconds to connect and seconds to respond, such as 10,110"
    )
    response_limit_mb: int = Field(
        default=64, gt=0, le=4096, description="maximum size of a response after decompression, in megabytes"
    )
    retries: int = Field(default=5, ge=0, le=20, description="maximum retries of a failed read")
    strict: bool = Field(default=False, description="1 makes schema drift an error")
    progress: bool | None = Field(
        default=None,
        description="1 always shows progress, 0 never shows it; by default, it is shown in terminals and notebooks",
    )
    _sources: dict[str, Source] = PrivateAttr(default_factory=dict)
    _parent_file: Path | None = PrivateAttr(default=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, the most trusted first."""
        return init_settings, env_settings, OwnEnvFile(settings_cls, env_file=env_file())

    def __repr_args__(self) -> Any:
        """Show which tenant it is, and no secrets."""
        place = "environment" if self.environment else "api_url"
        return [(name, getattr(self, name)) for name in (place, "tenant", "client_id")]

    def source(self, name: str) -> Source:
        """Return where a setting comes from; `Source.NONE` if it is not set."""
        return self._sources.get(name, Source.NONE)

    @property
    def parent_file(self) -> Path | None:
        """The `.env` file of a parent folder, if a setting comes from one."""
        return self._parent_file

    @property
    def name(self) -> str:
        """The name of the environment in caches, plans and journals."""
        return self.environment or str(self.api_url)

    @property
    def token_url(self) -> str:
        """The address that tokens are requested from."""
        url = str(self.auth_url)
        return url if url.endswith("/connect/token") else url + "/connect/token"

    @property
    def cache_folder(self) -> Path:
        """The folder of the caches."""
        return (self.cache_dir or platformdirs.user_cache_path("stcrm-pandas")).expanduser()

    @property
    def journal_folder(self) -> Path:
        """The folder of the journals of edits."""
        return (self.state_dir or platformdirs.user_state_path("stcrm-pandas")).expanduser() / "journals"

    def missing(self) -> list[str]:
        """Return the names of required settings that are not set."""
        needed = ["tenant", "client_id", *([] if self.offline else ["client_secret", "app_key"])]
        return [name for name in needed if getattr(self, name) is None]


def read_settings(**arguments: Any) -> Settings:
    """Return the settings of a connection; those that are None come from the environment or a `.env` file.

    Parameters
    ----------
    given
        Any field of `Settings`.

    Raises
    ------
    SettingsError
        A setting is missing or invalid; the message shows its variable, but not its value.
    """
    arguments = {name: value for name, value in arguments.items() if value is not None}
    try:
        settings = Settings(**arguments)
    except ValidationError as error:
        raise SettingsError(_explain(error, arguments)) from None
    except UnicodeDecodeError:
        raise SettingsError(f"The file {env_file()} is not UTF-8 text. Save it in that encoding.") from None
    if "api_url" in arguments and "environment" not in arguments:  # an address as argument overrides the name
        settings = settings.model_copy(update={"environment": None})
    notify_of_file()
    sources = _sources(settings, arguments)
    settings = _without_foreign(settings, sources)
    settings = settings.model_copy(update=_addresses(settings))
    settings._sources.update(sources)
    file = env_file()
    if file is not None and Source.FILE in settings._sources.values() and file.parent != Path.cwd():
        settings._parent_file = file
    _refuse_to_send_away(settings)
    if missing := settings.missing():
        names = ", ".join(f"STCRM_{name.upper()}" for name in missing)
        raise SettingsError(
            f"Not set: {names}. `stcrm init` asks for them and writes a .env file. Or pass each to connect(), or set "
            "it in the environment. To try the package without an account: connect(sandbox=True)."
        )
    return settings


def _addresses(settings: Settings) -> dict[str, str | None]:
    if settings.api_url is not None:
        if settings.environment is not None:
            raise SettingsError("STCRM_ENVIRONMENT and STCRM_API_URL are both set. Remove one of them.")
        if settings.auth_url is None and not settings.offline:
            raise SettingsError("STCRM_API_URL is set, but STCRM_AUTH_URL is not. Set the sign-in address, too.")
        return {}
    if settings.environment is None:
        raise SettingsError(
            "Not set: STCRM_ENVIRONMENT. `stcrm init` asks for all settings and writes a .env file. Or pass "
            'environment="production" or "integration" to connect(), or set it in the environment. To '
            "try the package without an account: connect(sandbox=True)."
        )
    if settings.environment not in ENVIRONMENTS:
        raise SettingsError(
            "STCRM_ENVIRONMENT must be production or integration. For another address, set STCRM_API_URL and "
            "STCRM_AUTH_URL."
        )
    api_url, auth_url = ENVIRONMENTS[settings.environment]
    service_url = settings.service_url or SERVICE_URLS.get(settings.environment)
    return {"api_url": api_url, "auth_url": settings.auth_url or auth_url, "service_url": service_url}


def _sources(settings: Settings, arguments: Mapping[str, Any]) -> dict[str, Source]:
    """Return the source of each setting that is set."""
    environment = EnvSettingsSource(Settings)()
    rest = dict.fromkeys(settings.model_fields_set, Source.FILE)
    return rest | dict.fromkeys(environment, Source.ENVIRONMENT) | dict.fromkeys(arguments, Source.ARGUMENT)


def _without_foreign(settings: Settings, sources: Mapping[str, Source]) -> Settings:
    """Return settings without those that a `.env` file can only set for its own secrets, and warn about each."""
    sent = [name for name in ("client_secret", "app_key") if getattr(settings, name) is not None]
    if all(sources.get(name) is Source.FILE for name in sent or ["client_id"]):
        return settings
    ignored = [name for name in WITH_SECRETS if sources.get(name) is Source.FILE]
    for name in ignored:
        notify_of_ignored(name, "the secrets are not in that file")
    return settings.model_copy(update=dict.fromkeys(ignored))


def _refuse_to_send_away(settings: Settings) -> None:
    """Raise if an address comes from a less trusted source than a secret that would be sent there."""
    # The sign-in gets the client secret; the service gets the app key, and the token that stands for the secret.
    sent = {"auth_url": ("client_secret",), "api_url": ("client_secret", "app_key")}
    for name, secrets in sent.items():
        source = settings.source(name)
        if source is Source.NONE or is_known(str(getattr(settings, name))):
            continue
        for secret in secrets:
            if getattr(settings, secret) is not None and settings.source(secret) > source:
                raise SettingsError(
                    f"STCRM_{name.upper()} comes from {source.words}, but STCRM_{secret.upper()} from "
                    f"{settings.source(secret).words}: a secret is not sent to an address from a less trusted source. "
                    f"Set the address in the same place as the secret, or remove it from {source.words}."
                )


def _explain(error: ValidationError, arguments: dict[str, Any]) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(problem["loc"][0])
        where = f"given as connect({name}=…)" if name in arguments else "from the environment or .env"
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"STCRM_{name.upper()}, {where}, is invalid: {message}.")
    return " ".join(dict.fromkeys(lines))


def problem_with(name: str, value: Any) -> str | None:
    """Return what is wrong with the value of a setting, without the value; None if it is valid.

    Examples
    --------
    >>> problem_with("time_zone", "Chicago")
    'no such time zone; write it like America/Chicago'
    """
    try:
        Settings(**{name: value})
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        texts = [problem["msg"].removeprefix("Value error, ") for problem in problems if problem["loc"][0] == name]
        return texts[0] if texts else None
    return None


def names_a_tenant(arguments: Mapping[str, Any]) -> bool:
    """Return whether any setting, even an invalid one, names a tenant or signs in to it.

    Parameters
    ----------
    arguments : mapping
        Arguments of a connection.
    """
    if any(arguments.get(name) is not None for name in _WHO):
        return True
    try:
        settings = Settings()
    except (ValidationError, UnicodeDecodeError):
        return True
    return any(getattr(settings, name) is not None for name in _WHO)


class _OfParent(BaseSettings):
    """What the process that started this one gives it: in its environment, never in a `.env` file."""

    model_config = SettingsConfigDict(env_prefix="STCRM_")

    served_sandbox: str | None = None


def read_served_sandbox() -> str | None:
    """Return the sandbox that the parent of this process runs for it, as JSON; None if there is none."""
    return _OfParent().served_sandbox


def read_cache_folder(folder: Path | None = None) -> Path:
    """Return the folder of the caches, without the rest of a connection's settings."""
    if folder:
        return folder.expanduser()
    settings = Settings()
    return _without_foreign(settings, _sources(settings, {})).cache_folder


def read_journal_folder(folder: Path | None = None) -> Path:
    """Return the folder of the journals, without the rest of a connection's settings."""
    notify_of_file()
    return (Settings(state_dir=folder) if folder else Settings()).journal_folder
