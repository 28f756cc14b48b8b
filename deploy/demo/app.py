"""Somebody with an app of the gym: signs in, asks through GraphQL, asks again until answered."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import httpx

from contracts.ids import new_id
from deploy.demo.gyms import PASSWORD
from deploy.trouble import Trouble

AWAY = (httpx.TransportError, httpx.InvalidURL)
AGAIN_AFTER = 0.5  # seconds
AGAIN = frozenset({"BUSY", "UNAVAILABLE", "INTERNAL", "CONSISTENCY_TIMEOUT", "RATE_LIMITED"})
"""Errors that leave the outcome open or say "later": the same is asked again, with its key."""

SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) { tokens { accessToken } userErrors { code message } } }"""

Json = dict[str, Any]


class App:
    """One person's. ``troubles`` counts what got in the way of an answer."""

    def __init__(
        self, http: httpx.AsyncClient, gym: str, email: str, troubles: Counter[str]
    ) -> None:
        self._http, self._gym, self.email = http, gym, email
        self._troubles = troubles
        self._token = ""
        self._signing_in = asyncio.Lock()

    async def sign_in(self) -> None:
        """Raises ``Trouble`` when nobody here has that e-mail and password."""
        asked = {"gym": self._gym, "email": self.email, "password": PASSWORD}
        told = await self._answer(SIGN_IN, {"input": {"idempotencyKey": str(new_id()), **asked}})
        payload = told["data"]["signIn"]
        if payload["userErrors"]:
            why = payload["userErrors"][0]["message"]
            raise Trouble(f"{self.email} cannot sign in at {self._gym}: {why} Is the demo there?")
        self._token = payload["tokens"]["accessToken"]

    async def ask(self, document: str, **variables: Any) -> Json:
        """The answer's data. Raises ``Trouble`` for an error that is not one of life."""
        for _ in range(2):
            told = await self._answer(document, variables)
            if not told.get("errors"):
                data: Json = told["data"]
                return data
            code = _code(told)
            if code != "UNAUTHENTICATED":
                raise Trouble(f"{self.email}: {code} {told['errors'][0]['message']}")
            await self._sign_in_anew(self._token)  # tokens live a quarter of an hour
        raise Trouble(f"{self.email} is signed out at once")

    async def do(self, mutation: str, key: UUID | None = None, **given: Any) -> tuple[str, Json]:
        """What became of a mutation: ``done`` or the code it is refused with; its payload."""
        named = mutation[0].upper() + mutation[1:]
        document = f"mutation ($input: {named}Input!) {{ {mutation}(input: $input) {{ " \
            "userErrors { code } position } }"  # fmt: skip
        asked = {"idempotencyKey": str(key or new_id()), **given}
        payload: Json = (await self.ask(document, input=asked))[mutation]
        errors = payload["userErrors"]
        return (str(errors[0]["code"]) if errors else "done"), payload

    async def _sign_in_anew(self, used: str) -> None:
        async with self._signing_in:
            if self._token == used:  # not yet, by somebody who waited before us
                self._token = ""
                await self.sign_in()

    async def _answer(self, document: str, variables: Json) -> Json:
        """The whole answer, however long the gateway is away."""
        body = {"query": document, "variables": variables}
        while True:
            headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
            try:
                response = await self._http.post("/graphql", json=body, headers=headers)
                told: Json = response.json()
            except AWAY:
                self._troubles["gateway away"] += 1
            except ValueError:  # no JSON: something between us and the gateway
                self._troubles[f"HTTP {response.status_code}"] += 1
            else:
                if (code := _code(told)) not in AGAIN:
                    return told
                self._troubles[code] += 1
            await asyncio.sleep(AGAIN_AFTER)


def _code(told: Json) -> str:
    errors = told.get("errors")
    return str(errors[0].get("extensions", {}).get("code", "ERROR")) if errors else ""
