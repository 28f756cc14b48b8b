"""Schemas go forward, once, and never behind one's back."""

import asyncio
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from chassis.migrate import MigrationFailed, migrate, migrations, newer
from contracts.ids import new_id
from deploy.local.installation import Installation
from deploy.schema import PARTS, ROOT, Part, database_url

FIRST = "CREATE SCHEMA shop; CREATE TABLE shop.goods (id int PRIMARY KEY, name text);"
SECOND = "ALTER TABLE shop.goods ADD COLUMN price int;"
THIRD = "ALTER TABLE shop.goods DROP COLUMN name;"

CATALOGUE = """
SELECT format('%s %s.%s %s', c.relkind, n.nspname, c.relname, c.relacl) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY ($1)
UNION ALL
SELECT format('%s.%s %s %s %s %s', a.attrelid::regclass, a.attname, a.atttypid::regtype,
        a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
    WHERE n.nspname = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
    JOIN pg_namespace n ON n.oid = k.connamespace WHERE n.nspname = ANY ($1)
UNION ALL
SELECT indexdef FROM pg_indexes WHERE schemaname = ANY ($1)
UNION ALL
SELECT format('%s %s', pg_get_functiondef(p.oid), p.proacl) FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = ANY ($1) AND p.prokind IN ('f', 'p')
UNION ALL
SELECT format('%s %s %s %s %s', tablename, policyname, roles, qual, with_check) FROM pg_policies
    WHERE schemaname = ANY ($1)
ORDER BY 1
"""
"""One line of text for everything in the schemas ``$1``, whatever order it was made in."""


OWNER = "es_owner"


async def allow(dsn: str, owner: str) -> None:
    db = await asyncpg.connect(dsn)
    await db.execute(f"GRANT CREATE ON DATABASE {urlsplit(dsn).path[1:]} TO {owner}")
    await db.close()


async def schemas_of(dsn: str) -> list[str]:
    """Those the migrations made."""
    db = await asyncpg.connect(dsn)
    rows = await db.fetch(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'"
        " AND nspname NOT IN ('public', 'migrations')"
    )
    await db.close()
    return [row["nspname"] for row in rows]


@pytest.fixture
async def database(installation: Installation) -> str:
    """An empty database's DSN, as a superuser."""
    admin = await asyncpg.connect(installation.admin_dsn)
    name = f"b2b_try_{new_id().hex}"
    await admin.execute(f"CREATE DATABASE {name}")
    dsn = database_url(installation.admin_dsn, name)
    await allow(dsn, OWNER)
    await admin.close()
    return dsn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "shop" / "migrations"
    files.mkdir(parents=True)
    (files / "0001_goods.pre.sql").write_text(FIRST)
    (files / "0002_price.pre.sql").write_text(SECOND)
    (files / "0002_no_name.post.sql").write_text(THIRD)
    return files


async def catalogue(dsn: str, *schemas: str) -> list[str]:
    db = await asyncpg.connect(dsn)
    lines = [row[0] for row in await db.fetch(CATALOGUE, schemas)]
    await db.close()
    return lines


async def test_running_twice_does_nothing_the_second_time(database: str, folder: Path) -> None:
    assert await migrate(database, [folder], "pre", OWNER) == [
        "0001_goods.pre.sql",
        "0002_price.pre.sql",
    ]
    assert await migrate(database, [folder], "post", OWNER) == ["0002_no_name.post.sql"]

    assert await migrate(database, [folder], "pre", OWNER) == []
    assert await migrate(database, [folder], "post", OWNER) == []


async def test_tables_belong_to_the_owner_role(database: str, folder: Path) -> None:
    await migrate(database, [folder], "pre", OWNER)

    db = await asyncpg.connect(database)
    owner = await db.fetchval("SELECT tableowner FROM pg_tables WHERE tablename = 'goods'")
    await db.close()
    assert owner == OWNER


async def test_runners_that_start_together_take_turns(database: str, folder: Path) -> None:
    runs = (migrate(database, [folder], "pre", OWNER) for _ in range(4))

    applied = [file for files in await asyncio.gather(*runs) for file in files]

    assert sorted(applied) == ["0001_goods.pre.sql", "0002_price.pre.sql"]


