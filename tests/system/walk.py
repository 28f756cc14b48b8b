"""Every GraphQL operation there is, made from the schema: a new one is walked unasked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_leaf_type,
)
from graphql.pyutils import Undefined

from contracts.ids import new_id
from gateway import schema

PREFIXES = {
    "sessionId": "ses", "clientId": "cli", "staffId": "stf", "locationId": "loc",
    "roomId": "room", "instructorId": "stf", "programId": "prg", "classTypeId": "cty",
    "scheduleId": "sch", "grantId": "grt",
    "closureId": "cls",
    "doorId": "door", "credentialId": "crd", "entryGrantId": "acg",
    "reservationId": "rsv", "invoiceId": "inv",
}  # fmt: skip
"""Argument -> prefix of the ids it takes; ``id`` takes that of its field."""

OF_FIELD = {"session": "sessionId", "client": "clientId"}
"""Field -> what its argument ``id`` is."""

NEVER_BOTH = {"linkIdentity": "staffId", "issueCredential": "staffId"}
"""Mutation -> an id that is left out, because another one (``clientId``) is given."""

MAKES = {"draftSession": "sessionId"}
"""Mutation -> an id that need not be there: under it something of one's own comes to be."""

SOON = datetime(2090, 1, 2, 12, tzinfo=UTC)
MOVING = {
    "position", "version", "cursor", "endCursor", "startsAt", "endsAt", "bookingOpensAt",
    "bookingClosesAt", "freeCancelUntil", "at", "comesBackAt", "issuedAt",
}  # fmt: skip
"""Fields that say when, not what."""

WORDED = {
    "timeZone": "Europe/Berlin", "startsAt": "09:00", "opens": "06:00", "closes": "22:00",
}  # fmt: skip
"""Texts that must be of a form."""

ONE_OF = {"QualificationInput": {"label": "First aid"}}
"""Input of which one field or another must be there -> one of them."""

_days = count()
"""So that no two sessions are at one time: a room or a trainer may be taken."""

DEEP = 3  # levels of an answer that are looked at

Ids = Mapping[str, str]
"""Argument (``sessionId``) -> the id to ask with."""

Hole = tuple[str, ...]
"""Where an operation takes an id: its argument, or the way to it through input objects."""


def random_ids() -> dict[str, str]:
    """Ids of nothing."""
    return {name: f"{prefix}_{new_id().hex}" for name, prefix in PREFIXES.items()}


@dataclass(frozen=True)
class Operation:
    """One field of Query, Mutation or Subscription."""

    kind: str
    name: str
    field: GraphQLField

    @property
    def document(self) -> str:
        declared = ", ".join(f"${name}: {arg.type}" for name, arg in self.field.args.items())
        passed = ", ".join(f"{name}: ${name}" for name in self.field.args)
        declared, passed = (f"({text})" if text else "" for text in (declared, passed))
        return (
            f"{self.kind}{declared} {{ {self.name}{passed} {_selection(self.field.type, DEEP)} }}"
        )

    @property
    def ids(self) -> list[str]:
        """The ids it takes, by the name of their argument."""
        if self.kind != "mutation":
            names = [OF_FIELD.get(self.name, n) if n == "id" else n for n in self.field.args]
            return [name for name in names if name in PREFIXES]
        taken = [name for name in self._input.fields if name.endswith("Id")]
        assert set(taken) <= set(PREFIXES), f"say which ids {self.name} takes: {taken}"
        unsaid = {NEVER_BOTH.get(self.name), MAKES.get(self.name)}
        return [name for name in taken if name not in unsaid]

    @property
    def holes(self) -> list[Hole]:
        """Everywhere it takes an id, in input objects and lists too."""
        if self.kind != "mutation":
            return [(n,) for n, a in self.field.args.items() if get_named_type(a.type).name == "ID"]
        return list(_holes(self._input))

    def takes(self, hole: Hole) -> str:
        """What kind of id goes there, by the name of an argument that takes one."""
        name = OF_FIELD[self.name] if hole[-1] == "id" else hole[-1].removesuffix("s")
        assert name in PREFIXES, f"say which ids {self.name} takes: {hole}"
        return name

    def with_put(self, ids: Ids, put: Mapping[Hole, str]) -> dict[str, Any]:
        """The least one may ask with these ids, and others where they are put."""
        told = self.variables(ids)
        if self.kind != "mutation":
            return told | {hole[0]: one for hole, one in put.items()}
        for hole, one in put.items():
            if hole == (NEVER_BOTH.get(self.name),):
                told["input"].pop("clientId", None)
            _put(self._input, told["input"], hole, one)
        return told

    def variables(self, ids: Ids) -> dict[str, Any]:
        """The least one may ask with, and these ids."""
        if self.kind == "mutation":
            made = _object(self._input, {name: ids.get(name) for name in self.ids})
            for hole in self.holes:  # what is required deep inside
                if _at(made, hole) == "":
                    _put(self._input, made, hole, ids[self.takes(hole)])
            return {"input": made}
        known = {
            name: ids.get(OF_FIELD.get(self.name, name) if name == "id" else name)
            if get_named_type(arg.type).name == "ID" else _value(name, arg.type)
            for name, arg in self.field.args.items()
            if get_named_type(arg.type).name == "ID" or _is_required(arg)
        }  # fmt: skip
        if "to" in known:
            known["to"] = SOON.replace(day=20).isoformat()
        return known

    @property
    def _input(self) -> GraphQLInputObjectType:
        named = get_named_type(self.field.args["input"].type)
        assert isinstance(named, GraphQLInputObjectType)
        return named


