"""Planted faults, and which check must find each: proof that the checks can fail."""

from copy import deepcopy
from typing import Any, NamedTuple

from deploy.cluster import secrets
from deploy.validate.objects import Object, Objects

DELETE = object()


class Mutation(NamedTuple):
    """One fault in what production makes."""

    says: str
    check: str
    kind: str
    name: str
    path: str
    """Steps by dots; in lists a number or a name; empty takes the whole object out."""
    value: Any


_POD = "spec.template.spec"
_APP = f"{_POD}.containers.app"
_NATS = f"{_POD}.containers.nats"
_DATA = "spec.target.template.data"
_STORE = "postgresql://booking_app:{{ .postgres_booking_app }}"


def _m(says: str, check: str, of: str, path: str, value: Any) -> Mutation:
    kind, name = of.split()
    return Mutation(says, check, kind, name, path, value)


MUTATIONS = (
    # What the published schemas know
    _m("an unknown field", "schema", "Deployment booking", f"{_POD}.nodeSelectors", {}),
    _m("a wrong type", "schema", "Deployment booking", "spec.revisionHistoryLimit", "five"),
    _m("a removed API", "schema", "PodDisruptionBudget booking", "apiVersion", "policy/v1beta1"),
    # One pod
    _m("root", "restricted", "Deployment booking", f"{_POD}.securityContext.runAsUser", 0),
    _m("maybe root", "restricted", "Deployment gateway", f"{_POD}.securityContext.runAsNonRoot",
       DELETE),
    _m("no seccomp", "restricted", "StatefulSet nats", f"{_POD}.securityContext.seccompProfile",
       DELETE),
    _m("a writable root", "restricted", "Job prepare",
       f"{_POD}.initContainers.0.securityContext.readOnlyRootFilesystem", False),
    _m("escalation", "restricted", "Deployment access",
       f"{_APP}.securityContext.allowPrivilegeEscalation", True),
    _m("capabilities", "restricted", "Deployment access", f"{_APP}.securityContext.capabilities",
       {"drop": ["ALL"], "add": ["NET_ADMIN"]}),
    _m("the cluster's token", "restricted", "Deployment members",
       f"{_POD}.automountServiceAccountToken", True),
    _m("a host path", "restricted", "Deployment members", f"{_POD}.volumes.0",
       {"name": "tmp", "hostPath": {"path": "/tmp"}}),
    _m("latest", "images", "Deployment booking", f"{_APP}.image", "example.com/b2b:latest"),
    _m("no registry", "images", "StatefulSet nats", f"{_NATS}.image", "nats:2.15.1"),
    _m("a bad quantity", "resources", "Deployment booking", f"{_APP}.resources.requests.cpu",
       "250mm"),
    _m("no limit of memory", "resources", "Deployment booking", f"{_APP}.resources.limits", DELETE),
    _m("more asked than allowed", "resources", "Deployment booking",
       f"{_APP}.resources.requests.memory", "2Gi"),
    _m("a probe nowhere", "probes", "Deployment booking", f"{_APP}.livenessProbe.httpGet.port",
       "web"),
    _m("alive only when ready", "probes", "Deployment booking",
       f"{_APP}.livenessProbe.httpGet.path", "/health/ready"),
    _m("never asked", "probes", "Deployment booking", f"{_APP}.readinessProbe", DELETE),
    _m("no such word", "words", "Deployment booking", f"{_APP}.imagePullPolicy", "Sometimes"),
    _m("a Job for ever", "words", "Job streams", f"{_POD}.restartPolicy", "Always"),
    # Between objects
    _m("not its own pods", "selectors", "Deployment booking",
       "spec.selector.matchLabels", {"app.kubernetes.io/name": "bookings"}),
    _m("a Service of nothing", "selectors", "Service gateway", "spec.selector",
       {"app.kubernetes.io/name": "gatewy"}),
    _m("a wrong target port", "ports", "Service nats", "spec.ports.0.targetPort", "clients"),
    _m("a missing Secret", "configuration", "ExternalSecret billing", "", DELETE),
    _m("a missing key", "configuration", "ExternalSecret operator",
       "spec.target.template.data.MIGRATOR_URL", DELETE),
    _m("a missing ConfigMap", "configuration", "Deployment booking",
       f"{_APP}.envFrom.0.configMapRef.name", "setting"),
    _m("a mount of nothing", "configuration", "StatefulSet nats", f"{_NATS}.volumeMounts.0.name",
       "configs"),
    _m("a missing account", "accounts", "ServiceAccount booking", "", DELETE),
    _m("a key its maker does not keep", "configuration", "Deployment booking",
       f"{_POD}.volumes.postgres-ca.secret.items.0.key", "root.crt"),
    _m("a route to nothing", "routes", "HTTPRoute gateway", "spec.rules.0.backendRefs.0.port",
       8080),
    _m("metrics on the internet", "routes", "HTTPRoute gateway",
       "spec.rules.0.matches.0.path", {"type": "PathPrefix", "value": "/"}),
    _m("a scrape of nothing", "monitors", "PodMonitor services",
       "spec.podMetricsEndpoints.0.port", "metrics"),
    _m("a secret in git", "no secrets in git", "Deployment booking", f"{_APP}.env.0",
       {"name": "NATS_PASSWORD", "value": "hunter2hunter2hunter2"}),
    # Staying up
    _m("an autoscaler of nothing", "scaling", "ScaledObject booking", "spec.scaleTargetRef.name",
       "bookings"),
    _m("two masters", "scaling", "Deployment booking", "spec.replicas", 3),
    _m("a mistyped trigger", "scaling", "ScaledObject booking",
       "spec.triggers.1.metadata.lagTreshold", "5"),
    _m("a drain that waits", "disruption", "PodDisruptionBudget nats", "spec",
       {"minAvailable": 3, "selector": {"matchLabels": {"app.kubernetes.io/name": "nats"}}}),
    _m("no budget", "disruption", "PodDisruptionBudget gateway", "", DELETE),
    _m("all in one zone", "spread", "Deployment booking", f"{_POD}.topologySpreadConstraints",
       DELETE),
    # The network
    _m("nothing denied", "deny", "NetworkPolicy default-deny", "", DELETE),
    _m("denied one way only", "deny", "NetworkPolicy default-deny", "spec.policyTypes",
       ["Ingress"]),
    _m("everybody let in", "arrows", "NetworkPolicy nats", "spec.ingress.0.from", DELETE),
    _m("a shut door", "arrows", "NetworkPolicy postgres", "spec.ingress.0.ports.0.port", 5433),
    _m("a service without its arrow", "arrows", "Deployment billing",
       "spec.template.metadata.labels", {"app.kubernetes.io/name": "billing"}),
    _m("the whole internet", "arrows", "NetworkPolicy to-nats", "spec.egress.0.to",
       [{"ipBlock": {"cidr": "0.0.0.0/0"}}]),
    _m("spans into the void", "arrows", "NetworkPolicy services-to-collector",
       "spec.egress.0.ports.0.port", 4317),
    _m("a collector nobody may reach", "arrows", "NetworkPolicy services-to-collector", "", DELETE),
    _m("metrics nobody may fetch", "needs", "NetworkPolicy services-from-monitoring", "", DELETE),
    _m("a lag nobody may measure", "needs", "NetworkPolicy nats-from-keda", "", DELETE),
    _m("a shut gate", "needs", "NetworkPolicy gateway-from-outside",
       "spec.ingress.0.ports.0.port", 8081),
    _m("an autoscaler among the clients", "needs", "NetworkPolicy nats-from-keda",
       "spec.ingress.0.ports.0.port", 4222),
    _m("servers that do not meet", "needs", "NetworkPolicy nats", "spec.egress.0.ports.0.port",
       6223),
    _m("an operator shut out", "needs", "NetworkPolicy postgres-cluster", "spec.ingress.1", DELETE),
    _m("copies that cannot copy", "needs", "NetworkPolicy postgres-cluster", "spec.egress.0",
       DELETE),
    _m("no way to the bucket", "needs", "NetworkPolicy postgres-cluster", "spec.egress.1", DELETE),
    _m("no names", "needs", "NetworkPolicy to-dns", "", DELETE),
    # What processes are told
    _m("a setting forgotten", "settings", "Deployment booking", f"{_APP}.env.NATS_USER", DELETE),
    _m("a setting mistyped", "settings", "Deployment gateway", f"{_APP}.env.TRUSTED_PROXIES.name",
       "TRUSTED_PROXY"),
    _m("a setting refused", "settings", "Deployment gateway", f"{_APP}.env.TRUSTED_PROXIES.value",
       "10.0.0.0/99"),
    _m("a moved clock in production", "settings", "Deployment booking", f"{_APP}.env.0",
       {"name": "B2B_CLOCK_FILE", "value": "/tmp/clock"}),
    _m("a tool that cannot look", "settings", "ExternalSecret operator",
       "spec.target.template.data.AUDITOR_URL", DELETE),
    _m("no such process", "settings", "Deployment booking", f"{_APP}.command.2",
       "services.bookings"),
    _m("another port than said", "settings", "Deployment booking", f"{_APP}.ports.0.containerPort",
       8082),
    _m("a process forgotten", "every process", "Deployment access", "", DELETE),
    _m("a consumer not measured", "consumers", "ScaledObject billing", "spec.triggers.1", DELETE),
    # Whom they believe that it is Postgres
    _m("anybody's certificate", "postgres", "ExternalSecret booking", f"{_DATA}.DATABASE_URL",
       f"{_STORE}@pg-rw:5432/b2b_booking?sslmode=require"),
    _m("a certificate of any name", "postgres", "ExternalSecret booking",
       f"{_DATA}.RELAY_DATABASE_URL",
       f"{_STORE}@pg-rw:5432/b2b_booking{secrets.TRUST.replace('verify-full', 'verify-ca')}"),
    _m("no certificate at all", "postgres", "ExternalSecret database-admin", f"{_DATA}.ADMIN_URL",
       f"{_STORE}@pg-rw:5432/postgres"),
    _m("a name on no certificate", "postgres", "ExternalSecret auditor", f"{_DATA}.AUDITOR_URL",
       f"{_STORE}@pg-rw.elsewhere:5432/postgres{secrets.TRUST}"),
    _m("no authority to believe", "postgres", "Deployment gateway",
       f"{_APP}.volumeMounts.postgres-ca", DELETE),
    _m("none before the job", "postgres", "Job prepare",
       f"{_POD}.initContainers.databases.volumeMounts.postgres-ca", DELETE),
    _m("an authority's key in a pod", "postgres", "Deployment operator",
       f"{_POD}.volumes.postgres-ca.secret.items", DELETE),
    _m("a copy that is never renewed", "postgres", "Deployment billing",
       f"{_APP}.volumeMounts.postgres-ca.subPath", "ca.crt"),
    # Custom resources
    _m("an unknown field of an operator's", "crd", "Cluster pg", "spec.instance", 3),
    _m("a wrong type of an operator's", "crd", "Cluster pg", "spec.instances", "three"),
    _m("a wrong word of an operator's", "crd", "Cluster pg", "spec.postgresql.synchronous.method",
       "some"),
    _m("a number where text must be", "crd", "ScaledObject booking",
       "spec.triggers.1.metadata.lagThreshold", 500),
    _m("against a CEL rule", "crd", "HTTPRoute gateway", "spec.rules.1.timeouts",
       {"request": "1s", "backendRequest": "2s"}),
    _m("a backup to nowhere", "crd", "ObjectStore backup", "spec.configuration.destinationPath",
       "back2back-backup"),
    _m("a backup's unknown field", "crd", "ObjectStore backup", "spec.configuration.bucket", "b"),
    _m("a retention of nothing", "crd", "ObjectStore backup", "spec.retentionPolicy", "30 days"),
    _m("no such custom resource", "crd", "ScaledObject booking", "apiVersion", "keda.sh/v1"),
)  # fmt: skip

