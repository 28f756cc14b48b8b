"""What an image is made of, looked through file by file: nothing in it that must stay outside.

A layer keeps what a later one deletes, so each is looked at by itself.
"""

import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from deploy.cluster import secrets

OURS = ("app/", "opt/venv/")
USER = "10001:10001"
MOST = 200  # MB of ours, Python's own files not counted

KEY = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\r?\n[A-Za-z0-9+/=]{40}")
PROGRAM = b"\x7fELF"
"""Libraries of TLS test themselves with keys everybody knows."""
LOGIN = re.compile(r"\w://[^/\s:@]+:[^/\s@]+@")
PLACES = re.compile(
    r"(^|/)(\.git|\.netrc|\.pypirc|\.npmrc|pip\.conf|id_rsa|id_ed25519|\.env)(/|$)"
    r"|^app/(tests|docs|bench|deploy/(kubernetes|validate|trial|image/secrets))(/|$)"
    r"|^app/.*\.(env|pem|key|p12|kdbx)$|^root/\.[^/]*(history|cache)"
)
"""Where secrets, or what nobody needs at run time, would lie."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What was seen of an image, and what is wrong with it."""

    files: int
    layers: int
    ours: float
    """MB of what we put on the base."""
    whole: float
    """MB."""
    faults: tuple[str, ...]


def looked_through(archive: Path, planted: str) -> Contents:
    """The image in ``archive``, as ``save`` writes it.

    ``planted`` lay where secrets lie on the machine that built it, and must be nowhere.
    """
    with tarfile.open(archive) as image:
        manifest = json.loads(_bytes(image, "manifest.json"))[0]
        config = json.loads(_bytes(image, manifest["Config"]))
        faults, files, ours, whole = list(_configured(config, planted)), 0, 0, 0
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=image.extractfile(name)) as layer:
                for member in layer:
                    path = member.name.removeprefix("./").lstrip("/")
                    files, whole = files + 1, whole + member.size
                    ours += member.size if path.startswith(OURS) else 0
                    faults += _file(path, _content(layer, member), planted.encode())
    if ours > MOST * 1e6:
        faults.append(f"{ours / 1e6:.0f} MB of ours: more than {MOST} MB")
    return Contents(files, len(manifest["Layers"]), ours / 1e6, whole / 1e6, tuple(faults))


def _file(path: str, content: bytes, planted: bytes) -> Iterator[str]:
    if planted in content:
        yield f"{path} holds a secret of the machine that built it"
    if KEY.search(content) and not content.startswith(PROGRAM):
        yield f"{path} holds a private key"
    if PLACES.search(path):
        yield f"{path} must not be in the image"


def _configured(config: Mapping[str, Any], planted: str) -> Iterator[str]:
    told = config.get("config") or {}
    if told.get("User") != USER:
        yield f"runs as {told.get('User') or 'root'}, not as {USER}"
    for variable in told.get("Env") or ():
        if variable.partition("=")[0] in _secret_names():
            yield f"tells {variable.partition('=')[0]} to everybody"
    texts = {
        "its environment": told.get("Env") or (),
        "its labels": (told.get("Labels") or {}).values(),
        "its history": [str(step.get("created_by", "")) for step in config.get("history") or ()],
    }
    for place, lines in texts.items():
        if any(planted in line for line in lines):
            yield f"{place} holds a secret of the machine that built it"
        if any(LOGIN.search(line) for line in lines):
            yield f"{place} holds an address with a password"


@cache
def _secret_names() -> frozenset[str]:
    return frozenset(key for each in secrets.wanted() for key in each.data if key.isupper())


def _bytes(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    return file.read() if file else b""


def _content(layer: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = layer.extractfile(member) if member.isfile() else None
    return file.read() if file else b""
