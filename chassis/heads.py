"""Heads of HTTP requests have an end, and so has what comes behind a body in pieces (trailers).

The server itself takes them of any length, however long they take, and keeps them. It also keeps
for ever who connects and asks nothing.
"""

import asyncio

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024
"""Bytes of a request's line and headers together, and of its trailers; the largest token takes a
twentieth of it."""
HEAD_SECONDS = 30.0
"""Until a head that has begun is there, and what follows it begins to come; and for what comes of a
body behind its answer. Longer than whoever reads a body waits for it, and answers that it did not
come."""
TOO_LARGE = b"431 Request Header Fields Too Large"
TOO_SLOW = b"408 Request Timeout"

log = structlog.get_logger(__name__)


class BoundedHeads(HttpToolsProtocol):
    """One connection."""

    _is_in_head = False
    _is_begun = False
    """Whether a request has begun to come, and not come to its end."""
    _has_come_on = False
    """Whether the latest bytes ended a head or brought some of a body."""
    _taken = 0
    """Bytes since it last came on, as they came: with what came together with its begin."""
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)
        self._unset_keepalive_if_required()  # after a reset, too

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_begun = self._is_in_head = True
        self._taken = 0

    def on_headers_complete(self) -> None:
        self._is_in_head, self._has_come_on = False, True
        super().on_headers_complete()
        # What trailers are added to from now on. The app's own list stays as it is: a proxy in
        # front replaces headers that it answers for, not trailers.
        self.headers = self.headers.copy()

    def on_body(self, body: bytes) -> None:
        self._has_come_on = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_begun = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._has_come_on, rested = False, self.timeout_keep_alive_task is not None
        super().data_received(data)
        if not self._is_begun or self.transport.is_closing():
            if self._patience is not None:
                self._wait(None)
            if rested and not self._has_come_on and not self.transport.is_closing():
                self._rest()  # these were empty lines
        elif self._has_come_on:
            self._taken = 0
            if self._patience is None or not self._is_answered:
                self._wait(HEAD_SECONDS)
        else:
            self._taken += len(data)
            if self._taken > LARGEST_HEAD:
                self._refuse(TOO_LARGE)
            elif self._patience is None:
                self._wait(HEAD_SECONDS)

    @property
    def _is_answered(self) -> bool:
        """Whether what comes is of a request that has had its answer: it does not buy time."""
        return not self._is_in_head and self.cycle is not None and self.cycle.response_complete

    def _rest(self) -> None:
        """Wait for a request. The server itself does so between two, not for the first."""
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _wait(self, seconds: float | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = self.loop.call_later(seconds, self._is_late) if seconds else None

    def _is_late(self) -> None:
        if self.flow.read_paused:  # it is we who let it wait
            self._wait(HEAD_SECONDS)
        else:
            self._refuse(TOO_SLOW)

    def _refuse(self, status: bytes) -> None:
        log.info("request_refused", status=status.decode(), bytes=self._taken)
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if self._is_in_head and not is_answering:  # else it would come amid an answer
            self.transport.write(
                b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status
            )
        self.transport.close()
