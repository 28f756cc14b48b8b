"""The manifests that follow from code: rights on the bus, secrets, what is measured and watched."""

from pathlib import Path

from deploy.cluster import scaling, secrets
from deploy.local import nats_conf, rights
from deploy.observability.files import files
from deploy.schema import ROOT

KUBERNETES = Path("deploy/kubernetes")
PREFIX = "back2back"
"""Folder of the vault's entries: ``back2back/postgres``, ``back2back/nats``, ``back2back/keys``."""
WIDEST = 150  # characters of a line, as .yamllint has it
HEADING = "# Written by `make manifests` from {source}; do not edit.\n"


def generated() -> dict[Path, str]:
    """File, seen from the repository's root -> its text."""
    return {
        KUBERNETES / "base/nats/accounts.conf": accounts(),
        KUBERNETES / "components/external-secrets/secrets.yaml": external_secrets(),
        KUBERNETES / "components/autoscaling/scaled-objects.yaml": scaled_objects(),
        **alerts_and_dashboards(),
    }


def stale(root: Path = ROOT) -> list[Path]:
    """The files that are not what the code says."""
    return [file for file, text in generated().items() if _read(root / file) != text]


def write(root: Path = ROOT) -> None:
    """Make them so."""
    for file, text in generated().items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)


def accounts() -> str:
    """NATS's accounts, with passwords by the names they have in ``passwords.conf``."""
    written = {name: f"${secrets.variable(name)}" for name in rights.users()}
    heading = HEADING.format(source="deploy/local/rights.py")
    # In here: a variable is known only to the file that includes it, and to nobody beside it.
    passwords = 'include "../nats-passwords/passwords.conf"\n'
    return heading + passwords + nats_conf.accounts(written)


def scaled_objects() -> str:
    """KEDA's part."""
    return HEADING.format(source="deploy/cluster/scaling.py") + scaling.scaled_objects()


def alerts_and_dashboards() -> dict[Path, str]:
    """Prometheus' and Grafana's part."""
    heading = HEADING.format(source="deploy/observability")
    return {
        file: heading + text if file.suffix == ".yaml" else text for file, text in files().items()
    }


def external_secrets() -> str:
    """An ExternalSecret for each Secret: it fetches what is random and writes the rest around it.

    Postgres is spoken to over TLS, and must be who it says.
    """
    heading = HEADING.format(source="deploy/cluster/secrets.py")
    every = secrets.wanted(options=secrets.TRUST)
    return heading + "".join(_external_secret(each) for each in every)


def _external_secret(secret: secrets.Secret) -> str:
    labels = {each.label: f"{{{{ .{each.label} }}}}" for each in secret.uses}
    lines = [
        "---",
        "apiVersion: external-secrets.io/v1",
        "kind: ExternalSecret",
        f"metadata: {{name: {secret.name}}}",
        "spec:",
        "  refreshInterval: 15m",
        "  secretStoreRef: {kind: ClusterSecretStore, name: back2back}",
        "  target:",
        f"    name: {secret.name}",
        "    creationPolicy: Owner",
        "    template:",
        f"      type: {secret.type}",
        *_labelled(secret),
        "      data:",
    ]
    for key, text in secret.data.items():
        lines += _datum(key, text.format_map(labels))
    lines.append("  data:")
    for each in secret.uses:
        lines.append(f"    - secretKey: {each.label}")
        lines.append(f"      remoteRef: {{key: {PREFIX}/{each.shelf}, property: {each.name}}}")
    return "\n".join(lines) + "\n"


def _labelled(secret: secrets.Secret) -> list[str]:
    told = ", ".join(f'{name}: "{value}"' for name, value in secret.labels.items())
    return [f"      metadata: {{labels: {{{told}}}}}"] if told else []


def _datum(key: str, text: str) -> list[str]:
    if "\n" in text:
        return [f"        {key}: |", *(f"          {line}" for line in text.splitlines())]
    if len(line := f"        {key}: '{text}'") > WIDEST:
        return [f"        {key}: >-", f"          {text}"]
    return [line]


def _read(file: Path) -> str | None:
    return file.read_text() if file.exists() else None
