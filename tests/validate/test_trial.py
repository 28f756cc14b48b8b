"""What `make image` says about itself: nothing untried passes, and what is wrong is seen."""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from deploy.trial import __main__ as trial
from deploy.trial import base, context, course, engine, looked_at
from deploy.trial.contents import looked_through
from deploy.trial.engine import Engine, NotDone

PLANTED = "c0ffee" * 10
RIGHT: dict[str, Any] = {
    "config": {"User": "10001:10001", "Env": ["PATH=/opt/venv/bin"], "Labels": {"title": "B"}},
    "history": [{"created_by": "RUN pip install"}],
}
KEY = f"-----BEGIN PRIVATE KEY-----\n{'QUJD' * 16}\n-----END PRIVATE KEY-----\n"


def without_engines(name: str) -> str | None:
    return None if name in (*engine.ENGINES, "buildah") else f"/usr/bin/{name}"


def test_where_nothing_builds_images_it_was_not_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", without_engines)

    assert trial.main() == 3
    assert "NOT DONE: nothing here builds and runs images" in capsys.readouterr().out


def test_without_a_base_image_it_was_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE", "localhost/of-nobody:1")
    monkeypatch.setattr(Engine, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", ""))

    with pytest.raises(NotDone, match="localhost/of-nobody:1 is neither here nor fetched"):
        base.chosen(Engine("podman", "4"))


def image(
    folder: Path, files: dict[str, str] | None = None, deleted: dict[str, str] | None = None,
    **config: Any,
) -> Path:  # fmt: skip
    """An image as ``save`` writes it: ``files`` in its last layer, ``deleted`` in the one below."""
    archive = folder / "image.tar"
    layers = [deleted or {}, {"app/gateway/app.py": "x = 1\n", **(files or {})}]
    with tarfile.open(archive, "w") as tar:
        names = []
        for number, layer in enumerate(layers):
            names.append(f"{number}.tar")
            _add(tar, names[-1], _layer(layer))
        told = {**RIGHT, **config}
        _add(tar, "config.json", json.dumps(told).encode())
        _add(
            tar, "manifest.json", json.dumps([{"Config": "config.json", "Layers": names}]).encode()
        )
    return archive


def _layer(files: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for path, text in files.items():
            _add(tar, path, text.encode())
    return made.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    told = tarfile.TarInfo(name)
    told.size = len(content)
    tar.addfile(told, io.BytesIO(content))


def test_an_image_of_nothing_but_the_product_is_well(tmp_path: Path) -> None:
    seen = looked_through(image(tmp_path), PLANTED)

    assert (seen.faults, seen.layers, seen.files) == ((), 2, 1)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"files": {"app/chassis/notes.txt": PLANTED}}, "app/chassis/notes.txt holds a secret"),
        ({"deleted": {"tmp/copied": PLANTED}}, "tmp/copied holds a secret"),
        ({"files": {"opt/venv/tls": KEY}}, "opt/venv/tls holds a private key"),
        ({"files": {"app/.git/HEAD": "ref"}}, "app/.git/HEAD must not be"),
        ({"files": {"app/tests/test_x.py": ""}}, "app/tests/test_x.py must not be"),
        ({"files": {"app/deploy/image/secrets/a.env": ""}}, "secrets/a.env must not be"),
        ({"files": {"etc/pip.conf": ""}}, "etc/pip.conf must not be"),
        ({"config": {**RIGHT["config"], "User": ""}}, "runs as root"),
        ({"config": {**RIGHT["config"], "Env": ["CALLER_KEY=x"]}}, "tells CALLER_KEY"),
        ({"config": {**RIGHT["config"], "Labels": {"a": PLANTED}}}, "its labels holds a secret"),
        (
            {"history": [{"created_by": "|1 INDEX=https://me:hunter2@example.com/simple"}]},
            "its history holds an address with a password",
        ),
    ],
)  # fmt: skip
def test_what_must_stay_outside_is_found(tmp_path: Path, wrong: dict[str, Any], says: str) -> None:
    [fault] = looked_through(image(tmp_path, **wrong), PLANTED).faults

    assert says in fault


def test_secrets_lie_in_what_the_image_is_built_from(tmp_path: Path) -> None:
    context.copy(tmp_path, PLANTED)

    assert all(PLANTED in (tmp_path / name).read_text() for name in context.SECRETS)
    assert (tmp_path / "gateway/app.py").exists()


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("user", ["0"] * 4), ("capabilities", ["0000000000000000"] * 3 + ["00000000a80425fb"]),
        ("no new privileges", "0"), ("seccomp", "0"), ("root", "rw"), ("writable", ["/tmp", "/x"]),
    ],
)  # fmt: skip
def test_a_container_that_may_more_is_seen(what: str, instead: object) -> None:
    assert course.beyond(course.NOBODY) == []
    [said] = course.beyond({**course.NOBODY, what: instead})
    assert said.startswith(f"{what} is ")


def test_what_is_asked_inside_is_what_is_compared(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, looked_at.__file__, tmp_path], capture_output=True, text=True, check=True
    )
    seen = json.loads(done.stdout)

    assert set(seen) == set(course.NOBODY)
    assert seen["root"] in ("ro", "rw")
    assert seen["writable"] == [str(tmp_path)]
    assert seen["user"][0] == str(os.stat("/proc/1").st_uid)
