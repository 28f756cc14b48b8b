-- A client's own seats tell what the roster tells of them: whether the session has no such seat, and how
-- they were checked in. As before, with the new columns behind the old ones.
DROP FUNCTION views.bookings_of(uuid, uuid, timestamptz, uuid, int);
CREATE FUNCTION views.bookings_of(
    p_gym uuid, p_client uuid, p_before_at timestamptz, p_before_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int,
    entry_id uuid, reservation_id uuid, entry_status text, source text, free_until timestamptz,
    made_at timestamptz, entry_version int, place int, spot text, offered_until timestamptz,
    overbooked bool, check_in_source text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.title, s.location_id, l.name, s.room_id, m.name,
           s.instructor_id, i.name, s.starts_at, s.ends_at, s.time_zone, s.booking_opens_at,
           s.booking_closes_at, s.capacity, s.reserved, s.waiting, s.checked_in, s.status,
           s.cancel_reason, s.version,
           e.entry_id, e.reservation_id, e.status, e.source, e.free_until, e.made_at, e.version, e.place,
           e.spot, e.offered_until, e.overbooked, e.check_in_source
      FROM views.checkpoints c
      LEFT JOIN (
           (SELECT v.reservation_id AS entry_id, v.reservation_id, v.session_id, v.starts_at, v.status,
                   v.source, v.free_until, v.made_at, v.version, NULL::int AS place,
                   v.spot, NULL::timestamptz AS offered_until, v.overbooked, v.check_in_source
              FROM views.reservations v
             WHERE v.gym_id = p_gym AND v.client_id = p_client
               AND (v.starts_at, v.reservation_id) < (p_before_at, p_before_id)
             ORDER BY v.starts_at DESC, v.reservation_id DESC LIMIT p_first)
            UNION ALL
           (SELECT v.session_id, NULL, v.session_id, t.starts_at, 'waiting', NULL, NULL, v.joined_at,
                   v.version, (SELECT count(*)::int FROM views.waitlist_entries o
                                WHERE o.gym_id = p_gym AND o.session_id = v.session_id AND o.seq <= v.seq),
                   NULL, v.offered_until, false, NULL
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
