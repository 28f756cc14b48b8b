"""Who takes part in a journey: somebody at a screen of a gym."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from contracts.ids import new_id
from tests.world import documents
from tests.world.waiting import until

GRAPHQL_WS = Subprotocol("graphql-transport-ws")
PATIENCE = 5.0  # seconds until a screen must have shown something
TRY_AGAIN = {"BUSY", "UNAVAILABLE", "INTERNAL", "CONSISTENCY_TIMEOUT"}
"""Errors that say nothing about the outcome: an app repeats the request, with its key."""
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

    def __init__(self, socket: ClientConnection, field: str) -> None:
        self._socket, self._field = socket, field

    async def shows(self, wanted: Callable[[Json], bool], within: float = PATIENCE) -> Json:
        """The first frame that satisfies ``wanted``. Raises ``TimeoutError``.

        One without what ``wanted`` looks into, as the first of something new may be, does not.
        """
        seen: list[Json] = []
        try:
            async with asyncio.timeout(within):
                async for text in self._socket:
                    message = json.loads(text)
                    if message["type"] == "ping":
                        await self._socket.send('{"type":"pong"}')
                        continue
                    assert message["type"] == "next", message
                    assert "errors" not in message["payload"], message
                    seen.append(message["payload"]["data"][self._field])
                    with suppress(TypeError, IndexError):
                        if wanted(seen[-1]):
                            return seen[-1]
        except TimeoutError:
            raise TimeoutError(f"not shown: {seen}") from None
        raise AssertionError("the connection was closed")


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
        self._http = httpx.AsyncClient(base_url=url, timeout=10, headers=named)

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

        async def known() -> Json | None:
            try:
                told = await self.raw(body)
            except (httpx.TransportError, json.JSONDecodeError):
                return None
            codes = {error["extensions"]["code"] for error in told.get("errors") or ()}
            return None if codes & TRY_AGAIN else told

        if not self._patience:
            return await self.raw(body)
        told: Json = await until(known, self._patience)
        return told

    @asynccontextmanager
    async def watching(self, document: str, **variables: Any) -> AsyncIterator[Screen]:
        """A screen that shows a subscription."""
        address = self.url.replace("http", "ws", 1) + "/graphql"
        async with connect(address, subprotocols=[GRAPHQL_WS]) as socket:
            payload = {"authorization": f"Bearer {self._token}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            asked = {"query": document, "variables": variables}
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
            field = re.search(r"{\s*(\w+)", document)
            assert field
            yield Screen(socket, field[1])
