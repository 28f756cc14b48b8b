"""Who may say and hear what on the bus: least privilege, per process."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from contracts import access, billing, booking, members, timetable
from contracts.envelope import COMMANDS, Query, promised, subject_of
from contracts.permissions import EVERYONE, GATEWAY, MATRIX, OPERATOR, OWN

CONTEXTS = ("members", "booking", "billing", "access")
EVENTS = tuple(f"EVT_{context.upper()}" for context in CONTEXTS)
LETTERS = "DLQ"
DEVELOPER = "developer"
"""May say and hear everything, on the servers of one machine: for the demo, tests and benchmarks.
No manifest knows it."""

HEARS: dict[str, dict[str, tuple[str, ...]]] = {
    "members": {},
    "booking": {
        "EVT_MEMBERS": (
            "booking_gym_registered", "booking_location_opened", "booking_location_closed",
            "booking_location_not_closed",
            "booking_room_added", "booking_staff_hired", "booking_staff_roles_changed",
            "booking_open_ledger", "booking_bar_erased",
        ),
        "EVT_ACCESS": ("booking_door_check_in",),
    },
    "billing": {
        "EVT_BOOKING": ("billing_invoice_fee", "billing_reverse_fee"),
        "EVT_MEMBERS": ("billing_gym_registered", "billing_close_account"),
    },
    "access": {
        "EVT_BOOKING": (
            "access_session_scheduled", "access_session_rescheduled", "access_session_changed",
            "access_reservation_made", "access_reservation_reinstated",
            "access_reservation_cancelled", "access_ban_imposed", "access_ban_lifted",
            "access_waiver_recorded",
        ),
        "EVT_MEMBERS": (
            "access_client_registered", "access_client_erased", "access_staff_hired",
            "access_staff_roles_changed", "access_location_opened", "access_location_closed",
            "access_location_not_closed",
        ),
    },
}  # fmt: skip
"""Context -> stream its reactions consume -> their durable consumers, by name: nobody else may
make, pull from, acknowledge or delete one. A test keeps it what the services register."""

ASKS: Mapping[str, tuple[type[Query], ...]] = {
    "members": (),
    "booking": (members.ClientStanding, members.GymReferences),
    "billing": (members.ClientStanding,),
    "access": (members.GymReferences,),
    "projections": (members.PersonKeys,),
    "auditor": (members.PersonKeys,),
    "operator": (members.PersonKeys,),
}
"""Context -> the queries it may send. All sign with one key, so this is what keeps them apart."""

_KEEPING = (
    "STREAM.INFO", "STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.MSG.GET",
    "CONSUMER.LIST", "CONSUMER.CREATE",
)  # fmt: skip
"""What an operator does with a stream: declare, look, throw away, follow; the last by a consumer
whose name the server makes up."""
_THROW_AWAY = ("CONSUMER.CREATE", "CONSUMER.MSG.NEXT", "CONSUMER.DELETE")
"""What is done with a consumer of one's own (chassis/reader.py)."""
DEAD_LETTERS_INFO = f"$JS.API.STREAM.INFO.{LETTERS}"
"""How many there are of each reaction; none of them can be read so."""

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
    """User -> rights, for every process there is, and for whoever types ``b2b``."""
    known = {"operator": _operator()}
    for context in CONTEXTS:
        known[context] = _service(context)
        known[f"{context}_relay"] = _relay(context)
    known["projections"] = May(
        publish=(
            *_consume(EVENTS), *_questions("projections"), "live.>", "progress.>",
            "health.projections",
        ),
        never=_durables_of(EVENTS),
    )  # fmt: skip
    known["auditor"] = May(
        publish=(
            *_consume(EVENTS), *_questions("auditor"), DEAD_LETTERS_INFO, "health.auditor",
            *(f"$JS.API.CONSUMER.LIST.{stream}" for stream in EVENTS),
            *(f"$JS.API.STREAM.MSG.GET.{stream}" for stream in EVENTS),
        ),
        never=_durables_of(EVENTS),
    )  # fmt: skip
    known["gateway"] = May(
        publish=(*_for_outside(), "health.gateway"), subscribe=("live.>", "progress.>", "health.*")
    )
    return known


