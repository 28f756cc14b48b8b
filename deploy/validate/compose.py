"""The compose file, by the same question as the manifests: would each process start."""

import re
from collections.abc import Iterator
from typing import Any

from deploy.cluster import secrets
from deploy.local.access import AUDITOR, PROCESSES
from deploy.schema import ROOT
from deploy.validate.render import parsed
from deploy.validate.rules import supply

_DEFAULT = re.compile(r"\$\{\w+:-(.*?)\}")
"""What a variable of the shell's is when it is not set."""

FILE = ROOT / "deploy" / "image" / "compose.yaml"


def faults() -> Iterator[str]:
    """Processes that are not run or would not start; secrets that no command writes."""
    services = parsed(FILE.read_text())[0]["services"]
    values = secrets.invented()
    files = {
        f"secrets/{each.name}.env": secrets.filled(each, values)
        for each in secrets.wanted("postgres:5432")
    }
    for process in (*PROCESSES, AUDITOR):
        if process not in services:
            yield f"nothing runs {process}"
    for name, service in services.items():
        yield from (f"{name}: {text}" for text in _service(service, files, services))


def _service(
    service: dict[str, Any], files: dict[str, dict[str, str]], services: dict[str, Any]
) -> Iterator[str]:
    file = str(service.get("env_file", ""))
    if file and file not in files:
        yield f"reads {file}, which no command writes"
        return
    command = service["command"]
    given = (service.get("environment") or {}).items()
    told = {key: _DEFAULT.sub(r"\1", value) for key, value in given}
    environment = {**files.get(file, {}), **told}
    if command[:2] == ["python", "-m"]:
        yield from supply.would_start(command[2], environment)
    elif command[0] == "b2b":
        yield from supply.would_run(command[1], environment)
    for other, until in (service.get("depends_on") or {}).items():
        if other not in services:
            yield f"waits for {other}, which is not there"
        elif until["condition"] == "service_healthy" and "healthcheck" not in services[other]:
            yield f"waits until {other} is well, which nobody asks it"
