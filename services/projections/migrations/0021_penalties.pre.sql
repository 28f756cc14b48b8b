-- Penalties: late cancels and no-shows that were judged, and what became of their fees. Written by the
-- projector from booking's events only. amount_minor counts minor units of currency; both are null where
-- there is no fee. evidence: the facts it was judged on, as booking recorded them.
CREATE TABLE views.penalties (
    gym_id            uuid        NOT NULL,
    reservation_id    uuid        NOT NULL,
    client_id         uuid        NOT NULL,
    session_id        uuid        NOT NULL,
    kind              text        NOT NULL,
    grant_kind        text        NOT NULL,
    status            text        NOT NULL, -- no_fee, pending, forgiven, waived, due, reversed or cleared
    forgiven          text,
    amount_minor      bigint,
    currency          text,
    policy_version    int         NOT NULL,
    judged_at         timestamptz NOT NULL,
    evidence          text        NOT NULL, -- JSON
    waivable_until    timestamptz,
    contestable_until timestamptz,
    contest           text,                 -- open, fee_stands or fee_falls; null: nobody contests it
    contest_reason    text,
    decided_by        uuid,                 -- the staff member who waived or resolved
    reason            text,
    version           int         NOT NULL,
    position          bigint      NOT NULL,
    PRIMARY KEY (gym_id, reservation_id)
);
CREATE INDEX penalties_by_time ON views.penalties (gym_id, judged_at, reservation_id);
CREATE INDEX penalties_by_client ON views.penalties (gym_id, client_id, judged_at, reservation_id);
CREATE INDEX penalties_by_status ON views.penalties (gym_id, status, judged_at, reservation_id);
CREATE INDEX penalties_by_contest ON views.penalties (gym_id, contest, judged_at, reservation_id)
 WHERE contest IS NOT NULL;
CREATE INDEX penalties_by_session ON views.penalties (gym_id, session_id, judged_at, reservation_id);
SELECT views.protect('views.penalties');

-- Cases newest first, behind the keyset: of a session, of a client (or one of theirs), or of the gym; with a status, with a
-- contest, or with any (null). Each way has an index. At least one row; reservation_id null: nothing.
-- Names are null until they were told.
CREATE FUNCTION views.penalties_page(
    p_gym uuid, p_session uuid, p_client uuid, p_reservation uuid, p_status text, p_contest text,
    p_before_at timestamptz, p_before_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, reservation_id uuid, client_id uuid, client_name text, session_id uuid, title text,
    starts_at timestamptz, kind text, grant_kind text, status text, forgiven text, amount_minor bigint,
    currency text, policy_version int, judged_at timestamptz, evidence text, waivable_until timestamptz,
    contestable_until timestamptz, contest text, contest_reason text, decided_by uuid, reason text,
    version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, p.reservation_id, p.client_id,
           (SELECT n.name FROM views.clients n WHERE n.gym_id = p_gym AND n.client_id = p.client_id),
           p.session_id, s.title, s.starts_at, p.kind, p.grant_kind, p.status, p.forgiven, p.amount_minor,
           p.currency, p.policy_version, p.judged_at, p.evidence, p.waivable_until, p.contestable_until,
           p.contest, p.contest_reason, p.decided_by, p.reason, p.version
      FROM views.checkpoints c
      LEFT JOIN (
           (SELECT * FROM views.penalties
             WHERE gym_id = p_gym AND p_session IS NOT NULL AND session_id = p_session AND (p_client IS NULL OR client_id = p_client)
               AND (p_status IS NULL OR status = p_status) AND (p_contest IS NULL OR contest = p_contest)
               AND (judged_at, reservation_id) < (p_before_at, p_before_id)
             ORDER BY judged_at DESC, reservation_id DESC LIMIT p_first)
            UNION ALL
           (SELECT * FROM views.penalties
             WHERE gym_id = p_gym AND p_session IS NULL AND p_client IS NOT NULL AND client_id = p_client
               AND (p_reservation IS NULL OR reservation_id = p_reservation)
               AND (p_status IS NULL OR status = p_status) AND (p_contest IS NULL OR contest = p_contest)
               AND (judged_at, reservation_id) < (p_before_at, p_before_id)
             ORDER BY judged_at DESC, reservation_id DESC LIMIT p_first)
            UNION ALL
           (SELECT * FROM views.penalties
             WHERE gym_id = p_gym AND coalesce(p_session, p_client) IS NULL AND p_contest IS NOT NULL AND contest = p_contest
               AND (p_status IS NULL OR status = p_status)
               AND (judged_at, reservation_id) < (p_before_at, p_before_id)
             ORDER BY judged_at DESC, reservation_id DESC LIMIT p_first)
            UNION ALL
           (SELECT * FROM views.penalties
             WHERE gym_id = p_gym AND coalesce(p_session, p_client) IS NULL AND p_contest IS NULL AND p_status IS NOT NULL
               AND status = p_status
               AND (judged_at, reservation_id) < (p_before_at, p_before_id)
             ORDER BY judged_at DESC, reservation_id DESC LIMIT p_first)
            UNION ALL
           (SELECT * FROM views.penalties
             WHERE gym_id = p_gym AND coalesce(p_session, p_client) IS NULL AND coalesce(p_contest, p_status) IS NULL
               AND (judged_at, reservation_id) < (p_before_at, p_before_id)
             ORDER BY judged_at DESC, reservation_id DESC LIMIT p_first)
             ORDER BY judged_at DESC, reservation_id DESC LIMIT p_first) p ON true
      LEFT JOIN views.class_sessions s ON s.gym_id = p_gym AND s.session_id = p.session_id
     WHERE c.name = 'penalties'
     ORDER BY p.judged_at DESC, p.reservation_id DESC;
END $$;
