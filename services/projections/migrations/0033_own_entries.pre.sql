-- Entries tell what they rested on; a client reads their own. Receipts tell of bans too.
ALTER TABLE views.door_entries ADD COLUMN facts text NOT NULL DEFAULT '{}'; -- JSON
CREATE INDEX door_entries_by_client ON views.door_entries (gym_id, client_id, at, entry_id);

-- Like entries_page, which stays as long as something reads it, with the facts; of one client, of one
-- door, or, both null, of all.
CREATE FUNCTION views.entries_of(
    p_gym uuid, p_client uuid, p_door uuid, p_before_at timestamptz, p_before_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, entry_id uuid, door_id uuid, at timestamptz, client_id uuid, client_name text,
    staff_id uuid, staff_name text, session_id uuid, with_credential boolean, reason text, facts text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, e.entry_id, e.door_id, e.at, e.client_id,
           (SELECT p.name FROM views.clients p WHERE p.gym_id = p_gym AND p.client_id = e.client_id),
           e.staff_id,
           (SELECT s.name FROM views.staff s WHERE s.gym_id = p_gym AND s.staff_id = e.staff_id),
           e.session_id, e.with_credential, e.reason, e.facts
      FROM views.checkpoints c
      LEFT JOIN (
           (SELECT * FROM views.door_entries
             WHERE p_client IS NULL AND p_door IS NULL AND gym_id = p_gym
               AND (at, entry_id) < (p_before_at, p_before_id)
             ORDER BY at DESC, entry_id DESC LIMIT p_first)
            UNION ALL
           (SELECT * FROM views.door_entries
             WHERE p_client IS NULL AND gym_id = p_gym AND door_id = p_door
               AND (at, entry_id) < (p_before_at, p_before_id)
             ORDER BY at DESC, entry_id DESC LIMIT p_first)
            UNION ALL
           (SELECT * FROM views.door_entries
             WHERE gym_id = p_gym AND client_id = p_client
               AND (at, entry_id) < (p_before_at, p_before_id)
             ORDER BY at DESC, entry_id DESC LIMIT p_first)) e ON true
     WHERE c.name = 'entries'
     ORDER BY e.at DESC, e.entry_id DESC;
END $$;

-- What was decided about a client in no session, such as a ban, has the session of zeros. Its times are
-- told by the clocks of the session that was decided on last for them.
CREATE FUNCTION views.receipts_beyond_classes(p_gym uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, title text, time_zone text, starts_at timestamptz, "position" bigint, decision text,
    decided_at timestamptz, decided_by text, policy_version int, facts text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, NULL::text,
           coalesce((SELECT s.time_zone FROM views.receipts x
                       JOIN views.receipt_sessions s ON s.gym_id = p_gym AND s.session_id = x.session_id
                      WHERE x.gym_id = p_gym AND x.client_id = p_client
                      ORDER BY x.position DESC LIMIT 1), 'UTC'),
           'epoch'::timestamptz, r.position, r.decision, r.decided_at, r.decided_by, r.policy_version,
           r.facts::text
      FROM views.checkpoints c
      LEFT JOIN views.receipts r
        ON r.gym_id = p_gym AND r.session_id = '00000000-0000-0000-0000-000000000000'
       AND r.client_id = p_client
     WHERE c.name = 'receipts'
     ORDER BY r.position;
END $$;
