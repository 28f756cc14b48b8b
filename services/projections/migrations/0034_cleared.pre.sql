-- What a case showed before its violation was cleared: so it is shown again when it counts again and no
-- other fee is asked for. Null while it is not cleared.
ALTER TABLE views.penalties ADD COLUMN before_cleared text;
