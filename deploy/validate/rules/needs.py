"""Every arrow that something here needs is open, though no address tells of it; and no other is.

Who comes from another namespace, and what servers say to each other to be one.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from deploy.validate.objects import Object, Objects, Pods, at, matches
from deploy.validate.rules.network import NAMESPACE, Arrow, entering, leaving

Found = Iterator[tuple[str, str]]

PROMETHEUS, KEDA, CLOUDNATIVE_PG = "monitoring", "keda", "cnpg-system"
"""The namespaces they come from (docs/operations/install.md)."""
DNS = ("kube-system", 53)
POSTGRES = {"postgresql": 5432, "status": 8000, "metrics": 9187}
"""Ports of a pod of CloudNativePG's: its operator writes them."""
TOGETHER = (POSTGRES["postgresql"], POSTGRES["status"])
"""Where its instances ask each other, and its operator asks them."""
API = 443
"""The cluster's own API and the bucket; no label names them."""

_ROUTE = re.compile(r'"nats://[a-z0-9.-]+:(\d+)"')


class Entrance(NamedTuple):
    """From all of a namespace to a port of pods, by what makes them."""

    namespace: str
    target: str
    port: int


def needs(objects: Objects) -> Found:
    """From other namespaces come those who have to, and nobody else; servers reach each other."""
    needed, open_ = set(_needed(objects)), set(_open(objects))
    for one in sorted(needed - open_):
        yield one.target, f"does not let {one.namespace} in at {one.port}"
    for one in sorted(open_ - needed):
        yield one.target, f"lets {one.namespace} in at {one.port}, and nothing says what for"
    among = set(leaving(objects)) & set(entering(objects))
    for arrow in sorted(set(_among_servers(objects)) - among, key=str):
        yield arrow.source, f"does not reach others of its kind at {arrow.port}"
    for pods in objects.pods:
        if DNS not in _out(pods, objects, "namespaceSelector"):
            yield pods.place, "may not ask what addresses names have"
    for cluster in _made_by(objects, "Cluster"):
        if ("", API) not in _out(cluster, objects, "ipBlock"):
            yield cluster.place, "reaches neither the cluster's API nor its bucket"


def _needed(objects: Objects) -> Iterator[Entrance]:
    yield from _scraped(objects)
    yield from _measured(objects)
    yield from _routed(objects)
    for cluster in _made_by(objects, "Cluster"):
        yield from (Entrance(CLOUDNATIVE_PG, cluster.place, port) for port in TOGETHER)


def _scraped(objects: Objects) -> Iterator[Entrance]:
    for monitor in objects.of("PodMonitor"):
        for pods in objects.selected(at(monitor, "spec", "selector")):
            for end in at(monitor, "spec", "podMetricsEndpoints") or ():
                yield Entrance(PROMETHEUS, pods.place, _number(pods, end["port"]))
    for monitor in objects.of("ServiceMonitor"):
        wanted = {end["port"] for end in at(monitor, "spec", "endpoints") or ()}
        selector = at(monitor, "spec", "selector") or {}
        for service in objects.of("Service"):
            if matches(selector, at(service, "metadata", "labels") or {}):
                yield from _behind(service, wanted, PROMETHEUS, objects)


def _measured(objects: Objects) -> Iterator[Entrance]:
    for scaler in objects.of("ScaledObject"):
        for trigger in at(scaler, "spec", "triggers") or ():
            if told := at(trigger, "metadata", "natsServerMonitoringEndpoint"):
                host, _, port = told.partition(":")
                service = objects.named("Service", host.partition(".")[0]) or {}
                yield from _behind(service, {int(port)}, KEDA, objects)


def _routed(objects: Objects) -> Iterator[Entrance]:
    for route in objects.of("HTTPRoute"):
        for rule in at(route, "spec", "rules") or ():
            for backend in rule.get("backendRefs") or ():
                service = objects.named("Service", backend["name"]) or {}
                for parent in at(route, "spec", "parentRefs") or ():
                    yield from _behind(service, {backend["port"]}, parent["namespace"], objects)


def _behind(
    service: Object, wanted: set[int | str], namespace: str, objects: Objects
) -> Iterator[Entrance]:
    """From ``namespace`` to what is behind the ``wanted`` ports, by name or number."""
    chosen = objects.selected({"matchLabels": at(service, "spec", "selector") or {"": ""}})
    for port in at(service, "spec", "ports") or ():
        if wanted & {port.get("name"), port["port"]}:
            target = port.get("targetPort", port["port"])
            yield from (Entrance(namespace, pods.place, _number(pods, target)) for pods in chosen)


def _open(objects: Objects) -> Iterator[Entrance]:
    for policy in objects.of("NetworkPolicy"):
        for rule in policy["spec"].get("ingress") or ():
            for peer in rule.get("from") or ():
                namespace = at(peer, "namespaceSelector", "matchLabels", NAMESPACE)
                for pods in objects.selected(policy["spec"].get("podSelector")):
                    for port in (rule.get("ports") or ()) if namespace else ():
                        yield Entrance(namespace, pods.place, _number(pods, port["port"]))


def _among_servers(objects: Objects) -> Iterator[Arrow]:
    for cluster in _made_by(objects, "Cluster"):
        yield from (Arrow(cluster.place, cluster.place, port) for port in TOGETHER)
    for pods in _made_by(objects, "StatefulSet"):
        for volume in pods.spec.get("volumes") or ():
            config = objects.named("ConfigMap", str(at(volume, "configMap", "name"))) or {}
            for port in _ROUTE.findall((config.get("data") or {}).get("nats.conf", "")):
                yield Arrow(pods.place, pods.place, int(port))


def _out(pods: Pods, objects: Objects, peers: str) -> set[tuple[str, int]]:
    """(namespace or nothing, port) of every way out to ``peers``."""
    return {
        (str(at(peer, peers, "matchLabels", NAMESPACE) or ""), port["port"])
        for policy in objects.of("NetworkPolicy")
        if matches(policy["spec"].get("podSelector") or {}, pods.labels)
        for rule in policy["spec"].get("egress") or ()
        for peer in rule.get("to") or ()
        if peers in peer
        for port in rule.get("ports") or ()
    }


def _made_by(objects: Objects, kind: str) -> list[Pods]:
    return [pods for pods in objects.pods if pods.owner["kind"] == kind]


def _number(pods: Pods, port: str | int) -> int:
    """Of a port by its name; -1 when the pods have none of that name."""
    if isinstance(port, int):
        return port
    told = {each.get("name"): each["containerPort"] for each in pods.ports}
    return int((told if pods.spec else POSTGRES).get(port, -1))
