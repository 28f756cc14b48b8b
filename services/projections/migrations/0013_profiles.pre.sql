-- Profiles and search: what staff look clients up by, and what they know about them. Written by the
-- projector from members' events only. Text that is searched sorts in the "C" collation: its
-- comparisons are leakproof, so an index serves them under row security.

ALTER TABLE views.clients
    ADD COLUMN phone_key text COLLATE "C", -- digits, last one first: a suffix is a prefix of it
    ADD COLUMN assigned_staff_id uuid;
CREATE INDEX clients_by_phone ON views.clients (gym_id, phone_key, client_id);

-- Words of names, folded: no case, no diacritics. A client has a row for each word they are found by.
CREATE TABLE views.client_words (
    gym_id    uuid NOT NULL,
    client_id uuid NOT NULL,
    word      text COLLATE "C" NOT NULL,
    PRIMARY KEY (gym_id, client_id, word)
);
CREATE INDEX client_words_by_word ON views.client_words (gym_id, word, client_id);
SELECT views.protect('views.client_words');

CREATE TABLE views.client_tags (
    gym_id    uuid   NOT NULL,
    client_id uuid   NOT NULL,
    tag_id    uuid   NOT NULL,
    tag       text   NOT NULL,
    tag_key   text   COLLATE "C" NOT NULL, -- one spelling
    position  bigint NOT NULL,
    PRIMARY KEY (gym_id, client_id, tag_id)
);
CREATE INDEX client_tags_by_tag ON views.client_tags (gym_id, tag_key, client_id);
SELECT views.protect('views.client_tags');

CREATE TABLE views.client_notes (
    gym_id    uuid        NOT NULL,
    client_id uuid        NOT NULL,
    note_id   uuid        NOT NULL,
    note      text        NOT NULL,
    author    text        NOT NULL, -- the actor, such as staff:<uuid>
    noted_at  timestamptz NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (gym_id, client_id, note_id)
);
SELECT views.protect('views.client_notes');

CREATE TABLE views.client_alerts (
    gym_id    uuid        NOT NULL,
    client_id uuid        NOT NULL,
    level     text        NOT NULL,
    alert     text        NOT NULL,
    set_at    timestamptz NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (gym_id, client_id, level)
);
SELECT views.protect('views.client_alerts');

CREATE TABLE views.staff_qualifications (
    gym_id        uuid NOT NULL,
    staff_id      uuid NOT NULL,
    place         int  NOT NULL, -- from 1, as given
    class_type_id uuid,
    label         text,
    expires_on    date,
    PRIMARY KEY (gym_id, staff_id, place)
);
SELECT views.protect('views.staff_qualifications');

-- Clients from before: the same words and digits as the projector makes of names and phones.
ALTER TABLE views.clients NO FORCE ROW LEVEL SECURITY;
ALTER TABLE views.client_words NO FORCE ROW LEVEL SECURITY;
INSERT INTO views.client_words (gym_id, client_id, word)
SELECT DISTINCT c.gym_id, c.client_id, w.word
  FROM views.clients c,
       LATERAL (SELECT translate(lower(regexp_replace(normalize(c.name, NFKD), '[\u0300-\u036F]', '', 'g')),
                                 'øłđ', 'old') AS folded) f,
       LATERAL (SELECT unnest(regexp_split_to_array(f.folded, '[^[:alnum:]]+')) AS word
                UNION SELECT regexp_replace(part, '[^[:alnum:]]+', '', 'g')
                        FROM unnest(regexp_split_to_array(f.folded, '\s+')) part) w
 WHERE c.status <> 'erased' AND w.word <> '';
UPDATE views.clients SET phone_key = reverse(regexp_replace(phone, '\D', '', 'g')) WHERE phone IS NOT NULL;
ALTER TABLE views.clients FORCE ROW LEVEL SECURITY;
ALTER TABLE views.client_words FORCE ROW LEVEL SECURITY;

