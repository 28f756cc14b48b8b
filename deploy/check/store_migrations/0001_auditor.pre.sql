-- Whoever checks the invariants reads everything of every gym, and writes nothing.
GRANT USAGE ON SCHEMA es TO es_auditor;
GRANT SELECT ON es.events, es.answers TO es_auditor;
CREATE POLICY auditor ON es.events FOR SELECT TO es_auditor USING (true);
CREATE POLICY auditor ON es.answers FOR SELECT TO es_auditor USING (true);
