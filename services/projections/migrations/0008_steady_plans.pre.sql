-- Reads whose plan does not hang on fresh statistics: names one key look-up each, never a hash of all
-- the gym's clients; bounds of a search as plain values, so that the index has both ends.

-- One row; session_id is null when the gym has no such session. r_*: who holds or held a seat to the
-- end, oldest first; w_*: the line, first in line first. Names are null until members told them.
CREATE OR REPLACE FUNCTION views.roster(p_gym uuid, p_session uuid) RETURNS TABLE (
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
              FROM (SELECT v.*, (SELECT p.name FROM views.clients p
                                  WHERE p.gym_id = p_gym AND p.client_id = v.client_id) AS name
                      FROM views.reservations v
                     WHERE v.gym_id = p_gym AND v.session_id = p_session
                       AND v.status IN ('reserved', 'checked_in', 'attended', 'no_show')
                     ORDER BY v.made_at, v.reservation_id) x) r
     CROSS JOIN (
            SELECT array_agg(x.client_id) AS clients, array_agg(x.name) AS names,
                   array_agg(x.joined_at) AS joined_ats, array_agg(x.version) AS versions
              FROM (SELECT v.*, (SELECT p.name FROM views.clients p
                                  WHERE p.gym_id = p_gym AND p.client_id = v.client_id) AS name
                      FROM views.waitlist_entries v
                     WHERE v.gym_id = p_gym AND v.session_id = p_session ORDER BY v.seq) x) w
     WHERE c.name = 'roster';
END $$;

-- Clients by name, behind the keyset, without the erased; all of them, those with this e-mail, or those whose name starts
-- so (p_prefix and p_email in lower case; null: any). At least one row; client_id null: nothing.
CREATE OR REPLACE FUNCTION views.clients_page(
    p_gym uuid, p_prefix text, p_email text, p_after_name text, p_after_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, client_id uuid, name text, sort_name text, email text, phone text, status text, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    begins text := p_after_name;
    behind uuid := p_after_id;
    ends   text := coalesce(p_prefix, '') || chr(1114111);
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    IF p_prefix COLLATE "C" > p_after_name COLLATE "C" THEN
        begins := p_prefix;
        behind := '00000000-0000-0000-0000-000000000000';
    END IF;
    IF p_email IS NOT NULL THEN
        RETURN QUERY
        SELECT c.position, p.client_id, p.name, p.sort_name::text, p.email, p.phone, p.status, p.version
          FROM views.checkpoints c
          LEFT JOIN (SELECT * FROM views.clients
                      WHERE gym_id = p_gym AND email_key = p_email AND status <> 'erased'
                        AND (sort_name, client_id) > (begins, behind)
                      ORDER BY sort_name, client_id LIMIT p_first) p ON true
         WHERE c.name = 'people' ORDER BY p.sort_name, p.client_id;
    ELSE
        RETURN QUERY
        SELECT c.position, p.client_id, p.name, p.sort_name::text, p.email, p.phone, p.status, p.version
          FROM views.checkpoints c
          LEFT JOIN (SELECT * FROM views.clients
                      WHERE gym_id = p_gym AND status <> 'erased' AND sort_name < ends
                        AND (sort_name, client_id) > (begins, behind)
                      ORDER BY sort_name, client_id LIMIT p_first) p ON true
         WHERE c.name = 'people' ORDER BY p.sort_name, p.client_id;
    END IF;
END $$;
