"""Databases of the services, as their processes open them."""

from collections.abc import AsyncIterator

import pytest

from chassis.tenancy import Pool, open_pool
from deploy.local.installation import Installation


@pytest.fixture(scope="module")
async def booking_pool(installation: Installation) -> AsyncIterator[Pool]:
    """Booking's, shared by replicas that a test makes of it."""
    dsn = installation.environment("booking")["DATABASE_URL"]
    opened = await open_pool(dsn, name="tests", size=4)
    yield opened
    await opened.close()
