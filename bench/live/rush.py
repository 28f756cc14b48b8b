"""``rush``: a thousand members press "book" on a class of twenty seats at the same instant.

Ours through GraphQL over HTTP, gateway, bus and booking service; the other through a FastAPI
endpoint that calls the function, through a pool of the size that suits it best here, found before
the rounds. All connections are open and all tokens known beforehand. The time is that to the last
answer; everybody must have a seat or a place in line, in server order.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from itertools import count
from statistics import median
from uuid import UUID

import asyncpg

from bench.baselines.prd import Prd
from bench.figures import Figure, WrongResult, ratio
from bench.ground import Ground
from bench.live.system import System, spent, system
from bench.live.wire import Answer, Connection, graphql, open_all_in_turn, request
from contracts.booking import WaitlistJoined
from contracts.ids import ClientId, SessionId, new_id, show
from deploy.local.places import free_port
from deploy.local.supervisor import Program
from deploy.schema import ROOT, database_url

SEATS = 20
POOLS = (2, 4, 8)
TRIALS = 3
ASK_AGAIN = (b'"UNAVAILABLE"', b'"BUSY"')

BOOK = """mutation Book($input: BookClassInput!) {
  bookClass(input: $input) {
    reservation { id } waitlistEntry { place } position userErrors { code message } } }"""
JOINED = """
SELECT convert_from(data, 'UTF8')::jsonb ->> 'client_id' FROM es.events
 WHERE stream_id = $1 AND gym_id = $2 AND type = $3 ORDER BY version
"""


async def rush(ground: Ground) -> Figure:
    """Seconds to seconds."""
    prd = await Prd.made(await ground.baseline_database("bench_rush"), connections=2)
    try:
        async with system(ground) as running:
            dsn = ground.baseline_dsn("bench_rush")
            ports = {
                size: await start_rest(running, dsn, name=f"rest-{size}", connections=size)
                for size in POOLS
            }
            prd.gym_id = running.gym_id
            people = await running.clients(ground.sizes.members)
            await prd.grant(people)
            rounds = count()

            async def ours() -> float:
                session = await running.schedule(SEATS, hours=24 + next(rounds))
                return await rushed(running, [running.port], session, people)

            async def theirs(size: int) -> float:
                [session] = await prd.schedule(SEATS, hours=24 + next(rounds))
                return await _theirs(running, prd, ports[size], session, people)

            tried = {size: [await theirs(size) for _ in range(1 + TRIALS)] for size in POOLS}
            best = min(tried, key=lambda size: median(tried[size][1:]))
            ground.tell(f"the endpoint has {best} connections")
            await ours()  # nobody's first time
            return await ratio(
                ground.sizes.rounds, ours, lambda: theirs(best), unit="s", tell=ground.tell
            )
    finally:
        await prd.close()


async def start_rest(
    running: System, prd_dsn: str, *, name: str = "rest", connections: int = 8
) -> int:
    """Start the FastAPI baseline as a program of that ``name``; its port."""
    port, installation = free_port(), running.ground.installation
    environment = {
        **installation.environment("gateway"),
        "PORT": str(port),
        "CONNECTIONS": str(connections),
        "PUBLIC_KEY": running.public_key,
        "PRD_URL": prd_dsn,
        "VIEWS_URL": installation.dsn("gateway", "b2b_views"),
    }
    command = (sys.executable, "-m", "bench.baselines.rest")
    await running.supervisor.start(Program(name, command, environment, port, str(ROOT)))
    return port


async def rushed(
    running: System, ports: Sequence[int], session: SessionId, people: Sequence[ClientId]
) -> float:
    """Seconds until the last of ``people`` was answered, at the gateways on ``ports`` in turn."""
    held = await running.members(people)
    hello = [graphql("{ __typename }", None, token) for token in held]
    presses = [
        graphql(BOOK, {"input": {
            "idempotencyKey": str(new_id()), "sessionId": show("ses", session), "orWaitlist": True,
        }}, token)
        for token in held
    ]  # fmt: skip
    seconds, answers = await _all_at_once(running, ports, hello, presses)
    booked = [answer.json()["data"]["bookClass"] for answer in answers]
    if wrong := [each["userErrors"] for each in booked if each["userErrors"]]:
        raise WrongResult(f"refused: {wrong[:3]}")
    places = [each["waitlistEntry"] and each["waitlistEntry"]["place"] for each in booked]
    _check(people, places, await _stored_line(running, session))
    return seconds


async def _theirs(
    running: System, prd: Prd, port: int, session: SessionId, people: Sequence[ClientId]
) -> float:
    held = await running.members(people)
    hello = [request("GET", "/me", None, token) for token in held]
    path = f"/classes/{session}/book"
    presses = [
        request("POST", path, {"idempotency_key": str(new_id()), "or_waitlist": True}, token)
        for token in held
    ]
    seconds, answers = await _all_at_once(running, [port], hello, presses)
    places = [answer.json()["waitlist_position"] for answer in answers]
    taken, line = await prd.seats(session)
    if taken != SEATS:
        raise WrongResult(f"the function gave {taken} seats away")
    _check(people, places, line)
    return seconds


async def _all_at_once(
    running: System, ports: Sequence[int], hello: Sequence[bytes], presses: Sequence[bytes]
) -> tuple[float, list[Answer]]:
    """Seconds from the first press to the last answer, and the answers in order of ``presses``."""
    connections = await open_all_in_turn(ports, len(presses))
    try:
        for connection, greeting in zip(connections, hello, strict=True):
            (await connection.send(greeting)).json()
        before, began = running.cpu(), time.perf_counter()
        answers = await asyncio.gather(
            *(_answered(one, press) for one, press in zip(connections, presses, strict=True))
        )
        seconds = time.perf_counter() - began
        told = spent(before, running.cpu(), len(answers))
        running.ground.tell(f"{seconds:.2f} s, CPU a member: {told}")
        return seconds, answers
    finally:
        for connection in connections:
            connection.close()


async def _answered(connection: Connection, press: bytes) -> Answer:
    """Like any app, press again with the same key while nobody can say what became of it."""
    while True:
        answer = await connection.send(press)
        if not any(code in answer.body for code in ASK_AGAIN):
            return answer


async def _stored_line(running: System, session: SessionId) -> list[UUID]:
    """Who stands in line, in the order the store recorded it."""
    dsn = database_url(running.ground.installation.admin_dsn, "b2b_booking")
    db = await asyncpg.connect(dsn)
    try:
        rows = await db.fetch(JOINED, session, running.gym_id, WaitlistJoined.event_type)
    finally:
        await db.close()
    return [UUID(row[0]) for row in rows]


def _check(people: Sequence[ClientId], places: Sequence[int | None], line: Sequence[UUID]) -> None:
    """Exactly full, nobody lost, and each was told the place the server gave them."""
    told = {place: client for client, place in zip(people, places, strict=True) if place}
    seats = sum(place is None for place in places)
    if seats != min(SEATS, len(people)):
        raise WrongResult(f"{seats} seats given away, there are {SEATS}")
    if [told.get(place) for place in range(1, len(line) + 1)] != list(line):
        raise WrongResult("the line is not in the order people were told")
    if seats + len(line) != len(people):
        raise WrongResult(f"{len(people) - seats - len(line)} people were lost")
