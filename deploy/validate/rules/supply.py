"""Does every process get what it must be told? Its own settings are asked, as at its start."""

import os
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import get_type_hints
from unittest.mock import patch
from urllib.parse import urlsplit

from chassis.settings import ProcessSettings, WrongSettings, load
from deploy.cli import COMMANDS
from deploy.cluster import secrets
from deploy.cluster.scaling import durables
from deploy.local.access import AUDITOR, PROCESSES
from deploy.local.runner import MODULES
from deploy.validate.objects import Object, Objects, Pods, at, name

Found = Iterator[tuple[str, str]]

_BUS = ("NATS_URL", "NATS_USER", "NATS_PASSWORD")
NEEDS = {
    "databases": ("ADMIN_URL",),
    "migrate": ("MIGRATOR_URL",),
    "streams": _BUS,
    "tail": _BUS,
    "dead-letters": _BUS,
    "projections": (*_BUS, "CALLER_KEY", "VIEWS_URL"),
    "gym": (*_BUS, "CALLER_KEY", "VIEWS_URL"),
    "check": (*_BUS, "CALLER_KEY", "AUDITOR_URL"),
}
"""Command of ``b2b`` -> what it must find in its environment (deploy/operator.py)."""
TYPED = ("streams", "tail", "dead-letters", "projections", "gym", "check")
"""What an operator types where nothing runs but ``sleep``."""

_LISTENS = {"HEALTH_PORT": "health", "GATEWAY_PORT": "http"}
_TEMPLATE = re.compile(r"\{\{ \.(\w+) \}\}")


def settings(objects: Objects) -> Found:
    """Each process would start with what it is told, is told nothing it does not know."""
    values = {each.label: value for each, value in secrets.invented().items()}
    for pods in objects.pods:
        for container in pods.containers:
            told = environment(container, objects, values)
            module, command = _module(container), _command(container)
            texts: Iterator[str] = iter(())
            if module:
                texts = _process(module, container, told, objects)
            elif command:
                texts = would_run(command, told)
            elif _waits_for_words(container):
                texts = (text for typed in TYPED for text in would_run(typed, told))
            for text in texts:
                yield f"{pods.place}, container {container['name']}", text


def _process(
    module: str, container: Object, told: Mapping[str, str], objects: Objects
) -> Iterator[str]:
    yield from would_start(module, told)
    kind = settings_of(module)
    if kind is None:
        return
    own = {each["name"] for each in container.get("env") or ()}
    for variable in sorted(own - {field.upper() for field in kind.model_fields}):
        yield f"{variable} is no setting of {module}"
    ports = {each.get("name"): str(each["containerPort"]) for each in container.get("ports") or ()}
    for variable, port in _LISTENS.items():
        if port in ports and told.get(variable) != ports[port]:
            yield f"declares port {port} as {ports[port]}, but {variable} is {told.get(variable)}"
    for variable, value in told.items():
        if variable.endswith("_URL") and not _answers(value, objects):
            yield f"{variable} leads to {urlsplit(value).netloc.rpartition('@')[2]}: no Service"


def would_start(module: str, told: Mapping[str, str]) -> Iterator[str]:
    """What ``python -m module`` would say against the environment ``told``."""
    kind = settings_of(module)
    if kind is None:
        yield f"there is no process {module}"
        return
    with patch.dict(os.environ, told, clear=True):
        try:
            load(kind)
        except WrongSettings as error:
            yield from str(error).splitlines()


def would_run(command: str, told: Mapping[str, str]) -> Iterator[str]:
    """What ``b2b command`` would miss in the environment ``told``."""
    if command not in COMMANDS:
        yield f"b2b knows no {command}"
    for variable in NEEDS.get(command, ()):
        if not told.get(variable):
            yield f"b2b {command} is not told {variable}"


