"""Read models: what screens look at, folded from the services' events.

Owns      the database of read models; a module with a model (``MODEL``, and people's, which needs
          keys) is one of them, the others are parts of these; their tables are in ``migrations``
Hears     EVT_BOOKING: calendar, roster, timetable, ledgers, penalties, receipts, kpis;
          EVT_MEMBERS: people, organisation; EVT_BILLING: invoices; EVT_ACCESS: doors, entries,
          holders
Emits     nothing durable: live hints ``live.<gym>.<view>.<key>`` and ``progress.<view>``
Promises  every event once, in order; a rebuild gives the same rows; no effect outside its tables
"""
