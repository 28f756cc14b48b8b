"""Rendered objects, and the pods they make."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong: which check says so, where, and what."""

    check: str
    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.check}: {self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Pods:
    """What one workload makes."""

    owner: Object
    labels: Mapping[str, str]
    spec: Object
    """Empty when an operator writes it."""

    @property
    def place(self) -> str:
        return place(self.owner)

    @property
    def containers(self) -> list[Object]:
        """Init containers first."""
        return [*(self.spec.get("initContainers") or ()), *(self.spec.get("containers") or ())]

    @property
    def ports(self) -> list[Object]:
        return [port for each in self.containers for port in each.get("ports") or ()]

    def listens(self, port: str | int) -> bool:
        """Whether a container declares ``port``, by name or number."""
        return any(port in (each.get("name"), each["containerPort"]) for each in self.ports)


class Objects:
    """Everything one overlay makes."""

    def __init__(self, objects: Sequence[Object]) -> None:
        self.all = list(objects)

    def of(self, *kinds: str) -> list[Object]:
        return [each for each in self.all if each.get("kind") in kinds]

    def names(self, *kinds: str) -> set[str]:
        return {name(each) for each in self.of(*kinds)}

    def named(self, kind: str, wanted: str) -> Object | None:
        return next((each for each in self.of(kind) if name(each) == wanted), None)

    @cached_property
    def pods(self) -> list[Pods]:
        """Of our workloads, and of the custom resources that make pods."""
        return [*self._workloads(), *self._postgres_clusters()]

    def _workloads(self) -> Iterator[Pods]:
        for owner in self.of(*WORKLOADS):
            template = at(owner, "spec", "template") or {}
            labels = at(template, "metadata", "labels") or {}
            yield Pods(owner, labels, template.get("spec") or {})

    def _postgres_clusters(self) -> Iterator[Pods]:
        for owner in self.of("Cluster"):
            told = at(owner, "spec", "inheritedMetadata", "labels") or {}
            yield Pods(owner, {**told, "cnpg.io/cluster": name(owner)}, {})

    def selected(self, selector: Object | None) -> list[Pods]:
        """The pods a label selector means; an empty one means all."""
        return [pods for pods in self.pods if matches(selector or {}, pods.labels)]


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether ``labels`` fit a LabelSelector. Raises ``ValueError`` for expressions."""
    if selector.get("matchExpressions"):
        raise ValueError("matchExpressions are not understood here: use matchLabels")
    return all(labels.get(k) == v for k, v in (selector.get("matchLabels") or {}).items())


def at(value: Any, *path: str) -> Any:
    """``value[path[0]][path[1]]...``, or None where there is nothing."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def name(each: Object) -> str:
    return str(at(each, "metadata", "name"))


def place(each: Object) -> str:
    """``Deployment booking``."""
    return f"{each.get('kind')} {name(each)}"
