"""What one object says about another: that it exists, and has what is expected of it."""

from collections.abc import Iterator

from deploy.validate.objects import WORKLOADS, Object, Objects, Pods, at, matches, name, place

Found = Iterator[tuple[str, str]]


def selectors(objects: Objects) -> Found:
    """Workloads select their own pods; Services and budgets select somebody's."""
    for owner in objects.of(*WORKLOADS):
        selector = at(owner, "spec", "selector")
        labels = at(owner, "spec", "template", "metadata", "labels") or {}
        if selector is not None and not matches(selector, labels):
            yield place(owner), "does not select the pods it makes"
        for spread in at(owner, "spec", "template", "spec", "topologySpreadConstraints") or ():
            if not matches(spread.get("labelSelector") or {}, labels):
                yield place(owner), "spreads other pods than its own"
    for service in objects.of("Service"):
        if not _behind(service, objects):
            yield place(service), "selects no pod"
    for budget in objects.of("PodDisruptionBudget"):
        if not objects.selected(at(budget, "spec", "selector")):
            yield place(budget), "selects no pod"


def ports(objects: Objects) -> Found:
    """A Service's target is a port its pods declare; names are not given twice."""
    for service in objects.of("Service"):
        for port in at(service, "spec", "ports") or ():
            target = port.get("targetPort", port["port"])
            for pods in _behind(service, objects):
                if pods.spec and not pods.listens(target):
                    yield place(service), f"{pods.place} does not listen at {target}"
    for pods in objects.pods:
        told = [each.get("name") for each in pods.ports]
        if len(told) != len(set(told)):
            yield pods.place, "two ports have one name"


def configuration(objects: Objects) -> Found:
    """Every ConfigMap, Secret and key a pod reads is there; every mount has its volume."""
    have = {"ConfigMap": _keys(objects, "ConfigMap"), "Secret": secret_keys(objects)}
    for pods in objects.pods:
        for kind, wanted, key in _reads(pods):
            if wanted not in have[kind]:
                yield pods.place, f"reads {kind} {wanted}, which nothing makes"
            elif key is not None and key not in have[kind][wanted]:
                yield pods.place, f"reads {key} of {kind} {wanted}, which has no such key"
        yield from _mounts(pods)
    for owner, wanted, key in _operators_read(objects):
        if key not in have["Secret"].get(wanted, ()):
            yield place(owner), f"reads {key} of Secret {wanted}, which nothing makes"


def _mounts(pods: Pods) -> Found:
    volumes = {each["name"] for each in pods.spec.get("volumes") or ()}
    volumes |= {name(each) for each in at(pods.owner, "spec", "volumeClaimTemplates") or ()}
    for container in pods.containers:
        for mount in container.get("volumeMounts") or ():
            if mount["name"] not in volumes:
                yield pods.place, f"mounts volume {mount['name']}, which it does not have"


def accounts(objects: Objects) -> Found:
    """Each workload has a ServiceAccount of its own making."""
    have = objects.names("ServiceAccount")
    for pods in objects.pods:
        if pods.spec and pods.spec.get("serviceAccountName") not in have:
            yield pods.place, "runs as a ServiceAccount that nothing makes"


def routes(objects: Objects) -> Found:
    """A route's backend is a Service with that port, and lets in only what is meant to be."""
    for route in objects.of("HTTPRoute"):
        for rule in at(route, "spec", "rules") or ():
            for backend in rule.get("backendRefs") or ():
                service = objects.named("Service", backend["name"])
                told = at(service, "spec", "ports") or () if service else ()
                if not any(port["port"] == backend.get("port") for port in told):
                    yield place(route), f"{backend['name']}:{backend.get('port')} is no Service"
            for match in rule.get("matches") or [None]:
                if at(match, "path", "type") != "Exact":
                    yield place(route), "lets in more than exact paths: /metrics is behind it"


