-- Organisation: the gym, its locations and rooms. Written by the projector from members' events.
CREATE TABLE views.gyms (
    gym_id    uuid   NOT NULL PRIMARY KEY,
    slug      text   NOT NULL,
    name      text   NOT NULL,
    time_zone text   NOT NULL,
    currency  text   NOT NULL,
    version   int    NOT NULL,
    position  bigint NOT NULL
);
SELECT views.protect('views.gyms');

CREATE TABLE views.locations (
    gym_id      uuid   NOT NULL,
    location_id uuid   NOT NULL,
    name        text   NOT NULL,
    time_zone   text   NOT NULL,
    version     int    NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (gym_id, location_id)
);
SELECT views.protect('views.locations');

CREATE TABLE views.rooms (
    gym_id      uuid   NOT NULL,
    room_id     uuid   NOT NULL,
    location_id uuid   NOT NULL,
    name        text   NOT NULL,
    capacity    int    NOT NULL,
    version     int    NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (gym_id, room_id)
);
CREATE INDEX rooms_by_location ON views.rooms (gym_id, location_id);
SELECT views.protect('views.rooms');

-- One row; slug is null when there is no such gym (yet). l_*: locations, m_*: rooms, oldest first.
CREATE FUNCTION views.organisation(p_gym uuid) RETURNS TABLE (
    as_of bigint, slug text, name text, time_zone text, currency text, version int,
    l_ids uuid[], l_names text[], l_time_zones text[], l_versions int[],
    m_ids uuid[], m_locations uuid[], m_names text[], m_capacities int[], m_versions int[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, g.slug, g.name, g.time_zone, g.currency, g.version,
           l.ids, l.names, l.time_zones, l.versions, m.ids, m.locations, m.names, m.capacities, m.versions
      FROM views.checkpoints c
      LEFT JOIN views.gyms g ON g.gym_id = p_gym
     CROSS JOIN (
            SELECT array_agg(x.location_id) AS ids, array_agg(x.name) AS names,
                   array_agg(x.time_zone) AS time_zones, array_agg(x.version) AS versions
              FROM (SELECT * FROM views.locations WHERE gym_id = p_gym ORDER BY location_id) x) l
     CROSS JOIN (
            SELECT array_agg(x.room_id) AS ids, array_agg(x.location_id) AS locations,
                   array_agg(x.name) AS names, array_agg(x.capacity) AS capacities,
                   array_agg(x.version) AS versions
              FROM (SELECT * FROM views.rooms WHERE gym_id = p_gym ORDER BY room_id) x) m
     WHERE c.name = 'organisation';
END $$;
