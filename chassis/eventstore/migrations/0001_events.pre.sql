-- The event store of one service. Owned by es_owner (never logs in); services write through es_app,
-- the relay and the deadline worker read through es_relay. Nothing here knows a gym word.

CREATE SCHEMA es;
GRANT USAGE ON SCHEMA es TO es_app, es_relay;

-- The gyms the current transaction may see. STABLE, never IMMUTABLE: a cached plan would keep the
-- first caller's gym. An unset or reset setting reads as '' and matches nothing.
CREATE FUNCTION es.gyms() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.gym_ids', true), '')::uuid[] $$;

-- Written by es.append only; read by services (own gyms) and the relay (all). Never updated or
-- deleted. stream_id is a UUIDv7, so a range of it is the month the stream was born: a stream never
-- spans partitions and the primary key stays the guard against two writers. The gym is in the key
-- so that one gym cannot block another's stream, the category so that a stream of one kind is not
-- taken for one of another kind with the same UUID.
CREATE TABLE es.events (
    gym_id      uuid        NOT NULL,
    stream_id   uuid        NOT NULL,
    version     int         NOT NULL CHECK (version > 0),
    pos         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME es.events_pos CACHE 1),
    event_id    uuid        NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    category    text        NOT NULL,
    type        text        NOT NULL,
    data        bytea       NOT NULL,
    meta        bytea       NOT NULL,
    PRIMARY KEY (stream_id, gym_id, category, version)
) PARTITION BY RANGE (stream_id);
CREATE INDEX events_by_pos ON es.events (pos);
CREATE TABLE es.events_other PARTITION OF es.events DEFAULT;

-- The answer a command got, written with its events. Rows older than 7 days are dropped.
CREATE TABLE es.answers (
    gym_id       uuid        NOT NULL,
    actor        text        NOT NULL,
    command_id   uuid        NOT NULL,
    request_hash bytea       NOT NULL,
    answer       bytea       NOT NULL,
    pos          bigint,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (gym_id, command_id, actor)
);
CREATE INDEX answers_at ON es.answers USING brin (at);

-- What may exist once in a gym, such as an e-mail address; written with the events that claim it.
CREATE TABLE es.claims (
    gym_id  uuid NOT NULL,
    kind    text NOT NULL,
    subject uuid NOT NULL,
    PRIMARY KEY (gym_id, kind, subject)
);

-- Commands to be carried out when their time comes; written with the events that ask for them.
CREATE TABLE es.deadlines (
    gym_id       uuid        NOT NULL,
    name         text        NOT NULL,
    due_at       timestamptz NOT NULL,
    command_type text        NOT NULL,
    data         bytea       NOT NULL,
    PRIMARY KEY (gym_id, name)
);
CREATE INDEX deadlines_due ON es.deadlines (due_at, gym_id, name);

-- The newest folded state of a long stream; may be dropped at any time. shape is the version of
-- the state's layout: another shape is ignored.
CREATE TABLE es.snapshots (
    gym_id    uuid NOT NULL,
    stream_id uuid NOT NULL,
    category  text NOT NULL,
    version   int  NOT NULL,
    shape     int  NOT NULL,
    data      bytea NOT NULL,
    PRIMARY KEY (stream_id, gym_id, category)
);

-- Gap-free order ---------------------------------------------------------------------------------
-- A transaction that inserts events announces, before it draws its first position, the position it
-- draws from: a shared advisory lock whose key is the sequence's last value, held to its end.
-- es.horizon() is then the highest position below which nothing can appear any more. The trigger
-- covers COPY and hand-written INSERTs too. Only writers of this table hold the horizon back.
CREATE FUNCTION es.announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('es.announced', true) IS DISTINCT FROM '1' THEN
        PERFORM pg_advisory_xact_lock_shared(
            (17::bigint << 48) | coalesce(pg_sequence_last_value('es.events_pos'), 0));
        PERFORM set_config('es.announced', '1', true);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER announce BEFORE INSERT ON es.events FOR EACH STATEMENT EXECUTE FUNCTION es.announce();

-- VOLATILE on purpose: the head is read first, the announcements after it, each with a new snapshot.
CREATE FUNCTION es.horizon() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    head bigint := coalesce(pg_sequence_last_value('es.events_pos'), 0);
    low  bigint;
BEGIN
    SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) INTO low FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = 17
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RETURN least(head, coalesce(low, head));
END $$;

-- Events behind p_after that nothing can be inserted before any more, oldest first.
CREATE FUNCTION es.read_all(p_after bigint, p_limit int) RETURNS SETOF es.events LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h bigint := es.horizon();
BEGIN
    IF h <= p_after THEN RETURN; END IF;
    RETURN QUERY SELECT * FROM es.events e WHERE e.pos > p_after AND e.pos <= h ORDER BY e.pos LIMIT p_limit;
