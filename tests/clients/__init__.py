"""Third-party JavaScript, fetched at its locked versions and run by the Node of our own lock."""

import asyncio
import json
from pathlib import Path
from typing import Any

from deploy.validate.programs import node, npm

HERE = Path(__file__).parent
FRESH = "FRESH-UUID"
"""In a script's mutation: a new UUID each time it is sent."""

FAMILIES = {"graphql-ws", "graphql-sse", "apollo", "urql", "graphql-http"}


async def fetched() -> None:
    """The packages are there; ``npm ci`` only when the lock changed."""
    installed, lock = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    status, output = await _run(npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    assert status == 0, output


async def checked(script: dict[str, Any]) -> None:
    """Every client works with the address and documents of ``script``; see ``run.mjs``."""
    await fetched()
    status, output = await _run("run.mjs", json.dumps(script))
    checks = [json.loads(line) for line in output.splitlines()]
    assert [check for check in checks if not check["ok"]] == []
    assert {check["check"].split()[0] for check in checks} == FAMILIES
    assert status == 0


async def faults_of_asyncapi(document: Path) -> list[str]:
    """What the official JSON schema of AsyncAPI says against ``document``."""
    await fetched()
    status, output = await _run("asyncapi.mjs", document)
    assert status == bool(output), output
    return output.splitlines()


async def _run(script: str | Path, *words: str | Path) -> tuple[int, str]:
    """Exit code and output of a script under Node."""
    process = await asyncio.create_subprocess_exec(
        node(), script, *words, cwd=HERE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
