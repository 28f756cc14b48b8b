-- What lets clients in besides their seats, and what keeps them out. Written by the projector from access's
-- events only.

-- Grants of the desk, until they are ended. location_ids: none is all; hours: [{"weekday": 1, "opens":
-- "06:00", "closes": "22:00"}, ...] by the wall clock of time_zone, none is always.
CREATE TABLE views.entry_grants (
    gym_id       uuid        NOT NULL,
    client_id    uuid        NOT NULL,
    grant_id     uuid        NOT NULL,
    valid_from   timestamptz NOT NULL,
    valid_until  timestamptz, -- included; null until it is ended
    location_ids jsonb       NOT NULL,
    hours        jsonb       NOT NULL,
    time_zone    text        NOT NULL,
    version      int         NOT NULL,
    position     bigint      NOT NULL,
    PRIMARY KEY (gym_id, client_id, grant_id)
);
SELECT views.protect('views.entry_grants');

CREATE TABLE views.impediments (
    gym_id     uuid   NOT NULL,
    client_id  uuid   NOT NULL,
    impediment text   NOT NULL,
    version    int    NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (gym_id, client_id, impediment)
);
SELECT views.protect('views.impediments');

-- A client's grants that are not over at p_now, first to begin first, and in each row what keeps them out.
-- At least one row; grant_id null: no grants.
CREATE FUNCTION views.access_of(p_gym uuid, p_client uuid, p_now timestamptz) RETURNS TABLE (
    as_of bigint, impediments text[], grant_id uuid, valid_from timestamptz, valid_until timestamptz,
    location_ids jsonb, hours jsonb, time_zone text, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position,
           ARRAY(SELECT i.impediment FROM views.impediments i
                  WHERE i.gym_id = p_gym AND i.client_id = p_client ORDER BY i.impediment),
           g.grant_id, g.valid_from, g.valid_until, g.location_ids, g.hours, g.time_zone, g.version
      FROM views.checkpoints c
      LEFT JOIN views.entry_grants g
        ON g.gym_id = p_gym AND g.client_id = p_client
       AND (g.valid_until IS NULL OR g.valid_until >= p_now)
     WHERE c.name = 'holders'
     ORDER BY g.valid_from, g.grant_id;
END $$;
