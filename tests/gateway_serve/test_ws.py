import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from chassis.clock import FixedClock
from gateway.serve.faults import Unauthenticated, Unavailable
from tests.gateway_serve.conftest import Library, Serve, serving
from tests.gateway_serve.readers import Reader

WATCH = "subscription($after: Position) { shelfChanged(after: $after) { position } }"


def shown(id_: str, position: int) -> dict[str, Any]:
    data = {"shelfChanged": {"position": str(position)}}
    return {"id": id_, "type": "next", "payload": {"data": data}}


async def test_a_query_is_a_next_and_a_complete(library: Library) -> None:
    async with library.socket() as screen:
        await screen.subscribe("1", "{ viewer }")

        assert await screen.hear() == {
            "id": "1", "type": "next", "payload": {"data": {"viewer": "anonymous"}},
        }  # fmt: skip
        assert await screen.hear() == {"id": "1", "type": "complete"}


async def test_a_view_is_shown_at_once_and_after_every_change(library: Library) -> None:
    async with library.socket() as screen:
        await screen.subscribe('odd "id"', WATCH)
        assert await screen.hear() == shown('odd "id"', 3)

        library.change("x")
        assert await screen.hear() == shown('odd "id"', 4)


async def test_a_change_nobody_hints_at_is_shown_a_while_later(serve: Serve) -> None:
    library = await serve(look_every=0.1)
    async with library.socket() as screen:
        await screen.subscribe("1", "subscription { shelfChanged { shelf { books { title } } } }")
        await screen.hear()

        library.shelf.books[0].title = "Anew"

        told = await screen.hear()
        assert told["payload"]["data"]["shelfChanged"]["shelf"]["books"][0] == {"title": "Anew"}


async def test_who_has_seen_the_view_gets_the_next_change_only(library: Library) -> None:
    async with library.socket() as screen:
        await screen.subscribe("1", WATCH, variables={"after": "3"})
        library.change("x")

        assert await screen.hear() == shown("1", 4)


async def test_a_completed_subscription_is_silent_and_its_id_free(library: Library) -> None:
    async with library.socket() as screen:
        await screen.subscribe("1", WATCH)
        await screen.hear()
        await screen.say(id="1", type="complete")
        await screen.subscribe("1", WATCH)
        assert await screen.hear() == shown("1", 3)


async def test_a_stream_that_ends_completes(library: Library) -> None:
    async with library.socket() as screen:
        await screen.subscribe("1", "subscription { counting(to: 2) }")

        heard = [await screen.hear() for _ in range(3)]
        assert [message["type"] for message in heard] == ["next", "next", "complete"]


