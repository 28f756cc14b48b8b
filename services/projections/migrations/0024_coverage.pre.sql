-- Grants tell what they cover: programs, locations and hours, as booking said it; null is every session.
ALTER TABLE views.grants ADD COLUMN coverage text; -- JSON

-- Like ledger_of, which stays as long as something reads it, with what grants cover.
CREATE FUNCTION views.entitlements_of(p_gym uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, client_id uuid, version int,
    g_ids uuid[], g_kinds text[], g_credits int[], g_held int[], g_consumed int[], g_forfeited int[],
    g_valid_froms timestamptz[], g_expires_ats timestamptz[], g_reasons text[], g_versions int[],
    g_expired int[], g_periods text[], g_early_hours int[], g_statuses text[],
    banned_until timestamptz, ban_reason text, waivers text[], g_coverages text[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, d.client_id, d.version, g.ids, g.kinds, g.credits, g.held, g.consumed,
           g.forfeited, g.valid_froms, g.expires_ats, g.reasons, g.versions,
           g.expired, g.periods, g.early_hours, g.statuses, d.banned_until, d.ban_reason, d.waivers,
           g.coverages
      FROM views.checkpoints c
      LEFT JOIN views.ledgers d ON d.gym_id = p_gym AND d.client_id = p_client
     CROSS JOIN (
            SELECT array_agg(x.grant_id) AS ids, array_agg(x.kind) AS kinds,
                   array_agg(x.credits) AS credits, array_agg(x.held) AS held,
                   array_agg(x.consumed) AS consumed, array_agg(x.forfeited) AS forfeited,
                   array_agg(x.valid_from) AS valid_froms, array_agg(x.expires_at) AS expires_ats,
                   array_agg(x.reason) AS reasons, array_agg(x.version) AS versions,
                   array_agg(x.expired) AS expired, array_agg(x.period) AS periods,
                   array_agg(x.early_hours) AS early_hours, array_agg(x.status) AS statuses,
                   array_agg(x.coverage) AS coverages
              FROM (SELECT * FROM views.grants
                     WHERE gym_id = p_gym AND client_id = p_client ORDER BY valid_from, grant_id) x) g
     WHERE c.name = 'ledgers';
END $$;
