"""Wrong settings stop the start, name the variable and tell no value."""

import base64
import os
from pathlib import Path

import pytest

from chassis.clock import MovableClock, SystemClock
from chassis.nats_access import TlsFiles
from chassis.settings import (
    DatabaseSettings,
    EdgeSettings,
    ProcessSettings,
    RelaySettings,
    VaultSettings,
    WrongSettings,
    load,
)

KEY = base64.b64encode(bytes(range(32))).decode()
GOOD = {
    "B2B_ENV": "production",
    "NATS_URL": "nats://127.0.0.1:4222",
    "NATS_USER": "booking",
    "NATS_PASSWORD": "jrW0s9nLkq1dYfQz",
    "CALLER_KEY": KEY,
    "DATABASE_URL": "postgres://app:jrW0s9nLkq1dYfQz@127.0.0.1/b2b_booking",
    "RELAY_DATABASE_URL": "postgres://relay@/b2b_booking?host=/run/postgresql",
    "RELAY_NATS_USER": "booking_relay",
    "RELAY_NATS_PASSWORD": "jrW0s9nLkq1dYfQz",
}


class BookingSettings(RelaySettings, DatabaseSettings):
    """What an event-sourced service needs."""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with nothing but ``GOOD`` in it."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_whole_environment_is_taken_over(environment: pytest.MonkeyPatch) -> None:
    settings = load(BookingSettings)

    assert settings.caller_keys == (bytes(range(32)),)
    assert settings.nats.user == "booking"
    assert settings.relay_nats.user == "booking_relay"
    assert settings.parts == {"commands", "relay", "deadlines", "reactions"}
    assert isinstance(settings.clock(), SystemClock)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NATS_URL", ""),
        ("CALLER_KEY", "n0t-base64!"),
        ("CALLER_KEY", base64.b64encode(b"short").decode()),
        ("CALLER_KEY", f"{KEY},"),
        ("HEALTH_PORT", "Xport"),
        ("HEALTH_PORT", "99999"),
        ("TRACE_SAMPLE_RATIO", "7.125"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "Xcollector:4318"),
        ("LOG_LEVEL", "Xloud"),
        ("B2B_ENV", "Xstaging"),
        ("PARTS", "commands,Xcoffee"),
    ],
)
def test_a_wrong_setting_names_its_variable_and_not_its_value(
    environment: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    environment.setenv(variable, value)

    with pytest.raises(WrongSettings) as caught:
        load(BookingSettings)

    assert str(caught.value).startswith(f"{variable}: ")
    assert not value or value not in str(caught.value)


def test_every_missing_variable_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("NATS_USER")
    environment.delenv("DATABASE_URL")

    with pytest.raises(WrongSettings, match=r"(?s)NATS_USER: .*DATABASE_URL: |DATABASE_URL: .*"):
        load(BookingSettings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("B2B_CLOCK_FILE", "/tmp/clock"),
        ("NATS_PASSWORD", "short"),
        ("NATS_PASSWORD", "changemechangeme"),
        ("CALLER_KEY", base64.b64encode(bytes(32)).decode()),
        ("CALLER_KEY", f"{KEY},{base64.b64encode(bytes(32)).decode()}"),
        ("DATABASE_URL", "postgres://app:app@127.0.0.1/b2b_booking"),
    ],
)
def test_production_refuses_what_is_for_development_only(
    environment: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    environment.setenv(variable, value)

    with pytest.raises(WrongSettings, match=f"^{variable}: "):
        load(BookingSettings)

    environment.setenv("B2B_ENV", "development")
    load(BookingSettings)


def test_the_clock_can_be_moved_in_development(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("B2B_ENV", "development")
    environment.setenv("B2B_CLOCK_FILE", str(tmp_path / "clock"))

    assert isinstance(load(ProcessSettings).clock(), MovableClock)


def test_settings_never_show_a_secret(environment: pytest.MonkeyPatch) -> None:
    shown = repr(load(BookingSettings)) + repr(load(BookingSettings).nats)

    assert "jrW0s9nLkq1dYfQz" not in shown
    assert KEY not in shown


def test_master_keys_are_numbered(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("VAULT_DATABASE_URL", "postgres:///b2b_vault")
    environment.setenv("MASTER_KEYS", f'{{"1": "{KEY}"}}')
    [(number, key)] = load(VaultSettings).master_keys.items()
    assert (number, key.get_secret_value()) == (1, bytes(range(32)))

    for wrong in ('{"1": "n0t-base64!"}', "{{n0t", "{}"):
        environment.setenv("MASTER_KEYS", wrong)
        with pytest.raises(WrongSettings, match=r"^MASTER_KEYS: ") as caught:
            load(VaultSettings)
        assert "n0t" not in str(caught.value)


def test_of_several_caller_keys_the_first_signs(environment: pytest.MonkeyPatch) -> None:
    newer = bytes(range(1, 33))
    environment.setenv("CALLER_KEY", f"{base64.b64encode(newer).decode()}, {KEY}")

    assert load(BookingSettings).caller_keys == (newer, bytes(range(32)))


def test_the_version_that_seals_must_be_there(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("VAULT_DATABASE_URL", "postgres:///b2b_vault")
    environment.setenv("MASTER_KEYS", f'{{"1": "{KEY}", "2": "{KEY}"}}')
    assert load(VaultSettings).sealing_version is None

    environment.setenv("SEALING_VERSION", "1")
    assert load(VaultSettings).sealing_version == 1

    environment.setenv("SEALING_VERSION", "3")
    with pytest.raises(WrongSettings, match=r"^SEALING_VERSION: MASTER_KEYS has no key of this"):
        load(VaultSettings)


def test_proxies_are_believed_by_name_only(environment: pytest.MonkeyPatch) -> None:
    assert load(EdgeSettings).trusted_proxies == ()

    environment.setenv("TRUSTED_PROXIES", "10.1.0.0/16, fd00::/8")
    believed = load(EdgeSettings).trusted_proxies
    assert [str(network) for network in believed] == ["10.1.0.0/16", "fd00::/8"]

    environment.setenv("TRUSTED_PROXIES", "anybody")
    with pytest.raises(WrongSettings, match=r"^TRUSTED_PROXIES: "):
        load(EdgeSettings)


def test_the_gateway_answers_health_questions_on_its_own_port(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("GATEWAY_PORT", "8080")
    environment.setenv("HEALTH_PORT", "8080")
    assert load(EdgeSettings).separate_health_port is None

    environment.setenv("HEALTH_PORT", "8081")
    assert load(EdgeSettings).separate_health_port == 8081


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"NATS_CA_FILE": "/etc/tls/ca.crt"}, "NATS_URL: must be tls://"),
        ({"NATS_URL": "tls://nats:4222", "NATS_CERT_FILE": "/x.crt"}, "NATS_CERT_FILE, NATS_KEY"),
        ({"NATS_URL": "tls://nats:4222", "NATS_KEY_FILE": "/x.key"}, "NATS_CERT_FILE, NATS_KEY"),
    ],
)
def test_files_for_tls_are_told_all_or_none(
    environment: pytest.MonkeyPatch, told: dict[str, str], says: str
) -> None:
    for name, value in told.items():
        environment.setenv(name, value)

    with pytest.raises(WrongSettings, match=says):
        load(BookingSettings)


def test_the_relay_trusts_whom_the_service_trusts(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("NATS_URL", "tls://nats:4222")
    environment.setenv("NATS_CA_FILE", "/etc/nats-tls/ca.crt")
    settings = load(BookingSettings)

    assert settings.nats.tls == settings.relay_nats.tls == TlsFiles(Path("/etc/nats-tls/ca.crt"))
