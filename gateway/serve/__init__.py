'''Serves a Strawberry schema over HTTP, SSE and graphql-transport-ws. Knows GraphQL; no gym word.

How a process uses it::

    hints = Hints(feed)                       # feed: how a topic is heard, see ``hints.Feed``
    door = Door(schema, ServeSettings(...), authenticate=..., make_context=..., clock=...)
    routes = [Mount("/graphql", app=door)]    # a plain ASGI app for http and websocket
    ...
    await door.drain()                        # closes live connections with "come back" (1012)

``authenticate(credentials: Credentials) -> Principal`` is async and raises ``Unauthenticated`` or
``Forbidden``. ``make_context(principal, call: Call) -> context`` is called once per operation, and
once per execution of a shared subscription: loaders put in it never outlive one execution. What it
returns is ``info.context``; to serve subscriptions it must have ``principal`` and ``hints``
(``LiveContext``).

How a feature writes a subscription::

    def _topics(info: Info, session_id: UUID) -> list[str]:
        return [f"live.{info.context.principal.gym_id}.roster.{session_id}"]

    @strawberry.type
    class RosterSubscription:
        @live(topics=_topics, scope=lambda info: (info.context.principal.gym_id, "staff"))
        async def roster_changed(
            self, info: Info, session_id: strawberry.ID, after: Position | None = None
        ) -> RosterUpdate:
            """The roster now, and again after every change."""
            return await read_roster(info.context, session_id)      # has .position

- The function is a *snapshot resolver*: async, answers the whole view as it is now. It runs when
  somebody joins and after a hint, once for everybody who asked the same question.
- ``topics`` gets ``info`` and the resolver's arguments but ``after``; a hint on one of them
  (``hints.hint(topic, position)``) re-executes. It may raise ``Forbidden``; so may the resolver.
- ``scope`` names everything about the caller that the answer depends on. Callers of equal scope
  see the same bytes. Left out it is the caller alone (``principal.subject`` and ``scope``).
- What the resolver returns has ``.position``; ``after`` (optional argument) is of the same type,
  whose method ``after.covers(position) -> bool`` says that nothing new is in ``position``.
- ``beyond=True`` where the answer rests on more than its position counts, such as names another
  view tells or the clock: then who has seen that position gets the first frame all the same.
- ``description=`` goes to the schema. The GraphQL field is an ordinary subscription: graphql-core
  can run it alone, an async iterator of snapshots.

Expected faults are raised from anywhere as ``gateway.serve.faults.Fault`` subclasses and reach the
client with their code; every other exception is masked as ``INTERNAL`` and logged.
'''
