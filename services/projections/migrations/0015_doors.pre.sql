-- Doors, lockdowns, credentials and the door log. Written by the projector from access's events only.

-- hours: [{"weekday": 1, "opens": "06:00", "closes": "22:00"}, ...] by the wall clock of time_zone.
CREATE TABLE views.doors (
    gym_id      uuid   NOT NULL,
    door_id     uuid   NOT NULL,
    location_id uuid   NOT NULL,
    name        text   NOT NULL,
    time_zone   text   NOT NULL,
    hours       jsonb  NOT NULL,
    version     int    NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (gym_id, door_id)
);
SELECT views.protect('views.doors');

-- What is locked down now; place is a location, or the gym itself.
CREATE TABLE views.lockdowns (
    gym_id   uuid   NOT NULL,
    place    uuid   NOT NULL,
    reason   text   NOT NULL,
    version  int    NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (gym_id, place)
);
SELECT views.protect('views.lockdowns');

-- holder_id: the client's or staff member's.
CREATE TABLE views.credentials (
    gym_id        uuid        NOT NULL,
    credential_id uuid        NOT NULL,
    holder_id     uuid        NOT NULL,
    kind          text        NOT NULL,
    status        text        NOT NULL,
    issued_at     timestamptz NOT NULL,
    version       int         NOT NULL,
    position      bigint      NOT NULL,
    PRIMARY KEY (gym_id, credential_id)
);
CREATE INDEX credentials_by_holder ON views.credentials (gym_id, holder_id, issued_at, credential_id);
SELECT views.protect('views.credentials');

-- One row a decision, for ever. reason is null when the door opened.
CREATE TABLE views.door_entries (
    gym_id      uuid        NOT NULL,
    entry_id    uuid        NOT NULL,
    door_id     uuid        NOT NULL,
    at          timestamptz NOT NULL,
    client_id   uuid,
    staff_id    uuid,
    session_id  uuid,
    with_credential boolean NOT NULL,
    reason      text,
    position    bigint      NOT NULL,
    PRIMARY KEY (gym_id, entry_id)
);
CREATE INDEX door_entries_by_time ON views.door_entries (gym_id, at, entry_id);
CREATE INDEX door_entries_by_door ON views.door_entries (gym_id, door_id, at, entry_id);
SELECT views.protect('views.door_entries');

-- All doors by name. At least one row; door_id is null when the gym has none.
CREATE FUNCTION views.doors_of(p_gym uuid) RETURNS TABLE (
    as_of bigint, door_id uuid, location_id uuid, name text, time_zone text, hours jsonb,
    lockdown text, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, d.door_id, d.location_id, d.name, d.time_zone, d.hours,
           coalesce((SELECT l.reason FROM views.lockdowns l WHERE l.gym_id = p_gym AND l.place = p_gym),
                    (SELECT l.reason FROM views.lockdowns l
                      WHERE l.gym_id = p_gym AND l.place = d.location_id)),
           d.version
      FROM views.checkpoints c
      LEFT JOIN views.doors d ON d.gym_id = p_gym
     WHERE c.name = 'doors'
     ORDER BY d.name, d.door_id;
END $$;

-- A person's credentials, oldest first. At least one row; credential_id null: none.
CREATE FUNCTION views.credentials_of(p_gym uuid, p_holder uuid) RETURNS TABLE (
    as_of bigint, credential_id uuid, kind text, status text, issued_at timestamptz, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, d.credential_id, d.kind, d.status, d.issued_at, d.version
      FROM views.checkpoints c
      LEFT JOIN views.credentials d ON d.gym_id = p_gym AND d.holder_id = p_holder
     WHERE c.name = 'doors'
     ORDER BY d.issued_at, d.credential_id;
END $$;

-- The log of one door, or of all (p_door null), newest first, behind the keyset. At least one row;
-- entry_id null: nothing. Names are null until members told them.
CREATE FUNCTION views.entries_page(
    p_gym uuid, p_door uuid, p_before_at timestamptz, p_before_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, entry_id uuid, door_id uuid, at timestamptz, client_id uuid, client_name text,
    staff_id uuid, staff_name text, session_id uuid, with_credential boolean, reason text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, e.entry_id, e.door_id, e.at, e.client_id,
           (SELECT p.name FROM views.clients p WHERE p.gym_id = p_gym AND p.client_id = e.client_id),
           e.staff_id,
           (SELECT s.name FROM views.staff s WHERE s.gym_id = p_gym AND s.staff_id = e.staff_id),
           e.session_id, e.with_credential, e.reason
      FROM views.checkpoints c
      LEFT JOIN (
           (SELECT * FROM views.door_entries
             WHERE p_door IS NULL AND gym_id = p_gym AND (at, entry_id) < (p_before_at, p_before_id)
             ORDER BY at DESC, entry_id DESC LIMIT p_first)
            UNION ALL
           (SELECT * FROM views.door_entries
             WHERE gym_id = p_gym AND door_id = p_door AND (at, entry_id) < (p_before_at, p_before_id)
             ORDER BY at DESC, entry_id DESC LIMIT p_first)) e ON true
     WHERE c.name = 'entries'
     ORDER BY e.at DESC, e.entry_id DESC;
END $$;
