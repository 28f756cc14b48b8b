"""The gateway, wired: GraphQL over the read models and the bus, behind one port."""

from nats.aio.client import Client

from chassis.bus.asker import Asker
from chassis.keysets import Fetch
from chassis.nats_client import connect, leave
from chassis.process import Process
from chassis.pulse import on_the_bus
from chassis.telemetry.web import Observed
from chassis.tenancy import Pool, open_pool
from contracts.health import Beat
from gateway import health, schema
from gateway.addresses import Addresses
from gateway.context import SOURCES, Context, Principal, Services
from gateway.credential_tokens import token_key
from gateway.feed import GymFeed, follow_progress
from gateway.front import Front
from gateway.identity import Identity
from gateway.origins import Origins
from gateway.progress import Progress
from gateway.pulses import Pulses
from gateway.serve.calls import Call
from gateway.serve.door import Door
from gateway.serve.hints import Hints
from gateway.serve.live import Principal as Shown
from gateway.serve.rates import Allowance
from gateway.settings import Settings

READERS = 8  # connections to the read models; a read takes about a millisecond


async def main(process: Process[Settings]) -> None:
    """Open the door once everything behind it answers."""
    settings = process.settings
    services = await _services(process)

    def fetch_from(url: str) -> Fetch:
        from chassis import fetching  # noqa: PLC0415 - it tells why

        http = fetching.open_client()
        process.on_stop(http.aclose)
        return fetching.over_http(http, url)

    identity = Identity(settings, services.asker, process.clock, fetch_from)

    def make_context(principal: Shown, call: Call) -> Context:
        if not isinstance(principal, Principal):
            raise TypeError("authenticate answers our own principals")
        return Context(principal, call, services)

    door = Door(
        schema.build(),
        settings.serving,
        authenticate=identity.authenticate,
        make_context=make_context,
        clock=process.clock,
    )
    addresses = Addresses(
        settings.trusted_proxies,
        Allowance(settings.address_rate, settings.address_burst),
        settings.address_connections,
    )
    front = Front(
        door, process.health, identity.published_keys, addresses,
        Origins(frozenset(settings.origins)), only_tls=settings.b2b_env == "production",
    )  # fmt: skip
    await process.serve(Observed(front), str(settings.gateway_host), settings.gateway_port)
    process.on_stop(door.drain)


async def _services(process: Process[Settings]) -> Services:
    settings, clock = process.settings, process.clock
    pool = await open_pool(
        settings.database_url.get_secret_value(), name="gateway", size=READERS, timezone="UTC"
    )
    process.on_stop(pool.close)
    feed, progress = GymFeed(), Progress()
    hints = Hints(feed)
    client = await connect(settings.nats, name="gateway", came_back=hints.resync)
    process.on_stop(lambda: leave(client))
    feed.start(client, hints.hint)
    await follow_progress(client, progress)
    pulses = await _pulses(process, client, hints)
    process.check("bus", lambda: client.is_connected)
    process.check("read models", lambda: _answers(pool))
    key = settings.caller_keys[0]
    return Services(
        views=pool, asker=Asker(client, key=key, clock=clock), clock=clock, hints=hints,
        progress=progress, pulses=pulses, token_key=token_key(key),
    )  # fmt: skip


async def _pulses(process: Process[Settings], client: Client, hints: Hints) -> Pulses:
    """Hear everybody's, and tell ours: to ourselves too when the bus is away."""
    pulses, tell = Pulses(SOURCES, lambda: hints.hint(health.TOPIC)), on_the_bus(client)

    async def say(beat: Beat) -> None:
        pulses.hear(beat)
        await tell(beat)

    await pulses.listen(client)
    process.background("pulses", pulses.run)
    process.background("pulse", lambda: process.pulse.run(say))
    return pulses


async def _answers(pool: Pool) -> bool:
    return bool(await pool.fetchval("SELECT true"))
