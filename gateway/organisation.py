"""The gym in GraphQL: who asks, at which gym, and the gym's places."""

from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from contracts.ids import LocationId, RoomId
from contracts.members import AddRoom, OpenLocation
from gateway import ids
from gateway.codes.members import AddRoomErrorCode, OpenLocationErrorCode
from gateway.context import Info
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer
from gateway.opening_hours import LocationClosure, OpeningHours
from gateway.positions import Position
from gateway.roles import Role
from services.projections import organisation

KINDS = {"staff": "stf", "client": "cli"}


@strawberry.type(description="A room of a location.")
class Room:
    id: strawberry.ID
    version: int | None = strawberry.field(description="Null in the answer of a mutation.")
    location_id: strawberry.ID
    name: str
    capacity: int = strawberry.field(description="People.")


@strawberry.type(description="A place where the gym gives classes.")
class Location:
    id: strawberry.ID
    version: int | None = strawberry.field(description="Null in the answer of a mutation.")
    name: str
    time_zone: str = strawberry.field(description="IANA zone.")
    rooms: list[Room] = strawberry.field(description="Oldest first.")

    @strawberry.field(description="In the order of the week; empty when nobody said.")
    async def opening_hours(self, info: Info) -> list[OpeningHours]:
        _, rows = await info.context.read("organisation", None, organisation.hours_of)
        return [
            OpeningHours(weekday=row.weekday, opens=row.opens, closes=row.closes)
            for row in rows
            if ids.shown("loc", row.location_id) == self.id
        ]

    @strawberry.field(description="Those that are not over yet, first to begin first.")
    async def closures(self, info: Info) -> list[LocationClosure]:
        today = info.context.services.clock.now().astimezone(ZoneInfo(self.time_zone)).date()
        _, rows = await info.context.read(
            "organisation", None, lambda pool, gym: organisation.closures_of(pool, gym, today)
        )
        return [
            LocationClosure(
                id=ids.shown("cls", row.closure_id), version=row.version,
                from_date=row.from_date, until_date=row.until_date, reason=row.reason,
            )
            for row in rows if ids.shown("loc", row.location_id) == self.id
        ]  # fmt: skip


@strawberry.type(description="The caller's gym.")
class Gym:
    id: strawberry.ID
    version: int
    slug: str
    name: str
    time_zone: str = strawberry.field(description="IANA zone.")
    currency: str = strawberry.field(description="ISO 4217.")
    locations: list[Location] = strawberry.field(description="Oldest first.")


@strawberry.type(description="Who asks.")
class Viewer:
    id: strawberry.ID = strawberry.field(description="Of the staff member or client.")
    gym_id: strawberry.ID
    roles: list[Role]

    @strawberry.field(description="Null for a moment after the gym was registered.")
    async def gym(self, info: Info) -> Gym | None:
        return await _gym(info, None)


@strawberry.input
class OpenLocationInput:
    idempotency_key: UUID
    name: str
    time_zone: str


@strawberry.input
class AddRoomInput:
    idempotency_key: UUID
    location_id: strawberry.ID
    name: str
    capacity: int


@strawberry.type
class OpenLocationPayload:
    location: Location | None
    position: Position | None
    user_errors: list[UserError[OpenLocationErrorCode]]


@strawberry.type
class AddRoomPayload:
    room: Room | None
    position: Position | None
    user_errors: list[UserError[AddRoomErrorCode]]


@strawberry.type
class OrganisationQuery:
    @strawberry.field(description="Who asks; null without a token.")
    def viewer(self, info: Info) -> Viewer | None:
        who = info.context.principal
        if not who.is_known:
            return None
        kind, _, text = who.actor.partition(":")
        return Viewer(
            id=ids.shown(KINDS[kind], UUID(text)),
            gym_id=ids.gym(who.gym_id),
            roles=[Role(role) for role in sorted(who.roles)],
        )

    @strawberry.field(description="The caller's gym; null for a moment after it was registered.")
    async def gym(self, info: Info, at_least: Position | None = None) -> Gym | None:
        return await _gym(info, at_least)


@strawberry.type
class OrganisationMutation:
    @strawberry.mutation(description="Add a place where the gym gives classes.")
    async def open_location(
        self, info: Info, input_: Annotated[OpenLocationInput, strawberry.argument(name="input")]
    ) -> OpenLocationPayload:
        new = LocationId(minted("location", input_.idempotency_key, actor_of(info.context)))
        opened = Location(
            id=ids.shown("loc", new), version=None, name=input_.name.strip(),
            time_zone=input_.time_zone, rooms=[],
        )  # fmt: skip
        return await answer(
            OpenLocationPayload, OpenLocationErrorCode, info.context, input_,
            lambda: OpenLocation(location_id=new, name=input_.name, time_zone=input_.time_zone),
            location=opened,
        )  # fmt: skip

    @strawberry.mutation(description="Add a room to a location.")
    async def add_room(
        self, info: Info, input_: Annotated[AddRoomInput, strawberry.argument(name="input")]
    ) -> AddRoomPayload:
        new = RoomId(minted("room", input_.idempotency_key, actor_of(info.context)))
        added = Room(
            id=ids.shown("room", new), version=None, location_id=input_.location_id,
            name=input_.name.strip(), capacity=input_.capacity,
        )  # fmt: skip
        return await answer(
            AddRoomPayload, AddRoomErrorCode, info.context, input_,
            lambda: AddRoom(
                location_id=ids.location(input_.location_id), room_id=new, name=input_.name,
                capacity=input_.capacity,
            ),
            room=added,
        )  # fmt: skip


async def _gym(info: Info, at_least: Position | None) -> Gym | None:
    context = info.context
    _, row = await context.read("organisation", at_least, organisation.of_gym)
    if row is None:
        return None
    return Gym(
        id=ids.gym(context.gym_id),
        version=row.version,
        slug=row.slug,
        name=row.name,
        time_zone=row.time_zone,
        currency=row.currency,
        locations=[_location(place, row.rooms) for place in row.locations],
    )


def _location(row: organisation.Location, rooms: list[organisation.Room]) -> Location:
    shown = ids.shown("loc", row.location_id)
    inside = [
        Room(id=ids.shown("room", room.room_id), version=room.version, location_id=shown,
             name=room.name, capacity=room.capacity)
        for room in rooms if room.location_id == row.location_id
    ]  # fmt: skip
    return Location(
        id=shown, version=row.version, name=row.name, time_zone=row.time_zone, rooms=inside
    )
