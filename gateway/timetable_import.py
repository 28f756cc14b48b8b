"""Importing a timetable in GraphQL: an iCalendar file's events, each put in or rejected."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import strawberry

from contracts.timetable import ImportTimetable
from gateway import ids
from gateway.codes.timetable import ImportTimetableErrorCode
from gateway.context import Info
from gateway.mutations import UserError, carry_out
from gateway.positions import Position


@strawberry.input
class ImportTimetableInput:
    idempotency_key: UUID
    location_id: strawberry.ID
    time_zone: str = strawberry.field(description="IANA zone of the location.")
    class_type_id: strawberry.ID | None = None
    room_id: strawberry.ID | None = None
    capacity: int | None = strawberry.field(
        default=None, description="Of every class, in people; null is the class type's."
    )
    ics: str = strawberry.field(
        description="The file's text, at most 262,144 characters and 200 events."
    )


@strawberry.type(description="An event of the file that is on the timetable.")
class ImportedEvent:
    line: int = strawberry.field(description="Of its BEGIN:VEVENT, from 1.")
    uid: str
    schedule_id: strawberry.ID | None = strawberry.field(description="Of an event that repeats.")
    session_id: strawberry.ID | None = strawberry.field(description="Of a single one.")


@strawberry.type(description="An event of the file that is not on the timetable.")
class RejectedEvent:
    line: int = strawberry.field(description="Of its BEGIN:VEVENT, from 1.")
    uid: str | None
    reason: str


@strawberry.type
class ImportTimetablePayload:
    imported: list[ImportedEvent]
    rejected: list[RejectedEvent]
    position: Position | None
    user_errors: list[UserError[ImportTimetableErrorCode]]


@strawberry.type
class ImportMutation:
    @strawberry.mutation(
        description="Put an iCalendar file's events on a location's timetable: weekly and daily "
        "rules as series, others as sessions. Neither the same file given again nor a changed one "
        "puts an event in twice: what is in is changed on the timetable."
    )
    async def import_timetable(
        self, info: Info, input_: Annotated[ImportTimetableInput, strawberry.argument(name="input")]
    ) -> ImportTimetablePayload:
        kind, room = input_.class_type_id, input_.room_id
        done = await carry_out(
            info.context, input_, ImportTimetableErrorCode,
            lambda: ImportTimetable(
                location_id=ids.location(input_.location_id), time_zone=input_.time_zone,
                class_type_id=ids.class_type(kind) if kind else None,
                room_id=ids.room(room) if room else None, capacity=input_.capacity,
                ics=input_.ics,
            ),
        )  # fmt: skip
        return ImportTimetablePayload(
            imported=[_imported(row) for row in done.result.get("imported", ())],
            rejected=[RejectedEvent(**row) for row in done.result.get("rejected", ())],
            position=done.position,
            user_errors=done.errors,
        )


def _imported(row: Mapping[str, Any]) -> ImportedEvent:
    series, single = row["schedule_id"], row["session_id"]
    return ImportedEvent(
        line=row["line"], uid=row["uid"],
        schedule_id=ids.shown("sch", UUID(series)) if series else None,
        session_id=ids.shown("ses", UUID(single)) if single else None,
    )  # fmt: skip
