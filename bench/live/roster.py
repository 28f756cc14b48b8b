"""``roster_cpu``: the roster of a full class, by GraphQL and by a FastAPI endpoint.

Both ask the same database for the same people, verify a token and answer JSON. The CPU is that of
the answering process; what the database used for each is told beside it.
"""

import asyncio

from bench.figures import Figure, WrongResult, ratio
from bench.ground import Ground
from bench.live.rush import start_rest
from bench.live.screens import FIELDS, SEATS, SESSION, full_but_one
from bench.live.system import spent, system
from bench.live.wire import Connection, graphql, open_all, request
from contracts.ids import show

CONNECTIONS = 16
SETTLE = 10.0  # seconds for the read model to show what was booked

ROSTER = f"""query Roster($id: ID!) {{ roster(sessionId: $id) {{
  session {{ {SESSION} timeZone }} reservations {{ {FIELDS} }}
  waitlist {{ clientId clientName joinedAt version }} }} }}"""


async def roster_cpu(ground: Ground) -> Figure:
    """CPU seconds a query."""
    dsn = await ground.baseline_database("bench_roster")
    async with system(ground) as running:
        rest = await start_rest(running, dsn)
        session = await full_but_one(running)
        token = (await running.trainers(1))[0]
        by_graphql = graphql(ROSTER, {"id": show("ses", session)}, token)
        by_rest = request("GET", f"/sessions/{session}/roster", None, token)
        await _settled(running.port, by_graphql)

        async def ours() -> float:
            return await measured("gateway", running.port, by_graphql)

        async def theirs() -> float:
            return await measured("rest", rest, by_rest)

        async def measured(name: str, port: int, query: bytes) -> float:
            before = running.cpu()
            queries = await _ask(port, query, ground.sizes.queries)
            after = running.cpu()
            ground.tell(f"{name}: CPU a query: {spent(before, after, queries)}")
            return (after[name] - before[name]) / queries * 1e6

        await ours(), await theirs()  # caches and plans
        return await ratio(ground.sizes.rounds, ours, theirs, unit="µs", tell=ground.tell)


async def _settled(port: int, query: bytes) -> None:
    """Return when the read model shows everybody, by name."""
    http = await Connection.to(port)
    async with asyncio.timeout(SETTLE):
        while True:
            shown = (await http.send(query)).json()["data"]["roster"]
            names = [seat["clientName"] for seat in (shown or {}).get("reservations", ())]
            if len(names) == SEATS - 1 and all(names):
                break
            await asyncio.sleep(0.1)
    http.close()


async def _ask(port: int, query: bytes, queries: int) -> int:
    """Ask so often over a few connections; how often it was."""
    connections = await open_all(port, CONNECTIONS)
    each = queries // CONNECTIONS

    async def ask(connection: Connection) -> None:
        for _ in range(each):
            answer = await connection.send(query)
            if (
                answer.status != 200
                or answer.body.count(b"rsv_") + answer.body.count(b"reservation_id") != SEATS - 1
            ):
                raise WrongResult(f"{answer.status}: {answer.body[:200]!r}")

    await asyncio.gather(*map(ask, connections))
    for connection in connections:
        connection.close()
    return each * CONNECTIONS