END $$;

-- Reading streams --------------------------------------------------------------------------------
-- Many streams at once: for each, its snapshot of the wanted shape (type '') and the events after it.
CREATE FUNCTION es.load(p_gym uuid[], p_stream uuid[], p_category text[], p_shape int[])
RETURNS TABLE (n int, version int, type text, data bytea) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.gym_ids', (SELECT array_agg(DISTINCT g) FROM unnest(p_gym) g)::text, true);
    -- OFFSET 0 keeps the planner from joining otherwise than stream by stream. The snapshot's version
    -- is made ready first, so that the index finds the first event behind it: behind a policy the
    -- planner compares an index with plain values only, not with a COALESCE or a subquery.
    RETURN QUERY
    WITH kept AS MATERIALIZED (
        SELECT u.o, u.g, u.i, u.c, coalesce(s.version, 0) AS at, s.data
          FROM unnest(p_gym, p_stream, p_category, p_shape) WITH ORDINALITY u(g, i, c, shape, o)
          LEFT JOIN LATERAL (
            SELECT sn.version, sn.data FROM es.snapshots sn
             WHERE sn.stream_id = u.i AND sn.gym_id = u.g AND sn.category = u.c AND sn.shape = u.shape
            OFFSET 0) s ON true)
    SELECT l.n, l.version, l.type, l.data FROM (
        SELECT k.o::int AS n, k.at AS version, '' AS type, k.data FROM kept k WHERE k.at > 0
        UNION ALL
        SELECT k.o::int, e.version, e.type, e.data
          FROM kept k CROSS JOIN LATERAL (
            SELECT ev.version, ev.type, ev.data FROM es.events ev
             WHERE ev.stream_id = k.i AND ev.gym_id = k.g AND ev.category = k.c
               AND ev.version > k.at OFFSET 0) e
    ) l ORDER BY l.n, l.version;
END $$;

