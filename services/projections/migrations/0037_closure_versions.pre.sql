-- Closures tell their version. One that was folded before this file shows 0 until the next rebuild.
ALTER TABLE views.location_closures ADD COLUMN version int NOT NULL DEFAULT 0;

-- Like closures and location_closures, which stay as long as something reads them, with the version.
CREATE FUNCTION views.closures_of(p_gym uuid, p_location uuid) RETURNS TABLE (
    as_of bigint, closure_id uuid, location_id uuid, from_date date, until_date date, reason text,
    version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.closure_id, s.location_id, s.from_date, s.until_date, s.reason, s.version
      FROM views.checkpoints c
      LEFT JOIN views.closures s
             ON s.gym_id = p_gym AND (p_location IS NULL OR s.location_id = p_location)
     WHERE c.name = 'timetable'
     ORDER BY s.from_date, s.closure_id;
END $$;

CREATE FUNCTION views.location_closures_of(p_gym uuid, p_from date) RETURNS TABLE (
    as_of bigint, location_id uuid, closure_id uuid, from_date date, until_date date, reason text,
    version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, x.location_id, x.closure_id, x.from_date, x.until_date, x.reason, x.version
      FROM views.checkpoints c
      LEFT JOIN views.location_closures x ON x.gym_id = p_gym AND x.until_date >= p_from
     WHERE c.name = 'organisation' ORDER BY x.from_date, x.closure_id;
END $$;
