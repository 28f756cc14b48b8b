"""What is there is told to operators: settings, namespaces, targets' arguments, what is rebuilt."""

import re
from itertools import chain

import pytest
from pydantic import TypeAdapter
from pydantic_settings import BaseSettings

from chassis.issuers import ExternalIssuer, each_once
from chassis.service import ServiceSettings
from deploy.check.app import Settings as AuditorSettings
from deploy.local.settings import RunSettings
from gateway.settings import Settings as GatewaySettings
from services.members.app import MembersSettings
from services.projections.app import Settings as ProjectionsSettings
from services.projections.app import models
from tests.architecture.pages import MANIFESTS, OPERATIONS, PAGES, ROOT, objects

INSTALL = OPERATIONS / "install.md"
SETTINGS: tuple[type[BaseSettings], ...] = (
    ServiceSettings, MembersSettings, ProjectionsSettings, GatewaySettings, AuditorSettings,
    RunSettings,
)  # fmt: skip
MADE_BY_THE_RUNNER = {
    "B2B_ENV", "B2B_CLOCK_FILE", "HEALTH_HOST", "HEALTH_PORT", "DATABASE_URL", "VAULT_DATABASE_URL",
    "RELAY_DATABASE_URL", "RELAY_NATS_USER", "RELAY_NATS_PASSWORD",
}  # fmt: skip
"""Settings nobody chooses: whoever starts a process, here or in a cluster, makes them."""

PART_OF = re.compile(r"^ +- (\.\./\.\./[\w/-]+)$", re.M)
NAMESPACE = re.compile(r"\b(?:metadata\.name|namespace): ([a-z][\w-]*)")
ADDRESS = re.compile(r"\b[a-z][\w-]*\.([a-z][\w-]*)(?:\.svc[\w.]*)?:\d+")
OLDEST = re.compile(r"\b([A-Z]\w+) (\d+\.\d+) or newer")


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


def test_the_oldest_operators_that_will_do_are_those_the_components_name() -> None:
    told = dict(OLDEST.findall(INSTALL.read_text()))
    components = MANIFESTS.glob("components/*/kustomization.yaml")
    named = dict(chain.from_iterable(OLDEST.findall(one.read_text()) for one in components))

    assert named.keys() == {"CloudNativePG", "KEDA"}
    assert named.items() <= told.items()


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
    page = (OPERATIONS / "running.md").read_text()
    examples = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    read = TypeAdapter(tuple[ExternalIssuer, ...]).validate_json

    [secret, keys, connect] = [one for text in examples for one in each_once(read(text))]

    assert (secret.algorithms, secret.jwks_url) == (("HS256",), None)
    assert keys.required_role == "authenticated"
    assert connect.algorithms == ("RS256",)


def test_what_a_migration_leaves_to_a_rebuild_is_told_to_who_upgrades() -> None:
    files = sorted((ROOT / "services/projections/migrations").glob("*.sql"))
    left = {
        one.name.partition(".")[0]: one.read_text()
        for one in files
        if "next rebuild" in one.read_text()
    }
    text = (OPERATIONS / "upgrade.md").read_text()
    told = dict(re.findall(r"^\| `(\d{4}_\w+)` \| `(\w+)` \|", text, re.M))
    owned = {one.name: one.tables for one in models(None, None)}  # type: ignore[arg-type]

    assert "0037_closure_versions" in left
    assert told.keys() == left.keys()
    for migration, model in told.items():
        assert any(f"TABLE views.{table} " in left[migration] for table in owned[model]), migration
    rebuilt = re.findall(r"^b2b projections rebuild ([\w ]+)$", text, re.M)
    assert {name for names in rebuilt for name in names.split()} == set(told.values())
