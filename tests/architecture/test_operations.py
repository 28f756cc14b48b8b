"""What pages name is there: files, commands with their options, targets, variables, log lines."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_type_hints

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from deploy.cli import COMMANDS
from tests.architecture.pages import OPERATIONS, PAGES, ROOT, code, name, ours, said, spans, words

MADE_LATER = {"deploy/image/secrets"}
"""Paths that somebody makes by a command."""
OF_OTHERS = {"ContinuousArchiving", "ClusterSecretStore"}
"""Words of operators that our own files need not have."""

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"\b(?:deploy|docs|chassis|contracts|services|gateway|tests|bench)/[\w./-]*\w")
PART = re.compile(r"`((?:components|overlays)/[\w-]+)`")
CALL = re.compile(r"\bb2b ([a-z][^`\n|;>&)]*)")
MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")
WORD = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z]{4,}|(?:[A-Z][a-z]+){2,}")
LOGGED = re.compile(r"[a-z]+(?:[_ ][a-z]+)+")
"""What a log line is called; so are commands and questions in SQL."""
SECRET = re.compile(r"password|secret|token|key")
TYPED = ("b2b ", "kubectl ", "make ", "select ", "pg_")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_are_there(page: Path) -> None:
    text = page.read_text()
    for path in PATH.findall(text):
        there = any((folder / path).exists() for folder in (ROOT, page.parent))
        assert there or path.startswith(tuple(MADE_LATER)), path
    for part in PART.findall(text):
        assert (ROOT / "deploy/kubernetes" / part).is_dir(), part


@pytest.mark.parametrize("page", PAGES, ids=name)
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


def secrets_asked_for() -> Iterator[tuple[str, object]]:
    """(command and what it takes, of which type) of all that is named like a secret."""
    for word, module in COMMANDS.items():
        for each in import_module(f"deploy.commands.{module}").cli.registered_commands:
            for taken, kind in get_type_hints(each.callback).items():
                if SECRET.search(taken):
                    yield f"{word} {taken}", kind


def test_no_secret_is_an_argument_that_everybody_on_the_machine_sees() -> None:
    asked = dict(secrets_asked_for())

    assert "gym owner_password_file" in asked
    files = (Path, typer.FileText, typer.FileText | None)
    assert [typed for typed, kind in asked.items() if kind not in files] == []


def wrong_with(call: str) -> str:
    """The first word of a call that ``b2b`` would not understand."""
    group, *words = call.split()
    if group not in COMMANDS:
        return group
    cli = import_module(f"deploy.commands.{COMMANDS[group]}").cli
    command: TyperCommand | TyperGroup = typer.main.get_command(cli)  # type: ignore[assignment]
    if isinstance(command, TyperGroup) and words:
        if words[0] not in command.commands:
            return words[0]
        command = command.commands[words.pop(0)]  # type: ignore[assignment]
    known = {option for each in command.params for option in each.opts} | {"--help"}
    return next((word for word in words if word.startswith("--") and word not in known), "")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_targets_are_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for text in code(page):
        assert set(MAKE.findall(text)) <= targets, text


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_that_types_a_program_of_the_clone_says_first_how_it_is_made(page: Path) -> None:
    before, typed, _ = page.read_text().partition(".venv/bin/")
    assert not typed or "make setup" in before


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_variables_and_names_are_those_of_code(page: Path) -> None:
    for text in spans(page):
        for word in WORD.findall(text) if WORD.match(text) else ():
            assert word in words() or word in OF_OTHERS, word


RUNBOOKS = sorted(OPERATIONS.glob("runbooks/*.md"))


@pytest.mark.parametrize("page", RUNBOOKS, ids=name)
def test_what_a_runbook_has_people_look_for_in_logs_is_logged(page: Path) -> None:
    assert [one for one in looked_for(page) if one not in said()] == []


def test_log_lines_are_recognized() -> None:
    found = {one for page in RUNBOOKS for one in looked_for(page)}
    assert {"projection_stopped", "dead letter not kept", "relay_state"} <= found


def looked_for(page: Path) -> list[str]:
    return [one for one in spans(page) if LOGGED.fullmatch(one) and not one.startswith(TYPED)]


def test_every_page_that_is_mentioned_anywhere_is_there() -> None:
    for path in ours():
        for page in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text()):
            assert (ROOT / page).exists(), f"{name(path)} names {page}"
