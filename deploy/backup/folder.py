"""A backup as it lies in its folder: the copy, Postgres' list of what is in it, and our note."""

import base64
import hmac
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Self

from deploy.local.places import postgres_programs
from deploy.trouble import Trouble

REASONS = 500  # characters of what a program said, to be shown
_MARK = b"back2back backup"


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wants to know before they restore."""

    taken_at: str
    """ISO 8601, by the database's clock; what was answered before is in it."""
    postgres: str
    """Major version."""
    positions: dict[str, int]
    """Context -> up to where every event is in it; later ones may be too."""
    master_keys: dict[str, str]
    """Version -> mark of the key that people's keys in it are wrapped with; see ``mark``."""


class Backup:
    """``folder``: ``base/base.tar.gz``, ``base/backup_manifest`` and, written last, ``note.json``.

    A folder without the note is a backup that was never finished.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = folder / "base"
        self.copy = self.base / "base.tar.gz"
        self.manifest = self.base / "backup_manifest"
        self._note = folder / "note.json"

    @classmethod
    def at(cls, folder: Path) -> Self:
        """The backup in ``folder``. Raises ``Trouble`` when there is no finished one."""
        found = cls(folder)
        if not found._note.is_file():
            raise Trouble(f"{folder} holds no finished backup")
        return found

    @property
    def note(self) -> Note:
        return Note(**json.loads(self._note.read_text()))

    @property
    def size(self) -> int:
        """Bytes."""
        return self.copy.stat().st_size

    def verify(self) -> None:
        """Look whether every file in it is as it was. Raises ``Trouble``."""
        program = str(postgres_programs() / "pg_verifybackup")
        words = [program, "--quiet", "--no-parse-wal", "--format=tar", str(self.base)]
        looked = subprocess.run(words, capture_output=True, text=True, check=False)
        if looked.returncode:
            raise Trouble(f"{self.folder} is damaged: {looked.stderr[:REASONS].strip()}")

    def finish(self, note: Note) -> None:
        """Nothing is missing any more."""
        new = self._note.with_suffix(".new")
        with private(new) as file:
            file.write(json.dumps(asdict(note), indent=1).encode())
            os.fsync(file.fileno())
        new.rename(self._note)


def marks(master_keys: str) -> dict[str, str]:
    """Version -> mark, for the text of the setting ``MASTER_KEYS``.

    A mark tells whether a key is the one, and nothing about it.
    """
    keys: dict[str, str] = json.loads(master_keys)
    return {
        version: hmac.digest(base64.b64decode(key), _MARK, "sha256")[:8].hex()
        for version, key in keys.items()
    }


def private(file: Path) -> BinaryIO:
    """A new file, for our eyes only."""
    return open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
