"""The end of a stream: where it is, and writing behind it so that nothing is lost or reordered.

Every message says which sequence the stream must end with. So message k is stored only behind
message k-1: one acknowledgement, of the last, proves a whole window, and a second writer or a late
duplicate is turned away by the server.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from nats.aio.client import Client

from chassis.reader import API_TIMEOUT, BUS_ERRORS
from chassis.wire import ID_HEADER, POSITION_HEADER, Outgoing
from contracts.ids import new_id

ATOMIC_FROM = 24  # messages: below, one fsync each is cheaper than a batch's fixed cost

_EXPECTED = "Nats-Expected-Last-Sequence"
_TOO_LARGE = 10054  # the server's code for a message above the stream's limit


class Doubt(Exception):
    """The stream may not end where we think: find its end before writing again."""


class Unpublishable(Exception):
    """The stream will never take this event."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(f"the event at position {position} cannot be published: {why}")
        self.position = position


class NotOurs(Exception):
    """The stream's content is not what this relay wrote; a person has to look."""


class Tail:
    """The end of ``stream``, as last seen. Used by one task."""

    def __init__(self, client: Client, stream: str) -> None:
        self.seq = self.position = 0
        """Sequence of the last message, and its event's position in the store; 0: empty."""
        self.event_id: str | None = None
        self._atomic = False
        self._client, self._stream = client, stream
        self._js = client.jetstream(timeout=API_TIMEOUT)

    @property
    def max_payload(self) -> int:
        """Bytes of the largest message the server takes, headers included."""
        return self._client.max_payload

    async def find(self) -> None:
        """Ask the stream's leader for its end. Raises ``NotOurs`` or one of ``BUS_ERRORS``."""
        info = await self._js.stream_info(self._stream)
        # A replicated stream groups the chain's fsyncs by itself; one copy needs the batch to.
        self._atomic = bool(info.config.allow_atomic) and info.config.num_replicas == 1
        last = info.state.last_seq
        if not last:
            self.seq, self.position, self.event_id = 0, 0, None
            return
        if not info.state.messages:
            raise NotOurs(f"{self._stream} was emptied at sequence {last}")
        message = await self._js.get_msg(self._stream, seq=last)  # the leader's; never a stale copy
        headers = message.headers or {}
        if not headers.get(POSITION_HEADER, "").isdigit():
            raise NotOurs(f"{self._stream} ends with a foreign message at sequence {last}")
        self.seq, self.position = last, int(headers[POSITION_HEADER])
        self.event_id = headers.get(ID_HEADER)

    async def write(self, window: Sequence[Outgoing]) -> None:
        """Append ``window``: in order, all of it when this returns.

        Raises ``Doubt``, ``Unpublishable`` (only for a window of one) or one of ``BUS_ERRORS``;
        then a prefix may have been stored and ``find`` must come next.
        """
        extra: list[dict[str, str]] = [
            {_EXPECTED: str(self.seq + index)} for index in range(len(window))
        ]
        if self._atomic and len(window) >= ATOMIC_FROM:
            extra = self._batch_headers(len(window))
        for message, more in zip(window[:-1], extra, strict=False):
            await self._client.publish(
                message.subject, message.body, headers={**message.headers, **more}
            )
        last = window[-1]
        answer = await self._client.request(
            last.subject, last.body, timeout=API_TIMEOUT, headers={**last.headers, **extra[-1]}
        )
        self._check(orjson.loads(answer.data), window)
        self.seq += len(window)
        self.position, self.event_id = last.position, last.headers[ID_HEADER]

    def _batch_headers(self, length: int) -> list[dict[str, str]]:
        batch = new_id().hex
        headers = [
            {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(index + 1)}
            for index in range(length)
        ]
        headers[0][_EXPECTED] = str(self.seq)
        headers[-1]["Nats-Batch-Commit"] = "1"
        return headers

    def _check(self, answer: dict[str, Any], window: Sequence[Outgoing]) -> None:
        error = answer.get("error")
        if error and error.get("err_code") == _TOO_LARGE and len(window) == 1:
            raise Unpublishable(window[0].position, str(error.get("description")))
        if error:
            raise Doubt(f"{error.get('err_code')} {error.get('description')}")
        # A duplicate at the very sequence it belongs to is our own message, acknowledged late.
        if answer["seq"] != self.seq + len(window):
            raise Doubt(f"stored at {answer['seq']}, not {self.seq + len(window)}")


TRANSIENT = Doubt, *BUS_ERRORS
"""What passes when the end is found again, sooner or later."""
