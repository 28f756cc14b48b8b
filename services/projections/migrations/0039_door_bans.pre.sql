-- Whom somebody at the gym banned, as the doors heard it. One that was heard before this file is shown
-- from the next rebuild of holders on.
CREATE TABLE views.door_bans (
    gym_id       uuid        NOT NULL,
    client_id    uuid        NOT NULL,
    banned_until timestamptz NOT NULL, -- the year 9999: until it is lifted
    version      int         NOT NULL,
    position     bigint      NOT NULL,
    PRIMARY KEY (gym_id, client_id)
);
SELECT views.protect('views.door_bans');

-- Like access_of, which stays as long as something reads it, with the ban that is on at p_now.
CREATE FUNCTION views.holder(p_gym uuid, p_client uuid, p_now timestamptz) RETURNS TABLE (
    as_of bigint, banned_until timestamptz, impediments text[], grant_id uuid, valid_from timestamptz,
    valid_until timestamptz, location_ids jsonb, hours jsonb, time_zone text, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position,
           (SELECT b.banned_until FROM views.door_bans b
             WHERE b.gym_id = p_gym AND b.client_id = p_client AND b.banned_until > p_now),
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
