"""The billing process on real servers: asked over the bus."""

from collections.abc import AsyncIterator

import pytest

from contracts.billing import BillingCode, IssueInvoice
from contracts.ids import ClientId, GymId, InvoiceId, new_id
from deploy.local.installation import Installation
from tests.component.serving import Gateway, serving


@pytest.fixture(scope="module")
async def gateway(installation: Installation) -> AsyncIterator[Gateway]:
    async with serving(installation, "billing") as asked:
        yield asked


async def test_an_invoice_nobody_drafted_is_not_found(gateway: Gateway, gym_id: GymId) -> None:
    asked = IssueInvoice(client_id=ClientId(new_id()), invoice_id=InvoiceId(new_id()))
    reply = await gateway.ask(gym_id, asked, "staff:desk", "front_desk")
    assert (reply.outcome, reply.code) == ("refused", BillingCode.INVOICE_NOT_FOUND)


async def test_members_and_trainers_issue_no_invoices(gateway: Gateway, gym_id: GymId) -> None:
    ann = ClientId(new_id())
    asked = IssueInvoice(client_id=ann, invoice_id=InvoiceId(new_id()))
    for actor, role in ((f"client:{ann}", "member"), ("staff:t", "trainer")):
        assert (await gateway.ask(gym_id, asked, actor, role)).code == BillingCode.FORBIDDEN
