-- Ledgers: what each client may spend. Written by the projector from booking's events only.
CREATE TABLE views.ledgers (
    gym_id    uuid   NOT NULL,
    client_id uuid   NOT NULL,
    version   int    NOT NULL,
    position  bigint NOT NULL,
    PRIMARY KEY (gym_id, client_id)
);
SELECT views.protect('views.ledgers');

-- credits, held, consumed and forfeited count credits; what is left is credits minus the other three.
CREATE TABLE views.grants (
    gym_id     uuid        NOT NULL,
    client_id  uuid        NOT NULL,
    grant_id   uuid        NOT NULL,
    kind       text        NOT NULL,
    credits    int         NOT NULL,
    held       int         NOT NULL,
    consumed   int         NOT NULL,
    forfeited  int         NOT NULL,
    valid_from timestamptz NOT NULL,
    expires_at timestamptz,
    reason     text        NOT NULL,
    version    int         NOT NULL,
    position   bigint      NOT NULL,
    PRIMARY KEY (gym_id, client_id, grant_id)
);
SELECT views.protect('views.grants');

-- One row; client_id is null when the client has no ledger. g_*: the grants, oldest first.
CREATE FUNCTION views.ledger(p_gym uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, client_id uuid, version int,
    g_ids uuid[], g_kinds text[], g_credits int[], g_held int[], g_consumed int[], g_forfeited int[],
    g_valid_froms timestamptz[], g_expires_ats timestamptz[], g_reasons text[], g_versions int[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, d.client_id, d.version, g.ids, g.kinds, g.credits, g.held, g.consumed,
           g.forfeited, g.valid_froms, g.expires_ats, g.reasons, g.versions
      FROM views.checkpoints c
      LEFT JOIN views.ledgers d ON d.gym_id = p_gym AND d.client_id = p_client
     CROSS JOIN (
            SELECT array_agg(x.grant_id) AS ids, array_agg(x.kind) AS kinds,
                   array_agg(x.credits) AS credits, array_agg(x.held) AS held,
                   array_agg(x.consumed) AS consumed, array_agg(x.forfeited) AS forfeited,
                   array_agg(x.valid_from) AS valid_froms, array_agg(x.expires_at) AS expires_ats,
                   array_agg(x.reason) AS reasons, array_agg(x.version) AS versions
              FROM (SELECT * FROM views.grants
                     WHERE gym_id = p_gym AND client_id = p_client ORDER BY valid_from, grant_id) x) g
     WHERE c.name = 'ledgers';
END $$;