def operations() -> Iterator[Operation]:
    """All of them, in the order of the schema."""
    built = schema.build()._schema
    for kind, root in (
        ("query", built.query_type),
        ("mutation", built.mutation_type),
        ("subscription", built.subscription_type),
    ):
        assert root is not None
        for name, field in root.fields.items():
            yield Operation(kind, name, field)


def snake(name: str) -> str:
    """``bookClass`` -> ``book_class``."""
    return re.sub(r"(?=[A-Z])", "_", name).lower()


def unnamed(answer: Any) -> Any:
    """The answer without ids and without when it was."""
    if isinstance(answer, dict):
        return {name: unnamed(held) for name, held in answer.items() if name not in MOVING}
    if isinstance(answer, list):
        return [unnamed(held) for held in answer]
    if isinstance(answer, str):
        return re.sub(r"\b[a-z]{3,4}_?[0-9a-f]{32,64}\b|[0-9a-f-]{36}", "<id>", answer)
    return answer


def _selection(kind: GraphQLOutputType, deep: int) -> str:
    named = get_named_type(kind)
    if not is_composite_type(named):
        return ""
    chosen = [
        f"{name} {_selection(field.type, deep - 1)}"
        for name, field in getattr(named, "fields", {}).items()
        if not any(map(_is_required, field.args.values()))
        and name not in MOVING
        and (deep > 1 or is_leaf_type(get_named_type(field.type)))
    ]
    return f"{{ {' '.join(['__typename', *chosen])} }}"


def _is_required(one: Any) -> bool:
    return isinstance(one.type, GraphQLNonNull) and one.default_value is Undefined


def _object(kind: GraphQLInputObjectType, ids: Mapping[str, str | None]) -> dict[str, Any]:
    made = {name: _value(name, f.type) for name, f in kind.fields.items() if _is_required(f)}
    made |= ONE_OF.get(kind.name, {})
    if "endsAt" in made:
        starts_at = SOON + timedelta(days=next(_days))
        made |= {
            "startsAt": starts_at.isoformat(),
            "endsAt": (starts_at + timedelta(hours=1)).isoformat(),
        }
    return made | {name: value for name, value in ids.items() if value is not None}


def _holes(kind: GraphQLInputObjectType) -> Iterator[Hole]:
    for name, field in kind.fields.items():
        named = get_named_type(field.type)
        if isinstance(named, GraphQLInputObjectType):
            yield from ((name, *rest) for rest in _holes(named))
        elif named.name == "ID":
            yield (name,)


def _at(made: Any, hole: Hole) -> Any:
    """What is there; ``None``: nothing."""
    for name in hole:
        made = made[0] if isinstance(made, list) else made
        made = made.get(name) if isinstance(made, dict) else None
    return made


def _put(kind: GraphQLInputObjectType, made: dict[str, Any], hole: Hole, one: str) -> None:
    """Have ``one`` there, within the least that must be around it."""
    name, *rest = hole
    field = kind.fields[name]
    named, many = get_named_type(field.type), isinstance(get_nullable_type(field.type), GraphQLList)
    if not isinstance(named, GraphQLInputObjectType):
        made[name] = [one] if many else one
        return
    if not made.get(name):
        made[name] = [_object(named, {})] if many else _object(named, {})
    inner = made[name][0] if many else made[name]
    for default in ONE_OF.get(named.name, {}):
        inner.pop(default, None)
    _put(named, inner, tuple(rest), one)


def _value(name: str, kind: GraphQLInputType) -> Any:
    nullable = get_nullable_type(kind)
    if isinstance(nullable, GraphQLList):
        return [_value(name, nullable.of_type)]
    if isinstance(nullable, GraphQLEnumType):
        return "TRAINER" if "TRAINER" in nullable.values else next(iter(nullable.values))
    if name == "email":
        return f"{new_id().hex}@x.test"
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return _object(named, {})
    told = {
        "UUID": str(new_id()), "DateTime": SOON.isoformat(), "Date": SOON.date().isoformat(),
        "Int": 3, "ID": "", "Boolean": True,
    }  # fmt: skip
    if name in WORDED:
        return WORDED[name]
    return told.get(named.name, "something of a text")
