"""What a subject may ask for over time: operations, objects, and documents nobody asked before."""

from gateway.serve.documents import Documents
from gateway.serve.live import Principal
from gateway.serve.operation import Operation
from gateway.serve.rates import Allowance, Rate
from gateway.serve.requests import Request
from gateway.serve.settings import ServeSettings

BASE = {"query": 1, "subscription": 1, "mutation": 10}
"""Objects an operation counts for beside those it may answer; a command costs a service work."""
CHARACTERS = 0.5  # objects a character of a new document counts for: it is parsed and validated


class Budget:
    """One per process."""

    def __init__(self, settings: ServeSettings) -> None:
        self._page_size = settings.limits.page_size
        self._operations = _rate(settings.operations, "requests")
        self._cost = _rate(settings.cost, "objects asked for")

    def charge_document(self, principal: Principal, request: Request, known: Documents) -> None:
        """Raises ``RateLimited`` for one new document too many."""
        text = request.query
        if self._cost is not None and text is not None and not known.knows(text):
            self._cost.take(principal.subject, len(text) * CHARACTERS)

    def charge_operation(
        self, principal: Principal, request: Request, operation: Operation
    ) -> None:
        """Raises ``RateLimited`` when it is one too many, or too much."""
        if self._operations is not None and principal.is_one_person:
            self._operations.take(principal.subject)
        if self._cost is not None:
            asked = operation.cost.of(request.variables, self._page_size)
            self._cost.take(principal.subject, BASE[operation.kind] + asked)


def _rate(allowance: Allowance | None, named: str) -> Rate | None:
    return None if allowance is None else Rate(allowance, named)
