"""What operators paste into a cluster's shell does what the page says, wherever they stand."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.access import AUDITOR, PROCESSES
from tests.architecture.pages import OPERATIONS, PAGES, blocks, code, name, objects
from tests.faults.rolling import ROLLED

NAMED_WITHIN = (
    "kubectl kustomize ", "kubectl apply -k ", "kubectl apply -f release.yaml",
    "kubectl apply -f deploy/kubernetes/", "kubectl apply -f - ",
)  # fmt: skip
"""What has its namespace in the manifests."""
OBJECT = re.compile(r"\b(deployment|job|service|cluster)[/ ]([a-z][a-z0-9-]*)\b")
LOOP = re.compile(r"for one in ([\w -]+); do (.*); done")
CLUSTER = [page for page in PAGES if "kubectl" in page.read_text()]


def calls(text: str) -> Iterator[str]:
    """Every ``kubectl`` of a piece of code, loops unrolled, in its order."""
    for line in text.splitlines():
        loop = LOOP.match(line.strip())
        turns = [loop[2].replace("$one", one) for one in loop[1].split()] if loop else [line]
        for turn in turns:
            yield from re.findall(r"kubectl [^|#)\n]+", turn)


def deployments(text: str, doing: str) -> list[str]:
    """Whom ``doing`` is about, in its order."""
    about = (call for call in calls(text) if doing in call)
    return [one for call in about for one in re.findall(r"deployment/([\w-]+)", call)]


def without_a_namespace(text: str) -> list[str]:
    return [
        call
        for call in calls(text)
        if "-n back2back" not in call and not call.startswith(NAMED_WITHIN)
    ]


def about_nothing(text: str) -> list[str]:
    """Objects that no manifest makes."""
    named = [pair for call in calls(text) for pair in OBJECT.findall(call)]
    return [f"{kind}/{one}" for kind, one in named if (kind, one) not in objects()]


def typed_too_early(text: str) -> list[str]:
    """A deployment that was just given its replica has no pod yet to ``exec`` into."""
    early, starting = list[str](), False
    for call in calls(text):
        if "scale deployment/operator --replicas=1" in call:
            starting = True
        elif "rollout status deployment/operator" in call:
            starting = False
        elif starting and " exec " in call:
            early.append(call)
    return early


def not_waited_for(text: str) -> list[str]:
    """Whoever is started anew and believes what was before while the next step is done."""
    waited = deployments(text, "rollout status")
    return [one for one in deployments(text, "rollout restart") if one not in waited]


def stumbling(text: str) -> list[str]:
    """A job is gone by itself a day after it ended."""
    return [one for one in calls(text) if "delete job" in one and "--ignore-not-found" not in one]


def never_set(text: str) -> list[str]:
    """Variables of another block, which who begins here does not have."""
    known = set(re.findall(r"(?:^|\s)([A-Za-z_]\w*)=", text))
    used = [one for call in calls(text) for one in re.findall(r"\$\{?([A-Za-z_]\w*)", call)]
    return [one for one in used if one not in known]


LOOKS: dict[Callable[[str], list[str]], str] = {
    without_a_namespace: "kubectl get pods",
    about_nothing: "kubectl -n back2back rollout status deployment/bookings",
    typed_too_early: "kubectl -n back2back scale deployment/operator --replicas=1\n"
    "kubectl -n back2back exec deployment/operator -- b2b check",
    not_waited_for: "for one in gateway booking; do kubectl rollout restart deployment/$one; done\n"
    "kubectl -n back2back rollout status deployment/gateway",
    stumbling: "kubectl -n back2back delete job prepare",
    never_set: "kubectl kustomize $OVERLAY",
}
"""What could be wrong with a piece of code -> one with which it is."""


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.__name__)
@pytest.mark.parametrize("page", CLUSTER, ids=name)
def test_nothing_a_page_has_people_type_is(page: Path, look: Callable[[str], list[str]]) -> None:
    assert [found for text in code(page) for found in look(text)] == []


@pytest.mark.parametrize(("look", "planted"), LOOKS.items(), ids=[one.__name__ for one in LOOKS])
def test_a_look_finds_what_it_is_for(look: Callable[[str], list[str]], planted: str) -> None:
    assert look(planted)


def test_a_roll_is_of_every_process() -> None:
    rolls = [
        set(deployments(text, "rollout restart")) for text in blocks(OPERATIONS / "secrets.md")
    ]

    assert [one for one in rolls if len(one) > 1] == [{*PROCESSES, AUDITOR}] * 2


def test_a_release_is_rolled_in_the_order_operators_are_told() -> None:
    told = [rolled(text) for text in blocks(OPERATIONS / "upgrade.md")]
    forth, back = [one for one in told if one]
    assert forth == list(ROLLED)
    assert back == list(ROLLED[::-1])


def rolled(text: str) -> list[str]:
    """The processes a block waits for or takes back, in its order."""
    return [one for one in deployments(text, "rollout ") if one != AUDITOR]
