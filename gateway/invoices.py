"""Invoices in GraphQL: what clients owe, line by line. No card is charged."""

from typing import Annotated
from uuid import UUID

import strawberry

from contracts.billing import IssueInvoice
from contracts.ids import ClientId
from gateway import ids, invoice_types
from gateway.calendar import topic
from gateway.codes.fees import IssueInvoiceErrorCode
from gateway.context import Context, Info
from gateway.invoice_types import Account, Invoice, InvoiceStatus
from gateway.mutations import UserError, carry_out
from gateway.paging import Connection, page, page_size
from gateway.positions import Position
from gateway.serve.faults import ConsistencyTimeout, Forbidden
from gateway.serve.live import live
from gateway.whose import whose
from services.projections import accounts
from services.projections.accounts import Wanted


@strawberry.input
class IssueInvoiceInput:
    idempotency_key: UUID
    client_id: strawberry.ID
    invoice_id: strawberry.ID


@strawberry.type
class IssueInvoicePayload:
    invoice_id: strawberry.ID | None
    position: Position | None
    client_id: strawberry.Private[ClientId | None]
    user_errors: list[UserError[IssueInvoiceErrorCode]]

    @strawberry.field(
        description="The account with the change; null when that takes over half a second."
    )
    async def account(self, info: Info) -> Account | None:
        if self.client_id is None:
            return None
        try:
            return await _account(info, self.client_id, self.position)
        except ConsistencyTimeout:
            return None


@strawberry.type
class InvoicesQuery:
    @strawberry.field(description="What a client owes, members themselves.")
    async def account(
        self,
        info: Info,
        client_id: strawberry.ID | None = None,
        at_least: Position | None = None,
    ) -> Account:
        return await _account(info, whose(info.context, client_id), at_least)

    @strawberry.field(description="A client's invoices, or the gym's; newest first.")
    async def invoices(
        self,
        info: Info,
        *,
        first: int,
        after: str | None = None,
        client_id: strawberry.ID | None = None,
        status: InvoiceStatus | None = None,
        at_least: Position | None = None,
    ) -> Connection[Invoice]:
        client = ids.client(client_id) if client_id else None
        mine = info.context.principal.client_id
        info.context.must("read.invoices", own=client is not None and client == mine)
        wanted = Wanted(client, status.value if status else None)
        return await _page(info, "invoices", wanted, (first, after), at_least)

    @strawberry.field(description="The caller's invoices, newest first.")
    async def my_invoices(
        self, info: Info, *, first: int, after: str | None = None, at_least: Position | None = None
    ) -> Connection[Invoice]:
        info.context.must("read.my_invoices")
        client = info.context.principal.client_id
        if client is None:
            raise Forbidden("Staff have no invoices of their own: look at a client's.")
        return await _page(info, "my_invoices", Wanted(client), (first, after), at_least)


def _topics(info: Info, client_id: strawberry.ID | None = None) -> list[str]:
    client = whose(info.context, client_id)
    gym_id = info.context.must("read.invoices", own=_is_own(info.context, client))
    return [topic(gym_id, "invoices", client)]


@strawberry.type
class InvoicesSubscription:
    @live(
        topics=_topics,
        beyond=True,
        description="What a client owes now, and again after every change.",
    )
    async def account_changed(
        self, info: Info, client_id: strawberry.ID | None = None, after: Position | None = None
    ) -> Account:
        return await _account(info, whose(info.context, client_id), None)


@strawberry.type
class InvoicesMutation:
    @strawberry.mutation(
        description="Close a draft and ask the client for its total; what comes later goes on the "
        "next one."
    )
    async def issue_invoice(
        self, info: Info, input_: Annotated[IssueInvoiceInput, strawberry.argument(name="input")]
    ) -> IssueInvoicePayload:
        done = await carry_out(
            info.context, input_, IssueInvoiceErrorCode,
            lambda: IssueInvoice(
                client_id=ids.client(input_.client_id), invoice_id=ids.invoice(input_.invoice_id)
            ),
        )  # fmt: skip
        return IssueInvoicePayload(
            invoice_id=None if done.errors else input_.invoice_id,
            position=done.position,
            client_id=None if done.errors else ids.client(input_.client_id),
            user_errors=done.errors,
        )


async def _page(
    info: Info,
    kind: str,
    wanted: Wanted,
    asked: tuple[int, str | None],
    at_least: Position | None,
) -> Connection[Invoice]:
    size, behind = page_size(asked[0]), ids.time_keyset(kind, asked[1])
    position, rows = await info.context.read(
        "invoices", at_least,
        lambda pool, gym: accounts.page(pool, gym, wanted, behind, size + 1),
    )  # fmt: skip
    return page(
        rows, size, position, invoice_types.invoice,
        lambda row: ids.cursor(kind, row.drafted_at, row.invoice_id),
    )  # fmt: skip


async def _account(info: Info, client: ClientId, at_least: Position | None) -> Account:
    info.context.must("read.invoices", own=_is_own(info.context, client))
    position, rows = await info.context.read(
        "invoices", at_least, lambda pool, gym: accounts.of_client(pool, gym, client)
    )
    return invoice_types.account(client, position, rows)


def _is_own(context: Context, client: ClientId) -> bool:
    return client == context.principal.client_id
