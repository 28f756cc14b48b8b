-- Sessions that are only planned; a gym has few, they are read all at once.
CREATE TABLE views.session_drafts (
    gym_id     uuid   NOT NULL,
    session_id uuid   NOT NULL,
    plan       text   NOT NULL, -- JSON
    starts_at  timestamptz NOT NULL,
    version    int    NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (gym_id, session_id)
);
SELECT views.protect('views.session_drafts');

-- At least one row; session_id is null when there is nothing to show.
CREATE FUNCTION views.session_drafts(p_gym uuid) RETURNS TABLE (
    as_of bigint, session_id uuid, plan text, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.plan, s.version
      FROM views.checkpoints c
      LEFT JOIN views.session_drafts s ON s.gym_id = p_gym
     WHERE c.name = 'timetable'
     ORDER BY s.starts_at, s.session_id;
END $$;
