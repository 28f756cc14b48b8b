"""What pays for a seat when its grant does not any more, or does again."""

from collections.abc import Iterator, Mapping, Sequence

from chassis.decider import Refused
from chassis.eventstore.store import Unit
from contracts.booking import (
    CreditCorrected,
    CreditReleased,
    CreditsGranted,
    EntitlementChanged,
    EntitlementResumed,
    EntitlementSuspended,
    GrantKind,
)
from contracts.ids import ClientId, GrantId, ReservationId, SessionId
from contracts.timetable import HoldMoved
from services.booking.domain import entitlement, holds, lapses
from services.booking.domain.class_session import class_session
from services.booking.domain.client_ledger import ClientLedger, LedgerEvent, client_ledger
from services.booking.domain.hold import Hold


def take_over(unit: Unit, client: ClientId, reservation: ReservationId) -> bool:
    """Have whatever else the client has pay for the seat, if anything does."""
    try:
        _pay_otherwise(unit, client, reservation)
    except Refused:
        return False
    return True


def keep_paid(unit: Unit, client: ClientId, reservation: ReservationId, *, by_staff: bool) -> None:
    """Have something pay for a seat that is taken back, when its grant does so no more.

    When it does so again, the flag comes off. Staff gives the seat all the same, flagged. Raises
    ``Refused`` for clients, as booking would (B9).
    """
    ledger = unit.state(client_ledger, client)
    session_id, grant_id = ledger.holds[reservation].session_id, ledger.holds[reservation].grant_id
    session, grant = unit.state(class_session, session_id), ledger.grants[grant_id]
    if entitlement.keeps_paying(grant, session.occasion):
        if session.reserved[client].flag is not None:  # from before it was given up
            covered = lapses.cover(session, session_id, client, grant_id, grant.kind)
            unit.record(class_session, session_id, covered)
        return
    try:
        _pay_otherwise(unit, client, reservation)
    except Refused:
        if not by_staff:
            raise
        because = entitlement.why_unpaid(grant, session.occasion)
        flagged = lapses.flag(session, session_id, client, because)
        unit.record(class_session, session_id, flagged)


def look_again(unit: Unit, client: ClientId, session_id: SessionId) -> None:
    """Have a seat say what pays for it, once its client, who was checked in, is still to come.

    While they were here nobody asked. Staff undid the check-in, so the seat stays theirs.
    """
    session = unit.state(class_session, session_id)
    seat = session.reserved[client]
    if lapses.is_ahead(session, client, seat.reservation_id, unit.ctx.now):
        keep_paid(unit, client, seat.reservation_id, by_staff=True)


def _pay_otherwise(unit: Unit, client: ClientId, reservation: ReservationId) -> None:
    """Have whatever else pays for the seat hold it. Raises ``Refused`` when nothing does.

    What is let go of may pay for another of their seats.
    """
    ledger = unit.state(client_ledger, client)
    session_id = ledger.holds[reservation].session_id
    session = unit.state(class_session, session_id)
    released = holds.settle(ledger, client, reservation, CreditReleased)
    without = client_ledger.fold(released, ledger)
    grant_id = entitlement.grant_for(without, session.occasion)
    held = holds.hold(
        without, client, reservation, grant_id=grant_id, session_id=session_id,
        occasion=session.occasion,
    )  # fmt: skip
    unit.record(client_ledger, client, [*released, *held])
    kind = without.grants[grant_id].kind
    covered = lapses.cover(session, session_id, client, grant_id, kind)
    unit.record(class_session, session_id, covered)
    cover_again(unit, client, released)


def cover_again(unit: Unit, client: ClientId, gained: Sequence[LedgerEvent]) -> None:
    """Take the flag off the client's seats that something pays for now, or have it say why not."""
    ledger = unit.state(client_ledger, client)
    concerned = _concerned(ledger, gained)
    unit.states(class_session, [hold.session_id for hold in concerned.values()])
    for reservation, hold in concerned.items():
        grant, session = ledger.grants[hold.grant_id], unit.state(class_session, hold.session_id)
        is_ahead = lapses.is_ahead(session, client, reservation, unit.ctx.now)
        if not is_ahead or session.reserved[client].flag is None:
            continue
        if entitlement.keeps_paying(grant, session.occasion):
            covered = lapses.cover(session, hold.session_id, client, hold.grant_id, grant.kind)
            unit.record(class_session, hold.session_id, covered)
        elif not take_over(unit, client, reservation):
            because = entitlement.why_unpaid(grant, session.occasion)
            still = lapses.flag(session, hold.session_id, client, because)
            unit.record(class_session, hold.session_id, still)


def _concerned(ledger: ClientLedger, gained: Sequence[LedgerEvent]) -> Mapping[ReservationId, Hold]:
    """What may hold a flagged seat that this pays for.

    A hold is over, too, once its grant is suspended for something else.
    """
    anew = EntitlementResumed | EntitlementSuspended | EntitlementChanged
    said_anew = {one.grant_id for one in gained if isinstance(one, anew)}
    moved = {one.reservation_id for one in gained if isinstance(one, HoldMoved)}
    gaining = set(_gaining(ledger, gained))

    def may_be_paid(reservation: ReservationId, hold: Hold) -> bool:
        if hold.grant_id in said_anew or reservation in moved:
            return True
        # One that keeps its seats has flagged ones only where it does not admit the session.
        grant = ledger.grants[hold.grant_id]
        may_be_flagged = not (grant.keeps_seats and grant.kind is GrantKind.PACK)
        return may_be_flagged and bool(gaining - {hold.grant_id})

    if not (said_anew or moved or gaining):
        return {}
    return {key: one for key, one in ledger.holds.items() if may_be_paid(key, one)}


def _gaining(ledger: ClientLedger, gained: Sequence[LedgerEvent]) -> Iterator[GrantId]:
    """The grants that may pay for more than before. Of an unlimited one nothing comes back."""
    for one in gained:
        match one:
            case CreditsGranted() | EntitlementChanged() | EntitlementResumed():
                grant_id, is_whole = one.grant_id, True
            case CreditReleased() | CreditCorrected():
                grant_id, is_whole = one.grant_id, False
            case HoldMoved():  # out of one period into another
                grant_id, is_whole = ledger.holds[one.reservation_id].grant_id, False
            case _:
                continue
        grant = ledger.grants[grant_id]
        gains = is_whole or grant.kind is not GrantKind.UNLIMITED
        if gains and grant.suspended is None and not grant.is_ended:
            yield grant_id
