"""``b2b secrets``: fresh secrets for a cluster or a compose file that has no vault."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from deploy.cluster import secrets
from deploy.commands.terminal import say
from deploy.trouble import Trouble

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Fresh secrets where there is no vault."
)


@cli.command("kubernetes")
def kubernetes_command() -> None:
    """Print a Secret of each kind, to be applied at once and kept nowhere else."""
    values = secrets.invented()
    items = [_manifest(each, values) for each in secrets.wanted()]
    say(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1))


@cli.command("vault")
def vault_command() -> None:
    """Print what a vault must hold: entry -> property -> random value."""
    shelves: dict[str, dict[str, str]] = {}
    for each, value in secrets.invented().items():
        shelves.setdefault(each.shelf, {})[each.name] = value
    say(json.dumps(shelves, indent=1))


@cli.command("files")
def files_command(
    folder: Annotated[Path, typer.Argument(help="A new folder, for our eyes only.")],
    postgres: Annotated[str, typer.Option(help="HOST:PORT of Postgres.")] = "postgres:5432",
) -> None:
    """Write env files and a folder per mounted Secret, as the compose file wants them."""
    if folder.exists():
        raise Trouble(f"{folder} exists: secrets are made once; choose another folder")
    folder.mkdir(mode=0o700, parents=True)
    values = secrets.invented()
    for each in secrets.wanted(postgres):
        _write(folder, each.name, secrets.filled(each, values))
    say(f"written to {folder}")


def _manifest(secret: secrets.Secret, values: dict[secrets.Random, str]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": secret.name, "labels": dict(secret.labels)},
        "type": secret.type,
        "stringData": secrets.filled(secret, values),
    }


def _write(folder: Path, name: str, data: dict[str, str]) -> None:
    """``NAME.env`` with its variables, and ``NAME/<key>`` with what is read as a file."""
    variables = {key: value for key, value in data.items() if key.isupper()}
    if variables:
        lines = [f"{key}={value}\n" for key, value in variables.items()]
        _private(folder / f"{name}.env", "".join(lines))
    rest = {key: value for key, value in data.items() if key not in variables}
    if rest:
        (folder / name).mkdir()
        (folder / name).chmod(0o755)  # read inside a container by another user, whatever our umask
    for key, value in rest.items():
        _private(folder / name / key, value)
        (folder / name / key).chmod(0o644)


def _private(file: Path, text: str) -> None:
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
