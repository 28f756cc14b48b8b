"""The way of a fee from booking to billing (I7): two streams of a client, in two stores."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

import asyncpg

from contracts import billing as bill
from contracts import booking as b
from contracts.money import Money
from deploy.check import history
from deploy.check.history import Seen, StreamKey
from deploy.check.verdict import Moment, Verdict

if TYPE_CHECKING:  # asyncpg's classes are generic to the type checker only
    _Db: TypeAlias = asyncpg.Connection[asyncpg.Record]

Client: TypeAlias = tuple[UUID, UUID]
"""A gym, and a client of it."""
STREAMS = (("billing", "account"), ("booking", "penalty"))
"""Read in this order: what billing heard of, booking's store, read later, holds for certain."""
AT_ONCE = 500  # clients


@dataclass(slots=True)
class _Fee:
    due: list[tuple[datetime, Money]] = field(default_factory=list)
    taken_back: list[datetime] = field(default_factory=list)
    charged: list[Money] = field(default_factory=list)
    ended: int = 0
    """Times it was reversed or withdrawn."""
    let_go: bool = False
    """It was for an account that is closed: billing needs no word of booking's for that."""


class Fees:
    """A fee of one client's that is due is on one invoice; one that was taken back is off it.

    So may be what an erased client owes, whatever booking says of it.
    """

    def __init__(self) -> None:
        self._is_closed = False
        self._fees: dict[tuple[UUID, int], _Fee] = defaultdict(_Fee)
        """By reservation, and which of its fees it is."""

    def see(self, seen: Seen) -> None:
        event = seen.event
        match event:
            case b.FeeDue():
                fee = self._fees[event.reservation_id, event.assessment]
                fee.due.append((seen.recorded_at, event.amount))
            case b.FeeReversed(was_due=True):
                fee = self._fees[event.reservation_id, event.assessment]
                fee.taken_back.append(seen.recorded_at)
            case bill.InvoiceLineAdded():
                self._fees[event.fee_id, event.assessment].charged.append(event.amount)
            case bill.InvoiceLineReversed() | bill.FeeWithdrawn():
                fee = self._fees[event.fee_id, event.assessment]
                fee.ended, fee.let_go = fee.ended + 1, self._is_closed
            case bill.AccountClosed():
                self._is_closed = True

    def is_settled(self, moment: Moment) -> bool:
        """Whether nothing booking recorded may still be on its way."""
        return all(at < moment.settled_before for fee in self._fees.values() for at in _told(fee))

    def verdicts(self, moment: Moment, where: str = "") -> list[Verdict]:
        verdict = _verdict()
        verdict.looked_at = len(self._fees)
        for (reservation, _), fee in self._fees.items():
            if trouble := _trouble(fee, moment):
                verdict.accuse(f"{where}reservation {reservation}: {trouble}")
        return [verdict]


def _verdict() -> Verdict:
    return Verdict("I7", "each fee that is due is on one invoice, no other is", "fees")


def _told(fee: _Fee) -> Iterator[datetime]:
    yield from (at for at, _ in fee.due)
    yield from fee.taken_back


def _trouble(fee: _Fee, moment: Moment) -> str:
    amounts = [amount for _, amount in fee.due]
    if len(amounts) > 1 or len(fee.taken_back) > 1:
        return "due or taken back twice"
    ends = len(fee.taken_back) or (fee.let_go and len(amounts))
    if any(amount not in amounts for amount in fee.charged) or fee.ended > ends:
        return "billing knows of something booking does not"
    is_settled = all(at < moment.settled_before for at, _ in fee.due)
    if is_settled and amounts and not fee.charged and not fee.ended:
        return "due, but on no invoice"
    is_settled = all(at < moment.settled_before for at in fee.taken_back)
    if is_settled and fee.taken_back and not fee.ended:
        return "taken back, but not by billing"
    return ""


class Charges:
    """The fees of all clients: those who had news are looked at, and again until all is well."""

    def __init__(self, stores: dict[str, "_Db"]) -> None:
        self._stores = stores
        self._news: set[Client] = set()
        self._held: dict[Client, Verdict] = {}
        """Whose fees are wrong, or on their way."""
        self._looked_at = 0

    def hear(self, context: str, row: asyncpg.Record) -> None:
        """Take note of a row that may concern a fee."""
        if (context, row["category"]) in STREAMS:
            self._news.add((row["gym_id"], row["stream_id"]))

    @property
    def is_full(self) -> bool:
        """Whether it is time to ``look``, for the memory that notes take."""
        return len(self._news) >= AT_ONCE

    async def look(self, moment: Moment) -> None:
        """Look at everybody with news."""
        news, self._news = self._news, set()
        await self._weigh(news, moment)

    async def look_again(self, moment: Moment) -> None:
        """Look at some of those with whom not all was well; at others the next time."""
        await self._weigh(list(islice(self._held, AT_ONCE)), moment)

    async def _weigh(self, clients: Iterable[Client], moment: Moment) -> None:
        waiting = list(clients)
        while waiting:
            some, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
            for client, fees in (await self._read(some)).items():
                self._held.pop(client, None)
                (verdict,) = fees.verdicts(moment, f"gym {client[0]} client {client[1]} ")
                self._looked_at += verdict.looked_at
                if not (verdict.holds and fees.is_settled(moment)):
                    self._held[client] = verdict

    async def _read(self, clients: list[Client]) -> dict[Client, Fees]:
        found = {client: Fees() for client in clients}
        for context, category in STREAMS:
            keys = [StreamKey(gym, category, client) for gym, client in clients]
            async for rows in history.of(self._stores[context], keys):
                for row in rows:
                    found[row["gym_id"], row["stream_id"]].see(history.seen(context, row))
        return found

    def verdicts(self) -> list[Verdict]:
        """What is known now; what was looked at is counted anew."""
        total = _verdict()
        total.looked_at, self._looked_at = self._looked_at, 0
        return [total, *self._held.values()]