def monitors(objects: Objects) -> Found:
    """A monitor finds pods or Services, and the port it scrapes."""
    for monitor in objects.of("PodMonitor"):
        found = objects.selected(at(monitor, "spec", "selector"))
        if not found:
            yield place(monitor), "selects no pod"
        for end in at(monitor, "spec", "podMetricsEndpoints") or ():
            for pods in found:
                if pods.spec and not pods.listens(end["port"]):
                    yield place(monitor), f"{pods.place} does not listen at {end['port']}"
    for monitor in objects.of("ServiceMonitor"):
        selector = at(monitor, "spec", "selector") or {}
        found_services = [
            each
            for each in objects.of("Service")
            if matches(selector, at(each, "metadata", "labels") or {})
        ]
        told = {p["name"] for each in found_services for p in each["spec"]["ports"]}
        for end in at(monitor, "spec", "endpoints") or ():
            if end["port"] not in told:
                yield place(monitor), f"no Service it selects has a port {end['port']}"


def literal_secrets(objects: Objects) -> Found:
    """No secret's value in git: neither as a Secret nor as a variable."""
    for secret in objects.of("Secret"):
        if not at(secret, "metadata", "annotations", SUPPLIED):
            yield place(secret), "is written out"
    for pods in objects.pods:
        for container in pods.containers:
            for variable in container.get("env") or ():
                if _tells_a_secret(variable):
                    yield pods.place, f"{variable['name']} is written out"


SUPPLIED = "back2back/supplied"
"""Marks a Secret that a command makes outside git and the checks stand in for."""


def secret_keys(objects: Objects) -> dict[str, set[str]]:
    """Secret -> its keys, whoever makes it."""
    told = _keys(objects, "Secret")
    for external in objects.of("ExternalSecret"):
        made = at(external, "spec", "target", "name") or name(external)
        template = at(external, "spec", "target", "template", "data")
        fetched = {each["secretKey"] for each in at(external, "spec", "data") or ()}
        told[made] = set(template) if template else fetched
    for cluster in objects.of("Cluster"):
        told[authority(cluster)] = {"ca.crt", "ca.key"}
    return told


def authority(cluster: Object) -> str:
    """The Secret CloudNativePG makes for who signs the certificates of ``cluster``."""
    return f"{name(cluster)}-ca"


def _tells_a_secret(variable: Object) -> bool:
    words = variable["name"].split("_")
    secret = {"PASSWORD", "KEY", "KEYS", "TOKEN", "SECRET"} & set(words)
    return bool(variable.get("value")) and bool(secret)


def _behind(service: Object, objects: Objects) -> list[Pods]:
    return objects.selected({"matchLabels": at(service, "spec", "selector") or {"": ""}})


def _keys(objects: Objects, kind: str) -> dict[str, set[str]]:
    parts = ("data", "stringData", "binaryData")
    return {
        name(each): {key for part in parts for key in each.get(part) or ()}
        for each in objects.of(kind)
    }


_WHOLE = (("configMapRef", "ConfigMap"), ("secretRef", "Secret"))
_KEY = (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret"))


def _reads(pods: Pods) -> Iterator[tuple[str, str, str | None]]:
    """(kind, name, key or None for the whole)."""
    for volume in pods.spec.get("volumes") or ():
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"], None
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"], None
            for item in volume["secret"].get("items") or ():
                yield "Secret", volume["secret"]["secretName"], item["key"]
    for container in pods.containers:
        yield from _told(container)


def _told(container: Object) -> Iterator[tuple[str, str, str | None]]:
    for source in container.get("envFrom") or ():
        for field, kind in _WHOLE:
            if field in source:
                yield kind, source[field]["name"], None
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        for field, kind in _KEY:
            if field in source:
                yield kind, source[field]["name"], source[field]["key"]


def _operators_read(objects: Objects) -> Iterator[tuple[Object, str, str]]:
    """What custom resources read, as far as we use them."""
    for cluster in objects.of("Cluster"):
        for role in at(cluster, "spec", "managed", "roles") or ():
            for key in ("username", "password"):
                yield cluster, role["passwordSecret"]["name"], key
    for store in objects.of("ObjectStore"):
        for told in (at(store, "spec", "configuration", "s3Credentials") or {}).values():
            yield store, told["name"], told["key"]
