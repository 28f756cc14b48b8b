"""Booking's way in: every command it serves, and how one is carried out."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from chassis.bus.desk import Desk
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Done, EventStore
from contracts.booking import (
    BookClass,
    BookingCode,
    CancelReservation,
    CancelSession,
    ChangeCapacity,
    CheckIn,
    CheckInAtDoor,
    CloseAttendance,
    CloseWaitlist,
    FinalizeAttendance,
    GrantCredits,
    JoinWaitlist,
    LeaveWaitlist,
    OpenLedger,
    ScheduleSession,
    UndoCheckIn,
)
from contracts.envelope import Command
from contracts.ids import ClientId
from services.booking import commands, doors
from services.booking.commands import LedgerNotOpen, Rule

C = TypeVar("C", bound=Command)

ASKED: Mapping[type[Command], Rule[Any]] = {
    ScheduleSession: commands.schedule_session,
    ChangeCapacity: commands.change_capacity,
    CancelSession: commands.cancel_session,
    BookClass: commands.book_class,
    CancelReservation: commands.cancel_reservation,
    JoinWaitlist: commands.join_waitlist,
    LeaveWaitlist: commands.leave_waitlist,
    CheckIn: commands.check_in,
    UndoCheckIn: commands.undo_check_in,
    FinalizeAttendance: commands.finalize_attendance,
    GrantCredits: commands.grant_credits,
}
"""What others ask of booking, over the bus."""

DUE: Mapping[type[Command], Rule[Any]] = {
    CloseWaitlist: commands.close_waitlist,
    CloseAttendance: commands.close_attendance,
}
"""What the clock asks."""

CAUSED: Mapping[type[Command], Rule[Any]] = {
    OpenLedger: commands.open_ledger,
    CheckInAtDoor: doors.check_in_at_door,
}
"""What other services' events ask."""

RULES: Mapping[type[Command], Rule[Any]] = {**ASKED, **DUE, **CAUSED}


class Acquaintance(Protocol):
    """Whoever can say whether a client is known in the gym of ``ctx``."""

    async def know(self, client: ClientId, ctx: Context) -> bool: ...


def attach(desk: Desk, store: EventStore, members: Acquaintance) -> None:
    """Register every command with the desk."""
    for kind, rule in ASKED.items():
        desk.command(kind, handler(rule, store, members))


def handler(
    rule: Rule[C], store: EventStore, members: Acquaintance
) -> Callable[[C, Context], Awaitable[Done]]:
    """Carries out ``rule``; opens the ledger of a client that only members knows of yet."""

    async def handle(command: C, ctx: Context) -> Done:
        try:
            return await store.carry_out(command, ctx, rule)
        except LedgerNotOpen as missing:
            client = missing.client
        if not await members.know(client, ctx):
            raise Refused(
                BookingCode.CLIENT_NOT_FOUND, "There is no such client.", field="client_id"
            )
        return await store.carry_out(command, ctx, commands.opening(client, rule))

    return handle
