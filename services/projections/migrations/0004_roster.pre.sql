-- Roster: who has a seat in a session and who waits. Holds its own copy of the session rows, so that
-- a roster is one consistent picture. Written by the projector from booking's events only.
CREATE TABLE views.roster_sessions (LIKE views.class_sessions INCLUDING ALL);
SELECT views.protect('views.roster_sessions');

CREATE TABLE views.reservations (
    gym_id         uuid        NOT NULL,
    reservation_id uuid        NOT NULL,
    session_id     uuid        NOT NULL,
    client_id      uuid        NOT NULL,
    starts_at      timestamptz NOT NULL,
    status         text        NOT NULL,
    source         text        NOT NULL,
    free_until     timestamptz NOT NULL,
    made_at        timestamptz NOT NULL,
    version        int         NOT NULL,
    position       bigint      NOT NULL,
    PRIMARY KEY (gym_id, reservation_id)
);
CREATE INDEX reservations_by_session ON views.reservations (gym_id, session_id);
CREATE INDEX reservations_by_client ON views.reservations (gym_id, client_id, starts_at, reservation_id);
SELECT views.protect('views.reservations');

-- Rows of people in line; a row goes when they leave it.
CREATE TABLE views.waitlist_entries (
    gym_id     uuid        NOT NULL,
    session_id uuid        NOT NULL,
    client_id  uuid        NOT NULL,
    seq        int         NOT NULL,
    joined_at  timestamptz NOT NULL,
    version    int         NOT NULL,
    position   bigint      NOT NULL,
    PRIMARY KEY (gym_id, session_id, client_id)
);
CREATE INDEX waitlist_entries_by_client ON views.waitlist_entries (gym_id, client_id);
SELECT views.protect('views.waitlist_entries');

-- One row; session_id is null when the gym has no such session. r_*: who holds or held a seat to the
-- end, oldest first; w_*: the line, first in line first. Names are null until members told them.
CREATE FUNCTION views.roster(p_gym uuid, p_session uuid) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int,
    r_ids uuid[], r_clients uuid[], r_names text[], r_statuses text[], r_sources text[],
    r_free_untils timestamptz[], r_made_ats timestamptz[], r_versions int[],
    w_clients uuid[], w_names text[], w_joined_ats timestamptz[], w_versions int[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.title, s.location_id, l.name, s.room_id, m.name,
           s.instructor_id, i.name, s.starts_at, s.ends_at, s.time_zone, s.booking_opens_at,
           s.booking_closes_at, s.capacity, s.reserved, s.waiting, s.checked_in, s.status,
           s.cancel_reason, s.version,
           r.ids, r.clients, r.names, r.statuses, r.sources, r.free_untils, r.made_ats, r.versions,
           w.clients, w.names, w.joined_ats, w.versions
      FROM views.checkpoints c
      LEFT JOIN views.roster_sessions s ON s.gym_id = p_gym AND s.session_id = p_session
      LEFT JOIN views.locations l ON l.gym_id = p_gym AND l.location_id = s.location_id
      LEFT JOIN views.rooms m ON m.gym_id = p_gym AND m.room_id = s.room_id
      LEFT JOIN views.staff i ON i.gym_id = p_gym AND i.staff_id = s.instructor_id
     CROSS JOIN (
            SELECT array_agg(x.reservation_id) AS ids, array_agg(x.client_id) AS clients,
                   array_agg(x.name) AS names, array_agg(x.status) AS statuses,
                   array_agg(x.source) AS sources, array_agg(x.free_until) AS free_untils,
                   array_agg(x.made_at) AS made_ats, array_agg(x.version) AS versions
              FROM (SELECT v.*, p.name FROM views.reservations v
                      LEFT JOIN views.clients p ON p.gym_id = p_gym AND p.client_id = v.client_id
                     WHERE v.gym_id = p_gym AND v.session_id = p_session
                       AND v.status IN ('reserved', 'checked_in', 'attended', 'no_show')
                     ORDER BY v.made_at, v.reservation_id) x) r
     CROSS JOIN (
            SELECT array_agg(x.client_id) AS clients, array_agg(x.name) AS names,
                   array_agg(x.joined_at) AS joined_ats, array_agg(x.version) AS versions
              FROM (SELECT v.*, p.name FROM views.waitlist_entries v
                      LEFT JOIN views.clients p ON p.gym_id = p_gym AND p.client_id = v.client_id
                     WHERE v.gym_id = p_gym AND v.session_id = p_session ORDER BY v.seq) x) w
     WHERE c.name = 'roster';
END $$;

-- Everything the client reserved or waits for, newest start first, behind the keyset. At least one
-- row; session_id is null when there is nothing. A row has a reservation_id or a place in line.
CREATE FUNCTION views.my_bookings(
    p_gym uuid, p_client uuid, p_before_at timestamptz, p_before_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int,
    entry_id uuid, reservation_id uuid, entry_status text, source text, free_until timestamptz,
    made_at timestamptz, entry_version int, place int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.title, s.location_id, l.name, s.room_id, m.name,
           s.instructor_id, i.name, s.starts_at, s.ends_at, s.time_zone, s.booking_opens_at,
           s.booking_closes_at, s.capacity, s.reserved, s.waiting, s.checked_in, s.status,
           s.cancel_reason, s.version,
           e.entry_id, e.reservation_id, e.status, e.source, e.free_until, e.made_at, e.version, e.place
      FROM views.checkpoints c
      LEFT JOIN (
           (SELECT v.reservation_id AS entry_id, v.reservation_id, v.session_id, v.starts_at, v.status,
                   v.source, v.free_until, v.made_at, v.version, NULL::int AS place
              FROM views.reservations v
             WHERE v.gym_id = p_gym AND v.client_id = p_client
               AND (v.starts_at, v.reservation_id) < (p_before_at, p_before_id)
             ORDER BY v.starts_at DESC, v.reservation_id DESC LIMIT p_first)
            UNION ALL
           (SELECT v.session_id, NULL, v.session_id, t.starts_at, 'waiting', NULL, NULL, v.joined_at,
                   v.version, (SELECT count(*)::int FROM views.waitlist_entries o
                                WHERE o.gym_id = p_gym AND o.session_id = v.session_id AND o.seq <= v.seq)
              FROM views.waitlist_entries v
              JOIN views.roster_sessions t ON t.gym_id = p_gym AND t.session_id = v.session_id
             WHERE v.gym_id = p_gym AND v.client_id = p_client
               AND (t.starts_at, v.session_id) < (p_before_at, p_before_id)
             ORDER BY t.starts_at DESC, v.session_id DESC LIMIT p_first)
             ORDER BY 4 DESC, 1 DESC LIMIT p_first) e ON true
      LEFT JOIN views.roster_sessions s ON s.gym_id = p_gym AND s.session_id = e.session_id
      LEFT JOIN views.locations l ON l.gym_id = p_gym AND l.location_id = s.location_id
      LEFT JOIN views.rooms m ON m.gym_id = p_gym AND m.room_id = s.room_id
      LEFT JOIN views.staff i ON i.gym_id = p_gym AND i.staff_id = s.instructor_id
     WHERE c.name = 'roster'
     ORDER BY e.starts_at DESC, e.entry_id DESC;
END $$;
