"""``python -m deploy.security [part,part]``: look at every part, print what was found.

Exits 0 when all passed, 1 when one failed, 3 when none failed and one could not be done.
"""

import subprocess
import sys
import time
from collections.abc import Callable

from deploy.security.code import code_keeps_the_rules, rules_find_what_is_planted
from deploy.security.dependencies import licences, vulnerabilities
from deploy.security.found import Found, Verdict
from deploy.security.fuzzing import gateway_withstands_anything
from deploy.security.walls import (
    edge_withstands_any_bytes,
    limits_hold,
    nobody_is_trusted_for_longer,
    parsers_refuse_by_type,
    persons_are_hidden,
    roles_are_kept,
    users_are_kept_apart,
    walls_stand,
)

PARTS: dict[str, Callable[[], Found]] = {
    "rules": rules_find_what_is_planted,
    "code": code_keeps_the_rules,
    "licences": licences,
    "vulnerabilities": vulnerabilities,
    "walls": walls_stand,
    "users": users_are_kept_apart,
    "trust": nobody_is_trusted_for_longer,
    "permissions": roles_are_kept,
    "privacy": persons_are_hidden,
    "limits": limits_hold,
    "parsers": parsers_refuse_by_type,
    "edge": edge_withstands_any_bytes,
    "gateway": gateway_withstands_anything,
}


def main(wanted: list[str]) -> int:
    """Look at the wanted parts, or at all."""
    unknown = set(wanted) - set(PARTS)
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
        return 2
    verdicts = {name: _looked_at(name) for name in wanted or PARTS}
    for verdict in Verdict:
        names = [name for name, each in verdicts.items() if each is verdict]
        if names:
            print(f"{verdict.value}: {', '.join(names)}")
    if Verdict.FAILED in verdicts.values():
        return 1
    return 3 if Verdict.NOT_DONE in verdicts.values() else 0


def _looked_at(name: str) -> Verdict:
    part = PARTS[name]
    about, _, _ = (part.__doc__ or "").partition("\n")
    print(f"{name}: {about}", flush=True)
    began = time.perf_counter()
    try:
        found = part()
    except subprocess.TimeoutExpired as late:
        found = Found(Verdict.NOT_DONE, (f"not ended after {late.timeout:.0f} s",))
    print(f"  {found.verdict.value} in {time.perf_counter() - began:.0f} s")
    for line in found.told:
        print(f"    {line}", flush=True)
    return found.verdict


if __name__ == "__main__":
    sys.exit(main([part for word in sys.argv[1:] for part in word.split(",") if part]))
