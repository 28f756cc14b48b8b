"""From what processes say of themselves to how each part is, and since when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.health import (
    SILENCE,
    AuditTold,
    Beat,
    DeadlinesTold,
    LettersTold,
    RelayTold,
    ViewTold,
)
from contracts.permissions import MANAGERS, MATRIX
from gateway.diagnosis import SERVICES, Diagnosis
from gateway.health_types import Health, HealthStatus
from gateway.heartbeats import Heartbeats

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
EARLIER = NOON - timedelta(hours=1)
SECOND = timedelta(seconds=1)
SILENT = timedelta(seconds=SILENCE)
OK, DEGRADED, DOWN = HealthStatus.OK, HealthStatus.DEGRADED, HealthStatus.DOWN


def relay(state: str = "running", *, seq: int = 7, oldest: float = 0.0) -> RelayTold:
    return RelayTold(
        state=state, since=EARLIER, waiting=3 if oldest else 0, oldest_seconds=oldest, seq=seq,
        position=seq * 10,
    )  # fmt: skip


def view(state: str = "running", *, behind: int = 0, lag: float = 0.0) -> ViewTold:
    return ViewTold(
        name="roster", source="booking", state=state, since=EARLIER, behind=behind,
        lag_seconds=lag, position=70,
    )  # fmt: skip


class Platform:
    """Processes that say how they are, and a gateway that listens."""

    def __init__(self) -> None:
        self.now = NOON
        self._beats = Heartbeats(NOON)
        self._diagnosis = Diagnosis(self._beats, {"roster": "booking"})

    def says(self, process: str, *, instance: str = "a", **told: Any) -> None:
        """One beat of a process that is well but for ``told``."""
        usual: dict[str, Any] = {"ready": True}
        if process in ("members", "booking", "billing", "access"):
            usual |= {
                "answers": True, "relay": relay(),
                "deadlines": DeadlinesTold(is_elected=True, overdue_seconds=0),
            }  # fmt: skip
        if process == "booking":
            usual["dead_letters"] = LettersTold(count=0)
        if process == "projections":
            usual["views"] = (view(),)
        self._beats.hear(
            Beat(
                process=process, instance=instance, version="1.2.3", started_at=EARLIER,
                **usual | told,
            ),
            self.now,
        )  # fmt: skip

    def all_say(self, *but: str) -> None:
        """Everybody is well, and says so."""
        for process in SERVICES:
            if process not in but:
                self.says(process)

    def later(self, by: timedelta) -> None:
        self.now += by

    @property
    def health(self) -> Health:
        return self._diagnosis.at(self.now)

    def statuses(self) -> dict[str, HealthStatus]:
        """Those that are not well."""
        found = self.health
        told = {
            **{one.name: one.status for one in found.services},
            **{f"relay {one.service}": one.status for one in found.relays},
            **{f"view {one.name}": one.status for one in found.read_models},
            **{f"deadlines {one.service}": one.status for one in found.deadlines},
            **{f"letters {one.service}": one.status for one in found.dead_letters},
            **({"audit": found.audit.status} if found.audit else {}),
        }
        return {name: status for name, status in told.items() if status is not OK}


@pytest.fixture
def platform() -> Platform:
    made = Platform()
    made.all_say()
    return made


def test_all_is_well_when_everybody_says_so(platform: Platform) -> None:
    health = platform.health

    assert platform.statuses() == {}
    assert (health.status, health.audit) == (OK, None)
    assert [one.name for one in health.services] == list(SERVICES)
    assert health.services[0].instances[0].version == "1.2.3"
    assert {one.since for one in (*health.services, *health.relays)} == {EARLIER}
    assert health.position.at("booking") == 70


@pytest.mark.parametrize(
    ("process", "told", "found"),
    [
        ("booking", {"ready": False, "failing": ("database",)}, {"booking": DEGRADED}),
        ("booking", {"answers": False}, {"booking": DOWN}),
        ("booking", {"answers": None}, {"booking": DOWN}),
        ("booking", {"relay": relay("retrying")}, {"relay booking": DEGRADED}),
        ("booking", {"relay": relay("refused")}, {"relay booking": DOWN}),
        ("booking", {"relay": relay("standby", seq=0)}, {"relay booking": DOWN}),
        ("booking", {"relay": None}, {"relay booking": DOWN}),
        ("booking", {"relay": relay(oldest=31)}, {"relay booking": DEGRADED}),
        ("booking", {"relay": relay(oldest=29)}, {}),
        (
            "booking", {"deadlines": DeadlinesTold(is_elected=False, overdue_seconds=0)},
            {"deadlines booking": DOWN},
        ),
        (
            "booking", {"deadlines": DeadlinesTold(is_elected=True, overdue_seconds=61)},
            {"deadlines booking": DEGRADED},
        ),
        ("booking", {"dead_letters": LettersTold(count=2)}, {"letters booking": DEGRADED}),
        ("booking", {"dead_letters": LettersTold(count=None)}, {"letters booking": DEGRADED}),
        ("projections", {"views": (view("stopped"),)}, {"view roster": DOWN}),
        ("projections", {"views": (view("retrying"),)}, {"view roster": DEGRADED}),
        ("projections", {"views": (view(behind=9, lag=6),)}, {"view roster": DEGRADED}),
        ("projections", {"views": ()}, {"view roster": DOWN}),
    ],
)  # fmt: skip
def test_what_a_process_says_of_its_parts(
    platform: Platform, process: str, told: dict[str, Any], found: dict[str, HealthStatus]
) -> None:
    platform.says(process, **told)

    assert platform.statuses() == found
    worst = next((one for one in (DOWN, DEGRADED) if one in found.values()), OK)
    assert platform.health.status is worst


def test_who_falls_silent_is_down_since_it_was_last_heard_of(platform: Platform) -> None:
    assert platform.health.status is OK
    platform.later(SILENT - SECOND)
    platform.all_say("booking")
    assert platform.statuses() == {}

    platform.later(SECOND)

    assert platform.statuses() == {
        "booking": DOWN, "relay booking": DOWN, "deadlines booking": DOWN,
        "letters booking": DOWN,
    }  # fmt: skip
    booking = platform.health.services[1]
    assert (booking.since, booking.instances) == (NOON, [])
    assert platform.health.relays[1].waiting is None
    platform.later(SECOND)
    platform.says("booking")
    assert platform.statuses() == {}
    assert platform.health.services[1].since == platform.now


def test_who_was_never_heard_of_is_down_since_we_listen() -> None:
    platform = Platform()
    platform.all_say("access")

    assert platform.health.services[3].status is DOWN
    assert platform.health.services[3].since == NOON


def test_a_status_that_stays_keeps_its_instant(platform: Platform) -> None:
    assert platform.health.status is OK
    platform.later(SECOND)
    platform.says("booking", relay=relay("retrying"))
    began = platform.now
    assert platform.health.relays[1].since == began

    platform.later(SECOND)
    platform.says("booking", relay=relay("retrying"))

    assert platform.health.relays[1].since == began
    assert platform.health.since == began


def test_of_several_processes_the_one_that_does_the_work_counts(platform: Platform) -> None:
    platform.says(
        "booking", instance="b", relay=relay("standby", seq=0),
        deadlines=DeadlinesTold(is_elected=False, overdue_seconds=0),
    )  # fmt: skip
    platform.says("projections", instance="b", views=(view("retrying", behind=4),))

    assert platform.statuses() == {}
    assert platform.health.position.at("booking") == 70
    assert len(platform.health.services[1].instances) == 2


def test_while_projections_are_silent_views_fall_behind_by_what_streams_get(
    platform: Platform,
) -> None:
    platform.says("projections", views=(view(behind=2, lag=1),))
    platform.later(SILENT)
    platform.all_say("projections")
    platform.says("booking", relay=relay(seq=12))

    (roster,) = platform.health.read_models

    assert roster.status is DOWN
    assert (roster.behind, roster.lag_seconds) == (2 + 5, 1 + SILENCE)
    assert roster.position is not None
    assert roster.position.at("booking") == 70


def test_the_auditor_is_looked_for_once_it_was_heard_of(platform: Platform) -> None:
    well = AuditTold(looked_at=NOON, whole_at=EARLIER, offences={"I1": 0, "I2": 0})
    platform.says("auditor", audit=well)
    assert platform.statuses() == {}
    audit = platform.health.audit
    assert audit is not None
    assert [(one.code, one.offences) for one in audit.invariants] == [("I1", 0), ("I2", 0)]

    platform.says("auditor", audit=well.model_copy(update={"offences": {"I1": 1, "I2": 0}}))
    assert platform.statuses() == {"audit": DEGRADED}
    platform.says("auditor", audit=AuditTold())
    assert platform.statuses() == {"audit": DEGRADED}, "it has not looked yet"

    platform.later(SILENT)
    platform.all_say()
    assert platform.statuses() == {"auditor": DOWN, "audit": DOWN}


def test_an_auditor_that_does_not_get_on(platform: Platform) -> None:
    platform.later(timedelta(minutes=16))
    platform.all_say()
    platform.says("auditor", audit=AuditTold(looked_at=NOON, offences={"I1": 0}))

    assert platform.statuses() == {"audit": DEGRADED}


def test_only_owners_and_admins_may_look() -> None:
    assert MATRIX["read.health"] == MANAGERS
