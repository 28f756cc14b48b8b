"""Booking's way in: every command it serves, and how one is carried out."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from chassis.bus.desk import Desk
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Done, EventStore
from contracts.booking import (
    BarErasedClient,
    BookingCode,
    CancelSession,
    ChangeCapacity,
    CheckInAtDoor,
    CollectFee,
    ContestFee,
    OpenLedger,
    ResolveContest,
    ScheduleSession,
    WaiveFee,
)
from contracts.envelope import Command
from contracts.ids import ClientId
from contracts.timetable import ImportTimetable
from services.booking import (
    commands,
    doors,
    ledgers,
    penalties,
    people_api,
    timetable_api,
    timetable_import,
)
from services.booking.ledgers import LedgerNotOpen, Rule

C = TypeVar("C", bound=Command)

ASKED: Mapping[type[Command], Rule[Any]] = {
    ScheduleSession: commands.schedule_session,
    ChangeCapacity: commands.change_capacity,
    CancelSession: commands.cancel_session,
    **people_api.ASKED,
    **timetable_api.ASKED,
    WaiveFee: penalties.waive_fee,
    ContestFee: penalties.contest_fee,
    ResolveContest: penalties.resolve_contest,
}
"""What others ask of booking, over the bus."""

DUE: Mapping[type[Command], Rule[Any]] = {
    **people_api.DUE,
    **timetable_api.DUE,
    CollectFee: penalties.collect_fee,
}
"""What the clock asks."""

CAUSED: Mapping[type[Command], Rule[Any]] = {
    OpenLedger: ledgers.open_ledger,
    BarErasedClient: ledgers.bar_erased_client,
    CheckInAtDoor: doors.check_in_at_door,
    **timetable_api.CAUSED,
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
    desk.command(ImportTimetable, timetable_import.handler(store))


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
        return await store.carry_out(command, ctx, ledgers.opening(client, rule))

    return handle
