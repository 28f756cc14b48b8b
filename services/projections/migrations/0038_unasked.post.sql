-- Closures are asked with their version by now.
DROP FUNCTION views.closures(uuid, uuid);
DROP FUNCTION views.location_closures(uuid, date);
