-- The read models of all services. Owned by views_owner (never logs in), written by
-- views_projector, read by views_reader. Everything here can be rebuilt from the streams.

CREATE SCHEMA views;
CREATE SCHEMA views_next;
GRANT USAGE ON SCHEMA views TO views_projector, views_reader;
GRANT USAGE ON SCHEMA views_next TO views_projector;

-- How far each read model is: the sequence of the last message of its stream it has applied, and
-- that message's position in the store of the service it came from. Moved in the same transaction
-- as the rows; also the fence between two projectors. Written by views_projector, read by all.
CREATE TABLE views.checkpoints (
    name     text        PRIMARY KEY,
    source   text        NOT NULL,
    seq      bigint      NOT NULL CHECK (seq >= 0),
    position bigint      NOT NULL CHECK (position >= 0),
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE ON views.checkpoints TO views_projector;
GRANT SELECT ON views.checkpoints TO views_reader;

-- The same for the copies that are being rebuilt.
CREATE TABLE views_next.checkpoints (LIKE views.checkpoints INCLUDING ALL);
GRANT SELECT, INSERT, UPDATE ON views_next.checkpoints TO views_projector;

-- Rebuild beside and swap --------------------------------------------------------------------------
-- The functions run with the owner's rights, so that the projector needs none to make tables.

-- One empty copy in views_next of a table in views: columns, defaults, checks, keys and indexes under
-- their own names, storage settings, row security with its policies, grants. Refuses what it cannot copy.
CREATE FUNCTION views.copy_table(p_table text) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog AS $$
DECLARE
    old  oid := format('views.%I', p_table)::regclass;
    copy text := format('views_next.%I', p_table);
    command text;
BEGIN
    IF p_table = 'checkpoints' THEN
        RAISE EXCEPTION 'checkpoints is not a read model''s table';
    END IF;
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = old)
       OR EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND old IN (conrelid, confrelid))
       OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = old AND attacl IS NOT NULL) THEN
        RAISE EXCEPTION 'views.% has triggers, foreign keys or column grants: it cannot be rebuilt beside', p_table;
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS %s', copy);
    EXECUTE format('CREATE TABLE %s (LIKE views.%I INCLUDING ALL EXCLUDING INDEXES)', copy, p_table);
    FOR command IN
        SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', copy, conname, pg_get_constraintdef(oid))
          FROM pg_constraint WHERE conrelid = old AND contype IN ('p', 'u', 'x')
        UNION ALL
        SELECT replace(pg_get_indexdef(indexrelid), format(' ON views.%I ', p_table), format(' ON %s ', copy))
          FROM pg_index i WHERE indrelid = old
           AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.conrelid = old)
        UNION ALL
        SELECT format('ALTER TABLE %s SET (%s)', copy, array_to_string(reloptions, ', '))
          FROM pg_class WHERE oid = old AND reloptions IS NOT NULL
        UNION ALL
        SELECT format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', copy)
          FROM pg_class WHERE oid = old AND relrowsecurity
        UNION ALL
        SELECT format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', copy)
          FROM pg_class WHERE oid = old AND relforcerowsecurity
        UNION ALL
        SELECT format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', policyname, copy, permissive, cmd,
                      (SELECT string_agg(CASE r WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(r) END, ', ')
                         FROM unnest(roles) r))
               || coalesce(' USING (' || qual || ')', '') || coalesce(' WITH CHECK (' || with_check || ')', '')
          FROM pg_policies WHERE schemaname = 'views' AND tablename = p_table
        UNION ALL
        SELECT format('GRANT %s ON %s TO %s', privilege_type, copy,
                      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
          FROM pg_class, aclexplode(relacl) WHERE oid = old AND grantee <> relowner
    LOOP
        EXECUTE command;
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION views.copy_table(text) FROM PUBLIC;

-- Empty copies and a checkpoint at zero. A rebuild of the same model already under way loses its
-- checkpoint and stops.
CREATE FUNCTION views.begin_rebuild(p_name text, p_source text, p_tables text[]) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    DELETE FROM views_next.checkpoints WHERE name = p_name;
    PERFORM views.copy_table(t) FROM unnest(p_tables) t;
    INSERT INTO views_next.checkpoints (name, source, seq, position) VALUES (p_name, p_source, 0, 0);
END $$;

-- Fresh statistics for the copies, so that the first queries after the swap are planned well.
CREATE FUNCTION views.analyze_rebuild(p_tables text[]) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY p_tables LOOP
        EXECUTE format('ANALYZE views_next.%I', t);
    END LOOP;
END $$;

-- The copies take the tables' place, if both have applied the same events; else nothing happens and
-- the answer is false. Whoever holds the live checkpoint's row lock decides when.
CREATE FUNCTION views.finish_rebuild(p_name text, p_tables text[]) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    live bigint;
    next bigint;
    t text;
BEGIN
    SELECT seq INTO live FROM views.checkpoints WHERE name = p_name FOR UPDATE;
    SELECT seq INTO next FROM views_next.checkpoints WHERE name = p_name FOR UPDATE;
    IF live IS DISTINCT FROM next OR next IS NULL THEN
        RETURN false;
    END IF;
    FOREACH t IN ARRAY p_tables LOOP
        IF t = 'checkpoints' THEN
            RAISE EXCEPTION 'checkpoints is not a read model''s table';
        END IF;
        EXECUTE format('DROP TABLE views.%I', t);
        EXECUTE format('ALTER TABLE views_next.%I SET SCHEMA views', t);
    END LOOP;
    DELETE FROM views_next.checkpoints WHERE name = p_name;
    RETURN true;
END $$;

REVOKE EXECUTE ON FUNCTION views.begin_rebuild(text, text, text[]), views.analyze_rebuild(text[]),
    views.finish_rebuild(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.begin_rebuild(text, text, text[]), views.analyze_rebuild(text[]),
    views.finish_rebuild(text, text[]) TO views_projector;
