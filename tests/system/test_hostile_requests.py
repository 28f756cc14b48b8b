"""Requests nobody means well with are answered by a refusal, never by a fault of ours."""

import json
import time
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from contracts.ids import new_id
from tests.world import documents
from tests.world.gym import Gym
from tests.world.people import GRAPHQL_WS, PASSWORD, Person, Refused
from tests.world.waiting import until


def cursor(kind: str, key: str) -> str:
    return urlsafe_b64encode(f"{kind}\n{new_id().hex}\n{key}".encode()).decode()


def position(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "span",
    [
        {"from": "9999-12-30T00:00:00Z", "to": "9999-12-31T23:59:59Z"},
        {"from": "0001-01-01T00:00:00Z", "to": "0001-01-02T00:00:00Z"},
        {"from": "9999-12-31T23:59:59-23:59", "to": "9999-12-31T23:59:59Z"},
        {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"},
        {"from": "2027-01-02T00:00:00Z", "to": "2027-01-01T00:00:00Z"},
    ],
)
async def test_the_ends_of_time_are_no_fault_of_ours(gym: Gym, span: dict[str, str]) -> None:
    told = await gym.owner.raw({"query": documents.CALENDAR, "variables": span | {"first": 1}})

    code = told["errors"][0]["extensions"]["code"] if told.get("errors") else "OK"
    assert code in {"OK", "BAD_USER_INPUT", "BAD_REQUEST"}, told


ENDS_OF_TIME = ("9999-12-31T23:30:00Z", "0001-01-01T00:00:00+14:00", "1999-12-31T23:59:59Z")


@pytest.mark.parametrize("at", ENDS_OF_TIME)
@pytest.mark.parametrize(
    ("document", "field", "given"),
    [
        (documents.SCHEDULE, "startsAt", {"title": "Spin", "capacity": 1, "timeZone": "Etc/UTC",
                                          "endsAt": "2090-01-01T00:00:00Z"}),
        (documents.GRANT, "validFrom", {"credits": 1}),
        (documents.GRANT, "expiresAt", {"credits": 1}),
        (documents.BAN, "until", {"reason": "x"}),
    ],
    ids=["schedule", "grant", "grant until", "ban"],
)  # fmt: skip
async def test_a_command_at_the_ends_of_time_is_told_which_field(
    gym: Gym, document: str, field: str, given: dict[str, Any], at: str
) -> None:
    if document is documents.SCHEDULE:
        given = given | {"locationId": gym.location}
    else:
        given = given | {"clientId": f"cli_{new_id().hex}"}

    told = await gym.owner.raw(
        {"query": document,
         "variables": {"input": {"idempotencyKey": str(new_id()), field: at, **given}}}
    )  # fmt: skip

    if told.get("errors"):  # what is no instant in UTC is none of GraphQL's either
        assert told["errors"][0]["extensions"]["code"] == "BAD_REQUEST", told
        assert f".{field}:" in told["errors"][0]["message"], told
    else:
        [payload] = told["data"].values()
        [error] = payload["userErrors"]
        assert (error["code"], error["field"]) == ("INVALID_INPUT", field), told


@pytest.mark.parametrize("key", ["", "x", "9" * 30, "1" * 5000, "-62135596800000001"])
async def test_a_cursor_made_by_hand_leads_nowhere(gym: Gym, key: str) -> None:
    mia = await gym.member()
    document = "query ($a: String) { myBookings(first: 1, after: $a) { nodes { __typename } } }"

    with pytest.raises(Refused) as refused:
        await mia.at.ask(document, a=cursor("my_bookings", key))

    assert refused.value.code == "BAD_USER_INPUT"


async def test_a_position_made_by_hand_is_waited_for_and_not_shown(gym: Gym) -> None:
    session = await gym.session()

    codes = []
    for asked in ("9" * 18, "-1"):
        variables = {"id": session, "atLeast": position(f"v1;booking={asked}")}
        told = await gym.owner.raw({"query": documents.SESSION, "variables": variables})
        codes.append(told["errors"][0]["extensions"]["code"])

    assert codes == ["CONSISTENCY_TIMEOUT", "BAD_REQUEST"]


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256", "kid": "k"},
        {"alg": ["ES256"]},
        {"alg": {}},
        {"alg": "ES256", "kid": ["k"]},
        {"alg": "ES256", "jku": "http://127.0.0.1:1/keys", "kid": "k"},
        [],
    ],
)
async def test_a_token_made_by_hand_is_nobodys(gym: Gym, header: Any) -> None:
    claims = {"iss": "back2back", "aud": "back2back", "sub": f"staff:{new_id()}", "gym": "x",
              "roles": ["owner"], "sid": "x", "iat": 1, "exp": 2**33}  # fmt: skip
    parts = (urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in (header, claims))
    forger = Person(gym.url, b".".join((*parts, b"AAAA")).decode())
    gym.people.append(forger)

    with pytest.raises(Refused) as refused:
        await forger.ask("{ viewer { id } }")

    assert refused.value.code == "UNAUTHENTICATED"


