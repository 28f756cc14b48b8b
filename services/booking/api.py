"""Booking's way in: every command it serves, and how one is carried out."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from chassis.bus.desk import Desk
from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Done, EventStore, Rule, Rules, Unit
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
from contracts.members import GymReferences, KnownReferences
from contracts.timetable import ImportOutcome, ImportTimetable
from services.booking import (
    doors,
    ledgers,
    penalties,
    people_api,
    references,
    sessions,
    timetable_api,
    timetable_import,
)
from services.booking.ical_rows import Parsed
from services.booking.ledgers import LedgerNotOpen
from services.booking.references import NotHeard

C = TypeVar("C", bound=Command)

ASKED: Rules = {
    ScheduleSession: sessions.schedule_session,
    ChangeCapacity: sessions.change_capacity,
    CancelSession: sessions.cancel_session,
    **people_api.ASKED,
    **timetable_api.ASKED,
    WaiveFee: penalties.waive_fee,
    ContestFee: penalties.contest_fee,
    ResolveContest: penalties.resolve_contest,
}
"""What others ask of booking, over the bus."""

DUE: Rules = {
    **people_api.DUE,
    **timetable_api.DUE,
    CollectFee: penalties.collect_fee,
}
"""What the clock asks."""

CAUSED: Rules = {
    OpenLedger: ledgers.open_ledger,
    BarErasedClient: ledgers.bar_erased_client,
    CheckInAtDoor: doors.check_in_at_door,
    **timetable_api.CAUSED,
}
"""What other services' events ask."""

RULES: Rules = {**ASKED, **DUE, **CAUSED}


class Acquaintance(Protocol):
    """Whoever keeps the clients, the places and the staff of the gym of ``ctx``."""

    async def know(self, client: ClientId, ctx: Context) -> bool:
        """Whether the client may be served."""

    async def have(self, asked: GymReferences, ctx: Context) -> KnownReferences:
        """Which of these the gym has."""


def attach(desk: Desk, store: EventStore, members: Acquaintance) -> None:
    """Register every command with the desk."""
    for kind, rule in ASKED.items():
        desk.command(kind, handler(references.checked(kind, rule), store, members))
    desk.command(ImportTimetable, _importing(store, members))


def handler(
    rule: Rule[C], store: EventStore, members: Acquaintance
) -> Callable[[C, Context], Awaitable[Done]]:
    """Carries out ``rule``; what only members knows of yet, it hears of first."""

    async def handle(command: C, ctx: Context) -> Done:
        known = rule
        for _ in (LedgerNotOpen, NotHeard):  # either, or one after the other
            try:
                return await store.carry_out(command, ctx, known)
            except LedgerNotOpen as missing:
                await must_know(missing.client, ctx)
                known = ledgers.opening(missing.client, known)
            except NotHeard as missing:
                told = await members.have(references.question(missing.named), ctx)
                references.must_be_known(missing.named, told)
                known = references.hearing(told, known)
        return await store.carry_out(command, ctx, known)

    async def must_know(client: ClientId, ctx: Context) -> None:
        if not await members.know(client, ctx):
            raise Refused(
                BookingCode.CLIENT_NOT_FOUND, "There is no such client.", field="client_id"
            )

    return handle


def _importing(
    store: EventStore, members: Acquaintance
) -> Callable[[ImportTimetable, Context], Awaitable[Done]]:
    """Reads the file first, in a thread, since a large one takes a while."""

    async def handle(command: ImportTimetable, ctx: Context) -> Done:
        file = await asyncio.to_thread(_read, command)

        def rule(asked: ImportTimetable, unit: Unit) -> ImportOutcome:
            return timetable_import.import_timetable(asked, unit, file)

        checked = references.checked(ImportTimetable, rule)
        return await handler(checked, store, members)(command, ctx)

    return handle


def _read(command: ImportTimetable) -> Parsed:
    """What the file says. Raises ``Refused``."""
    from services.booking.ical import parse  # noqa: PLC0415 - it tells why

    return parse(command.ics, command.time_zone)
