"""Connections: pages by keyset, ``first`` required and at most 100."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import strawberry

from gateway.faults import BadInput
from gateway.positions import Position

AT_MOST = 100  # nodes a page

Node = TypeVar("Node")
Row = TypeVar("Row")


@strawberry.type(description="Whether there is more, and where to go on.")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type(description="One node of a page and where it stands.")
class Edge(Generic[Node]):
    cursor: str
    node: Node


@strawberry.type(description="One page, and the position it reflects.")
class Connection(Generic[Node]):
    edges: list[Edge[Node]]
    page_info: PageInfo
    position: Position

    @strawberry.field(description="The nodes alone, for who needs no cursors.")
    def nodes(self) -> list[Node]:
        return [edge.node for edge in self.edges]


def page_size(first: int) -> int:
    """``first``, checked. Raises ``BadInput``."""
    if not 1 <= first <= AT_MOST:
        raise BadInput("first", f"must be from 1 to {AT_MOST}")
    return first


def page(
    rows: Sequence[Row],
    first: int,
    position: Position,
    shown: Callable[[Row], Node],
    cursor: Callable[[Row], str],
) -> Connection[Node]:
    """A page of at most ``first`` out of ``rows``, which hold one more when there is more."""
    edges = [Edge(cursor=cursor(row), node=shown(row)) for row in rows[:first]]
    last = edges[-1].cursor if edges else None
    info = PageInfo(has_next_page=len(rows) > first, end_cursor=last)
    return Connection(edges=edges, page_info=info, position=position)
