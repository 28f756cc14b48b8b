"""Read models: what screens look at, folded from the services' events.

Owns      the database of read models; each module here is one of them, its tables in ``migrations``
Listens   EVT_BOOKING: calendar, roster, ledgers, penalties; EVT_BILLING: invoices;
          EVT_MEMBERS: people, organisation
Emits     nothing durable: live hints ``live.<gym>.<view>.<key>`` and ``progress.<view>``
Promises  every event once, in order; a rebuild gives the same rows; no effect outside its tables
"""
