"""The most lenient of the gym's rules: until when a seat may be given up freely after all."""

from datetime import datetime
from functools import reduce

from chassis.eventstore.store import Unit
from contracts.booking import PolicyOverrides
from contracts.ids import ClientId, SessionId
from services.booking.domain import policies, session_changes
from services.booking.domain.catalogue import class_type
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.domain.policies import published_policies
from services.booking.domain.session_slot import Slot


def leniently(unit: Unit, session_id: SessionId, client: ClientId) -> ClassSession:
    """The session as the most lenient rules since it was planned let the client leave it.

    Each with what its class type did differently then, and the series or the session itself does.
    """
    session = unit.state(class_session, session_id)
    gyms = unit.state(published_policies, unit.ctx.gym_id)
    since = gyms.since(session.gym_policy_version, unit.ctx.now)
    differences = (_of_class_type(unit, session.slot), session.slot.overrides)
    since = [reduce(policies.overridden, differences, one) for one in since]
    return session_changes.leniently(session, client, since)


def _of_class_type(unit: Unit, slot: Slot) -> PolicyOverrides:
    """What the class type did differently when the session was planned.

    Of one that was planned before that was told: what it does by now.
    """
    if slot.class_type_overrides is not None:
        return slot.class_type_overrides
    if slot.class_type_id is None:
        return PolicyOverrides()
    return unit.state(class_type, slot.class_type_id).overrides


def promised(unit: Unit, session_id: SessionId) -> dict[ClientId, datetime]:
    """Until when everybody who has a seat may give it up freely, before other terms are recorded.

    Under those only the gym's rules after them reach the session.
    """
    reserved = unit.state(class_session, session_id).reserved
    return {
        client: leniently(unit, session_id, client).reserved[client].free_until
        for client in reserved
    }