CREATE FUNCTION es.answer(p_gym uuid, p_actor text, p_command uuid)
RETURNS TABLE (request_hash bytea, answer bytea, pos bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.gym_ids', ARRAY[p_gym]::text, true);
    RETURN QUERY SELECT a.request_hash, a.answer, a.pos FROM es.answers a
     WHERE a.gym_id = p_gym AND a.actor = p_actor AND a.command_id = p_command;
END $$;

-- Writing ----------------------------------------------------------------------------------------
-- A batch of commands: every one of them or, when anything stands against one, none. Then the
-- first column says what: 'lost' streams (n = index in x_*), 'answered' commands (index in c_*),
-- 'taken' claims (index in k_*). Otherwise one row 'done' per event, in order, with its position.
--   g_*  gyms in the order of their ids; g_alone is NULL when nothing of the gym is written, true
--        when a command writes in reliance on a stream it does not write
--   x_*  streams the decisions rest on, and the version each was seen at
--   e_*  events in order
--   c_*  commands; c_answer is NULL when nothing is to be remembered, c_last the index of the last event
--   r_*  claims given up        k_*  claims made
--   f_*  deadlines forgotten, when due by f_due (NULL: whenever)    d_*  deadlines set
-- 40001 is raised, and the batch to be sent again, when another writer got in between.
CREATE FUNCTION es.append(
    g_id uuid[], g_alone boolean[],
    x_gym uuid[], x_stream uuid[], x_category text[], x_version int[],
    e_gym uuid[], e_stream uuid[], e_version int[], e_id uuid[], e_category text[], e_type text[],
    e_data bytea[], e_meta bytea[],
    c_gym uuid[], c_actor text[], c_id uuid[], c_hash bytea[], c_answer bytea[], c_last int[],
    r_gym uuid[], r_kind text[], r_subject uuid[], k_gym uuid[], k_kind text[], k_subject uuid[],
    f_gym uuid[], f_name text[], f_due timestamptz[], d_gym uuid[], d_name text[], d_due timestamptz[], d_type text[], d_data bytea[])
RETURNS TABLE (verdict text, n int, at_pos bigint) LANGUAGE plpgsql AS $$
DECLARE
    positions bigint[];
    written int;
BEGIN
    PERFORM set_config('app.gym_ids', g_id::text, true);
    -- The primary key stops two writers of one stream. Two that each write what the other only
    -- looked at would pass it both: whoever relies on a look has the gym's writing to itself.
    PERFORM CASE WHEN u.alone THEN pg_advisory_xact_lock(1736011123, uuid_hash(u.g))
                 ELSE pg_advisory_xact_lock_shared(1736011123, uuid_hash(u.g)) END
       FROM unnest(g_id, g_alone) u(g, alone) WHERE u.alone IS NOT NULL;
    RETURN QUERY
    SELECT 'lost', u.o::int, NULL::bigint
      FROM unnest(x_gym, x_stream, x_category, x_version) WITH ORDINALITY u(g, s, c, v, o)
     WHERE u.v <> coalesce((SELECT max(e.version) FROM es.events e
            WHERE e.stream_id = u.s AND e.gym_id = u.g AND e.category = u.c), 0);
    IF FOUND THEN RETURN; END IF;
    IF cardinality(c_id) > 0 THEN
        RETURN QUERY
        SELECT 'answered', u.o::int, NULL::bigint FROM unnest(c_gym, c_actor, c_id) WITH ORDINALITY u(g, a, i, o)
         -- a scalar subquery: an EXISTS may be planned as a scan of all the gym's answers
         WHERE (SELECT true FROM es.answers w WHERE w.gym_id = u.g AND w.command_id = u.i AND w.actor = u.a);
        IF FOUND THEN RETURN; END IF;
    END IF;
    IF cardinality(k_subject) > 0 THEN
        RETURN QUERY
        SELECT 'taken', u.o::int, NULL::bigint FROM unnest(k_gym, k_kind, k_subject) WITH ORDINALITY u(g, k, s, o)
         WHERE (SELECT true FROM es.claims c WHERE c.gym_id = u.g AND c.kind = u.k AND c.subject = u.s)
           AND NOT EXISTS (SELECT FROM unnest(r_gym, r_kind, r_subject) r(g, k, s)
                            WHERE (r.g, r.k, r.s) = (u.g, u.k, u.s));
        IF FOUND THEN RETURN; END IF;
    END IF;
    IF cardinality(r_subject) > 0 THEN
        FOR i IN 1 .. cardinality(r_subject) LOOP -- a join may be planned as a scan of all the gym's claims
            DELETE FROM es.claims c WHERE c.gym_id = r_gym[i] AND c.kind = r_kind[i] AND c.subject = r_subject[i];
        END LOOP;
    END IF;
    IF cardinality(k_subject) > 0 THEN
        INSERT INTO es.claims SELECT * FROM unnest(k_gym, k_kind, k_subject) ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written < cardinality(k_subject) THEN
            RAISE EXCEPTION 'a claim was taken meanwhile' USING ERRCODE = '40001';
        END IF;
    END IF;
    IF cardinality(e_id) > 0 THEN
        WITH ins AS (
            INSERT INTO es.events (gym_id, stream_id, version, event_id, category, type, data, meta)
            SELECT g, s, v, i, c, t, d, m
              FROM unnest(e_gym, e_stream, e_version, e_id, e_category, e_type, e_data, e_meta)
                   WITH ORDINALITY u(g, s, v, i, c, t, d, m, o) ORDER BY o
            ON CONFLICT DO NOTHING RETURNING pos)
        SELECT array_agg(pos ORDER BY pos) INTO positions FROM ins;
        IF coalesce(cardinality(positions), 0) < cardinality(e_id) THEN
            RAISE EXCEPTION 'a stream moved on meanwhile' USING ERRCODE = '40001';
        END IF;
    END IF;
    IF cardinality(c_id) > 0 THEN
        INSERT INTO es.answers (gym_id, actor, command_id, request_hash, answer, pos)
        SELECT g, a, i, h, w, positions[l] FROM unnest(c_gym, c_actor, c_id, c_hash, c_answer, c_last) u(g, a, i, h, w, l)
         WHERE w IS NOT NULL ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written < cardinality(array_remove(c_answer, NULL)) THEN
            RAISE EXCEPTION 'a command was answered meanwhile' USING ERRCODE = '40001';
        END IF;
    END IF;
    IF cardinality(f_name) > 0 THEN
        FOR i IN 1 .. cardinality(f_name) LOOP -- as above
            DELETE FROM es.deadlines d WHERE d.gym_id = f_gym[i] AND d.name = f_name[i]
               AND (f_due[i] IS NULL OR d.due_at <= f_due[i]);
        END LOOP;
    END IF;
    IF cardinality(d_name) > 0 THEN
        INSERT INTO es.deadlines AS d (gym_id, name, due_at, command_type, data)
        SELECT * FROM unnest(d_gym, d_name, d_due, d_type, d_data)
        ON CONFLICT (gym_id, name) DO UPDATE
           SET due_at = excluded.due_at, command_type = excluded.command_type, data = excluded.data;
    END IF;
    RETURN QUERY SELECT 'done', o::int, p FROM unnest(positions) WITH ORDINALITY u(p, o);
END $$;

CREATE FUNCTION es.put_snapshot(
    p_gym uuid, p_stream uuid, p_category text, p_version int, p_shape int, p_data bytea)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('app.gym_ids', ARRAY[p_gym]::text, true);
    INSERT INTO es.snapshots AS s (gym_id, stream_id, category, version, shape, data)
    VALUES (p_gym, p_stream, p_category, p_version, p_shape, p_data)
    ON CONFLICT (stream_id, gym_id, category) DO UPDATE
       SET version = excluded.version, shape = excluded.shape, data = excluded.data
     WHERE s.version < excluded.version OR s.shape <> excluded.shape;
END $$;

-- Tenancy and grants -----------------------------------------------------------------------------
ALTER TABLE es.events    ENABLE ROW LEVEL SECURITY; ALTER TABLE es.events    FORCE ROW LEVEL SECURITY;
ALTER TABLE es.answers   ENABLE ROW LEVEL SECURITY; ALTER TABLE es.answers   FORCE ROW LEVEL SECURITY;
ALTER TABLE es.claims    ENABLE ROW LEVEL SECURITY; ALTER TABLE es.claims    FORCE ROW LEVEL SECURITY;
ALTER TABLE es.deadlines ENABLE ROW LEVEL SECURITY; ALTER TABLE es.deadlines FORCE ROW LEVEL SECURITY;
ALTER TABLE es.snapshots ENABLE ROW LEVEL SECURITY; ALTER TABLE es.snapshots FORCE ROW LEVEL SECURITY;

CREATE POLICY own_read  ON es.events FOR SELECT TO es_app USING (gym_id = ANY ((SELECT es.gyms())::uuid[]));
CREATE POLICY own_write ON es.events FOR INSERT TO es_app WITH CHECK (gym_id = ANY ((SELECT es.gyms())::uuid[]));
CREATE POLICY relay     ON es.events FOR SELECT TO es_relay USING (true);
CREATE POLICY own ON es.answers   TO es_app USING (gym_id = ANY ((SELECT es.gyms())::uuid[])) WITH CHECK (gym_id = ANY ((SELECT es.gyms())::uuid[]));
CREATE POLICY own ON es.claims    TO es_app USING (gym_id = ANY ((SELECT es.gyms())::uuid[])) WITH CHECK (gym_id = ANY ((SELECT es.gyms())::uuid[]));
CREATE POLICY own ON es.deadlines TO es_app USING (gym_id = ANY ((SELECT es.gyms())::uuid[])) WITH CHECK (gym_id = ANY ((SELECT es.gyms())::uuid[]));
CREATE POLICY own ON es.snapshots TO es_app USING (gym_id = ANY ((SELECT es.gyms())::uuid[])) WITH CHECK (gym_id = ANY ((SELECT es.gyms())::uuid[]));
CREATE POLICY worker  ON es.deadlines FOR SELECT TO es_relay USING (true);
CREATE POLICY old_see ON es.answers FOR SELECT TO es_relay USING (at < now() - interval '7 days');
CREATE POLICY old_drop ON es.answers FOR DELETE TO es_relay USING (at < now() - interval '7 days');

GRANT SELECT, INSERT ON es.events TO es_app;
GRANT SELECT, INSERT ON es.answers TO es_app;
GRANT SELECT, INSERT, DELETE ON es.claims TO es_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON es.deadlines, es.snapshots TO es_app;
GRANT SELECT ON es.events, es.deadlines TO es_relay;
GRANT SELECT, DELETE ON es.answers TO es_relay;
GRANT USAGE, SELECT ON SEQUENCE es.events_pos TO es_app;
GRANT SELECT ON SEQUENCE es.events_pos TO es_relay;

-- Partitions -------------------------------------------------------------------------------------
-- Lowest UUID a UUIDv7 of that instant can be.
CREATE FUNCTION es.uuid7_floor(t timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM t) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

-- Makes the partitions of the months from p_from, p_count of them, that do not exist yet. Streams
-- born outside every month live in events_other.
CREATE FUNCTION es.add_months(p_from date, p_count int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    m date := date_trunc('month', p_from);
    part text;
    made int := 0;
BEGIN
    FOR i IN 1 .. p_count LOOP
        part := 'events_' || to_char(m, 'YYYYMM');
        IF to_regclass('es.' || part) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE TABLE es.%I PARTITION OF es.events FOR VALUES FROM (%L) TO (%L)', part,
                    es.uuid7_floor(m::timestamp AT TIME ZONE 'UTC'),
                    es.uuid7_floor((m + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
                EXECUTE format('ALTER TABLE es.%I SET (autovacuum_vacuum_insert_scale_factor = 0.05)', part);
                made := made + 1;
            EXCEPTION WHEN check_violation THEN
                NULL; -- somebody's stream of that month is in events_other already: the month stays there
            END;
        END IF;
        m := m + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
REVOKE EXECUTE ON FUNCTION es.add_months(date, int) FROM PUBLIC;
SELECT es.add_months((now() - interval '1 month')::date, 14);
