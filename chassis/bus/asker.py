"""The asking side: one signed message, one typed reply, or the plain word that none came."""

from datetime import timedelta

from nats.aio.client import Client
from nats.errors import Error, NoRespondersError
from pydantic import ValidationError

from chassis.bus.signature import HEADER, sign
from chassis.clock import Clock
from chassis.telemetry import traceparent
from contracts.envelope import Caller, Command, Reply, subject_of

ASK_SECONDS = 2.0


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

        Raises ``Unavailable`` when nobody serves the command or nobody answered in time.
        """
        operation = command.command_type
        now = self._clock.now()
        seconds = min(timeout, (caller.deadline - now).total_seconds())
        if seconds <= 0:
            raise Unavailable(operation, outcome_unknown=False)
        subject, body = subject_of(type(command)), command.model_dump_json().encode()
        header = sign(self._signed_by(caller, now + timedelta(seconds=seconds)), subject, body,
                      self._key)  # fmt: skip
        headers = {HEADER: header, "content-type": "application/json"}
        try:
            message = await self._nats.request(subject, body, timeout=seconds, headers=headers)
            return Reply.model_validate_json(message.data)
        except NoRespondersError:
            raise Unavailable(operation, outcome_unknown=False) from None
        except (Error, TimeoutError, OSError, ValidationError) as error:
            raise Unavailable(operation, outcome_unknown=True) from error

    def _signed_by(self, caller: Caller, deadline: object) -> Caller:
        """``caller`` as it travels: with our patience as deadline and our span as parent."""
        span = traceparent() or caller.traceparent
        return caller.model_copy(update={"deadline": deadline, "traceparent": span})
