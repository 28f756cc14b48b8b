"""Billing's way in: every command it serves, and how one is carried out."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from chassis.bus.desk import Desk
from chassis.context import Context
from chassis.eventstore.store import Done, EventStore, Unit
from contracts.billing import AddFeeLine, HearGym, IssueInvoice, ReverseFee
from contracts.envelope import Command
from services.billing import commands

C = TypeVar("C", bound=Command)
Rule = Callable[[C, Unit], None]

ASKED: Mapping[type[Command], Rule[Any]] = {IssueInvoice: commands.issue_invoice}
"""What others ask of billing, over the bus."""

CAUSED: Mapping[type[Command], Rule[Any]] = {
    AddFeeLine: commands.add_fee_line,
    ReverseFee: commands.reverse_fee,
    HearGym: commands.hear_gym,
}
"""What other services' events ask."""

RULES: Mapping[type[Command], Rule[Any]] = {**ASKED, **CAUSED}


def attach(desk: Desk, store: EventStore) -> None:
    """Register every command with the desk."""
    for kind, rule in ASKED.items():
        desk.command(kind, _handler(rule, store))


def _handler(rule: Rule[C], store: EventStore) -> Callable[[C, Context], Awaitable[Done]]:
    async def handle(command: C, ctx: Context) -> Done:
        return await store.carry_out(command, ctx, rule)

    return handle
