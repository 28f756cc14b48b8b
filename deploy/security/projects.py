"""Reads PyPI's page of each locked project: which pins have vulnerabilities that it knows.

A module of ``.venv-security``: ``projects REQUIREMENTS [INDEX]`` prints JSON. A project's page
tells the vulnerabilities of its newest release alone. An older pin has a page of its own, which
not every index serves; where it is missing, nothing is known of that pin.
"""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import requests
from packaging.utils import canonicalize_name
from packaging.version import Version
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from deploy.security.advisories import pins

Kind = Literal["well", "found", "behind", "silent"]

WITNESSES = ("ecdsa", "pycrypto")
"""Known to have faults that nobody will mend: where neither tells one, no page tells any."""
AT_ONCE = 4  # pages
ANSWER_WITHIN = 15.0  # seconds, for each try
TRIES = 3
LONGEST_PAUSE = 10  # seconds between two tries, whatever the index wishes
FALTERING = (429, 500, 502, 503, 504)


class Silent(Exception):
    """A page that did not answer, or not with what such a page tells."""


@dataclass(frozen=True, slots=True)
class Page:
    """A release, and the ids of what is known against it; withdrawn advisories left out."""

    version: str
    faults: tuple[str, ...]


def main(requirements: str, index: str = "") -> None:
    """Print ``{"witness": "...", "well": [...], "found": [], "behind": [], "silent": []}``."""
    told = judged(index or _pypi(), list(pins(Path(requirements))))
    sys.stdout.write(json.dumps(told))


def judged(index: str, locked: list[tuple[str, str]]) -> dict[str, Any]:
    """What the pages tell of these names and versions; of none, where no witness tells a fault."""
    kinds: dict[str, list[str]] = {"well": [], "found": [], "behind": [], "silent": []}
    witness, kinds["silent"] = _witness(index)
    if witness:
        rows = [locked[first::AT_ONCE] for first in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for told in pool.map(lambda row: list(_row(index, row)), rows):
                for kind, text in told:
                    kinds[kind].append(text)
    return {"witness": witness, **kinds}


def _witness(index: str) -> tuple[str, list[str]]:
    """A fault that is told, or an empty text and why there is none."""
    silent = []
    with _session() as session:
        for name in WITNESSES:
            try:
                page = _newest(session, index, name)
            except Silent as reason:
                silent.append(str(reason))
                continue
            if page.faults:
                return f"{name} {page.version}: {page.faults[0]}", []
    return "", silent


def _row(index: str, locked: list[tuple[str, str]]) -> Iterator[tuple[Kind, str]]:
    """One answer for each; ends at the first that is silent, so that nobody waits for all."""
    with _session() as session:
        for name, version in locked:
            try:
                yield _pin(session, index, name, version)
            except Silent as reason:
                yield "silent", str(reason)
                return


def _pin(session: requests.Session, index: str, name: str, version: str) -> tuple[Kind, str]:
    newest = _newest(session, index, name)
    page: Page | None = newest
    if Version(newest.version) != Version(version):
        page = _page(session, f"{index}/{name}/{version}/json", name)
    if page is None:
        return "behind", f"{name} {version}, the newest is {newest.version}"
    if Version(page.version) != Version(version):
        raise Silent(f"{name} {version}: its page is of {page.version}")
    if page.faults:
        return "found", f"{name} {version}: {', '.join(page.faults)}"
    return "well", f"{name} {version}"


def _newest(session: requests.Session, index: str, name: str) -> Page:
    page = _page(session, f"{index}/{name}/json", name)
    if page is None:
        raise Silent(f"{name}: it has no page")
    return page


def _page(session: requests.Session, address: str, name: str) -> Page | None:
    """None where there is no such page. Raises ``Silent``."""
    try:
        answer = session.get(address, timeout=ANSWER_WITHIN, allow_redirects=False)
        if answer.status_code == requests.codes["not_found"]:
            return None
        if answer.status_code != requests.codes["ok"]:
            raise Silent(f"{name}: HTTP {answer.status_code}")
        told = answer.json()
    except requests.RequestException as error:
        raise Silent(f"{name}: {type(error).__name__}") from error
    try:
        version, of = str(Version(told["info"]["version"])), told["info"]["name"]
        faults = tuple(str(one["id"]) for one in told["vulnerabilities"] if not one["withdrawn"])
        is_its_own = canonicalize_name(of) == name
    except (KeyError, TypeError, ValueError) as error:
        raise Silent(f"{name}: its page is not written as PyPI writes it") from error
    if not is_its_own:
        raise Silent(f"{name}: its page is of {of}")
    return Page(version, faults)


def _session() -> requests.Session:
    retry = Retry(
        TRIES - 1, status_forcelist=FALTERING, raise_on_status=False, backoff_factor=0.5,
        backoff_max=LONGEST_PAUSE, retry_after_max=LONGEST_PAUSE,
    )  # fmt: skip
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _pypi() -> str:
    """Where pip, and so pip-audit, knows PyPI to be."""
    from pip._internal.models.index import PyPI  # noqa: PLC0415 - of .venv-security only

    return str(PyPI.pypi_url)


if __name__ == "__main__":
    main(*sys.argv[1:])
