"""The asking side: one signed message, one typed reply, or the plain word that none came."""

from datetime import datetime, timedelta

from nats.aio.client import Client
from nats.errors import Error, NoRespondersError
from pydantic import ValidationError

from chassis.bus import replies
from chassis.bus.signature import HEADER, sign
from chassis.clock import Clock
from chassis.telemetry import traceparent
from contracts.envelope import Caller, Command, Reply, subject_of

ASK_SECONDS = 2.0
TURNS = 6  # replicas asked, at most, while they say that it is too late and we that it is not
SAME_TIME = timedelta(0)


class Unavailable(Exception):
    """No reply in time. ``outcome_unknown``: it may have been done; ask again with the same key."""

    def __init__(self, operation: str, *, outcome_unknown: bool) -> None:
        super().__init__(f"no reply to {operation}")
        self.operation = operation
        self.outcome_unknown = outcome_unknown


class Asker:
    """Asks services over ``nats`` in the name of a caller."""

    def __init__(self, nats: Client, *, key: bytes, clock: Clock) -> None:
        self._nats = nats
        self._key = key
        self._clock = clock

    async def ask(self, command: Command, caller: Caller, timeout: float = ASK_SECONDS) -> Reply:
        """The service's reply within ``timeout`` seconds and before the caller's deadline.

        A replica that finds it too late before we do has done nothing, and a wrong clock: another
        is asked. When all do, the wrong one is ours, or there is no other: then it goes by theirs.
        Raises ``Unavailable`` when nobody serves the command or answered in time.
        """
        deadline = min(caller.deadline, self._clock.now() + timedelta(seconds=timeout))
        for _ in range(TURNS):
            reply = await self._asked(command, caller, deadline)
            if reply.code != replies.TOO_LATE or self._clock.now() >= deadline:
                return reply
        their_time = replies.told_at(reply)
        if their_time is None:
            return reply
        return await self._asked(command, caller, deadline, their_time - self._clock.now())

    async def _asked(
        self, command: Command, caller: Caller, deadline: datetime, ahead: timedelta = SAME_TIME
    ) -> Reply:
        """``deadline`` by our clock; theirs is so far ``ahead``."""
        operation = command.command_type
        seconds = (deadline - self._clock.now()).total_seconds()
        if seconds <= 0:
            raise Unavailable(operation, outcome_unknown=False)
        subject, body = subject_of(type(command)), command.model_dump_json().encode()
        header = sign(self._signed_by(caller, deadline + ahead), subject, body, self._key)
        headers = {HEADER: header, "content-type": "application/json"}
        try:
            message = await self._nats.request(subject, body, timeout=seconds, headers=headers)
            return Reply.model_validate_json(message.data)
        except NoRespondersError:
            raise Unavailable(operation, outcome_unknown=False) from None
        except (Error, TimeoutError, OSError, ValidationError) as error:
            raise Unavailable(operation, outcome_unknown=True) from error

    def _signed_by(self, caller: Caller, deadline: datetime) -> Caller:
        """``caller`` as it travels: with our patience as deadline and our span as parent."""
        span = traceparent() or caller.traceparent
        return caller.model_copy(update={"deadline": deadline, "traceparent": span})
