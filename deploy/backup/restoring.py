"""Brings a backup back, as the databases of an installation that has none yet."""

import os
import pwd
import shutil
import tarfile
from pathlib import Path

from deploy.backup.folder import REASONS, Backup, Note, marks
from deploy.demo.marks import Marks
from deploy.local.databases import LOGINS
from deploy.local.places import unprivileged_user
from deploy.local.postgres import Postgres
from deploy.local.runner import alone
from deploy.local.secrets import Secrets
from deploy.quoting import literal
from deploy.trouble import Trouble


def restore(data: Path, backup: Backup) -> Note:
    """Make ``backup`` the databases of the installation in ``data``; what is known of it.

    Of the secrets only the master keys must be those of the backup: every password is set anew.
    The streams are thrown away; the next start fills them again from the databases, and brings
    roles and schema to this code's. Raises ``Trouble`` and leaves everything as it was.
    """
    if os.environ.get("POSTGRES_URL"):
        raise Trouble("POSTGRES_URL is set: a server of your own is restored by its own tools")
    note = backup.note
    with alone(data):
        _must_have_keys(data, note)
        passwords = Secrets(data).passwords("postgres", ("postgres", *LOGINS))
        postgres = Postgres(data, passwords["postgres"])
        _must_fit(postgres, note)
        backup.verify()
        fresh = postgres.cluster.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)  # one that was interrupted
        try:
            _unpack(backup, fresh)
            _make_whole(postgres, fresh, passwords["postgres"])
            _throw_streams_away(data)
            fresh.rename(postgres.cluster)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        Marks(data, data / "clock").finish([f"restored from the backup of {note.taken_at}"])
    return note


def _must_have_keys(data: Path, note: Note) -> None:
    """Without them nobody's data, and nobody's sign-in, would ever open again."""
    file = data / "secrets" / "keys.json"
    found = marks(Secrets(data).master_keys()) if file.exists() else {}
    missing = [version for version, mark in note.master_keys.items() if found.get(version) != mark]
    if missing:
        raise Trouble(
            f"master key {', '.join(missing)} of this backup is not in {file}: "
            "put the file of the installation it was taken of there first"
        )


def _must_fit(postgres: Postgres, note: Note) -> None:
    if postgres.is_made:
        raise Trouble(
            f"{postgres.cluster} holds databases: a backup is never restored over any; "
            "move them away, or choose another B2B_DATA"
        )
    if postgres.version != note.postgres:
        raise Trouble(
            f"the backup is of Postgres {note.postgres}, this is Postgres {postgres.version}: "
            "point PG_BIN at that version"
        )


def _throw_streams_away(data: Path) -> None:
    """They may tell of what the backup knows nothing of, and services would believe them."""
    shutil.rmtree(data / "nats" / "store", ignore_errors=True)


def _unpack(backup: Backup, cluster: Path) -> None:
    cluster.mkdir(mode=0o700)
    with tarfile.open(backup.copy) as copy:
        copy.extractall(cluster, filter="data")
    cluster.chmod(0o700)
    if user := unprivileged_user():
        account = pwd.getpwnam(user)
        for folder, folders, files in os.walk(cluster):
            for name in (".", *folders, *files):
                os.lchown(Path(folder, name), account.pw_uid, account.pw_gid)


def _make_whole(postgres: Postgres, cluster: Path, password: str) -> None:
    """Replay its write-ahead log and give the superuser today's password, with nobody let in."""
    looked = postgres.program("pg_verifybackup", "--quiet", cluster)
    if looked.returncode:
        raise Trouble(f"the backup is damaged: {looked.stderr[:REASONS].strip()}")
    alone_in_it = postgres.program(
        "postgres", "--single", "-D", cluster, "-c", "log_min_messages=warning", "postgres",
        told=f"ALTER ROLE postgres PASSWORD {literal(password)}\n",
    )  # fmt: skip
    if alone_in_it.returncode or "ERROR" in alone_in_it.stderr:
        raise Trouble(f"the backup does not start: {alone_in_it.stderr[-REASONS:].strip()}")
