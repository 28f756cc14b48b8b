-- One gym per reader: row security on every read model's table.

-- The gym the current transaction may see. STABLE, never IMMUTABLE: a cached plan would keep the
-- first caller's gym. An unset or reset setting reads as '' and matches nothing.
CREATE FUNCTION views.gym() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.gym_id', true), '')::uuid $$;

-- What every read model's table gets: row security nobody is above, all rows for the projector to
-- write, the gym's own rows for readers to see. The sub-select is evaluated once a query.
CREATE FUNCTION views.protect(p_table regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format('CREATE POLICY projector ON %s TO views_projector USING (true) WITH CHECK (true)', p_table);
    EXECUTE format('CREATE POLICY reader ON %s FOR SELECT TO views_reader
                        USING (gym_id = (SELECT views.gym()))', p_table);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO views_projector', p_table);
    EXECUTE format('GRANT SELECT ON %s TO views_reader', p_table);
END $$;
REVOKE EXECUTE ON FUNCTION views.protect(regclass) FROM PUBLIC;
