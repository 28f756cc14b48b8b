-- Seats nothing pays for any more: why, or null. Written by the projector with the rows they belong to.
ALTER TABLE views.reservations ADD COLUMN flag text;

-- As before, with the flags behind the other columns.
DROP FUNCTION views.roster(uuid, uuid);
CREATE FUNCTION views.roster(p_gym uuid, p_session uuid) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int,
    r_ids uuid[], r_clients uuid[], r_names text[], r_statuses text[], r_sources text[],
    r_free_untils timestamptz[], r_made_ats timestamptz[], r_versions int[],
    w_clients uuid[], w_names text[], w_joined_ats timestamptz[], w_versions int[],
    r_spots text[], r_overbooked bool[], r_check_ins text[], w_offered_untils timestamptz[],
    online_capacity int, spots text[], waiver_required bool, r_flags text[]
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
           w.clients, w.names, w.joined_ats, w.versions,
           r.spots, r.overbooked, r.check_ins, w.offered_untils,
           s.online_capacity, s.spots, s.waiver_required, r.flags
      FROM views.checkpoints c
      LEFT JOIN views.roster_sessions s ON s.gym_id = p_gym AND s.session_id = p_session
      LEFT JOIN views.locations l ON l.gym_id = p_gym AND l.location_id = s.location_id
      LEFT JOIN views.rooms m ON m.gym_id = p_gym AND m.room_id = s.room_id
      LEFT JOIN views.staff i ON i.gym_id = p_gym AND i.staff_id = s.instructor_id
     CROSS JOIN (
            SELECT array_agg(x.reservation_id) AS ids, array_agg(x.client_id) AS clients,
                   array_agg(x.name) AS names, array_agg(x.status) AS statuses,
                   array_agg(x.source) AS sources, array_agg(x.free_until) AS free_untils,
                   array_agg(x.made_at) AS made_ats, array_agg(x.version) AS versions,
                   array_agg(x.spot) AS spots, array_agg(x.overbooked) AS overbooked,
                   array_agg(x.check_in_source) AS check_ins, array_agg(x.flag) AS flags
              FROM (SELECT v.*, (SELECT p.name FROM views.clients p
                                  WHERE p.gym_id = p_gym AND p.client_id = v.client_id) AS name
                      FROM views.reservations v
                     WHERE v.gym_id = p_gym AND v.session_id = p_session
                       AND v.status IN ('reserved', 'checked_in', 'attended', 'no_show', 'excused')
                     ORDER BY v.made_at, v.reservation_id) x) r
     CROSS JOIN (
            SELECT array_agg(x.client_id) AS clients, array_agg(x.name) AS names,
                   array_agg(x.joined_at) AS joined_ats, array_agg(x.version) AS versions,
                   array_agg(x.offered_until) AS offered_untils
              FROM (SELECT v.*, (SELECT p.name FROM views.clients p
                                  WHERE p.gym_id = p_gym AND p.client_id = v.client_id) AS name
                      FROM views.waitlist_entries v
                     WHERE v.gym_id = p_gym AND v.session_id = p_session ORDER BY v.seq) x) w
     WHERE c.name = 'roster';
END $$;
