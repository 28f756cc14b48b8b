"""Where a gym is at home: which of a service's replicas decides for it.

Two replicas that decide for one gym make each other's states in memory old, and decide again. So
every gym is at home at one of those who are there: the one whose name scores highest with the
gym's, so that whoever comes or leaves moves no gyms but its own. Who is there says so twice a
second. What reaches another replica is handed on, and the answer handed back.

Nothing but speed rests on it. Whenever it is in doubt who is there, whoever was asked decides, and
versions keep them apart (ADR 2, ADR 41).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from uuid import UUID

import anyio
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error, NoRespondersError

from chassis.bus.counter import AT_ONCE, Counter, Serve
from chassis.nats_client import settled
from contracts.ids import new_id

HELLO_EVERY = 0.5  # seconds
SILENT_AFTER = 2.0  # seconds without a hello: long for a busy process, short for who waits
STORE_SECONDS = 3.0  # in which the store answers, or others may have a better way to it
HERE, LEAVING, CUT_OFF = "here", "leaving", "cut_off"
NOT_OURS = b""  # the answer of who has done nothing of it: see to it yourself
SUBJECT = "B2b-Handed-On"  # header: where the message was sent to
KINDS_AT_ONCE = 4  # of everything that is handed on to us, as many as of so many kinds

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Peer:
    """Another replica of the same service."""

    heard_at: float
    sees_to: frozenset[str] = frozenset()
    """First words of the subjects it serves: a process may be one part of a service only."""
    is_leaving: bool = False
    """Or cut off from its store. It is handed no more."""
    waiting: set[asyncio.Task[Msg]] = field(default_factory=set)
    """What was handed on to it and is not answered yet."""

    def give_up(self) -> None:
        """Wait no longer for what was handed on to it."""
        for asked in self.waiting:
            asked.cancel()


class Homes:
    """One replica's knowledge of who else is there. ``open`` it, ``keep`` it, ``leave``, ``close``.

    Everything that may be handed on to us is registered with ``serve`` before.
    """

    def __init__(self, service: str) -> None:
        self._service, self._name = service, new_id().hex[-12:]
        self._peers: dict[str, Peer] = {}
        self._homes: dict[tuple[str, UUID], str] = {}
        self._served: dict[str, Serve] = {}
        self._is_leaving = self._is_cut_off = False
        self._client: Client | None = None
        self._counter = Counter(
            f"home.{service}.{self._name}", "", self._answer, at_once=KINDS_AT_ONCE * AT_ONCE
        )

    @property
    def others(self) -> frozenset[str]:
        """The replicas there are beside us and stay, as far as we know."""
        return frozenset(name for name, peer in self._peers.items() if not peer.is_leaving)

    def serve(self, subject: str, serve: Serve) -> None:
        """Answer by ``serve`` what others were sent at ``subject`` and hand on to us."""
        self._served[subject] = serve

    async def open(self, client: Client) -> None:
        """Take what is handed on, and say that we are there."""
        self._client = client
        await self._counter.open(client)
        await client.subscribe(self._meeting, cb=self._hear)
        await settled(client)
        await self._say()

    async def keep(self, stopping: anyio.Event) -> None:
        """Until ``stopping``: say that we are there, and forget whoever fell silent."""
        while not stopping.is_set():
            await self._say()
            silent_since = time.monotonic() - SILENT_AFTER
            for name in [one for one, peer in self._peers.items() if peer.heard_at < silent_since]:
                if not self._peers[name].is_leaving:
                    log.warning("replica fell silent", service=self._service)
                self._forget(name)
            with anyio.move_on_after(HELLO_EVERY):
                await stopping.wait()

    async def heed(self, store: Callable[[], Awaitable[object]], stopping: anyio.Event) -> None:
        """Until ``stopping``: have no gym at home while ``store`` does not answer us.

        Others may have a way to it. When nobody has, whoever is asked tries.
        """
        while not stopping.is_set():
            fault = await _fault_of(store)
            if self._is_cut_off is (fault is None):
                self._is_cut_off = fault is not None
                log.warning("store away" if fault else "store is back", service=self._service,
                            reason=fault)  # fmt: skip
                self._homes.clear()
                await self._say()
            with anyio.move_on_after(HELLO_EVERY):
                await stopping.wait()

    async def leave(self) -> None:
        """Have no gym at home any more: others take them, and hand nothing on to us."""
        self._is_leaving = True
        self._homes.clear()
        await self._say()
        if self._client is not None and self._client.is_connected:
            try:
                await settled(self._client)
            except (Error, OSError) as error:  # then they notice when we are gone
                log.warning("left unheard", reason=type(error).__name__)

    async def close(self) -> None:
        """Answer what was handed on to us, and take no more."""
        await self._counter.close()

    def elsewhere(self, gym_id: UUID, subject: str) -> str | None:
        """The replica at which the gym is at home, for what comes at ``subject``; None: we are."""
        if not self._peers:
            return None
        kind = _kind(subject)
        home = self._homes.get((kind, gym_id))
        if home is None:
            there = {name for name in self.others if kind in self._peers[name].sees_to}
            if not there or self._is_home:
                there.add(self._name)
            home = max(there, key=lambda name: _score(gym_id, name))
            self._homes[kind, gym_id] = home
        return None if home == self._name else home

    async def hand_on(
        self, home: str, subject: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> bytes | None:
        """What ``home`` answers to what was sent to ``subject``; None: see to it yourself.

        None as soon as it is gone or falls silent, when it does not know what that is or finds it
        too late, and after ``seconds``: it may have been done.
        """
        peer = self._peers.get(home)
        if peer is None or self._client is None:
            return None
        asked = asyncio.ensure_future(
            self._client.request(
                f"home.{self._service}.{home}", body, timeout=seconds,
                headers={**headers, SUBJECT: subject},
            )
        )  # fmt: skip
        peer.waiting.add(asked)
        try:
            await asyncio.wait((asked,))
            return None if asked.cancelled() else asked.result().data or None
        except NoRespondersError:
            self._forget(home)
        except (Error, TimeoutError, OSError) as error:
            log.warning("not handed on", subject=subject, reason=type(error).__name__)
        finally:
            peer.waiting.discard(asked)
            asked.cancel()  # nobody waits any more; no effect on what is done
        return None

    @property
    def _is_home(self) -> bool:
        """Whether gyms may be at home here."""
        return not (self._is_leaving or self._is_cut_off)

    @property
    def _meeting(self) -> str:
        return f"peers.{self._service}"

    async def _say(self) -> None:
        word = LEAVING if self._is_leaving else CUT_OFF if self._is_cut_off else HERE
        if self._client is None or not self._client.is_connected:
            return  # it would be told when it is old
        told = " ".join((word, self._name, *sorted(set(map(_kind, self._served)))))
        try:
            await self._client.publish(self._meeting, told.encode())
        except (Error, OSError) as error:
            log.debug("hello not heard", reason=type(error).__name__)

    async def _hear(self, message: Msg) -> None:
        word, name, *sees_to = message.data.decode(errors="replace").split(" ")
        if name == self._name:
            return
        is_leaving, peer = word != HERE, self._peers.get(name)
        if peer is None:
            self._peers[name] = Peer(time.monotonic(), frozenset(sees_to), is_leaving)
            self._homes.clear()
            await self._say()  # it does not know us yet
            return
        peer.heard_at = time.monotonic()
        if peer.is_leaving != is_leaving:
            peer.is_leaving = is_leaving
            self._homes.clear()
        if word == CUT_OFF:  # it would answer when nobody waits any more
            peer.give_up()

    def _forget(self, name: str) -> None:
        peer = self._peers.pop(name, None)
        if peer is None:
            return
        self._homes.clear()
        peer.give_up()

    async def _answer(self, message: Msg) -> bytes:
        subject = (message.headers or {}).get(SUBJECT, "")
        if (serve := self._served.get(subject)) is None:  # we are of another release
            return NOT_OURS
        return await serve(replace(message, subject=subject))


async def _fault_of(store: Callable[[], Awaitable[object]]) -> str | None:
    """Why ``store`` does not answer in time, whatever it is; None: it does."""
    try:
        with anyio.fail_after(STORE_SECONDS):
            await store()
    except Exception as error:
        return type(error).__name__
    return None


def _score(gym_id: UUID, name: str) -> bytes:
    return blake2b(gym_id.bytes + name.encode(), digest_size=8).digest()


def _kind(subject: str) -> str:
    """Commands, queries or events."""
    return subject.partition(".")[0]
