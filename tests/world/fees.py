"""What journeys ask about fees and invoices, as apps would write it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deploy.local.installation import Installation
from tests.world import documents
from tests.world.documents import ERRORS
from tests.world.gym import Gym, Member, move_clock
from tests.world.people import Json, Person

CASE = """id clientId clientName sessionTitle reservationId kind paidWith status forgiven
  amount { minor currency } policyVersion facts contest contestReason decidedById reason"""
STEP = f"penalty {{ {CASE} }} position {ERRORS}"
LINES = "lines { id kind sessionTitle reservationId amount { minor } reversesId reason }"
INVOICE = f"id status total {{ minor currency }} {LINES}"
OWED = f"""position clientId balances {{
  owed {{ minor currency }} issued {{ minor }} draft {{ {INVOICE} }} }}"""

PENALTIES = f"""query ($first: Int!, $after: String, $clientId: ID, $status: PenaltyStatus,
                       $contest: ContestStatus, $atLeast: Position) {{
  penalties(first: $first, after: $after, clientId: $clientId, status: $status, contest: $contest,
            atLeast: $atLeast) {{
    nodes {{ {CASE} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
MY_PENALTIES = f"""query ($atLeast: Position) {{
  myPenalties(first: 10, atLeast: $atLeast) {{ nodes {{ {CASE} }} }} }}"""
CHANGED = """subscription ($clientId: ID, $status: PenaltyStatus, $contest: ContestStatus) {
  penaltiesChanged(clientId: $clientId, status: $status, contest: $contest) {
    position hasMore penalties { clientName decidedById contest } } }"""
OF_SESSION = f"""query ($id: ID!, $atLeast: Position) {{
  sessionPenalties(sessionId: $id, atLeast: $atLeast) {{ pending penalties {{ {CASE} }} }} }}"""
OF_SESSION_CHANGED = """subscription ($id: ID!) { sessionPenaltiesChanged(sessionId: $id) {
  position pending penalties { clientName status contest } } }"""
ACCOUNT = f"""query ($clientId: ID, $atLeast: Position) {{
  account(clientId: $clientId, atLeast: $atLeast) {{ {OWED} }} }}"""
ACCOUNT_CHANGED = f"""subscription ($clientId: ID) {{
  accountChanged(clientId: $clientId) {{ {OWED} }} }}"""
INVOICES = f"""query ($clientId: ID, $status: InvoiceStatus, $atLeast: Position) {{
  invoices(first: 10, clientId: $clientId, status: $status, atLeast: $atLeast) {{
    nodes {{ clientName {INVOICE} }} }} }}"""
MY_INVOICES = f"query {{ myInvoices(first: 10) {{ nodes {{ {INVOICE} }} }} }}"

WAIVE = f"mutation ($input: WaiveFeeInput!) {{ waiveFee(input: $input) {{ {STEP} }} }}"
CONTEST = f"mutation ($input: ContestFeeInput!) {{ contestFee(input: $input) {{ {STEP} }} }}"
RESOLVE = f"""mutation ($input: ResolveContestInput!) {{
  resolveContest(input: $input) {{ {STEP} }} }}"""
ISSUE = f"""mutation ($input: IssueInvoiceInput!) {{
  issueInvoice(input: $input) {{ invoiceId account {{ {OWED} }} position {ERRORS} }} }}"""
PUBLISH = f"""mutation ($input: PublishBookingPolicyInput!) {{
  publishBookingPolicy(input: $input) {{
    bookingPolicies {{ policy {{ version }} }} {ERRORS} }} }}"""

FEE = {"minor": 1500, "currency": "EUR"}


@dataclass
class Missed:
    """A class with its books closed that these members did not come to."""

    session: str
    reservations: dict[str, str]
    """Client -> reservation."""
    position: str

    def of(self, member: Member) -> dict[str, str]:
        """What names the member's case."""
        return {"clientId": member.id, "reservationId": self.reservations[member.id]}


async def with_fees(gym: Gym, **changes: Any) -> int:
    """Have no-shows cost 15 euros from now on; the version of the policy that says so."""
    changes = {"noShowFee": FEE, "lateCancelFee": FEE, "freePasses": 0} | changes
    told = await gym.owner.done(PUBLISH, preset="FUNCTIONAL", changes=changes)
    return max(int(one["policy"]["version"]) for one in told["bookingPolicies"])


async def unlimited(gym: Gym, name: str = "Mia") -> Member:
    """A member who pays no class by itself, and so may owe a fee."""
    member = await gym.member(name, pack=0)
    await gym.owner.done(documents.GRANT, clientId=member.id, kind="UNLIMITED")
    return member


async def missed(
    gym: Gym, running: Installation, *members: Member, closed_by: Person | None = None
) -> Missed:
    """A class they booked and did not come to, its books closed when it has begun."""
    session = await gym.session(hours=0.5)
    seats = {}
    for member in members:
        booked = await member.at.done(documents.BOOK, sessionId=session)
        seats[member.id] = booked["reservation"]["id"]
    await later(gym, running, timedelta(minutes=31))
    closed = await (closed_by or gym.owner).done(documents.FINALIZE, sessionId=session)
    return Missed(session, seats, closed["position"])


def owes(shown: Json) -> bool:
    """Whether the account has something to pay: a draft may be shown before what is on it."""
    return any(one["owed"]["minor"] for one in shown["balances"])


async def later(gym: Gym, running: Installation, by: timedelta) -> None:
    """Move the clock on, and sign everybody in again: their tokens may have ended."""
    move_clock(running.clock_file, by)
    for person in gym.people:
        if person.email:
            await person.sign_in(gym.slug, person.email)
