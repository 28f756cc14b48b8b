"""What the environment says, read once at the start. A wrong or missing setting stops the start.

Attribute names are the variables' names in lower case. Every process has ``ProcessSettings``; the
other classes are mixed in by need: ``class BookingSettings(BusSettings, DatabaseSettings)``.
"""

import base64
import binascii
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretBytes,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from chassis import guessable
from chassis.clock import Clock, MovableClock, SystemClock
from chassis.guessable import KEY_BYTES
from chassis.issuers import ExternalIssuer, each_once
from chassis.nats_access import NatsAccess, TlsFiles, tls

WRONG_SETTINGS = 2
"""Exit code of a process whose environment is wrong: trying again would say the same."""

S = TypeVar("S", bound="ProcessSettings")
Part = Literal["commands", "relay", "deadlines", "reactions"]


class WrongSettings(Exception):
    """The environment does not say what the process needs. The text names variables, no values."""


def _key(text: object) -> object:
    """The bytes in base64 ``text``; a message that never repeats the text."""
    if not isinstance(text, str):
        return text
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("must be base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"must be base64 of {KEY_BYTES} bytes")
    return key


def listed(text: object) -> object:
    """``"a, b"`` -> ``["a", "b"]``; for settings that are lists."""
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else text


Key = Annotated[SecretBytes, BeforeValidator(_key)]
Keys = Annotated[tuple[Key, ...], NoDecode, BeforeValidator(listed), Field(min_length=1)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(listed)]


class ProcessSettings(BaseSettings):
    """What every process needs."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    b2b_env: Literal["development", "production"] = "production"
    b2b_clock_file: Path | None = None
    """Moves the clock of all processes at once. Development only."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    health_port: int | None = Field(default=None, ge=0, le=65535)
    """None: the process has its own web server and answers health questions there."""
    health_host: IPv4Address | IPv6Address = IPv4Address("127.0.0.1")
    otel_exporter_otlp_endpoint: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """A collector's, without the path; None: no span is kept."""
    trace_sample_ratio: float = Field(default=0.1, ge=0, le=1)
    """Of the traces that begin in this process; others' are followed as they say."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, level: object) -> object:
        return level.lower() if isinstance(level, str) else level

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if self.b2b_env == "production":
            faults = list(_unfit(self))
            if faults:
                raise ValueError("; ".join(faults))
        return self

    @property
    def separate_health_port(self) -> int | None:
        """Where a server only for health questions listens, if there is to be one."""
        return self.health_port

    def clock(self) -> Clock:
        """The clock this process goes by."""
        return MovableClock(self.b2b_clock_file) if self.b2b_clock_file else SystemClock()


class BusSettings(ProcessSettings):
    """A process that asks or answers over NATS."""

    nats_url: str
    """``nats://`` for plain text, ``tls://`` for TLS."""
    nats_ca_file: Path | None = None
    """PEM: who may have signed the server's certificate; None: whom this machine trusts."""
    nats_cert_file: Path | None = None
    nats_key_file: Path | None = None
    """PEM: our own certificate, where the server asks for one."""
    nats_user: str
    nats_password: SecretStr
    caller_key: Keys
    """Prove who is asking; the same in all processes. The first signs, every one is believed: so a
    key can be changed while old and new processes talk."""

    @property
    def caller_keys(self) -> tuple[bytes, ...]:
        """At least one; the first signs."""
        return tuple(key.get_secret_value() for key in self.caller_key)

    @model_validator(mode="after")
    def _files_are_for_tls(self) -> Self:
        self.nats_tls  # noqa: B018 - raises
        return self

    @property
    def nats_tls(self) -> TlsFiles | None:
        """None: in plain text."""
        return tls(self.nats_url, self.nats_ca_file, self.nats_cert_file, self.nats_key_file)

    @property
    def nats(self) -> NatsAccess:
        password = self.nats_password.get_secret_value()
        return NatsAccess(self.nats_url, self.nats_user, password, self.nats_tls)


class DatabaseSettings(ProcessSettings):
    """A process with a database."""

    database_url: SecretStr


class RelaySettings(BusSettings):
    """An event-sourced service: its relay reads the store and writes the stream as its own user."""

    relay_database_url: SecretStr
    relay_nats_user: str
    relay_nats_password: SecretStr
    parts: Annotated[frozenset[Part], NoDecode, BeforeValidator(listed)] = frozenset(get_args(Part))
    """What of the service runs in this process."""

    @property
    def relay_nats(self) -> NatsAccess:
        password = self.relay_nats_password.get_secret_value()
        return NatsAccess(self.nats_url, self.relay_nats_user, password, self.nats_tls)


class VaultSettings(ProcessSettings):
    """The process that keeps the keys of personal data."""

    vault_database_url: SecretStr
    master_keys: dict[int, Key] = Field(min_length=1)
    """Version -> key; one seals, all open."""
    sealing_version: int | None = None
    """Which seals; the highest when not told. Told while processes without the newest still run."""

    @field_validator("sealing_version")
    @classmethod
    def _is_there(cls, version: int | None, told: ValidationInfo) -> int | None:
        if version is not None and version not in told.data.get("master_keys", {}):
            raise ValueError("MASTER_KEYS has no key of this version")
        return version


class TokenSettings(ProcessSettings):
    """A process that makes or checks our own access tokens."""

    token_issuer: str = "back2back"  # noqa: S105 - a name, not a secret
    token_audience: str = "back2back"  # noqa: S105


class EdgeSettings(TokenSettings):
    """The process the internet talks to."""

    gateway_host: IPv4Address | IPv6Address = IPv4Address("127.0.0.1")
    gateway_port: int = Field(default=8080, ge=0, le=65535)
    issuers: Annotated[tuple[ExternalIssuer, ...], AfterValidator(each_once)] = ()
    """External identity providers."""
    trusted_proxies: Networks = ()
    """Networks whose ``X-Forwarded-For`` is believed: the proxy in front, if there is one."""
    recheck_seconds: float = Field(default=20.0, gt=0, le=20)
    """Between looks whether who opened a live connection still may."""

    @property
    def separate_health_port(self) -> int | None:
        """None when it is the gateway's own port: then its own server answers."""
        return None if self.health_port == self.gateway_port else self.health_port


def load(settings: type[S]) -> S:
    """The settings in this process's environment; empty variables count as missing.

    Raises ``WrongSettings`` with one line a fault, each naming the variable.
    """
    try:
        return settings()
    except ValidationError as error:
        told = (_told(fault["loc"], fault["msg"]) for fault in error.errors(include_input=False))
        raise WrongSettings("\n".join(told)) from None
    except SettingsError as error:
        raise WrongSettings(_unparsed(settings, str(error))) from None


def known(settings: type[S], *, name: str) -> S:
    """The settings of process ``name``, or its end, with each fault said, by exit code 2."""
    try:
        return load(settings)
    except WrongSettings as error:
        sys.stderr.write(f"{name} cannot start:\n{error}\n")
        sys.exit(WRONG_SETTINGS)


def _told(place: tuple[int | str, ...], message: str) -> str:
    """``NATS_URL: field required``; a fault of the whole says itself which variable."""
    message = message.removeprefix("Value error, ")
    return f"{str(place[0]).upper()}: {message}" if place else message


def _unparsed(settings: type[ProcessSettings], message: str) -> str:
    """The variable whose JSON does not parse; the settings library names its field in quotes."""
    names = [name for name in settings.model_fields if f'"{name}"' in message]
    return f"{(names or ['a variable'])[0].upper()}: must be JSON"


def _unfit(settings: ProcessSettings) -> Iterator[str]:
    """What must not reach production: development's tools, and secrets anybody could guess."""
    if settings.b2b_clock_file:
        yield "B2B_CLOCK_FILE: only for development; production goes by the machine's clock"
    for name in type(settings).model_fields:
        yield from guessable.faults(name.upper(), getattr(settings, name))
