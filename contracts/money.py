"""Money: integer minor units with an ISO 4217 currency. Never a float."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class Money(BaseModel):
    """An amount; ``Money(minor=1250, currency="EUR")`` is 12.50 euros."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minor: int = Field(description="Minor units of the currency, such as cents.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")


class Price(Money):
    """An amount somebody may be asked for; never below zero."""

    minor: int = Field(ge=0, le=100_000_000, description="Minor units of the currency.")


EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
            "VND", "VUV", "XAF", "XOF", "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""ISO 4217: decimals of the currencies that do not have two."""


def written(minor: int, currency: str) -> str:
    """The amount for people, such as ``12.50 EUR`` or ``1250 JPY``."""
    return f"{Decimal(minor).scaleb(-EXPONENTS.get(currency, 2)):f} {currency}"
