"""Kubernetes' own objects against its published schemas, strictly, in each version we promise."""

from collections.abc import Iterator

import kubernetes_validate

from deploy.validate.objects import Fault, Object, Objects, place

VERSIONS = ("1.34", "1.37")
"""Oldest and newest Kubernetes promised."""


def faults(objects: Objects, versions: tuple[str, ...] = VERSIONS) -> Iterator[Fault]:
    """Unknown fields, wrong types, and APIs that the version does not have."""
    for version in versions:
        for each in objects.all:
            if not is_custom(each):
                for text in _against(each, version):
                    yield Fault(f"schema of {version}", place(each), text)


def is_custom(each: Object) -> bool:
    """Whether an operator brings its kind: then ``crds`` knows it."""
    group, slash, _ = str(each.get("apiVersion")).partition("/")
    is_builtin = not slash or "." not in group or group.endswith(".k8s.io")
    return not is_builtin or group.startswith("gateway.")


def _against(each: Object, version: str) -> Iterator[str]:
    try:
        kubernetes_validate.validate(each, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        path = ".".join(str(step) for step in error.path)
        yield f"{path or 'the whole'}: {error.message[:300]}"
    except kubernetes_validate.SchemaNotFoundError:
        yield f"{each.get('apiVersion')} has no {each.get('kind')} in Kubernetes {version}"
