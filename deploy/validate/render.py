"""What ``kubectl kustomize`` makes of an overlay."""

from typing import Any

import yaml

from deploy.cluster import secrets
from deploy.schema import ROOT
from deploy.validate.objects import Object, Objects
from deploy.validate.programs import run
from deploy.validate.rules.references import SUPPLIED

KUBERNETES = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("dev", "production", "recovery")


def rendered(overlay: str, postgres: str = secrets.SERVER) -> Objects:
    """The overlay's objects. Dev's secrets, which a command makes, are added as it makes them."""
    built = run("kubectl", "kustomize", str(KUBERNETES / "overlays" / overlay))
    objects: list[Object] = [each for each in parsed(built) if each]
    if overlay == "dev":
        objects += supplied(postgres)
    return Objects(objects)


def supplied(postgres: str = secrets.SERVER) -> list[Object]:
    """What ``b2b secrets kubernetes`` would apply, for Postgres at HOST:PORT."""
    values = secrets.invented()
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": each.name, "annotations": {SUPPLIED: "b2b secrets kubernetes"}},
            "type": each.type,
            "stringData": secrets.filled(each, values),
        }
        for each in secrets.wanted(postgres)
    ]


def parsed(text: str) -> list[Any]:
    """Documents of YAML."""
    return list(yaml.load_all(text, Loader=_Loader))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads ``=`` as text, as some definitions have it among their words."""


_Loader.add_constructor(
    "tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node)
)
