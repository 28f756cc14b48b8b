"""The rules about manifests on objects small enough to read; ``mutations`` try them at size."""

import re
from decimal import Decimal
from typing import Any

import pytest

from deploy.schema import ROOT
from deploy.validate import mutations
from deploy.validate.objects import Object, Objects, matches
from deploy.validate.quantities import quantity
from deploy.validate.rules import (
    availability,
    faults,
    needs,
    network,
    pods,
    postgres,
    references,
    supply,
)


def deployment(name: str, *, labels: dict[str, str] | None = None, **spec: Any) -> Object:
    """One whose pods have the label ``app: NAME``."""
    known = {"app": name, **(labels or {})}
    container = {"name": "app", "image": "example.com/x:1", "ports": [_port("http", 80)]}
    return _object("Deployment", name, spec={
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": known}, "spec": {"containers": [container]}},
        **spec,
    })  # fmt: skip


def policy(name: str, **spec: Any) -> Object:
    return _object("NetworkPolicy", name, spec={"podSelector": {}, **spec})


def budget(**spec: Any) -> Object:
    return _object("PodDisruptionBudget", "b", spec={"selector": _selects("a"), **spec})


def _object(kind: str, name: str, **rest: Any) -> Object:
    return {"kind": kind, "apiVersion": "v1", "metadata": {"name": name}, **rest}


def _port(name: str, number: int) -> Object:
    return {"name": name, "containerPort": number}


def _selects(name: str) -> Object:
    return {"matchLabels": {"app": name}}


def _peer(name: str) -> Object:
    return {"podSelector": _selects(name)}


@pytest.mark.parametrize(
    ("text", "amount"), [("250m", "0.25"), ("1Gi", 2**30), ("2", 2), ("18G", 18 * 10**9)]
)
def test_a_quantity_is_read(text: str, amount: str | int) -> None:
    assert quantity(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["250mm", "1GB", "", "much", None])
def test_what_is_no_quantity_is_named(text: str | None) -> None:
    with pytest.raises(ValueError, match="is not a quantity"):
        quantity(text)


