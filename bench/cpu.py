"""CPU seconds that processes have used, from the kernel's books."""

import time
from collections.abc import Iterable

import psutil


def used(pids: Iterable[int]) -> float:
    """User and system seconds of these processes, their descendants and those that have ended."""
    return sum(_tree(pid) for pid in pids)


def own() -> float:
    """Ours."""
    return time.process_time()


def _tree(pid: int) -> float:
    root = psutil.Process(pid)
    return sum(_one(process) for process in (root, *root.children(recursive=True)))


def _one(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # its parent's books have it now
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