@pytest.mark.parametrize("query", ["{", "{ nothing }", "{ viewer(x: 1) }"])
async def test_a_wrong_document_fails_its_own_operation_only(library: Library, query: str) -> None:
    async with library.socket() as screen:
        await screen.subscribe("good", WATCH)
        await screen.hear()
        await screen.subscribe("bad", query)

        refused = await screen.hear()
        assert (refused["id"], refused["type"]) == ("bad", "error")
        assert refused["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        library.change("x")
        assert await screen.hear() == shown("good", 4)


async def test_a_refused_view_is_an_error_of_its_operation(library: Library) -> None:
    async with library.socket() as screen:
        await screen.subscribe("1", 'subscription { shelfChanged(name: "forbidden") { position } }')

        refused = await screen.hear()
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"] == {"code": "FORBIDDEN"}


@pytest.mark.parametrize(
    "text",
    [
        "no json", "[]", "7", "null", "{}", '{"type": 1}', '{"type": "start"}',
        '{"type": "subscribe", "payload": {"query": "{ viewer }"}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ viewer }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ viewer }"}}',
        '{"type": "subscribe", "id": "1", "payload": "{ viewer }"}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ viewer }", "variables": "x"}}',
        '{"type": "complete"}', '{"type": "ping", "payload": 1}', '{"type": "pong", "payload": []}',
        b"binary",
    ],
)  # fmt: skip
async def test_a_malformed_message_closes_the_socket_with_4400(
    library: Library, text: str | bytes
) -> None:
    async with library.socket() as screen:
        await screen.raw.send(text)

        code, _ = await screen.closed()
        assert code == 4400


async def test_subscribing_before_the_init_closes_with_4401(library: Library) -> None:
    async with library.socket(init=False) as screen:
        await screen.subscribe("1", "{ viewer }")

        assert await screen.closed() == (4401, "Unauthorized")


@pytest.mark.parametrize(
    ("token", "reason"), [("bad", "Forbidden: UNAUTHENTICATED"), ("banned", "Forbidden: FORBIDDEN")]
)
async def test_a_refused_token_closes_with_4403(library: Library, token: str, reason: str) -> None:
    async with library.socket(init=False) as screen:
        await screen.say(type="connection_init", payload={"Authorization": f"Bearer {token}"})

        assert await screen.closed() == (4403, reason)


async def test_the_token_may_come_in_the_handshake(library: Library) -> None:
    headers = {"authorization": "Bearer ann"}
    async with library.socket(additional_headers=headers) as screen:
        await screen.subscribe("1", "{ viewer }")

        assert (await screen.hear())["payload"] == {"data": {"viewer": "ann"}}


async def test_an_expired_token_closes_with_4403(library: Library) -> None:
    until = time.time() + 0.2
    async with library.socket(init={"authorization": f"Bearer ann@{until}"}) as screen:
        assert await screen.closed() == (4403, "Forbidden: the token expired")


async def test_a_token_ends_by_the_clock_it_was_judged_by() -> None:
    clock = FixedClock(datetime(2020, 1, 1, tzinfo=UTC))
    now = clock.now().timestamp()
    async with serving(clock=clock) as library:
        async with library.socket(init={"authorization": f"Bearer ann@{now + 60}"}) as screen:
            await screen.subscribe("1", "{ viewer }")
            assert (await screen.hear())["payload"] == {"data": {"viewer": "ann"}}
        async with library.socket(init={"authorization": f"Bearer ann@{now}"}) as screen:
            assert await screen.closed() == (4403, "Forbidden: the token expired")


@pytest.mark.parametrize("today", [Unauthenticated("signed out"), Reader("ann", "fewer roles")])
async def test_who_may_not_any_more_is_shown_nothing_more(
    serve: Serve, today: Reader | Unauthenticated
) -> None:
    library = await serve(recheck_every=0.05)
    async with library.socket(init={"authorization": "Bearer ann"}) as screen:
        await screen.subscribe("1", WATCH)
        await screen.hear()
        library.people.today["ann"] = today

        assert await screen.closed() == (4403, "Forbidden: sign in again")


async def test_a_socket_stays_while_nobody_can_say_who_still_may(serve: Serve) -> None:
    library = await serve(recheck_every=0.05)
    async with library.socket(init={"authorization": "Bearer ann"}) as screen:
        await screen.subscribe("1", WATCH)
        await screen.hear()
        library.people.today["ann"] = Unavailable("members is away")
        await library.looked_again()

        library.change("x")
        assert await screen.hear() == shown("1", 4)


async def test_a_silent_client_is_closed_with_4408(serve: Serve) -> None:
    library = await serve(init_timeout=0.1)
    async with library.socket(init=False) as screen:
        assert (await screen.closed())[0] == 4408


async def test_two_operations_of_one_id_close_with_4409(library: Library) -> None:
    async with library.socket() as screen:
        await screen.subscribe("1", WATCH)
        await screen.subscribe("1", WATCH)
        assert (await screen.closed())[0] == 4409


async def test_a_reason_that_names_a_long_id_still_fits_into_the_close_frame(
    library: Library,
) -> None:
    async with library.socket() as screen:
        for _ in range(2):
            await screen.subscribe("é" * 128, WATCH)
        code, reason = await screen.closed()

    assert (code, reason) == (4409, f"Subscriber for {'é' * 54}")


async def test_two_inits_close_with_4429(library: Library) -> None:
    async with library.socket() as screen:
        await screen.say(type="connection_init")

        assert (await screen.closed())[0] == 4429


@pytest.mark.parametrize("protocols", [[], ["graphql-ws"]])
async def test_another_subprotocol_is_not_spoken(library: Library, protocols: list[str]) -> None:
    offered = [Subprotocol(name) for name in protocols] or None
    async with connect(library.ws_url, subprotocols=offered) as raw:
        async with asyncio.timeout(30):
            await raw.wait_closed()
        assert raw.close_code == 4406


async def test_a_page_of_a_foreign_origin_is_refused(serve: Serve) -> None:
    library = await serve(origins=frozenset({"https://app.example"}))

    with pytest.raises(InvalidStatus):
        async with library.socket(origin="https://evil.example"):
            pass
    async with library.socket(origin="https://app.example"):
        pass
    async with library.socket(origin=f"http://{library.address}"):
        pass


async def test_a_ping_is_answered_and_a_deaf_client_cut(serve: Serve) -> None:
    library, impatient = await serve(), await serve(ping_every=0.5)
    async with library.socket() as screen:
        await screen.say(type="ping", payload={"a": 1})
        assert await screen.hear() == {"type": "pong", "payload": {"a": 1}}

    async with impatient.socket() as screen:
        assert await screen.hear() == {"type": "ping"}
        assert (await screen.closed())[0] == 4408


async def test_a_connection_runs_so_many_operations_and_no_more(serve: Serve) -> None:
    library = await serve(operations_per_connection=2)
    async with library.socket() as screen:
        for id_ in ("1", "2"):
            await screen.subscribe(id_, WATCH)
            await screen.hear()
        await screen.subscribe("3", WATCH)

        refused = await screen.hear()
        assert (refused["id"], refused["type"]) == ("3", "error")
        assert refused["payload"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        await screen.say(id="1", type="complete")
        await screen.subscribe("4", WATCH)
        assert await screen.hear() == shown("4", 3)


async def test_a_person_runs_so_many_operations_and_no_more(serve: Serve) -> None:
    library = await serve(operations_per_subject=1)
    async with library.socket() as one:
        await one.subscribe("1", WATCH)
        await one.hear()
        async with library.socket() as other, library.socket(init={"authorization": "ben"}) as ben:
            await other.subscribe("1", WATCH)
            assert (await other.hear())["type"] == "error"
            await ben.subscribe("1", WATCH)
            assert (await ben.hear())["type"] == "next"


async def test_a_drained_server_asks_its_clients_to_come_back(library: Library) -> None:
    async with library.socket() as screen:
        await library.door.drain()

        assert (await screen.closed())[0] == 1012


async def test_a_client_that_does_not_read_holds_nobody_up_and_skips_to_the_newest(
    library: Library,
) -> None:
    query = "subscription { shelfChanged { position shelf { books { title } } } }"
    async with library.socket(max_queue=1) as slow, library.socket() as quick:
        for screen in (slow, quick):
            await screen.subscribe("1", query)
        await quick.hear()
        changes = 40
        for _ in range(changes):
            last = library.change("x" * 300_000)
            await quick.hear()

        shown_to_slow: list[int] = []
        while not shown_to_slow or shown_to_slow[-1] != last:
            update = (await slow.hear())["payload"]["data"]["shelfChanged"]
            shown_to_slow.append(int(update["position"]))

        assert len(shown_to_slow) < changes
        assert shown_to_slow == sorted(shown_to_slow)
