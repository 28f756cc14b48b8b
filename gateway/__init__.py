"""The front door: GraphQL for the apps, over HTTP, SSE and WebSocket.

Reads go to the read models as a read-only role with the caller's gym; writes go over the bus to
the service that decides. One file per feature: its types, queries, mutations, subscriptions.
``serve`` is the machinery and knows no gym word.
"""
