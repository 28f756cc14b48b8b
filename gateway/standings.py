"""What sign-ins are worth just now, as members says: asked in batches, remembered for a moment.

A token says what was true when it was made. Signing out, leaving and other roles show here within
``STALE`` seconds of a request, and never later than the token ends. An open connection, looked at
every RECHECK_SECONDS, is found out one look after that at the latest: within ``PROMISED`` seconds.
While members does not answer, or not so that we understand it, what was last known holds: the
tokens in question end within minutes, and turning everybody away would close the gym instead of a
door.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeAlias
from uuid import UUID

import structlog
from prometheus_client import Counter

from chassis.auth import Principal
from chassis.bus.asker import Unavailable
from chassis.clock import Clock
from contracts.ids import GymId

FRESH = 20.0  # seconds an answer is used as it is
STALE = 35.0  # seconds it is used while it is asked again behind the scenes
PROMISED = 60.0  # seconds until an open connection shows it, whatever RECHECK_SECONDS may be
AWAY = 2.0  # seconds nothing is asked after nobody answered; about one gym, after a useless answer
KEPT = 50_000
AT_ONCE = 500  # sign-ins in one question

Roles: TypeAlias = frozenset[str]
Ask: TypeAlias = Callable[[GymId, Mapping[UUID, str]], Awaitable[Mapping[UUID, Roles]]]
"""(gym, sign-in -> actor) -> the roles of those that stand. Raises ``Unavailable``."""

UNANSWERED = Counter("b2b_gateway_standing_unanswered_total", "Questions without a useful answer.")

log = structlog.get_logger(__name__)


class Unclear(Unavailable):
    """Members replied, but did not say what was asked."""


class _Known(NamedTuple):
    roles: Roles
    at: float  # Unix seconds; true then


class _Question:
    """One question that is still being written."""

    def __init__(self) -> None:
        self.sign_ins: dict[UUID, str] = {}
        self.answered = asyncio.Event()


class Standings:
    """One per process."""

    def __init__(self, ask: Ask, clock: Clock) -> None:
        self._ask, self._clock = ask, clock
        self._known: OrderedDict[UUID, _Known] = OrderedDict()
        self._open: dict[GymId, deque[_Question]] = {}
        self._asking: dict[GymId, asyncio.Task[None]] = {}
        self._away_until = 0.0
        self._unclear_until: dict[GymId, float] = {}

    async def roles(self, principal: Principal) -> Roles:
        """The roles ``principal``'s sign-in has today; none when it is over."""
        sign_in = principal.sign_in_id
        if sign_in is None:
            return principal.roles
        now = self._now()
        known = self._known.get(sign_in)
        proved_at = principal.proved_at.timestamp()
        if known is None or known.at < proved_at <= now:
            known = _Known(principal.roles, min(proved_at, now))
            self._keep(sign_in, known)
        age = abs(now - known.at)  # the clock may have been put back since
        if age <= FRESH or now < max(
            self._away_until, self._unclear_until.get(principal.gym_id, 0.0)
        ):
            return known.roles
        answered = self._ask_again(principal.gym_id, sign_in, principal.actor)
        if age > STALE:
            await answered.wait()
            known = self._known.get(sign_in, known)
        return known.roles

    def _ask_again(self, gym_id: GymId, sign_in: UUID, actor: str) -> asyncio.Event:
        """Put it on the gym's next question; who asks meanwhile shares it."""
        waiting = self._open.setdefault(gym_id, deque())
        if not waiting or len(waiting[-1].sign_ins) >= AT_ONCE:
            waiting.append(_Question())
        waiting[-1].sign_ins[sign_in] = actor
        if gym_id not in self._asking:
            self._asking[gym_id] = asyncio.create_task(self._ask_all(gym_id, waiting))
        return waiting[-1].answered

    async def _ask_all(self, gym_id: GymId, waiting: deque[_Question]) -> None:
        try:
            while waiting:
                await self._answer(gym_id, waiting.popleft())
        finally:
            del self._asking[gym_id], self._open[gym_id]
            for question in waiting:  # nobody comes to them any more
                question.answered.set()

    async def _answer(self, gym_id: GymId, question: _Question) -> None:
        now = self._now()
        try:
            roles = await self._ask(gym_id, question.sign_ins)
        except Unclear:
            log.warning("standing not told", sign_ins=len(question.sign_ins))
            self._is_unclear(gym_id)
        except Unavailable:
            log.warning("standing unanswered", sign_ins=len(question.sign_ins))
            UNANSWERED.inc()
            self._away_until = self._now() + AWAY
        except Exception:  # an answer of another version of members, which is none
            log.exception("standing not understood", sign_ins=len(question.sign_ins))
            self._is_unclear(gym_id)
        else:
            self._unclear_until.pop(gym_id, None)
            for sign_in in question.sign_ins:
                self._keep(sign_in, _Known(roles.get(sign_in, frozenset()), now))
        finally:
            question.answered.set()

    def _is_unclear(self, gym_id: GymId) -> None:
        UNANSWERED.inc()
        self._unclear_until[gym_id] = self._now() + AWAY

    def _keep(self, sign_in: UUID, known: _Known) -> None:
        self._known[sign_in] = known
        self._known.move_to_end(sign_in)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)

    def _now(self) -> float:
        return self._clock.now().timestamp()
