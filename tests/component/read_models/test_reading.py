"""Who reads what of read models, and who nothing."""

from datetime import timedelta
from typing import Any, cast

import asyncpg
import pytest

from chassis.tenancy import Pool, open_pool
from contracts.ids import GymId, new_id
from contracts.permissions import Role
from deploy.local.installation import Installation
from gateway.context import Context, Principal, Services
from gateway.positions import Position
from gateway.progress import Progress
from gateway.serve.calls import Call
from gateway.serve.faults import ConsistencyTimeout
from gateway.serve.hints import Hints
from services.projections import bookings, calendar, ledgers, roster
from services.projections.reading import ViewsAway
from tests.component.read_models.folding import put
from tests.component.read_models.spin_class import SPIN, scheduled
from tests.conftest import NOON
from tests.envelopes import Recording

ALL_DAY = (NOON, NOON + timedelta(days=1))


async def test_a_reader_sees_the_gym_it_asks_for_and_no_other(
    writer: Pool, reader: Pool, recording: Recording
) -> None:
    await put(writer, calendar.MODEL, recording.of("session", SPIN, scheduled()))
    stranger = GymId(new_id())

    assert (await calendar.session(reader, stranger, SPIN))[1] is None
    assert (await calendar.page(reader, stranger, ALL_DAY, None, 10))[1] == []
    assert await reader.fetch("SELECT * FROM views.class_sessions") == []


async def test_every_table_is_behind_row_security_and_keyed_by_gym(reader: Pool) -> None:
    unguarded = await reader.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary "
        "  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] "
        " WHERE c.relnamespace = 'views'::regnamespace AND c.relkind = 'r' "
        "   AND c.relname <> 'checkpoints' "
        "   AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND a.attname = 'gym_id')"
    )
    read_models = (calendar.MODEL, roster.MODEL, ledgers.MODEL)

    assert unguarded == []
    for table in (table for model in read_models for table in model.tables):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(f"DELETE FROM views.{table}")


async def test_a_database_that_is_away_is_told_apart_from_nothing_to_show(
    installation: Installation, gym_id: GymId
) -> None:
    pool = await open_pool(installation.dsn("gateway", "b2b_views"), name="tests reader")
    await pool.close()

    with pytest.raises(ViewsAway):
        await calendar.session(pool, gym_id, SPIN)


@pytest.mark.parametrize("names", ["people", "organisation"])
async def test_a_read_shows_the_names_its_position_asks_for(
    writer: Pool, reader: Pool, recording: Recording, names: str
) -> None:
    """The other of the two is as far as that already."""
    await put(writer, roster.MODEL, recording.of("session", SPIN, scheduled()))
    services = Services(
        views=reader, asker=cast(Any, None), clock=cast(Any, None), hints=Hints(),
        progress=Progress(), pulses=cast(Any, None), token_key=b"",
    )  # fmt: skip
    who = Principal(recording.gym_id, "staff:x", frozenset({Role.OWNER}))
    asker = Context(who, Call(headers={}, operation="query", name=None), services)

    async def roster_named() -> bool:
        _, found = await asker.read(
            "roster", Position.of(members=1), lambda pool, gym: bookings.roster(pool, gym, SPIN)
        )
        return found is not None

    await writer.execute("UPDATE checkpoints SET position = (name <> $1)::int "
                         " WHERE name IN ('people', 'organisation')", names)  # fmt: skip
    try:
        with pytest.raises(ConsistencyTimeout):
            await roster_named()
        await writer.execute("UPDATE checkpoints SET position = 1 WHERE name = $1", names)
        assert await roster_named()
    finally:
        await writer.execute("UPDATE checkpoints SET position = 0 "
                             " WHERE name IN ('people', 'organisation')")  # fmt: skip
