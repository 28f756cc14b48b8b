"""Spots: which bike, mat or bag of a session with a spot map is whose (B12)."""

from collections.abc import Mapping, Sequence

from chassis.decider import Refused
from contracts.booking import BookingCode, SpotChanged
from contracts.ids import ClientId, SessionId
from contracts.timetable import TimetableCode
from services.booking.domain.class_session import ClassSession, SessionEvent, Stage, must_be_on

LONGEST_LABEL = 20  # characters, as many as people may choose a spot by


def must_be_a_map(spots: Sequence[str], capacity: int) -> None:
    """Raise ``Refused(INVALID_SPOTS)`` unless every seat has a spot with a label of its own.

    One that people can choose: on one line, as it is written, and not too long to be said.
    """
    for label in spots:
        if label.strip().splitlines() != [label] or len(label) > LONGEST_LABEL:
            raise Refused(
                BookingCode.INVALID_SPOTS,
                f"A spot's label is one line of at most {LONGEST_LABEL} characters.",
                field="spots", spot=label[:LONGEST_LABEL],
            )  # fmt: skip
    distinct = set(spots)
    if spots and (len(distinct) < len(spots) or len(spots) < capacity):
        raise Refused(
            BookingCode.INVALID_SPOTS, "A spot map names a spot of its own for every seat.",
            field="spots", capacity=capacity, spots=len(distinct),
        )  # fmt: skip


def must_suffice(spots: Sequence[str], capacity: int) -> None:
    """Raise ``Refused(INVALID_SPOTS)`` when a session with a map would have more seats than it."""
    if spots and len(spots) < capacity:
        raise Refused(
            BookingCode.INVALID_SPOTS, "The spot map has no spot for every seat.",
            field="capacity", capacity=capacity, spots=len(spots),
        )  # fmt: skip


def lost(state: ClassSession, spots: Sequence[str]) -> tuple[str, ...]:
    """The spots somebody has that another map would not have, in the order of the map."""
    gone = {one.spot for one in state.reserved.values()} - set(spots)
    return tuple(spot for spot in state.spots if spot in gone)


def must_not_be_lost(lost_spots: Mapping[SessionId, Sequence[str]]) -> None:
    """Raise ``Refused(SPOTS_IN_USE)`` naming, session by session, the spots somebody has."""
    in_use = [
        {"session_id": str(one), "spots": list(spots)} for one, spots in lost_spots.items() if spots
    ]
    if in_use:
        raise Refused(
            TimetableCode.SPOTS_IN_USE, "Somebody has a spot that would be gone.", field="spots",
            sessions=in_use,
        )  # fmt: skip


def seat_the_spotless(state: ClassSession, session_id: SessionId) -> list[SessionEvent]:
    """Give those who have a seat but no spot the free ones, whoever booked first first."""
    if not state.spots or state.stage is not Stage.SCHEDULED:
        return []
    without = [client for client, one in state.reserved.items() if one.spot is None]
    return [
        SpotChanged(
            session_id=session_id, client_id=client, spot=spot,
            reservation_id=state.reserved[client].reservation_id,
            policy_version=state.policy.version,
        )
        for client, spot in zip(without, state.free_spots, strict=False)
    ]  # fmt: skip


def must_be_free_spot(state: ClassSession, spot: str | None) -> None:
    """Raise ``Refused`` when the spot wanted does not exist or is taken; any is always free."""
    if spot is None or spot in state.free_spots:
        return
    if spot not in state.spots:
        raise Refused(
            BookingCode.SPOT_NOT_FOUND, "The session has no such spot.", field="spot", spot=spot
        )
    raise Refused(
        BookingCode.SPOT_TAKEN, "The spot is taken.", field="spot", spot=spot,
        free_spots=list(state.free_spots),
    )  # fmt: skip


def assigned(state: ClassSession, wanted: str | None) -> str | None:
    """The spot wanted if it is free, else the first free one; ``None`` without a map or spots."""
    free = state.free_spots
    return wanted if wanted in free else next(iter(free), None)


def change(
    state: ClassSession, session_id: SessionId, client: ClientId, wanted: str | None
) -> list[SessionEvent]:
    """Sit elsewhere: on the spot wanted, or on any other."""
    must_be_on(state)
    seat = state.reserved.get(client)
    if seat is None:
        raise Refused(BookingCode.NOT_BOOKED, "The client has no seat.", field="client_id")
    if not state.spots:
        raise Refused(
            BookingCode.SPOT_NOT_FOUND, "The session has no spot map.", field="session_id"
        )
    if wanted is not None and wanted == seat.spot:
        return []
    must_be_free_spot(state, wanted)
    spot = assigned(state, wanted)
    if spot is None:
        raise Refused(BookingCode.SPOT_TAKEN, "No other spot is free.", field="spot")
    return [
        SpotChanged(
            session_id=session_id, client_id=client, reservation_id=seat.reservation_id,
            spot=spot, previous=seat.spot, policy_version=state.policy.version,
        )
    ]  # fmt: skip
