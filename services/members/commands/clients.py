"""Clients: registered, reached, erased."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.context import Context
from chassis.decider import Refused
from chassis.eventstore.store import Done
from chassis.eventstore.unit import Unit
from contracts.ids import ClientId, GymId
from contracts.members import ChangeClientContact, EraseClient, MembersCode, RegisterClient
from services.members.commands.parts import EMAIL, IDENTITY, Parts, StateMoved
from services.members.domain import client as rules
from services.members.domain.client import Client, Contact, client
from services.members.domain.staff_member import staff_member
from services.members.erasures import Erasure
from services.members.vault import PersonErased, Sealer

Claims = list[tuple[str, UUID]]  # kind and subject


async def register_client(parts: Parts, command: RegisterClient, ctx: Context) -> Done:
    """Another client of the gym; with an e-mail and a password they can sign in."""
    await _must_be_nobody_else(parts, ctx.gym_id, command.client_id)
    contact = _sealed(await parts.sealer(ctx.gym_id, command.client_id), command)

    def rule(unit: Unit) -> dict[str, Any]:
        state = unit.state(client, command.client_id)
        unit.record(client, command.client_id, rules.register(state, command.client_id, contact))
        if command.email is not None:
            unit.claim(EMAIL, parts.index.email(ctx.gym_id, command.email))
        return {"client_id": str(command.client_id)}

    done = await parts.carry_out(command, ctx, rule)
    if command.password is not None:
        hashed = await parts.passwords.hash(command.password)
        await _follow(parts, ctx.gym_id, command.client_id, hashed)
    return done


async def change_contact(parts: Parts, command: ChangeClientContact, ctx: Context) -> Done:
    """Another name, e-mail or phone; they sign in with the new e-mail from now on."""
    sealer = await parts.sealer(ctx.gym_id, command.client_id)
    contact = _sealed(sealer, command)
    wanted = [(EMAIL, parts.index.email(ctx.gym_id, command.email))] if command.email else []

    async def attempt() -> Done:
        seen, _ = await parts.store.read(ctx.gym_id, client, command.client_id)
        held = [claim for claim in _claims(parts, ctx.gym_id, sealer, seen) if claim[0] == EMAIL]

        def rule(unit: Unit) -> dict[str, Any]:
            state = _unmoved(unit, command.client_id, seen)
            unit.record(client, command.client_id, rules.change_contact(state, contact))
            _exchange(unit, held, wanted)
            return {"client_id": str(command.client_id)}

        return await parts.carry_out(command, ctx, rule)

    done = await _until_unmoved(attempt)
    await _follow(parts, ctx.gym_id, command.client_id)
    return done


async def erase_client(parts: Parts, command: EraseClient, ctx: Context) -> Done:
    """Everything personal about the client opens nowhere any more, and they cannot sign in."""
    erasure = Erasure(ctx.gym_id, command.client_id)
    await parts.erasures.begin(erasure, ctx.now)

    async def attempt() -> Done:
        seen, _ = await parts.store.read(ctx.gym_id, client, command.client_id)
        held: Claims = []
        if seen.is_served:
            sealer = await parts.sealer(ctx.gym_id, command.client_id)
            held = _claims(parts, ctx.gym_id, sealer, seen)

        def rule(unit: Unit) -> dict[str, Any]:
            state = _unmoved(unit, command.client_id, seen)
            unit.record(client, command.client_id, rules.erase(state))
            _exchange(unit, held, [])
            return {"client_id": str(command.client_id)}

        return await parts.carry_out(command, ctx, rule)

    try:
        done = await _until_unmoved(attempt)
    except Refused:
        await parts.erasures.end(erasure)
        raise
    await finish_erasure(parts, erasure, ctx.now)
    return done


async def finish_erasure(parts: Parts, erasure: Erasure, now: datetime) -> None:
    """What follows ``PersonalDataErased``: the key, the credentials, the sign-ins. Repeatable.

    An erasure whose event was never recorded comes to nothing.
    """
    gym_id, client_id = erasure
    state, _ = await parts.store.read(gym_id, client, client_id)
    if state.erased:
        actor = f"client:{client_id}"
        await parts.vault.destroy(gym_id, client_id)
        await parts.credentials.forget(gym_id, actor)
        await parts.identities.forget(gym_id, actor)
        await parts.sign_ins.end_all(gym_id, actor, now, "erased")
    await parts.erasures.end(erasure)


async def _follow(
    parts: Parts, gym_id: GymId, client_id: ClientId, password_hash: str | None = None
) -> None:
    """Let the credentials say what the client's stream says now."""
    state, version = await parts.store.read(gym_id, client, client_id)
    try:
        sealer = await parts.vault.sealer(gym_id, client_id)
    except PersonErased:
        return
    emails = [subject for kind, subject in _claims(parts, gym_id, sealer, state) if kind == EMAIL]
    email_index = emails[0] if emails else None
    if password_hash is None:
        await parts.credentials.move(gym_id, client_id, email_index, version)
    elif state.is_served:
        actor = f"client:{client_id}"
        await parts.credentials.follow(gym_id, actor, email_index, version, password_hash)


def _sealed(sealer: Sealer, command: RegisterClient | ChangeClientContact) -> Contact:
    return Contact(
        sealer.seal("name", command.name),
        sealer.seal_if("email", command.email),
        sealer.seal_if("phone", command.phone),
    )


def _claims(parts: Parts, gym_id: GymId, sealer: Sealer, state: Client) -> Claims:
    """What a client in this state holds in the gym: their e-mail and their identities."""
    held: Claims = []
    if state.email is not None:
        held.append((EMAIL, parts.index.email(gym_id, sealer.open("email", state.email))))
    for issuer, sealed in state.identities:
        subject = sealer.open("subject", sealed)
        held.append((IDENTITY, parts.index.identity(gym_id, issuer, subject)))
    return held


def _unmoved(unit: Unit, client_id: ClientId, seen: Client) -> Client:
    """The client's state, if it holds what ``seen`` held. Raises ``StateMoved``.

    What a client holds is sealed and cannot be opened inside a rule, so it was opened before.
    """
    state = unit.state(client, client_id)
    if (state.email, state.identities) != (seen.email, seen.identities):
        raise StateMoved
    return state


async def _until_unmoved(attempt: Callable[[], Awaitable[Done]]) -> Done:
    while True:  # each further turn is another command's success
        try:
            return await attempt()
        except StateMoved:
            continue


def _exchange(unit: Unit, held: Claims, wanted: Claims) -> None:
    for kind, subject in held:
        if (kind, subject) not in wanted:
            unit.release(kind, subject)
    for kind, subject in wanted:
        if (kind, subject) not in held:
            unit.claim(kind, subject)


async def _must_be_nobody_else(parts: Parts, gym_id: GymId, client_id: ClientId) -> None:
    """An id names one thing of a gym: a second stream under it could never be written."""
    _, version = await parts.store.read(gym_id, staff_member, client_id)
    if version or client_id == gym_id:
        raise Refused(MembersCode.CLIENT_ALREADY_REGISTERED, "This id is taken.", field="client_id")
