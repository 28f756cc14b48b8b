"""Timetable: putting a session on it, giving it more room or less, and calling it off."""

from datetime import UTC, datetime

from chassis.decider import Refused
from contracts.booking import (
    BookingCode,
    Cancellation,
    CancelSession,
    CapacityChanged,
    ChangeCapacity,
    ReservationCancelled,
    ScheduleSession,
    SessionCancelled,
    SessionPlan,
    SessionScheduled,
    WaitlistLeft,
)
from contracts.ids import ScheduleId
from services.booking.domain import booking_policy, spots
from services.booking.domain.class_session import ClassSession, SessionEvent, Stage, must_be_on
from services.booking.domain.session_edits import Terms


def schedule(
    state: ClassSession,
    command: ScheduleSession,
    now: datetime,
    *,
    terms: Terms,
    schedule_id: ScheduleId | None = None,
) -> list[SessionEvent]:
    """Put the session on the calendar, under these ``terms``."""
    if state.stage not in {Stage.ABSENT, Stage.DRAFT}:
        raise Refused(
            BookingCode.ALREADY_SCHEDULED, "The session is on the calendar.", field="session_id"
        )
    must_be_a_plan(command)
    if command.starts_at <= now:
        raise Refused(
            BookingCode.STARTS_IN_THE_PAST, "A session starts in the future.", field="starts_at",
            now=now.isoformat(),
        )  # fmt: skip
    starts_at, policy = command.starts_at.astimezone(UTC), terms.policy
    opens_at = booking_policy.opens_at(policy, starts_at, booking_policy.zone(command.time_zone))
    return [
        SessionScheduled(
            session_id=command.session_id, title=command.title, location_id=command.location_id,
            room_id=command.room_id, instructor_id=command.instructor_id,
            starts_at=starts_at, ends_at=command.ends_at.astimezone(UTC),
            time_zone=command.time_zone, capacity=command.capacity, policy=policy,
            booking_opens_at=opens_at,
            booking_closes_at=booking_policy.closes_at(policy, starts_at),
            program_id=terms.program_id, class_type_id=terms.class_type_id,
            schedule_id=schedule_id,
            online_capacity=command.online_capacity, spots=command.spots,
            waiver_required=command.waiver_required, was_draft=state.stage is Stage.DRAFT,
            gym_policy_version=terms.gym_policy_version, overrides=terms.overrides,
            class_type_overrides=terms.class_type_overrides,
        )
    ]  # fmt: skip


def must_be_a_plan(plan: SessionPlan) -> None:
    """Raise ``Refused`` unless the session could take place so, at some time."""
    if plan.ends_at <= plan.starts_at:
        raise Refused(
            BookingCode.ENDS_BEFORE_IT_STARTS, "A session ends after it starts.", field="ends_at"
        )
    booking_policy.zone(plan.time_zone)
    spots.must_be_a_map(plan.spots, plan.capacity)


def change_capacity(state: ClassSession, command: ChangeCapacity) -> list[SessionEvent]:
    """Give the session more room, or less; nobody who has a seat loses it."""
    must_be_on(state)
    if command.capacity == state.capacity:
        return []
    spots.must_suffice(state.spots, command.capacity)
    return [
        CapacityChanged(
            session_id=command.session_id, capacity=command.capacity, previous=state.capacity,
            policy_version=state.policy.version,
        )
    ]  # fmt: skip


def cancel_session(state: ClassSession, command: CancelSession) -> list[SessionEvent]:
    """Call the session off: the line dissolves and every seat, late cancels too, is undone."""
    must_be_on(state)
    session_id = command.session_id
    events: list[SessionEvent] = [SessionCancelled(session_id=session_id, reason=command.reason)]
    events += (
        WaitlistLeft(
            session_id=session_id,
            client_id=client,
            reason="session_cancelled",
            policy_version=state.policy.version,
        )
        for client in state.waiting
    )
    taken = len(state.reserved)
    for client, reservation in {**state.late_cancelled, **state.reserved}.items():
        taken -= client in state.reserved
        events.append(
            ReservationCancelled(
                session_id=session_id, client_id=client, kind=Cancellation.SESSION,
                reservation_id=reservation.reservation_id, free_until=reservation.free_until,
                policy_version=state.policy.version, seats_taken=taken, reason=command.reason,
            )
        )  # fmt: skip
    return events
