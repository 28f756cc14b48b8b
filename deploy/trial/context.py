"""What the image is built from: a copy of this clone, with made-up secrets where real ones lie."""

import shutil
from pathlib import Path

from deploy.schema import ROOT

SHIPPED = ("chassis", "contracts", "deploy", "gateway", "services")
FILES = ("requirements.txt", ".dockerignore")
SECRETS = (
    ".env",
    ".git/config",
    ".data/secrets/keys.json",
    "deploy/image/secrets/members.env",
    "deploy/image/secrets/nats-passwords/passwords.conf",
    "deploy/kubernetes/overlays/production/secrets.env",
    "tests/leftover.txt",
    "services/__pycache__/leftover.pyc",
)
"""Where people and programs leave them."""

_ASIDE = shutil.ignore_patterns("__pycache__", "secrets", "node_modules")


def copy(folder: Path, planted: str) -> None:
    """Fill ``folder``; ``planted`` is in every one of ``SECRETS``."""
    for name in SHIPPED:
        shutil.copytree(ROOT / name, folder / name, ignore=_ASIDE)
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    for name in SECRETS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{planted}\n")
