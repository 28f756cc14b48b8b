"""A way to NATS that loses, repeats and swaps events on their way to who reads a stream.

Whole messages, between server and client: a network cannot do that to one connection, but a server
with a fault can, and so can whatever carries a message twice or takes one for delivered.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterable

from tests.faults.proxy import CHUNK, Address, Proxy

LOSES, REPEATS, SWAPS = "lost", "repeated", "swapped"
DEEDS = (LOSES, REPEATS, SWAPS)

_LINE = re.compile(rb"(H?MSG) ([^\r\n]+)\r\n|[^\r\n]*\r\n")
_EVENT = re.compile(rb"\$JS\.ACK\.EVT_\w+\.")
"""The reply of a message that comes from an event stream; heartbeats and answers have another."""


class Meddler(Proxy):
    """Does one of ``DEEDS`` to one event in ``one_in``, as its dice say, until it is ``mended``."""

    def __init__(self, *servers: Address, seed: int, one_in: int) -> None:
        super().__init__(*servers)
        self.done: Counter[str] = Counter()
        self.passed = 0
        """Events that came by."""
        self._dice, self._one_in = random.Random(seed), one_in
        self._is_mended = False

    def mend(self) -> None:
        """Pass everything on as it comes."""
        self._is_mended = True

    async def _pass_back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytearray
    ) -> None:
        rest, kept = b"", dict[bytes, bytes]()
        while data := await reader.read(CHUNK):
            await self._open.wait()
            asked.clear()
            frames, rest = cut(rest + data)
            for frame in frames:
                writer.writelines(self._meddled(frame, kept))
            await writer.drain()
        raise ConnectionAbortedError

    def _meddled(self, frame: bytes, kept: dict[bytes, bytes]) -> Iterable[bytes]:
        """What is passed on when ``frame`` comes.

        ``kept``: subscription -> what waits to go behind its successor.
        """
        subscription = of_event(frame)
        if subscription is None:
            return [frame]
        self.passed += 1
        if (overtaken := kept.pop(subscription, None)) is not None:
            self.done[SWAPS] += 1
            return [frame, overtaken]
        if self._is_mended or self._dice.randrange(self._one_in):
            return [frame]
        deed = self._dice.choice(DEEDS)
        if deed == SWAPS:
            kept[subscription] = frame  # counted when it is overtaken
            return []
        self.done[deed] += 1
        return [] if deed == LOSES else [frame, frame]


def cut(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole frames of what a NATS server sends, and the beginning of the next."""
    frames, at = [], 0
    while (line := _LINE.match(data, at)) is not None:
        size = int(line[2].rsplit(b" ", 1)[1]) + 2 if line[1] else 0
        if len(data) < line.end() + size:
            break
        frames.append(data[at : line.end() + size])
        at = line.end() + size
    return frames, data[at:]


def of_event(frame: bytes) -> bytes | None:
    """The subscription an event goes to; nothing of what is no event."""
    line = _LINE.match(frame)
    assert line is not None
    if line[1] is None:
        return None
    _, subscription, *words = line[2].split()
    return subscription if _EVENT.match(words[0]) else None
