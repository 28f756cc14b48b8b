"""Alerts and dashboards ask for words that code says: another one is an alert nobody is told."""

import inspect
import re
from collections.abc import Iterator

import pytest

from chassis.bus import reactions, replies
from chassis.relay.status import State
from contracts.envelope import COMMANDS
from deploy.local.access import PROCESSES, RELAYS
from deploy.schema import ROOT
from gateway.serve import answers
from gateway.serve.metrics import SECONDS
from tests.operations.test_observability import SELECTOR, questions
from tests.system.test_check import CODES

CHOSEN = re.compile(r"(\w+)(?:=~|!~|!=|=)\"([^\"]*)\"")
JOB = re.compile(r'job=~"([^"]+)"')
COMPONENTS = ROOT / "deploy/kubernetes/components"
CLUSTER = (COMPONENTS / "cloudnative-pg/cluster.yaml").read_text()


def said(module: object, pattern: str) -> set[str]:
    """The words in the source of ``module``."""
    return set(re.findall(pattern, inspect.getsource(module)))  # type: ignore[arg-type]


TOLD = {
    "command": set(COMMANDS),
    "context": set(RELAYS),
    "process": set(PROCESSES),
    "b2b_commands_total outcome": said(replies, r'outcome="(\w+)"'),
    "b2b_reactions_total outcome": said(reactions, r'REACTIONS\.labels\(self\.name, "(\w+)"\)'),
    "b2b_graphql_operations_total outcome": {
        answers.outcome_of(), answers.outcome_of(OSError())
    },
    "b2b_graphql_seconds_bucket le": {f"{bound:g}" for bound in SECONDS._upper_bounds},
    "b2b_invariant_offences code": set(CODES),
    "b2b_relay_state b2b_relay_state": {each.value for each in State},
    "cnpg_collector_up cluster": set(re.findall(r"^  name: (\w+)$", CLUSTER, re.M)),
}  # fmt: skip
"""Label, or metric and label -> what is told of it."""


def chosen(question: str) -> Iterator[tuple[str, str]]:
    """(metric and label, a value) of everything ``question`` chooses by."""
    for metric, selector in SELECTOR.findall(question):
        for label, value in CHOSEN.findall(selector):
            name = label if label in TOLD else f"{metric} {label}"
            yield from ((name, each) for each in value.split("|"))


@pytest.mark.parametrize("question", sorted({one for one in questions() if [*chosen(one)]}))
def test_a_question_chooses_by_words_that_are_said(question: str) -> None:
    for name, value in chosen(question):
        assert value in TOLD[name], name


def test_the_job_and_the_names_of_processes_are_those_the_scrape_gives() -> None:
    monitors = (COMPONENTS / "monitoring/monitors.yaml").read_text().split("---")
    [ours] = [one for one in monitors if "targetLabel: process" in one]
    [monitor] = re.findall(r"^kind: PodMonitor\nmetadata:\n  name: (\w+)", ours, re.M)
    jobs = {job for question in questions() for job in JOB.findall(question)}

    assert jobs
    assert all(re.fullmatch(job, f"back2back/{monitor}") for job in jobs)


@pytest.mark.parametrize(
    "question",
    [
        'b2b_relay_state{b2b_relay_state=~"retrying|stoped"}',
        'b2b_reactions_total{outcome="retry"}',
        'b2b_graphql_seconds_bucket{le="0.25"}',
        'b2b_graphql_operations_total{transport="carrier pigeon"}',
    ],
)
def test_a_word_nobody_says_is_found(question: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        test_a_question_chooses_by_words_that_are_said(question)
