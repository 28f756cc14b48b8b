"""Who opens Postgres looks at whom it speaks to: what CloudNativePG signed, and nothing else.

Where no cluster of CloudNativePG's is, nothing speaks TLS: one Postgres, to try things on.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from urllib.parse import parse_qs, urlsplit

from deploy.cluster import secrets
from deploy.validate.objects import Object, Objects, Pods, at, name
from deploy.validate.rules.references import authority
from deploy.validate.rules.supply import environment

Found = Iterator[tuple[str, str]]

CERTIFICATE = "ca.crt"


def postgres(objects: Objects) -> Found:
    """Every address asks for a certificate, by a name that is on it, and has the file for it."""
    clusters = objects.of("Cluster")
    values = {each.label: "x" for each in secrets.RANDOM}
    names = {one for cluster in clusters for one in _names(cluster)}
    authorities = {authority(cluster) for cluster in clusters}
    for pods in objects.pods if clusters else ():
        for volume, kept in _kept(pods).items():
            if kept.secret in authorities and set(kept.files.values()) != {CERTIFICATE}:
                yield pods.place, f"volume {volume} holds more of {kept.secret} than {CERTIFICATE}"
        for container in pods.containers:
            there = set(_certificates(pods, container, authorities))
            told = environment(container, objects, values)
            for variable, address in told.items():
                if address.startswith("postgresql:"):
                    for text in _faults(address, names, there):
                        yield f"{pods.place}, container {container['name']}", f"{variable} {text}"


def _faults(address: str, names: set[str], there: set[str]) -> Iterator[str]:
    parts = urlsplit(address)
    options = parse_qs(parts.query)
    if options.get("sslmode") != ["verify-full"]:
        yield "would take anybody for Postgres: sslmode is not verify-full"
    if parts.hostname not in names:
        yield f"leads to {parts.hostname}, which is no name the primary shows"
    for file in options.get("sslrootcert") or ["no file"]:
        if file not in there:
            yield f"trusts who signed {file}, which is not mounted from CloudNativePG's Secret"


def _names(cluster: Object) -> Iterator[str]:
    """Of the primary, as CloudNativePG writes them into its certificate."""
    service, space = f"{name(cluster)}-rw", at(cluster, "metadata", "namespace")
    yield from (service, f"{service}.{space}", f"{service}.{space}.svc")


class _Kept:
    """A volume of a Secret: file in it -> key."""

    def __init__(self, told: Object) -> None:
        self.secret: str = told["secretName"]
        self.files = {each["path"]: each["key"] for each in told.get("items") or ()}
        """Empty: all of it."""


def _kept(pods: Pods) -> Mapping[str, _Kept]:
    return {
        each["name"]: _Kept(each["secret"])
        for each in pods.spec.get("volumes") or ()
        if "secret" in each
    }


def _certificates(pods: Pods, container: Object, authorities: set[str]) -> Iterator[str]:
    """Where ``container`` finds the certificate of who signs for Postgres, and cannot change it."""
    kept = _kept(pods)
    for mount in container.get("volumeMounts") or ():
        volume = kept.get(mount["name"])
        if volume and volume.secret in authorities and mount.get("readOnly"):
            for file, key in volume.files.items():
                if key == CERTIFICATE and "subPath" not in mount:
                    yield str(PurePosixPath(mount["mountPath"]) / file)
