"""What Postgres itself keeps apart: read from the catalogue, so that a new table is judged too."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg
import pytest

from contracts.ids import new_id
from deploy.local import databases
from deploy.local.installation import Installation
from deploy.schema import PARTS, database_url

ROOT = Path(__file__).parents[2]
CALLED = re.compile(r'\bviews\.(\w+)\(|\bask\(\s*pool, "(\w+)"')
Db: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

OURS = sorted({part.database for part in PARTS})
SEES_EVERY_GYM = {
    ("views_projector", "projector"),  # writes the read models of all gyms
    ("es_relay", "relay"),  # publishes everybody's events
    ("es_relay", "worker"),  # keeps everybody's deadlines
    ("es_relay", "old_see"),  # drops old answers, of which it sees the age only
    ("es_relay", "old_drop"),
    ("es_auditor", "auditor"),  # checks the invariants of all gyms, and reads only
    ("views_auditor", "auditor"),
    ("members_auth", "any_gym"),  # before sign-in no gym is known; erasures are swept for all
}
"""(role, policy) whose rows are not those of one gym, each for a reason."""

TABLES = """
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind::text AS kind,
       c.relrowsecurity AND c.relforcerowsecurity AS walled, c.relispartition AS part,
       coalesce(c.reloptions, '{}') AS options,
       EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'gym_id') AS of_a_gym
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
GRANTED = """
SELECT DISTINCT pg_get_userbyid(acl.grantee) FROM pg_class c, aclexplode(c.relacl) acl
 WHERE c.oid = $1 AND acl.grantee <> c.relowner
"""
KEYS = """
SELECT format('%I.%I', n.nspname, i.relname) AS name,
       ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = x.indrelid
                AND a.attnum = ANY (x.indkey::int2[])) AS columns
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
  JOIN pg_namespace n ON n.oid = i.relnamespace
 WHERE x.indrelid = $1 AND (x.indisunique OR x.indisexclusion)
"""
REFERENCES = """
SELECT conname, (SELECT array_agg(a.attname::text) FROM pg_attribute a
                  WHERE a.attrelid = conrelid AND a.attnum = ANY (conkey)) AS columns
  FROM pg_constraint WHERE contype = 'f' AND conrelid = $1
"""
POLICIES = """
SELECT schemaname, tablename, policyname, roles::text[], coalesce(qual, '') AS qual,
       coalesce(with_check, '') AS with_check, cmd FROM pg_policies
"""
FUNCTIONS = """
SELECT format('%I.%I', n.nspname, p.proname) AS name, p.prosecdef, p.proconfig,
       p.prosrc, p.provolatile::text AS volatility,
       ARRAY(SELECT CASE acl.grantee WHEN 0 THEN 'public'
                    ELSE pg_get_userbyid(acl.grantee)::text END
               FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) acl
              WHERE acl.grantee <> p.proowner) AS callers
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""


@asynccontextmanager
async def _admin(installation: Installation, database: str) -> AsyncIterator[Db]:
    db = await asyncpg.connect(database_url(installation.admin_dsn, database))
    try:
        yield db
    finally:
        await db.close()


@pytest.fixture(params=OURS)
async def db(request: pytest.FixtureRequest, installation: Installation) -> AsyncIterator[Db]:
    """A superuser's connection to each of our databases."""
    async with _admin(installation, request.param) as connected:
        yield connected


async def test_every_table_of_gyms_is_walled_or_closed(db: Db) -> None:
    tables = [row for row in await db.fetch(TABLES) if row["of_a_gym"]]
    assert tables

    for table in tables:
        if table["part"] and not table["walled"]:
            assert await db.fetch(GRANTED, table["oid"]) == [], f"{table['name']} is open"
        elif table["kind"] != "v":
            assert table["walled"], f"{table['name']} has no forced row security"


async def test_views_show_what_their_reader_may_see_and_nothing_is_materialized(db: Db) -> None:
    for table in await db.fetch(TABLES):
        assert table["kind"] != "m", f"{table['name']} has no row security of its own"
        if table["kind"] == "v":
            assert "security_invoker=true" in table["options"], table["name"]


async def test_no_unique_key_or_reference_reaches_across_gyms(db: Db) -> None:
    for table in await db.fetch(TABLES):
        if not table["of_a_gym"]:
            continue
        for key in await db.fetch(KEYS, table["oid"]):
            if key["name"] == "auth.gyms_slug_key":
                continue  # what makes slugs the platform's, not a gym's
            assert "gym_id" in key["columns"], f"{key['name']} tells of other gyms' rows"
        for reference in await db.fetch(REFERENCES, table["oid"]):
            assert "gym_id" in reference["columns"], reference["conname"]


async def test_every_policy_is_of_one_gym_or_known_to_see_all(db: Db) -> None:
    for policy in await db.fetch(POLICIES):
        name = f"{policy['schemaname']}.{policy['tablename']} {policy['policyname']}"
        roles = set(policy["roles"])
        assert "public" not in roles, name
        if all((role, policy["policyname"]) in SEES_EVERY_GYM for role in roles):
            continue
        for rule in filter(None, (policy["qual"], policy["with_check"])):
            assert rule.startswith(("(gym_id = ( SELECT", "(gym_id = ANY (")), f"{name}: {rule}"
            assert " OR " not in rule, f"{name}: {rule}"
        assert policy["qual"] or policy["cmd"] == "INSERT", name


