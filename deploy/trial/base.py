"""What the image is built on: the Dockerfile's choice, another, or one made of packages."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.schema import ROOT
from deploy.trial.engine import Engine, NotDone

DEBOOTSTRAP = "debootstrap"
MADE = "localhost/back2back-base:bookworm"
RELEASE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
MADE_WITHIN = 1200.0  # seconds

_DEFAULT = re.compile(r"^ARG PYTHON=(\S+)$", re.M)


def chosen(engine: Engine) -> str:
    """The image ``BASE`` names; ``debootstrap`` makes one, where no registry is reached.

    Raises ``NotDone`` when it is not to be had.
    """
    told = os.environ.get("BASE")
    if told == DEBOOTSTRAP:
        if engine.run("image", "inspect", MADE).returncode:
            _make(engine)
        return MADE
    image = told or default((ROOT / "deploy/image/Dockerfile").read_text())
    if not engine.has(image):
        raise NotDone(
            f"no base image: {image} is neither here nor fetched; BASE=<image> takes another, "
            f"BASE={DEBOOTSTRAP} makes one of Debian's packages (as root)"
        )
    return image


def default(dockerfile: str) -> str:
    """What the Dockerfile is built on when nobody chooses."""
    found = _DEFAULT.search(dockerfile)
    if found is None:
        raise NotDone("the Dockerfile names no base image: no ARG PYTHON")
    return found[1]


def _make(engine: Engine) -> None:
    if shutil.which(DEBOOTSTRAP) is None or os.geteuid():
        raise NotDone(f"BASE={DEBOOTSTRAP} needs the program of that name, and root")
    with TemporaryDirectory(prefix="back2back-base-") as folder:
        root = Path(folder) / "root"
        words = ["--variant=minbase", f"--include={PACKAGES}", RELEASE, str(root)]
        done = subprocess.run(
            [DEBOOTSTRAP, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=MADE_WITHIN,
        )  # fmt: skip
        if done.returncode:
            raise NotDone("\n".join(("no base image:", *done.stdout.splitlines()[-5:])))
        engine.take_in(root, MADE)
