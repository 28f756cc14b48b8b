"""What keeps us from a server or a folder, as one line that names what to change."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from nats.errors import Error as NatsError

from chassis.streams import StreamDiffers
from deploy.local.places import CannotStart

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextmanager
def of_postgres(where: str, keys: Path) -> Iterator[None]:
    """``where`` names the server, ``keys`` the file with its passwords. Raises ``CannotStart``."""
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise CannotStart(f"the disk is full: {where}: {_told(error)}") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        theirs = where.startswith("POSTGRES_URL")
        hint = "" if theirs else f": {keys} is not what this data was made with, bring it back"
        raise CannotStart(f"{where} does not let us in: {_told(error)}{hint}") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise CannotStart(f"{where} needs a superuser's login: {_told(error)}") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        raise CannotStart(f"{where} cannot be used: {_told(error)}") from error


@contextmanager
def of_nats(where: str) -> Iterator[None]:
    """The same for NATS."""
    try:
        yield
    except StreamDiffers as error:
        raise CannotStart(
            f"{where} has streams of another make: {error}: choose another server, or delete the "
            "stream, its events come back from Postgres"
        ) from error
    except (NatsError, OSError) as error:
        raise CannotStart(f"{where} cannot be used: {_told(error)}") from error


def in_the_way(error: OSError) -> CannotStart | None:
    """What ``error`` says of disk and folders; ``None`` when it says nothing of them."""
    if error.errno in _FULL:
        return CannotStart(f"the disk is full: {error}")
    if error.errno in _NOT_OURS:
        return CannotStart(
            f"{error.filename or error} belongs to somebody else: "
            "give it back, or choose another B2B_DATA"
        )
    return None


def _told(error: BaseException) -> str:
    """Its text on one line, or its kind when it has none."""
    return " ".join(str(error).split()) or type(error).__name__
