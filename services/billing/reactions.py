"""What billing does because something happened in booking or members: event in, command out."""

from chassis.bus.desk import Desk
from chassis.clock import Clock
from chassis.context import Context
from chassis.eventstore.store import EventStore
from chassis.streams import event_stream
from contracts.billing import AddFeeLine, CloseAccount, HearGym, LineKind, ReverseFee
from contracts.booking import FeeDue, FeeReversed
from contracts.envelope import Envelope
from contracts.members import GymRegistered, PersonalDataErased
from services.billing.commands import add_fee_line, close_account, hear_gym, reverse_fee

ACTOR = "system:billing"


def attach(desk: Desk, store: EventStore, clock: Clock) -> None:
    """Register every reaction with the desk."""

    async def invoice_a_fee(envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, FeeDue):
            command = AddFeeLine(
                client_id=event.client_id, fee_id=event.reservation_id,
                session_id=event.session_id, kind=LineKind(event.kind), amount=event.amount,
                assessment=event.assessment,
            )  # fmt: skip
            ctx = Context.because(envelope, ACTOR, clock.now())
            await store.carry_out(command, ctx, add_fee_line)

    async def take_a_fee_back(envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, FeeReversed) and event.was_due:
            command = ReverseFee(
                client_id=event.client_id, fee_id=event.reservation_id, reason=event.reason,
                assessment=event.assessment,
            )  # fmt: skip
            ctx = Context.because(envelope, ACTOR, clock.now())
            await store.carry_out(command, ctx, reverse_fee)

    async def learn_the_currency(envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, GymRegistered):
            command = HearGym(gym_id=event.gym_id, currency=event.currency)
            ctx = Context.because(envelope, ACTOR, clock.now())
            await store.carry_out(command, ctx, hear_gym)

    async def ask_nobody_any_more(envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, PersonalDataErased):
            ctx = Context.because(envelope, ACTOR, clock.now())
            await store.carry_out(CloseAccount(client_id=event.client_id), ctx, close_account)

    # Two consumers: a reversal may overtake its fee, which the account's rules allow for.
    booking = event_stream("booking")
    desk.reaction(FeeDue, invoice_a_fee, name="billing_invoice_fee", stream=booking)
    desk.reaction(FeeReversed, take_a_fee_back, name="billing_reverse_fee", stream=booking)
    desk.reaction(
        GymRegistered, learn_the_currency, name="billing_gym_registered",
        stream=event_stream("members"),
    )  # fmt: skip
    desk.reaction(
        PersonalDataErased, ask_nobody_any_more, name="billing_close_account",
        stream=event_stream("members"),
    )  # fmt: skip
