-- Whoever checks the invariants reads every gym's rows, and writes none.
GRANT USAGE ON SCHEMA views TO views_auditor;
GRANT SELECT ON views.checkpoints TO views_auditor;

DO $$
DECLARE
    t regclass;
BEGIN
    FOR t IN SELECT oid FROM pg_class
              WHERE relnamespace = 'views'::regnamespace AND relkind = 'r' AND relrowsecurity LOOP
        EXECUTE format('CREATE POLICY auditor ON %s FOR SELECT TO views_auditor USING (true)', t);
        EXECUTE format('GRANT SELECT ON %s TO views_auditor', t);
    END LOOP;
END $$;

-- Tables to come get the same with the rest of their protection.
CREATE OR REPLACE FUNCTION views.protect(p_table regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format('CREATE POLICY projector ON %s TO views_projector USING (true) WITH CHECK (true)', p_table);
    EXECUTE format('CREATE POLICY auditor ON %s FOR SELECT TO views_auditor USING (true)', p_table);
    EXECUTE format('CREATE POLICY reader ON %s FOR SELECT TO views_reader
                        USING (gym_id = (SELECT views.gym()))', p_table);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO views_projector', p_table);
    EXECUTE format('GRANT SELECT ON %s TO views_reader, views_auditor', p_table);
END $$;
