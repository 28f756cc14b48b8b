"""Asks the services what the demo's people ask, as the gateway would: signed, over the bus.

Everything is asked at once, but acts about the same person or class in their order, and bookings
when nobody gives a seat up any more: so the same diary always comes to the same end.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from chassis.bus.asker import Asker, Unavailable
from chassis.clock import Clock
from contracts.booking import BookClass, CancelReservation, ClaimSpot, LeaveWaitlist
from contracts.envelope import Caller, Reply
from contracts.ids import ReservationId
from deploy.demo.acts import Act, Asking, Memory, Wave
from deploy.trouble import Trouble

AT_ONCE = 64  # commands under way
SECONDS = 30.0  # for an answer
AGAIN_AFTER = 0.02  # seconds, when one service has not heard of another's news
PATIENCE = 30.0  # seconds, for that
TRIES = 10  # of one command, when a service is busy or silent


class Counter:
    """Carries acts out and remembers the answers."""

    def __init__(self, asker: Asker, clock: Clock, seed: str) -> None:
        """``seed`` names the commands: the same diary asked again changes nothing."""
        self._asker, self._clock, self._seed = asker, clock, seed
        self._free = asyncio.Semaphore(AT_ONCE)
        self.memory = Memory()
        self.told: Tally[tuple[str, str]] = Tally()
        """Command type and outcome -> how often."""

    async def carry_out(self, acts: Sequence[Act]) -> None:
        """All acts of one moment, in the order of their waves. Raises ``Trouble``."""
        self.memory.freed.clear()
        for _, wave in groupby(acts, key=lambda act: act.wave >= Wave.BOOKINGS):
            last: dict[UUID | str, asyncio.Task[None]] = {}
            tasks: list[asyncio.Task[None]] = []
            for act in wave:
                before = {last[one] for one in act.about if one in last}
                task = asyncio.create_task(self._in_turn(act, before))
                last |= dict.fromkeys(act.about, task)
                tasks.append(task)
            await asyncio.gather(*tasks)

    async def _in_turn(self, act: Act, before: set[asyncio.Task[None]]) -> None:
        if before:
            await asyncio.wait(before)
        async with self._free:
            asking = act.asking(self.memory) if callable(act.asking) else act.asking
            if asking is None:
                return
            reply = await self._patiently(act, asking)
            if reply.outcome == "refused" and act.otherwise is not None:
                await self._patiently(act, (asking[0], act.otherwise))

    async def _patiently(self, act: Act, asking: Asking) -> Reply:
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            reply = await self._ask(act, asking)
            if reply.outcome == "done":
                self._remember(asking, reply)
            elif reply.code not in act.may_be:
                if reply.code in act.patient and asyncio.get_running_loop().time() < until:
                    await asyncio.sleep(AGAIN_AFTER)
                    continue
                what = asking[1].command_type
                raise Trouble(f"demo: {what} at {act.at:%F %T}: {reply.code} {reply.message}")
            self.told[asking[1].command_type, reply.outcome] += 1
            return reply

    async def _ask(self, act: Act, asking: Asking) -> Reply:
        who, command = asking
        key = uuid5(NAMESPACE_URL, f"{self._seed} {who.actor} {act.at} {command!r}")
        for nth in range(TRIES):
            caller = Caller(
                gym_id=who.gym_id, actor=who.actor, roles=who.roles, command_id=key,
                correlation_id=key, causation_id=key,
                deadline=self._clock.now() + timedelta(seconds=SECONDS),
            )  # fmt: skip
            try:
                reply = await self._asker.ask(command, caller, SECONDS)
            except Unavailable as silent:
                reply = Reply(outcome="busy", code="UNAVAILABLE", message=str(silent))
            if reply.outcome not in {"busy", "failed"}:
                return reply
            await asyncio.sleep(AGAIN_AFTER * 2**nth)
        raise Trouble(f"demo: {command.command_type}: {reply.code} {reply.message}")

    def _remember(self, asking: Asking, reply: Reply) -> None:
        who, command = asking
        told: dict[str, Any] = reply.result or {}
        match command:
            case BookClass() if told.get("status") == "waiting":
                line = self.memory.lines.setdefault(command.session_id, {})
                line[command.client_id] = who
            case ClaimSpot() | LeaveWaitlist():
                self._leave_line(command)
            case CancelReservation():
                self._leave_line(command)
                self.memory.freed.add(command.session_id)
                if told.get("status") == "cancelled_late":
                    seat = ReservationId(UUID(told["reservation_id"]))
                    self.memory.late[command.session_id, command.client_id] = seat

    def _leave_line(self, command: ClaimSpot | LeaveWaitlist | CancelReservation) -> None:
        self.memory.lines.get(command.session_id, {}).pop(command.client_id, None)
