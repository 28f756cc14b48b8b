"""Inside a container: who it is, what it may, where it can write. Run there, prints JSON.

Sent as text, so it leans on nothing but Python.
"""

import json
import os
import sys

ASIDE = ("/proc", "/sys", "/dev")
"""The kernel's own."""


def main(top: str = "/") -> None:
    """Print what a process of this container is, and what under ``top`` it may write to."""
    with open("/proc/1/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    with open("/proc/mounts") as file:
        [root] = [line.split()[3] for line in file if line.split()[1] == "/"]
    writable = []
    for path, folders, _ in os.walk(top):
        folders[:] = [each for each in folders if os.path.join(path, each) not in ASIDE]
        if os.access(path, os.W_OK):
            writable.append(path)
            folders.clear()
    told = {
        "user": status["Uid"].split(),
        "group": status["Gid"].split(),
        "capabilities": [status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")],
        "no new privileges": status["NoNewPrivs"],
        "seccomp": status["Seccomp"],
        "root": root.split(",")[0],
        "writable": writable,
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