async def test_functions_with_their_owners_rights_are_few_and_cannot_be_led_astray(db: Db) -> None:
    mighty = [row for row in await db.fetch(FUNCTIONS) if row["prosecdef"]]

    assert {row["name"] for row in mighty} <= {
        "views.begin_rebuild", "views.analyze_rebuild", "views.finish_rebuild",
    }  # fmt: skip
    for row in mighty:
        assert row["callers"] == ["views_projector"], row["name"]
    for row in await db.fetch(FUNCTIONS):
        for setting in row["proconfig"] or ():
            assert setting == "search_path=pg_catalog, pg_temp", f"{row['name']}: {setting}"


async def test_every_function_of_the_read_models_is_called_by_somebody(
    installation: Installation,
) -> None:
    async with _admin(installation, "b2b_views") as db:
        functions = [row for row in await db.fetch(FUNCTIONS) if row["name"].startswith("views.")]
        texts = [policy["qual"] for policy in await db.fetch(POLICIES)]
    texts += [row["prosrc"] for row in functions]
    for code in ("chassis", "services"):
        texts += [path.read_text(encoding="utf-8") for path in (ROOT / code).rglob("*.py")]
    called = {name for text in texts for names in CALLED.findall(text) for name in names}
    called.add("protect")  # by migrations

    assert {row["name"].removeprefix("views.") for row in functions} - called == set()


async def test_the_gym_of_a_policy_is_never_remembered_by_a_plan(db: Db) -> None:
    asked = {"views.gym", "auth.gym", "es.gyms"}
    found = [row for row in await db.fetch(FUNCTIONS) if row["name"] in asked]

    assert all(row["volatility"] == "s" for row in found)


async def test_no_process_owns_makes_or_empties_anything(db: Db) -> None:
    logins = set(databases.LOGINS) - {"migrator"}
    here = await db.fetchval("SELECT current_database()")
    for role in (*logins, *databases.GROUPS):
        for right in ("CREATE", "TEMPORARY"):
            may = await db.fetchval("SELECT has_database_privilege($1, $2, $3)", role, here, right)
            aside = right == "TEMPORARY" and (role, here) in databases.FOLDS_ASIDE
            assert may == aside, f"{role} may {right} in {here}"
        assert (
            await db.fetch(
                "SELECT nspname FROM pg_namespace WHERE has_schema_privilege($1, oid, 'CREATE')",
                role,
            )
            == []
        ), f"{role} may make things"
        for table in await db.fetch(TABLES):
            for right in ("TRUNCATE", "REFERENCES", "TRIGGER"):
                may = await db.fetchval(
                    "SELECT has_table_privilege($1, $2::oid, $3)", role, table["oid"], right
                )
                assert not may, f"{role} may {right} {table['name']}"


@pytest.mark.parametrize(
    "call",
    [
        "SELECT views.begin_rebuild('x', 'y', '{checkpoints}')",
        "SELECT views.begin_rebuild('x', 'y', '{pg_class}')",
        "SELECT views.begin_rebuild('x', 'y', ARRAY['clients; DROP TABLE views.clients'])",
        "SELECT views.copy_table('clients')",
        "SELECT views.protect('views.clients')",
        "DROP TABLE views.clients",
        "CREATE TEMPORARY TABLE pg_class (oid oid)",
        "CREATE TABLE views_next.clients (gym_id uuid)",
    ],
)
async def test_a_projector_makes_copies_of_read_models_and_nothing_else(
    installation: Installation, call: str
) -> None:
    projector = await asyncpg.connect(installation.dsn("projections", "b2b_views"))
    try:
        with pytest.raises(asyncpg.PostgresError):
            await projector.execute(call)
    finally:
        await projector.close()


async def test_a_reader_sees_the_gym_it_names_and_names_none_by_itself(
    installation: Installation,
) -> None:
    mine, theirs = new_id(), new_id()
    async with _admin(installation, "b2b_views") as admin:
        for gym in (mine, theirs):
            await _client(admin, gym)
    reader = await asyncpg.connect(installation.dsn("gateway", "b2b_views"))
    try:
        seen = "SELECT count(*) FROM views.clients WHERE gym_id = ANY ($1)"
        assert await reader.fetchval(seen, [mine, theirs]) == 0
        async with reader.transaction():
            await reader.execute("SELECT set_config('app.gym_id', $1, true)", str(mine))
            assert await reader.fetchval(seen, [mine, theirs]) == 1
        assert await reader.fetchval(seen, [mine, theirs]) == 0
        for call in ("views.begin_rebuild('x', 'y', '{}')", "views.finish_rebuild('x', '{}')"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.execute(f"SELECT {call}")
    finally:
        await reader.close()


async def _client(admin: Db, gym: UUID) -> None:
    await admin.execute(
        "INSERT INTO views.clients (gym_id, client_id, name, sort_name, status, version, position)"
        " VALUES ($1, $2, 'Mia', 'mia', 'active', 1, 1)",
        gym, new_id(),
    )  # fmt: skip
