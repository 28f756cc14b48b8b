"""Schemathesis against a gateway that runs: whatever a schema allows is answered or refused."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from deploy.demo.gyms import PASSWORD
from deploy.schema import ROOT
from deploy.security.found import Found, Verdict, last, tool

GYM = "harbor"
PEOPLE = ("owner@harbor.example", "ada.reyes@harbor.example")
EXAMPLES = "3"  # of each query, mutation
SECONDS = 150  # for each of the people; an access token lives ten minutes
SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) { tokens { accessToken } userErrors { code } } }"""
NO_LIMIT = dict.fromkeys(
    ("ADDRESS_RATE", "ADDRESS_BURST", "PERSON_RATE", "PERSON_BURST", "COST_RATE", "COST_BURST"),
    "1000000000",
)


def gateway_withstands_anything() -> Found:
    """Every operation, asked at random by an owner and by a member."""
    told: list[str] = []
    with _installation() as url:
        for email in PEOPLE:
            done = tool(
                "st", "run", "gateway/schema.graphql", "--url", f"{url}/graphql",
                "-H", f"Authorization: Bearer {_token(url, email)}",
                "-c", "data_or_a_typed_refusal", "-n", EXAMPLES, "--max-time", str(SECONDS),
                "--phases", "fuzzing", "--continue-on-failure", "--warnings", "off",
                "--suppress-health-check", "all", "--no-color",
                also={"SCHEMATHESIS_HOOKS": "deploy.security.fuzzing_hooks",
                      "PYTHONPATH": str(ROOT)},
                seconds=SECONDS + 300,
            )  # fmt: skip
            said = [line.strip() for line in done.stdout.splitlines()]
            if done.returncode:
                return Found(Verdict.FAILED, (f"as {email}:", *last(done.stdout, 60)))
            told += [f"{email}: {line}" for line in said if "generated" in line]
    if len(told) < len(PEOPLE):
        return Found(Verdict.NOT_DONE, ("schemathesis did not say how much it asked",))
    return Found(Verdict.PASSED, tuple(told))


@contextmanager
def _installation() -> Iterator[str]:
    """A demo installation as ``make run`` starts it, without limits on how much is asked."""
    with TemporaryDirectory(prefix="back2back-fuzz-") as folder:
        Path(folder).chmod(0o755)
        port = _free_port()
        running = subprocess.Popen(
            [sys.executable, "-m", "deploy.cli", "run"], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, **NO_LIMIT, "B2B_DATA": folder, "GATEWAY_PORT": str(port)},
        )  # fmt: skip
        try:
            assert running.stdout is not None
            said = []
            for line in running.stdout:
                said.append(line)
                if line.startswith("ready:"):
                    break
            else:
                raise RuntimeError("".join(said[-20:]))
            with open(os.devnull, "wb") as nowhere:
                draining = subprocess.Popen(["cat"], stdin=running.stdout, stdout=nowhere)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(60)
            draining.wait(10)


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
