"""Who builds and runs images on this machine: podman or docker, by the words both know.

Which runtime podman uses, within which limits, is told by its own ``CONTAINERS_CONF``.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ENGINES = ("podman", "docker")
BUILD_WITHIN = 1800.0  # seconds; every wheel is fetched
ANSWER_WITHIN = 300.0  # seconds; of anything else


class NotDone(Exception):
    """Something is missing on this machine; nothing is known of the image."""


class Failed(Exception):
    """The image is not as it should be. The text says in which way."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that answers; images and containers by name."""

    program: str
    version: str

    def build(self, context: Path, tag: str, base: str, options: Sequence[str]) -> None:
        """Build the Dockerfile of ``context`` on ``base``. Raises ``Failed``."""
        words = ["--format", "docker"] if self.program == "podman" else []  # keeps HEALTHCHECK
        self.must(
            "build", *words, "--file", str(context / "deploy/image/Dockerfile"), "--tag", tag,
            "--build-arg", f"PYTHON={base}", *options, str(context), within=BUILD_WITHIN,
        )  # fmt: skip

    def has(self, image: str) -> bool:
        """Whether it is here, or can be fetched."""
        return not (
            self.run("image", "inspect", image).returncode and self.run("pull", image).returncode
        )

    def take_in(self, root: Path, image: str) -> None:
        """Make an image of a root file system. Raises ``Failed``."""
        packing = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        done = subprocess.run(
            [self.program, "import", "-", image], stdin=packing.stdout, capture_output=True,
            text=True, check=False, timeout=ANSWER_WITHIN,
        )  # fmt: skip
        if packing.stdout is not None:
            packing.stdout.close()
        if packing.wait() or done.returncode:
            raise Failed(f"{image} was not taken in: {done.stderr.strip()}")

    def must(self, *words: str, within: float = ANSWER_WITHIN) -> str:
        """What it says. Raises ``Failed`` with its last words when it fails."""
        done = self.run(*words, within=within)
        if done.returncode:
            said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise Failed("\n".join((f"{self.program} {words[0]} failed:", *said[-15:])))
        return done.stdout

    def run(self, *words: str, within: float = ANSWER_WITHIN) -> "subprocess.CompletedProcess[str]":
        """The program having ended, however. Raises ``Failed`` when it does not."""
        try:
            return subprocess.run(
                [self.program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                check=False, timeout=within,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self.program} {words[0]} did not end in {within:.0f} s") from error


def found() -> Engine:
    """The engine of this machine, or the one ``ENGINE`` names. Raises ``NotDone``."""
    chosen = os.environ.get("ENGINE")
    refused = []
    for program in (chosen,) if chosen else ENGINES:
        if shutil.which(program) is None:
            continue
        asked = Engine(program, "").run("version", "--format", "{{.Client.Version}}")
        answers = Engine(program, "").run("info")
        if not answers.returncode:
            return Engine(program, asked.stdout.strip())
        refused += [f"{program} does not answer:", *answers.stderr.strip().splitlines()[-3:]]
    raise NotDone("\n".join(refused or _missing(chosen)))


def _missing(chosen: str | None) -> Iterator[str]:
    yield f"nothing here builds and runs images: no {chosen or ' and no '.join(ENGINES)}"
    if shutil.which("buildah"):
        yield "buildah alone builds but does not run: install podman beside it"
