"""Who may talk to whom: nothing by default, and every arrow open at both of its ends."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from deploy.validate.objects import Object, Objects, Pods, at, matches, name, place
from deploy.validate.rules import supply

Found = Iterator[tuple[str, str]]

WORLD = ("postgres-cluster", "gateway-to-identity-providers")
"""Policies that may name addresses: what they lead to has no labels."""


NAMESPACE = "kubernetes.io/metadata.name"
"""The label every namespace has, with its name."""
_ELSEWHERE = re.compile(r"https?://[a-z0-9-]+\.([a-z0-9-]+):(\d+)")
"""An address of a Service in another namespace."""


class Arrow(NamedTuple):
    """From pods to a port of pods, both by what makes them."""

    source: str
    target: str
    port: int | str


def default_deny(objects: Objects) -> Found:
    """Each namespace with pods refuses whatever no other policy lets through."""
    for namespace in {at(pods.owner, "metadata", "namespace") for pods in objects.pods}:
        policies = objects.of("NetworkPolicy")
        inside = (p for p in policies if at(p, "metadata", "namespace") == namespace)
        if not any(map(_denies_everything, inside)):
            yield f"Namespace {namespace}", "has no policy that denies by default, both ways"


def _denies_everything(policy: Object) -> bool:
    spec = policy["spec"]
    both = set(spec.get("policyTypes") or ()) == {"Ingress", "Egress"}
    return both and not spec.get("podSelector") and not (spec.get("ingress") or spec.get("egress"))


def arrows(objects: Objects) -> Found:
    """Policies mean pods that exist, at ports they have, and nobody is left without its arrow."""
    for policy in objects.of("NetworkPolicy"):
        yield from ((place(policy), text) for text in _policy(policy, objects))
    out, into = set(leaving(objects)), set(entering(objects))
    for arrow in sorted(out - into, key=str):
        yield arrow.source, f"may leave for {arrow.target}:{arrow.port}, but is not let in there"
    for arrow in sorted(into - out, key=str):
        yield arrow.target, f"lets {arrow.source} in at {arrow.port}, which may not leave"
    yield from _needed(objects, out)
    yield from _needed_elsewhere(objects)


def _policy(policy: Object, objects: Objects) -> Iterator[str]:
    chosen = objects.selected(policy["spec"].get("podSelector"))
    if not chosen:
        yield "selects no pod"
    for rule in policy["spec"].get("ingress") or ():
        yield from _ingress(rule, chosen)
    for rule in policy["spec"].get("egress") or ():
        if not rule.get("to") or not rule.get("ports"):
            yield "lets its pods out to everybody, or at every port"
        for peer in rule.get("to") or ():
            if "ipBlock" in peer and name(policy) not in WORLD:
                yield f"leads to the addresses {peer['ipBlock'].get('cidr')}"


def _ingress(rule: Object, chosen: list[Pods]) -> Iterator[str]:
    if not rule.get("from"):
        yield "lets everybody in"
    ports = [port.get("port") for port in rule.get("ports") or ()]
    for pods in chosen:
        for port in ports or ["every port"]:
            if pods.spec and not pods.listens(port):
                yield f"{pods.place} does not listen at {port}"


def leaving(objects: Objects) -> Iterator[Arrow]:
    """Between pods of ours, as their ways out say."""
    for policy in objects.of("NetworkPolicy"):
        for rule in policy["spec"].get("egress") or ():
            for source in objects.selected(policy["spec"].get("podSelector")):
                for target, port in _ends(rule.get("to"), rule, objects):
                    yield Arrow(source.place, target.place, port)


def entering(objects: Objects) -> Iterator[Arrow]:
    """Between pods of ours, as their ways in say."""
    for policy in objects.of("NetworkPolicy"):
        for rule in policy["spec"].get("ingress") or ():
            for target in objects.selected(policy["spec"].get("podSelector")):
                for source, port in _ends(rule.get("from"), rule, objects):
                    yield Arrow(source.place, target.place, port)


def _ends(
    peers: list[Object] | None, rule: Object, objects: Objects
) -> Iterator[tuple[Pods, int | str]]:
    """Pods of this namespace among ``peers``, with each port of the rule."""
    for peer in peers or ():
        if "podSelector" in peer and "namespaceSelector" not in peer:
            for pods in objects.selected(peer["podSelector"]):
                for port in rule.get("ports") or ():
                    yield pods, port["port"]


def _needed(objects: Objects, out: set[Arrow]) -> Found:
    """Whoever is told an address may go there."""
    for pods in objects.pods:
        for address, label, value in (
            (("nats://", "tls://"), "app.kubernetes.io/name", "nats"),
            (("postgresql://",), "b2b/is", "postgres"),
        ):
            told = any(text.startswith(address) for text in supply.variables(pods, objects))
            targets = objects.selected({"matchLabels": {label: value}})
            if told and not any(
                (arrow.source, arrow.target) == (pods.place, target.place)
                for arrow in out
                for target in targets
            ):
                yield pods.place, f"is told a {address[0]} address, but may not go there"


def _needed_elsewhere(objects: Objects) -> Found:
    """Whoever is told an address in another namespace may go to that namespace, at that port."""
    for pods in objects.pods:
        told = {found.groups() for value in supply.variables(pods, objects)
                if (found := _ELSEWHERE.fullmatch(value))}  # fmt: skip
        if not told:
            continue
        for namespace, port in sorted(told - set(_ways_out(pods, objects)), key=str):
            yield pods.place, f"is told an address in {namespace}:{port}, but may not go there"


def _ways_out(pods: Pods, objects: Objects) -> Iterator[tuple[str, str]]:
    """(namespace, port) of every policy that lets ``pods`` out to all pods of another namespace."""
    for policy in objects.of("NetworkPolicy"):
        if not matches(policy["spec"].get("podSelector") or {}, pods.labels):
            continue
        for rule in policy["spec"].get("egress") or ():
            for peer in rule.get("to") or ():
                namespace = at(peer, "namespaceSelector", "matchLabels", NAMESPACE)
                if namespace and "podSelector" not in peer:
                    yield from ((namespace, str(port["port"])) for port in rule.get("ports") or ())
