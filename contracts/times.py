"""Days and instants commands may speak of: those everything can count with.

Beyond, adding a length or a zone's offset ends outside of what a date can be. Events keep whatever
was once recorded.
"""

from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AwareDatetime, Field

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)

Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]

Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]


NO_PLACES = {"localtime", "Factory"}
"""Files beside the zones: whatever the machine goes by, and what it goes by before it is set up."""


@cache
def time_zones() -> frozenset[str]:
    """The names of all IANA time zones; looked up once, since that walks through many folders."""
    return frozenset(available_timezones() - NO_PLACES)
