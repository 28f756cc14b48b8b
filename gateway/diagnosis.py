"""From what processes say of themselves to how each part is: pure but for what was so before."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypedDict

from contracts.health import AuditTold, Beat, DeadlinesTold
from gateway.health_types import (
    AuditHealth,
    DeadLetterHealth,
    DeadlineHealth,
    Health,
    HealthPart,
    HealthStatus,
    InvariantHealth,
    ReadModelHealth,
    RelayHealth,
    ServiceHealth,
    ServiceInstance,
)
from gateway.heartbeats import Heartbeats
from gateway.positions import Position

CONTEXTS = ("members", "booking", "billing", "access")
SERVICES = (*CONTEXTS, "projections", "gateway")
"""Those that must be there; the auditor is looked for once it was heard of."""
PROJECTIONS, AUDITOR = "projections", "auditor"

UNSENT = 30.0  # seconds an event may wait for its stream; as the alerts have it, so the next three
LAG = 5.0  # seconds a read model may be behind
OVERDUE = 60.0  # seconds a deadline may be late
UNCHECKED = timedelta(minutes=15)  # between two looks at the invariants

OK, DEGRADED, DOWN = HealthStatus.OK, HealthStatus.DEGRADED, HealthStatus.DOWN
WORST = (DOWN, DEGRADED, OK)
RELAYS = {"running": OK, "refused": DOWN, "retrying": DEGRADED, "starting": DEGRADED}
"""State of a relay -> how its part is; of several the first counts. All standing by is nobody."""
VIEWS = {"running": OK, "retrying": DEGRADED, "starting": DEGRADED, "stopped": DOWN}


class Standing(TypedDict):
    """What every part has."""

    status: HealthStatus
    since: datetime


class _Shown(NamedTuple):
    """Figures of a view."""

    behind: int
    lag_seconds: float
    position: int


class Diagnosis:
    """How every part is; remembers since when."""

    def __init__(self, beats: Heartbeats, views: Mapping[str, str]) -> None:
        """``views``: read model -> the service whose events it shows."""
        self._beats, self._views = beats, views
        self._known: dict[str, Standing] = {}

    def at(self, now: datetime) -> Health:
        """The whole picture at ``now``."""
        audited = self._beats.last_of(AUDITOR) is not None
        services = [self._service(name, now) for name in (*SERVICES, *[AUDITOR] * audited)]
        relays = [self._relay(name, now) for name in CONTEXTS]
        views = [self._view(name, source, now) for name, source in self._views.items()]
        deadlines = [self._deadlines(name, now) for name in CONTEXTS]
        letters = [self._letters(name, now) for name in CONTEXTS if self._reacts(name)]
        audit = self._audit(now) if audited else None
        parts: Sequence[HealthPart] = (*services, *relays, *views, *deadlines, *letters)
        found = {one.status for one in (*parts, *([audit] if audit else []))}
        return Health(
            **self._standing("all", next(one for one in WORST if one in found), now),
            at=now,
            position=Position.of(
                **{one.service: one.position.at(one.service) for one in relays if one.position}
            ),
            services=services, relays=relays, read_models=views, deadlines=deadlines,
            dead_letters=letters, audit=audit,
        )  # fmt: skip

    def _service(self, name: str, now: datetime) -> ServiceHealth:
        beats = [one.beat for one in self._beats.of(name, now)]
        answering = name not in CONTEXTS or any(one.answers for one in beats)
        status = OK if beats and all(one.ready for one in beats) else DEGRADED
        status = status if beats and answering else DOWN
        began = min((one.started_at for one in beats), default=None)
        return ServiceHealth(
            **self._standing(f"service {name}", status, now, name, began),
            name=name, instances=[_instance(one) for one in beats],
        )  # fmt: skip

    def _relay(self, name: str, now: datetime) -> RelayHealth:
        told = [one.beat.relay for one in self._beats.of(name, now) if one.beat.relay]
        one = next((each for state in RELAYS for each in told if each.state == state), None)
        status = RELAYS[one.state] if one else DOWN
        if one and status is OK and one.oldest_seconds > UNSENT:
            status = DEGRADED
        end = self._beats.end_of(name)
        return RelayHealth(
            **self._standing(f"relay {name}", status, now, name, one.since if one else None),
            service=name,
            waiting=one.waiting if one else None,
            oldest_unsent_seconds=one.oldest_seconds if one else None,
            position=Position.of(**{name: end.position}) if end else None,
        )

    def _view(self, name: str, source: str, now: datetime) -> ReadModelHealth:
        alive = self._beats.of(PROJECTIONS, now)
        told = [view for one in alive for view in one.beat.views if view.name == name]
        told.sort(key=lambda view: view.behind)
        one = next((each for state in VIEWS for each in told if each.state == state), None)
        status = VIEWS[one.state] if one else DOWN
        if one and status is OK and one.lag_seconds > LAG:
            status = DEGRADED
        shown = _Shown(one.behind, one.lag_seconds, one.position) if one else None
        shown = shown or self._shown_last(name, now)
        since = one.since if one else None
        return ReadModelHealth(
            **self._standing(f"view {name}", status, now, PROJECTIONS, since),
            name=name,
            service=source,
            behind=shown.behind if shown else None,
            lag_seconds=shown.lag_seconds if shown else None,
            position=Position.of(**{source: shown.position}) if shown else None,
        )

    def _shown_last(self, name: str, now: datetime) -> _Shown | None:
        """Of a view nobody tells of any more: what was told last, and what its stream got since."""
        heard = self._beats.last_of(PROJECTIONS)
        view = next((one for one in heard.beat.views if one.name == name), None) if heard else None
        if heard is None or view is None:
            return None
        end, then = self._beats.end_of(view.source), heard.ends.get(view.source)
        behind = view.behind + (max(0, end.seq - then) if end and then is not None else 0)
        silent = (now - heard.at).total_seconds()
        return _Shown(behind, view.lag_seconds + silent if behind else 0.0, view.position)

    def _deadlines(self, name: str, now: datetime) -> DeadlineHealth:
        told = [one.beat.deadlines for one in self._beats.of(name, now)]
        one: DeadlinesTold | None = next((each for each in told if each and each.is_elected), None)
        status = DOWN if one is None else DEGRADED if one.overdue_seconds > OVERDUE else OK
        return DeadlineHealth(
            **self._standing(f"deadlines {name}", status, now, name),
            service=name,
            overdue_seconds=one.overdue_seconds if one else None,
        )

    def _reacts(self, name: str) -> bool:
        last = self._beats.last_of(name)
        return last is not None and last.beat.dead_letters is not None

    def _letters(self, name: str, now: datetime) -> DeadLetterHealth:
        told = [one.beat.dead_letters for one in self._beats.of(name, now) if one.beat.dead_letters]
        count = max((one.count for one in told if one.count is not None), default=None)
        status = DOWN if not told else OK if count == 0 else DEGRADED
        return DeadLetterHealth(
            **self._standing(f"letters {name}", status, now, name), service=name, count=count
        )

    def _audit(self, now: datetime) -> AuditHealth:
        last = self._beats.last_of(AUDITOR)
        told = (last.beat.audit if last else None) or AuditTold()
        is_checked = told.looked_at is not None and now - told.looked_at < UNCHECKED
        status = OK if is_checked and not any(told.offences.values()) else DEGRADED
        status = status if self._beats.of(AUDITOR, now) else DOWN
        return AuditHealth(
            **self._standing("audit", status, now, AUDITOR),
            looked_at=told.looked_at, whole_looked_at=told.whole_at,
            invariants=[InvariantHealth(code=c, offences=n) for c, n in told.offences.items()],
        )  # fmt: skip

    def _standing(
        self, part: str, status: HealthStatus, now: datetime, process: str | None = None,
        first: datetime | None = None,
    ) -> Standing:  # fmt: skip
        """The status, and since when: as the part says itself (``first``), when we just came."""
        known = self._known.get(part)
        if known is not None and known["status"] is status:
            return known
        since = first if known is None and first is not None else now
        if status is DOWN and process is not None and not self._beats.of(process, now):
            last = self._beats.last_of(process)
            since = last.at if last else self._beats.since
        self._known[part] = found = Standing(status=status, since=since)
        return found


def _instance(beat: Beat) -> ServiceInstance:
    return ServiceInstance(
        version=beat.version, started_at=beat.started_at, ready=beat.ready,
        failing=list(beat.failing),
    )  # fmt: skip