async def test_a_file_changed_after_it_ran_is_refused(database: str, folder: Path) -> None:
    await migrate(database, [folder], "pre", OWNER)
    (folder / "0001_goods.pre.sql").write_text(FIRST + " -- a word more")

    with pytest.raises(MigrationFailed, match=r"0001_goods.pre.sql was changed after"):
        await migrate(database, [folder], "pre", OWNER)


async def test_a_file_slipped_in_before_an_applied_one_is_refused(
    database: str, folder: Path
) -> None:
    (folder / "0001_goods.pre.sql").unlink()
    (folder / "0002_price.pre.sql").write_text(FIRST)
    await migrate(database, [folder], "pre", OWNER)
    (folder / "0001_goods.pre.sql").write_text(SECOND)

    with pytest.raises(MigrationFailed, match="give it a number above 0002"):
        await migrate(database, [folder], "pre", OWNER)


async def test_an_older_release_leaves_a_newer_one_s_files_alone(
    database: str, folder: Path
) -> None:
    assert await newer(database, [folder]) == []  # nothing was applied yet
    await migrate(database, [folder], "pre", OWNER)
    assert await newer(database, [folder]) == []

    (folder / "0002_price.pre.sql").unlink()

    assert await newer(database, [folder]) == ["shop/migrations/0002_price.pre.sql"]
    assert await newer(database, []) == [
        "shop/migrations/0001_goods.pre.sql",
        "shop/migrations/0002_price.pre.sql",
    ]
    assert await migrate(database, [folder], "pre", OWNER) == []


async def test_data_of_a_newer_version_is_refused_here(installation: Installation) -> None:
    views = await asyncpg.connect(database_url(installation.admin_dsn, "b2b_views"))
    await views.execute(
        "INSERT INTO migrations.applied VALUES ('projections/migrations', '9999_new.pre.sql', '')"
    )
    try:
        with pytest.raises(
            MigrationFailed, match=r"b2b_views .* newer version .*9999_new.pre.sql.*B2B_DATA"
        ):
            await installation.migrate()
    finally:
        await views.execute("DELETE FROM migrations.applied WHERE file = '9999_new.pre.sql'")
        await views.close()


async def test_a_file_that_fails_leaves_no_trace_and_names_the_line(
    database: str, folder: Path
) -> None:
    (folder / "0002_price.pre.sql").write_text("CREATE TABLE shop.half (id int);\nALTER TABEL x;")

    with pytest.raises(MigrationFailed, match=r"0002_price.pre.sql line 2: syntax error"):
        await migrate(database, [folder], "pre", OWNER)

    assert not any("half" in line for line in await catalogue(database, "shop"))


def test_a_name_that_does_not_say_its_phase_is_refused(folder: Path) -> None:
    (folder / "0003_what.sql").write_text("SELECT 1")

    with pytest.raises(MigrationFailed, match="not named"):
        migrations(folder)


def test_a_folder_that_is_not_there_has_nothing_to_migrate(tmp_path: Path) -> None:
    assert migrations(tmp_path / "nowhere") == []


@pytest.mark.parametrize("name", sorted({part.database for part in PARTS}))
async def test_a_fresh_schema_equals_a_migrated_one(
    installation: Installation, database: str, name: str, tmp_path: Path
) -> None:
    """Fresh: all of ``pre``, then all of ``post``. Migrated: one release after the other."""
    for part in (each for each in PARTS if each.database == name):
        await _grow(database, part, tmp_path)

    fresh = database_url(installation.admin_dsn, name)
    schemas = await schemas_of(database)
    assert schemas
    assert await catalogue(database, *schemas) == await catalogue(fresh, *schemas)


async def _grow(database: str, part: Part, tmp_path: Path) -> None:
    source = ROOT / part.folder
    growing = tmp_path / source.parent.name / source.name
    growing.mkdir(parents=True)
    await allow(database, part.owner)
    for migration in sorted(migrations(source), key=lambda each: each.number):
        shutil.copy(source / migration.file, growing)
        await migrate(database, [growing], "pre", part.owner)
        await migrate(database, [growing], "post", part.owner)
