"""Billing's way in: every command it serves, and how one is carried out."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from chassis.bus.desk import Desk
from chassis.context import Context
from chassis.eventstore.store import Done, EventStore, Rule, Rules
from contracts.billing import AddFeeLine, CloseAccount, HearGym, IssueInvoice, ReverseFee
from contracts.envelope import Command
from services.billing import commands

C = TypeVar("C", bound=Command)

ASKED: Rules = {IssueInvoice: commands.issue_invoice}
"""What others ask of billing, over the bus."""

CAUSED: Rules = {
    AddFeeLine: commands.add_fee_line,
    ReverseFee: commands.reverse_fee,
    HearGym: commands.hear_gym,
    CloseAccount: commands.close_account,
}
"""What other services' events ask."""

RULES: Rules = {**ASKED, **CAUSED}


def attach(desk: Desk, store: EventStore) -> None:
    """Register every command with the desk."""
    for kind, rule in ASKED.items():
        desk.command(kind, handler(rule, store))


def handler(rule: Rule[C], store: EventStore) -> Callable[[C, Context], Awaitable[Done]]:
    """Carries out ``rule``."""

    async def handle(command: C, ctx: Context) -> Done:
        return await store.carry_out(command, ctx, rule)

    return handle
