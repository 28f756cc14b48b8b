-- What screens asked before later files gave them a function that tells more: nobody asks these any more.
DROP FUNCTION views.my_bookings(uuid, uuid, timestamptz, uuid, int);
DROP FUNCTION views.ledger(uuid, uuid);
DROP FUNCTION views.clients_page(uuid, text, text, text, uuid, int);
DROP FUNCTION views.client(uuid, uuid);
DROP FUNCTION views.staff_page(uuid, text, uuid, int);
DROP FUNCTION views.kpi_sessions(uuid, date, date);
DROP FUNCTION views.entries_page(uuid, uuid, timestamptz, uuid, int);
DROP FUNCTION views.ledger_of(uuid, uuid);
DROP FUNCTION views.class_types(uuid);
