"""Money in GraphQL: integer minor units with a currency, never a float."""

import strawberry

from contracts import money


@strawberry.type(description="An amount of money.")
class Money:
    minor: int = strawberry.field(description="Minor units of the currency, such as cents.")
    currency: str = strawberry.field(description="ISO 4217.")


@strawberry.input(description="An amount of money.")
class MoneyInput:
    minor: int = strawberry.field(description="Minor units of the currency, such as cents.")
    currency: str = strawberry.field(description="ISO 4217.")


def shown(amount: money.Money | None) -> Money | None:
    """The amount as clients see it."""
    return Money(minor=amount.minor, currency=amount.currency) if amount else None
