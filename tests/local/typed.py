"""What somebody types at a terminal."""

import asyncio
import os
import sys

from deploy.schema import ROOT


async def b2b(*words: str) -> tuple[int, str]:
    """Exit code and everything said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.cli", *words,
        env={**os.environ, "COLUMNS": "200"}, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()
