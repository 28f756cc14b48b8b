"""What we depend on: under which licences, and with which known vulnerabilities."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.schema import ROOT
from deploy.security.found import Found, Verdict, last, locked, ran, tool

SHIPPED = ROOT / "requirements.txt"
FREE = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software|Mozilla|MPL-2\.0|Unlicense|Zlib|0BSD", re.IGNORECASE
)
BINDING = re.compile(r"GPL|AGPL|SSPL|BUSL|Commons Clause|proprietary", re.IGNORECASE)
FRESH = timedelta(days=30)


def licences() -> Found:
    """Everything that ships may be used in a product that is not open."""
    names = sorted(locked(SHIPPED))
    done = tool("pip-licenses", "--python", str(ROOT / ".venv/bin/python"), "--format=json",
                "--from=mixed", "--packages", *names)  # fmt: skip
    try:
        told = {one["Name"].lower().replace("_", "-"): one["License"] for one in
                json.loads(done.stdout)}  # fmt: skip
    except ValueError:
        return Found(Verdict.NOT_DONE, ("pip-licenses did not answer", *last(done.stderr)))
    doubtful = [
        f"{name}: {licence}"
        for name, licence in told.items()
        if BINDING.search(licence) or not FREE.search(licence)
    ]
    if doubtful:
        return Found(Verdict.FAILED, tuple(doubtful))
    absent = sorted(set(names) - set(told))
    elsewhere = f"not installed on this platform, so not read: {', '.join(absent)}"
    return Found(Verdict.PASSED, (f"{len(told)} packages", *([elsewhere] if absent else [])))


def vulnerabilities() -> Found:
    """No version that ships has a vulnerability that is known; the tools' own are not asked about.

    Asks PyPI through pip-audit, of each version; where that is not answered, by the page of each
    project. Or, where ``ADVISORIES`` names a clone of the PyPA advisory database, reads that. Not
    reaching either, or a clone that is old, is ``NOT_DONE``.
    """
    if clone := os.environ.get("ADVISORIES"):
        return _by_clone(Path(clone))
    done = tool("pip-audit", "-r", str(SHIPPED), "--require-hashes", "--disable-pip", "--strict",
                "--format=json", "--progress-spinner=off")  # fmt: skip
    try:
        audited = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return _by_projects(last(done.stderr, 1))
    found = [
        f"{one['name']} {one['version']}: {fault['id']}"
        for one in audited
        for fault in one.get("vulns", ())
    ]
    if found:
        return Found(Verdict.FAILED, tuple(found))
    missed = set(locked(SHIPPED)) - {one["name"] for one in audited if "vulns" in one}
    if missed:
        return _by_projects((f"not audited: {', '.join(sorted(missed))}",))
    return Found(Verdict.PASSED, (f"{len(audited)} packages, each version asked of PyPI",))


def _by_projects(why: tuple[str, ...]) -> Found:
    """By PyPI's pages of projects, which must prove that they tell vulnerabilities at all."""
    said = ("pip-audit could not ask of each version:", *why)
    read = tool("python", "-m", "deploy.security.projects", str(SHIPPED))
    try:
        told = json.loads(read.stdout)
        well, found, behind, silent = (told[kind] for kind in ("well", "found", "behind", "silent"))
        witness = told["witness"]
    except (ValueError, KeyError, TypeError):
        return Found(Verdict.NOT_DONE, (*said, "nor could the pages be read:", *last(read.stderr)))
    unknown = (
        *(f"not known of, update it or what demands it: {pin}" for pin in behind),
        *(f"did not answer: {page}" for page in silent),
    )
    if found:
        return Found(Verdict.FAILED, (*found, *unknown))
    if not witness:
        blind = "no page tells a vulnerability, not even of projects that have some"
        return Found(Verdict.NOT_DONE, (*said, blind, *unknown))
    if unknown or len(well) < len(locked(SHIPPED)):
        return Found(Verdict.NOT_DONE, (*said, *unknown, f"{len(well)} packages are known of"))
    rests_on = (
        f"{len(well)} packages, nothing told against any by PyPI's page of the project, where ours",
        "is the newest release, the only one it tells of, or else by the page of our version",
        f"that such pages tell what is known was seen: {witness}",
    )
    return Found(Verdict.PASSED, (*rests_on, *said))


def _by_clone(clone: Path) -> Found:
    told = ran(["git", "-C", str(clone), "log", "-1", "--format=%ct"])
    if told.returncode:
        return Found(Verdict.NOT_DONE, (f"{clone} is no clone of an advisory database",))
    made = datetime.fromtimestamp(int(told.stdout), UTC)
    read = tool("python", str(Path(__file__).with_name("advisories.py")), str(clone), str(SHIPPED))
    if read.returncode:
        return Found(Verdict.NOT_DONE, last(read.stderr))
    answer = json.loads(read.stdout)
    if answer["found"]:
        return Found(Verdict.FAILED, tuple(answer["found"]))
    about = f"{answer['packages']} of our packages"
    rests_on = f"{answer['advisories']} advisories of {made:%Y-%m-%d} about {about}"
    if datetime.now(UTC) - made > FRESH:
        return Found(Verdict.NOT_DONE, (f"nothing found, but the clone is old: {rests_on}",))
    return Found(Verdict.PASSED, (rests_on,))
