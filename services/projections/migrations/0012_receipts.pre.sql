-- Receipts: every decision about a client in a session, with the facts it rested on. Written by the
-- projector from booking's events only; rows are never changed; may be dropped and rebuilt.
CREATE TABLE views.receipts (
    gym_id         uuid        NOT NULL,
    session_id     uuid        NOT NULL,
    client_id      uuid        NOT NULL,
    position       bigint      NOT NULL, -- of the event in booking's store: the order of decisions
    decision       text        NOT NULL,
    decided_at     timestamptz NOT NULL,
    decided_by     text        NOT NULL, -- client, staff or system; never who
    policy_version int,
    facts          jsonb       NOT NULL, -- names and plain values; nothing about anybody else
    PRIMARY KEY (gym_id, session_id, client_id, position)
);
SELECT views.protect('views.receipts');

-- What a receipt's times are told by.
CREATE TABLE views.receipt_sessions (
    gym_id     uuid        NOT NULL,
    session_id uuid        NOT NULL,
    title      text        NOT NULL,
    time_zone  text        NOT NULL,
    starts_at  timestamptz NOT NULL,
    position   bigint      NOT NULL,
    PRIMARY KEY (gym_id, session_id)
);
SELECT views.protect('views.receipt_sessions');

-- The client's receipts of the session, oldest first. At least one row; decision is null when there
-- are none, title when the gym has no such session.
CREATE FUNCTION views.receipts(p_gym uuid, p_session uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, title text, time_zone text, starts_at timestamptz, "position" bigint, decision text,
    decided_at timestamptz, decided_by text, policy_version int, facts text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.title, s.time_zone, s.starts_at, r.position, r.decision, r.decided_at,
           r.decided_by, r.policy_version, r.facts::text
      FROM views.checkpoints c
      LEFT JOIN views.receipt_sessions s ON s.gym_id = p_gym AND s.session_id = p_session
      LEFT JOIN views.receipts r
        ON r.gym_id = p_gym AND r.session_id = p_session AND r.client_id = p_client
     WHERE c.name = 'receipts'
     ORDER BY r.position;
END $$;
