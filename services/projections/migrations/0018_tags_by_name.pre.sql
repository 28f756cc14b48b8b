-- The clients with a tag, by name, page by page out of an index: each tag knows its client's sort name.
ALTER TABLE views.client_tags ADD COLUMN sort_name text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE views.client_tags NO FORCE ROW LEVEL SECURITY;
ALTER TABLE views.clients NO FORCE ROW LEVEL SECURITY;
UPDATE views.client_tags t SET sort_name = c.sort_name
  FROM views.clients c WHERE c.gym_id = t.gym_id AND c.client_id = t.client_id;
ALTER TABLE views.clients FORCE ROW LEVEL SECURITY;
ALTER TABLE views.client_tags FORCE ROW LEVEL SECURITY;
CREATE INDEX client_tags_by_name ON views.client_tags (gym_id, tag_key, sort_name, client_id);
DROP INDEX views.client_tags_by_tag;

-- Clients without the erased, behind the keyset (p_after_key, p_after_id), with this tag if p_tag.
-- One of: p_email, the whole address; p_phone, last digits last one first; p_words, beginnings of words,
-- all of them, the most telling one first; none: everybody. Sorted by, and the key that goes with it:
-- the word, for p_words; the digits, for p_phone; else the name. At least one row; client_id null: nothing.
CREATE OR REPLACE FUNCTION views.clients_found(
    p_gym uuid, p_email text, p_phone text, p_words text[], p_tag text,
    p_after_key text, p_after_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, client_id uuid, name text, sort_key text, email text, phone text, status text, version int,
    assigned_staff_id uuid, tags text[], alert_levels text[], alert_texts text[], alert_ats timestamptz[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    sought text := coalesce(p_words[1], p_phone, '');
    begins text := p_after_key;
    behind uuid := p_after_id;
    ends   text := coalesce(p_words[1], p_phone, '') || chr(1114111);
    others text[] := p_words[2:];
    beyond text[];
    ids    uuid[];
    keys   text[];
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    IF sought COLLATE "C" > p_after_key COLLATE "C" THEN
        begins := sought;
        behind := '00000000-0000-0000-0000-000000000000';
    END IF;
    SELECT array_agg(o || chr(1114111) ORDER BY n) INTO beyond FROM unnest(others) WITH ORDINALITY u (o, n);

    IF p_words IS NOT NULL THEN
        SELECT array_agg(x.client_id), array_agg(x.word) INTO ids, keys FROM (
            SELECT w.client_id, w.word FROM views.client_words w
             WHERE w.gym_id = p_gym AND w.word < ends AND (w.word, w.client_id) > (begins, behind)
               AND NOT EXISTS (SELECT FROM views.client_words o
                                WHERE o.gym_id = p_gym AND o.client_id = w.client_id
                                  AND o.word >= sought AND o.word < w.word)
               AND NOT EXISTS (SELECT FROM unnest(others, beyond) AS q (low, high)
                                WHERE NOT EXISTS (SELECT FROM views.client_words o
                                                   WHERE o.gym_id = p_gym AND o.client_id = w.client_id
                                                     AND o.word >= q.low AND o.word < q.high))
               AND (p_tag IS NULL OR EXISTS (SELECT FROM views.client_tags t
                                              WHERE t.gym_id = p_gym AND t.client_id = w.client_id
                                                AND t.tag_key = p_tag))
             ORDER BY w.word, w.client_id LIMIT p_first) x;
    ELSIF p_phone IS NOT NULL THEN
        SELECT array_agg(x.client_id), array_agg(x.phone_key) INTO ids, keys FROM (
            SELECT v.client_id, v.phone_key FROM views.clients v
             WHERE v.gym_id = p_gym AND v.phone_key < ends AND (v.phone_key, v.client_id) > (begins, behind)
               AND v.status <> 'erased'
               AND (p_tag IS NULL OR EXISTS (SELECT FROM views.client_tags t
                                              WHERE t.gym_id = p_gym AND t.client_id = v.client_id
                                                AND t.tag_key = p_tag))
             ORDER BY v.phone_key, v.client_id LIMIT p_first) x;
    ELSIF p_email IS NOT NULL THEN
        SELECT array_agg(x.client_id), array_agg(x.sort_name) INTO ids, keys FROM (
            SELECT v.client_id, v.sort_name FROM views.clients v
             WHERE v.gym_id = p_gym AND v.email_key = p_email AND v.status <> 'erased'
               AND (v.sort_name, v.client_id) > (begins, behind)
               AND (p_tag IS NULL OR EXISTS (SELECT FROM views.client_tags t
                                              WHERE t.gym_id = p_gym AND t.client_id = v.client_id
                                                AND t.tag_key = p_tag))
             ORDER BY v.sort_name, v.client_id LIMIT p_first) x;
    ELSIF p_tag IS NOT NULL THEN
        SELECT array_agg(x.client_id), array_agg(x.sort_name) INTO ids, keys FROM (
            SELECT t.client_id, t.sort_name FROM views.client_tags t
             WHERE t.gym_id = p_gym AND t.tag_key = p_tag AND (t.sort_name, t.client_id) > (begins, behind)
             ORDER BY t.sort_name, t.client_id LIMIT p_first) x;
    ELSE
        SELECT array_agg(x.client_id), array_agg(x.sort_name) INTO ids, keys FROM (
            SELECT v.client_id, v.sort_name FROM views.clients v
             WHERE v.gym_id = p_gym AND v.status <> 'erased'
               AND (v.sort_name, v.client_id) > (begins, behind)
             ORDER BY v.sort_name, v.client_id LIMIT p_first) x;
    END IF;

    RETURN QUERY
    SELECT c.position, p.client_id, p.name, u.key, p.email, p.phone, p.status, p.version,
           p.assigned_staff_id, t.tags, a.levels, a.texts, a.ats
      FROM views.checkpoints c
      LEFT JOIN unnest(ids, keys) WITH ORDINALITY AS u (id, key, n) ON true
      -- OFFSET 0: a key look-up each, never a hash of all the gym's clients.
      LEFT JOIN LATERAL (
            SELECT * FROM views.clients v WHERE v.gym_id = p_gym AND v.client_id = u.id OFFSET 0) p ON true
      LEFT JOIN LATERAL (
            SELECT array_agg(x.tag ORDER BY x.tag_key) AS tags FROM views.client_tags x
             WHERE x.gym_id = p_gym AND x.client_id = u.id) t ON true
      LEFT JOIN LATERAL (
            SELECT array_agg(x.level ORDER BY x.level) AS levels, array_agg(x.alert ORDER BY x.level) AS texts,
                   array_agg(x.set_at ORDER BY x.level) AS ats FROM views.client_alerts x
             WHERE x.gym_id = p_gym AND x.client_id = u.id) a ON true
     WHERE c.name = 'people'
     ORDER BY u.n;
END $$;
