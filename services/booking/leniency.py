"""The most lenient of the gym's rules: until when a seat may be given up freely after all."""

from datetime import datetime

from chassis.eventstore.store import Unit
from contracts.ids import ClientId, SessionId
from services.booking.domain import policies, session_changes
from services.booking.domain.catalogue import class_type
from services.booking.domain.class_session import ClassSession, class_session
from services.booking.domain.policies import published_policies


def leniently(unit: Unit, session_id: SessionId, client: ClientId) -> ClassSession:
    """The session as the most lenient rules since it was planned let the client leave it.

    Each with what the class type, and then the series or the session itself, does differently.
    """
    session = unit.state(class_session, session_id)
    gyms = unit.state(published_policies, unit.ctx.gym_id)
    since = gyms.since(session.gym_policy_version, unit.ctx.now)
    if since and session.slot.class_type_id is not None:
        kind = unit.state(class_type, session.slot.class_type_id)
        since = [kind.policy(one) for one in since]
    since = [policies.overridden(one, session.slot.overrides) for one in since]
    return session_changes.leniently(session, client, since)


def promised(unit: Unit, session_id: SessionId) -> dict[ClientId, datetime]:
    """Until when everybody who has a seat may give it up freely, before other terms are recorded.

    Under those only the gym's rules after them reach the session.
    """
    reserved = unit.state(class_session, session_id).reserved
    return {
        client: leniently(unit, session_id, client).reserved[client].free_until
        for client in reserved
    }
