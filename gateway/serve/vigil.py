"""Whether who opened a live connection still may: looked at again as long as it lives."""

import asyncio
import random
from collections.abc import Callable
from contextvars import Context

from gateway.serve.answers import masked
from gateway.serve.calls import Credentials
from gateway.serve.engine import Engine
from gateway.serve.faults import Fault, Forbidden, Unauthenticated
from gateway.serve.live import Principal


class Vigil:
    """Shows the connection's credentials again every ``recheck_every`` seconds."""

    def __init__(
        self, engine: Engine, credentials: Credentials, principal: Principal,
        lost: Callable[[], None],
    ) -> None:  # fmt: skip
        """``lost`` is called once, when they no longer prove the same person in the same roles."""
        self._engine, self._credentials, self._lost = engine, credentials, lost
        self._proved = principal.subject, principal.scope
        self._task: asyncio.Task[None] | None = None
        every = engine.settings.recheck_every
        seconds = every * random.uniform(0.5, 1.0)  # noqa: S311 - many reconnect at once
        # What the connection began in, such as its trace, is over when we look.
        Context().run(self._look_in, seconds)

    def end(self) -> None:
        """The connection is gone."""
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _look_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._task = asyncio.create_task(self._judge())

    async def _judge(self) -> None:
        if await self._still_proves_it():
            self._look_in(self._engine.settings.recheck_every)
        else:
            self._task = None  # ``lost`` may end this vigil, which must not cancel it
            self._lost()

    async def _still_proves_it(self) -> bool:
        """What cannot be known just now counts as yes: the token's end is near enough."""
        try:
            known = await self._engine.authenticate(self._credentials)
        except (Unauthenticated, Forbidden):
            return False
        except Fault:
            return True
        except Exception as error:
            masked(error)
            return True
        return (known.subject, known.scope) == self._proved
