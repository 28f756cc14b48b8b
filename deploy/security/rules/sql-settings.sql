-- Planted faults: the rule must find its own, and leave what is right alone. semgrep reads annotations behind a "#".

-- # ruleid: setting-outlives-its-transaction-sql
SELECT set_config('app.gym_id', p_gym::text, false);
-- # ruleid: setting-outlives-its-transaction-sql
SELECT set_config(concat('app.', 'gym_id'), coalesce(p_gym::text, ''), FALSE);
-- # ruleid: setting-outlives-its-transaction-sql
SELECT set_config(setting_name => 'app.gym_id', new_value => p_gym::text, is_local => false);
-- # ruleid: setting-outlives-its-transaction-sql
SET app.gym_id = 'x';
-- # ruleid: setting-outlives-its-transaction-sql
SET SESSION app.gym_id TO 'x';
-- # ok: setting-outlives-its-transaction-sql
SELECT set_config('app.gym_id', p_gym::text, true);
-- # ok: setting-outlives-its-transaction-sql
SET LOCAL app.gym_id = 'x';
-- # ok: setting-outlives-its-transaction-sql
UPDATE series SET paused = false;