def processes(objects: Objects) -> Found:
    """Everything that runs locally runs here, and the auditor."""
    run = {_module(container) for pods in objects.pods for container in pods.containers}
    for process in (*PROCESSES, AUDITOR):
        if MODULES.get(process, f"services.{process}") not in run:
            yield "base/services", f"nothing runs {process}"


def consumers(objects: Objects) -> Found:
    """Autoscalers measure the durable consumers there are, all of them, where they hang."""
    measured = {
        (at(trigger, "metadata", "stream"), at(trigger, "metadata", "consumer"), name(scaler))
        for scaler in objects.of("ScaledObject")
        for trigger in at(scaler, "spec", "triggers") or ()
        if trigger["type"] == "nats-jetstream"
    }
    if not objects.of("ScaledObject"):
        return
    there = {tuple(each) for each in durables()}
    for stream, consumer, service in sorted(there - measured, key=str):
        yield f"ScaledObject {service}", f"does not measure {consumer} of {stream}"
    for stream, consumer, service in sorted(measured - there, key=str):
        yield f"ScaledObject {service}", f"measures {consumer} of {stream}, which nobody makes"


def settings_of(module: str) -> type[ProcessSettings] | None:
    """What ``python -m module`` reads at its start: its ``main`` says so by its type."""
    top = module.partition(".")[0]
    if top not in ("services", "gateway", "deploy") or find_spec(module) is None:
        return None
    main = import_module(f"{module}.app").main
    kind: type[ProcessSettings] = get_type_hints(main)["process"].__args__[0]
    return kind


def variables(pods: Pods, objects: Objects) -> Iterator[str]:
    """The value of every variable of every container."""
    values = {each.label: "x" for each in secrets.RANDOM}
    for container in pods.containers:
        yield from environment(container, objects, values).values()


def environment(container: Object, objects: Objects, random: Mapping[str, str]) -> dict[str, str]:
    """What the container is told; ``random`` stands for what a vault holds."""
    told: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        if config := at(source, "configMapRef", "name"):
            told |= at(objects.named("ConfigMap", config) or {}, "data") or {}
        if secret := at(source, "secretRef", "name"):
            told |= _secret(secret, objects, random)
    for variable in container.get("env") or ():
        if "value" in variable:
            told[variable["name"]] = variable["value"]
        elif reference := at(variable, "valueFrom", "secretKeyRef"):
            data = _secret(reference["name"], objects, random)
            told[variable["name"]] = data.get(reference["key"], "")
    return told


def _secret(wanted: str, objects: Objects, random: Mapping[str, str]) -> dict[str, str]:
    """Key -> value of a Secret, as its maker would fill it."""
    plain = objects.named("Secret", wanted)
    if plain is not None:
        return dict(plain.get("stringData") or {})
    external = objects.named("ExternalSecret", wanted) or {}
    fetched = {each["secretKey"] for each in at(external, "spec", "data") or ()}

    def fill(found: re.Match[str]) -> str:
        return random.get(found[1], "") if found[1] in fetched else ""

    template = at(external, "spec", "target", "template", "data") or {}
    return {key: _TEMPLATE.sub(fill, text) for key, text in template.items()}


def _answers(address: str, objects: Objects) -> bool:
    parts = urlsplit(address)
    for service in objects.of("Service"):
        if name(service) == parts.hostname:
            return any(port["port"] == parts.port for port in service["spec"]["ports"])
    made = {f"{name(cluster)}-rw" for cluster in objects.of("Cluster")}
    return parts.hostname in made and parts.port == 5432  # noqa: PLR2004 - Postgres'


def _module(container: Object) -> str | None:
    command = container.get("command") or []
    return str(command[2]) if command[:2] == ["python", "-m"] else None


def _command(container: Object) -> str | None:
    command = container.get("command") or []
    return str(command[1]) if command[:1] == ["b2b"] else None


def _waits_for_words(container: Object) -> bool:
    command = container.get("command") or []
    return bool(command[:1] == ["sleep"])
