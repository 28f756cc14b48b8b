"""What every transport stands on: documents, authentication, execution, live views."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import ExecutionResult
from opentelemetry import trace

from chassis.clock import Clock
from gateway.serve import metrics
from gateway.serve.answers import body_of, outcome_of
from gateway.serve.bodies import Bodies
from gateway.serve.budget import Budget
from gateway.serve.calls import Authenticate, Call, MakeContext
from gateway.serve.documents import Documents
from gateway.serve.faults import TooComplex
from gateway.serve.hub import Hub
from gateway.serve.live import Principal
from gateway.serve.operation import Operation
from gateway.serve.requests import Request
from gateway.serve.settings import ServeSettings


@dataclass(eq=False)
class Engine:
    """One schema, served."""

    documents: Documents
    settings: ServeSettings
    authenticate: Authenticate
    make_context: MakeContext
    clock: Clock
    """By which credentials end."""
    hub: Hub = field(init=False)
    budget: Budget = field(init=False)
    bodies: Bodies = field(init=False)
    running: Counter[str] = field(default_factory=Counter)
    """Live operations by subject."""

    def __post_init__(self) -> None:
        self.hub = Hub(self.make_context, self.settings.look_every)
        self.budget = Budget(self.settings)
        self.bodies = Bodies(self.settings)

    def seconds_until(self, instant: float) -> float:
        """From now to ``instant``, in Unix seconds; negative when it has passed."""
        return instant - self.clock.now().timestamp()

    def operation(self, request: Request, principal: Principal) -> Operation:
        """What to run, charged to ``principal``.

        Raises ``BadRequest``, ``Rejected``, ``TooComplex``, ``UnknownDocument`` or ``RateLimited``.
        """
        self.budget.charge_document(principal, request, self.documents)
        document = self.documents.find(request.query, request.document_id)
        operation = document.operation(request.operation_name)
        trace.get_current_span().set_attribute("graphql.operation.type", operation.kind)
        self.budget.charge_operation(principal, request, operation)
        return operation

    async def run(
        self, operation: Operation, request: Request, principal: Principal,
        headers: Mapping[str, str], transport: str,
    ) -> bytes:  # fmt: skip
        """The encoded answer of a query or mutation.

        Raises ``InvalidVariables`` or ``TooComplex`` when nothing was executed.
        """
        started = time.perf_counter()
        call = Call(headers, operation.kind, operation.name)
        context = self.make_context(principal, call)
        result: ExecutionResult = await operation.run(request.variables, context)
        outcome = outcome_of(*result.errors or ())
        metrics.OPERATIONS.labels(operation.kind, transport, outcome).inc()
        metrics.SECONDS.labels(operation.kind).observe(time.perf_counter() - started)
        return body_of(result, call.extensions)

    def enter(self, principal: Principal) -> None:
        """Count a live operation in. Raises ``TooComplex`` when its subject runs too many."""
        allowed = self.settings.operations_per_subject
        if self.running[principal.subject] >= allowed:
            raise TooComplex("live operations", allowed)
        self.running[principal.subject] += 1

    def leave(self, principal: Principal) -> None:
        self.running[principal.subject] -= 1
        if self.running[principal.subject] <= 0:
            del self.running[principal.subject]
