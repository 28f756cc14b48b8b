"""Random histories of what is said anew: of a session, and of what pays for seats."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from contracts import booking as ask
from contracts.booking import GrantKind, PolicyOverrides
from contracts.money import Price
from contracts.timetable import ChangeSession
from tests.domain.booking import gym_rules
from tests.domain.booking.histories_asked import BIKES, STAFF, clients, nths, sessions
from tests.domain.booking.histories_seats import Seated
from tests.domain.booking.language import HALL, HOUR, NOON

MORNING = NOON - 1.5 * HOUR  # a pack that ends here ends on the day of the first two alone
COVERS = (
    None, None, ask.Coverage(location_ids=(HALL,)),
    ask.Coverage(hours=(ask.Hours(until_time="12:30"),)),
    ask.Coverage(program_ids=(gym_rules.SPIN,)),
)  # fmt: skip
"""All sessions; the first two; the first, and the third where it is night then; of a program."""


def _until(days: int) -> dict[str, Any]:
    """A last day, so many after that of the first two sessions."""
    return {"expires_on": NOON.date() + timedelta(days=days), "time_zone": "UTC"}


WIDE: dict[str, Any] = {"coverage": ask.Coverage(), **_until(30)}
TERMS: tuple[dict[str, Any], ...] = (
    WIDE, WIDE, {"coverage": ask.Coverage()}, _until(-1), _until(0), _until(1),
    {"expires_at": MORNING}, *({"coverage": one} for one in COVERS[2:]),
    {"credits": 1}, {"credits": 2}, {"credits": 5, "early_hours": 0}, {"early_hours": 24},
)  # fmt: skip
"""What a grant is said to be: mostly wider or narrower."""

FEE = Price(minor=500, currency="EUR")
OVERRIDDEN: tuple[dict[str, Any], ...] = (
    {}, *[{"late_cancel_minutes": 0}] * 3, *[{"late_cancel_minutes": 30}] * 2,
    *[{"late_cancel_minutes": 720}] * 3,
    {"late_cancel_minutes": 720, "cancel_grace_minutes": 0}, {"closes_minutes_before": 90},
    {"auto_promotion_ends_minutes_before": 0}, {"offer_minutes": 0}, {"offer_minutes": 60},
    {"claim_opens_minutes_before": 180}, {"waitlist_max": 1}, *[{"opens_days_before": 1}] * 2,
    {"self_check_in": True, "check_in_opens_minutes_before": 240},
    {"late_cancel_fee": FEE, "no_show_fee": FEE}, {"attendance_closes_minutes_after": 0},
)  # fmt: skip
"""What a session does differently: all of it."""
UNTIL_THE_START = PolicyOverrides(late_cancel_minutes=0)
ANEW: tuple[dict[str, Any], ...] = (
    *({"overrides": PolicyOverrides(**one)} for one in OVERRIDDEN),
    {"online_capacity": 0}, {"online_capacity": 1}, {"online_capacity": 500},
    {"spots": ()}, {"spots": BIKES}, {"spots": BIKES[1:]}, {"spots": ("c", "d", "e")},
    {"waiver_required": True}, {"waiver_required": False}, {"title": "Ride"},
)  # fmt: skip
"""What is said of a session alone."""


class Changed(Seated):
    """Staff says anew what a session, or a grant, is."""

    @rule(session=sessions, anew=st.sampled_from(ANEW))
    def say_session_anew(self, session: Any, anew: dict[str, Any]) -> None:
        self._do(ChangeSession(session_id=session, **anew), *STAFF)

    @precondition(lambda self: self._pairs("seated"))
    @rule(nth=nths)
    def let_them_swap(self, nth: int) -> None:
        """They wait for another class at that time, which gets a seat more, and may leave theirs.

        If leaving was late until then, nobody but the change asks them again.
        """
        pair = self._pick("seated", nth)
        here, client = self.naive.sessions[pair["session_id"]], pair["client_id"]
        for session, seats in self.naive.sessions.items():
            overlaps = here.starts_at < seats.ends_at and seats.starts_at < here.ends_at
            if seats is here or not overlaps:
                continue
            wait = ask.JoinWaitlist(session_id=session, client_id=client, swap=True, reason="vip")
            if self._do(wait, *STAFF):
                more = ask.ChangeCapacity(session_id=session, capacity=seats.capacity + 1)
                self._do(more, *STAFF)
                self.say_session_anew(pair["session_id"], {"overrides": UNTIL_THE_START})

    @rule(client=clients, nth=nths, terms=st.sampled_from(TERMS))
    def say_grant_anew(self, client: Any, nth: int, terms: dict[str, Any]) -> None:
        """Mostly one that holds seats, and may let go of them."""
        grants = self.naive.credits.grants[client]
        holds = self.naive.credits.held.values()
        held = {one.grant_id for one in holds if one.client_id == client}
        free = [one for one in grants if one in held and grants[one].kind is not GrantKind.PACK]
        some = free if free and nth % 4 else list(grants)
        if some:
            grant = some[nth % len(some)]
            self._do(ask.ChangeEntitlement(client_id=client, grant_id=grant, **terms), *STAFF)
