"""A container as the manifests describe it, in the words of an engine.

Two things differ: it shares this machine's network, where the servers are, and so has ports of
its own.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.trial.engine import Engine
from deploy.validate.objects import Object, Objects, Pods, at
from deploy.validate.quantities import quantity
from deploy.validate.rules import supply


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    limits: tuple[str, ...]
    """What the engine is told about who it is and what it may."""
    grace: float
    """Seconds to end in, of its own accord."""
    patience: float
    """Seconds to come up in."""
    path: str
    """Where it is asked whether it is ready."""

    def run(self, engine: Engine, image: str, home: Path, *, wait: bool = False) -> str:
        """Start it, or run it to its end. Raises ``Failed``. ``home`` is for our eyes only."""
        told = home / f"{self.name}.env"
        with open(os.open(told, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in self.environment.items())
        way = ("--rm",) if wait else ("--detach",)
        return engine.must(
            "run", *way, "--name", self.name, "--network", "host", "--env-file", str(told),
            *self.limits, image, *self.command,
        )  # fmt: skip


def containers(
    pods: Pods, objects: Objects, *, prefix: str, home: Path, engine: Engine,
    here: Mapping[str, str],
) -> Iterator[Container]:  # fmt: skip
    """Each container of ``pods``, init containers first; ``here`` is what this machine tells."""
    volumes = {each["name"]: each for each in pods.spec.get("volumes") or ()}
    for told in pods.containers:
        known = supply.environment(told, objects, {})
        probe = told.get("startupProbe") or {}
        yield Container(
            name=f"{prefix}-{pods.labels['app.kubernetes.io/name']}-{told['name']}",
            command=tuple(told["command"]),
            environment={**known, **{name: here[name] for name in here if name in known}},
            limits=(
                *_identity(pods.spec, told, engine),
                *_mounts(told, volumes, objects, home),
            ),
            grace=float(pods.spec.get("terminationGracePeriodSeconds", 30)),
            patience=float(probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)),
            path=str(at(told, "readinessProbe", "httpGet", "path") or ""),
        )  # fmt: skip


def _identity(spec: Object, told: Object, engine: Engine) -> Iterator[str]:
    """Who it is and what it may, only as far as the manifests say so."""
    pod, own = spec.get("securityContext") or {}, told.get("securityContext") or {}
    if pod.get("runAsUser"):
        yield from ("--user", f"{pod['runAsUser']}:{pod['runAsGroup']}")
    if own.get("readOnlyRootFilesystem"):
        yield "--read-only"
        if engine.program == "podman":
            yield "--read-only-tmpfs=false"  # what is mounted is for the manifests to say
    for capability in at(own, "capabilities", "drop") or ():
        yield from ("--cap-drop", capability)
    if own.get("allowPrivilegeEscalation") is False:
        yield from ("--security-opt", "no-new-privileges")
    if at(pod, "seccompProfile", "type") != "RuntimeDefault":
        yield from ("--security-opt", "seccomp=unconfined")
    if limit := at(told, "resources", "limits", "memory"):
        yield from ("--memory", str(int(quantity(limit))))


def _mounts(
    told: Object, volumes: Mapping[str, Object], objects: Objects, home: Path
) -> Iterator[str]:
    for mount in told.get("volumeMounts") or ():
        volume = volumes[mount["name"]]
        if "emptyDir" in volume:
            size = int(quantity(at(volume, "emptyDir", "sizeLimit")))
            yield from ("--tmpfs", f"{mount['mountPath']}:rw,size={size},mode=1777")
        else:
            secret = at(volume, "secret", "secretName")
            folder = home / secret
            folder.mkdir(mode=0o755, exist_ok=True)
            for name, text in (at(objects.named("Secret", secret) or {}, "stringData")).items():
                (folder / name).write_text(text)
            yield from ("--volume", f"{folder}:{mount['mountPath']}:ro")
