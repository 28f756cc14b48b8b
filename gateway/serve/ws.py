"""graphql-transport-ws: one socket, many operations, strict about its rules.

A document that does not parse fails its own operation only; what breaks the protocol closes the
socket with the code the protocol names. Clients come back after 1012, 1013, 4403 and 4408, but
not after 1011, 4400 or 4401: those are for what a client must not repeat.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any

from gateway.serve import metrics
from gateway.serve.answers import encoded, masked, refusal
from gateway.serve.calls import Credentials
from gateway.serve.engine import Engine
from gateway.serve.faults import BadRequest, Fault, RateLimited, TooComplex
from gateway.serve.live import Principal
from gateway.serve.outlet import Message, Outlet, Receive, Send
from gateway.serve.rates import Rate
from gateway.serve.requests import Request, json_from
from gateway.serve.vigil import Vigil
from gateway.serve.ws_operation import WsOperation

PROTOCOL = "graphql-transport-ws"
ID_LENGTH = 128
REASON_BYTES = 123  # what a close frame holds beside its code
LAST_WORDS = 5.0  # seconds a client has to take the close frame
MISSED_PINGS = 3


class Close(IntEnum):
    """Why a socket was closed."""

    RESTART = 1012
    OVERLOADED = 1013
    MALFORMED = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    NO_SUBPROTOCOL = 4406
    TIMEOUT = 4408
    DUPLICATE = 4409
    TOO_MANY_INITS = 4429


class Violation(Exception):
    """The client broke the protocol; the socket closes with ``code``."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Socket:
    """One accepted connection."""

    def __init__(
        self, engine: Engine, receive: Receive, send: Send, headers: Mapping[str, str]
    ) -> None:
        self._engine, self._receive, self._headers = engine, receive, headers
        self._outlet = Outlet(send, overflow=self._give_up)
        self._operations: dict[str, WsOperation] = {}
        self._principal: Principal | None = None
        self._vigil: Vigil | None = None
        self._initialised = False
        self._messages = Rate(engine.settings.messages, "messages")
        self._heard_at = time.monotonic()
        self._timers: list[asyncio.TimerHandle] = []
        self._reader: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """From the first message to the last."""
        settings = self._engine.settings
        self._after(settings.init_timeout, self._must_be_initialised)
        self._after(settings.ping_every, self._stay_alive)
        metrics.CONNECTIONS.labels("ws").inc()
        self._reader = asyncio.create_task(self._read())
        try:
            await asyncio.wait({self._reader})
            if not self._reader.cancelled():
                self._reader.result()
            async with asyncio.timeout(LAST_WORDS):
                await self._outlet.flushed()
        except TimeoutError:
            pass  # a client that does not read is not owed a close frame
        finally:
            metrics.CONNECTIONS.labels("ws").dec()
            self._reader.cancel()
            for timer in self._timers:
                timer.cancel()
            if self._vigil is not None:
                self._vigil.end()
            for operation in list(self._operations.values()):
                operation.stop()
            self._outlet.close()

    def close(self, code: Close, reason: str) -> None:
        """Say why, then stop."""
        told = reason.encode()[:REASON_BYTES].decode(errors="ignore")
        self._outlet.push({"type": "websocket.close", "code": int(code), "reason": told})
        self._give_up()

    def _give_up(self) -> None:
        if self._reader is not None:
            self._reader.cancel()

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._outlet.broken = True
                return
            self._heard_at = time.monotonic()
            try:
                self._messages.take(None)
                await self._obey(_parsed(message))
            except RateLimited as limited:
                self.close(Close.OVERLOADED, limited.message)
                return
            except Violation as violation:
                self.close(violation.code, violation.reason)
                return

    async def _obey(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "connection_init":
                await self._init(message)
            case "subscribe":
                self._subscribe(_id(message), message.get("payload"))
            case "complete":
                operation = self._operations.get(_id(message))
                if operation is not None:
                    operation.stop()
            case "ping":
                payload = _payload(message)
                self._say({"type": "pong", "payload": payload} if payload else {"type": "pong"})
            case "pong":
                _payload(message)
            case _:
                raise Violation(Close.MALFORMED, "Unknown message type")

    async def _init(self, message: dict[str, Any]) -> None:
        if self._initialised:
            raise Violation(Close.TOO_MANY_INITS, "Too many initialisation requests")
        self._initialised = True
        credentials = Credentials(self._headers, _payload(message))
        try:
            principal = await self._engine.authenticate(credentials)
        except Fault as refused:
            raise Violation(Close.FORBIDDEN, f"Forbidden: {refused.code}") from refused
        except Exception as error:
            masked(error)
            raise Violation(Close.OVERLOADED, "Try again later") from error
        self._principal = principal
        if principal.expires_at is not None:
            self._after(self._engine.seconds_until(principal.expires_at), self._expire)
        self._vigil = Vigil(self._engine, credentials, principal, self._disown)
        self._say({"type": "connection_ack"})

    def _subscribe(self, id_: str, payload: object) -> None:
        if self._principal is None:
            raise Violation(Close.UNAUTHORIZED, "Unauthorized")
        if id_ in self._operations:
            raise Violation(Close.DUPLICATE, f"Subscriber for {id_} already exists")
        try:
            request = Request.of(payload)
        except BadRequest as malformed:
            raise Violation(Close.MALFORMED, malformed.message) from malformed
        operation = WsOperation(
            id_, self._engine, self._outlet, lambda: self._forget(id_, operation)
        )
        allowed = self._engine.settings.operations_per_connection
        try:
            if len(self._operations) >= allowed:
                raise TooComplex("live operations", allowed)
            operation.start(request, self._principal, self._headers)
        except TooComplex as refused:
            self._say({"id": id_, "type": "error", "payload": refusal(refused)})
        else:
            self._operations[id_] = operation

    def _forget(self, id_: str, operation: WsOperation) -> None:
        if self._operations.get(id_) is operation:
            del self._operations[id_]

    def _say(self, message: dict[str, Any]) -> None:
        self._outlet.push({"type": "websocket.send", "text": encoded(message).decode()})

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._timers = [timer for timer in self._timers if timer.when() > loop.time()]
        self._timers.append(loop.call_later(max(0.0, seconds), act))

    def _must_be_initialised(self) -> None:
        if not self._initialised:
            self.close(Close.TIMEOUT, "Connection initialisation timeout")

    def _expire(self) -> None:
        self.close(Close.FORBIDDEN, "Forbidden: the token expired")

    def _disown(self) -> None:
        self.close(Close.FORBIDDEN, "Forbidden: sign in again")

    def _stay_alive(self) -> None:
        every = self._engine.settings.ping_every
        silent = time.monotonic() - self._heard_at
        if silent > every * MISSED_PINGS:
            self.close(Close.TIMEOUT, "No answer to ping")
            return
        if silent >= every:
            self._outlet.push({"type": "websocket.send", "text": '{"type":"ping"}'}, "ping")
        self._after(every, self._stay_alive)


def _parsed(message: Message) -> dict[str, Any]:
    text = message.get("text")
    if text is None:
        raise Violation(Close.MALFORMED, "Binary frames are not spoken here")
    try:
        parsed = json_from(text, "Invalid message received")
    except BadRequest as malformed:
        raise Violation(Close.MALFORMED, malformed.message) from malformed
    if not isinstance(parsed, dict):
        raise Violation(Close.MALFORMED, "Invalid message received")
    return parsed


def _id(message: dict[str, Any]) -> str:
    id_ = message.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= ID_LENGTH:
        raise Violation(Close.MALFORMED, "Invalid id")
    return id_


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise Violation(Close.MALFORMED, "Invalid payload")
    return payload or {}