-- Clients without the erased, behind the keyset (p_after_key, p_after_id), with this tag if p_tag.
-- One of: p_email, the whole address; p_phone, last digits last one first; p_words, beginnings of words,
-- all of them, the most telling one first; none: everybody. Sorted by, and the key that goes with it:
-- the word, for p_words; the digits, for p_phone; else the name. At least one row; client_id null: nothing.
CREATE FUNCTION views.clients_found(
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
            SELECT v.client_id, v.sort_name FROM views.client_tags t
              JOIN views.clients v ON v.gym_id = p_gym AND v.client_id = t.client_id
             WHERE t.gym_id = p_gym AND t.tag_key = p_tag AND v.status <> 'erased'
               AND (v.sort_name, v.client_id) > (begins, behind)
             ORDER BY v.sort_name, v.client_id LIMIT p_first) x;
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

-- One client with everything; client_id is null when the gym has no such client. n_*: notes, newest first.
CREATE FUNCTION views.client_profile(p_gym uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, client_id uuid, name text, sort_key text, email text, phone text, status text, version int,
    assigned_staff_id uuid, tags text[], alert_levels text[], alert_texts text[], alert_ats timestamptz[],
    n_ids uuid[], n_texts text[], n_authors text[], n_ats timestamptz[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, p.client_id, p.name, p.sort_name::text, p.email, p.phone, p.status, p.version,
           p.assigned_staff_id, t.tags, a.levels, a.texts, a.ats, n.ids, n.texts, n.authors, n.ats
      FROM views.checkpoints c
      LEFT JOIN views.clients p ON p.gym_id = p_gym AND p.client_id = p_client
     CROSS JOIN (
            SELECT array_agg(x.tag ORDER BY x.tag_key) AS tags FROM views.client_tags x
             WHERE x.gym_id = p_gym AND x.client_id = p_client) t
     CROSS JOIN (
            SELECT array_agg(x.level ORDER BY x.level) AS levels, array_agg(x.alert ORDER BY x.level) AS texts,
                   array_agg(x.set_at ORDER BY x.level) AS ats FROM views.client_alerts x
             WHERE x.gym_id = p_gym AND x.client_id = p_client) a
     CROSS JOIN (
            SELECT array_agg(x.note_id) AS ids, array_agg(x.note) AS texts, array_agg(x.author) AS authors,
                   array_agg(x.noted_at) AS ats
              FROM (SELECT * FROM views.client_notes WHERE gym_id = p_gym AND client_id = p_client
                     ORDER BY position DESC LIMIT 200) x) n
     WHERE c.name = 'people';
END $$;

-- Staff by name, behind the keyset, with their qualifications as given. At least one row; staff_id null: nothing.
CREATE FUNCTION views.staff_found(
    p_gym uuid, p_after_name text, p_after_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, staff_id uuid, name text, sort_name text, email text, roles text[], version int,
    q_class_types uuid[], q_labels text[], q_expire_ons date[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, p.staff_id, p.name, p.sort_name::text, p.email, p.roles, p.version,
           q.class_types, q.labels, q.expire_ons
      FROM views.checkpoints c
      LEFT JOIN (SELECT * FROM views.staff
                  WHERE gym_id = p_gym
                    AND (sort_name, staff_id) > (p_after_name COLLATE "C", p_after_id)
                  ORDER BY sort_name, staff_id LIMIT p_first) p ON true
      LEFT JOIN LATERAL (
            SELECT array_agg(x.class_type_id ORDER BY x.place) AS class_types,
                   array_agg(x.label ORDER BY x.place) AS labels,
                   array_agg(x.expires_on ORDER BY x.place) AS expire_ons
              FROM views.staff_qualifications x
             WHERE x.gym_id = p_gym AND x.staff_id = p.staff_id) q ON true
     WHERE c.name = 'people' ORDER BY p.sort_name, p.staff_id;
END $$;
