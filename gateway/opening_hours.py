"""Opening hours in GraphQL: when a location is open every week, and the days it is closed."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from contracts.ids import ClosureId
from contracts.members import (
    AddLocationClosure,
    OpeningSpan,
    RemoveLocationClosure,
    SetOpeningHours,
)
from gateway import ids
from gateway.codes.profiles import (
    AddLocationClosureErrorCode,
    RemoveLocationClosureErrorCode,
    SetOpeningHoursErrorCode,
)
from gateway.context import Info
from gateway.minting import minted
from gateway.mutations import UserError, actor_of, answer
from gateway.positions import Position

OVERNIGHT = "HH:MM; at or before opens it is the next day's."


@strawberry.type(description="Open by the location's wall clock, every week.")
class OpeningHours:
    weekday: int = strawberry.field(description="ISO: Monday is 1.")
    opens: str = strawberry.field(description="HH:MM.")
    closes: str = strawberry.field(description=OVERNIGHT)


@strawberry.type(description="Local days on which a location is closed.")
class LocationClosure:
    id: strawberry.ID
    version: int | None = strawberry.field(description="Null in the answer of a mutation.")
    from_date: date
    until_date: date = strawberry.field(description="Included.")
    reason: str


@strawberry.input(description="Open by the location's wall clock.")
class OpeningHoursInput:
    weekday: int = strawberry.field(description="ISO: Monday is 1.")
    opens: str = strawberry.field(description="HH:MM.")
    closes: str = strawberry.field(description=OVERNIGHT)


@strawberry.input(description="The whole week: what is left out is closed.")
class SetOpeningHoursInput:
    idempotency_key: UUID
    location_id: strawberry.ID
    hours: list[OpeningHoursInput]


@strawberry.input
class AddLocationClosureInput:
    idempotency_key: UUID
    location_id: strawberry.ID
    from_date: date
    until_date: date = strawberry.field(description="Included.")
    reason: str


@strawberry.input
class RemoveLocationClosureInput:
    idempotency_key: UUID
    closure_id: strawberry.ID


@strawberry.type
class SetOpeningHoursPayload:
    location_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[SetOpeningHoursErrorCode]]


@strawberry.type
class AddLocationClosurePayload:
    closure: LocationClosure | None
    position: Position | None
    user_errors: list[UserError[AddLocationClosureErrorCode]]


@strawberry.type
class RemoveLocationClosurePayload:
    closure_id: strawberry.ID | None
    position: Position | None
    user_errors: list[UserError[RemoveLocationClosureErrorCode]]


@strawberry.type
class OpeningHoursMutation:
    @strawberry.mutation(description="When a location is open, every week.")
    async def set_opening_hours(
        self, info: Info, input_: Annotated[SetOpeningHoursInput, strawberry.argument(name="input")]
    ) -> SetOpeningHoursPayload:
        return await answer(
            SetOpeningHoursPayload, SetOpeningHoursErrorCode, info.context, input_,
            lambda: SetOpeningHours(
                location_id=ids.location(input_.location_id),
                hours=tuple(
                    OpeningSpan(weekday=one.weekday, opens=one.opens, closes=one.closes)
                    for one in input_.hours
                ),
            ),
            location_id=input_.location_id,
        )  # fmt: skip

    @strawberry.mutation(
        description="Nobody comes in on these days: doors stay shut, classes are called off."
    )
    async def add_location_closure(
        self,
        info: Info,
        input_: Annotated[AddLocationClosureInput, strawberry.argument(name="input")],
    ) -> AddLocationClosurePayload:
        new = ClosureId(minted("closure", input_.idempotency_key, actor_of(info.context)))
        closure = LocationClosure(
            id=ids.shown("cls", new), version=None, from_date=input_.from_date,
            until_date=input_.until_date, reason=input_.reason.strip(),
        )  # fmt: skip
        return await answer(
            AddLocationClosurePayload, AddLocationClosureErrorCode, info.context, input_,
            lambda: AddLocationClosure(
                location_id=ids.location(input_.location_id), closure_id=new,
                from_date=input_.from_date, until_date=input_.until_date, reason=input_.reason,
            ),
            closure=closure,
        )  # fmt: skip

    @strawberry.mutation(
        description="A location is open on these days after all; classes stay called off."
    )
    async def remove_location_closure(
        self,
        info: Info,
        input_: Annotated[RemoveLocationClosureInput, strawberry.argument(name="input")],
    ) -> RemoveLocationClosurePayload:
        return await answer(
            RemoveLocationClosurePayload, RemoveLocationClosureErrorCode, info.context, input_,
            lambda: RemoveLocationClosure(closure_id=ids.closure(input_.closure_id)),
            closure_id=input_.closure_id,
        )  # fmt: skip
