"""Money: integer minor units with an ISO 4217 currency. Never a float."""

from pydantic import BaseModel, ConfigDict, Field


class Money(BaseModel):
    """An amount; ``Money(minor=1250, currency="EUR")`` is 12.50 euros."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minor: int = Field(description="Minor units of the currency, such as cents.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")


class Price(Money):
    """An amount somebody may be asked for; never below zero."""

    minor: int = Field(ge=0, le=100_000_000, description="Minor units of the currency.")
