"""Throwing a data folder away: all of it, wherever it lies, unless something runs on it."""

import os
from pathlib import Path

import pytest

from deploy.commands import data
from deploy.local.runner import alone
from tests.local.typed import b2b


async def test_a_reset_throws_everything_away_where_it_lies_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, outside = tmp_path / "data", tmp_path / "outside"
    (folder / "secrets").mkdir(parents=True)
    outside.mkdir()
    (folder / "postgres").symlink_to(outside)
    monkeypatch.setenv("B2B_DATA", str(folder))

    assert await b2b("data", "reset", "--yes") == (0, f"{folder} is gone\n")
    assert os.listdir(tmp_path) == []
    assert await b2b("data", "reset", "--yes") == (0, f"nothing at {folder}\n")


def test_a_reset_that_cannot_throw_all_away_does_not_say_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "no-folder").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/postgres").symlink_to(tmp_path / "no-folder")

    with pytest.raises(OSError, match="no-folder"):
        data.reset(tmp_path / "data")


def test_a_reset_where_the_databases_are_gone_already(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/postgres").symlink_to(tmp_path / "gone")

    data.reset(tmp_path / "data")

    assert os.listdir(tmp_path) == []


async def test_what_runs_is_not_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("B2B_DATA", str(tmp_path))

    with alone(tmp_path):
        code, said = await b2b("data", "reset", "--yes")

    assert (code, said.split(":")[:2]) == (
        1,
        ["b2b", f" already running on {tmp_path} (process {os.getpid()})"],
    )
    assert "run.lock" in os.listdir(tmp_path)
