"""Our own semgrep rules on everything that ships. Local rules only; nothing is sent anywhere."""

import json
from collections import Counter

from deploy.schema import ROOT
from deploy.security.found import Found, Verdict, last, tool

RULES = "deploy/security/rules"
SHIPPED = ("contracts", "chassis", "services", "gateway", "deploy")
QUIETLY = ("--metrics=off", "--disable-version-check")


def rules_find_what_is_planted() -> Found:
    """Every rule finds each fault planted for it, and nothing where there is none."""
    done = tool("semgrep", "--test", *QUIETLY, "--json", "--config", RULES, RULES)
    try:
        told = json.loads(done.stdout)["results"]
    except (ValueError, KeyError):
        return Found(Verdict.NOT_DONE, ("semgrep did not answer", *last(done.stderr)))
    checks = {rule: one for file in told.values() for rule, one in file["checks"].items()}
    planted = Counter(
        line.partition("ruleid:")[2].strip()
        for file in (ROOT / RULES).iterdir()
        if file.suffix != ".yaml"
        for line in file.read_text().splitlines()
        if "ruleid:" in line
    )
    blind = [
        rule for rule, one in checks.items() if not (one["passed"] and _planted(rule, planted))
    ]
    if blind or not checks or done.returncode:
        return Found(Verdict.FAILED, tuple(f"{rule} does not do what it is for" for rule in blind))
    return Found(Verdict.PASSED, (f"{len(checks)} rules, {planted.total()} planted faults",))


def code_keeps_the_rules() -> Found:
    """No finding in what ships."""
    quietly = (*QUIETLY, "--quiet", "--json", "--exclude", RULES)
    done = tool("semgrep", "scan", *quietly, "--config", RULES, *SHIPPED)
    try:
        told = json.loads(done.stdout)
    except ValueError:
        return Found(Verdict.NOT_DONE, ("semgrep did not answer", *last(done.stderr)))
    if told["errors"]:
        return Found(Verdict.NOT_DONE, tuple(str(one.get("message")) for one in told["errors"]))
    found = tuple(
        f"{one['path']}:{one['start']['line']} {one['check_id'].rpartition('.')[2]}"
        for one in told["results"]
    )
    looked_at = len(told["paths"]["scanned"])
    if found or not looked_at:
        return Found(Verdict.FAILED, found or ("no file was looked at",))
    return Found(Verdict.PASSED, (f"{looked_at} files",))


def _planted(rule: str, planted: Counter[str]) -> bool:
    return planted[rule.rpartition(".")[2]] > 0
