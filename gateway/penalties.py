"""Penalties in GraphQL: who gave up a seat late or did not come, and what it costs them."""

import strawberry

from contracts.ids import ClientId, SessionId
from gateway import ids
from gateway.calendar import topic
from gateway.context import Context, Info
from gateway.paging import Connection, page, page_size
from gateway.penalty_types import ContestStatus, PenaltyCase, PenaltyStatus, shown
from gateway.positions import Position
from gateway.serve.faults import Forbidden
from gateway.serve.live import live
from services.projections import penalties
from services.projections.penalties import Wanted

WATCHED = 500  # cases of a session a screen shows at most
LISTED = 100  # cases of a client or of the gym a screen shows at most


@strawberry.type(description="All that was judged in a session, as it is at a position.")
class SessionPenalties:
    position: Position
    session_id: strawberry.ID
    pending: int = strawberry.field(description="Fees that may still be waived.")
    penalties: list[PenaltyCase] = strawberry.field(description="The last judged first.")


@strawberry.type(description="Cases as they are at a position.")
class PenaltiesUpdate:
    position: Position
    penalties: list[PenaltyCase] = strawberry.field(
        description=f"The last judged first, at most {LISTED}."
    )
    has_more: bool = strawberry.field(description="There are older ones, which penalties pages.")


@strawberry.type
class PenaltiesQuery:
    @strawberry.field(description="A client's cases, or the gym's; the last judged first.")
    async def penalties(
        self,
        info: Info,
        *,
        first: int,
        after: str | None = None,
        client_id: strawberry.ID | None = None,
        status: PenaltyStatus | None = None,
        contest: ContestStatus | None = None,
        at_least: Position | None = None,
    ) -> Connection[PenaltyCase]:
        wanted = _wanted(info.context, client_id, status, contest)
        return await _page(info, "penalties", wanted, (first, after), at_least)

    @strawberry.field(description="The caller's cases; the last judged first.")
    async def my_penalties(
        self, info: Info, *, first: int, after: str | None = None, at_least: Position | None = None
    ) -> Connection[PenaltyCase]:
        wanted = Wanted(client_id=_me(info.context))
        return await _page(info, "my_penalties", wanted, (first, after), at_least)

    @strawberry.field(description="All that was judged in a session, for its roster.")
    async def session_penalties(
        self, info: Info, session_id: strawberry.ID, at_least: Position | None = None
    ) -> SessionPenalties:
        return await _of_session(info, ids.session(session_id), at_least)


def _topics(info: Info, session_id: strawberry.ID) -> list[str]:
    gym_id = info.context.must("read.session_penalties")
    return [topic(gym_id, "penalties", ids.session(session_id)), topic(gym_id, "people")]


def _listed_topics(
    info: Info,
    client_id: strawberry.ID | None = None,
    status: PenaltyStatus | None = None,
    contest: ContestStatus | None = None,
) -> list[str]:
    wanted = _wanted(info.context, client_id, status, contest)
    gym_id = info.context.gym_id
    return [topic(gym_id, "penalties", wanted.client_id), topic(gym_id, "people")]


@strawberry.type
class PenaltiesSubscription:
    @live(
        topics=_listed_topics,
        beyond=True,
        description="A client's cases, or the gym's, now, and again after every change: such as "
        "the fees that may still be waived, or those that are contested.",
    )
    async def penalties_changed(
        self,
        info: Info,
        client_id: strawberry.ID | None = None,
        status: PenaltyStatus | None = None,
        contest: ContestStatus | None = None,
        after: Position | None = None,
    ) -> PenaltiesUpdate:
        wanted = _wanted(info.context, client_id, status, contest)
        position, rows = await info.context.read(
            "penalties", None,
            lambda pool, gym: penalties.page(pool, gym, wanted, None, LISTED + 1),
        )  # fmt: skip
        to_staff = info.context.principal.client_id is None
        return PenaltiesUpdate(
            position=position,
            penalties=[shown(row, to_staff=to_staff) for row in rows[:LISTED]],
            has_more=len(rows) > LISTED,
        )

    @live(
        topics=_topics,
        scope=lambda info: (info.context.must("read.session_penalties"), "staff"),
        beyond=True,
        description="What was judged in a session now, and again after every change.",
    )
    async def session_penalties_changed(
        self, info: Info, session_id: strawberry.ID, after: Position | None = None
    ) -> SessionPenalties:
        return await _of_session(info, ids.session(session_id), None)


async def _page(
    info: Info,
    kind: str,
    wanted: Wanted,
    asked: tuple[int, str | None],
    at_least: Position | None,
) -> Connection[PenaltyCase]:
    size, behind = page_size(asked[0]), ids.time_keyset(kind, asked[1])
    position, rows = await info.context.read(
        "penalties", at_least,
        lambda pool, gym: penalties.page(pool, gym, wanted, behind, size + 1),
    )  # fmt: skip
    to_staff = info.context.principal.client_id is None
    return page(
        rows, size, position, lambda row: shown(row, to_staff=to_staff),
        lambda row: ids.cursor(kind, row.judged_at, row.reservation_id),
    )  # fmt: skip


async def _of_session(
    info: Info, session_id: SessionId, at_least: Position | None
) -> SessionPenalties:
    info.context.must("read.session_penalties")
    wanted = Wanted(session_id=session_id)
    position, rows = await info.context.read(
        "penalties", at_least, lambda pool, gym: penalties.page(pool, gym, wanted, None, WATCHED)
    )
    found = [shown(row, to_staff=True) for row in rows]
    return SessionPenalties(
        position=position,
        session_id=ids.shown("ses", session_id),
        pending=sum(case.status is PenaltyStatus.PENDING for case in found),
        penalties=found,
    )


def _wanted(
    context: Context,
    client_id: strawberry.ID | None,
    status: PenaltyStatus | None,
    contest: ContestStatus | None,
) -> Wanted:
    """The cases asked for, if the caller may see them: members name themselves."""
    client = ids.client(client_id) if client_id else None
    is_own = client is not None and client == context.principal.client_id
    context.must("read.penalties", own=is_own)
    return Wanted(
        client_id=client, status=status.value if status else None,
        contest=contest.value if contest else None,
    )  # fmt: skip


def _me(context: Context) -> ClientId:
    context.must("read.my_penalties")
    client = context.principal.client_id
    if client is None:
        raise Forbidden("Staff have no penalties of their own: look at a client's.")
    return client
