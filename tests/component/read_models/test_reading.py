"""Who reads what of read models, and who nothing."""

from datetime import timedelta

import asyncpg
import pytest

from chassis.tenancy import Pool, open_pool
from contracts.ids import GymId, new_id
from deploy.local.installation import Installation
from services.projections import calendar, ledgers, roster
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
