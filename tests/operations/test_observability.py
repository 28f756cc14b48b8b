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
from deploy.observability.alerts import alerts, records
from deploy.observability.dashboards import DASHBOARDS
from deploy.observability.files import RULES
from deploy.observability.rules import BROWSED, RUNBOOKS
from deploy.schema import ROOT

METRIC = re.compile(r"\b(?:b2b|process)_[a-z_]+(?=[\[{) ]|$)")
COMMAND = re.compile(r'command="([^"]+)"')
TOLD = re.compile(r"alertname: (\w+)\n\s+exp_alerts:\n")
TYPED = re.compile(r"`(b2b [^`]+)`")
NAMES = {alert.name for alert in alerts()}
SELECTOR = re.compile(r"\b((?:b2b|process)_[a-z_]+)\{([^}]*)\}")
LABEL = re.compile(r"(\w+)(?:=~|!~|!=|=)\"")
GROUPED = re.compile(r"\b(?:by|on) \(([^)]*)\)")
SCRAPED = {"process", "pod", "job"}
"""Labels a scrape adds (monitors.yaml)."""
PROCESS = {"process"}
"""A label Kubernetes adds, spelt like a metric of Python's."""


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
    return {name: _labels(name, of) for name, of in REGISTRY._names_to_collectors.items()}


def _labels(name: str, collector: Collector) -> set[str]:
    labels = set(getattr(collector, "_labelnames", ()))
    if isinstance(collector, Enum):
        labels.add(collector._name)
    return labels | ({"le"} if name.endswith("_bucket") else set()) | SCRAPED


@pytest.mark.parametrize("question", sorted(set(questions())))
def test_a_question_asks_for_metrics_there_are(question: str, metrics: dict[str, set[str]]) -> None:
    recorded = {name for name, _ in records()}
    asked = set(METRIC.findall(question)) - PROCESS
    assert asked or any(name in question for name in recorded) or "up{" in question
    assert asked <= metrics.keys()
    for metric, chosen in SELECTOR.findall(question):
        assert set(LABEL.findall(chosen)) <= metrics[metric], metric
    grouped = {label.strip() for labels in GROUPED.findall(question) for label in labels.split(",")}
    assert grouped <= set().union(SCRAPED, *(metrics[name] for name in asked))


@pytest.mark.parametrize(
    "question", ['b2b_commands_total{outcom="failed"}', "sum by (comand) (b2b_commands_total)"]
)
def test_a_label_nobody_has_is_found(question: str, metrics: dict[str, set[str]]) -> None:
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


def test_every_alert_is_tried() -> None:
    tried = {
        name
        for file in (ROOT / RULES).parent.glob("*_test.yaml")
        for name in TOLD.findall(file.read_text())
    }
    assert tried == NAMES
