-- People: staff and clients with their personal fields opened. Written by the projector from members'
-- events; PersonalDataErased clears a row. Text that is searched sorts in the "C" collation: its
-- comparisons are leakproof, so an index serves them under row security.
CREATE TABLE views.clients (
    gym_id    uuid   NOT NULL,
    client_id uuid   NOT NULL,
    name      text   NOT NULL,
    sort_name text   COLLATE "C" NOT NULL,
    email     text,
    email_key text   COLLATE "C",
    phone     text,
    status    text   NOT NULL,
    version   int    NOT NULL,
    position  bigint NOT NULL,
    PRIMARY KEY (gym_id, client_id)
);
CREATE INDEX clients_by_name ON views.clients (gym_id, sort_name, client_id);
CREATE INDEX clients_by_email ON views.clients (gym_id, email_key);
SELECT views.protect('views.clients');

CREATE TABLE views.staff (
    gym_id    uuid   NOT NULL,
    staff_id  uuid   NOT NULL,
    name      text   NOT NULL,
    sort_name text   COLLATE "C" NOT NULL,
    email     text   NOT NULL,
    roles     text[] NOT NULL,
    version   int    NOT NULL,
    position  bigint NOT NULL,
    PRIMARY KEY (gym_id, staff_id)
);
CREATE INDEX staff_by_name ON views.staff (gym_id, sort_name, staff_id);
SELECT views.protect('views.staff');

-- Clients by name, behind the keyset, without the erased; all of them, those with this e-mail, or those whose name starts
-- so (p_prefix and p_email in lower case; null: any). At least one row; client_id null: nothing.
CREATE FUNCTION views.clients_page(
    p_gym uuid, p_prefix text, p_email text, p_after_name text, p_after_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, client_id uuid, name text, sort_name text, email text, phone text, status text, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    IF p_email IS NOT NULL THEN
        RETURN QUERY
        SELECT c.position, p.client_id, p.name, p.sort_name::text, p.email, p.phone, p.status, p.version
          FROM views.checkpoints c
          LEFT JOIN (SELECT * FROM views.clients
                      WHERE gym_id = p_gym AND email_key = p_email AND status <> 'erased'
                        AND (sort_name, client_id) > (p_after_name COLLATE "C", p_after_id)
                      ORDER BY sort_name, client_id LIMIT p_first) p ON true
         WHERE c.name = 'people' ORDER BY p.sort_name, p.client_id;
    ELSE
        RETURN QUERY
        SELECT c.position, p.client_id, p.name, p.sort_name::text, p.email, p.phone, p.status, p.version
          FROM views.checkpoints c
          LEFT JOIN (SELECT * FROM views.clients
                      WHERE gym_id = p_gym AND status <> 'erased'
                        AND sort_name >= coalesce(p_prefix, '') COLLATE "C"
                        AND sort_name < coalesce(p_prefix, '') || chr(1114111) COLLATE "C"
                        AND (sort_name, client_id) > (p_after_name COLLATE "C", p_after_id)
                      ORDER BY sort_name, client_id LIMIT p_first) p ON true
         WHERE c.name = 'people' ORDER BY p.sort_name, p.client_id;
    END IF;
END $$;

-- One client; client_id is null when the gym has no such client.
CREATE FUNCTION views.client(p_gym uuid, p_client uuid) RETURNS TABLE (
    as_of bigint, client_id uuid, name text, sort_name text, email text, phone text, status text, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, p.client_id, p.name, p.sort_name::text, p.email, p.phone, p.status, p.version
      FROM views.checkpoints c
      LEFT JOIN views.clients p ON p.gym_id = p_gym AND p.client_id = p_client
     WHERE c.name = 'people';
END $$;

-- Staff by name, behind the keyset. At least one row; staff_id null: nothing.
CREATE FUNCTION views.staff_page(
    p_gym uuid, p_after_name text, p_after_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, staff_id uuid, name text, sort_name text, email text, roles text[], version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, p.staff_id, p.name, p.sort_name::text, p.email, p.roles, p.version
      FROM views.checkpoints c
      LEFT JOIN (SELECT * FROM views.staff
                  WHERE gym_id = p_gym
                    AND (sort_name, staff_id) > (p_after_name COLLATE "C", p_after_id)
                  ORDER BY sort_name, staff_id LIMIT p_first) p ON true
     WHERE c.name = 'people' ORDER BY p.sort_name, p.staff_id;
END $$;
