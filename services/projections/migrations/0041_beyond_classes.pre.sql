-- What was decided about a client in no session, such as a ban, has the session of zeros. Its times are
-- told by the gym's clocks, which every gym has: a client may never have been in a session, and to look
-- for the last one was to read all receipts of the gym.
CREATE OR REPLACE FUNCTION views.receipts_beyond_classes(p_gym uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, title text, time_zone text, starts_at timestamptz, "position" bigint, decision text,
    decided_at timestamptz, decided_by text, policy_version int, facts text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, NULL::text,
           coalesce((SELECT g.time_zone FROM views.gyms g WHERE g.gym_id = p_gym), 'UTC'),
           'epoch'::timestamptz, r.position, r.decision, r.decided_at, r.decided_by, r.policy_version,
           r.facts::text
      FROM views.checkpoints c
      LEFT JOIN views.receipts r
        ON r.gym_id = p_gym AND r.session_id = '00000000-0000-0000-0000-000000000000'
       AND r.client_id = p_client
     WHERE c.name = 'receipts'
     ORDER BY r.position;
END $$;
