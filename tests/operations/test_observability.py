"""Alerts and dashboards speak of what is there: metrics, commands, runbooks, tests."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import pytest
import typer
from prometheus_client import REGISTRY, Enum
from prometheus_client.registry import Collector
from typer.core import TyperGroup

import chassis
import contracts.freeze
import deploy.check
import gateway
from contracts.envelope import COMMANDS
from deploy.cli import cli
from deploy.observability.alert import Alert
from deploy.observability.alerts import alerts, records
from deploy.observability.dashboards import DASHBOARDS
from deploy.observability.files import RULES
from deploy.observability.rules import BROWSED, RUNBOOKS
from deploy.observability.servers import INSTANCES
from deploy.schema import ROOT

_METRIC = r"\b(?:b2b|process|cnpg|barman|gnatsd)_[a-z0-9_]+"
METRIC = re.compile(rf"{_METRIC}(?!\w)")
COMMAND = re.compile(r'command="([^"]+)"')
RECORDED = re.compile(r"\bb2b:[\w:]+")
TYPED = re.compile(r"`(b2b [^`]+)`")
NAMES = {alert.name for alert in alerts()}
SELECTOR = re.compile(rf"({_METRIC})\{{([^}}]*)\}}")
LABEL = re.compile(r"(\w+)(?:=~|!~|!=|=)\"")
GROUPED = re.compile(r"\b(?:by|on) \(([^)]*)\)")
SCRAPED = {"process", "pod", "job"}
"""Labels a scrape adds (monitors.yaml)."""
OF_OTHERS = {
    "cnpg_collector_up": {"cluster"},
    "cnpg_pg_replication_in_recovery": set[str](),
    "cnpg_pg_stat_archiver_last_archived_time": set[str](),
    "cnpg_pg_stat_archiver_last_failed_time": set[str](),
    "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp": set[str](),
    "gnatsd_varz_connections": {"server_id"},
}
"""What CloudNativePG, its Barman Cloud plugin and NATS' exporter say of their metrics' labels.

Read in their sources of August 2026 (`default-monitoring.yaml`, `pg_collector.go`; the plugin's
`metrics.go`) and of the exporter's 0.17.3. No cluster has told any of them yet.
"""


def questions() -> Iterator[str]:
    yield from (alert.expr for alert in alerts())
    yield from (expr for _, expr in records())
    for dashboard in DASHBOARDS:
        yield from (expr for panel in dashboard.panels for expr, _ in panel.lines)


@pytest.fixture(scope="module")
def metrics() -> dict[str, set[str]]:
    """Name -> its labels."""
    for package in (chassis, deploy.check, gateway):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    own = {name: _labels(name, of) for name, of in REGISTRY._names_to_collectors.items()}
    return own | {name: labels | SCRAPED for name, labels in OF_OTHERS.items()}


def _labels(name: str, collector: Collector) -> set[str]:
    labels = set(getattr(collector, "_labelnames", ()))
    if isinstance(collector, Enum):
        labels.add(collector._name)
    return labels | ({"le"} if name.endswith("_bucket") else set()) | SCRAPED


@pytest.mark.parametrize("question", sorted(set(questions())))
def test_a_question_asks_for_metrics_there_are(question: str, metrics: dict[str, set[str]]) -> None:
    recorded, asked = set(RECORDED.findall(question)), set(METRIC.findall(question))
    assert asked or recorded or "up{" in question
    assert asked <= metrics.keys()
    assert recorded <= {name for name, _ in records()}
    for metric, chosen in SELECTOR.findall(question):
        assert set(LABEL.findall(chosen)) <= metrics[metric], metric
    grouped = {label.strip() for labels in GROUPED.findall(question) for label in labels.split(",")}
    assert grouped <= set().union(SCRAPED, *(metrics[name] for name in asked))


@pytest.mark.parametrize(
    "question",
    [
        'b2b_commands_total{outcom="failed"}',
        "sum by (comand) (b2b_commands_total)",
        "b2b_comands_total*2",
        "b2b_commands_total / b2b:graphql_failed:ratio_rate7d",
    ],
)
def test_a_name_nobody_has_is_found(question: str, metrics: dict[str, set[str]]) -> None:
    with pytest.raises(AssertionError):
        test_a_question_asks_for_metrics_there_are(question, metrics)


def test_the_commands_on_dashboards_are_commands() -> None:
    contracts.freeze.load_all()
    named = {name for question in questions() for name in COMMAND.findall(question)}
    assert named
    assert named <= COMMANDS.keys()


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    books = {path.stem: path.read_text() for path in (ROOT / RUNBOOKS).glob("*.md")}
    assert books.keys() == NAMES
    assert all(
        f"runbook_url: {BROWSED}/{RUNBOOKS}/{name}.md" in (ROOT / RULES).read_text()
        for name in books
    )
    for text in books.values():
        assert all(part in text for part in ("**Means.**", "**Look.**", "**Do.**"))


def told_to_run() -> Iterator[tuple[str, str]]:
    """(page, command line) of what runbooks have people type."""
    for path in sorted((ROOT / RUNBOOKS).glob("*.md")):
        yield from ((path.stem, line) for line in TYPED.findall(path.read_text()))


@pytest.mark.parametrize(("page", "line"), list(told_to_run()))
def test_a_command_of_a_runbook_can_be_typed(page: str, line: str) -> None:
    command, words = typer.main.get_command(cli), shlex.split(line)[1:]
    while isinstance(command, TyperGroup) and words:
        name, found, words = command.resolve_command(command.context_class(command), words)
        assert found is not None, f"{page}: {name}"
        command = found
    command.make_context(line, words)  # raises what whoever mistyped it would be told


def told() -> Iterator[tuple[str, str]]:
    """(alert, its labels) of every one that promtool is to see told."""
    for file in (ROOT / RULES).parent.glob("*_test.yaml"):
        name = ""
        for line in file.read_text().splitlines():
            key, _, value = line.strip().removeprefix("- ").partition(": ")
            if key == "alertname":
                name = value
            elif key == "exp_labels":
                yield name, value


@pytest.mark.parametrize("alert", alerts(), ids=lambda one: f"{one.name} {one.severity}")
def test_every_alert_is_tried_with_each_of_its_severities(alert: Alert) -> None:
    labels = [("severity", alert.severity.value), *alert.labels]
    wanted = [f"{name}: {value}" for name, value in labels]

    assert [
        one for name, one in told() if name == alert.name and all(each in one for each in wanted)
    ]


def test_what_is_tried_are_alerts() -> None:
    assert {name for name, _ in told()} == NAMES


@pytest.mark.parametrize(
    "counted",
    [
        "components/cloudnative-pg/cluster.yaml: instances",
        "base/nats/nats.yaml: replicas",
    ],
)  # fmt: skip
def test_a_server_too_few_is_one_less_than_the_manifests_want(counted: str) -> None:
    file, _, name = counted.partition(": ")
    text = (ROOT / "deploy/kubernetes" / file).read_text()

    assert re.findall(rf"^  {name}: (\d+)$", text, re.M) == [str(INSTANCES)]