def test_an_expression_is_not_taken_for_everything() -> None:
    with pytest.raises(ValueError, match="matchExpressions"):
        matches({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, {})


def test_a_service_of_nobody_is_found_by_its_selector() -> None:
    service = _object("Service", "s", spec={"selector": {"app": "b"}, "ports": [{"port": 80}]})
    assert ("Service s", "selects no pod") in references.selectors(
        Objects([deployment("a"), service])
    )


def test_a_budget_that_lets_nobody_go_blocks_a_drain() -> None:
    both = Objects([deployment("a", replicas=2), budget(minAvailable=2)])
    one = Objects([deployment("a", replicas=2), budget(minAvailable=1)])
    assert any("a drain would wait" in text for _, text in availability.disruption(both))
    assert list(availability.disruption(one)) == []


def test_a_budget_without_a_known_number_counts_one_pod() -> None:
    scaled = Objects([deployment("a"), budget(minAvailable=1)])
    assert any("a drain would wait" in text for _, text in availability.disruption(scaled))


def test_an_arrow_is_open_at_both_ends() -> None:
    leaves = policy("a-out", podSelector=_selects("a"),
                    egress=[{"to": [_peer("b")], "ports": [{"port": 80}]}])  # fmt: skip
    enters = policy("b-in", podSelector=_selects("b"),
                    ingress=[{"from": [_peer("a")], "ports": [{"port": 80}]}])  # fmt: skip
    two = [deployment("a"), deployment("b")]
    assert list(network.arrows(Objects([*two, leaves, enters]))) == []
    [(place, text)] = network.arrows(Objects([*two, leaves]))
    assert (place, text) == (
        "Deployment a", "may leave for Deployment b:80, but is not let in there"
    )  # fmt: skip


def test_who_is_told_an_address_in_another_namespace_may_go_there() -> None:
    one = deployment("a")
    container = one["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "COLLECTOR", "value": "http://otel.observability:4318"}]
    there = {"namespaceSelector": {"matchLabels": {network.NAMESPACE: "observability"}}}
    leaves = policy("out", egress=[{"to": [there], "ports": [{"port": 4318}]}])
    assert list(network.arrows(Objects([one, leaves]))) == []
    assert list(network.arrows(Objects([one]))) == [
        ("Deployment a", "is told an address in observability:4318, but may not go there")
    ]


def _from(namespace: str) -> Object:
    return {"namespaceSelector": {"matchLabels": {network.NAMESPACE: namespace}}}


def test_who_scrapes_is_let_in_where_it_scrapes_and_nowhere_else() -> None:
    monitor = _object("PodMonitor", "m", spec={
        "selector": _selects("a"), "podMetricsEndpoints": [{"port": "http"}]
    })  # fmt: skip
    names = policy("dns", egress=[{"to": [_from("kube-system")], "ports": [{"port": 53}]}])
    known = [deployment("a"), names, monitor]

    def said(port: int) -> list[str]:
        enters = [{"from": [_from("monitoring")], "ports": [{"port": port}]}]
        return [text for _, text in needs.needs(Objects([*known, policy("in", ingress=enters)]))]

    assert said(80) == []
    assert said(81) == [
        "does not let monitoring in at 80", "lets monitoring in at 81, and nothing says what for",
    ]  # fmt: skip


def test_pods_that_may_not_ask_for_addresses_are_found() -> None:
    assert list(needs.needs(Objects([deployment("a")]))) == [
        ("Deployment a", "may not ask what addresses names have")
    ]


def test_the_namespaces_others_come_from_are_those_the_guide_puts_them_in() -> None:
    guide = (ROOT / "docs/operations/install.md").read_text()
    operators = (("Prometheus", needs.PROMETHEUS), ("KEDA", needs.KEDA),
                 ("CloudNativePG", needs.CLOUDNATIVE_PG))  # fmt: skip
    for operator, namespace in operators:
        assert re.search(rf"^ *\| {operator}.*\| `{namespace}` \|", guide, re.M), operator


def test_denial_by_default_is_both_ways_and_without_exceptions() -> None:
    everything = policy("d", policyTypes=["Ingress", "Egress"])
    some = policy("d", policyTypes=["Ingress", "Egress"], egress=[{}])
    assert list(network.default_deny(Objects([deployment("a"), everything]))) == []
    assert list(network.default_deny(Objects([deployment("a"), some])))


def test_a_probe_asks_at_a_declared_port_and_liveness_not_what_readiness_asks() -> None:
    one = deployment("a")
    container = one["spec"]["template"]["spec"]["containers"][0]
    container["livenessProbe"] = {"httpGet": {"path": "/up", "port": "http"}}
    container["readinessProbe"] = {"httpGet": {"path": "/up", "port": "web"}}
    texts = [text for _, text in pods.probes(Objects([one]))]
    assert [text.split(",")[0].split(":")[0] for text in texts] == [
        "readinessProbe asks at port web", "liveness asks the same as readiness",
    ]  # fmt: skip


def test_a_process_is_asked_whether_it_would_start() -> None:
    said = list(supply.would_start("services.projections", {"NATS_URL": "nats://nats:4222"}))
    assert "DATABASE_URL: Field required" in said
    assert list(supply.would_start("services.nothing", {})) == [
        "there is no process services.nothing"
    ]


def test_a_tool_is_asked_for_what_it_needs() -> None:
    assert list(supply.would_run("migrate", {})) == ["b2b migrate is not told MIGRATOR_URL"]
    assert list(supply.would_run("migrate", {"MIGRATOR_URL": "postgresql://x"})) == []


def test_where_an_operator_types_every_tool_finds_what_it_needs() -> None:
    operator = deployment("operator")
    container = operator["spec"]["template"]["spec"]["containers"][0]
    container |= {"command": ["sleep", "infinity"], "env": [{"name": "NATS_URL", "value": "x"}]}
    texts = [text for _, text in supply.settings(Objects([operator]))]
    assert "b2b check is not told AUDITOR_URL" in texts
    assert "b2b tail is not told NATS_PASSWORD" in texts


def test_a_fault_is_planted_in_a_copy() -> None:
    objects = Objects([deployment("booking")])
    mutation = mutations.Mutation("x", "images", "Deployment", "booking",
                                  "spec.template.spec.containers.app.image", "nats")  # fmt: skip
    planted = mutations.planted(objects, mutation)
    assert [fault.text for fault in faults(planted, ["images"])] == [
        "image nats is not pinned to a version", "image nats names no registry",
    ]  # fmt: skip
    assert list(faults(objects, ["images"])) == []


def test_a_fault_that_cannot_be_planted_is_an_error_not_a_pass() -> None:
    with pytest.raises(LookupError, match="no Service gateway to mutate"):
        mutations.planted(
            Objects([]), mutations.Mutation("x", "ports", "Service", "gateway", "", None)
        )


def test_at_least_twenty_five_faults_are_planted_each_once() -> None:
    says = [each.says for each in mutations.MUTATIONS]
    assert len(says) == len(set(says)) >= 25


def _opens_postgres(address: str, **mount: Any) -> Objects:
    """A cluster of CloudNativePG's, and a process that mounts who signs for it and is told that."""
    one = deployment("booking")
    pod = one["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "ca", "secret": {
        "secretName": "pg-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}],
    }}]  # fmt: skip
    pod["containers"][0] |= {
        "env": [{"name": "DATABASE_URL", "value": address}],
        "volumeMounts": [{"name": "ca", "mountPath": "/ca", "readOnly": True, **mount}],
    }
    cluster = _object("Cluster", "pg")
    cluster["metadata"]["namespace"] = "gyms"
    return Objects([one, cluster])


