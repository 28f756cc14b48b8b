-- The keys personal fields are sealed with. A database of its own, so that its backups can be
-- short-lived: a key that is destroyed must not come back with last year's dump.

CREATE SCHEMA vault;
GRANT USAGE ON SCHEMA vault TO members_vault;

-- Written and read by members only. A row is never deleted: wrapped = NULL says the person is
-- erased, for good.
CREATE TABLE vault.person_keys (
    gym_id         uuid        NOT NULL,
    person_id      uuid        NOT NULL,
    master_version int         NOT NULL,
    wrapped        bytea,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_at      timestamptz,
    PRIMARY KEY (gym_id, person_id),
    CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
);
CREATE INDEX person_keys_master ON vault.person_keys (gym_id, master_version)
    WHERE wrapped IS NOT NULL;

-- Erased is erased: no later statement puts a key back.
CREATE FUNCTION vault.stay_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.wrapped IS NULL AND NEW.wrapped IS NOT NULL THEN
        RAISE EXCEPTION 'the key of an erased person does not come back';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stay_erased BEFORE UPDATE ON vault.person_keys
    FOR EACH ROW EXECUTE FUNCTION vault.stay_erased();

-- Secrets of the installation, such as the key of the blind indexes. Belong to no gym.
CREATE TABLE vault.secrets (
    name           text  PRIMARY KEY,
    master_version int   NOT NULL,
    wrapped        bytea NOT NULL
);

ALTER TABLE vault.person_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault.person_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own_gym ON vault.person_keys TO members_vault
    USING (gym_id = (SELECT nullif(current_setting('app.gym_id', true), '')::uuid))
    WITH CHECK (gym_id = (SELECT nullif(current_setting('app.gym_id', true), '')::uuid));

GRANT SELECT, INSERT, UPDATE ON vault.person_keys TO members_vault;
GRANT SELECT, INSERT ON vault.secrets TO members_vault;
