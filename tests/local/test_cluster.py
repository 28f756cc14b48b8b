"""The first installation as a cluster does it: its secrets, an admin of few rights, its bus."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from contracts.ids import new_id
from deploy.local.access import AUDITOR, PROCESSES
from deploy.local.places import free_port
from deploy.local.runner import MODULES
from deploy.local.supervisor import Program, Supervisor
from deploy.schema import ROOT
from deploy.trial.servers import Servers

SHIPPED = ROOT / "deploy/kubernetes"
OWNER = {"email": "owner@oak.example", "password": "correct horse battery"}


@dataclass(frozen=True)
class Cluster:
    """Two servers as they are shipped, and the secrets of an installation."""

    secrets: Path
    nats_url: str

    def environment(self, name: str, **more: str) -> dict[str, str]:
        """What the manifests tell ``name``, at this machine's addresses."""
        told = (*_lines(SHIPPED / "base/settings.env"), *_lines(self.secrets / f"{name}.env"))
        known = dict(line.split("=", 1) for line in told)
        return {"PATH": os.environ["PATH"], **known, "NATS_URL": self.nats_url, **more}

    def b2b(self, *words: str, **environment: str) -> str:
        """What the command says. Raises when it fails."""
        told = self.environment("operator", NATS_USER="operator", **environment)
        done = subprocess.run(
            [sys.executable, "-m", "deploy.cli", *words],
            env=told, cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


def _invent_secrets(folder: Path, server: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "deploy.cli", "secrets", "files", folder, "--postgres", server],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip


def _lines(file: Path) -> list[str]:
    lines = file.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def cluster(data: Path) -> Iterator[Cluster]:
    """Postgres with ``b2b_admin`` as CloudNativePG makes it, NATS with the accounts as shipped."""
    home, folder = data / "cluster", data / "cluster-secrets"
    home.mkdir()
    servers = Servers(home)
    _invent_secrets(folder, servers.postgres)
    servers.start(
        (folder / "database-admin/password").read_text(),
        (folder / "nats-passwords/passwords.conf").read_text(),
    )
    yield Cluster(folder, servers.nats)
    servers.stop()


@pytest.fixture(scope="module")
def prepared(cluster: Cluster) -> Cluster:
    """After the jobs ``prepare`` and ``streams``."""
    admin = cluster.environment("database-admin")["ADMIN_URL"]
    roles = str(cluster.secrets / "database-roles")
    for _ in range(2):  # the second time nothing is left to do
        cluster.b2b("databases", "--passwords", roles, ADMIN_URL=admin)
    cluster.b2b("migrate", "--phase", "pre")
    cluster.b2b("streams", "--replicas", "1")
    return cluster


async def test_an_admin_who_is_no_superuser_makes_roles_without_rights_over_rows(
    prepared: Cluster,
) -> None:
    db = await asyncpg.connect(prepared.environment("database-admin")["ADMIN_URL"])
    mighty = await db.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname NOT LIKE 'pg_%' AND rolname <> 'postgres'"
        " AND (rolsuper OR rolbypassrls)"
    )
    await db.close()
    assert mighty == []


@pytest.mark.timeout(300)  # seven processes and as many commands, each with its imports
async def test_every_process_starts_with_its_secrets_and_a_gym_is_opened(
    prepared: Cluster,
) -> None:
    ports = {name: free_port() for name in (*PROCESSES, AUDITOR, "door")}
    supervisor, said = Supervisor(lambda name, line: said.append(f"{name}: {line}")), list[str]()
    try:
        for wave in (PROCESSES, (AUDITOR,)):
            await supervisor.start(*(_program(prepared, name, ports) for name in wave))
        prepared.b2b(
            "gym", "register", "oak", "--name", "Oak", "--owner-name", "Olga",
            "--owner-email", OWNER["email"], OWNER_PASSWORD=OWNER["password"],
        )  # fmt: skip
        assert await _signed_in(f"http://127.0.0.1:{ports['door']}/graphql"), said
        looked = prepared.b2b("check")  # fails when an invariant does not hold
        assert "NO: " not in looked
        assert "I1 " in looked
    finally:
        await supervisor.drain(10)


def _program(cluster: Cluster, name: str, ports: dict[str, int]) -> Program:
    more = {"NATS_USER": name, "HEALTH_PORT": str(ports[name]), "HEALTH_HOST": "127.0.0.1"}
    if name == "gateway":
        more |= {"GATEWAY_PORT": str(ports["door"])}
    elif name not in ("projections", AUDITOR):
        more |= {"RELAY_NATS_USER": f"{name}_relay"}
    return Program(
        name=name,
        command=(sys.executable, "-m", MODULES.get(name, f"services.{name}")),
        environment=cluster.environment(name, **more),
        health_port=ports[name],
        folder=str(ROOT),
    )


async def _signed_in(url: str) -> bool:
    """Whether the owner gets a token."""
    document = """mutation ($input: SignInInput!) {
        signIn(input: $input) { tokens { accessToken } userErrors { code } } }"""
    asked = {"idempotencyKey": str(new_id()), "gym": "oak", **OWNER}
    async with httpx.AsyncClient(timeout=60) as http:
        answer = await http.post(url, json={"query": document, "variables": {"input": asked}})
    told = json.loads(answer.text)
    return bool(told["data"]["signIn"]["tokens"])
