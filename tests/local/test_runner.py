"""One command brings everything up, says what is in the way, and takes everything down."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.local import servers
from deploy.local.places import CannotStart, free_port
from deploy.local.postgres import Postgres
from deploy.local.runner import alone
from deploy.local.servers import must_have_disk_space
from deploy.local.settings import read_settings
from deploy.schema import ROOT
from tests.world.stopwatch import Stopwatch

TINY_RUN = """
import sys
from dataclasses import replace
from deploy.local import runner
from deploy.local.settings import read_settings
real = runner.program
def tiny(installation, name):
    command = (sys.executable, "-m", "tests.local.tiny")
    return replace(real(installation, name), command=command)
runner.program = tiny
sys.exit(runner.main(read_settings()))
"""
"""The runner with real servers and tiny processes in the services' places."""


@contextmanager
def running(data: Path, port: int, **settings: str) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ, "B2B_DATA": str(data), "GATEWAY_PORT": str(port), "B2B_DEMO": "0", **settings,
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", TINY_RUN],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()


def until_ready(process: subprocess.Popen[str]) -> list[str]:
    """Its lines up to and including the one that says where it is."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if line.startswith("ready:"):
            return lines
    raise AssertionError("\n".join(lines))


@pytest.fixture
def folder(data: Path) -> Path:
    """A data folder of its own, where an unprivileged Postgres may enter."""
    return data / f"run-{time.monotonic_ns()}"


def test_everything_comes_up_and_goes_down_within_ten_seconds(folder: Path) -> None:
    port = free_port()
    with running(folder, port) as process:
        lines = until_ready(process)
        children = psutil.Process(process.pid).children(recursive=True)

        with Stopwatch() as took:
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=60)

    assert took.seconds < 10
    assert process.returncode == 0
    assert "ready:" not in rest
    assert lines[-1] == f"ready: http://127.0.0.1:{port}"
    assert "members     | serving" in lines
    order = [line for line in lines if "serving" in line or "starting" in line]
    assert order.index("gateway     | serving") == len(order) - 1
    assert len(children) >= 6  # two servers, four processes
    gone, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    assert gone


def test_data_survives_and_a_second_run_on_it_is_refused(folder: Path) -> None:
    with running(folder, free_port()) as first:
        until_ready(first)
        with running(folder, free_port()) as second:
            said, _ = second.communicate(timeout=60)
        assert second.returncode == 1
        assert f"already running on {folder}" in said
        assert str(first.pid) in said
    with running(folder, free_port()) as again:
        lines = until_ready(again)
    assert not any(".sql" in line for line in lines)  # nothing left to migrate


def test_a_killed_runner_leaves_no_orphans(folder: Path) -> None:
    with running(folder, free_port()) as process:
        until_ready(process)
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()

    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


def test_a_taken_port_is_named_with_its_setting(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(folder, port) as process:
            said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert f"port {port} cannot be used" in said
    assert "GATEWAY_PORT" in said


def test_a_server_that_is_not_there_is_one_line_with_its_setting(folder: Path) -> None:
    nowhere = f"postgresql://postgres@127.0.0.1:{free_port()}/postgres"
    with running(folder, free_port(), POSTGRES_URL=nowhere) as process:
        said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert said.splitlines()[-1].startswith("cannot start: POSTGRES_URL cannot be used: ")
    assert "Traceback" not in said


def test_a_process_s_wrong_setting_is_named_before_the_demo_is_made(folder: Path) -> None:
    with running(folder, free_port(), B2B_DEMO="1", ADDRESS_RATE="lots") as process:
        said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "cannot start: wrong settings of gateway: ADDRESS_RATE: Input should be a" in said
    assert "starting members" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GATEWAY_PORT", "http"),
        ("GATEWAY_PORT", "70000"),
        ("POSTGRES_URL", "mysql://localhost"),
        ("NATS_SERVER_URL", "localhost:4222"),
        ("B2B_DEMO", "perhaps"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(CannotStart, match=f"wrong settings: {variable}"):
        read_settings()


def test_a_folder_in_use_is_refused_in_the_same_process_too(folder: Path) -> None:
    with alone(folder), pytest.raises(CannotStart, match="already running"), alone(folder):
        pass


def test_data_of_another_postgres_is_refused_with_a_way_out(folder: Path) -> None:
    folder.mkdir()
    postgres = Postgres(folder, "secret")
    cluster = postgres.home / "cluster"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("15\n")

    with pytest.raises(CannotStart, match=r"made by Postgres 15, this is Postgres 18: .*PG_BIN"):
        postgres.start()


def test_a_full_disk_is_called_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(servers, "ENOUGH_DISK", 10**9)

    with pytest.raises(CannotStart, match="the disk is full"):
        must_have_disk_space(tmp_path)


def test_programs_that_are_not_there_are_named_with_their_setting(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("PG_BIN", "/nowhere")
    folder.mkdir()

    with pytest.raises(CannotStart, match="PG_BIN=/nowhere"):
        Postgres(folder, "secret")