def local_users() -> dict[str, May]:
    """The same for one machine's servers."""
    return {**users(), DEVELOPER: May(publish=(">",), subscribe=(">",))}


def _operator() -> May:
    """What ``b2b`` says of streams, dead letters, read models and a new gym.

    No event, and nothing to a consumer of a service's.
    """
    streams = (*EVENTS, LETTERS)
    return May(
        publish=(
            *(f"$JS.API.{verb}.{stream}" for stream in streams for verb in _KEEPING),
            *(f"$JS.API.{verb}.{stream}.*" for stream in streams for verb in _THROW_AWAY),
            *(f"$JS.FC.{stream}.>" for stream in streams),  # how fast it follows
            f"$JS.API.STREAM.MSG.DELETE.{LETTERS}",
            *(f"retry.{context}.*" for context in CONTEXTS if HEARS[context]),
            *_questions("operator"),
            *_commands_of({OPERATOR}),
        ),
        never=_durables_of(EVENTS),
    )


def _service(context: str) -> May:
    return May(
        publish=(
            *_react(HEARS[context]),
            *_questions(context),
            *_among_replicas(context),
            f"dlq.{context}.>",
            f"bell.{context}",
            f"health.{context}",
            *([DEAD_LETTERS_INFO] if HEARS[context] else []),
        ),
        subscribe=(
            f"cmd.{context}.>",
            f"qry.{context}.>",
            f"retry.{context}.>",
            *_among_replicas(context),
        ),
        replies=True,
    )


def _among_replicas(context: str) -> tuple[str, ...]:
    """Who is there, and what is handed on (chassis/bus/homes.py); members shares by chance."""
    return () if context == "members" else (f"peers.{context}", f"home.{context}.*")


def _questions(context: str) -> tuple[str, ...]:
    return tuple(subject_of(query) for query in ASKS[context])


def _for_outside() -> tuple[str, ...]:
    """What people, or the gateway itself, may ask for; the rest is between services."""
    return _commands_of(EVERYONE | {OWN, GATEWAY})


def _commands_of(roles: AbstractSet[str]) -> tuple[str, ...]:
    """What somebody of ``roles`` may ask for."""
    return tuple(
        subject_of(kind)
        for name, kind in promised(COMMANDS).items()
        if not roles.isdisjoint(MATRIX.get(name, ()))
    )


def _relay(context: str) -> May:
    """The only writer of its context's stream; reads back where the stream ends."""
    stream = f"EVT_{context.upper()}"
    return May(
        publish=(
            f"evt.*.{context}.>",
            f"health.{context}",
            f"$JS.API.STREAM.INFO.{stream}",
            f"$JS.API.STREAM.MSG.GET.{stream}",
            f"$JS.API.DIRECT.GET.{stream}",
            f"$JS.API.DIRECT.GET.{stream}.>",
        ),
        subscribe=(f"bell.{context}",),
    )


def _react(heard: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Subjects a service publishes on to consume its own durables, and no others."""
    for stream, durables in heard.items():
        for durable in durables:
            yield f"$JS.API.CONSUMER.CREATE.{stream}.{durable}.>"  # what it filters by follows
            yield f"$JS.API.CONSUMER.INFO.{stream}.{durable}"
            yield f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
            yield f"$JS.ACK.{stream}.{durable}.>"


def _consume(streams: Iterable[str]) -> Iterator[str]:
    """Subjects of who reads ``streams`` by throw-away consumers without acknowledgements.

    Their names are random, and a wildcard stands for a whole name: ``_durables_of`` is the rest.
    """
    for stream in streams:
        yield f"$JS.API.STREAM.INFO.{stream}"
        yield from (f"$JS.API.{verb}.{stream}.*" for verb in _THROW_AWAY)


def _durables_of(streams: Iterable[str]) -> tuple[str, ...]:
    """What ``_consume`` would let somebody do to the services' durables, and must not."""
    return tuple(
        f"$JS.API.{verb}.{stream}.{durable}"
        for stream in streams
        for heard in HEARS.values()
        for durable in heard.get(stream, ())
        for verb in _THROW_AWAY
    )
