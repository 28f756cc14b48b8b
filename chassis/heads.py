"""Heads of HTTP requests have an end: the server itself takes one of any length, and keeps it."""

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024
"""Bytes of a request's line and headers together; the largest token takes a twentieth of it."""
REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)

log = structlog.get_logger(__name__)


class BoundedHeads(HttpToolsProtocol):
    """One connection. A head that does not end in time is for the proxy in front to notice."""

    _is_in_head = False
    _taken = 0
    """Bytes of the head so far, as they came: with what came together with its begin."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._taken = True, 0

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._is_in_head or self.transport.is_closing():
            return
        self._taken += len(data)
        if self._taken > LARGEST_HEAD:
            log.info("head_refused", bytes=self._taken)
            self.transport.write(REFUSAL)
            self.transport.close()
