-- Opening hours and closures of locations, by the wall clock and the calendar there. Part of the
-- organisation read model.
CREATE TABLE views.opening_hours (
    gym_id      uuid NOT NULL,
    location_id uuid NOT NULL,
    place       int  NOT NULL, -- from 1, in the order of the week
    weekday     int  NOT NULL, -- ISO: Monday is 1
    opens       text NOT NULL, -- HH:MM
    closes      text NOT NULL, -- HH:MM; at or before opens: the next day's
    PRIMARY KEY (gym_id, location_id, place)
);
SELECT views.protect('views.opening_hours');

CREATE TABLE views.location_closures (
    gym_id      uuid   NOT NULL,
    location_id uuid   NOT NULL,
    closure_id  uuid   NOT NULL,
    from_date   date   NOT NULL,
    until_date  date   NOT NULL, -- included
    reason      text   NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (gym_id, location_id, closure_id)
);
CREATE INDEX location_closures_by_end ON views.location_closures (gym_id, until_date);
SELECT views.protect('views.location_closures');

-- The gym's opening hours, at least one row; location_id is null when there are none.
CREATE FUNCTION views.opening_hours(p_gym uuid) RETURNS TABLE (
    as_of bigint, location_id uuid, weekday int, opens text, closes text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, h.location_id, h.weekday, h.opens, h.closes
      FROM views.checkpoints c
      LEFT JOIN views.opening_hours h ON h.gym_id = p_gym
     WHERE c.name = 'organisation' ORDER BY h.location_id, h.place;
END $$;

-- The gym's closures that end on p_from or later, first to begin first; at least one row.
CREATE FUNCTION views.location_closures(p_gym uuid, p_from date) RETURNS TABLE (
    as_of bigint, location_id uuid, closure_id uuid, from_date date, until_date date, reason text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, x.location_id, x.closure_id, x.from_date, x.until_date, x.reason
      FROM views.checkpoints c
      LEFT JOIN views.location_closures x ON x.gym_id = p_gym AND x.until_date >= p_from
     WHERE c.name = 'organisation' ORDER BY x.from_date, x.closure_id;
END $$;
