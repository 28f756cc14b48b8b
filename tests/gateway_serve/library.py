"""A library of shelves and books: every kind of type and resolver the machinery must serve."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, NewType, TypeAlias

import strawberry
from strawberry.schema.config import StrawberryConfig

from gateway.serve.calls import Call
from gateway.serve.faults import Forbidden
from gateway.serve.hints import Hints
from gateway.serve.live import Principal, live


@dataclass(frozen=True)
class Place:
    """A position: how often the shelf changed."""

    number: int

    def covers(self, other: "Place") -> bool:
        return other.number <= self.number


Position = NewType("Position", Place)


class Genre(Enum):
    POETRY = "poetry"
    CRIME = "crime"


strawberry.enum(Genre)
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@strawberry.interface
class Thing:
    id: strawberry.ID
    label: str | None = None


@strawberry.type
class Person:
    name: str
    age: int | None = None


@strawberry.type
class Book(Thing):
    title: str = ""
    pages: int = 100
    weight: float = 1.5
    genre: Genre | None = None
    printed_at: datetime = WHEN
    author: Person | None = None
    readers: list[Person] = strawberry.field(default_factory=list)
    tags: list[str | None] | None = None
    grid: list[list[int]] = strawberry.field(default_factory=list)

    @strawberry.field
    def shout(self) -> str:
        return self.title.upper() if self.title else fail()

    @strawberry.field
    async def later(self) -> str:
        await asyncio.sleep(0)
        return f"{self.title} later"


@strawberry.type
class Lamp(Thing):
    watts: int | None = None
    lit: bool = True


Item: TypeAlias = Annotated[Book | Lamp, strawberry.union("Item")]


@strawberry.type
class Shelf:
    name: str
    books: list[Book]
    items: list[Item]
    things: list[Thing | None]
    position: Position

    @strawberry.field
    def top(self, first: int = 1) -> list[Book]:
        return self.books[:first]


def fail() -> Any:
    raise ValueError("a shelf fell down")


@dataclass
class Room:
    """``info.context`` of the tests: who asks, and the shelf they see."""

    principal: Principal
    hints: Hints
    shelf: Shelf
    calls: list[str] = field(default_factory=list)
    call: Call | None = None
    failures: list[Exception] = field(default_factory=list)
    """What the next looks at the shelf fail with."""


Info: TypeAlias = strawberry.Info[Room, None]


@strawberry.input
class ShelveInput:
    title: str
    genre: Genre = Genre.CRIME
    tags: list[str] | None = None


@strawberry.type
class ShelvePayload:
    book: Book | None
    position: Position


@strawberry.type
class Query:
    @strawberry.field
    async def shelf(self, info: Info) -> Shelf:
        info.context.calls.append("shelf")
        await asyncio.sleep(0)
        return info.context.shelf

    @strawberry.field
    def book(self, info: Info, id: strawberry.ID) -> Book | None:  # noqa: A002
        info.context.calls.append(f"book {id}")
        return next((book for book in info.context.shelf.books if book.id == id), None)

    @strawberry.field
    def books(self, info: Info, first: int = 10, genre: Genre | None = None) -> list[Book]:
        found = [book for book in info.context.shelf.books if genre in {None, book.genre}]
        return found[:first]

    @strawberry.field
    def echo(self, text: str | None = "nothing", numbers: list[int] | None = None) -> str | None:
        return text if numbers is None else f"{text} {numbers}"

    @strawberry.field
    def broken(self) -> str | None:
        return str(fail())

    @strawberry.field
    def secret(self) -> str:
        raise Forbidden("Not for you.")

    @strawberry.field
    def viewer(self, info: Info) -> str:
        return info.context.principal.subject


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def shelve(self, info: Info, input: ShelveInput) -> ShelvePayload:  # noqa: A002
        room = info.context
        room.calls.append(f"shelve {input.title}")
        if input.title == "forbidden":
            raise Forbidden("Not that one.")
        number = room.shelf.position.number + 1
        book = Book(id=strawberry.ID(f"b{number}"), title=input.title, genre=input.genre)
        room.shelf.books.append(book)
        room.shelf.position = Position(Place(number))
        room.hints.hint("shelf", number)
        return ShelvePayload(book=book, position=room.shelf.position)

    @strawberry.mutation
    def fall(self, info: Info) -> str | None:
        info.context.calls.append("fall")
        return str(fail())

    @strawberry.mutation
    def crash(self, info: Info) -> str:
        info.context.calls.append("crash")
        return str(fail())


@strawberry.type
class ShelfUpdate:
    position: Position
    shelf: Shelf


@strawberry.type
class Subscription:
    @live(
        topics=lambda info, **given: ["shelf"],
        scope=lambda info: info.context.principal.scope,
        description="The shelf now, and after every change.",
    )
    async def shelf_changed(
        self, info: Info, name: str = "any", after: Position | None = None
    ) -> ShelfUpdate:
        room: Room = info.context
        room.calls.append(f"shelf_changed {name}")
        if room.failures:
            raise room.failures.pop(0)
        await asyncio.sleep(0)
        if name == "forbidden":
            raise Forbidden("Not that shelf.")
        return ShelfUpdate(position=room.shelf.position, shelf=room.shelf)

    @live(topics=lambda info: ["shelf"], beyond=True)
    async def shelf_by_daylight(self, info: Info, after: Position | None = None) -> ShelfUpdate:
        return ShelfUpdate(position=info.context.shelf.position, shelf=info.context.shelf)

    @live(topics=lambda info: ["shelf"])
    async def my_viewer(self, info: Info) -> ShelfUpdate:
        return ShelfUpdate(position=info.context.shelf.position, shelf=info.context.shelf)

    @strawberry.subscription
    async def counting(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number


def a_shelf() -> Shelf:
    """Three books, a lamp."""
    ann, ben = Person(name="Ann", age=40), Person(name="Ben")
    books = [
        Book(id=strawberry.ID("b1"), title="One", genre=Genre.POETRY, author=ann, readers=[ben],
             tags=["a", None], grid=[[1, 2], [3]]),
        Book(id=strawberry.ID("b2"), title="Two", label="second", genre=Genre.CRIME, tags=[]),
        Book(id=strawberry.ID("b3"), title="Three", readers=[ann, ben]),
    ]  # fmt: skip
    lamp = Lamp(id=strawberry.ID("l1"), watts=5)
    return Shelf(
        name="north", books=books, items=[books[0], lamp], things=[lamp, None, books[1]],
        position=Position(Place(3)),
    )  # fmt: skip


def position_from(text: str) -> Place:
    return Place(int(text))


SCALARS: Mapping[Any, Any] = {
    Position: strawberry.scalar(
        name="Position", serialize=lambda place: str(place.number), parse_value=position_from
    )
}

schema = strawberry.Schema(
    Query, Mutation, Subscription, types=[Book, Lamp],
    config=StrawberryConfig(scalar_map=dict(SCALARS)),
)  # fmt: skip