async def test_a_socket_ends_with_its_token_and_asks_no_more_than_it(gym: Gym) -> None:
    token = str(gym.owner._token)
    told = jwt.decode(token, options={"verify_signature": False})
    address = gym.url.replace("http", "ws", 1) + "/graphql"

    assert told["exp"] - told["iat"] <= timedelta(minutes=15).total_seconds()
    for shown in (token[:-8] + "AAAAAAAA", "x", ""):
        async with connect(address, subprotocols=[GRAPHQL_WS]) as socket:
            payload = {"authorization": f"Bearer {shown}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 4403


async def test_a_page_of_somebody_else_opens_no_socket(gym: Gym) -> None:
    address = gym.url.replace("http", "ws", 1) + "/graphql"

    with pytest.raises(Exception, match="403"):
        await connect(
            address, subprotocols=[GRAPHQL_WS], origin=Origin("https://evil.test"),
        )  # fmt: skip


async def test_a_page_of_somebody_else_reads_no_answer(gym: Gym) -> None:
    headers = gym.owner.headers | {"origin": "https://evil.test"}
    async with httpx.AsyncClient(base_url=gym.url, headers=headers) as page:
        asked = await page.post("/graphql", json={"query": "{ viewer { id } }"})
        preflight = await page.options("/graphql")
        form = await page.post("/graphql", data={"query": "{ viewer { id } }"})

    assert not [name for name in asked.headers if name.startswith("access-control")]
    assert asked.headers["x-content-type-options"] == "nosniff"
    assert (preflight.status_code, form.status_code) == (405, 415)


async def test_whether_somebody_is_known_takes_as_long_to_refuse(gym: Gym) -> None:
    wrong = {"gym": gym.slug, "password": "not this one"}
    known, unknown = list[float](), list[float]()

    async def seconds(email: str) -> float:
        began = time.perf_counter()
        await gym.owner.refused(documents.SIGN_IN, email=email, **wrong)
        return time.perf_counter() - began

    async def alike() -> bool:
        """The quickest of each; a moment of calm may have come to one kind alone."""
        mia = await gym.member()  # nobody may guess the same account for long
        for _ in range(6):  # by turns: one weather
            known.append(await seconds(mia.email))
            unknown.append(await seconds(f"{new_id().hex}@x.test"))
        return 1 / 3 < min(known) / min(unknown) < 3

    await until(alike)


async def test_one_address_guesses_no_account_for_long(gym: Gym) -> None:
    mia = await gym.member()
    wrong = {"gym": gym.slug, "email": mia.email, "password": "not this one"}

    codes = [await mia.at.refused(documents.SIGN_IN, **wrong) for _ in range(11)]
    right = await mia.at.refused(documents.SIGN_IN, **wrong | {"password": PASSWORD})

    assert codes == ["INVALID_CREDENTIALS"] * 10 + ["TOO_MANY_ATTEMPTS"]
    assert right == "TOO_MANY_ATTEMPTS"
