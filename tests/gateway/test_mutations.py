"""What a mutation answers: what was changed, or why nothing was."""

from typing import Any

import pytest

from chassis.clock import FixedClock
from contracts.booking import CancelSession
from contracts.envelope import Reply
from contracts.ids import GymId, SessionId, new_id
from gateway import ids
from gateway.codes.booking import CancelSessionErrorCode
from gateway.context import Context, Principal, Services
from gateway.mutations import answer
from gateway.positions import Position
from gateway.scheduling import CancelSessionInput, CancelSessionPayload
from gateway.serve.calls import Call
from tests.envelopes import RECORDED_AT

DONE = Reply(outcome="done", result={}, position=7)
REFUSED = Reply(outcome="refused", code="SESSION_NOT_FOUND", message="There is none.", position=7)
SPIN = ids.shown("ses", new_id())
UNKNOWN = "ses_unknown"


class Service:
    """Answers every command the same way."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def ask(self, *_command: object) -> Reply:
        return self._reply


async def cancelled(reply: Reply, session: str = SPIN) -> CancelSessionPayload:
    """What the owner is told who calls ``session`` off, when the service replies so."""
    owner = Principal(GymId(new_id()), f"staff:{new_id()}", frozenset({"owner"}))
    service: Any = Service(reply)
    none: Any = None
    services = Services(
        views=none, asker=service, clock=FixedClock(RECORDED_AT), hints=none, progress=none,
        pulses=none, token_key=b"",
    )  # fmt: skip
    context = Context(owner, Call({}, "mutation", None), services)
    asked = CancelSessionInput(idempotency_key=new_id(), session_id=session, reason="ill")  # type: ignore[arg-type]
    return await answer(
        CancelSessionPayload, CancelSessionErrorCode, context, asked,
        lambda: CancelSession(session_id=SessionId(ids.session(session)), reason=asked.reason),
        session_id=session,
    )  # fmt: skip


async def test_what_was_changed_is_told_at_its_position() -> None:
    told = await cancelled(DONE)

    assert (told.session_id, told.user_errors) == (SPIN, [])
    assert told.position == Position.of(booking=7)


@pytest.mark.parametrize(
    ("reply", "session", "code"),
    [
        (REFUSED, SPIN, CancelSessionErrorCode.SESSION_NOT_FOUND),
        (DONE, UNKNOWN, CancelSessionErrorCode.INVALID_INPUT),
    ],
    ids=["by the rules", "before it is sent"],
)
async def test_what_was_refused_changed_nothing(
    reply: Reply, session: str, code: CancelSessionErrorCode
) -> None:
    told = await cancelled(reply, session)

    assert told.session_id is None
    assert [one.code for one in told.user_errors] == [code]
