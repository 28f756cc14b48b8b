"""What must hold between objects, one question a module. Pure: objects in, texts out."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from deploy.validate.objects import Fault, Objects
from deploy.validate.rules import availability, needs, network, pods, postgres, references, supply

Rule: TypeAlias = Callable[[Objects], Iterable[tuple[str, str]]]
"""Objects -> (place, what is wrong there)."""

RULES: dict[str, Rule] = {
    "restricted": pods.restricted,
    "images": pods.images,
    "resources": pods.resources,
    "probes": pods.probes,
    "words": pods.words,
    "selectors": references.selectors,
    "ports": references.ports,
    "configuration": references.configuration,
    "accounts": references.accounts,
    "routes": references.routes,
    "monitors": references.monitors,
    "no secrets in git": references.literal_secrets,
    "scaling": availability.scaling,
    "disruption": availability.disruption,
    "spread": availability.spread,
    "deny": network.default_deny,
    "arrows": network.arrows,
    "needs": needs.needs,
    "settings": supply.settings,
    "consumers": supply.consumers,
    "every process": supply.processes,
    "postgres": postgres.postgres,
}


def faults(objects: Objects, only: Iterable[str] = tuple(RULES)) -> Iterator[Fault]:
    """Everything wrong in ``objects`` by the rules named."""
    for check in only:
        for place, text in RULES[check](objects):
            yield Fault(check, place, text)
