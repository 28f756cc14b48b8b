"""Our parser hears from NATS what nats-py's hears, however the bytes are cut; flows go by it."""

import asyncio
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.errors import ProtocolError
from nats.protocol.parser import Parser

from chassis.nats_parser import Flow, _Parser, hastened
from tests.world.waiting import until

HEADER = b"NATS/1.0\r\nA: b\r\n\r\n"
BODY = st.binary(max_size=12) | st.sampled_from([b"MSG a 1 2\r\n", b"PING\r\n", b"\r\n"])
REPLY = st.sampled_from([b"", b"re.ply ", b"7 "])


@st.composite
def _message(draw: st.DrawFn) -> bytes:
    body, reply, sid = draw(BODY), draw(REPLY), draw(st.integers(0, 12))
    if draw(st.booleans()):
        sizes = b"%d %d" % (len(HEADER), len(HEADER) + len(body))
        return b"HMSG a.b %d %s%s\r\n%s%s\r\n" % (sid, reply, sizes, HEADER, body)
    return b"MSG a.b %d %s%d\r\n%s\r\n" % (sid, reply, len(body), body)


FRAME = _message() | st.sampled_from([
    b"PING\r\n", b"PONG\r\n", b"+OK\r\n", b"-ERR 'Stale Connection'\r\n", b'INFO {"a": 1}\r\n',
])  # fmt: skip


class Listener:
    """Writes down what a parser tells its client."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        async def hear(*told: Any) -> None:
            self.heard.append((name, *told))

        return hear


def _parse(parser: Parser, chunks: Iterable[bytes]) -> None:
    async def parse() -> None:
        for chunk in chunks:
            await parser.parse(chunk)

    asyncio.run(parse())


def _cut(wire: bytes, places: list[int]) -> list[bytes]:
    at = [0, *sorted(place % (len(wire) + 1) for place in places), len(wire)]
    return [wire[start:end] for start, end in pairwise(at)]


@given(st.lists(FRAME, max_size=6), st.lists(st.integers(0, 400), max_size=6), st.integers(0, 6))
def test_it_hears_what_nats_py_hears_also_when_it_takes_over_half_way(
    frames: list[bytes], places: list[int], takes_over_at: int
) -> None:
    chunks = _cut(b"".join(frames), places)
    theirs = Parser(Listener())
    _parse(theirs, chunks)

    begun = Parser(Listener())
    _parse(begun, chunks[:takes_over_at])
    ours = _Parser(begun)
    _parse(ours, chunks[takes_over_at:])

    assert ours.nc.heard == theirs.nc.heard


@given(st.lists(FRAME, max_size=6), st.lists(st.integers(0, 400), max_size=6))
def test_a_flow_gets_its_own_messages_in_order_and_the_client_all_others(
    frames: list[bytes], places: list[int]
) -> None:
    chunks = _cut(b"".join(frames), places)
    theirs = Parser(Listener())
    _parse(theirs, chunks)
    ours, taken = _Parser(Parser(Listener())), list[tuple[bytes, ...]]()
    ours.flows[7] = lambda *message: taken.append(message)
    _parse(ours, chunks)

    mine = [told for told in theirs.nc.heard if told[:2] == ("_process_msg", 7)]
    assert [(reply, data, header or None) for reply, header, data in taken] == [
        told[3:] for told in mine
    ]
    assert ours.nc.heard == [told for told in theirs.nc.heard if told not in mine]


def test_what_nats_would_not_say_breaks_the_connection_as_it_does_with_nats_py() -> None:
    for parser in (Parser(Listener()), _Parser(Parser(Listener()))):
        with pytest.raises(ProtocolError):
            _parse(parser, [b"MSG nonsense\r\n"])


def test_after_a_reset_nothing_is_left_of_the_connection_before() -> None:
    parser = _Parser(Parser(Listener()))
    _parse(parser, [b"MSG a 1 5\r\nhel"])
    parser.reset()
    _parse(parser, [b"PING\r\n"])

    assert parser.nc.heard == [("_process_ping",)]


async def test_a_flow_that_was_closed_takes_nothing_more(client: Client) -> None:
    taken: list[bytes] = []
    flow = await Flow.open(hastened(client), "probe.flow", lambda *m: taken.append(m[2]))
    await client.publish("probe.flow", b"one")
    await until(lambda: taken == [b"one"])

    await flow.close()
    await client.publish("probe.flow", b"two")
    await client.flush()

    assert taken == [b"one"]
