"""What `make security` says about itself: nothing that was not looked at passes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from deploy.security import __main__ as security
from deploy.security import dependencies, fuzzing, walls
from deploy.security.advisories import _is_inside
from deploy.security.found import Found, Verdict, ran

ANSWERS = {"good": Verdict.PASSED, "bad": Verdict.FAILED, "unknown": Verdict.NOT_DONE}


@pytest.mark.parametrize(
    ("wanted", "code"),
    [(["good"], 0), (["good", "unknown"], 3), (["bad"], 1), (["bad", "unknown"], 1),
     (["nothing of the kind"], 2)],
)  # fmt: skip
def test_only_what_was_looked_at_and_is_well_passes(
    monkeypatch: pytest.MonkeyPatch, wanted: list[str], code: int
) -> None:
    parts = {name: lambda verdict=verdict: Found(verdict, ()) for name, verdict in ANSWERS.items()}
    monkeypatch.setattr(security, "PARTS", parts)

    assert security.main(wanted) == code


def test_a_part_that_does_not_end_has_not_been_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless() -> Found:
        ran([sys.executable, "-c", "import time; time.sleep(600)"], seconds=0.2)
        raise AssertionError("it was waited for")

    monkeypatch.setattr(security, "PARTS", {"endless": endless})

    assert security.main([]) == 3


@pytest.mark.parametrize(
    ("body", "verdict"),
    [("pass", Verdict.PASSED), ("pytest.skip('not on this machine')", Verdict.NOT_DONE),
     ("raise ValueError", Verdict.FAILED)],
)  # fmt: skip
def test_a_part_whose_tests_were_left_out_has_not_been_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, verdict: Verdict
) -> None:
    (tmp_path / "test_it.py").write_text(f"import pytest\n\ndef test_it():\n    {body}\n")
    monkeypatch.setattr(walls, "TESTS", {"walls": (str(tmp_path),)})

    assert walls.walls_stand().verdict is verdict


def answered(stdout: str, returncode: int = 0) -> Any:
    return lambda *_, **__: subprocess.CompletedProcess([], returncode, stdout, "no route to host")


@pytest.mark.parametrize(
    "stdout", ["", "No known vulnerabilities found", json.dumps({"dependencies": []})]
)
def test_an_audit_that_reached_nothing_has_not_been_done(
    monkeypatch: pytest.MonkeyPatch, stdout: str
) -> None:
    monkeypatch.delenv("ADVISORIES", raising=False)
    monkeypatch.setattr(dependencies, "tool", answered(stdout))

    assert dependencies.vulnerabilities().verdict is Verdict.NOT_DONE


def test_a_folder_that_is_no_clone_has_nothing_to_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ADVISORIES", str(tmp_path))

    assert dependencies.vulnerabilities().verdict is Verdict.NOT_DONE


@pytest.mark.parametrize(
    ("licence", "verdict"),
    [
        ("MIT", Verdict.PASSED),
        ("Apache-2.0 OR BSD-3-Clause", Verdict.PASSED),
        ("GNU General Public License v3 (GPLv3)", Verdict.FAILED),
        ("LGPL-3.0-only", Verdict.FAILED),
        ("UNKNOWN", Verdict.FAILED),
    ],
)
def test_a_licence_that_binds_or_is_not_known_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, licence: str, verdict: Verdict
) -> None:
    told = json.dumps([{"Name": "some_package", "License": licence}])
    monkeypatch.setattr(dependencies, "tool", answered(told))

    assert dependencies.licences().verdict is verdict


@pytest.mark.parametrize(
    ("version", "inside"),
    [("1.0", False), ("1.1", True), ("1.4.9", True), ("1.5", False), ("2.0", True), ("3.1", False)],
)
def test_a_version_is_affected_from_its_introduction_to_its_fix(version: str, inside: bool) -> None:
    events = [{"introduced": "1.1"}, {"fixed": "1.5"}, {"introduced": "2.0"},
              {"last_affected": "3.0"}]  # fmt: skip

    assert _is_inside(Version(version), events) is inside


# What is fuzzed is started first ----------------------------------------------------------------


def program(text: str) -> list[str]:
    return [sys.executable, "-u", "-c", text]


def test_what_does_not_start_says_why() -> None:
    ends = fuzzing.started(program("print('no port is free')"), {})
    with pytest.raises(fuzzing.NotStarted, match="no port is free"), ends:
        raise AssertionError("it never was ready")


def test_what_never_is_ready_is_not_waited_for_without_end() -> None:
    text = "import time; print('starting'); time.sleep(600)"
    waits = fuzzing.started(program(text), {}, within=3)
    with pytest.raises(fuzzing.NotStarted, match="not ready after 3 s"), waits:
        raise AssertionError("it never was ready")


def test_what_is_ready_runs_as_long_as_the_block(tmp_path: Path) -> None:
    ends = tmp_path / "ended"
    text = f"""
import pathlib, time
try:
    print("ready: now")
    time.sleep(600)
finally:
    pathlib.Path({str(ends)!r}).touch()
"""
    with fuzzing.started(program(text), {}):
        assert not ends.exists()
    assert ends.exists()


def test_an_installation_that_did_not_start_was_not_fuzzed(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> Found:
        raise fuzzing.NotStarted(("no port is free",))

    monkeypatch.setattr(fuzzing, "_asked", asked)

    found = fuzzing.gateway_withstands_anything()
    assert (found.verdict, found.told[-1]) == (Verdict.NOT_DONE, "no port is free")
