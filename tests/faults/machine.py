"""Disks and networks of a test's own; what this machine cannot do skips the test, by name."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.places import unprivileged_user
from tests.world.programs import must_have

MB = 1_000_000


def run(*words: object) -> str:
    """What a program says. Raises ``AssertionError`` with its complaint."""
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def must_be_able_to(*programs: str) -> None:
    """Skip the test, loudly, where we are not root or lack one of ``programs``."""
    if os.geteuid() != 0:
        pytest.skip("needs root: to mount disks and to make networks")
    must_have(*programs)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """``folder`` as a disk of its own that holds so much, whoever may write to it."""
    must_be_able_to("mount", "umount")
    folder.mkdir(parents=True, exist_ok=True)
    tried = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if tried.returncode:
        pytest.skip(f"needs to mount a tmpfs: {tried.stderr.strip()}")
    if user := unprivileged_user():
        shutil.chown(folder, user)
    try:
        yield folder
    finally:
        run("umount", "--lazy", folder)


def fill(folder: Path) -> Path:
    """A file that takes whatever is left under ``folder``; unlink it to make room again."""
    filler = folder / "filler"
    block = bytes(MB)
    with filler.open("wb", buffering=0) as out:
        for much in (block, block[:512]):
            try:
                while True:
                    out.write(much)
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise
    return filler


def free_on(folder: Path) -> int:
    """Bytes that are left on its disk."""
    return shutil.disk_usage(folder).free


class DiskImage:
    """A file with a file system in it, to be mounted, copied under power and mounted again."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        must_be_able_to("mount", "umount", "mkfs.ext4", "losetup")
        self.folder = folder
        self.file = folder / "disk.img"
        self.mounted = folder / "disk"
        self.mounted.mkdir()
        with self.file.open("wb") as file:
            file.truncate(megabytes * MB)
        run("mkfs.ext4", "-q", "-F", self.file)

    def mount(self) -> Path:
        """Where it is mounted. Skips the test where nobody may."""
        tried = subprocess.run(
            ["mount", "-o", "loop", str(self.file), str(self.mounted)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if tried.returncode:
            pytest.skip(f"needs to mount a disk image: {tried.stderr.strip()}")
        self.mounted.chmod(0o755)
        return self.mounted

    def unmount(self) -> None:
        run("umount", self.mounted)

    def copy(self) -> Path:
        """What would be on the disk if the power went now: what was not flushed is missing."""
        copied = self.folder / "after.img"
        run("cp", "--sparse=always", self.file, copied)
        return copied
