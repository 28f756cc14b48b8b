"""Whoever is not who they say, or may not, is refused. Real nats-server, real permissions."""

import pytest

from chassis.bus.signature import sign
from contracts.envelope import Caller
from contracts.ids import new_id
from tests.component.bus.lock import KEY, OLD_KEY, PROMPT, Lock, TurnKey, a_key, sent


async def test_an_unsigned_command_is_refused(lock: Lock) -> None:
    reply = await sent(lock, a_key().model_dump_json().encode(), None)

    assert (reply.outcome, reply.code) == ("refused", "UNVERIFIED_CALLER")


@pytest.mark.parametrize("header", ["x", "x.y", "é.é", ".", "e30=.e30="])
async def test_a_malformed_signature_is_refused(lock: Lock, header: str) -> None:
    reply = await sent(lock, a_key().model_dump_json().encode(), header)

    assert reply.code == "UNVERIFIED_CALLER"


async def test_a_command_signed_with_another_key_is_refused(lock: Lock, caller: Caller) -> None:
    body = a_key().model_dump_json().encode()
    header = sign(caller, "cmd.booking.test_turn_key", body, bytes(32))

    assert (await sent(lock, body, header)).code == "UNVERIFIED_CALLER"


async def test_a_signature_holds_for_one_body_and_one_subject_only(
    lock: Lock, caller: Caller
) -> None:
    body, other = (a_key(turns).model_dump_json().encode() for turns in (1, 3))
    of_other_body = sign(caller, "cmd.booking.test_turn_key", other, KEY)
    of_other_subject = sign(caller, "qry.booking.test_is_locked", body, KEY)

    assert (await sent(lock, body, of_other_body)).code == "UNVERIFIED_CALLER"
    assert (await sent(lock, body, of_other_subject)).code == "UNVERIFIED_CALLER"
    assert lock.turned == []


async def test_who_signs_with_a_key_that_is_on_its_way_out_is_believed(
    lock: Lock, caller: Caller
) -> None:
    body = a_key().model_dump_json().encode()
    subject = "cmd.booking.test_turn_key"

    said = [
        (await sent(lock, body, sign(caller, subject, body, key))).outcome
        for key in (KEY, OLD_KEY, bytes(range(2, 34)))
    ]

    assert said == ["done", "done", "refused"]


async def test_who_may_not_is_refused(lock: Lock, caller: Caller) -> None:
    member = caller.model_copy(update={"roles": ("member",)})

    assert (await lock.asker.ask(a_key(), member, PROMPT)).code == "FORBIDDEN"
    assert lock.turned == []


async def test_a_command_about_the_asker_counts_as_their_own(lock: Lock, caller: Caller) -> None:
    me = new_id()
    member = caller.model_copy(update={"roles": ("member",), "actor": f"client:{me}"})

    assert (await lock.asker.ask(TurnKey(client_id=me, turns=1), member, PROMPT)).outcome == "done"
