"""Passwords and keys of one installation: random, made once, readable by the owner only."""

import base64
import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

KEY_BYTES = 32


class Secrets:
    """The files in ``<data>/secrets``, mode 600 in a folder of mode 700."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "secrets"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def passwords(self, kind: str, names: Iterable[str]) -> dict[str, str]:
        """Name -> password; names without one get one. ``kind`` names the file."""
        return self._kept(kind, {name: secrets.token_urlsafe(24) for name in names})

    def caller_key(self) -> str:
        """Base64 of the key that signs callers on the bus."""
        return self._kept("keys", {"CALLER_KEY": _random_key()})["CALLER_KEY"]

    def master_keys(self) -> str:
        """JSON ``{"1": base64}``: the keys that seal every person's own key."""
        return self._kept("keys", {"MASTER_KEYS": json.dumps({"1": _random_key()})})["MASTER_KEYS"]

    def _kept(self, kind: str, fresh: dict[str, str]) -> dict[str, str]:
        """What the file holds, completed from ``fresh``; what is kept is never changed."""
        file = self._folder / f"{kind}.json"
        kept: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        whole = fresh | kept
        if whole != kept:
            _write(file, json.dumps(whole, indent=1))
        return whole


def _write(file: Path, text: str) -> None:
    new = file.with_suffix(".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
        os.fsync(out.fileno())
    new.rename(file)


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
