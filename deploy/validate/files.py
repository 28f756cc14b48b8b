"""Files as they stand, by the linters of their trade, and those that code writes."""

from collections.abc import Iterator

from deploy.cluster.manifests import stale
from deploy.observability.files import RULES
from deploy.schema import ROOT
from deploy.validate.programs import CannotCheck, ran

DOCKERFILE = "deploy/image/Dockerfile"
TRIED = ("symptoms_test.yaml", "promises_test.yaml")
YAML = ("deploy/kubernetes", "deploy/image", "deploy/observability")


def yaml_style() -> Iterator[str]:
    """Yamllint's findings."""
    return _said("yamllint", "--format", "parsable", "-c", "deploy/kubernetes/.yamllint", *YAML)


def dockerfile() -> Iterator[str]:
    """Hadolint's findings."""
    return _said("hadolint", "--no-color", DOCKERFILE)


def alerts() -> Iterator[str]:
    """What promtool says of the rules, and of how each alert is tried."""
    for words in (("check", "rules", RULES.name), ("test", "rules", *TRIED)):
        done = ran(["promtool", *words], folder=ROOT / RULES.parent)
        if done.returncode:
            yield (done.stdout + done.stderr).strip()


def written_by_code() -> Iterator[str]:
    """Files that are not what the code says."""
    return (f"{file} is not what the code says: run `make manifests`" for file in stale())


def _said(*words: str) -> Iterator[str]:
    """A linter's lines; it exits 1 when it has any. Raises ``CannotCheck`` when it fell over."""
    done = ran(list(words), folder=ROOT)
    lines = (done.stdout + done.stderr).strip().splitlines()
    if done.returncode > 1 or (done.returncode and not lines):
        raise CannotCheck(f"{words[0]} ended with {done.returncode}: {lines[:3]}")
    return iter(lines)
