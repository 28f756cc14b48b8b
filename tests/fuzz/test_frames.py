"""Any conversation over graphql-transport-ws: it ends as the protocol says, and leaves nothing.

What a client says is drawn at random; what must come of it is told by a model of the protocol.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chassis.health import LARGEST_FRAME
from contracts.ids import new_id
from gateway.serve.ws import Close
from tests.fuzz.conftest import SETTLED_WITHIN, Edge
from tests.fuzz.wire import BINARY, CLOSE, PING, PONG, frame, heard, shake_hands, wire
from tests.world.waiting import until

WATCH = "subscription { kpisChanged { position } }"
QUERY = "{ viewer { id } }"
PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1002, 1007, 1009
ENDED, GONE = 1000, None
"""Codes when the client ends in order, or just leaves."""


@dataclass
class Model:
    """What a server knows of one socket."""

    token: str
    is_known: bool = False
    may_watch: bool = False
    live: set[str] = field(default_factory=set)


Effect: TypeAlias = Callable[[Model], int | None]
"""The code the socket must be closed with now; None: it goes on."""


@dataclass(frozen=True)
class Step:
    """One thing a client does."""

    says: Callable[[Model], bytes]
    comes: Effect
    name: str

    def __repr__(self) -> str:
        return self.name


def _text(message: Any) -> bytes:
    return frame(json.dumps(message).encode())


def fixed(name: str, data: bytes, code: int | None) -> Step:
    """The same bytes and the same end, whatever was before."""
    return Step(lambda _: data, lambda _: code, name)


def _known(*, may_watch: bool) -> Effect:
    def comes(model: Model) -> int | None:
        if model.is_known:
            return Close.TOO_MANY_INITS
        model.is_known, model.may_watch = True, may_watch
        return None

    return comes


def _unknown(code: Close) -> Effect:
    return lambda model: Close.TOO_MANY_INITS if model.is_known else code


def _init(model: Model) -> bytes:
    return _text({"type": "connection_init", "payload": {"authorization": model.token}})


def _watch(id_: str) -> Step:
    """A live view, which stays until it is completed; who may not watch has it refused."""

    def says(model: Model) -> bytes:
        known = id_ if model.may_watch else str(new_id())
        return _text({"type": "subscribe", "id": known, "payload": {"query": WATCH}})

    def comes(model: Model) -> int | None:
        if not model.is_known:
            return Close.UNAUTHORIZED
        if id_ in model.live:
            return Close.DUPLICATE
        if model.may_watch:
            model.live.add(id_)
        return None

    return Step(says, comes, f"watch {id_}")


def _ask(payload: Any, code: Close | None) -> Step:
    """An operation that is over soon, or malformed."""
    return Step(
        lambda _: _text({"type": "subscribe", "id": str(new_id()), "payload": payload}),
        lambda model: code if model.is_known else Close.UNAUTHORIZED,
        f"ask {payload}"[:60],
    )


def _completed(id_: str) -> Step:
    def comes(model: Model) -> int | None:
        model.live.discard(id_)
        return None

    return Step(lambda _: _text({"type": "complete", "id": id_}), comes, f"complete {id_}")


IDS = st.sampled_from(["1", "2", "é\ud83d\ude00", "x" * 128])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
JSON = st.recursive(LEAVES, lambda inside: st.lists(inside, max_size=3), max_leaves=8)
NO_OBJECT = JSON.map(_text)
STRANGE_TYPES = JSON.filter(
    lambda type_: type_ not in ("connection_init", "subscribe", "complete", "ping", "pong")
)
DOCUMENTS = st.text(max_size=60) | st.sampled_from([QUERY, "{", WATCH + WATCH, "{ nothing }"])
NO_TEXT = JSON.filter(lambda value: value is not None and not isinstance(value, str))

GOOD = st.one_of(
    st.builds(_watch, IDS),
    st.builds(_completed, IDS),
    st.builds(lambda text: _ask({"query": text, "more": [text]}, None), DOCUMENTS),
    st.builds(lambda text: _ask({"documentId": text, "variables": {}}, None), st.text(max_size=70)),
    st.just(_ask({}, None)),
    st.sampled_from([
        fixed("ping", _text({"type": "ping"}), None),
        fixed("ping with payload", _text({"type": "ping", "payload": {"a": [1, None]}}), None),
        fixed("pong", _text({"type": "pong", "payload": None}), None),
        fixed("control ping", frame(b"hello", PING), None),
        fixed("control pong nobody asked for", frame(b"", PONG), None),
        fixed("in two pieces", frame(b'{"type":', flags=0) + frame(b'"pong"}', 0), None),
        fixed("a ping between pieces", frame(b'{"type":', flags=0) + frame(b"", PING)
              + frame(b'"pong"}', 0), None),
    ]),
)  # fmt: skip
BAD = st.one_of(
    st.builds(lambda payload: _ask(payload, Close.MALFORMED), JSON),
    st.builds(lambda wrong: _ask({"query": wrong}, Close.MALFORMED), NO_TEXT),
    st.builds(lambda wrong: _ask({"query": QUERY, "variables": wrong}, Close.MALFORMED), NO_TEXT),
    NO_OBJECT.map(lambda data: fixed("no object", data, Close.MALFORMED)),
    STRANGE_TYPES.map(
        lambda type_: fixed(f"type {type_}", _text({"type": type_}), Close.MALFORMED)
    ),
    st.binary(max_size=300).map(
        lambda data: fixed("binary", frame(data, BINARY), Close.MALFORMED)
    ),
    st.text(max_size=200).filter(lambda text: not _is_json(text)).map(
        lambda text: fixed("no JSON", frame(text.encode("utf-8", "replace")), Close.MALFORMED)
    ),
    st.sampled_from([
        fixed("nested", frame(b"[" * 60_000), Close.MALFORMED),
        fixed("an id too long", _text({"type": "complete", "id": "x" * 129}), Close.MALFORMED),
        fixed("an empty id", _text({"type": "subscribe", "id": ""}), Close.MALFORMED),
        fixed("a ping of a list", _text({"type": "ping", "payload": [1]}), Close.MALFORMED),
        fixed("too big", frame(b'"' + b"x" * LARGEST_FRAME + b'"'), TOO_BIG),
        fixed("too big in pieces", frame(b"x" * LARGEST_FRAME, flags=0) + frame(b"xx", 0), TOO_BIG),
        fixed("announced too big", frame(b"", announced=2**40), TOO_BIG),
        fixed("no UTF-8", frame(b"\xff\xfe"), NOT_UTF8),
        fixed("not masked", frame(b"{}", masked=False), PROTOCOL_ERROR),
        fixed("reserved opcode", frame(b"{}", 3), PROTOCOL_ERROR),
        fixed("reserved bits", frame(b"{}", flags=0xF0), PROTOCOL_ERROR),
        fixed("a piece of nothing", frame(b"{}", 0), PROTOCOL_ERROR),
        fixed("a long control frame", frame(b"x" * 126, PING), PROTOCOL_ERROR),
        fixed("a control frame in pieces", frame(b"", PING, flags=0), PROTOCOL_ERROR),
        fixed("a code of nobody's", frame(b"\x00\x07", CLOSE), PROTOCOL_ERROR),
    ]),
)  # fmt: skip
INITS = st.sampled_from([
    Step(_init, _known(may_watch=True), "init"),
    Step(
        lambda _: _text({"type": "connection_init"}), _known(may_watch=False), "init by nobody"
    ),
    Step(
        lambda _: _text({"type": "connection_init", "payload": {"authorization": "Bearer x"}}),
        _unknown(Close.FORBIDDEN), "init with a bad token",
    ),
    Step(
        lambda _: _text({"type": "connection_init", "payload": 7}),
        _unknown(Close.MALFORMED), "init with a number",
    ),
])  # fmt: skip
ENDS = st.sampled_from([
    fixed("goodbye", frame(b"\x03\xe8", CLOSE), ENDED),
    fixed("half a frame, then gone", frame(b"{", announced=100), GONE),
    fixed("half a header, then gone", b"\x81", GONE),
    fixed("gone", b"", GONE),
])  # fmt: skip
IN_ORDER = st.just(Step(_init, _known(may_watch=True), "init"))
TALKS = st.one_of(
    st.tuples(IN_ORDER, st.lists(GOOD, max_size=8), ENDS),
    st.tuples(IN_ORDER, st.lists(st.one_of(GOOD, BAD), max_size=8), ENDS),
    st.tuples(st.one_of(INITS, GOOD, BAD), st.lists(st.one_of(INITS, GOOD, BAD), max_size=5), ENDS),
).map(lambda talk: [talk[0], *talk[1], talk[2]])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
async def before(edge: Edge) -> AsyncIterator[dict[str, float]]:
    """What is open before anybody comes; nothing more is afterwards, and nothing went wrong."""
    was = await edge.settled()
    yield was
    await edge.is_as(was, SETTLED_WITHIN)


@settings(
    max_examples=200,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(TALKS)
async def test_any_conversation_ends_as_the_protocol_says(
    edge: Edge, before: dict[str, float], talk: list[Step]
) -> None:
    model = Model(edge.token)
    async with wire(edge.url) as socket:
        await shake_hands(socket)
        for step in talk:
            await socket.send(step.says(model))
            expected = step.comes(model)
            if expected is not None:
                assert (await heard(socket)).code == expected, step
                return
        socket.cut()


async def test_who_says_nothing_is_asked_to_leave(edge: Edge, before: dict[str, float]) -> None:
    async with wire(edge.url) as socket:
        await shake_hands(socket)

        assert (await heard(socket, within=60)).code == Close.TIMEOUT


@pytest.mark.parametrize("protocol", ["graphql-ws", "x", "graphql-transport-ws-2"])
async def test_who_speaks_another_protocol_is_told(
    edge: Edge, before: dict[str, float], protocol: str
) -> None:
    async with wire(edge.url) as socket:
        await shake_hands(socket, protocol)

        assert (await heard(socket)).code == Close.NO_SUBPROTOCOL


async def test_a_token_that_ends_ends_the_socket_and_nothing_is_said_behind_it(
    edge: Edge, before: dict[str, float]
) -> None:
    payload = {"authorization": edge.short_token(2), "gym": edge.gym.slug}
    async with wire(edge.url) as socket:
        await shake_hands(socket)
        await socket.send(_text({"type": "connection_init", "payload": payload}))
        for number in range(5):
            asked = {"query": WATCH}
            await socket.send(_text({"type": "subscribe", "id": str(number), "payload": asked}))
        listening = asyncio.create_task(heard(socket, within=60))
        while not listening.done():
            await socket.send(_text({"type": "ping"}))
            await asyncio.wait({listening}, timeout=0.1)
        await socket.send(_text({"type": "subscribe", "id": "late", "payload": {"query": QUERY}}))
        told = listening.result()

    assert told.code == Close.FORBIDDEN
    assert json.loads(told.texts[0]) == {"type": "connection_ack"}
    assert not any('"late"' in text for text in told.texts)


async def test_who_does_not_answer_a_goodbye_is_left_all_the_same(
    edge: Edge, before: dict[str, float]
) -> None:
    async with wire(edge.url) as socket:
        await shake_hands(socket)
        await socket.send(frame(b"no JSON"))

        assert (await heard(socket, polite=False, within=60)).code == Close.MALFORMED


async def test_more_words_than_allowed_are_too_many(edge: Edge, before: dict[str, float]) -> None:
    async with wire(edge.url) as socket:
        await shake_hands(socket)
        await socket.send(_init(Model(edge.token)))
        await socket.send(_text({"type": "ping"}) * 2_000)

        assert (await heard(socket)).code == Close.OVERLOADED


async def test_a_hundred_that_watch_and_vanish_leave_nothing(
    edge: Edge, before: dict[str, float]
) -> None:
    everybody_watches = asyncio.Event()

    async def one() -> None:
        async with wire(edge.url) as socket:
            await shake_hands(socket)
            model = Model(edge.token)
            for step in (Step(_init, _known(may_watch=True), "init"), _watch("1"), _watch("2")):
                await socket.send(step.says(model))
                step.comes(model)
            await everybody_watches.wait()
            socket.cut()

    async def all_watch() -> bool:
        return (await edge.open())["b2b_subscribers"] >= 200

    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(one())
        await until(all_watch, SETTLED_WITHIN)
        everybody_watches.set()
