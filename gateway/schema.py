"""The schema: every feature merged. Its print, ``schema.graphql``, is what apps generate from."""

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.tools import merge_types
from strawberry.types.base import StrawberryObjectDefinition, StrawberryType

from gateway.bans_and_waivers import BansAndWaiversMutation
from gateway.bookings import BookingMutation
from gateway.calendar import CalendarQuery, CalendarSubscription
from gateway.catalogue import CatalogueQuery, ClassTypeMutation, ProgramMutation
from gateway.clients import ClientQuery, ClientSubscription
from gateway.credentials import CredentialsMutation, CredentialsQuery
from gateway.doors import DoorsMutation, DoorsQuery, DoorsSubscription
from gateway.drafts import DraftMutation, DraftQuery, DraftSubscription
from gateway.entitlements import EntitlementMutation
from gateway.entries import EntriesMutation, EntriesQuery, EntriesSubscription
from gateway.entry_grants import EntryGrantsMutation
from gateway.health import HealthQuery, HealthSubscription
from gateway.holders import AccessQuery, AccessSubscription
from gateway.invoices import InvoicesMutation, InvoicesQuery, InvoicesSubscription
from gateway.kpis import KpisQuery, KpisSubscription
from gateway.ledger_watch import LedgerSubscription
from gateway.ledgers import LedgerMutation, LedgerQuery
from gateway.my_bookings import MyBookingsQuery, MyBookingsSubscription
from gateway.opening_hours import OpeningHoursMutation
from gateway.organisation import OrganisationMutation, OrganisationQuery
from gateway.penalties import PenaltiesQuery, PenaltiesSubscription
from gateway.penalty_steps import PenaltyMutation
from gateway.policies import PolicyMutation, PolicyQuery
from gateway.profiles import ProfileMutation
from gateway.qualifications import QualificationMutation
from gateway.receipts import ReceiptsQuery, ReceiptsSubscription
from gateway.registering import ClientMutation
from gateway.roster import RosterQuery, RosterSubscription
from gateway.scalars import SCALARS
from gateway.schedules import ScheduleMutation, ScheduleQuery, ScheduleSubscription
from gateway.scheduling import SchedulingMutation
from gateway.seats import SeatMutation
from gateway.session_changes import SessionChangeMutation
from gateway.sign_in import SignInMutation
from gateway.staff import StaffMutation, StaffQuery
from gateway.timetable_import import ImportMutation
from gateway.waitlist import WaitlistMutation

QUERIES = (
    OrganisationQuery, CalendarQuery, RosterQuery, MyBookingsQuery, ClientQuery, StaffQuery,
    LedgerQuery, KpisQuery, ReceiptsQuery,
    CatalogueQuery, PolicyQuery, ScheduleQuery, DraftQuery,
    DoorsQuery, CredentialsQuery, EntriesQuery, AccessQuery,
    PenaltiesQuery, InvoicesQuery, HealthQuery,
)  # fmt: skip
MUTATIONS = (
    SeatMutation, WaitlistMutation, EntitlementMutation, BansAndWaiversMutation,
    SignInMutation, BookingMutation, SchedulingMutation, LedgerMutation, ClientMutation,
    StaffMutation, OrganisationMutation, ProfileMutation, OpeningHoursMutation,
    QualificationMutation,
    ProgramMutation, ClassTypeMutation, PolicyMutation, ScheduleMutation, SessionChangeMutation,
    ImportMutation, DraftMutation,
    DoorsMutation, CredentialsMutation, EntriesMutation, EntryGrantsMutation,
    PenaltyMutation, InvoicesMutation,
)  # fmt: skip
SUBSCRIPTIONS = (
    CalendarSubscription, RosterSubscription, MyBookingsSubscription, KpisSubscription,
    ClientSubscription, LedgerSubscription, ReceiptsSubscription,
    EntriesSubscription, DoorsSubscription, AccessSubscription,
    ScheduleSubscription, DraftSubscription,
    PenaltiesSubscription, InvoicesSubscription, HealthSubscription,
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
