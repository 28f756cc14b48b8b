-- Invoices: what each client owes. Written by the projector from billing's events only. Amounts are minor
-- units of the currency.
CREATE TABLE views.invoices (
    gym_id      uuid        NOT NULL,
    invoice_id  uuid        NOT NULL,
    client_id   uuid        NOT NULL,
    currency    text        NOT NULL,
    status      text        NOT NULL, -- draft: takes lines; open: issued, to be paid
    total_minor bigint      NOT NULL,
    drafted_at  timestamptz NOT NULL,
    issued_at   timestamptz,
    version     int         NOT NULL,
    position    bigint      NOT NULL,
    PRIMARY KEY (gym_id, invoice_id)
);
CREATE INDEX invoices_by_time ON views.invoices (gym_id, drafted_at, invoice_id);
CREATE INDEX invoices_by_status ON views.invoices (gym_id, status, drafted_at, invoice_id);
CREATE INDEX invoices_by_client ON views.invoices (gym_id, client_id, drafted_at, invoice_id);
SELECT views.protect('views.invoices');

-- amount_minor is below zero for a credit; reverses then names the line it takes back. fee_id is the
-- reservation the fee is for.
CREATE TABLE views.invoice_lines (
    gym_id       uuid        NOT NULL,
    invoice_id   uuid        NOT NULL,
    line_id      uuid        NOT NULL,
    kind         text        NOT NULL,
    fee_id       uuid        NOT NULL,
    session_id   uuid        NOT NULL,
    amount_minor bigint      NOT NULL,
    reverses     uuid,
    reason       text,
    added_at     timestamptz NOT NULL,
    version      int         NOT NULL,
    position     bigint      NOT NULL,
    PRIMARY KEY (gym_id, invoice_id, line_id)
);
SELECT views.protect('views.invoice_lines');

-- An invoice's lines, oldest first, as JSON.
CREATE FUNCTION views.lines_of(p_gym uuid, p_invoice uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(json_agg(json_build_object(
               'line_id', y.line_id, 'kind', y.kind, 'fee_id', y.fee_id, 'session_id', y.session_id,
               'title', s.title, 'starts_at', s.starts_at, 'amount_minor', y.amount_minor,
               'reverses', y.reverses, 'reason', y.reason, 'added_at', y.added_at) ORDER BY y.version),
               '[]')::text
      FROM views.invoice_lines y
      LEFT JOIN views.class_sessions s ON s.gym_id = p_gym AND s.session_id = y.session_id
     WHERE y.gym_id = p_gym AND y.invoice_id = p_invoice
$$;

-- Invoices newest first, behind the keyset: of a client, or of the gym; with a status or with any (null).
-- At least one row; invoice_id null: nothing.
CREATE FUNCTION views.invoices_page(
    p_gym uuid, p_client uuid, p_status text, p_before_at timestamptz, p_before_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, invoice_id uuid, client_id uuid, client_name text, currency text, status text,
    total_minor bigint, drafted_at timestamptz, issued_at timestamptz, version int, lines text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, i.invoice_id, i.client_id,
           (SELECT n.name FROM views.clients n WHERE n.gym_id = p_gym AND n.client_id = i.client_id),
           i.currency, i.status, i.total_minor, i.drafted_at, i.issued_at, i.version,
           views.lines_of(p_gym, i.invoice_id)
      FROM views.checkpoints c
      LEFT JOIN (
           (SELECT * FROM views.invoices
             WHERE gym_id = p_gym AND p_client IS NOT NULL AND client_id = p_client
               AND (p_status IS NULL OR status = p_status)
               AND (drafted_at, invoice_id) < (p_before_at, p_before_id)
             ORDER BY drafted_at DESC, invoice_id DESC LIMIT p_first)
            UNION ALL
           (SELECT * FROM views.invoices
             WHERE gym_id = p_gym AND p_client IS NULL AND p_status IS NOT NULL AND status = p_status
               AND (drafted_at, invoice_id) < (p_before_at, p_before_id)
             ORDER BY drafted_at DESC, invoice_id DESC LIMIT p_first)
            UNION ALL
           (SELECT * FROM views.invoices
             WHERE gym_id = p_gym AND p_client IS NULL AND p_status IS NULL
               AND (drafted_at, invoice_id) < (p_before_at, p_before_id)
             ORDER BY drafted_at DESC, invoice_id DESC LIMIT p_first)
             ORDER BY drafted_at DESC, invoice_id DESC LIMIT p_first) i ON true
     WHERE c.name = 'invoices'
     ORDER BY i.drafted_at DESC, i.invoice_id DESC;
END $$;

-- What a client owes, a row a currency: on issued invoices, and on the draft, which is told whole. At
-- least one row; currency null: nothing ever.
CREATE FUNCTION views.account_of(p_gym uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, currency text, issued_minor bigint, drafted_minor bigint, draft_id uuid,
    drafted_at timestamptz, version int, lines text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, t.currency, t.issued, t.drafted, d.invoice_id, d.drafted_at, d.version,
           views.lines_of(p_gym, d.invoice_id)
      FROM views.checkpoints c
      LEFT JOIN (SELECT x.currency,
                        coalesce(sum(x.total_minor) FILTER (WHERE x.status = 'open'), 0)::bigint AS issued,
                        coalesce(sum(x.total_minor) FILTER (WHERE x.status = 'draft'), 0)::bigint AS drafted
                   FROM views.invoices x
                  WHERE x.gym_id = p_gym AND x.client_id = p_client GROUP BY x.currency) t ON true
      LEFT JOIN views.invoices d
        ON d.gym_id = p_gym AND d.client_id = p_client AND d.currency = t.currency AND d.status = 'draft'
     WHERE c.name = 'invoices'
     ORDER BY t.currency;
END $$;
