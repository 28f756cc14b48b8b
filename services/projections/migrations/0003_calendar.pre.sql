-- Calendar: one row per class session. Written by the projector from booking's events only; read by
-- the gateway; may be dropped and rebuilt at any time.
CREATE TABLE views.class_sessions (
    gym_id            uuid        NOT NULL,
    session_id        uuid        NOT NULL,
    title             text        NOT NULL,
    location_id       uuid        NOT NULL,
    room_id           uuid,
    instructor_id     uuid,
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz NOT NULL,
    time_zone         text        NOT NULL,
    booking_opens_at  timestamptz NOT NULL,
    booking_closes_at timestamptz NOT NULL,
    capacity          int         NOT NULL,
    reserved          int         NOT NULL,
    waiting           int         NOT NULL,
    checked_in        int         NOT NULL,
    status            text        NOT NULL,
    cancel_reason     text,
    version           int         NOT NULL,
    position          bigint      NOT NULL,
    PRIMARY KEY (gym_id, session_id)
);
CREATE INDEX class_sessions_by_start ON views.class_sessions (gym_id, starts_at, session_id);
SELECT views.protect('views.class_sessions');

-- Sessions that start in [p_from, p_to), oldest first, behind the keyset (p_after_at, p_after_id).
-- At least one row; session_id is null when there is nothing to show.
CREATE FUNCTION views.calendar_page(
    p_gym uuid, p_from timestamptz, p_to timestamptz, p_after_at timestamptz, p_after_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.title, s.location_id, l.name, s.room_id, r.name,
           s.instructor_id, i.name, s.starts_at, s.ends_at, s.time_zone, s.booking_opens_at,
           s.booking_closes_at, s.capacity, s.reserved, s.waiting, s.checked_in, s.status,
           s.cancel_reason, s.version
      FROM views.checkpoints c
      LEFT JOIN (
            SELECT * FROM views.class_sessions
             WHERE gym_id = p_gym AND starts_at >= p_from AND starts_at < p_to
               AND (starts_at, session_id) > (p_after_at, p_after_id)
             ORDER BY starts_at, session_id LIMIT p_first) s ON true
      LEFT JOIN views.locations l ON l.gym_id = p_gym AND l.location_id = s.location_id
      LEFT JOIN views.rooms r ON r.gym_id = p_gym AND r.room_id = s.room_id
      LEFT JOIN views.staff i ON i.gym_id = p_gym AND i.staff_id = s.instructor_id
     WHERE c.name = 'calendar'
     ORDER BY s.starts_at, s.session_id;
END $$;

-- One session; session_id is null when the gym has no such session.
CREATE FUNCTION views.session(p_gym uuid, p_session uuid) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.title, s.location_id, l.name, s.room_id, r.name,
           s.instructor_id, i.name, s.starts_at, s.ends_at, s.time_zone, s.booking_opens_at,
           s.booking_closes_at, s.capacity, s.reserved, s.waiting, s.checked_in, s.status,
           s.cancel_reason, s.version
      FROM views.checkpoints c
      LEFT JOIN views.class_sessions s ON s.gym_id = p_gym AND s.session_id = p_session
      LEFT JOIN views.locations l ON l.gym_id = p_gym AND l.location_id = s.location_id
      LEFT JOIN views.rooms r ON r.gym_id = p_gym AND r.room_id = s.room_id
      LEFT JOIN views.staff i ON i.gym_id = p_gym AND i.staff_id = s.instructor_id
     WHERE c.name = 'calendar';
END $$;
