"""Each process gets every setting it reads: made for it, or passed on from who started all."""

from pathlib import Path

import pytest

from chassis.service import ServiceSettings
from chassis.settings import ProcessSettings
from deploy.check.app import Settings as AuditorSettings
from deploy.local.access import AUDITOR, PROCESSES, Access
from gateway.settings import Settings as GatewaySettings
from services.members.app import MembersSettings
from services.projections.app import Settings as ProjectionsSettings

SETTINGS: dict[str, type[ProcessSettings]] = {
    "members": MembersSettings,
    "booking": ServiceSettings,
    "billing": ServiceSettings,
    "access": ServiceSettings,
    "projections": ProjectionsSettings,
    "gateway": GatewaySettings,
    AUDITOR: AuditorSettings,
}
OF_A_CLUSTER = {
    "HEALTH_HOST", "HEALTH_PORT", "PARTS", "NATS_CA_FILE", "NATS_CERT_FILE", "NATS_KEY_FILE",
}  # fmt: skip
"""Here one process is all of its service, only the runner asks for its health, and the bus is
spoken to in plain text, on this machine."""


def read_by(process: str) -> list[str]:
    """The variables it reads."""
    return sorted({name.upper() for name in SETTINGS[process].model_fields} - OF_A_CLUSTER)


@pytest.mark.parametrize("process", SETTINGS)
def test_every_setting_of_a_process_reaches_it(
    process: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in read_by(process):
        monkeypatch.setenv(name, "told by the user")
    access = Access(
        tmp_path, postgres="postgresql://postgres@127.0.0.1/postgres", nats="nats://127.0.0.1",
        ports=dict.fromkeys(SETTINGS, 1),
    )  # fmt: skip

    reaching = access.environment(process)

    assert [name for name in read_by(process) if name not in reaching] == []


def test_every_process_is_looked_at() -> None:
    assert set(SETTINGS) == {*PROCESSES, AUDITOR}


def test_what_is_nobody_s_setting_reaches_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the user")
    access = Access(
        tmp_path, postgres="postgresql://postgres@127.0.0.1/postgres", nats="nats://127.0.0.1",
        ports=dict.fromkeys(SETTINGS, 1),
    )  # fmt: skip

    assert all("AWS_SECRET_ACCESS_KEY" not in access.environment(one) for one in SETTINGS)
