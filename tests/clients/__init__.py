"""Third-party JavaScript clients, fetched at their locked versions and run by Node."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FRESH = "FRESH-UUID"
"""In a script's mutation: a new UUID each time it is sent."""

FAMILIES = {"graphql-ws", "graphql-sse", "apollo", "urql", "graphql-http"}


async def fetched() -> None:
    """The packages are there; ``npm ci`` only when the lock changed."""
    installed, lock = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    status, output = await _run("npm", "ci", "--no-audit", "--no-fund")
    assert status == 0, output


async def checked(script: dict[str, Any]) -> None:
    """Every client works with the address and documents of ``script``; see ``run.mjs``."""
    await fetched()
    status, output = await _run("node", "run.mjs", json.dumps(script))
    checks = [json.loads(line) for line in output.splitlines()]
    assert [check for check in checks if not check["ok"]] == []
    assert {check["check"].split()[0] for check in checks} == FAMILIES
    assert status == 0


async def _run(*command: str) -> tuple[int, str]:
    program = shutil.which(command[0])
    assert program, f"these tests need {command[0]}"
    process = await asyncio.create_subprocess_exec(
        program, *command[1:], cwd=HERE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()
