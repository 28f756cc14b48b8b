"""The second best for custom resources: validators that npm packages carry (``models/``)."""

import json
from collections.abc import Iterator
from pathlib import Path

from deploy.validate import crds
from deploy.validate.objects import Fault, Objects
from deploy.validate.programs import node, npm, run
from deploy.validate.schemas import is_custom

FOLDER = Path(__file__).parent / "models"


def faults(objects: Objects) -> Iterator[Fault]:
    """Wrong types and words. Not strict: unknown fields pass, and so does what CEL rules forbid."""
    ours = [each for each in objects.all if crds.key_of(each) in crds.OURS]
    custom = [each for each in objects.all if is_custom(each) and each not in ours]
    yield from crds.faults(Objects(ours), {})
    for each in json.loads(_asked(json.dumps(custom))):
        yield Fault("crd", each["place"], each["text"][:500])


def _asked(objects: str) -> str:
    quietly = ("--silent", "--no-audit", "--no-fund")
    run(str(node()), str(npm()), "ci", "--ignore-scripts", *quietly, folder=FOLDER)
    return run(str(node()), str(FOLDER / "check.mjs"), told=objects, folder=FOLDER)
