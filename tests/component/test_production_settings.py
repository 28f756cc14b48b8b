"""No process starts in production with a guessable secret or with development's tools."""

import asyncio
import base64
import json
import os
import sys
from typing import Any, get_args

import pytest
from pydantic import SecretBytes, SecretStr

from chassis.service import ServiceSettings
from chassis.settings import WRONG_SETTINGS, ProcessSettings, RelaySettings, known
from deploy.check.app import Settings as AuditorSettings
from deploy.schema import ROOT
from gateway.settings import Settings as GatewaySettings
from services.members.app import MembersSettings
from services.projections.app import Settings as ProjectionsSettings

GUESSABLE_KEY = base64.b64encode(bytes(32)).decode()
SOME_KEY = base64.b64encode(bytes(range(32))).decode()
ISSUER = {"issuer": "https://id.example", "audiences": ["a"], "algorithms": ["HS256"],
          "hs256_secret": "changeme" * 4}  # fmt: skip
PROCESSES: dict[str, type[ProcessSettings]] = {
    "services.members": MembersSettings,
    "services.booking": ServiceSettings,
    "services.billing": ServiceSettings,
    "services.access": ServiceSettings,
    "services.projections": ProjectionsSettings,
    "gateway": GatewaySettings,
    "deploy.check": AuditorSettings,
}


def secrets_of(settings: type[ProcessSettings]) -> dict[str, str]:
    """Every secret the settings have, by variable, each one guessable."""
    found = {}
    for name, field in settings.model_fields.items():
        kinds = {field.annotation, *_within(field.annotation)}
        if SecretStr in kinds:
            url = name.endswith("url")
            found[name] = "postgres://app:app@127.0.0.1/b2b" if url else "changemechangeme"
        elif SecretBytes in kinds or name == "master_keys":
            key = GUESSABLE_KEY
            found[name] = json.dumps({"1": key}) if name == "master_keys" else key
        elif name == "issuers":
            found[name] = json.dumps([ISSUER])
    return {name.upper(): value for name, value in found.items()}


def _within(annotation: Any) -> set[Any]:
    """The types an annotation is made of."""
    return {each for one in get_args(annotation) for each in (one, *_within(one))}


def needed(settings: type[ProcessSettings]) -> dict[str, str]:
    """What is no secret and has no default."""
    secret = secrets_of(settings)
    return {
        name.upper(): "nats://127.0.0.1:1"
        for name, field in settings.model_fields.items()
        if field.is_required() and name.upper() not in secret
    }


async def started(process: str, environment: dict[str, str]) -> tuple[int | None, str]:
    """How it ended, and what it said."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", process, cwd=ROOT, env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await asyncio.wait_for(running.communicate(), 60)
    return running.returncode, said.decode()


@pytest.mark.parametrize("process", PROCESSES)
async def test_a_process_names_every_guessable_secret_and_does_not_start(process: str) -> None:
    settings = PROCESSES[process]
    guessable = secrets_of(settings) | {"B2B_CLOCK_FILE": "clock"}

    code, said = await started(process, needed(settings) | guessable)  # production by default

    assert code == WRONG_SETTINGS, said
    for name in guessable:
        assert f"{name}: " in said, f"{process} starts with a guessable {name}"
    for value in ("changeme", GUESSABLE_KEY, "app:app"):
        assert value not in said


def test_every_service_has_secrets_to_guess() -> None:
    assert set(secrets_of(RelaySettings)) == {
        "NATS_PASSWORD", "CALLER_KEY", "RELAY_DATABASE_URL", "RELAY_NATS_PASSWORD",
    }  # fmt: skip
    assert {"MASTER_KEYS", "VAULT_DATABASE_URL"} <= set(secrets_of(MembersSettings))
    assert {"ISSUERS", "DATABASE_URL"} <= set(secrets_of(GatewaySettings))


def kinds_of(settings: type[ProcessSettings]) -> Any:
    return {name: field.annotation for name, field in settings.model_fields.items()}


@pytest.mark.parametrize(
    "settings", dict.fromkeys(PROCESSES.values()), ids=lambda kind: kind.__module__
)
def test_a_secret_is_typed_as_one(settings: type[ProcessSettings]) -> None:
    """Anything called a key or a password must be of a type the check above looks at."""
    for name, kind in kinds_of(settings).items():
        if name.endswith(("password", "key", "keys", "secret", "database_url")):
            assert name.upper() in secrets_of(settings), f"{name}: {kind}"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ORIGINS", "*"),
        ("ORIGINS", "https://*.example"),
        ("ORIGINS", "https://app.example/path"),
        ("ORIGINS", "app.example"),
        ("ONLY_TRUSTED_DOCUMENTS", "true"),
        ("TRUSTED_DOCUMENTS", "nowhere.json"),
        ("COST_BURST", "10"),
        ("ADDRESS_RATE", "0"),
        ("RECHECK_SECONDS", "20.5"),
        ("ISSUERS", json.dumps([ISSUER | {"hs256_secret": "x" * 8}])),
    ],
)
def test_the_gateway_refuses_settings_that_would_open_it(
    variable: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    environment = needed(GatewaySettings) | secrets_of(GatewaySettings) | {"ISSUERS": ""}
    environment |= {"B2B_ENV": "development", "CALLER_KEY": SOME_KEY, variable: value}
    for name, text in environment.items():
        monkeypatch.setenv(name, text)

    with pytest.raises(SystemExit) as ended:
        known(GatewaySettings, name="gateway")

    said = capsys.readouterr().err
    assert ended.value.code == WRONG_SETTINGS, said
    names = {"ONLY_TRUSTED_DOCUMENTS": "TRUSTED_DOCUMENTS"}
    assert said.splitlines()[1].startswith(f"{names.get(variable, variable)}: "), said
