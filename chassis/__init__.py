"""What every process stands on. Knows Postgres, NATS and time; knows no gym word.

Each room answers one question: ``settings`` what the environment says, ``clock`` what time it is,
``context`` who asks, ``decider`` what a rule is, ``eventstore`` how decisions are kept, ``relay``
how they reach the bus, ``reader`` and ``projection`` how they become read models, ``bus`` how
services ask each other, ``tenancy`` whose rows one sees, ``auth`` whose token it is (with
``issuers`` who may say so, ``keysets`` by which keys, ``claims`` for whom and when), ``sealing``
how what is personal is kept, ``nats_client`` how one is connected,
``telemetry`` what is told, ``health`` what is answered about it, ``process`` how one starts and
stops.
"""