def _of_postgres(objects: Objects) -> list[str]:
    return [text for _, text in postgres.postgres(objects)]


@pytest.mark.parametrize("host", ["pg-rw", "pg-rw.gyms", "pg-rw.gyms.svc"])
def test_who_looks_at_postgres_certificate_is_well(host: str) -> None:
    address = f"postgresql://a:b@{host}:5432/x?sslmode=verify-full&sslrootcert=/ca/ca.crt"
    assert _of_postgres(_opens_postgres(address)) == []


@pytest.mark.parametrize(
    ("address", "mount", "says"),
    [
        ("pg-rw:5432/x?sslmode=verify-ca&sslrootcert=/ca/ca.crt", {}, "sslmode is not verify-full"),
        ("pg-ro:5432/x?sslmode=verify-full&sslrootcert=/ca/ca.crt", {}, "leads to pg-ro"),
        ("pg-rw.x:5432/x?sslmode=verify-full&sslrootcert=/ca/ca.crt", {}, "leads to pg-rw.x"),
        ("pg-rw:5432/x?sslmode=verify-full", {}, "trusts who signed no file"),
        ("pg-rw:5432/x?sslmode=verify-full&sslrootcert=/ca/other", {}, "signed /ca/other"),
        (
            "pg-rw:5432/x?sslmode=verify-full&sslrootcert=/ca/ca.crt", {"readOnly": False},
            "not mounted",
        ),
    ],
)  # fmt: skip
def test_who_would_believe_anybody_is_found(address: str, mount: dict[str, Any], says: str) -> None:
    [said] = _of_postgres(_opens_postgres(f"postgresql://a:b@{address}", **mount))
    assert says in said


def test_an_authoritys_key_is_in_no_pod() -> None:
    objects = _opens_postgres("pg-rw")
    volume = objects.all[0]["spec"]["template"]["spec"]["volumes"][0]
    volume["secret"]["items"] += [{"key": "ca.key", "path": "ca.key"}]
    assert _of_postgres(objects) == ["volume ca holds more of pg-ca than ca.crt"]
