"""The laws of doors hold, whatever happens in whatever order.

A plain model beside the service remembers, in one line a fact, what must be so: who has a seat and
when their class is, whose card stands where, who is kept out. At each arrival both are asked.
"""

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chassis.decider import Refused
from contracts.access import (
    AccessDenied,
    AccessGranted,
    AddDoor,
    DenialReason,
    EndEntryGrant,
    EndLockdown,
    GrantEntry,
    HearBan,
    HearClass,
    HearClient,
    HearReservation,
    Impediment,
    IssueCredential,
    ReinstateCredential,
    RequestEntry,
    RevokeCredential,
    SetImpediment,
    StartLockdown,
    SuspendCredential,
)
from contracts.envelope import Command
from contracts.ids import ClientId, CredentialId, EntryId, ReservationId, SessionId, new_id
from services.access.api import RULES
from tests.domain.access.language import ANN, BEN, FRONT, HALL, HOUR, MINUTE, NOON, home
from tests.domain.walking import missing, walk
from tests.scenario import Gym

CLIENTS = st.sampled_from([ANN, BEN])
SESSIONS = [SessionId(UUID(int=n)) for n in (1, 2)]
CLASSES = st.sampled_from(SESSIONS)
STARTS = st.integers(-2, 3).map(lambda halves: NOON + halves * HOUR / 2)
NEAR = [-31, -21, -20, -19, 0, 59, 60, 74, 75, 76]  # minutes from the start of a class
SELDOM = st.integers(0, 5).map(lambda n: n == 0)
OFTEN = st.integers(0, 2).map(lambda n: n == 0)
LONG_BEFORE = NOON - 24 * HOUR
BEFORE, AFTER = timedelta(minutes=20), timedelta(minutes=15)


