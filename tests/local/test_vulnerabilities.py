"""Which locked versions have known vulnerabilities, where an index serves pages of projects only.

The index here answers as PyPI does: the same paths, fields and refusals.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from deploy.schema import ROOT
from deploy.security import dependencies, projects
from deploy.security.found import Found, Verdict

MINERVA = {"id": "PYSEC-2026-1325", "aliases": ["CVE-2024-23342"], "fixed_in": []}
GRAVE = {"id": "PYSEC-2026-1", "aliases": [], "fixed_in": ["2.1"]}
MISTAKEN = {**GRAVE, "withdrawn": "2026-03-01T12:00:00Z"}
LOCKED = {"anyio": "4.16.0", "typing-extensions": "2.0", "uvloop": "0.23.0"}


def page(name: str, version: str, *faults: dict[str, Any]) -> dict[str, Any]:
    told = [{"withdrawn": None, "source": "osv", "summary": None, **fault} for fault in faults]
    return {"info": {"name": name, "version": version, "yanked": False}, "releases": {version: []},
            "urls": [], "vulnerabilities": told, "last_serial": 7, "ownership": {}}  # fmt: skip


@dataclass
class Index:
    """Path -> what is there, or the status that is answered; ``asked`` counts by path."""

    url: str
    pages: dict[str, Any] = field(default_factory=dict)
    falters: dict[str, int] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def has(self, name: str, version: str, *faults: dict[str, Any]) -> None:
        self.pages[f"/pypi/{name}/json"] = page(name, version, *faults)

    def has_version(self, name: str, version: str, *faults: dict[str, Any]) -> None:
        self.pages[f"/pypi/{name}/{version}/json"] = page(name, version, *faults)

    def answer(self, path: str) -> tuple[int, bytes]:
        self.asked[path] += 1
        if self.falters.get(path, 0) >= self.asked[path]:
            return 503, b"upstream is away"
        there = self.pages.get(path, 404)
        if isinstance(there, int):
            return there, b'{"message": "Not Found"}'
        return 200, there if isinstance(there, bytes) else json.dumps(there).encode()


@pytest.fixture
def index() -> Iterator[Index]:
    """An index where all of ``LOCKED`` is the newest and well."""

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = there.answer(self.path)
            self.send_response(status)
            if status in (301, 302):
                self.send_header("location", "/pypi/anyio/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        there = Index(f"http://127.0.0.1:{server.server_port}/pypi")
        for name, version in LOCKED.items():
            there.has(name, version)
        there.has("ecdsa", "0.19.2", MINERVA)
        there.has("pycrypto", "2.6.1", GRAVE)
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield there
        server.shutdown()
        thread.join()


@pytest.fixture
def looked_at(index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """What comes of looking, where pip-audit is told that no version has a page."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        "".join(f"{name}=={version} \\\n    --hash=sha256:00\n" for name, version in LOCKED.items())
    )

    def tool(name: str, *words: str) -> subprocess.CompletedProcess[str]:
        if name == "pip-audit":
            refused = "ERROR:pip_audit._cli:anyio: Dependency not found on PyPI"
            return subprocess.CompletedProcess([], 1, "", refused)
        assert (name, *words[:2]) == ("python", "-m", "deploy.security.projects")
        with redirect_stdout(StringIO()) as told:
            projects.main(words[2], index.url)
        return subprocess.CompletedProcess([], 0, told.getvalue(), "")

    monkeypatch.delenv("ADVISORIES", raising=False)
    monkeypatch.setattr(dependencies, "SHIPPED", requirements)
    monkeypatch.setattr(dependencies, "tool", tool)
    return dependencies.vulnerabilities


def text(found: Found) -> str:
    return "\n".join(found.told)


def test_pins_that_are_the_newest_pass_by_the_pages_of_their_projects(
    index: Index, looked_at: Any
) -> None:
    found = looked_at()

    assert found.verdict is Verdict.PASSED
    assert "3 packages, nothing told against any by PyPI's page of the project" in text(found)
    assert "ecdsa 0.19.2: PYSEC-2026-1325" in text(found)
    assert "Dependency not found on PyPI" in text(found)
    assert set(index.asked) == {f"/pypi/{name}/json" for name in ("ecdsa", *LOCKED)}


