"""Who takes part in a journey: somebody at a screen of a gym."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError
from websockets.typing import Subprotocol

from contracts.ids import new_id
from tests.world import documents
from tests.world.waiting import until

GRAPHQL_WS = Subprotocol("graphql-transport-ws")
PATIENCE = 30.0  # seconds until a screen must have shown something
TRY_AGAIN = {"BUSY", "UNAVAILABLE", "INTERNAL", "CONSISTENCY_TIMEOUT"}
"""Errors that say nothing about the outcome: an app repeats the request, with its key."""
NOT_SHOWN_YET = {"CONSISTENCY_TIMEOUT"}
"""Those of a machine that stood still for half a second: everybody repeats the request."""
SIGN_IN_OVER = 4403  # what a live view is closed with; apps open it again with another token
PASSWORD = "correct horse battery"

Json = dict[str, Any]


class Refused(AssertionError):
    """GraphQL answered errors where a journey expected data."""

    def __init__(self, errors: list[Json]) -> None:
        super().__init__(errors)
        self.code = errors[0]["extensions"]["code"]
        self.errors = errors


class Screen:
    """A live view on somebody's screen; frames come as they are pushed."""

    def __init__(self, opens: Callable[[], Awaitable[ClientConnection]], field: str) -> None:
        self._opens, self._field = opens, field

    async def __aenter__(self) -> Self:
        self._socket = await self._opens()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    async def shows(self, wanted: Callable[[Json], bool], within: float = PATIENCE) -> Json:
        """The first frame that satisfies ``wanted``. Raises ``TimeoutError``.

        One without what ``wanted`` looks into, as the first of something new may be, does not.
        """
        seen: list[Json] = []
        try:
            async with asyncio.timeout(within), aclosing(self._frames()) as frames:
                async for frame in frames:
                    seen.append(frame)
                    with suppress(TypeError, IndexError):
                        if wanted(frame):
                            return frame
        except TimeoutError:
            raise TimeoutError(f"not shown: {seen}") from None
        raise AssertionError("the connection was closed")

    async def _frames(self) -> AsyncGenerator[Json, None]:
        """As they come; opened again when the token it was opened with is over: clocks move."""
        while True:
            try:
                async for text in self._socket:
                    message = json.loads(text)
                    if message["type"] == "ping":
                        await self._socket.send('{"type":"pong"}')
                        continue
                    assert message["type"] == "next", message
                    assert "errors" not in message["payload"], message
                    yield message["payload"]["data"][self._field]
            except ConnectionClosedError as closed:
                if closed.rcvd is None or closed.rcvd.code != SIGN_IN_OVER:
                    raise
                self._socket = await self._opens()
            else:
                return


class Person:
    """Somebody with the app, signed in or not."""

    def __init__(
        self, url: str, token: str | None = None, *, gym: str | None = None, patience: float = 0
    ) -> None:
        """``gym`` is the slug that tokens of other issuers are used at.

        Who has ``patience`` (seconds) asks the same again until the outcome is known.
        """
        self.url, self._token, self.email = url, token, ""
        self._patience = patience
        named = {"back2back-gym": gym} if gym else {}
        self._http = httpx.AsyncClient(base_url=url, timeout=30, headers=named)

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def headers(self) -> dict[str, str]:
        """How they say who they are; also the payload of a socket's first message."""
        return {"authorization": f"Bearer {self._token}"} if self._token else {}

    async def raw(self, body: Json) -> Json:
        """The whole answer to a whole request."""
        response = await self._http.post("/graphql", json=body, headers=self.headers)
        answer: Json = response.json()
        return answer

    async def ask(self, document: str, **variables: Any) -> Any:
        """The only field of the answer. Raises ``Refused``."""
        told = await self._told({"query": document, "variables": variables})
        if told.get("errors"):
            raise Refused(told["errors"])
        (answer,) = told["data"].values()
        return answer

    async def do(self, document: str, *, key: str | None = None, **given: Any) -> Json:
        """A mutation's payload; ``key`` repeats an earlier request."""
        asked = {"idempotencyKey": key or str(new_id()), **given}
        answer: Json = await self.ask(document, input=asked)
        return answer

    async def done(self, document: str, **given: Any) -> Json:
        """The payload of a mutation that must not be refused."""
        payload = await self.do(document, **given)
        assert payload["userErrors"] == [], payload
        return payload

    async def refused(self, document: str, **given: Any) -> str:
        """The code a mutation is refused with."""
        payload = await self.do(document, **given)
        assert payload["userErrors"], payload
        return str(payload["userErrors"][0]["code"])

    async def sign_in(self, gym: str, email: str, password: str = PASSWORD) -> None:
        self._token = None
        told = await self.done(documents.SIGN_IN, gym=gym, email=email, password=password)
        self._token, self.email = told["tokens"]["accessToken"], email

    async def _told(self, body: Json) -> Json:
        """The whole answer; to who is patient, the first that says what came of it."""
        again = TRY_AGAIN if self._patience else NOT_SHOWN_YET

        async def known() -> Json | None:
            try:
                told = await self.raw(body)
            except (httpx.TransportError, json.JSONDecodeError):
                if not self._patience:
                    raise
                return None
            codes = {error["extensions"]["code"] for error in told.get("errors") or ()}
            return None if codes & again else told

        told: Json = await until(known, self._patience or PATIENCE)
        return told

    def watching(self, document: str, **variables: Any) -> Screen:
        """A screen that shows a subscription, as long as the block lasts."""
        field = re.search(r"{\s*(\w+)", document)
        assert field
        asked = {"query": document, "variables": variables}

        async def opens() -> ClientConnection:
            socket = await connect(
                self.url.replace("http", "ws", 1) + "/graphql", subprotocols=[GRAPHQL_WS]
            )
            await socket.send(json.dumps({"type": "connection_init", "payload": self.headers}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
            return socket

        return Screen(opens, field[1])
