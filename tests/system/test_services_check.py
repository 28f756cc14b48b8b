"""Services check for themselves who asks and what they may, whatever the gateway let through."""

import base64
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import nats
import pytest
from nats.aio.client import Client

from chassis.bus.asker import Asker, Unavailable
from chassis.clock import Clock, MovableClock
from contracts import access, billing, booking, members, timetable
from contracts.envelope import COMMANDS, Caller, Command, promised
from contracts.ids import GymId, new_id
from contracts.permissions import GATEWAY, MATRIX, OPERATOR, SYSTEM, Role, allows
from deploy.local.installation import Installation

SERVED = (booking, timetable, members, billing, access)
"""Contracts whose commands are asked: imported, so that ``COMMANDS`` holds them."""

KINDS = [
    kind for name, kind in promised(COMMANDS).items()
    if name in MATRIX
    and f"{kind.__module__}.".startswith(tuple(f"{one.__name__}." for one in SERVED))
]  # fmt: skip
ACTORS = {OPERATOR: "system:operator", SYSTEM: "system:projections", GATEWAY: "system:gateway"}
SPELLED = {
    "slug": "a-gym", "gym": "a-gym", "currency": "EUR", "time_zone": "Europe/Berlin",
    "ends_at": "2090-01-01T13:00:00Z", "starts_at": "2090-01-01T12:00:00Z", "opens": "09:00",
    "closes": "21:00",
}  # fmt: skip
OF_A_FORM = {r"^([01]\d|2[0-3]):[0-5]\d$": "09:00", "^[0-9a-f]{64}$": "0f" * 32}
"""Pattern -> a text that is like that."""
WHERE_ONE_OF_TWO: dict[str, dict[str, Any]] = {
    "members.link_identity": {"client_id": str(new_id())},
    "members.set_staff_qualifications": {"qualifications": [{"label": "first aid"}]},
    "access.issue_credential": {"client_id": str(new_id())},
    "access.request_entry": {"client_id": str(new_id())},
}
"""What the schema leaves open and the command, or this test, does not."""
NOBODY = "nobody takes it from the bus"
REFUSED = {"FORBIDDEN", NOBODY}


class Bus:
    """Asks services as whoever it likes, with a key of its own choice."""

    def __init__(self, client: Client, key: bytes, clock: Clock) -> None:
        self._client, self._key, self._clock = client, key, clock
        self.gym_id = GymId(new_id())

    async def code(
        self, command: Command, actor: str, *roles: str, key: bytes | None = None
    ) -> str | None:
        """What it is refused with, if it is; ``NOBODY`` where only the service tells it itself."""
        one = new_id()
        caller = Caller(
            gym_id=self.gym_id, actor=actor, roles=roles, command_id=one, correlation_id=one,
            causation_id=one, deadline=self._clock.now() + timedelta(seconds=10),
        )  # fmt: skip
        asker = Asker(self._client, key=key or self._key, clock=self._clock)
        try:
            reply = await asker.ask(command, caller, 10)
        except Unavailable as error:
            if error.outcome_unknown:
                raise
            assert MATRIX[command.command_type] == {SYSTEM}, "nobody takes it from the bus"
            return NOBODY
        assert reply.outcome not in {"failed", "invalid"}, reply
        return reply.code


@pytest.fixture
async def bus(running: Installation) -> AsyncIterator[Bus]:
    key = base64.b64decode(running.environment("gateway")["CALLER_KEY"])
    client = await nats.connect(**running.nats_login("developer"))
    yield Bus(client, key, MovableClock(running.clock_file))
    await client.close()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.command_type)
async def test_a_service_does_for_each_role_what_the_matrix_says(
    bus: Bus, kind: type[Command]
) -> None:
    roles = [*Role, OPERATOR, SYSTEM, GATEWAY]

    codes = {
        role: await bus.code(made(kind), ACTORS.get(role, f"staff:{new_id()}"), role)
        for role in roles
    }

    name = kind.command_type
    refused = {role for role, code in codes.items() if code in REFUSED}
    told_by_itself = {SYSTEM} if set(codes.values()) == {NOBODY} else set()
    allowed = {role for role in roles if allows(name, frozenset({role}))}
    assert refused == {*roles} - allowed | told_by_itself


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.command_type)
async def test_a_service_lets_members_act_for_themselves_only(
    bus: Bus, kind: type[Command]
) -> None:
    command = made(kind)
    whose = getattr(command, "client_id", None)

    own = await bus.code(command, f"client:{whose}", Role.MEMBER) not in REFUSED
    others = await bus.code(made(kind), f"client:{new_id()}", Role.MEMBER) not in REFUSED
    not_a_member = await bus.code(made(kind), f"client:{whose}") not in REFUSED

    name, member = kind.command_type, frozenset({Role.MEMBER})
    assert own == allows(name, member, own=whose is not None)
    assert (others, not_a_member) == (allows(name, member), False)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.command_type)
async def test_a_service_believes_no_caller_without_the_key(bus: Bus, kind: type[Command]) -> None:
    everything = (*Role, OPERATOR, SYSTEM, GATEWAY)

    code = await bus.code(made(kind), "system:x", *everything, key=bytes(32))
    assert code in {"UNVERIFIED_CALLER", NOBODY}


async def test_keys_of_personal_fields_are_for_projections_only(bus: Bus) -> None:
    asked = made(members.PersonKeys)

    assert await bus.code(asked, "system:projections", SYSTEM) is None
    for actor in ("system:booking", "system:gateway", "system:members", f"staff:{new_id()}"):
        assert await bus.code(asked, actor, SYSTEM) == "FORBIDDEN"


def made(kind: type[Command]) -> Command:
    """The least a command may say, about things that are not there."""
    schema = kind.model_json_schema()
    told = _object(schema, schema.get("$defs", {}))
    return kind.model_validate(told | WHERE_ONE_OF_TWO.get(kind.command_type, {}))


def _object(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: schema["properties"][name] for name in schema.get("required", ())}
    return {name: _value(name, each, defs) for name, each in told.items()}


def _value(name: str, told: Mapping[str, Any], defs: Mapping[str, Any]) -> Any:
    if "$ref" in told or "anyOf" in told:
        meant = defs[told["$ref"].rpartition("/")[2]] if "$ref" in told else told["anyOf"][0]
        return _value(name, meant, defs)
    if told.get("type") == "array":
        return [_value(name, told["items"], defs)]
    if told.get("type") == "object":
        return _object(told, defs)
    if told.get("pattern") in OF_A_FORM:
        return OF_A_FORM[told["pattern"]]
    if "enum" in told:
        return "trainer" if "trainer" in told["enum"] else told["enum"][0]
    return SPELLED.get(name, _plain(name, told))


def _plain(name: str, told: Mapping[str, Any]) -> Any:
    one = new_id()
    if name.endswith("email"):
        return f"{one.hex}@x.test"
    by_kind = {"boolean": False, "integer": told.get("minimum", 3)}
    by_format = {"uuid": str(one), "date": "2090-01-01", "date-time": "2090-01-01T12:00:00Z"}
    text = by_format.get(told.get("format", ""), f"client:{one}"[: told.get("maxLength")])
    return by_kind.get(told.get("type", ""), text)
