"""The schema: every feature merged. Its print, ``schema.graphql``, is what apps generate from."""

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.tools import merge_types
from strawberry.types.base import StrawberryObjectDefinition, StrawberryType

from gateway.bookings import BookingMutation
from gateway.calendar import CalendarQuery, CalendarSubscription
from gateway.clients import ClientQuery, ClientSubscription
from gateway.kpis import KpisQuery, KpisSubscription
from gateway.ledgers import LedgerMutation, LedgerQuery
from gateway.my_bookings import MyBookingsQuery, MyBookingsSubscription
from gateway.organisation import OrganisationMutation, OrganisationQuery
from gateway.profiles import ProfileMutation
from gateway.receipts import ReceiptsQuery
from gateway.registering import ClientMutation
from gateway.roster import RosterQuery, RosterSubscription
from gateway.scalars import SCALARS
from gateway.scheduling import SchedulingMutation
from gateway.sign_in import SignInMutation
from gateway.staff import StaffMutation, StaffQuery

QUERIES = (
    OrganisationQuery, CalendarQuery, RosterQuery, MyBookingsQuery, ClientQuery, StaffQuery,
    LedgerQuery, KpisQuery, ReceiptsQuery,
)  # fmt: skip
MUTATIONS = (
    SignInMutation, BookingMutation, SchedulingMutation, LedgerMutation, ClientMutation,
    StaffMutation, OrganisationMutation, ProfileMutation,
)  # fmt: skip
SUBSCRIPTIONS = (
    CalendarSubscription, RosterSubscription, MyBookingsSubscription, KpisSubscription,
    ClientSubscription,
)  # fmt: skip


class Names(NameConverter):
    """``BookClassUserError``, not ``BookClassErrorCodeUserError``."""

    def from_generic(
        self,
        generic_type: StrawberryObjectDefinition,
        types: list[StrawberryType | type],
    ) -> str:
        return super().from_generic(generic_type, types).replace("ErrorCodeUser", "User")


def build() -> strawberry.Schema:
    """The schema, made anew; a process makes it once."""
    return strawberry.Schema(
        query=merge_types("Query", QUERIES),
        mutation=merge_types("Mutation", MUTATIONS),
        subscription=merge_types("Subscription", SUBSCRIPTIONS),
        config=StrawberryConfig(
            name_converter=Names(), scalar_map=SCALARS, disable_field_suggestions=True
        ),
    )


if __name__ == "__main__":
    print(build().as_str())  # noqa: T201 - this is the print
