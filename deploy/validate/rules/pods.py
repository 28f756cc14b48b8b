"""One pod at a time: what it may, runs, needs, and how it is asked whether it lives."""

import re
from collections.abc import Iterator

from deploy.validate.objects import Object, Objects, Pods, at
from deploy.validate.quantities import quantity

Found = Iterator[tuple[str, str]]

_WORDS = {
    "restartPolicy": {"Always", "OnFailure", "Never"},
    "imagePullPolicy": {"Always", "IfNotPresent", "Never"},
    "whenUnsatisfiable": {"DoNotSchedule", "ScheduleAnyway"},
    "podManagementPolicy": {"OrderedReady", "Parallel"},
    "protocol": {"TCP", "UDP", "SCTP"},
    "unhealthyPodEvictionPolicy": {"IfHealthyBudget", "AlwaysAllow"},
    "metricType": {"Utilization", "AverageValue", "Value"},
}
_TAG = re.compile(r"[^:@]+:[A-Za-z0-9][\w.-]*")
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_VOLUMES = {"name", "configMap", "secret", "emptyDir", "projected", "persistentVolumeClaim"}


def ours(objects: Objects) -> Iterator[Pods]:
    """Pods whose spec is in our hands."""
    return (pods for pods in objects.pods if pods.spec)


def restricted(objects: Objects) -> Found:
    """Pod Security "restricted", a read-only root, and no token of the cluster's."""
    for pods in ours(objects):
        for text in (*_pod(pods.spec), *_volumes(pods.spec)):
            yield pods.place, text
        for container in pods.containers:
            for text in _container(container, pods.spec):
                yield f"{pods.place}, container {container['name']}", text


def _pod(spec: Object) -> Iterator[str]:
    if spec.get("automountServiceAccountToken") is not False:
        yield "mounts a service account's token"
    if spec.get("enableServiceLinks") is not False:
        yield "gets every Service's address as variables: enableServiceLinks is not false"
    for word in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(word):
            yield f"{word} is on"


def _volumes(spec: Object) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        if foreign := set(volume) - _VOLUMES:
            yield f"volume {volume['name']} is of a kind that is not restricted: {foreign}"


def _container(container: Object, spec: Object) -> Iterator[str]:
    pod, own = spec.get("securityContext") or {}, container.get("securityContext") or {}
    if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "runAsNonRoot is not true"
    if not own.get("runAsUser", pod.get("runAsUser")):
        yield "runs as root, or as nobody in particular"
    profile = at(own, "seccompProfile", "type") or at(pod, "seccompProfile", "type")
    if profile not in ("RuntimeDefault", "Localhost"):
        yield "has no seccomp profile"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may become more than it is: allowPrivilegeEscalation is not false"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "may write its root"
    if own.get("privileged"):
        yield "is privileged"
    if at(own, "capabilities", "drop") != ["ALL"] or at(own, "capabilities", "add"):
        yield "keeps capabilities"


def images(objects: Objects) -> Found:
    """A version or a digest; a name alone means whatever is newest."""
    for pods in ours(objects):
        for container in pods.containers:
            image = str(container.get("image"))
            last = image.rpartition("/")[2]
            if not (_DIGEST.fullmatch(image) or _TAG.fullmatch(last)) or image.endswith(":latest"):
                yield pods.place, f"image {image} is not pinned to a version"
            if "/" not in image:
                yield pods.place, f"image {image} names no registry"


def resources(objects: Objects) -> Found:
    """Requests of both kinds, a limit of memory no smaller, none of CPU (it throttles)."""
    for pods in ours(objects):
        for container in pods.containers:
            for text in _resources(container.get("resources") or {}):
                yield f"{pods.place}, container {container['name']}", text
    for owner in objects.of("StatefulSet"):
        for claim in at(owner, "spec", "volumeClaimTemplates") or ():
            try:
                quantity(at(claim, "spec", "resources", "requests", "storage"))
            except ValueError as error:
                yield f"StatefulSet {owner['metadata']['name']}", str(error)


def _resources(told: Object) -> Iterator[str]:
    asked, limits = told.get("requests") or {}, told.get("limits") or {}
    try:
        for value in (*asked.values(), *limits.values()):
            quantity(value)
        if not {"cpu", "memory"} <= asked.keys():
            yield "does not ask for CPU and memory"
        if "memory" not in limits:
            yield "has no limit of memory"
        elif quantity(limits["memory"]) < quantity(asked.get("memory", 0)):
            yield "asks for more memory than its limit"
        if "cpu" in limits:
            yield "has a limit of CPU, which throttles"
    except ValueError as error:
        yield str(error)


def probes(objects: Objects) -> Found:
    """Ports that exist; and liveness never asks what readiness asks, or an outage kills pods."""
    for pods in ours(objects):
        serves = any(each.get("ports") for each in pods.spec.get("containers") or ())
        if serves and not any(each.get("readinessProbe") for each in pods.containers):
            yield pods.place, "serves, but is never asked whether it is ready"
        for container in pods.containers:
            for text in _probes(container, pods):
                yield f"{pods.place}, container {container['name']}", text


def _probes(container: Object, pods: Pods) -> Iterator[str]:
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        port = at(container, kind, "httpGet", "port")
        if port is not None and not pods.listens(port):
            yield f"{kind} asks at port {port}, which is not declared"
    live, ready = (at(container, f"{k}Probe", "httpGet", "path") for k in ("liveness", "readiness"))
    if live is not None and live == ready:
        yield "liveness asks the same as readiness: what it stands on would kill it when away"


def words(objects: Objects) -> Found:
    """Fields that take one of a few words; the published schemas allow any."""
    for each in objects.all:
        for field, value in _fields(each):
            if value not in _WORDS[field]:
                yield f"{each['kind']} {each['metadata']['name']}", f"{field} cannot be {value!r}"
    for job in objects.of("Job"):
        if at(job, "spec", "template", "spec", "restartPolicy") not in ("Never", "OnFailure"):
            yield f"Job {job['metadata']['name']}", "a Job's restartPolicy is Never or OnFailure"


def _fields(value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _WORDS and isinstance(inner, str):
                yield key, inner
            yield from _fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _fields(inner)
