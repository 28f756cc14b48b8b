"""The front door: GraphQL for the apps, over HTTP, SSE and WebSocket.

Reads go to the read models as a read-only role with the caller's gym; writes go over the bus to
the service that decides. A feature's queries, mutations and subscriptions are in a module named for
it; its types and payloads too, or beside it where they are many (``schedules``,
``schedule_types``, ``schedule_outcomes``). ``schema`` puts all of them together, ``codes`` says why
mutations refuse. What every feature stands on: ``context``, ``mutations``, ``ids``, ``positions``,
``paging``. The process: ``app``, ``front``, ``identity``, ``feed``, ``pulses``. ``serve`` is the
machinery and knows no gym word.
"""
