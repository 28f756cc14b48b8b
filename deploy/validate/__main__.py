"""``make validate``: every check, one line each, and what could not be run by name."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from deploy.schema import ROOT
from deploy.validate import bus, compose, crds, files, models, mutations, rules, schemas, tries
from deploy.validate.objects import Fault, Objects
from deploy.validate.programs import CannotCheck
from deploy.validate.render import OVERLAYS, rendered

Check = Callable[[], Iterable[object]]
Custom = Callable[[Objects], Iterable[Fault]]

STRICT_ONLY = ("an unknown field of an operator's", "against a CEL rule")
"""What only the real definitions show."""


def main() -> int:
    """Run everything; 0 when all of it passed."""
    custom, is_strict = _custom()
    passed = failed = 0
    for name, check in _checks(custom, is_strict):
        began = time.monotonic()
        try:
            found = [str(each) for each in check()]
        except CannotCheck as error:
            found = [f"cannot be checked: {error}"]
        print(f"{'FAIL' if found else 'ok  '} {name} ({time.monotonic() - began:.1f} s)")
        for text in found:
            print(f"       {text}")
        passed, failed = passed + (not found), failed + bool(found)
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _checks(custom: Custom, is_strict: bool) -> Iterator[tuple[str, Check]]:
    yield "YAML is well written", files.yaml_style
    yield "Dockerfile is well written", files.dockerfile
    yield "manifests follow the code", files.written_by_code
    yield "alerts are well written, and tell what they should", files.alerts
    yield "compose tells every process what it needs", compose.faults
    for overlay in OVERLAYS:
        try:
            objects = rendered(overlay)
        except CannotCheck as error:
            yield f"{overlay}: kustomize build", partial(iter, [str(error)])
            continue
        for version in schemas.VERSIONS:
            name = f"{overlay}: {len(objects.all)} objects fit Kubernetes {version}"
            yield name, partial(schemas.faults, objects, (version,))
        yield f"{overlay}: custom resources fit their operators", partial(custom, objects)
        for rule in rules.RULES:
            yield f"{overlay}: {rule}", partial(rules.faults, objects, (rule,))
        yield (
            f"{overlay}: the bus as configured, {len(tries.TRIES)} tries",
            partial(bus.faults, objects),
        )
    objects = rendered("production")
    chosen = [m for m in mutations.MUTATIONS if is_strict or m.says not in STRICT_ONLY]
    yield (
        f"{len(chosen)} faults planted in production are found",
        partial(_missed, objects, chosen, custom),
    )
    yield (
        f"{len(mutations.BUS)} faults planted in the bus are found",
        partial(_missed_in_bus, objects),
    )


def _custom() -> tuple[Custom, bool]:
    """How custom resources are checked: by their definitions, else by what npm has."""
    folder = Path(os.environ.get("CRDS_DIR") or ROOT.parent / "shared" / "crds")
    if folder.is_dir():
        schemas_there = crds.definitions(folder)
        return partial(_by_definitions, schemas_there), True
    print(f"not run: strict checks and CEL rules of custom resources: no definitions in {folder} "
          "(CRDS_DIR); npm's validators take their place, and do not see "
          f"{' or '.join(STRICT_ONLY)}")  # fmt: skip
    return models.faults, False


def _by_definitions(schemas_there: crds.Schemas, objects: Objects) -> Iterator[Fault]:
    return crds.faults(objects, schemas_there)


def _missed(
    objects: Objects, chosen: Iterable[mutations.Mutation], custom: Custom
) -> Iterator[str]:
    for mutation in chosen:
        planted = mutations.planted(objects, mutation)
        found: Iterable[Fault]
        if mutation.check == "schema":
            found = schemas.faults(mutations.target(planted, mutation))
        elif mutation.check == "crd":
            found = custom(mutations.target(planted, mutation))
        else:
            found = rules.faults(planted, (mutation.check,))
        if not any(True for _ in found):
            yield f"{mutation.says}: {mutation.check} does not see it"


def _missed_in_bus(objects: Objects) -> Iterator[str]:
    for says, file, text, instead in mutations.BUS:
        if not any(
            True for _ in bus.faults(mutations.planted_in_bus(objects, file, text, instead))
        ):
            yield f"{says}: not seen"


if __name__ == "__main__":
    sys.exit(main())