class Doors(RuleBasedStateMachine):
    """Booking, members and the desk talk to access; people come to its door."""

    def __init__(self) -> None:
        super().__init__()
        self.reached: Counter[str] = Counter()

    @initialize()
    def open_up(self) -> None:
        self.gym = Gym(RULES, home)
        self.version = 0
        self.starts: dict[SessionId, datetime] = {}
        self.seats: set[tuple[ClientId, SessionId]] = set()
        self.passes: dict[ClientId, UUID] = {}
        self.kept_out: set[tuple[ClientId, Impediment]] = set()
        self.erased: set[ClientId] = set()
        self.banned: set[ClientId] = set()
        self.cards: dict[ClientId, tuple[CredentialId, str]] = {}
        self.locked = False
        self.asked = 0
        self._do(AddDoor(door_id=FRONT, location_id=HALL, name="Front"))
        self.place(SessionId(UUID(int=1)), NOON)
        for client in (ANN, BEN):
            self._do(HearClient(client_id=client))
            card = CredentialId(new_id())
            self.cards[client] = (card, "active")
            self._do(
                IssueCredential(credential_id=card, client_id=client, token_digest=digest(client))
            )
        self.give_a_pass_or_end_it(ANN, often=True)

    def _do(self, command: Command, at: datetime = LONG_BEFORE) -> object:
        answer, events = self.gym.do(command, at, "staff:x", "owner")
        for event in events:
            why = f" {event.reason}" if isinstance(event, AccessDenied) else ""
            self.reached[f"{type(event).__name__}{why}"] += 1
        return answer

    def _tell(self, session: SessionId) -> None:
        """What booking says of the session's time, as its next event."""
        self.version += 1
        starts_at = self.starts[session]
        self._do(
            HearClass(session_id=session, starts_at=starts_at, ends_at=starts_at + HOUR,
                      location_id=HALL, version=self.version)
        )  # fmt: skip

    @rule(session=CLASSES, starts_at=STARTS)
    def place(self, session: SessionId, starts_at: datetime) -> None:
        """A class is scheduled, or moves."""
        self.starts[session] = starts_at
        self._tell(session)

    @rule(client=CLIENTS, session=CLASSES, stands=st.booleans(), stale=st.booleans())
    def take_or_leave(
        self, client: ClientId, session: SessionId, *, stands: bool, stale: bool
    ) -> None:
        """A seat is taken or given up; then perhaps something older is heard again."""
        seat = ReservationId(UUID(int=client.int * 1000 + session.int))
        self.version += 1
        heard = HearReservation(
            session_id=session, client_id=client, reservation_id=seat, stands=stands,
            version=self.version,
        )  # fmt: skip
        self._do(heard)
        (self.seats.add if stands else self.seats.discard)((client, session))
        if stale:
            older = {"stands": not stands, "version": self.version - 1}
            self._do(heard.model_copy(update=older))

    @rule(client=CLIENTS, kind=st.sampled_from(Impediment), present=OFTEN)
    def keep_out(self, client: ClientId, kind: Impediment, *, present: bool) -> None:
        if client not in self.erased:
            self._do(SetImpediment(client_id=client, impediment=kind, present=present))
            (self.kept_out.add if present else self.kept_out.discard)((client, kind))

    @rule(client=CLIENTS, banned=SELDOM, stale=st.booleans())
    def ban_or_lift(self, client: ClientId, *, banned: bool, stale: bool) -> None:
        """Booking tells of a ban, or its end; then perhaps something older is heard again."""
        self.version += 1
        heard = HearBan(client_id=client, banned=banned, version=self.version)
        self._do(heard)
        (self.banned.add if banned else self.banned.discard)(client)
        if stale:
            older = {"banned": not banned, "version": self.version - 1}
            self._do(heard.model_copy(update=older))

    @rule(client=CLIENTS, often=OFTEN)
    def give_a_pass_or_end_it(self, client: ClientId, *, often: bool) -> None:
        if not often:
            return
        if client in self.passes:
            self._do(EndEntryGrant(client_id=client, grant_id=self.passes.pop(client)))
        elif client not in self.erased:
            self.passes[client] = new_id()
            self._do(GrantEntry(client_id=client, grant_id=self.passes[client]))

    @rule(client=CLIENTS, step=st.sampled_from(["suspend", "reinstate", "revoke"]))
    def handle_the_card(self, client: ClientId, step: str) -> None:
        card, state = self.cards[client]
        command, wanted, then = {
            "suspend": (SuspendCredential(credential_id=card), {"active"}, "suspended"),
            "reinstate": (ReinstateCredential(credential_id=card), {"suspended"}, "active"),
            "revoke": (RevokeCredential(credential_id=card), {"active", "suspended"}, "revoked"),
        }[step]
        try:
            self._do(command)
        except Refused:
            assert state not in wanted
        else:
            assert state in wanted
            self.cards[client] = (card, then)

    @rule(seldom=SELDOM)
    def lock_or_unlock(self, *, seldom: bool) -> None:
        if not self.locked and not seldom:
            return
        self._do(EndLockdown() if self.locked else StartLockdown(reason="gas"))
        self.locked = not self.locked

    @rule(client=CLIENTS, seldom=SELDOM)
    def erase(self, client: ClientId, *, seldom: bool) -> None:
        if seldom:
            self._do(HearClient(client_id=client, erased=True))
            self.erased.add(client)
            self.cards[client] = (self.cards[client][0], "revoked")

    @rule(session=CLASSES)
    def people_arrive(self, session: SessionId) -> None:
        """Everybody stands at the door all around a class: the model knows when it opens."""
        starts_at = self.starts.get(session, NOON)
        for minutes in NEAR:
            for client in (ANN, BEN):
                self._arrive(client, starts_at + minutes * MINUTE, with_card=minutes % 2 == 0)

    def _arrive(self, client: ClientId, at: datetime, *, with_card: bool) -> None:
        self.asked += 1
        asked = RequestEntry(
            entry_id=EntryId(new_id()), door_id=FRONT, client_id=None if with_card else client,
            token_digest=digest(client) if with_card else None,
        )  # fmt: skip
        told = self._do(asked, at)
        entitled = client in self.passes or any(
            who == client and session in self.starts
            and self.starts[session] - BEFORE <= at <= self.starts[session] + HOUR + AFTER
            for who, session in self.seats
        )  # fmt: skip
        kept_out = {who for who, _ in self.kept_out} | self.erased | self.banned
        free = client not in kept_out
        card_opens = not with_card or self.cards[client][1] == "active"
        opens = entitled and free and card_opens and not self.locked
        assert told.granted is opens, told  # type: ignore[attr-defined]
        assert (told.reason is None) is opens  # type: ignore[attr-defined]

    @invariant()
    def every_decision_is_on_record(self) -> None:
        made = [event for event in self.gym.log if isinstance(event, AccessGranted | AccessDenied)]
        assert len(made) == self.asked
        assert len({event.entry_id for event in made}) == self.asked


def digest(client: ClientId) -> str:
    """The digest of the client's token."""
    return f"{client.int:064x}"[::-1]


NEEDED = {
    "AccessGranted", "GrantMoved", "GrantClosed", "LockdownEnded", "ImpedimentCleared",
    "CredentialSuspended", "CredentialReinstated", "CredentialRevoked",
    *(f"AccessDenied {reason}" for reason in DenialReason if reason != "outside_hours"),
}  # fmt: skip
"""What walks together come to; hours and closures of doors are in ``test_doors``."""

TestDoors = Doors.TestCase
TestDoors.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, database=None
)


def drawn(dice: Random) -> dict[str, Any]:
    seldom, often = dice.random() < 1 / 6, dice.random() < 1 / 3
    return {
        "client": dice.choice([ANN, BEN]), "session": dice.choice(SESSIONS),
        "starts_at": NOON + dice.randint(-2, 3) * HOUR / 2, "stands": dice.random() < 0.5,
        "stale": dice.random() < 0.5, "kind": dice.choice(list(Impediment)),
        "present": often, "often": often, "banned": seldom, "seldom": seldom,
        "step": dice.choice(["suspend", "reinstate", "revoke"]),
    }  # fmt: skip


def walked(seed: int) -> Counter[str]:
    doors, dice = Doors(), Random(seed)
    doors.open_up()
    walk(doors, dice, drawn, steps=40)
    return doors.reached


def test_long_walks_come_to_what_the_laws_speak_of_and_they_hold() -> None:
    assert missing(Doors, NEEDED, map(walked, range(30))) == []
