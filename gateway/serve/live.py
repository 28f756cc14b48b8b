"""Subscriptions as snapshots: one resolver that answers the whole view, and what it watches."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Protocol, TypeAlias

import strawberry

from gateway.serve.hints import Hints, Listening

AFTER = "after"

Value: TypeAlias = Any
"""Whatever a feature's resolver takes or answers; the machinery never looks inside."""

Resolver: TypeAlias = Callable[..., Awaitable[Value]]


class Principal(Protocol):
    """Who asks, as verified. Features add what they need (the gym, the roles)."""

    @property
    def subject(self) -> str:
        """Who: unique in the whole installation. Limits count per subject."""
        ...

    @property
    def scope(self) -> Hashable:
        """Everything else answers may depend on, such as gym and roles."""
        ...

    @property
    def is_one_person(self) -> bool:
        """Whether limits fit for one person hold; many who are not known may share a subject."""
        ...

    @property
    def expires_at(self) -> float | None:
        """Unix seconds when the credentials end; live connections close then. None: never."""
        ...


class LiveContext(Protocol):
    """What a subscription needs of ``info.context``."""

    @property
    def principal(self) -> Principal: ...

    @property
    def hints(self) -> Hints: ...


class Position(Protocol):
    """How far a view has come."""

    def covers(self, other: Value) -> bool:
        """Whether nothing in ``other`` (another position) is newer than this."""
        ...


@dataclass(eq=False)
class Watch(AsyncIterator[Value]):
    """One caller's look at a live view: what the hub shares, or graphql-core iterates."""

    topics: tuple[str, ...]
    scope: Hashable
    snapshot: Callable[[], Awaitable[Value]]
    """Reads the whole view; the result has ``.position``."""
    after: Position | None
    hints: Hints
    beyond: bool = False
    """Whether more is shown than the position counts, so that it may look otherwise at the same."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _listening: Listening | None = None

    def is_news(self, position: Position, after: Position | None) -> bool:
        """Whether somebody who has seen ``after`` may not have seen what is so at ``position``."""
        if after is None or not after.covers(position):
            return True
        return self.beyond and position.covers(after)

    def __aiter__(self) -> "Watch":
        return self

    async def __anext__(self) -> Value:
        if self._listening is None:
            self._listening = await self.hints.watch(self.topics, lambda _: self._changed.set())
            self._changed.set()
        while True:
            await self._changed.wait()
            self._changed.clear()
            snapshot = await self.snapshot()
            if self.is_news(snapshot.position, self.after):
                self.after = snapshot.position
                return snapshot

    async def aclose(self) -> None:
        """Stop listening; graphql-core calls it when the client is gone."""
        if self._listening is not None:
            await self.hints.unwatch(self._listening)
            self._listening = None


def live(
    *,
    topics: Callable[..., list[str]],
    scope: Callable[[Value], Hashable] | None = None,
    beyond: bool = False,
    description: str | None = None,
    **options: Value,
) -> Callable[[Resolver], Value]:
    """Make a snapshot resolver a subscription field; the package's docstring tells how.

    ``options`` go to ``strawberry.subscription``. The resolver must take ``info`` by that name.
    """

    def decorate(resolver: Resolver) -> Value:
        taken = inspect.signature(resolver).parameters
        if "info" not in taken:
            raise TypeError(f"{resolver.__qualname__} must take info")
        watch = _watching(resolver, topics, scope, forgets_after=AFTER in taken, beyond=beyond)
        return strawberry.subscription(
            _answering_a_stream(watch, resolver), description=description, **options
        )

    return decorate


def _watching(
    resolver: Resolver,
    topics: Callable[..., list[str]],
    scope: Callable[[Value], Hashable] | None,
    *,
    forgets_after: bool,
    beyond: bool,
) -> Callable[..., Watch]:
    """What Strawberry calls with the converted arguments when somebody subscribes."""
    unread: dict[str, Any] = {AFTER: None} if forgets_after else {}

    @wraps(resolver)
    def watch(*source: Value, info: Value, **arguments: Value) -> Watch:
        after = arguments.pop(AFTER, None)
        context: LiveContext = info.context
        who = context.principal

        def snapshot() -> Awaitable[Value]:
            return resolver(*source, info=info, **arguments, **unread)

        return Watch(
            topics=tuple(topics(info, **arguments)),
            scope=(who.subject, who.scope) if scope is None else scope(info),
            snapshot=snapshot,
            after=after,
            hints=context.hints,
            beyond=beyond,
        )

    return watch


def _answering_a_stream(watch: Callable[..., Watch], resolver: Resolver) -> Callable[..., Watch]:
    """The resolver's signature, but for the return: Strawberry wants to see an iterator."""
    one = inspect.signature(resolver)
    stream = AsyncIterator[one.return_annotation]  # type: ignore[name-defined]
    wrapped: Any = watch
    del wrapped.__wrapped__
    wrapped.__signature__ = one.replace(return_annotation=stream)
    wrapped.__annotations__ = {**resolver.__annotations__, "return": stream}
    return watch
