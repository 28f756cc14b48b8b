"""Staying up: who decides how many there are, what a drain may take, what a lost zone takes."""

from collections.abc import Iterator

from deploy.validate.objects import Object, Objects, Pods, at, name, place

Found = Iterator[tuple[str, str]]

_JETSTREAM = {
    "natsServerMonitoringEndpoint", "account", "accountID", "stream", "consumer", "lagThreshold",
    "activationLagThreshold", "useHttps",
}  # fmt: skip
_JETSTREAM_NEEDS = ("natsServerMonitoringEndpoint", "account", "stream", "consumer")


def scaling(objects: Objects) -> Found:
    """An autoscaler's target exists, has no number of its own, and can be measured."""
    for scaler in objects.of("ScaledObject", "HorizontalPodAutoscaler"):
        reference = at(scaler, "spec", "scaleTargetRef") or {}
        target = objects.named(reference.get("kind", "Deployment"), reference.get("name", ""))
        if target is None:
            yield place(scaler), f"scales {reference.get('name')}, which is not there"
            continue
        if "replicas" in target["spec"]:
            yield place(target), f"has replicas, which {place(scaler)} decides: an apply resets it"
        for text in (*_bounds(scaler), *_triggers(scaler, target, objects)):
            yield place(scaler), text


def _bounds(scaler: Object) -> Iterator[str]:
    spec = scaler["spec"]
    least = spec.get("minReplicaCount", spec.get("minReplicas", 0))
    most = spec.get("maxReplicaCount", spec.get("maxReplicas", 0))
    if least < 2:  # noqa: PLR2004 - one is none
        yield "may leave fewer than two"
    if most < least:
        yield f"may have at most {most}, but at least {least}"


def _triggers(scaler: Object, target: Object, objects: Objects) -> Iterator[str]:
    for trigger in at(scaler, "spec", "triggers") or ():
        told = trigger.get("metadata") or {}
        if trigger["type"] == "cpu":
            containers = target["spec"]["template"]["spec"]["containers"]
            if not all(at(each, "resources", "requests", "cpu") for each in containers):
                yield f"scales by CPU, but {place(target)} asks for none"
        elif trigger["type"] == "nats-jetstream":
            yield from _jetstream(told, objects)
        else:
            yield f"trigger {trigger['type']} is not one we know"


def _jetstream(told: Object, objects: Objects) -> Iterator[str]:
    if foreign := told.keys() - _JETSTREAM:
        yield f"nats-jetstream knows no {', '.join(sorted(foreign))}"
    for key in _JETSTREAM_NEEDS:
        if key not in told:
            yield f"nats-jetstream needs {key}"
    host, _, port = str(told.get("natsServerMonitoringEndpoint")).partition(":")
    service = objects.named("Service", host.partition(".")[0])
    ports = {str(each["port"]) for each in at(service, "spec", "ports") or ()} if service else set()
    if port not in ports:
        yield f"measures at {host}:{port}, which is no Service"


def disruption(objects: Objects) -> Found:
    """A drain gets on, one pod after the other; what serves has exactly one budget."""
    for budget in objects.of("PodDisruptionBudget"):
        for pods in objects.selected(at(budget, "spec", "selector")):
            if _blocks(budget["spec"], at(pods.owner, "spec", "replicas")):
                yield place(budget), f"never lets a pod of {pods.place} go: a drain would wait"
    for pods in objects.pods:
        if at(pods.owner, "metadata", "labels", "b2b/service") or name(pods.owner) == "nats":
            count = len(_budgets(pods, objects))
            if count != 1:
                yield pods.place, f"has {count} disruption budgets instead of one"
    for owner in objects.of("Deployment"):
        rolling = at(owner, "spec", "strategy", "rollingUpdate") or {}
        if rolling and rolling.get("maxSurge") in (0, "0%") and not rolling.get("maxUnavailable"):
            yield place(owner), "can never be rolled: neither more nor fewer pods are allowed"


def _budgets(pods: Pods, objects: Objects) -> list[Object]:
    return [
        budget
        for budget in objects.of("PodDisruptionBudget")
        if pods in objects.selected(at(budget, "spec", "selector"))
    ]


def _blocks(budget: Object, replicas: int | None) -> bool:
    if budget.get("maxUnavailable") in (0, "0", "0%") or budget.get("minAvailable") == "100%":
        return True
    least = budget.get("minAvailable")
    return isinstance(least, int) and least >= (replicas or 1)


def spread(objects: Objects) -> Found:
    """What serves is spread over nodes and zones."""
    for pods in objects.pods:
        if at(pods.owner, "metadata", "labels", "b2b/service") or name(pods.owner) == "nats":
            told = pods.spec.get("topologySpreadConstraints") or ()
            keys = {each["topologyKey"] for each in told}
            if missing := {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} - keys:
                yield pods.place, f"may all be in one: not spread over {', '.join(sorted(missing))}"