BUS: tuple[tuple[str, str, str, str], ...] = (
    ("not read by the server", "nats.conf", "jetstream {", "jetstream ("),
    ("not on disk when acknowledged", "nats.conf", "sync_interval: always", "sync_interval: 2m"),
    ("more than the volume holds", "nats.conf", "max_file_store: 18GB", "max_file_store: 22GB"),
    ("a wildcard that is none", "accounts.conf", '"evt.*.booking.>"', '"evt.*.book*.>"'),
    ("a right too many", "accounts.conf", '"dlq.booking.>"', '"cmd.billing.>"'),
    ("hands on others' consumers", "accounts.conf",
     '"$JS.API.CONSUMER.DELETE.EVT_BOOKING.billing_invoice_fee"',
     '"$JS.API.CONSUMER.DELETE.EVT_BOOKING.billing"'),
    ("acknowledges for others", "accounts.conf",
     '"$JS.ACK.EVT_BOOKING.billing_invoice_fee.>"', '"$JS.ACK.EVT_BOOKING.>"'),
    ("asks for everything", "accounts.conf", '"cmd.booking.book_class"', '"cmd.>"'),
    ("an operator who writes history", "accounts.conf",
     '"$JS.API.STREAM.MSG.DELETE.DLQ"', '"evt.>"'),
    ("an open door", "nats.conf", 'include "accounts.conf"',
     'no_auth_user: "booking"\ninclude "accounts.conf"'),
)  # fmt: skip
"""(what it says, file, text, what stands there instead)."""


