"""What billing does because something happened in booking or members: event in, command out."""

from chassis.hears import Hears
from contracts.billing import AddFeeLine, CloseAccount, HearGym, LineKind, ReverseFee
from contracts.booking import FeeDue, FeeReversed
from contracts.envelope import Command, Event
from contracts.members import GymRegistered, PersonalDataErased


def fee_is_due(event: FeeDue, _: int) -> Command:
    """A line on the client's open invoice."""
    return AddFeeLine(
        client_id=event.client_id, fee_id=event.reservation_id, session_id=event.session_id,
        kind=LineKind(event.kind), amount=event.amount, assessment=event.assessment,
    )  # fmt: skip


def fee_is_reversed(event: FeeReversed, _: int) -> Command | None:
    """Taken back; one that was not due yet never reached us."""
    if not event.was_due:
        return None
    return ReverseFee(
        client_id=event.client_id, fee_id=event.reservation_id, reason=event.reason,
        assessment=event.assessment,
    )  # fmt: skip


HEARS: dict[type[Event], Hears] = {
    FeeDue: Hears("booking", "billing_invoice_fee", fee_is_due),
    FeeReversed: Hears("booking", "billing_reverse_fee", fee_is_reversed),
    GymRegistered: Hears(
        "members", "billing_gym_registered",
        lambda e, _: HearGym(gym_id=e.gym_id, currency=e.currency),
    ),
    PersonalDataErased: Hears(
        "members", "billing_close_account", lambda e, _: CloseAccount(client_id=e.client_id),
    ),
}  # fmt: skip
"""Each by a consumer of its own: a reversal may overtake its fee, which the account's rules allow
for."""
