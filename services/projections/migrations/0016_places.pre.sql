-- Places: spots of a session with a map, seats that were offered to somebody in line, and how people
-- were checked in. Written by the projector with the rows they belong to.
ALTER TABLE views.reservations
    ADD COLUMN spot text, ADD COLUMN overbooked bool NOT NULL DEFAULT false,
    ADD COLUMN check_in_source text;
ALTER TABLE views.waitlist_entries ADD COLUMN offered_until timestamptz;
ALTER TABLE views.roster_sessions
    ADD COLUMN online_capacity int, ADD COLUMN spots text[], ADD COLUMN waiver_required bool;

-- As before, with the new columns behind the old ones; the excused are shown.
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
    online_capacity int, spots text[], waiver_required bool
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
           s.online_capacity, s.spots, s.waiver_required
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
                   array_agg(x.check_in_source) AS check_ins
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

-- Like my_bookings, which stays as long as something reads it, with spots and offers.
CREATE FUNCTION views.bookings_of(
    p_gym uuid, p_client uuid, p_before_at timestamptz, p_before_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int,
    entry_id uuid, reservation_id uuid, entry_status text, source text, free_until timestamptz,
    made_at timestamptz, entry_version int, place int, spot text, offered_until timestamptz
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
           e.spot, e.offered_until
      FROM views.checkpoints c
      LEFT JOIN (
           (SELECT v.reservation_id AS entry_id, v.reservation_id, v.session_id, v.starts_at, v.status,
                   v.source, v.free_until, v.made_at, v.version, NULL::int AS place,
                   v.spot, NULL::timestamptz AS offered_until
              FROM views.reservations v
             WHERE v.gym_id = p_gym AND v.client_id = p_client
               AND (v.starts_at, v.reservation_id) < (p_before_at, p_before_id)
             ORDER BY v.starts_at DESC, v.reservation_id DESC LIMIT p_first)
            UNION ALL
           (SELECT v.session_id, NULL, v.session_id, t.starts_at, 'waiting', NULL, NULL, v.joined_at,
                   v.version, (SELECT count(*)::int FROM views.waitlist_entries o
                                WHERE o.gym_id = p_gym AND o.session_id = v.session_id AND o.seq <= v.seq),
                   NULL, v.offered_until
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

-- Ledgers know what has expired, limits, pauses and ends of grants, bans and waivers. status: active,
-- hold, past_due or ended; banned_until is the end of time for a ban that is on until it is lifted.
ALTER TABLE views.grants
    ADD COLUMN expired int NOT NULL DEFAULT 0, ADD COLUMN period text,
    ADD COLUMN early_hours int NOT NULL DEFAULT 0, ADD COLUMN status text NOT NULL DEFAULT 'active';
ALTER TABLE views.ledgers
    ADD COLUMN banned_until timestamptz, ADD COLUMN ban_reason text,
    ADD COLUMN waivers text[] NOT NULL DEFAULT '{}';

CREATE FUNCTION views.ledger_of(p_gym uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, client_id uuid, version int,
    g_ids uuid[], g_kinds text[], g_credits int[], g_held int[], g_consumed int[], g_forfeited int[],
    g_valid_froms timestamptz[], g_expires_ats timestamptz[], g_reasons text[], g_versions int[],
    g_expired int[], g_periods text[], g_early_hours int[], g_statuses text[],
    banned_until timestamptz, ban_reason text, waivers text[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, d.client_id, d.version, g.ids, g.kinds, g.credits, g.held, g.consumed,
           g.forfeited, g.valid_froms, g.expires_ats, g.reasons, g.versions,
           g.expired, g.periods, g.early_hours, g.statuses, d.banned_until, d.ban_reason, d.waivers
      FROM views.checkpoints c
      LEFT JOIN views.ledgers d ON d.gym_id = p_gym AND d.client_id = p_client
     CROSS JOIN (
            SELECT array_agg(x.grant_id) AS ids, array_agg(x.kind) AS kinds,
                   array_agg(x.credits) AS credits, array_agg(x.held) AS held,
                   array_agg(x.consumed) AS consumed, array_agg(x.forfeited) AS forfeited,
                   array_agg(x.valid_from) AS valid_froms, array_agg(x.expires_at) AS expires_ats,
                   array_agg(x.reason) AS reasons, array_agg(x.version) AS versions,
                   array_agg(x.expired) AS expired, array_agg(x.period) AS periods,
                   array_agg(x.early_hours) AS early_hours, array_agg(x.status) AS statuses
              FROM (SELECT * FROM views.grants
                     WHERE gym_id = p_gym AND client_id = p_client ORDER BY valid_from, grant_id) x) g
     WHERE c.name = 'ledgers';
END $$;
