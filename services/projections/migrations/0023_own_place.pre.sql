-- Sessions on the calendar tell what booking one takes: how many seats are the members' own, which spots
-- there are, whether a waiver is asked for. And a member's own place in a session.
ALTER TABLE views.class_sessions
    ADD COLUMN online_capacity int, ADD COLUMN spots text[], ADD COLUMN waiver_required bool;

-- As before, with the new columns behind the old ones.
DROP FUNCTION views.calendar_page(uuid, timestamptz, timestamptz, timestamptz, uuid, int);
CREATE FUNCTION views.calendar_page(
    p_gym uuid, p_from timestamptz, p_to timestamptz, p_after_at timestamptz, p_after_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int,
    program_id uuid, program_name text, class_type_id uuid, class_type_name text, schedule_id uuid,
    original_instructor_id uuid, original_instructor_name text, free_cancel_until timestamptz,
    online_capacity int, spots text[], waiver_required bool
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.title, s.location_id, l.name, s.room_id, r.name,
           s.instructor_id, i.name, s.starts_at, s.ends_at, s.time_zone, s.booking_opens_at,
           s.booking_closes_at, s.capacity, s.reserved, s.waiting, s.checked_in, s.status,
           s.cancel_reason, s.version, s.program_id, p.name, s.class_type_id, t.name, s.schedule_id,
           s.original_instructor_id, o.name, s.free_cancel_until,
           s.online_capacity, s.spots, s.waiver_required
      FROM views.checkpoints c
      LEFT JOIN (
            SELECT * FROM views.class_sessions
             WHERE gym_id = p_gym AND starts_at >= p_from AND starts_at < p_to
               AND (starts_at, session_id) > (p_after_at, p_after_id)
             ORDER BY starts_at, session_id LIMIT p_first) s ON true
      LEFT JOIN views.locations l ON l.gym_id = p_gym AND l.location_id = s.location_id
      LEFT JOIN views.rooms r ON r.gym_id = p_gym AND r.room_id = s.room_id
      LEFT JOIN views.staff i ON i.gym_id = p_gym AND i.staff_id = s.instructor_id
      LEFT JOIN views.staff o ON o.gym_id = p_gym AND o.staff_id = s.original_instructor_id
      LEFT JOIN views.programs p ON p.gym_id = p_gym AND p.program_id = s.program_id
      LEFT JOIN views.class_types t ON t.gym_id = p_gym AND t.class_type_id = s.class_type_id
     WHERE c.name = 'calendar'
     ORDER BY s.starts_at, s.session_id;
END $$;

DROP FUNCTION views.session(uuid, uuid);
CREATE FUNCTION views.session(p_gym uuid, p_session uuid) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int,
    program_id uuid, program_name text, class_type_id uuid, class_type_name text, schedule_id uuid,
    original_instructor_id uuid, original_instructor_name text, free_cancel_until timestamptz,
    online_capacity int, spots text[], waiver_required bool
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.title, s.location_id, l.name, s.room_id, r.name,
           s.instructor_id, i.name, s.starts_at, s.ends_at, s.time_zone, s.booking_opens_at,
           s.booking_closes_at, s.capacity, s.reserved, s.waiting, s.checked_in, s.status,
           s.cancel_reason, s.version, s.program_id, p.name, s.class_type_id, t.name, s.schedule_id,
           s.original_instructor_id, o.name, s.free_cancel_until,
           s.online_capacity, s.spots, s.waiver_required
      FROM views.checkpoints c
      LEFT JOIN views.class_sessions s ON s.gym_id = p_gym AND s.session_id = p_session
      LEFT JOIN views.locations l ON l.gym_id = p_gym AND l.location_id = s.location_id
      LEFT JOIN views.rooms r ON r.gym_id = p_gym AND r.room_id = s.room_id
      LEFT JOIN views.staff i ON i.gym_id = p_gym AND i.staff_id = s.instructor_id
      LEFT JOIN views.staff o ON o.gym_id = p_gym AND o.staff_id = s.original_instructor_id
      LEFT JOIN views.programs p ON p.gym_id = p_gym AND p.program_id = s.program_id
      LEFT JOIN views.class_types t ON t.gym_id = p_gym AND t.class_type_id = s.class_type_id
     WHERE c.name = 'calendar';
END $$;

-- What a client has in a session: a seat, or what is left of it, or a place in line (from 1). One row;
-- status is null when they have nothing there.
CREATE FUNCTION views.place_of(p_gym uuid, p_session uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, status text, reservation_id uuid, free_until timestamptz, spot text, place int,
    offered_until timestamptz
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position,
           coalesce(r.status, CASE WHEN w.offered_until IS NOT NULL THEN 'offered'
                                   WHEN w.client_id IS NOT NULL THEN 'waiting' END),
           r.reservation_id, r.free_until, r.spot,
           CASE WHEN w.client_id IS NOT NULL THEN
                (SELECT count(*)::int FROM views.waitlist_entries o
                  WHERE o.gym_id = p_gym AND o.session_id = p_session AND o.seq <= w.seq) END,
           w.offered_until
      FROM views.checkpoints c
      LEFT JOIN (SELECT * FROM views.reservations x
                  WHERE x.gym_id = p_gym AND x.client_id = p_client AND x.session_id = p_session
                    AND x.status NOT IN ('cancelled_early', 'session_cancelled')
                  ORDER BY x.made_at DESC LIMIT 1) r ON true
      LEFT JOIN views.waitlist_entries w
        ON w.gym_id = p_gym AND w.session_id = p_session AND w.client_id = p_client
       AND r.reservation_id IS NULL
     WHERE c.name = 'roster';
END $$;
