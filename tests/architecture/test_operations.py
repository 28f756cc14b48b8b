"""What operators are told is there: files, commands with their options, variables, objects."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest
import typer
from pydantic import TypeAdapter
from pydantic_settings import BaseSettings
from typer.core import TyperCommand, TyperGroup

from chassis.issuers import ExternalIssuer, each_once
from chassis.service import ServiceSettings
from deploy.check.app import Settings as AuditorSettings
from deploy.cli import COMMANDS
from deploy.local.access import AUDITOR
from deploy.local.settings import RunSettings
from gateway.settings import Settings as GatewaySettings
from services.members.app import MembersSettings
from services.projections.app import Settings as ProjectionsSettings
from services.projections.app import models
from tests.faults.rolling import ROLLED

ROOT = Path(__file__).parents[2]
FOR_ALL = ("README.md", "docs/rules.md", "docs/scaling.md", "docs/adr/README.md")
PAGES = sorted([*(ROOT / one for one in FOR_ALL), *ROOT.glob("docs/operations/**/*.md")])
FOLDERS = ("bench", "chassis", "contracts", "deploy", "docs", "gateway", "services", "tests")
TOLD_IN = {".py", ".md", ".yaml", ".conf", ".env", ".sql", ".toml"}
TOLD_IN_TOO = {"Makefile", "Dockerfile", "b2b", "healthy"}
ASIDE = {"node_modules", "__pycache__"}
INSTALL = ROOT / "docs/operations/install.md"
MANIFESTS = ROOT / "deploy/kubernetes"
RUNNING = ROOT / "docs/operations/running.md"
UPGRADE = ROOT / "docs/operations/upgrade.md"
SETTINGS: tuple[type[BaseSettings], ...] = (
    ServiceSettings, MembersSettings, ProjectionsSettings, GatewaySettings, AuditorSettings,
    RunSettings,
)  # fmt: skip
MADE_BY_THE_RUNNER = {
    "B2B_ENV", "B2B_CLOCK_FILE", "HEALTH_HOST", "HEALTH_PORT", "DATABASE_URL", "VAULT_DATABASE_URL",
    "RELAY_DATABASE_URL", "RELAY_NATS_USER", "RELAY_NATS_PASSWORD",
}  # fmt: skip
"""Settings nobody chooses: whoever starts a process, here or in a cluster, makes them."""
MADE_LATER = {"deploy/image/secrets"}
"""Paths that somebody makes by a command."""
OF_OTHERS = {"ContinuousArchiving", "ClusterSecretStore"}
"""Words of operators that our own files need not have."""

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"\b(?:deploy|docs|chassis|contracts|services|gateway|tests|bench)/[\w./-]*\w")
PART = re.compile(r"`((?:components|overlays)/[\w-]+)`")
FENCE = re.compile(r"```\w*\n(.*?)```", re.DOTALL)
SPAN = re.compile(r"`([^`]+)`", re.DOTALL)
CALL = re.compile(r"\bb2b ([a-z][^`\n|;>&)]*)")
MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")
OBJECT = re.compile(r"\b(deployment|job|service|cluster)[/ ]([a-z][a-z0-9-]*)\b")
PART_OF = re.compile(r"^ +- (\.\./\.\./[\w/-]+)$", re.M)
NAMESPACE = re.compile(r"\b(?:metadata\.name|namespace): ([a-z][\w-]*)")
ADDRESS = re.compile(r"\b[a-z][\w-]*\.([a-z][\w-]*)(?:\.svc[\w.]*)?:\d+")
WORD = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z]{4,}|(?:[A-Z][a-z]+){2,}")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def code(page: Path) -> list[str]:
    """Everything set as code: blocks with their lines joined as a shell does, and spans."""
    text = page.read_text().replace("\\\n", " ")
    return [*FENCE.findall(text), *SPAN.findall(FENCE.sub("", text))]


def ours() -> Iterator[Path]:
    """Every text file of the repository."""
    for path in (*ROOT.glob("*"), *chain.from_iterable((ROOT / one).rglob("*") for one in FOLDERS)):
        is_text = path.suffix in TOLD_IN or path.name in TOLD_IN_TOO
        if is_text and path.is_file() and not ASIDE & set(path.parts):
            yield path


@cache
def said() -> str:
    """All that code and manifests say."""
    return "\n".join(
        path.read_text()
        for path in ours()
        if path.suffix != ".md" and path.relative_to(ROOT).parts[0] not in ("docs", "tests")
    )


@cache
def words() -> set[str]:
    """Each word of it."""
    return set(re.findall(r"\w+", said()))


@cache
def objects() -> set[tuple[str, str]]:
    """(kind, name) of every object in the manifests."""
    found = re.findall(r"^kind: (\w+)\nmetadata:(?:\n  name: | \{name: )([\w-]+)", said(), re.M)
    return {(kind.lower(), name) for kind, name in found}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_files_that_are_named_are_there(page: Path) -> None:
    text = page.read_text()
    for path in PATH.findall(text):
        there = any((folder / path).exists() for folder in (ROOT, page.parent))
        assert there or path.startswith(tuple(MADE_LATER)), path
    for part in PART.findall(text):
        assert (ROOT / "deploy/kubernetes" / part).is_dir(), part


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_and_their_options_are_there(page: Path) -> None:
    for text in code(page):
        for call in CALL.findall(text):
            assert not wrong_with(call), f"b2b {call}"


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        ("backup take /somewhere", ""),
        ("streams --anew --yes", ""),
        ("gym register oak --name Oak", ""),
        ("backups take /somewhere", "backups"),
        ("backup steal /somewhere", "steal"),
        ("streams --again", "--again"),
        ("projections rebuild --every", "--every"),
    ],
)
def test_a_command_that_is_not_there_would_be_noticed(call: str, wrong: str) -> None:
    assert wrong_with(call) == wrong


def wrong_with(call: str) -> str:
    """The first word of a call that ``b2b`` would not understand."""
    name, *words = call.split()
    if name not in COMMANDS:
        return name
    cli = import_module(f"deploy.commands.{COMMANDS[name]}").cli
    command: TyperCommand | TyperGroup = typer.main.get_command(cli)  # type: ignore[assignment]
    if isinstance(command, TyperGroup) and words:
        if words[0] not in command.commands:
            return words[0]
        command = command.commands[words.pop(0)]  # type: ignore[assignment]
    known = {option for each in command.params for option in each.opts} | {"--help"}
    return next((word for word in words if word.startswith("--") and word not in known), "")


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_targets_are_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for text in code(page):
        assert set(MAKE.findall(text)) <= targets, text


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_objects_of_the_cluster_are_there(page: Path) -> None:
    assert ("deployment", "operator") in objects()
    for text in FENCE.findall(page.read_text()):
        for kind, name in OBJECT.findall(text):
            if "kubectl" in text:
                assert (kind, name) in objects(), f"{kind}/{name}"


def production() -> str:
    """Every manifest the overlay is made of, without comments."""
    overlay = MANIFESTS / "overlays/production"
    parts = PART_OF.findall((overlay / "kustomization.yaml").read_text())
    assert "../../base" in parts
    files = chain.from_iterable((overlay / part).rglob("*") for part in (".", *parts))
    texts = [each.read_text() for each in files if each.suffix in {".yaml", ".env", ".conf"}]
    return re.sub(r"(^|\s)#.*", "", "\n".join(texts))


def test_every_namespace_and_address_of_others_is_told_to_who_installs() -> None:
    told = INSTALL.read_text()
    namespaces = set(NAMESPACE.findall(production()))
    addresses = {
        found.group()
        for found in ADDRESS.finditer(production())
        if ("service", found.group(1)) not in objects()  # a pod, behind a service of ours
    }

    assert {"monitoring", "kube-system", "gateway-system"} <= namespaces
    assert "otel-collector.observability:4318" in addresses
    for each in sorted(namespaces | addresses):
        assert re.search(rf"`(?:\S*/)?{re.escape(each)}`", told), each


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_page_that_types_a_program_of_the_clone_says_first_how_it_is_made(page: Path) -> None:
    before, typed, _ = page.read_text().partition(".venv/bin/")
    assert not typed or "make setup" in before


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_variables_and_names_are_those_of_code(page: Path) -> None:
    for text in SPAN.findall(FENCE.sub("", page.read_text())):
        for word in WORD.findall(text) if WORD.match(text) else ():
            assert word in words() or word in OF_OTHERS, word


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_every_setting_is_told_to_operators(settings: type[BaseSettings]) -> None:
    told = "\n".join(page.read_text() for page in PAGES if "operations" in page.parts)
    names = {
        str(field.validation_alias or name.upper()) for name, field in settings.model_fields.items()
    }

    assert {name for name in names if not re.search(rf"\b{name}\b", told)} <= MADE_BY_THE_RUNNER


def test_what_a_target_takes_stands_in_its_help() -> None:
    text = (ROOT / "Makefile").read_text()
    own = set(re.findall(r"^(\w+) *[:?]?=", text, re.M)) | {"MAKECMDGOALS", "MAKEFILE_LIST"}
    targets = re.findall(r"^([a-z-]+):.*?## (.*)\n((?:\t.*\n)*)", text, re.M)
    taken = {
        (target, name, told)
        for target, told, recipe in targets
        for name in re.findall(r"(?<!\$)\$\(([A-Z_]+)\)", recipe)
        if name not in own
    }

    assert {("bench", "B"), ("test", "T"), ("lock", "U")} <= {one[:2] for one in taken}
    assert [one for one in taken if not re.search(rf"\b{one[1]}\b", one[2])] == []


def test_the_identity_providers_of_the_page_are_understood() -> None:
    examples = re.findall(r"```json\n(.*?)```", RUNNING.read_text(), re.DOTALL)
    read = TypeAdapter(tuple[ExternalIssuer, ...]).validate_json

    [secret, keys, connect] = [one for text in examples for one in each_once(read(text))]

    assert (secret.algorithms, secret.jwks_url) == (("HS256",), None)
    assert keys.required_role == "authenticated"
    assert connect.algorithms == ("RS256",)


def test_every_page_that_is_mentioned_anywhere_is_there() -> None:
    for path in ours():
        for page in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text()):
            assert (ROOT / page).exists(), f"{_name(path)} names {page}"


def test_a_release_is_rolled_in_the_order_operators_are_told() -> None:
    forth, back = rolled(UPGRADE)
    assert forth == list(ROLLED)
    assert back == list(ROLLED[::-1])


def test_what_a_migration_leaves_to_a_rebuild_is_told_to_who_upgrades() -> None:
    files = sorted((ROOT / "services/projections/migrations").glob("*.sql"))
    left = {
        one.name.partition(".")[0]: one.read_text()
        for one in files
        if "next rebuild" in one.read_text()
    }
    text = UPGRADE.read_text()
    told = dict(re.findall(r"^\| `(\d{4}_\w+)` \| `(\w+)` \|", text, re.M))
    owned = {one.name: one.tables for one in models(None, None)}  # type: ignore[arg-type]

    assert "0037_closure_versions" in left
    assert told.keys() == left.keys()
    for migration, model in told.items():
        assert any(f"TABLE views.{table} " in left[migration] for table in owned[model]), migration
    rebuilt = re.findall(r"^b2b projections rebuild ([\w ]+)$", text, re.M)
    assert {name for names in rebuilt for name in names.split()} == set(told.values())


def rolled(page: Path) -> list[list[str]]:
    """The processes each block of commands waits for or takes back, in its order."""
    blocks = []
    for text in FENCE.findall(page.read_text()):
        names = list[str]()
        for line in text.splitlines():
            loop = re.match(r"for one in ([\w ]+);", line)
            for name in re.findall(r"\brollout (?:status|undo) deployment/(\$?\w+)", line):
                names += loop[1].split() if loop else [name]
        if names:
            blocks.append([name for name in names if name != AUDITOR])
    return blocks
