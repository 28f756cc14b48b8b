"""Planted faults: each rule must find its own, and leave what is right alone."""


async def planted(db, name, sql, table):
    # ruleid: sql-from-strings
    await db.execute(f"SELECT * FROM clients WHERE name = '{name}'")
    # ruleid: sql-from-strings
    await db.fetch(sql.format(name))
    # ruleid: sql-from-strings
    await db.fetchrow("SELECT * FROM clients WHERE name = '" + name + "'")
    # ruleid: sql-from-strings
    await db.fetchval("SELECT %s" % name)
    # ruleid: sql-from-strings
    await db.execute(f"GRANT {identifier(name)} TO {table}")
    # ruleid: sql-from-strings-kept
    query = f"DELETE FROM {table}"
    await db.execute(query, 1)
    # ruleid: setting-outlives-its-transaction
    await db.execute("SELECT set_config('app.gym_id', $1, false)", name)
    # ruleid: setting-outlives-its-transaction
    await db.execute("SELECT set_config('app.gym_id', coalesce($1, ''), false)", name)
    # ruleid: setting-outlives-its-transaction
    await db.execute("SELECT set_config('app.gym_id', $1, is_local => false)", name)
    # ruleid: setting-outlives-its-transaction
    await db.execute("SET app.gym_id = 'x'")
    # ruleid: setting-outlives-its-transaction
    await db.execute("SET SESSION app.gym_id TO 'x'")


async def right(db, name, sql):
    # ok: sql-from-strings
    await db.execute("SELECT * FROM clients WHERE name = $1", name)
    # ok: sql-from-strings
    await db.fetch(sql, f"{name}%")
    # ok: setting-outlives-its-transaction
    await db.execute("SELECT set_config('app.gym_id', $1, true)", name)
    # ok: setting-outlives-its-transaction
    await db.execute("SET LOCAL app.gym_id = 'x'")
    # ok: sql-from-strings
    await db.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    # ok: sql-from-strings
    await db.execute(sql.format(table="client_words"), name)
    # ok: sql-from-strings
    await db.execute(f"ALTER ROLE {identifier(name)} PASSWORD {literal(sql)}")
