"""The nats-server's configuration: who may say and hear what. Least privilege per process."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

from contracts import access, billing, booking, members, timetable
from contracts.envelope import COMMANDS, Query, promised, subject_of
from contracts.permissions import EVERYONE, GATEWAY, MATRIX, OWN

CONTEXTS = ("members", "booking", "billing", "access")

HEARS = {
    "members": (),
    "booking": ("EVT_MEMBERS", "EVT_ACCESS"),
    "billing": ("EVT_MEMBERS", "EVT_BOOKING"),
    "access": ("EVT_MEMBERS", "EVT_BOOKING"),
}
"""Context -> streams its reactions consume."""

ASKS: Mapping[str, tuple[type[Query], ...]] = {
    "members": (),
    "booking": (members.ClientStanding, members.GymReferences),
    "billing": (members.ClientStanding,),
    "access": (members.GymReferences,),
    "projections": (members.PersonKeys,),
    "auditor": (members.PersonKeys,),
}
"""Context -> the queries it may send. All sign with one key, so this is what keeps them apart."""

SPOKEN = (access, billing, booking, members, timetable)
"""Contracts the gateway speaks: imported, so that ``COMMANDS`` holds theirs."""


@dataclass(frozen=True, slots=True)
class May:
    """What one user may do; everything not listed is refused."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    """Not to be published, although ``publish`` would let it."""
    replies: bool = field(default=False)
    """May answer each request it was sent, once, within a minute."""


def users() -> dict[str, May]:
    """User -> rights, for every process there is. ``operator`` may do everything."""
    known = {"operator": May(publish=(">",), subscribe=(">",))}
    for context in CONTEXTS:
        known[context] = _service(context)
        known[f"{context}_relay"] = _relay(context)
    every_stream = [f"EVT_{context.upper()}" for context in CONTEXTS]
    known["projections"] = May(
        publish=(
            *_consume(every_stream), *_questions("projections"), "live.>", "progress.>",
            "dlq.projections.>",
        ),
        subscribe=("cmd.projections.>", "qry.projections.>"),
        replies=True,
    )  # fmt: skip
    known["auditor"] = May(
        publish=(
            *_consume(every_stream), *_questions("auditor"), "$JS.API.STREAM.INFO.DLQ",
            *(f"$JS.API.CONSUMER.LIST.{stream}" for stream in every_stream),
            *(f"$JS.API.STREAM.MSG.GET.{stream}" for stream in every_stream),
        )
    )  # fmt: skip
    known["gateway"] = May(
        publish=("cmd.>", "qry.>"), subscribe=("live.>", "progress.>"), never=_for_nobody_outside()
    )
    return known


def configuration(port: int, monitor_port: int, store: Path, passwords: Mapping[str, str]) -> str:
    """The config file's text. Listens on 127.0.0.1; an acknowledged message is on disk."""
    written = {name: json.dumps(password) for name, password in passwords.items()}
    return f"""\
server_name: back2back
listen: 127.0.0.1:{port}
http: 127.0.0.1:{monitor_port}
max_payload: 1MB
max_pending: 64MB
lame_duck_duration: 30s
jetstream {{
  store_dir: {json.dumps(str(store))}
  sync_interval: always
}}
{accounts(written)}"""


def accounts(passwords: Mapping[str, str]) -> str:
    """The part of a config file that says who there is and what each may do, on any server.

    ``passwords``: user -> how its password is written in the file, quoted or a ``$VARIABLE``.
    """
    people = ",\n".join(
        _user(name, passwords[name], may) for name, may in users().items() if name in passwords
    )
    return f"""\
accounts {{
  B2B {{
    jetstream: enabled
    users: [
{indent(people, "      ")}
    ]
  }}
  SYS {{}}
}}
system_account: SYS
"""


def _service(context: str) -> May:
    return May(
        publish=(
            *_consume(HEARS[context], acknowledge=True),
            *_questions(context),
            f"dlq.{context}.>",
            f"bell.{context}",
        ),
        subscribe=(f"cmd.{context}.>", f"qry.{context}.>", f"retry.{context}.>"),
        replies=True,
    )


def _questions(context: str) -> tuple[str, ...]:
    return tuple(subject_of(query) for query in ASKS[context])


def _for_nobody_outside() -> tuple[str, ...]:
    """What neither people nor the gateway itself may ask for: services and the operator do."""
    outside = EVERYONE | {OWN, GATEWAY}
    return tuple(
        subject_of(kind)
        for name, kind in promised(COMMANDS).items()
        if outside.isdisjoint(MATRIX.get(name, ()))
    )


def _relay(context: str) -> May:
    """The only writer of its context's stream; reads back where the stream ends."""
    stream = f"EVT_{context.upper()}"
    return May(
        publish=(
            f"evt.*.{context}.>",
            f"$JS.API.STREAM.INFO.{stream}",
            f"$JS.API.STREAM.MSG.GET.{stream}",
            f"$JS.API.DIRECT.GET.{stream}",
            f"$JS.API.DIRECT.GET.{stream}.>",
        ),
        subscribe=(f"bell.{context}",),
    )


def _consume(streams: Iterable[str], *, acknowledge: bool = False) -> list[str]:
    """Subjects a reader of ``streams`` publishes on; it can neither purge nor change them."""
    subjects = []
    for stream in streams:
        subjects += [
            f"$JS.API.STREAM.INFO.{stream}",
            f"$JS.API.CONSUMER.CREATE.{stream}",
            f"$JS.API.CONSUMER.CREATE.{stream}.>",
            f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.>",
            f"$JS.API.CONSUMER.INFO.{stream}.>",
            f"$JS.API.CONSUMER.MSG.NEXT.{stream}.>",
            f"$JS.API.CONSUMER.DELETE.{stream}.>",
            f"$JS.API.DIRECT.GET.{stream}",
            f"$JS.API.DIRECT.GET.{stream}.>",
        ]
        if acknowledge:
            subjects.append(f"$JS.ACK.{stream}.>")
    return subjects


def _user(name: str, password: str, may: May) -> str:
    permissions: dict[str, object] = {
        "publish": {"allow": list(may.publish), "deny": list(may.never)},
        "subscribe": [*may.subscribe, f"_INBOX.{name}.>"],
    }
    if may.replies:
        permissions["allow_responses"] = {"max": 1, "expires": "1m"}
    rights = json.dumps(permissions, indent=2)  # the config format reads JSON
    return f"{{ user: {name}, password: {password}, permissions: {rights} }}"
