"""Third-party clients and the running system, as an app would bring them together."""

from contextlib import aclosing
from datetime import timedelta

from gql import Client, GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests import clients
from tests.world import documents
from tests.world.gym import Gym


def _window(gym: Gym) -> dict[str, str]:
    now = gym.clock.now()
    return {"from": now.isoformat(), "to": (now + timedelta(days=7)).isoformat()}


async def test_javascript_clients_work_as_they_come(gym: Gym, url: str) -> None:
    starts_at = gym.clock.now() + timedelta(days=1)
    schedule = {
        "idempotencyKey": clients.FRESH, "title": "Spin", "capacity": 5,
        "locationId": gym.location, "startsAt": starts_at.isoformat(),
        "endsAt": (starts_at + timedelta(hours=1)).isoformat(), "timeZone": "Europe/Berlin",
    }  # fmt: skip
    await clients.checked({
        "url": f"{url}/graphql", "headers": {"authorization": f"Bearer {gym.owner._token}"},
        "query": {"query": documents.CALENDAR, "variables": _window(gym) | {"first": 5}},
        "mutation": {"query": documents.SCHEDULE, "variables": {"input": schedule}},
        "subscription": {"query": documents.CALENDAR_CHANGED, "variables": _window(gym)},
    })  # fmt: skip


async def test_gql_asks_and_watches(gym: Gym, url: str) -> None:
    headers = {"authorization": f"Bearer {gym.owner._token}"}
    ask = HTTPXAsyncTransport(f"{url}/graphql", headers=headers)
    look = WebsocketsTransport(f"{url.replace('http', 'ws', 1)}/graphql", init_payload=headers)
    session_id = await gym.session()

    async with Client(transport=ask) as asking, Client(transport=look) as watching:
        shown = GraphQLRequest(documents.SESSION, variable_values={"id": session_id})
        assert (await asking.execute(shown))["session"]["title"] == "Spin"

        window = GraphQLRequest(documents.CALENDAR_CHANGED, variable_values=_window(gym))
        async with aclosing(watching.subscribe(window)) as updates:
            before = await anext(updates)
            added = await gym.session(hours=30)
            after = await anext(updates)

    seen = [session["id"] for session in before["calendarChanged"]["sessions"]]
    assert added not in seen
    assert added in [session["id"] for session in after["calendarChanged"]["sessions"]]
