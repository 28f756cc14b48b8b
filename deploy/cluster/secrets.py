"""Every secret the manifests refer to, and what stands in it: one table for every way to fill it.

A vault keeps only what is random (``RANDOM``); what processes get, addresses with passwords in
them, is put together from that.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from deploy.local.access import AUDITOR, LOGINS, PROCESSES, RELAYS
from deploy.local.databases import LOGINS as ROLES
from deploy.local.rights import users

ADMIN = "b2b_admin"
"""The role that makes roles and databases; no process uses it."""
SERVER = "pg-rw:5432"
"""Where Postgres answers inside the namespace."""
TRUST = "?sslmode=verify-full&sslrootcert=/etc/postgres-ca/ca.crt"
"""Ends the addresses where CloudNativePG is: Postgres shows by TLS that it is who we mean. The file
is its CA's certificate, mounted by ``components/cloudnative-pg``."""

Shelf = Literal["postgres", "nats", "keys"]


@dataclass(frozen=True, slots=True)
class Random:
    """One random value, in the vault under ``<prefix>/<shelf>`` as ``name``."""

    shelf: Shelf
    name: str

    @property
    def label(self) -> str:
        """Its name in templates."""
        return f"{self.shelf}_{self.name}".lower()


@dataclass(frozen=True, slots=True)
class Secret:
    """One Secret of the namespace. ``data``: key -> text with ``{label}`` for random values."""

    name: str
    data: Mapping[str, str]
    uses: tuple[Random, ...] = ()
    type: str = "Opaque"
    labels: Mapping[str, str] = field(default_factory=dict)


CALLER_KEY = Random("keys", "CALLER_KEY")
MASTER_KEYS = Random("keys", "MASTER_KEYS")


def role(name: str) -> Random:
    """A database role's password."""
    return Random("postgres", name)


def user(name: str) -> Random:
    """A NATS user's password."""
    return Random("nats", name)


RANDOM = (
    *(role(name) for name in (ADMIN, *ROLES)),
    *(user(name) for name in users()),
    CALLER_KEY,
    MASTER_KEYS,
)
"""What a vault holds before the first installation."""


def wanted(server: str = SERVER, options: str = "") -> tuple[Secret, ...]:
    """Every Secret. ``options`` end each Postgres address, as ``TRUST`` does."""
    address = _Address(server, options)
    return (
        *(_of_process(name, address) for name in PROCESSES),
        _auditor(address),
        _operator(address),
        _admin(address),
        _roles(),
        _nats_passwords(),
    )


def invented() -> dict[Random, str]:
    """A fresh value for each of ``RANDOM``; letters, digits, ``-`` and ``_`` in passwords."""
    made = {each: secrets.token_urlsafe(24) for each in RANDOM}
    made[CALLER_KEY] = _key()
    made[MASTER_KEYS] = json.dumps({"1": _key()})
    return made


def filled(secret: Secret, values: Mapping[Random, str]) -> dict[str, str]:
    """Key -> text with the values in it."""
    told = {each.label: values[each] for each in secret.uses}
    return {key: text.format_map(told) for key, text in secret.data.items()}


@dataclass(frozen=True, slots=True)
class _Address:
    server: str
    options: str

    def of(self, login: str, database: str) -> str:
        password = "{" + role(login).label + "}"
        return f"postgresql://{login}:{password}@{self.server}/{database}{self.options}"


def _of_process(process: str, address: _Address) -> Secret:
    login, database = LOGINS[process]
    uses = [role(login), user(process), CALLER_KEY]
    data = {
        "DATABASE_URL": address.of(login, database),
        "NATS_PASSWORD": _value(user(process)),
        "CALLER_KEY": _value(CALLER_KEY),
    }
    if process in RELAYS:
        relay, database = RELAYS[process]
        uses += [role(relay), user(f"{process}_relay")]
        data["RELAY_DATABASE_URL"] = address.of(relay, database)
        data["RELAY_NATS_PASSWORD"] = _value(user(f"{process}_relay"))
    if process == "members":
        uses += [role("members_vault"), MASTER_KEYS]
        data["VAULT_DATABASE_URL"] = address.of("members_vault", "b2b_vault")
        data["MASTER_KEYS"] = _value(MASTER_KEYS)
    return Secret(process, data, tuple(uses))


def _auditor(address: _Address) -> Secret:
    data = {
        "NATS_PASSWORD": _value(user(AUDITOR)),
        "CALLER_KEY": _value(CALLER_KEY),
        "AUDITOR_URL": address.of("auditor", "postgres"),
    }
    return Secret(AUDITOR, data, (user(AUDITOR), CALLER_KEY, role("auditor")))


def _operator(address: _Address) -> Secret:
    data = {
        "NATS_PASSWORD": _value(user("operator")),
        "CALLER_KEY": _value(CALLER_KEY),
        "MIGRATOR_URL": address.of("migrator", "postgres"),
        "VIEWS_URL": address.of("projections", "b2b_views"),
        "AUDITOR_URL": address.of("auditor", "postgres"),
    }
    uses = (
        user("operator"), CALLER_KEY, role("migrator"), role("projections"), role("auditor"),
    )  # fmt: skip
    return Secret("operator", data, uses)


def _admin(address: _Address) -> Secret:
    data = {
        "username": ADMIN,
        "password": _value(role(ADMIN)),
        "ADMIN_URL": address.of(ADMIN, "postgres"),
    }
    # CloudNativePG sets the role's password from it, again whenever it changes.
    labels = {"cnpg.io/reload": "true"}
    return Secret("database-admin", data, (role(ADMIN),), "kubernetes.io/basic-auth", labels)


def _roles() -> Secret:
    roles = tuple(role(name) for name in ROLES)
    return Secret("database-roles", {each.name: _value(each) for each in roles}, roles)


def _nats_passwords() -> Secret:
    """A piece of server configuration: a server can read it again without a restart."""
    everybody = tuple(user(name) for name in users())
    lines = [f'{variable(each.name)}: "{_value(each)}"\n' for each in everybody]
    return Secret("nats-passwords", {"passwords.conf": "".join(lines)}, everybody)


def variable(name: str) -> str:
    """What the server's configuration calls the password of the user ``name``."""
    return f"{name.upper()}_PASSWORD"


def _value(random: Random) -> str:
    return "{" + random.label + "}"


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
