"""``python -m deploy.trial``: build the image, look through it, run it as a cluster would.

Exits 0 when all is well, 1 when something is not, 3 when it could not be tried here. ``BASE``,
``BUILD`` and ``ENGINE`` say how (docs/operations/install.md).
"""

import os
import platform
import secrets
import shlex
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.local.places import CannotStart
from deploy.trial import base, context
from deploy.trial.contents import looked_through
from deploy.trial.course import Course
from deploy.trial.engine import Engine, Failed, NotDone, found
from deploy.validate.programs import CannotCheck


def main() -> int:
    """Everything, one line each."""
    try:
        engine = found()
        say(f"{engine.program} {engine.version} on {platform.system()} {platform.release()}")
        with TemporaryDirectory(prefix="back2back-trial-") as folder:
            Path(folder).chmod(0o755)
            _tried(engine, Path(folder))
    except NotDone as reason:
        say(f"NOT DONE: {reason}")
        return 3
    except (Failed, CannotStart, CannotCheck) as reason:
        say(f"FAILED: {reason}")
        return 1
    say("passed")
    return 0


def _tried(engine: Engine, folder: Path) -> None:
    """Raises ``NotDone`` or ``Failed``."""
    on = base.chosen(engine)
    image = f"localhost/back2back-trial:{os.getpid()}"
    try:
        _build(engine, folder, image, on)
        home = folder / "home"
        home.mkdir()
        Course(engine, image, home, say).run()
    finally:
        engine.run("rmi", "--force", image)


def _build(engine: Engine, folder: Path, image: str, on: str) -> None:
    planted, began = secrets.token_hex(32), time.monotonic()
    context.copy(folder / "context", planted)
    engine.build(folder / "context", image, on, shlex.split(os.environ.get("BUILD", "")))
    say(f"built on {on} in {time.monotonic() - began:.0f} s")
    archive = folder / "image.tar"
    words = ["--format", "docker-archive"] if engine.program == "podman" else []
    engine.must("save", *words, "--output", str(archive), image)
    seen = looked_through(archive, planted)
    archive.unlink()
    if seen.faults:
        raise Failed("\n".join(seen.faults[:20]))
    say(f"{seen.whole:.0f} MB, of these {seen.ours:.0f} MB ours; none of {len(context.SECRETS)} "
        f"planted secrets and no other in {seen.files} files of {seen.layers} layers")  # fmt: skip


def say(text: str) -> None:
    """Print it at once."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
