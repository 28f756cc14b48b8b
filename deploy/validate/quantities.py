"""Resource quantities as Kubernetes writes them."""

import re
from decimal import Decimal

_QUANTITY = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?")
_UNITS = {
    None: Decimal(1), "m": Decimal("0.001"), "k": Decimal(10**3), "M": Decimal(10**6),
    "G": Decimal(10**9), "T": Decimal(10**12), "P": Decimal(10**15), "Ki": Decimal(2**10),
    "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40), "Pi": Decimal(2**50),
}  # fmt: skip


def quantity(text: object) -> Decimal:
    """The amount in base units. Raises ``ValueError`` naming what is not a quantity."""
    found = _QUANTITY.fullmatch(str(text))
    if found is None:
        raise ValueError(f"{text!r} is not a quantity")
    return Decimal(found["number"]) * _UNITS[found["unit"]]
