-- Holders are asked with their ban by now.
DROP FUNCTION views.access_of(uuid, uuid, timestamptz);
