-- Functions with their owner's rights look names up in the catalogue first, in a caller's temporary
-- tables last: left out, pg_temp comes before everything, and a table there could pose as pg_class.
ALTER FUNCTION views.copy_table(text) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION views.begin_rebuild(text, text, text[]) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION views.analyze_rebuild(text[]) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION views.finish_rebuild(text, text[]) SET search_path = pg_catalog, pg_temp;
