-- How people prove who they are. Owned by members_owner; read and written by members_auth. Not
-- events: a password hash must be forgettable, a token is worth nothing tomorrow.

CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA auth TO members_auth;

-- Slug -> gym, for sign-in, which knows no gym yet. An index of the gym streams, so no gym's own.
CREATE TABLE auth.gyms (
    gym_id uuid PRIMARY KEY,
    slug   text NOT NULL UNIQUE
);

-- One row per person who can, or could, sign in with a password. email_index is an HMAC of the
-- address. Without a hash the row is the tombstone of an erased person.
CREATE TABLE auth.credentials (
    gym_id        uuid NOT NULL,
    person_id     uuid NOT NULL,
    actor         text NOT NULL,
    email_index   uuid,
    as_of         int  NOT NULL, -- version of the person's stream the address was taken from
    password_hash text,          -- argon2id
    PRIMARY KEY (gym_id, person_id),
    UNIQUE (gym_id, email_index)
);

-- One row per sign-in, from password to end; dropped when the person signs in after its expiry.
CREATE TABLE auth.sign_ins (
    gym_id     uuid        NOT NULL,
    sign_in_id uuid        NOT NULL,
    actor      text        NOT NULL,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz,
    ended_by   text, -- signed_out, reused_token, lost_access or erased
    PRIMARY KEY (gym_id, sign_in_id)
);
CREATE INDEX sign_ins_actor ON auth.sign_ins (gym_id, actor);

-- Every refresh token of a sign-in, as a hash. used_by is the command that exchanged it.
CREATE TABLE auth.refresh_tokens (
    gym_id     uuid        NOT NULL,
    token_hash bytea       NOT NULL,
    sign_in_id uuid        NOT NULL,
    expires_at timestamptz NOT NULL,
    used_by    uuid,
    PRIMARY KEY (gym_id, token_hash),
    FOREIGN KEY (gym_id, sign_in_id) REFERENCES auth.sign_ins ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_sign_in ON auth.refresh_tokens (gym_id, sign_in_id);

-- External identities: issuer and an HMAC of the subject -> who that is at the gym.
CREATE TABLE auth.identities (
    gym_id        uuid NOT NULL,
    issuer        text NOT NULL,
    subject_index uuid NOT NULL,
    actor         text NOT NULL,
    PRIMARY KEY (gym_id, issuer, subject_index)
);
CREATE INDEX identities_actor ON auth.identities (gym_id, actor);

-- Erasures begun and not known to be finished, opaque ids only; swept by members whatever the gym.
CREATE TABLE auth.erasures (
    gym_id    uuid        NOT NULL,
    client_id uuid        NOT NULL,
    begun_at  timestamptz NOT NULL,
    PRIMARY KEY (gym_id, client_id)
);

-- Failed sign-ins by HMAC of account or network address; counted before anybody knows the gym.
CREATE TABLE auth.attempts (
    key     bytea       PRIMARY KEY,
    tries   int         NOT NULL,
    ends_at timestamptz NOT NULL -- when the window is over
);
CREATE INDEX attempts_ends ON auth.attempts (ends_at);

-- Keys access tokens are signed with, private part wrapped by the master key. The newest whose
-- time has come signs; the next is published ahead of its time, the last for a while after it.
CREATE TABLE auth.signing_keys (
    kid            text        PRIMARY KEY,
    public_jwk     jsonb       NOT NULL,
    master_version int         NOT NULL,
    wrapped        bytea       NOT NULL,
    active_from    timestamptz NOT NULL
);

-- Counts a try against p_key unless p_limit of them were made in the current window. NULL when it
-- may be made, else the end of the window. One statement, so that tries in parallel all count.
CREATE FUNCTION auth.try(p_key bytea, p_limit int, p_now timestamptz, p_window interval)
RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    counted auth.attempts;
BEGIN
    INSERT INTO auth.attempts AS a (key, tries, ends_at) VALUES (p_key, 1, p_now + p_window)
    ON CONFLICT (key) DO UPDATE
       SET tries   = CASE WHEN a.ends_at <= p_now THEN 1 ELSE least(a.tries + 1, p_limit + 1) END,
           ends_at = CASE WHEN a.ends_at <= p_now THEN p_now + p_window ELSE a.ends_at END
    RETURNING * INTO counted;
    RETURN CASE WHEN counted.tries > p_limit THEN counted.ends_at END;
END $$;
REVOKE EXECUTE ON FUNCTION auth.try(bytea, int, timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.try(bytea, int, timestamptz, interval) TO members_auth;

-- Tenancy and grants -----------------------------------------------------------------------------
CREATE FUNCTION auth.gym() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.gym_id', true), '')::uuid $$;

ALTER TABLE auth.credentials    ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.credentials    FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.sign_ins       ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.sign_ins       FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.refresh_tokens FORCE ROW LEVEL SECURITY;
ALTER TABLE auth.identities     ENABLE ROW LEVEL SECURITY;
ALTER TABLE auth.identities     FORCE ROW LEVEL SECURITY;

CREATE POLICY own_gym ON auth.credentials TO members_auth
    USING (gym_id = (SELECT auth.gym())) WITH CHECK (gym_id = (SELECT auth.gym()));
CREATE POLICY own_gym ON auth.sign_ins TO members_auth
    USING (gym_id = (SELECT auth.gym())) WITH CHECK (gym_id = (SELECT auth.gym()));
CREATE POLICY own_gym ON auth.refresh_tokens TO members_auth
    USING (gym_id = (SELECT auth.gym())) WITH CHECK (gym_id = (SELECT auth.gym()));
CREATE POLICY own_gym ON auth.identities TO members_auth
    USING (gym_id = (SELECT auth.gym())) WITH CHECK (gym_id = (SELECT auth.gym()));

GRANT SELECT, INSERT ON auth.gyms TO members_auth;
GRANT SELECT, INSERT, UPDATE ON auth.credentials TO members_auth;
GRANT SELECT, INSERT, UPDATE, DELETE ON auth.sign_ins, auth.refresh_tokens, auth.attempts
   TO members_auth;
GRANT SELECT, INSERT, DELETE ON auth.identities, auth.erasures, auth.signing_keys
   TO members_auth;
