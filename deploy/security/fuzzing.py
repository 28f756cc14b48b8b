"""Schemathesis against a gateway that runs: whatever a schema allows is answered or refused."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import NamedTemporaryFile, TemporaryDirectory
from threading import Event, Thread
from uuid import uuid4

from deploy.demo.gyms import PASSWORD
from deploy.schema import ROOT
from deploy.security.found import Found, Verdict, last, tool
from deploy.security.subscriptions import asked, operations, read

GYM = "harbor"
PEOPLE = ("owner@harbor.example", "ada.reyes@harbor.example")
EXAMPLES = "3"  # of each query, mutation
SECONDS = 150  # for each of the people; an access token lives ten minutes
SMALL = {"B2B_DEMO_DAYS": "7", "B2B_DEMO_CLIENTS": "40"}
"""A past that is lived through in a minute; all kinds of things are in it."""
READY_WITHIN = 600.0  # seconds
ENDED_WITHIN = 60.0
LAST_WORDS = 20  # lines
SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) { tokens { accessToken } userErrors { code } } }"""
NO_LIMIT = dict.fromkeys(
    ("ADDRESS_RATE", "ADDRESS_BURST", "PERSON_RATE", "PERSON_BURST", "COST_RATE", "COST_BURST"),
    "1000000000",
)


class NotStarted(Exception):
    """There is nothing to ask; ``said`` are its last words."""

    def __init__(self, said: tuple[str, ...]) -> None:
        super().__init__("\n".join(said))
        self.said = said


def gateway_withstands_anything() -> Found:
    """Every operation, asked at random by an owner and by a member."""
    try:
        return _asked()
    except NotStarted as reason:
        return Found(Verdict.NOT_DONE, ("the installation did not start:", *reason.said))


def _asked() -> Found:
    told: list[str] = []
    wanted, done_with = operations(read()), set[str]()
    with _installation() as url, NamedTemporaryFile("r", prefix="back2back-asked-") as note:
        for email in PEOPLE:
            token = _token(url, email)
            done = tool(
                "st", "run", "gateway/schema.graphql", "--url", f"{url}/graphql",
                "-H", f"Authorization: Bearer {token}",
                "-c", "data_or_a_typed_refusal", "-n", EXAMPLES, "--max-time", str(SECONDS),
                "--phases", "fuzzing", "--continue-on-failure", "--warnings", "off",
                "--suppress-health-check", "all", "--no-color",
                also={"SCHEMATHESIS_HOOKS": "deploy.security.fuzzing_hooks",
                      "PYTHONPATH": str(ROOT), "FUZZ_ASKED": note.name},
                seconds=SECONDS + 300,
            )  # fmt: skip
            said = [line.strip() for line in done.stdout.splitlines()]
            if done.returncode:
                return Found(Verdict.FAILED, (f"as {email}:", *last(done.stdout, 60)))
            for operation, wrong in asked(f"{url}/graphql", token, Random(email)):
                done_with.add(operation)
                if wrong:
                    return Found(Verdict.FAILED, (f"as {email}, {operation}: {wrong}",))
            told += [f"{email}: {line}" for line in said if "generated" in line]
        done_with |= set(note.read().splitlines())
    if never := sorted(wanted - done_with):
        return Found(Verdict.FAILED, (f"never asked: {', '.join(never)}", *told))
    told.append(f"each of {len(wanted)} queries, mutations and subscriptions was asked")
    if len(told) <= len(PEOPLE):
        return Found(Verdict.NOT_DONE, ("schemathesis did not say how much it asked",))
    return Found(Verdict.PASSED, tuple(told))


@contextmanager
def _installation() -> Iterator[str]:
    """A small demo installation as ``make run`` starts it, with no limit on how much is asked.

    Raises ``NotStarted`` with what it said last.
    """
    with TemporaryDirectory(prefix="back2back-fuzz-") as folder:
        Path(folder).chmod(0o755)
        port = _free_port()
        told = {**NO_LIMIT, **SMALL, "B2B_DATA": folder, "GATEWAY_PORT": str(port)}
        with started([sys.executable, "-m", "deploy.cli", "run"], told):
            yield f"http://127.0.0.1:{port}"


@contextmanager
def started(
    command: Sequence[str], told: Mapping[str, str], within: float = READY_WITHIN
) -> Iterator[None]:
    """A program that says ``ready:``, and runs as long as the block.

    Raises ``NotStarted`` with its last words when it ends before, or is silent for too long.
    """
    running = subprocess.Popen(
        command, cwd=ROOT, text=True, env={**os.environ, **told},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    said: deque[str] = deque(maxlen=LAST_WORDS)
    is_ready, is_over = Event(), Event()

    def listen() -> None:
        assert running.stdout is not None
        with running.stdout as lines:
            for line in lines:  # to its end: a program nobody listens to comes to a halt
                said.append(line.rstrip())
                if line.startswith("ready:"):
                    is_ready.set()
                    is_over.set()
        is_over.set()

    listening = Thread(target=listen, daemon=True)
    listening.start()
    try:
        in_time = is_over.wait(within)
        if not is_ready.is_set():
            late = () if in_time else (f"not ready after {within:.0f} s",)
            raise NotStarted((*said, *late))
        yield
    finally:
        running.send_signal(signal.SIGINT)
        try:
            running.wait(ENDED_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        listening.join(ENDED_WITHIN)


def _token(url: str, email: str) -> str:
    asked = {"idempotencyKey": str(uuid4()), "gym": GYM, "email": email, "password": PASSWORD}
    body = json.dumps({"query": SIGN_IN, "variables": {"input": asked}}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        told = json.load(answer)
    token: str = told["data"]["signIn"]["tokens"]["accessToken"]
    return token


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
