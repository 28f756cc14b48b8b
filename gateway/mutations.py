"""How every mutation goes: build the command, send it, turn a refusal into data.

Faults of the request or of ours (not allowed, nobody answers) are errors of GraphQL; what a rule
refuses is an answer: ``userErrors``, each with a code of the mutation's own enum.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import strawberry
from pydantic import ValidationError
from strawberry.scalars import JSON

from contracts.envelope import Command, Reply
from gateway import ids
from gateway.context import SOURCES, Context
from gateway.faults import BadInput
from gateway.positions import Position
from gateway.serve import faults

Code = TypeVar("Code", bound=Enum)
Payload = TypeVar("Payload")

ID_PREFIXES = {"reservation_id": "rsv", "session_id": "ses", "client_id": "cli"}
"""Facts of refusals that are ids, as services name them -> their prefix at the edge."""

INVALID = "INVALID_INPUT"
OTHER = "OTHER"


@strawberry.type(description="A rule says no, or an input is not what it must be.")
class UserError(Generic[Code]):
    code: Code = strawberry.field(description="Stable; new codes come as OTHER to old schemas.")
    field: str | None = strawberry.field(description="The input field at fault.")
    message: str = strawberry.field(description="For people.")
    details: JSON | None = strawberry.field(description="The facts the refusal rests on.")


class Input(Protocol):
    """Every mutation's input."""

    idempotency_key: UUID


@dataclass(frozen=True, slots=True)
class Done(Generic[Code]):
    """What came of a command."""

    result: Mapping[str, Any] = field(default_factory=dict)
    position: Position | None = None
    errors: list[UserError[Code]] = field(default_factory=list)


async def carry_out(
    context: Context,
    asked: Input,
    codes: type[Code],
    build: Callable[[], Command],
    *,
    as_gateway: bool = False,
) -> Done[Code]:
    """Send what ``build`` makes. Refusals and bad input are in the answer's ``errors``.

    Raises ``Fault`` for the rest: ``Unauthenticated``, ``Forbidden``, ``Busy``, ``Unavailable``.
    """
    try:
        command = build()
    except BadInput as bad:
        return Done(errors=[_error(codes, INVALID, bad.reason, bad.field)])
    except ValidationError as error:
        return Done(errors=_invalid(codes, error))
    unfit = next((name for name, value in command if _has_nul(value)), None)
    if unfit is not None:
        return Done(errors=[_error(codes, INVALID, "must not contain NUL", _camel(unfit))])
    if not as_gateway:
        mine = context.principal.client_id
        own = mine is not None and getattr(command, "client_id", None) == mine
        context.must(command.command_type, own=own)
    reply = await context.send(command, asked.idempotency_key, as_gateway=as_gateway)
    position = _position(command, reply)
    if reply.outcome == "done":
        return Done(reply.result or {}, position)
    code = reply.code if reply.outcome == "refused" and reply.code else INVALID
    told = reply.message or "The input is not valid."
    return Done({}, position, [_error(codes, code, told, _camel(reply.field), reply.details)])


async def answer(
    payload: Callable[..., Payload],
    codes: type[Code],
    context: Context,
    asked: Input,
    build: Callable[[], Command],
    **told: object,
) -> Payload:
    """The same, as most mutations answer: ``told`` is in ``payload``, or nulls after a refusal."""
    done = await carry_out(context, asked, codes, build)
    shown: Mapping[str, object] = dict.fromkeys(told) if done.errors else told
    return payload(position=done.position, user_errors=done.errors, **shown)


def _has_nul(value: object) -> bool:
    return not isinstance(value, UUID) and "\0" in str(value)


def actor_of(context: Context) -> str:
    """The asker, for ids minted in their name. Raises ``Unauthenticated``."""
    if not context.principal.is_known:
        raise faults.Unauthenticated("Sign in first.")
    return context.principal.actor


def _position(command: Command, reply: Reply) -> Position | None:
    if reply.position is None:
        return None
    service = command.command_type.partition(".")[0]
    known = service in SOURCES.values()
    return Position.of(**{service: reply.position}) if known else None


def _invalid(codes: type[Code], error: ValidationError) -> list[UserError[Code]]:
    return [
        _error(codes, INVALID, fault["msg"], _camel(".".join(map(str, fault["loc"]))))
        for fault in error.errors(include_input=False, include_url=False, include_context=False)
    ]


def _error(
    codes: type[Code],
    code: str,
    message: str,
    at: str | None = None,
    details: dict[str, Any] | None = None,
) -> UserError[Code]:
    known = code if code in codes.__members__ else OTHER
    facts = None if details is None else JSON(_facts(details))
    return UserError(code=codes[known], field=at, message=message, details=facts)


def _facts(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details as clients spell things: names in camelCase, ids with their prefix."""
    return {str(_camel(name)): _fact(name, value) for name, value in details.items()}


def _fact(name: str, value: Any) -> Any:
    match value:
        case str() if name in ID_PREFIXES:
            return ids.shown(ID_PREFIXES[name], UUID(value))
        case [*several]:
            return [_facts(one) if isinstance(one, Mapping) else one for one in several]
    return value


def _camel(name: str | None) -> str | None:
    if name is None:
        return None
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
