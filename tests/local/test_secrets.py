"""Secrets of an installation with containers: who may read which file, whoever writes them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.commands import secrets

MOUNTED = {"database-admin", "database-roles", "nats-passwords"}
"""Folders that containers read as other users than ours (deploy/image/compose.yaml)."""


@pytest.fixture(params=[0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_containers_read_what_is_mounted_and_nobody_else_enters(
    umask: None, tmp_path: Path
) -> None:
    folder = tmp_path / "secrets"

    told = CliRunner().invoke(secrets.cli, ["files", str(folder)])

    assert told.exit_code == 0, told.output
    assert mode(folder) == 0o700
    assert {one.name for one in folder.iterdir() if one.is_dir()} == MOUNTED
    assert {mode(folder / one) for one in MOUNTED} == {0o755}
    assert {mode(file) for one in MOUNTED for file in (folder / one).iterdir()} == {0o644}
    assert {mode(file) for file in folder.glob("*.env")} == {0o600}