def planted(objects: Objects, mutation: Mutation) -> Objects:
    """A copy with the fault in it. Raises ``LookupError`` when it cannot be planted."""
    copies = deepcopy(objects.all)
    target = Objects(copies).named(mutation.kind, mutation.name)
    if target is None:
        raise LookupError(f"no {mutation.kind} {mutation.name} to mutate")
    if not mutation.path:
        copies.remove(target)
    else:
        _set(target, mutation.path.split("."), mutation.value)
    return Objects(copies)


def planted_in_bus(objects: Objects, file: str, text: str, instead: str) -> Objects:
    """The same for a file in a ConfigMap."""
    copies = deepcopy(objects.all)
    for each in copies:
        data = each.get("data") or {}
        if each["kind"] == "ConfigMap" and text in data.get(file, ""):
            data[file] = data[file].replace(text, instead)
            return Objects(copies)
    raise LookupError(f"no {file} holds {text!r}")


def _set(target: Object, path: list[str], value: Any) -> None:
    here: Any = target
    for step in path[:-1]:
        here = here[_step(here, step)]
    last = _step(here, path[-1])
    if value is DELETE:
        del here[last]
    else:
        here[last] = value


def _step(here: Any, step: str) -> Any:
    if not isinstance(here, list):
        return step
    if step.isdigit():
        return int(step)
    return next(index for index, each in enumerate(here) if each.get("name") == step)


def target(objects: Objects, mutation: Mutation) -> Objects:
    """Only the object the fault was planted in, for checks that look at one at a time."""
    found = objects.named(mutation.kind, mutation.name)
    return Objects([found] if found else [])
