"""Cuts what NATS sends into messages, in nats-py's place; who reads streams gets them as bytes.

nats-py copies its buffer for each message, makes an object of it with all its headers, and passes
it on through a queue and a task. A ``Flow`` gets reply, header and data as they came, at once and
in order, for a tenth of that; all other messages go nats-py's way.
"""

import re
from collections.abc import Callable
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ProtocolError
from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser

from chassis.nats_headers import headers_of

_MESSAGE = re.compile(
    rb"(?:MSG|(HMSG))[ \t]+(\S+)[ \t]+(\d+)[ \t]+(?:(\S+)[ \t]+)?(?(1)(\d+)[ \t]+|)(\d+)\r\n"
)
_END = b"\r\n"

Take = Callable[[bytes, bytes, bytes], None]
"""Called with a message as it came: the subject to reply to, the header and the data. The header is
``NATS/1.0``, perhaps a status, and the lines of the headers; empty when there are none."""


class Flow:
    """A subscription all of whose messages are handed to a function."""

    def __init__(self, parser: "_Parser", subscription: Subscription, take: Take) -> None:
        self._parser, self._subscription = parser, subscription
        parser.flows[subscription._id] = take  # noqa: SLF001 - by it the server names it

    @classmethod
    async def open(cls, client: Client, subject: str, take: Take) -> Self:
        """Begin; nobody may send to ``subject`` before this returns."""

        async def never(message: Msg) -> None:
            raise AssertionError(f"a message to {message.subject} went astray")

        parser = _parser_of(client)
        return cls(parser, await client.subscribe(subject, cb=never), take)

    async def close(self) -> None:
        """End it. Raises nats-py's errors; nothing is handed on after that either."""
        self._parser.flows.pop(self._subscription._id, None)  # noqa: SLF001
        await self._subscription.unsubscribe()


def hastened(client: Client) -> Client:
    """``client`` with our parser and our reader of headers instead of its own."""
    _parser_of(client)
    return client


def _parser_of(client: Client) -> "_Parser":
    parser = client._ps  # noqa: SLF001 - nats-py has no setting for it
    if not isinstance(parser, _Parser):
        parser = client._ps = _Parser(parser)  # noqa: SLF001
        client._parse_header_lines = headers_of  # type: ignore[method-assign] # noqa: SLF001
    return parser


class _Parser(Parser):
    """Takes the place of ``before`` wherever that one is."""

    def __init__(self, before: Parser) -> None:
        super().__init__(before.nc)
        self.flows: dict[int, Take] = {}
        self._rest = _unparsed(before)

    def reset(self) -> None:
        super().reset()
        self._rest = b""

    async def parse(self, data: bytes = b"") -> None:
        buffer = self._rest = self._rest + data
        at = 0
        while at < len(buffer):
            told = _MESSAGE.match(buffer, at)
            if told is None:
                line = buffer.find(_END, at) + len(_END)
                if line < len(_END):
                    break
                await self._obey(buffer[at:line])
                at = line
            else:
                body = told.end()
                end = body + int(told[6])
                if len(buffer) < end + len(_END):
                    break
                data_at = body + int(told[5] or 0)
                sid, reply = int(told[3]), told[4] or b""
                header, content = buffer[body:data_at], buffer[data_at:end]
                at = end + len(_END)
                if (take := self.flows.get(sid)) is not None:
                    take(reply, header, content)
                    continue
                await self.nc._process_msg(sid, told[2], reply, content, header or None)  # noqa: SLF001
            if self._rest is not buffer:
                return  # the connection was lost meanwhile, and with it what is left
        self._rest = buffer[at:]

    async def _obey(self, line: bytes) -> None:
        """What is not a message: ``PING``, ``INFO`` and the like. Raises ``ProtocolError``."""
        await super().parse(line)
        if self.buf:
            raise ProtocolError("nats: unknown protocol")


def _unparsed(parser: Parser) -> bytes:
    """What ``parser`` has got and not handed on, as it came."""
    rest = bytes(parser.buf)
    if parser.state == AWAITING_CONTROL_LINE:
        return rest
    told, header = parser.msg_arg, parser.header_needed
    line = [b"HMSG" if header else b"MSG", told["subject"], b"%d" % told["sid"], told["reply"]]
    sizes = [b"%d" % header if header else b"", b"%d" % parser.needed]
    return b" ".join(word for word in (*line, *sizes) if word) + _END + rest