def test_the_pages_are_read_in_the_environment_of_the_tools(index: Index, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("anyio==4.16.0 \\\n    --hash=sha256:00\n")
    command = [sys.executable, "-m", "deploy.security.projects"]

    done = subprocess.run([*command, str(tmp_path / "requirements.txt"), index.url], cwd=ROOT,
                          capture_output=True, text=True, check=True)  # fmt: skip

    assert json.loads(done.stdout)["well"] == ["anyio 4.16.0"]


def test_a_newest_release_with_a_known_vulnerability_fails(index: Index, looked_at: Any) -> None:
    index.has("typing-extensions", "2.0", GRAVE, MINERVA)

    found = looked_at()

    assert found.verdict is Verdict.FAILED
    assert found.told == ("typing-extensions 2.0: PYSEC-2026-1, PYSEC-2026-1325",)


def test_a_withdrawn_advisory_does_not_count(index: Index, looked_at: Any) -> None:
    index.has("typing-extensions", "2.0", MISTAKEN)

    assert looked_at().verdict is Verdict.PASSED


def test_the_same_version_written_otherwise_is_the_newest(index: Index, looked_at: Any) -> None:
    index.has("typing-extensions", "2.0.0")

    assert looked_at().verdict is Verdict.PASSED


def test_a_pin_that_is_not_the_newest_is_not_judged_by_it(index: Index, looked_at: Any) -> None:
    index.has("anyio", "4.17.0")
    index.has("uvloop", "0.24.0", GRAVE)

    found = looked_at()

    assert found.verdict is Verdict.NOT_DONE
    assert "update it or what demands it: anyio 4.16.0, the newest is 4.17.0" in text(found)
    assert "update it or what demands it: uvloop 0.23.0, the newest is 0.24.0" in text(found)


@pytest.mark.parametrize(("faults", "verdict"), [((), Verdict.PASSED), ((GRAVE,), Verdict.FAILED)])
def test_an_older_pin_is_judged_by_its_own_page_where_there_is_one(
    index: Index, looked_at: Any, faults: tuple[dict[str, Any], ...], verdict: Verdict
) -> None:
    index.has("anyio", "4.17.0")
    index.has_version("anyio", "4.16.0", *faults)

    assert looked_at().verdict is verdict


def test_a_page_of_another_release_is_no_page_of_ours(index: Index, looked_at: Any) -> None:
    index.has("anyio", "4.17.0")
    index.pages["/pypi/anyio/4.16.0/json"] = page("anyio", "4.17.0")

    assert "its page is of 4.17.0" in text(looked_at())


def test_what_is_found_is_told_though_another_pin_is_not_judged(
    index: Index, looked_at: Any
) -> None:
    index.has("anyio", "4.17.0")
    index.has("uvloop", "0.23.0", GRAVE)

    found = looked_at()

    assert found.verdict is Verdict.FAILED
    assert "uvloop 0.23.0: PYSEC-2026-1" in found.told
    assert "anyio 4.16.0" in text(found)


# Pages that say nothing --------------------------------------------------------------------------

NO_LIST = {"info": {"name": "anyio", "version": "4.16.0"}}


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (404, "anyio: it has no page"),
        (403, "anyio: HTTP 403"),
        (301, "anyio: HTTP 301"),
        (b"<html>sign in</html>", "anyio: JSONDecodeError"),
        (b"[]", "not written as PyPI writes it"),
        (NO_LIST, "not written as PyPI writes it"),
        ({**NO_LIST, "vulnerabilities": None}, "not written as PyPI writes it"),
        (page("another", "4.16.0"), "anyio: its page is of another"),
    ],
)
def test_a_page_that_does_not_tell_leaves_it_open(
    index: Index, looked_at: Any, there: Any, why: str
) -> None:
    index.pages["/pypi/anyio/json"] = there

    found = looked_at()

    assert found.verdict is Verdict.NOT_DONE
    assert why in text(found)


def test_an_index_that_falters_is_asked_again_so_many_times(index: Index, looked_at: Any) -> None:
    index.falters = {"/pypi/anyio/json": projects.TRIES - 1}
    assert looked_at().verdict is Verdict.PASSED

    index.falters = {"/pypi/uvloop/json": 1000}
    index.asked.clear()

    found = looked_at()
    assert (found.verdict, index.asked["/pypi/uvloop/json"]) == (Verdict.NOT_DONE, projects.TRIES)
    assert "uvloop: HTTP 503" in text(found)


def test_an_index_that_takes_and_never_answers_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "ANSWER_WITHIN", 0.1)
    monkeypatch.setattr(projects, "TRIES", 1)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as never_serving:
        told = projects.judged(f"http://127.0.0.1:{never_serving.server_port}", [("anyio", "1")])

    assert told["witness"] == ""
    assert told["well"] == []
    assert len(told["silent"]) == len(projects.WITNESSES)


# An index that is blind --------------------------------------------------------------------------


def test_pages_that_tell_no_vulnerability_of_anything_prove_nothing(
    index: Index, looked_at: Any
) -> None:
    index.has("ecdsa", "0.19.2")
    index.has("pycrypto", "2.6.1", MISTAKEN)

    found = looked_at()

    assert found.verdict is Verdict.NOT_DONE
    assert "no page tells a vulnerability" in text(found)
    assert not any(f"/pypi/{name}/json" in index.asked for name in LOCKED)


def test_one_witness_is_enough(index: Index, looked_at: Any) -> None:
    index.has("ecdsa", "0.20.0")

    found = looked_at()

    assert found.verdict is Verdict.PASSED
    assert "pycrypto 2.6.1" in text(found)


def test_an_index_that_is_away_has_told_nothing(index: Index, looked_at: Any) -> None:
    index.url = index.url.replace("/pypi", "/elsewhere")

    found = looked_at()

    assert found.verdict is Verdict.NOT_DONE
    assert "did not answer: ecdsa: it has no page" in text(found)
