"""Search in a real database: who is found, by what, and by which index."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from chassis.migrate import migrate
from chassis.tenancy import Pool
from contracts.ids import GymId, new_id
from contracts.members import (
    ClientContactChanged,
)
from deploy.local.installation import Installation
from deploy.schema import ROOT, database_url
from services.projections import directory
from services.projections.searching import parsed, phone_key, words
from tests.component.read_models.clients import Finder, happens, joins, tagged
from tests.component.read_models.folding import People

MANY = 50_000
READ_IN_FULL = re.compile(r"actual time=\S+ rows=\d{5,}")
"""Somewhere in a plan ten thousand rows or more were read."""


class Crowd(NamedTuple):
    """A gym of many clients, and a connection that tells its plans."""

    db: "asyncpg.Connection[asyncpg.Record]"
    gym: GymId


async def test_any_word_of_a_name_may_begin_so_and_each_client_is_found_once(
    people: People, find: Finder
) -> None:
    for name in ("Anna Annan", "Zoe Änders", "Berta Zoll", "Änne-Marie Zott"):
        await people.put(joins(people, name)[1])

    assert sorted(await find("an")) == ["Anna Annan", "Zoe Änders", "Änne-Marie Zott"]
    assert sorted(await find("zo an")) == ["Zoe Änders", "Änne-Marie Zott"]
    assert await find("MARIE zott") == ["Änne-Marie Zott"]
    assert await find("zol ber x") == []


async def test_a_phone_is_found_by_its_ending(people: People, find: Finder) -> None:
    await people.put(joins(people, "Ann", "+49 170 555-1234")[1])
    await people.put(joins(people, "Bo", "0170 555 9234")[1])

    assert await find("234") == ["Ann", "Bo"]
    assert await find("0170 555 1234") == ["Ann"]
    assert await find("9999") == []


async def test_tags_narrow_a_search(people: People, find: Finder) -> None:
    for name, tags in (("Bo Li", ["VIP"]), ("Ann Li", ["vip", "Early Bird"]), ("Cy Li", [])):
        client, joined = joins(people, name)
        await people.put(joined)
        for tag in tags:
            await people.put(happens(people, client, tagged(people, client, tag)))

    assert await find(tag="Vip") == ["Ann Li", "Bo Li"]
    assert await find("li", tag="early  bird") == ["Ann Li"]
    assert await find("bo", tag="early bird") == []


async def test_who_changes_their_name_is_found_by_the_new_one_only(
    people: People, find: Finder
) -> None:
    client, joined = joins(people, "Ann Zee Lee", "555 1234")
    other, joined_too = joins(people, "Ann Mi")
    await people.put([*joined, *joined_too])
    for one in (client, other):
        await people.put(happens(people, one, tagged(people, one, "VIP")))
    renamed = ClientContactChanged(client_id=client, name=people.sealed(client, "name", "Ann May"))

    await people.put(happens(people, client, renamed))

    assert await find("may") == ["Ann May"]
    assert await find(tag="vip") == ["Ann May", "Ann Mi"]
    assert (await find("lee"), await find("1234")) == ([], [])


@pytest.fixture(scope="module")
async def crowd(installation: Installation, writer: Pool) -> AsyncIterator[Crowd]:
    """Fifty thousand clients of one gym among others, and a reader whose plans can be seen."""
    admin = await asyncpg.connect(database_url(installation.admin_dsn, "b2b_views"))
    gym = GymId(new_id())
    await admin.execute(
        f"""
        CREATE TEMP TABLE crowd AS
        SELECT CASE WHEN n <= {MANY} THEN '{gym}'::uuid ELSE gen_random_uuid() END AS gym_id,
               gen_random_uuid() AS client_id, md5(n::text) AS one, md5((n * 7)::text) AS two, n
          FROM generate_series(1, {MANY + 10_000}) n;
        INSERT INTO views.clients (gym_id, client_id, name, sort_name, email, email_key, phone,
                                   phone_key, status, version, position)
        SELECT gym_id, client_id, one || ' ' || two, one || ' ' || two, n || '@x.y', n || '@x.y',
               n::text, reverse('49170' || n), 'active', 1, 1 FROM crowd;
        INSERT INTO views.client_words
        SELECT gym_id, client_id, one FROM crowd
         UNION SELECT gym_id, client_id, two FROM crowd;
        INSERT INTO views.client_tags
        SELECT gym_id, client_id, gen_random_uuid(), tag, tag, 1, one || ' ' || two
          FROM crowd, unnest(ARRAY['vip', 'new']) tag WHERE tag = 'new' OR n % 10 = 0;
        ANALYZE views.clients, views.client_words, views.client_tags;
        LOAD 'auto_explain';
        SET auto_explain.log_min_duration = 0;
        SET auto_explain.log_nested_statements = on;
        SET auto_explain.log_analyze = on;
        SET auto_explain.log_level = notice;
        SET ROLE gateway;
        """
    )
    yield Crowd(admin, gym)
    await admin.execute(
        "RESET ROLE; DELETE FROM views.clients WHERE email_key LIKE '%@x.y'; "
        "DELETE FROM views.client_words USING crowd c WHERE client_words.client_id = c.client_id;"
        "DELETE FROM views.client_tags USING crowd c WHERE client_tags.client_id = c.client_id;"
    )
    await admin.close()


@pytest.mark.parametrize(
    ("search", "tag", "index"),
    [
        ("a1b", None, "client_words_by_word"),
        ("a1 b", None, "client_words_by_word"),
        ("a1", "vip", "client_words_by_word"),
        ("70 123", None, "clients_by_phone"),
        ("123@x.y", None, "clients_by_email"),
        (None, "vip", "client_tags_by_name"),
        (None, None, "clients_by_name"),
    ],
)
async def test_every_search_of_fifty_thousand_clients_reads_an_index(
    crowd: Crowd, search: str | None, tag: str | None, index: str
) -> None:
    db, gym = crowd
    plans: list[str] = []
    db.add_log_listener(lambda _, message: plans.append(str(message)))
    sought = parsed(search, tag)

    rows = await db.fetch(
        "SELECT * FROM views.clients_found($1, $2, $3, $4, $5, $6, $7, $8)",
        gym, sought.email, sought.phone, list(sought.words) if sought.words else None,
        sought.tag, *directory.FIRST, 51,
    )  # fmt: skip

    told = "\n".join(plans)
    assert rows[0]["client_id"] is not None
    assert index in told
    assert not re.search(r"Seq Scan on (clients|client_words|client_tags)", told), told
    assert not READ_IN_FULL.search(told), told


async def test_clients_from_before_search_are_found_by_the_same_words(
    installation: Installation, tmp_path: Path
) -> None:
    """The migration makes of names and phones what the projector makes of them."""
    folder, name = ROOT / "services/projections/migrations", f"views_{new_id().hex}"
    before = tmp_path / "projections" / "migrations"
    before.mkdir(parents=True)
    for file in folder.glob("*.sql"):
        if file.name < "0013":
            shutil.copy(file, before)
    names = ["Änne-Marie O'Hara", "Søren  Großmann", "李 小龙", "Ann", "?!"]
    admin = await asyncpg.connect(installation.admin_dsn)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.execute(f"GRANT CREATE ON DATABASE {name} TO views_owner")
        dsn = database_url(installation.admin_dsn, name)
        await migrate(dsn, [before], "pre", "views_owner")
        db = await asyncpg.connect(dsn)
        await db.executemany(
            "INSERT INTO views.clients (gym_id, client_id, name, sort_name, phone, status, version,"
            " position) VALUES ($1, $1, $2, $2, '+49 (170) 55-1', 'active', 1, 1)",
            [(new_id(), one) for one in names],
        )
        await migrate(dsn, [folder], "pre", "views_owner")
        found = await db.fetch(
            "SELECT c.name, c.phone_key, array_remove(array_agg(w.word), NULL) "
            "  FROM views.clients c LEFT JOIN views.client_words w USING (client_id) GROUP BY 1, 2"
        )
        await db.close()
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()

    assert {one: (key, set(made)) for one, key, made in found} == {
        one: (phone_key("+49 (170) 55-1"), words(one)) for one in names
    }
