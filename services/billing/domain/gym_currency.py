"""GymCurrency: the one currency of the gym's invoices, as members told it.

Keeps      once heard it never changes
Stream     ``gym-{gym_id}``
Source     docs/rules.md, Invoices
"""

from chassis.decider import Aggregate, Refused
from contracts.billing import BillingCode, GymHeard, HearGym
from contracts.money import Money

gym_currency: Aggregate[str | None, GymHeard] = Aggregate(
    "gym", None, lambda _, event: event.currency
)
"""``None``: not heard yet."""


def hear(state: str | None, command: HearGym) -> list[GymHeard]:
    """The gym's currency; once is enough."""
    if state is not None:
        return []
    return [GymHeard(gym_id=command.gym_id, currency=command.currency)]


def must_be_the_gyms(state: str, amount: Money) -> None:
    """Raise ``Refused(OTHER_CURRENCY)`` unless the amount is in the gym's currency."""
    if amount.currency != state:
        raise Refused(
            BillingCode.OTHER_CURRENCY, "The gym has another currency.", field="amount",
            currency=state,
        )  # fmt: skip
